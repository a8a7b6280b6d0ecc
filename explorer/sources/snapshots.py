"""Frames that a person has kept: PNG files in a folder of their own, there until the person removes them."""

from __future__ import annotations

import datetime
from pathlib import Path

from explorer.errors import ExportError
from explorer.settings import data_folder, fill_atomically
from explorer.text import N_
from explorer.values import Bytes

MOST_SHOWN = 200
"""More in one row would be no help; older ones stay on the disk."""
_NAME = "%Y%m%d-%H%M%S-%f"


def folder() -> Path:
    """Return where the kept frames are; it may not exist yet."""
    return data_folder() / "snapshots"


def path_at(moment: datetime.datetime) -> Path:
    """Return the file of a frame that is kept at ``moment``, local time."""
    return folder() / f"{moment.strftime(_NAME)}.png"


def taken(path: Path) -> datetime.datetime | None:
    """Return when the frame in ``path`` was kept, local time; None where it is no kept frame."""
    if path.parent != folder() or path.suffix != ".png":
        return None
    try:
        return datetime.datetime.strptime(path.stem, _NAME)
    except ValueError:
        return None


def snapshots() -> tuple[Path, ...]:
    """Return the kept frames, the newest first, at most ``MOST_SHOWN``; none where the folder cannot be read."""
    try:
        found = [path for path in folder().iterdir() if taken(path) is not None]
    except OSError:
        return ()
    return tuple(sorted(found, reverse=True)[:MOST_SHOWN])


def keep(pixels: Bytes, path: Path) -> Path:
    """Write a frame, uint8 RGB (H, W, 3), to ``path`` without loss, and return that.

    Raises:
        ExportError: no permission, a full disk.
    """
    from PIL import Image  # here, so that the window may import this room without it

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill_atomically(path, lambda file: Image.fromarray(pixels).save(file, "PNG", compress_level=3))
    except OSError as error:
        raise ExportError(
            N_("The frame cannot be kept in {folder} ({reason}): free some space there, or mend its permissions."),
            folder=path.parent,
            reason=error.strerror or error,
        ) from error
    return path


def remove(path: Path) -> Path:
    """Remove a kept frame, which may be gone already, and return its path.

    Raises:
        ExportError: the system refuses.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            N_("{file} cannot be removed ({reason}): mend the permissions of its folder, then try again."),
            file=path,
            reason=error.strerror or error,
        ) from error
    return path
