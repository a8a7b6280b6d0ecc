"""What the commands that run a network share: the network, and the recipe that their options mean. Loads torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from explorer import device
from explorer.recipe import Beside, Recipe
from explorer.session import Network, Session
from explorer.values import Source


@contextmanager
def aside() -> Iterator[None]:
    """Let what a network's own code prints go to standard error: standard output is for our answer."""
    with redirect_stdout(sys.stderr):
        yield


def network(options: argparse.Namespace) -> Network:
    """Return the network that ``add_network`` declared, ready to run."""
    device.set_threads()
    with aside():
        return Session().open(options.model.name, options.weights, device=options.device, precision=options.precision)


def second(options: argparse.Namespace, beside: Beside | None) -> Network | None:
    """Return the network that is to answer beside the first one, ready to run; None where none is asked for."""
    if beside is None:
        return None
    with aside():
        return Session().open(beside.network, beside.weights, device=options.device, precision=options.precision)


def recipe(source: Source, options: argparse.Namespace, **more: Any) -> Recipe:
    """Return the recipe of ``source`` through that network; without thumbnails, for nobody sees them."""
    return Recipe(
        source,
        network=options.model.name,
        weights=options.weights,
        device=options.device,
        thumbnails=(),
        **more,
    )
