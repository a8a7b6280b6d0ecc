"""``search``: the pictures of an index that are nearest to a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from explorer import sources
from explorer.cli import streams
from explorer.cli.arguments import Parser, add_consent, add_json, add_picture, check_weights, model, one_of, whole
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.filters.written import from_json
from explorer.indexing import check, features
from explorer.recipe import Measure
from explorer.retrieval.index import Index
from explorer.retrieval.search import chunks, nearest
from explorer.text import N_, _

ABOUT = N_("find the pictures of an index that are nearest to a picture")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    how = parser.how
    how.add_argument("--index", metavar="FILE", type=Path, required=True, help=_("made by “index”"))
    how.add_argument("--top", metavar="K", type=whole(1), default=5, help=_("how many, 5"))
    how.add_argument(
        "--measure",
        metavar="M",
        type=one_of("--measure", get_args(Measure)),
        default="cosine",
        help=_("cosine or l2; without it cosine"),
    )
    how.add_argument("--device", metavar="D", default="auto", help=_("cpu, cuda:0 …; without it the fastest"))
    add_consent(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Look with the network that made the index."""
    index = Index(options.index)
    made = index.maker
    options.model, options.weights = model(made.network), made.weights
    check_weights(options)
    frame = sources.read(options.image)

    from explorer import device  # loads torch: after everything that can fail without it
    from explorer.cli import opening
    from explorer.session import Session

    device.set_threads()
    filters = from_json(made.filters)
    with opening.aside():
        network = Session().open(made.network, made.weights, made.input_hw, options.device)
        check(network, made, filters)
        wanted = features(network, frame, made.layer, filters)
        found = nearest(chunks(index), wanted, options.top, options.measure)
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), "layer": made.layer, **remarks(network)}
        matches = [{"file": str(index.folder / one.path), "distance": one.distance} for one in found]
        document(head | {"measure": options.measure, "matches": matches})
        return
    rows = [(str(rank), streams.one_line(one.path), f"{one.distance:.4f}") for rank, one in enumerate(found, 1)]
    heading = ("", _("picture"), _("distance ({measure})").format(measure=options.measure))
    streams.say(about(network), table(heading, rows, "rlr") if rows else _("The index holds no picture."))
