"""Which cameras may be there, without opening any: opening takes seconds and switches a light on."""

from __future__ import annotations

import sys
from pathlib import Path

_GUESSED = range(2)
"""Cameras offered where the system does not show them without opening them."""


def cameras(devices: Path = Path("/dev"), platform: str = sys.platform) -> tuple[int, ...]:
    """Return the indices of the cameras that Linux shows, or the first two elsewhere."""
    if not platform.startswith("linux"):
        return tuple(_GUESSED)
    names = (path.name.removeprefix("video") for path in devices.glob("video*"))
    return tuple(sorted(int(name) for name in names if name.isdigit()))
