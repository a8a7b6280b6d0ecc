"""``kernels``: the kernels that have a name."""

from __future__ import annotations

import argparse

from explorer.cli.arguments import Parser, add_json
from explorer.cli.output import document, table
from explorer.cli.streams import complain, say
from explorer.filters import own
from explorer.filters.bank import BANK
from explorer.filters.written import kernel_values
from explorer.text import N_, _

ABOUT = N_("list the kernels by name, the bank's and your own")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print the bank and the person's own kernels."""
    mine, problem = own.load()
    if problem is not None:
        complain(problem)
    if options.json:
        listed = [
            kernel_values(one.kernel)
            | {
                "size": list(one.kernel.shape),
                "group": one.group,
                "title": one.title,
                "note": one.note,
                "source": one.source,
                "signed": one.signed,
            }
            for one in BANK.values()
        ]
        listed += [kernel_values(one) | {"size": list(one.shape), "group": "own"} for one in mine.values()]
        document({"kernels": listed})
        return
    rows = [(name, " × ".join(map(str, one.kernel.shape)), _(one.title), _(one.note)) for name, one in BANK.items()]
    rows += [(name, " × ".join(map(str, one.shape)), _("your own"), "") for name, one in mine.items()]
    say(table((_("name"), _("size"), _("title"), _("what it does")), rows, "lrll"))
