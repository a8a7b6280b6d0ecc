"""Which cameras there are, by name; none is opened, for that takes seconds and switches a light on."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GUESSED = 2
"""How many cameras are offered where the system does not show them without opening them."""
DEVICES, ABOUT, PROCESSES = Path("/dev"), Path("/sys/class/video4linux"), Path("/proc")


@dataclass(frozen=True)
class CameraInfo:
    """A camera.

    Attributes:
        index: by which it is opened.
        name: as its maker calls it; "" where the system does not tell.
        sizes: width and height of the pictures that it can give, px, the largest first; none where that is not told.
    """

    index: int
    name: str = ""
    sizes: tuple[tuple[int, int], ...] = ()


def cameras() -> tuple[CameraInfo, ...]:
    """Return the cameras that Linux shows, or the first ones without a name elsewhere; may take seconds."""
    if not sys.platform.startswith("linux"):
        return tuple(CameraInfo(index) for index in range(GUESSED))
    numbers = (path.name.removeprefix("video") for path in DEVICES.glob("video*"))
    indices = sorted(int(number) for number in numbers if number.isdigit())
    return tuple(
        CameraInfo(index, _name(index), tuple(sorted(set(_sizes(index)), reverse=True)))
        for index in indices
        if _gives_pictures(index)
    )


def holders(index: int) -> tuple[str, ...]:
    """Return the names of the other programs that hold a camera, as far as Linux lets this person see them."""
    device, found = str(DEVICES / f"video{index}"), set()
    for process in PROCESSES.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):  # gone meanwhile, or another person's
            if any(_target(link) == device for link in (process / "fd").iterdir()):
                found.add((process / "comm").read_text().strip())
    return tuple(sorted(found))


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _gives_pictures(index: int) -> bool:
    """Return whether a device is its camera's first: a camera's further ones hold what is known of its pictures."""
    try:
        return int((ABOUT / f"video{index}" / "index").read_text()) == 0
    except (OSError, ValueError):  # not told: it may be one
        return True


def _name(index: int) -> str:
    try:
        return (ABOUT / f"video{index}" / "name").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


# of linux/videodev2.h: what is asked, and the structures in which the answers come
_CAPTURE, _DISCRETE = 1, 1
_ENUM_FMT, _ENUM_FRAMESIZES = 0xC0405602, 0xC02C564A
_FORMAT, _SIZE = struct.Struct("=3I32s2I3I"), struct.Struct("=3I6I2I")
_MOST = 256


def _sizes(index: int) -> Iterator[tuple[int, int]]:
    """Yield the sizes that a camera's driver tells, in any of its formats."""
    try:
        device = os.open(DEVICES / f"video{index}", os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return
    try:
        for number in range(_MOST):
            told = _ask(device, _ENUM_FMT, _FORMAT, number, _CAPTURE)
            if told is None:
                return
            yield from _of_format(device, told[4])
    finally:
        os.close(device)


def _of_format(device: int, pixels: int) -> Iterator[tuple[int, int]]:
    for number in range(_MOST):
        told = _ask(device, _ENUM_FRAMESIZES, _SIZE, number, pixels)
        if told is None:
            return
        kind, sides = told[2], told[3:9]
        if kind == _DISCRETE:
            yield sides[0], sides[1]
        else:  # any size between: least, most and step of the width, then of the height
            yield sides[1], sides[4]
            return


def _ask(device: int, what: int, form: struct.Struct, *first: int) -> tuple[int, ...] | None:
    """Return the fields of a driver's answer, or None where it has no such entry."""
    import fcntl  # there is none on Windows

    asked = bytearray(form.size)
    struct.pack_into(f"={len(first)}I", asked, 0, *first)
    try:
        fcntl.ioctl(device, what, asked)
    except OSError:
        return None
    return form.unpack(asked)
