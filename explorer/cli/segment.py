"""``segment``: which class each place of a picture has."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture
from explorer.cli.output import about, table
from explorer.cli.scene import looked, print_json, stamp
from explorer.recipe import Finding
from explorer.render.scene import classes_png
from explorer.text import N_, _

ABOUT = N_("tell the class of every place of a picture, and each class's share")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    words = _("the picture with its label map and a legend")
    parser.how.add_argument("--out", metavar="FILE.png", type=Path, default=None, help=words)
    add_network(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the classes by their share, and draw the label map where a file is given."""
    network, result = looked(options, "segment", Finding())
    found = result.found.segmented if result.found else None
    assert found is not None  # else it would have raised
    head = about(network)
    if options.out is not None:
        classes_png(
            result.filtered.pixels,
            found,
            result.geometry,
            network.card.title,
            head.splitlines()[0],
            options.out,
            stamp(network),
        )
    if options.json:
        classes = [{"index": index, "label": found.name(index), "share": share} for index, share in found.shares]
        print_json(network, {"map": list(found.classes.shape), "classes": classes})
        return
    rows = [(found.name(index), f"{share:.1%}") for index, share in found.shares]
    lines = [head, table((_("class"), _("share")), rows, "lr")]
    if options.out is not None:
        lines.append(streams.one_line(options.out))
    streams.say(*lines)
