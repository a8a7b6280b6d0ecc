"""Which cameras may be there, without opening any: opening takes seconds and switches a light on."""

from __future__ import annotations

import sys
from pathlib import Path

_GUESSED = range(2)
"""Cameras offered where the system does not show them without opening them."""


def cameras(
    devices: Path = Path("/dev"), platform: str = sys.platform, about: Path = Path("/sys/class/video4linux")
) -> tuple[int, ...]:
    """Return the indices of the cameras that Linux shows, or the first two elsewhere."""
    if not platform.startswith("linux"):
        return tuple(_GUESSED)
    names = (path.name.removeprefix("video") for path in devices.glob("video*"))
    return tuple(sorted(int(name) for name in names if name.isdigit() and _gives_pictures(about / f"video{name}")))


def _gives_pictures(about: Path) -> bool:
    """Return whether a device is its camera's first: a camera's further ones hold what is known of its pictures."""
    try:
        return int((about / "index").read_text()) == 0
    except (OSError, ValueError):  # not told: it may be one
        return True
