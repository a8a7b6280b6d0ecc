"""Small planes of numbers side by side, such as the kernels or the maps of a layer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.render.colours import DIVERGING, MAPS
from explorer.values import LEVELS, Bytes, Floats
from ui import theme

_GAP = 4
_LARGEST = 96
"""A side of a plane, px at text size 1, at most."""


class PlaneGrid(QWidget):
    """Planes as large as they fit; blue below 0 and red above, or from dark to light where none is negative.

    Args:
        rows: so many rows of them should be possible at least.
        parent: as always.
    """

    def __init__(self, rows: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._images: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_planes(self, planes: Floats | None, signed: bool) -> None:
        """Show float32 (n, h, w): kernels each in its own range, ``signed``, or maps all in one; None for nothing."""
        self._images = [] if planes is None else [_image(one) for one in _coloured(planes, signed)]
        self.update()

    @property
    def count(self) -> int:
        """How many planes are shown."""
        return len(self._images)

    def sizeHint(self) -> QSize:
        """Return room for some rows."""
        return QSize(220, self._rows * theme.px(48))

    def minimumSizeHint(self) -> QSize:
        """Return room for small rows."""
        return QSize(100, self._rows * theme.px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the planes, their cells as the squares they are."""
        if not self._images:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        columns, side = self._layout()
        frame = QColor(theme.current().line)
        for place, picture in enumerate(self._images):
            row, column = divmod(place, columns)
            tile = QRectF(column * (side + _GAP), row * (side + _GAP), side, side)
            painter.drawImage(tile, picture)
            painter.setPen(frame)
            painter.drawRect(tile.adjusted(0, 0, -1, -1))

    def _layout(self) -> tuple[int, int]:
        """Return how many columns there are and a plane's side, px."""
        count, best = len(self._images), (1, 0)
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            side = min((self.width() + _GAP) // columns, (self.height() + _GAP) // rows, theme.px(_LARGEST)) - _GAP
            if side > best[1]:
                best = columns, side
        return best[0], max(best[1], 1)


def _coloured(planes: Floats, signed: bool) -> list[Bytes]:
    """Return the planes in colour, uint8 (h, w, 3) each."""
    finite = np.nan_to_num(planes, posinf=0.0, neginf=0.0)
    if signed or float(finite.min(initial=0.0)) < 0:
        reach = np.abs(finite).max((1, 2), keepdims=True) if signed else np.abs(finite).max(keepdims=True)
        half = LEVELS // 2
        levels = np.rint(finite / np.where(reach > 0, reach, 1) * half + half).astype(np.intp)
        return list(np.take(DIVERGING, levels, axis=0))
    top = float(finite.max(initial=0.0)) or 1.0
    return list(np.take(MAPS["viridis"], np.rint(finite / top * 255).astype(np.intp), axis=0))


def _image(pixels: Bytes) -> QImage:
    h, w = pixels.shape[:2]
    return QImage(np.ascontiguousarray(pixels).tobytes(), w, h, 3 * w, QImage.Format.Format_RGB888).copy()
