"""``segment``: which class each place of a picture has."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer import sources
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, add_picture, check_weights
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.render.export import check_picture
from explorer.render.scene import classes_png
from explorer.scenes import segmented
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
    if options.out is not None:
        check_picture(options.out)
    check_weights(options)
    frame = sources.read(options.image)

    from explorer.cli import opening  # loads torch: after everything that can fail without it

    with opening.aside():
        network = opening.network(options)
        found, geometry = segmented(network, frame)
    head = about(network)
    if options.out is not None:
        legend = tuple((index, f"{found.name(index)}  {share:.1%}") for index, share in found.shares)
        title = network.card.title
        classes_png(frame.pixels, found.classes, geometry, legend, title, head.splitlines()[0], options.out)
    if options.json:
        told = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
        classes = [{"index": index, "label": found.name(index), "share": share} for index, share in found.shares]
        document(told | {"trained": network.trained, "map": list(found.classes.shape), "classes": classes})
        return
    rows = [(found.name(index), f"{share:.1%}") for index, share in found.shares]
    lines = [head, table((_("class"), _("share")), rows, "lr")]
    if options.out is not None:
        lines.append(streams.one_line(options.out))
    streams.say(*lines)
