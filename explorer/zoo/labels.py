"""The names of the classes that a network tells apart, from ``resources/labels``."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def labels(name: str) -> tuple[str, ...]:
    """Return the labels of the list called ``name``, by class index; empty for the empty name.

    Raises:
        FileNotFoundError: there is no such list.
    """
    if not name:
        return ()
    file = resources.files("resources") / "labels" / f"{name}.txt"
    return tuple(file.read_text(encoding="utf-8").splitlines())
