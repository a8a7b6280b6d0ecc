"""``detect``: what a detector finds in a picture, where, and how sure it is."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from explorer import sources
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.errors import PersonError
from explorer.render.export import check_picture
from explorer.render.scene import boxes_png
from explorer.scenes import detected
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
    if options.out is not None:
        check_picture(options.out)
    check_weights(options)
    frame = sources.read(options.image)

    from explorer.cli import opening  # loads torch: after everything that can fail without it

    with opening.aside():
        network = opening.network(options)
        found = detected(network, frame, (), options.threshold, options.before_nms)
    head = about(network)
    if options.out is not None:
        boxes_png(frame.pixels, found, network.card.title, head.splitlines()[0], options.out)
    if options.json:
        boxes = [
            {"index": one.index, "label": one.label, "score": one.score, "box": list(one.box)}
            | ({"kept": one.kept} if options.before_nms else {})
            for one in found
        ]
        told = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        document(told | {"trained": network.trained, "threshold": options.threshold, "boxes": boxes})
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
