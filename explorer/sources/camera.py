"""A camera by its index, through OpenCV."""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from explorer.cv import cv2
from explorer.errors import HopelessError, SourceError
from explorer.sources import cameras
from explorer.text import N_, _
from explorer.values import Frame

_NO_CAMERA = N_("There is no camera {where}: connect one, or choose another camera or the demo feed.")
_HELD = N_("Camera {where} is used by {program}: close it there, then it comes here.")
_HELD_UNSEEN = N_("Camera {where} is used by another program: close it there, then it comes here.")
_FORBIDDEN = N_("Camera {where} may not be used: ask whoever runs this computer to put you into the group {group}.")
_SILENT = N_("Camera {where} sends no picture: connect it anew, or close other programs that may use it.")


class Camera:
    """A live source; see ``live.Live``.

    Args:
        where: the camera's index.
        size_wh: wished width and height, px; the camera sends the nearest that it can.

    Raises:
        SourceError: there is no such camera, another program holds it, or it sends no picture.
    """

    def __init__(self, where: str, size_wh: tuple[int, int] | None = None) -> None:
        if not re.fullmatch("[0-9]{1,4}", where):
            raise HopelessError(_NO_CAMERA, where=where)
        self._index = 0
        self._name = _("camera {index}").format(index=where)
        self._capture = cv2.VideoCapture(int(where))
        if size_wh and self._capture.isOpened():
            self._wish(size_wh)
        self._first = self._grab() if self._capture.isOpened() else None  # one that opens need not send pictures
        if self._first is None:
            opened = self._capture.isOpened()
            self.close()
            raise _why(int(where), opened)

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; None when the camera is gone."""
        frame, self._first = self._first, None
        return frame or self._grab()

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()

    def _wish(self, size_wh: tuple[int, int]) -> None:
        """Ask for a size; compressed, for a camera's cable is too slow for large pictures that are not."""
        wishes: tuple[tuple[int, Any], ...] = (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, size_wh[0]),
            (cv2.CAP_PROP_FRAME_HEIGHT, size_wh[1]),
        )
        for name, value in wishes:
            self._capture.set(name, value)

    def _grab(self) -> Frame | None:
        good, pixels = self._capture.read()
        if not good:
            return None
        rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
        frame = Frame(rgb, self._name, self._index, time.perf_counter())
        self._index += 1
        return frame


def _why(index: int, opened: bool) -> SourceError:
    """Return why a camera gives no picture, as far as the system tells."""
    device = cameras.DEVICES / f"video{index}"
    if sys.platform.startswith("linux") and device.exists():
        if programs := cameras.holders(index):
            return SourceError(_HELD, where=index, program=", ".join(programs))
        if not os.access(device, os.R_OK | os.W_OK):
            return SourceError(_FORBIDDEN, where=index, group=_group(device))
        if _busy(device):
            return SourceError(_HELD_UNSEEN, where=index)
        return SourceError(_SILENT, where=index)
    return SourceError(_SILENT if opened else _NO_CAMERA, where=index)


def _busy(device: Path) -> bool:
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def _group(device: Path) -> str:
    """Return the name of the group that may use a device."""
    import grp  # there is none on Windows

    number = device.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
