"""A camera by its index, or a stream by its address: both through OpenCV."""

from __future__ import annotations

import re
import time

import numpy as np

from explorer.cv import cv2
from explorer.errors import SourceError
from explorer.text import N_, _
from explorer.values import Frame

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 3000

_NO_CAMERA = N_("There is no camera {where}: connect one, or choose another camera or the demo feed.")
_NO_STREAM = N_("{where} sends no video: check the address, and that the camera is on.")


class Camera:
    """A live source of frames as the camera or stream sends them.

    Args:
        where: the camera's index, or an http, https or rtsp address.

    Raises:
        SourceError: there is no such camera or stream, or it sends no picture.
    """

    def __init__(self, where: str) -> None:
        self._index = 0
        if re.fullmatch("[0-9]{1,4}", where):
            problem = _NO_CAMERA
            self._name = _("camera {index}").format(index=where)
            self._capture = cv2.VideoCapture(int(where))
        elif re.match("(https?|rtsp)://", where):
            problem = _NO_STREAM
            self._name = where
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
            self._capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, limits)
        else:
            raise SourceError(_NO_CAMERA, where=where)
        self._first = self._grab() if self._capture.isOpened() else None  # one that opens need not send pictures
        if self._first is None:
            self.close()
            raise SourceError(problem, where=where)

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; None when the camera or stream has ended."""
        frame, self._first = self._first, None
        return frame or self._grab()

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()

    def _grab(self) -> Frame | None:
        good, pixels = self._capture.read()
        if not good:
            return None
        rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
        frame = Frame(rgb, self._name, self._index, time.perf_counter())
        self._index += 1
        return frame
