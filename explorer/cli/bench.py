"""``bench``: how fast the project is here, as ratios within one run."""

from __future__ import annotations

import argparse

from explorer.cli.arguments import Parser, add_json
from explorer.cli.streams import say
from explorer.text import N_

ABOUT = N_("measure the project's figures on this machine; takes minutes")


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the figures; return 1 if one is over its limit, else 0."""
    from explorer import bench

    return bench.run(options.json, say)
