"""uint8 levels to the screen: an indexed image whose colours are a table, so that new colours cost nothing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from explorer.render import colours
from explorer.values import Bytes
from ui.widgets.viewport import Viewport

SMOOTH_BELOW = 2.0
"""Up to this many screen px per cell a picture of levels is smoothed; above, its cells show as the squares they are."""

Table = tuple[int, ...]


@lru_cache(maxsize=64)
def colour_table(name: str, signed: bool, gap: str) -> Table:
    """Return ``render.colours.table`` as 256 numbers 0xAARRGGBB; ``gap`` is ``#rrggbb``."""
    ink = QColor(gap)
    rgb = colours.table(name, signed, (ink.red(), ink.green(), ink.blue())).astype(np.uint32)
    packed = 0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    return tuple(packed.tolist())


def image(levels: Bytes, table: Table) -> QImage:
    """Return ``levels`` (h, w) as an indexed image over the same memory; the caller keeps ``levels`` alive."""
    height, width = levels.shape
    result = QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8)
    result.setColorTable(table)
    return result


def small_image(levels: Bytes, table: Table) -> QImage:
    """Return ``levels`` (h, w) as a picture of its own: for a small one this is faster than giving Qt the colours."""
    rgb = np.take(_packed(table), levels)
    height, width = levels.shape
    return QImage(rgb.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()


@lru_cache(maxsize=64)
def _packed(table: Table) -> NDArray[np.uint32]:
    return np.array(table, np.uint32)


class LevelImage:
    """A picture of levels that can be painted at any zoom; what was painted last is kept until something changes."""

    def __init__(self) -> None:
        self._levels: Bytes | None = None
        self._image = QImage()
        self._table: Table = ()
        self._key: tuple[int, int, int, int, float] | None = None
        self._part = QImage()

    @property
    def levels(self) -> Bytes | None:
        """uint8 (h, w), or None while there is nothing to paint."""
        return self._levels

    def set(self, levels: Bytes | None, table: Table) -> bool:
        """Take ``levels`` and their colours; tell whether anything changed."""
        if levels is self._levels and table == self._table:
            return False
        if levels is None:
            self._image = QImage()
        elif levels is not self._levels or self._image.isNull():
            levels = np.ascontiguousarray(levels)
            self._image = image(levels, table)
        else:
            self._image.setColorTable(table)
        self._levels, self._table, self._key, self._part = levels, table, None, QImage()
        return True

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Paint what shows of the picture.

        Args:
            painter: where to.
            viewport: where the picture lies.
            ratio: screen px per logical px.
        """
        y0, x0, y1, x1 = viewport.visible()
        if self._image.isNull() or y1 <= y0 or x1 <= x0:
            return
        scale = viewport.scale * ratio
        reduced = min(scale, 0.5)
        if self._key != (y0, x0, y1, x1, reduced):
            self._key = (y0, x0, y1, x1, reduced)
            # Conversion to 32 bits here is twice as fast as Qt's own way from an indexed image to the screen.
            self._part = self._image.copy(x0, y0, x1 - x0, y1 - y0).convertToFormat(QImage.Format.Format_RGB32)
            if scale < 0.5:  # the painter's own smoothing sees only four neighbours and would alias
                size = QSize(max(round((x1 - x0) * scale), 1), max(round((y1 - y0) * scale), 1))
                mode = Qt.TransformationMode.SmoothTransformation
                self._part = self._part.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        top, left = viewport.to_view(y0, x0)
        bottom, right = viewport.to_view(y1, x1)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SMOOTH_BELOW)
        painter.drawImage(QRectF(QPointF(left, top), QPointF(right, bottom)), self._part, QRectF(self._part.rect()))
