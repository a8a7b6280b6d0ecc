"""``index``: the features of a folder's pictures, so that “search” finds the nearest ones."""

from __future__ import annotations

import argparse
import time
from collections import deque
from pathlib import Path

from explorer.cli import streams
from explorer.cli.arguments import Parser, add_json, add_network, check_weights
from explorer.cli.output import about, document, remarks, table, weights_name
from explorer.indexing import feature_layer, indexing, pictures
from explorer.text import N_, _, ngettext

ABOUT = N_("index the pictures of a folder by a layer's features, for “search”")
TOLD = 10
"""So many files that could not be read are named; the JSON has all."""


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    words = _("folder with pictures, those in its folders too")
    parser.what.add_argument("folder", metavar="DIR", type=Path, help=words)
    how = parser.how
    words = _("whose features; without it what the last linear layer reads")
    how.add_argument("--layer", metavar="L", default="", help=words)
    words = _("the index; one that is there already goes on where it stopped")
    how.add_argument("--out", metavar="FILE", type=Path, required=True, help=words)
    add_network(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Make the index, or go on with it; Ctrl-C leaves what is done."""
    pictures(options.folder)
    check_weights(options)

    from explorer.cli import opening  # loads torch: after everything that can fail without it

    start = time.perf_counter()
    with opening.aside():
        network = opening.network(options)
        layer = feature_layer(network.graph, options.layer).id
        steps = indexing(network, options.folder, options.out, options.layer)
        told = streams.told(steps, lambda one: _("{done} of {of} pictures").format(done=one.done, of=one.of))
        with streams.resumable():
            (found,) = deque(told, maxlen=1)
    seconds = time.perf_counter() - start
    if options.json:
        head = {"model": network.card.name, "weights": weights_name(network), "layer": layer, **remarks(network)}
        unreadable = [{"file": file, "error": error} for file, error in found.unreadable]
        figures = {"pictures": found.of, "kept": found.kept, "unreadable": unreadable}
        document(head | figures | {"seconds": round(seconds, 3), "out": str(options.out)})
        return
    rows = [(_("layer"), layer), (_("pictures"), f"{found.of - len(found.unreadable):,}")]
    if found.kept:
        rows.append((_("already there"), f"{found.kept:,}"))
    rows.append((_("file"), streams.one_line(options.out)))
    lines = [about(network), table((), rows, "ll")]
    if bad := found.unreadable:
        text = ngettext("{count} file could not be read:", "{count} files could not be read:", len(bad))
        lines.append(text.format(count=len(bad)))
        lines += [f"  {streams.one_line(file)}" for file, _error in bad[:TOLD]]
        if len(bad) > TOLD:
            lines.append("  …")
    streams.say(*lines)
