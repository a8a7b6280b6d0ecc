"""``weights``: which trained weights there are, and what brings them here or removes them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from explorer.cli import streams
from explorer.cli.arguments import Action, Parser, add_json
from explorer.cli.models import STATES
from explorer.cli.output import document, table
from explorer.errors import NetworkError
from explorer.text import N_, _
from explorer.zoo import registry, weights
from explorer.zoo.card import Card, Stock, WeightState
from explorer.zoo.weights import megabytes

ABOUT = N_("list trained weights, download, import or remove them")
_STEP = 10
"""Per cent between two lines of progress where standard error is no terminal."""


def _add_model(parser: Parser, optional: bool = False) -> None:
    parser.what.add_argument(
        "model",
        metavar="MODEL",
        nargs="?" if optional else None,
        type=registry.card,
        help=_("network; “models” lists them"),
    )


def _add_name(parser: Parser) -> None:
    parser.how.add_argument("--weights", metavar="NAME", default="", help=_("weights by name; without it the first"))


def _list_arguments(parser: Parser) -> None:
    _add_model(parser, optional=True)
    add_json(parser)


def _list(options: argparse.Namespace) -> None:
    """Print every set of weights; torch is not loaded for it."""
    cards = [options.model] if options.model else registry.cards()
    found = [(card, one, weights.stock(one)) for card in cards for one in card.weights]
    if options.json:
        document(
            [
                {
                    "model": card.name,
                    "weights": one.name,
                    "state": stock.state.value,
                    "bytes": stock.bytes,
                    "part_bytes": stock.part,
                    "file": one.file,
                    "path": str(weights.place_of(one)) if stock.state in weights.HERE else None,
                    "url": one.url,
                    "sha256": one.sha256,
                    "trained_on": one.trained_on,
                    "accuracy": one.accuracy,
                    "licence": one.licence,
                }
                for card, one, stock in found
            ]
        )
        return
    if not found:
        streams.say(_("There are no weights of {network}.").format(network=options.model.title))
        return
    heading = (_("network"), _("weights"), _("state"), _("size"), _("trained on"), _("file"))
    rows = [
        (
            card.name,
            one.name,
            _state(stock),
            megabytes(stock.bytes) if stock.bytes else "–",
            _(one.trained_on),
            one.file,
        )
        for card, one, stock in found
    ]
    streams.say(table(heading, rows, "lllrll"))


def _state(stock: Stock) -> str:
    """Return where a set of weights is, in a few words."""
    if stock.part:
        return _("begun: {size}").format(size=megabytes(stock.part))
    if stock.state == WeightState.CACHED and not stock.removable:
        return _("shared folder")
    return _("missing") if stock.state == WeightState.NONE else _(STATES[stock.state])


def _get_arguments(parser: Parser) -> None:
    _add_model(parser)
    _add_name(parser)


def _get(options: argparse.Namespace) -> None:
    """Download weights into the cache, with progress on standard error, and print their path."""
    card: Card = options.model
    chosen = weights.to_get(card, options.weights)
    progress = _Progress(chosen.file)
    if download := weights.download(card, chosen.name, progress):
        try:
            with streams.resumable():
                download.run()
        finally:
            progress.close()
    streams.say(streams.one_line(weights.place_of(chosen)))


def _import_arguments(parser: Parser) -> None:
    parser.what.add_argument("file", metavar="FILE", type=Path, help=_("a file of weights, whatever it is called"))
    _add_model(parser, optional=True)


def _import(options: argparse.Namespace) -> None:
    """Copy a file into the cache and print which weights it is."""
    progress = _Progress(options.file.name)
    try:
        card, found = weights.import_file(options.file, registry.everything(), options.model, progress)
    finally:
        progress.close()
    streams.say(f"{card.name}  {found.name}  {streams.one_line(weights.place_of(found))}")


def _remove_arguments(parser: Parser) -> None:
    _add_model(parser)
    _add_name(parser)


def _remove(options: argparse.Namespace) -> None:
    """Remove weights from the cache, what an unfinished download left of them too, and print which."""
    card: Card = options.model
    if options.weights == weights.NO_WEIGHTS:
        raise NetworkError(N_("Random weights have no file: there is nothing to remove."))
    removed = weights.remove(card, options.weights)
    streams.say(f"{card.name}  {removed.name}")


ACTIONS = {
    "list": Action(N_("list every set of weights, and where it is"), _list_arguments, _list),
    "get": Action(N_("download weights; what has come is kept, and the next time goes on"), _get_arguments, _get),
    "import": Action(N_("copy a file of weights that you have into the cache"), _import_arguments, _import),
    "remove": Action(N_("remove downloaded weights"), _remove_arguments, _remove),
}


class _Progress:
    """Writes progress to standard error: one line that changes in a terminal, else a line now and then."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._told = -1
        self._open = False

    def __call__(self, done: int, total: int) -> None:
        """Tell how far it is, in bytes; a total of 0 is not known."""
        share = done / total if total else 0.0
        line = f"{self._file}  {megabytes(done):>10}"
        if total:
            line += f" / {megabytes(total)}  {share:4.0%}"
        if self._terminal:
            streams.overwrite(line)
            self._open = True
        elif (step := int(100 * share) // _STEP) > self._told:
            self._told = step
            streams.complain(line)

    def close(self) -> None:
        """End the line that a terminal still shows."""
        if self._open:
            self._open = False
            streams.overwrite("")
