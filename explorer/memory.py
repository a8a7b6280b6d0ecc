"""How the C library treats memory that a forward frees, and what Python's collector of garbage looks through."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Names of ``mallopt``'s parameters, from glibc's malloc.h."""
_KEPT_BYTES = 1 << 30
_LARGEST_BYTES = 1 << 25
"""Largest block that is kept; glibc allows no more. What is larger goes back at once, as before."""


def keep() -> bool:
    """Let freed memory stay with the process until ``trim``; False where the C library is another than glibc.

    Every map of every frame is new memory. Without this, each goes back to the system and comes again as pages to be
    zeroed: keeping all maps of ResNet-18 takes 1.64 times a bare forward, and 1.25 times with it.
    """
    glibc = _glibc()
    if glibc is None:
        return False
    # One arena: a thread's own can keep no block of more than 64 MB, and what it freed no other thread can use.
    wanted = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGEST_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES))
    return all(glibc.mallopt(name, value) == 1 for name, value in wanted)


def trim() -> None:
    """Give the system back what is freed."""
    if glibc := _glibc():
        glibc.malloc_trim(0)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no garbage be looked for while many objects are made that all stay."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@cache
def settle() -> None:
    """Let the collector of garbage pass over what there is now, once in a process.

    torch and what it imports are 300,000 objects that stay; to look through them stops every thread for 0.1 s, each
    time. What is let go is freed as before, unless it is a circle of objects that hold one another.
    """
    gc.collect()  # importing torchvision leaves circles of frames; frozen, they would hold the first network for ever
    gc.freeze()


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
