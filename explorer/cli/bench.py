"""``bench``: how fast the project is here, as ratios within one run."""

from __future__ import annotations

import argparse

from explorer.bench import RUNTIMES
from explorer.cli.arguments import Parser, add_json
from explorer.cli.streams import say
from explorer.errors import PersonError
from explorer.text import N_, _

ABOUT = N_("measure the project's figures on this machine; takes minutes")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    about = _("compare a live frame with these runtimes instead: {names}").format(names=",".join(RUNTIMES))
    parser.how.add_argument("--against", metavar="LIST", type=runtimes, default=(), help=about)
    add_json(parser)


def runtimes(text: str) -> tuple[str, ...]:
    """Return the runtimes in a list with commas.

    Raises:
        PersonError: one of them is not known.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in RUNTIMES:
            raise PersonError(
                N_("“{name}” is no runtime that a frame can be compared with: choose from {known}."),
                name=name,
                known=", ".join(RUNTIMES),
            )
    return names


def run(options: argparse.Namespace) -> int:
    """Print the figures; return 1 if one is over its limit, else 0."""
    from explorer import bench

    return bench.run(options.json, say, options.against)
