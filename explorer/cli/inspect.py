"""``inspect``: the activation maps of one layer as files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from explorer import sources
from explorer.cli import output
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights, whole
from explorer.cli.streams import one_line, say
from explorer.errors import NetworkError, PersonError
from explorer.render import export
from explorer.text import N_, _
from explorer.values import Frame

if TYPE_CHECKING:
    from explorer.session import Network

EVERY = "*"
MAPS = "maps.npz"
ABOUT = N_("write the activation maps of a layer into a folder")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    add_network(parser)
    how = parser.how
    about = _("id of the layer, or * for the maps of all; “layers MODEL” lists them")
    how.add_argument("--layer", metavar="NAME", required=True, help=about)
    how.add_argument("--channel", metavar="C", type=whole(0), help=_("write the map of this channel as well"))
    how.add_argument("--out", metavar="DIR", type=Path, required=True, help=_("folder; it is made if it is missing"))
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Write ``maps.npz``, ``grid.png`` and ``stats.csv``, with a channel ``channel.png``, and print their paths.

    Of all layers ``maps.npz`` alone, with an array for each.
    """
    if options.layer == EVERY and options.channel is not None:
        raise PersonError(N_("A channel is one of a layer: give --layer the id of one, or leave --channel out."))
    check_weights(options)
    frame = sources.read(options.image)

    from explorer import frame_path  # loads torch: after everything that can fail without it
    from explorer.cli import opening

    network = opening.network(options)
    if options.layer == EVERY:
        with opening.aside():
            maps = frame_path.all_maps(network, frame, opening.recipe(options.image, options))
        file = options.out / MAPS
        export.folder(options.out)
        export.maps_npz(maps, file)
        _tell(options, network, frame, {"maps": file})
        return
    layer = network.graph[options.layer]
    channel = options.channel or 0
    if channel >= layer.channels:
        raise NetworkError(
            N_("{layer} has no channel {channel}: its channels are 0 to {last}."),
            layer=layer.id,
            channel=channel,
            last=layer.channels - 1,
        )
    recipe = opening.recipe(options.image, options, layer=layer.id, channel=channel)
    with opening.aside():
        view, raw = frame_path.run(network, frame, recipe).view, frame_path.raw_maps(network, frame, recipe)
    paths = {"maps": MAPS, "grid": "grid.png", "stats": "stats.csv"}
    paths |= {} if options.channel is None else {"channel": "channel.png"}
    files = {name: options.out / file for name, file in paths.items()}
    export.folder(options.out)
    export.maps_npz(raw, files["maps"])
    export.mosaic_png(view, recipe.view.colours, files["grid"], network.trained)
    export.statistics(view, files["stats"], network.trained)
    if "channel" in files:
        export.map_png(view, recipe.view.colours, files["channel"], network.trained)
    _tell(options, network, frame, files)


def _tell(options: argparse.Namespace, network: Network, frame: Frame, files: dict[str, Path]) -> None:
    """Print where the files are."""
    if options.json:
        output.document({name: str(file) for name, file in files.items()})
        return
    say(f"{one_line(frame.source)}  ·  {output.about(network)}")
    say(output.table((), [(name, one_line(file)) for name, file in files.items()], "ll"))
