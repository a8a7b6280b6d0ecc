"""``models``: the networks that there are."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from explorer.cli.arguments import Parser, add_json
from explorer.cli.output import document, table
from explorer.cli.streams import say
from explorer.text import N_, _
from explorer.zoo import registry, weights
from explorer.zoo.card import WeightState

ABOUT = N_("list the networks, and where their weights are")
STATES = {
    WeightState.EMBEDDED: N_("embedded"),
    WeightState.CACHED: N_("cached"),
    WeightState.DOWNLOADABLE: N_("downloadable"),
    WeightState.NONE: N_("none: untrained"),
}
TASKS = {"classify": N_("classify"), "detect": N_("detect"), "segment": N_("segment"), "none": N_("none")}


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the list; torchvision is loaded for its own networks."""
    found = [(card, weights.state(card)) for card in registry.everything()]
    if options.json:
        document(
            [
                {
                    "name": card.name,
                    "title": card.title,
                    "group": card.group,
                    "task": card.task,
                    "family": card.family,
                    "year": card.year,
                    "parameters": card.parameters,
                    "weights": state.value,
                }
                for card, state in found
            ]
        )
        return
    heading = (_("name"), _("title"), _("family"), _("task"), _("year"), _("parameters"), _("weights"))
    rows = [
        (
            card.name,
            card.title,
            card.family,
            _(TASKS[card.task]),
            str(card.year or ""),
            f"{card.parameters:,}",
            _(STATES[state]),
        )
        for card, state in found
    ]
    say(table(heading, rows, "llllrrl"))
    if find_spec("timm"):
        say("")
        say(_("timm is installed: every name that its list_models() gives is understood, too."))
