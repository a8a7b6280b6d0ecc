"""Random weights that are the same every time, whatever other threads draw theirs meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.Lock()
"""All threads draw from one generator."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let what is drawn in here on the CPU depend on ``seed`` alone; the person's own numbers go on as before."""
    import torch

    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU's alone: a card's is the person's
        yield
