"""``detect``: what a detector finds in a picture, where, and how sure it is."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture
from explorer.cli.output import about, table
from explorer.cli.scene import looked, print_json, stamp
from explorer.errors import PersonError
from explorer.recipe import Finding
from explorer.render.scene import boxes_png
from explorer.text import N_, _

ABOUT = N_("find things in a picture: boxes, classes and scores")
LISTED = 30


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    how = parser.how
    words = _("leave out what the network is less sure of, 0 to 1; 0.5")
    how.add_argument("--threshold", metavar="T", type=threshold, default=0.5, help=words)
    words = _("show the boxes too that non-maximum suppression throws away")
    how.add_argument("--before-nms", action="store_true", help=words)
    how.add_argument("--out", metavar="FILE.png", type=Path, default=None, help=_("the picture with its boxes"))
    add_network(parser)
    add_json(parser)


def threshold(text: str) -> float:
    """Return a score.

    Raises:
        PersonError: not a number from 0 to 1.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise PersonError(N_("“{text}” is no threshold: write a number from 0 to 1."), text=text)
    return value


def run(options: argparse.Namespace) -> None:
    """Print what was found, and draw it where a file is given."""
    network, result = looked(options, "detect", Finding(options.threshold, options.before_nms))
    found = result.found.detections if result.found else None
    assert found is not None  # else it would have raised
    head = about(network)
    if options.out is not None:
        title = network.card.title
        boxes_png(result.filtered.pixels, found, title, head.splitlines()[0], options.out, stamp(network))
    if options.json:
        boxes = [
            {"index": one.index, "label": one.label, "score": one.score, "box": list(one.box)}
            | ({"kept": one.kept} if options.before_nms else {})
            for one in found
        ]
        print_json(network, {"threshold": options.threshold, "boxes": boxes})
        return
    rows = [
        (one.label, f"{one.score:.1%}", *(f"{edge:.0f}" for edge in one.box), "" if one.kept else _("suppressed"))
        for one in found[:LISTED]
    ]
    heading = (_("class"), _("score"), _("top"), _("left"), _("bottom"), _("right"), "")
    nothing = _("Nothing was found with a score of {least} or more.").format(least=f"{options.threshold:g}")
    lines = [head, table(heading, rows, "lrrrrrl") if rows else nothing]
    if len(found) > LISTED:
        lines.append(_("… and {count} more").format(count=len(found) - LISTED))
    if options.out is not None:
        lines.append(streams.one_line(options.out))
    streams.say(*lines)
