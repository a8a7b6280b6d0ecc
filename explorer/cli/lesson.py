"""``lesson``: the scenes of the course, or of a deck that a lecturer wrote, which is checked on the way."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.cli.arguments import Parser, add_json
from explorer.cli.output import document, table
from explorer.cli.streams import say
from explorer.errors import ExplorerError, NetworkError
from explorer.graph.values import Graph
from explorer.lesson import deck
from explorer.lesson.values import Deck, Show
from explorer.text import N_, _

ABOUT = N_("list the scenes of the lesson, or check a deck of your own")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    parser.how.add_argument("--deck", metavar="FILE", type=Path, help=_("a deck as TOML; without it the course's"))
    about = _("print the course's deck itself, to begin one of your own with")
    parser.how.add_argument("--toml", action="store_true", help=about)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the scenes in their order, or the course's deck itself."""
    if options.toml:
        say(deck.course_text().rstrip("\n"))
        return
    found = deck.read(options.deck) if options.deck else deck.course()
    if options.deck:
        _check_layers(found, options.deck)
    scenes = [(scene.id, str(scene.title), scene.place) for scene in found.scenes]
    if options.json:
        document([dict(zip(("id", "title", "place"), scene, strict=True)) for scene in scenes])
        return
    say(table((_("scene"), _("title"), _("place")), scenes, "lll"))


def _check_layers(found: Deck, file: Path) -> None:
    """Find out whether the networks have the layers and channels that are named.

    Raises:
        PersonError: one has not; the sentence names the line.
    """
    shows = [show for scene in found.scenes for show in (scene.show, *(step.show for step in scene.steps))]
    graphs: dict[str, Graph] = {}
    for show in shows:
        if not show.recipe.layer:
            continue
        try:
            _check_layer(show, graphs)
        except ExplorerError as error:
            raise deck.fault(str(file), show.line, error) from error


def _check_layer(show: Show, graphs: dict[str, Graph]) -> None:
    from explorer.questions import Survey, Surveyed, answer  # loads torch: only where a layer is named

    wanted = show.recipe
    if wanted.network not in graphs:
        found = answer(None, Survey(wanted.network))
        assert isinstance(found, Surveyed)
        graphs[wanted.network] = found.graph
    layer = graphs[wanted.network][wanted.layer]
    if wanted.channel >= layer.channels:
        raise NetworkError(
            N_("{layer} has no channel {channel}: its channels are 0 to {last}."),
            layer=layer.id,
            channel=wanted.channel,
            last=layer.channels - 1,
        )
