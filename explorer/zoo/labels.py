"""The names of the classes that a network tells apart: from ``resources/labels``, or as torchvision knows them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

_TORCHVISION = "torchvision:"


@cache
def labels(name: str) -> tuple[str, ...]:
    """Return the labels of the list called ``name``, by class index; empty for the empty name.

    Raises:
        FileNotFoundError: there is no such list.
    """
    if not name:
        return ()
    if name.startswith(_TORCHVISION):
        from torchvision.models import get_weight

        return tuple(get_weight(name.removeprefix(_TORCHVISION)).meta["categories"])
    file = resources.files("resources") / "labels" / f"{name}.txt"
    return tuple(file.read_text(encoding="utf-8").splitlines())


def of_torchvision(member: Any) -> str:
    """Return the name of the list of classes that a member of torchvision's enumerations of weights has."""
    return f"{_TORCHVISION}{type(member).__name__}.{member.name}"
