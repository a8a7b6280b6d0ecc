"""A held-out digit of those that are shipped, or a picture in its place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from explorer.training.values import digit_pictures
from explorer.values import Bytes, Frame
from ui import theme

_SIDE = 64
"""px at text size 1."""
_ENOUGH = 256
"""So many px of a picture's shorter side are made smaller with care; of more, some are left out first."""


class DigitView(QLabel):
    """Shows one at a time, its pixels as the squares they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(theme.px(_SIDE), theme.px(_SIDE))
        self._shown: tuple[object, ...] = ()

    def show_digit(self, digit: int, frame: Frame | None) -> None:
        """Show a held-out digit by its place, or a picture."""
        wish = (digit, frame, self.devicePixelRatioF())
        if wish == self._shown:
            return
        self._shown = wish
        how, keep = Qt.TransformationMode, Qt.AspectRatioMode.KeepAspectRatio
        found = pixmap(digit) if frame is None else _picture(frame.pixels)
        smooth = how.FastTransformation if frame is None else how.SmoothTransformation
        found = found.scaled(self.size() * self.devicePixelRatioF(), keep, smooth)
        found.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(found)


@lru_cache(maxsize=1)
def digits() -> Bytes:
    """Return the held-out digits, uint8 (n, 28, 28), read once."""
    return digit_pictures()[0]


def pixmap(place: int) -> QPixmap:
    """Return a held-out digit by its place."""
    pixels = np.ascontiguousarray(digits()[place])
    return QPixmap.fromImage(QImage(pixels.data, 28, 28, 28, QImage.Format.Format_Grayscale8).copy())


def _picture(pixels: Bytes) -> QPixmap:
    step = max(min(pixels.shape[:2]) // _ENOUGH, 1)
    whole = np.ascontiguousarray(pixels[::step, ::step])
    h, w = whole.shape[:2]
    return QPixmap.fromImage(QImage(whole.data, w, h, 3 * w, QImage.Format.Format_RGB888))
