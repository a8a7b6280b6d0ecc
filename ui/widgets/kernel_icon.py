"""A kernel as a small picture: blue where it takes away, red where it adds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from explorer.filters.kernel import Operator, kernels
from explorer.values import Floats
from ui import theme
from ui.widgets.kernel_view import slice_levels
from ui.widgets.level_image import colour_table, small_image


def picture(values: Floats) -> QImage:
    """Return (h, w) numbers of either sign as a picture of a pixel each, the diverging map's middle at 0."""
    return small_image(slice_levels(values[None])[0], colour_table("grey", True, theme.current().panel))


def icon(operator: Operator, side: int, ratio: float) -> QPixmap:
    """Return a kernel, or the two of a magnitude one above the other, as a square of ``side`` px.

    Args:
        operator: the kernel.
        side: logical px.
        ratio: screen px per logical px.
    """
    return _icon(operator, side, ratio, theme.current().name)


@lru_cache(maxsize=256)
def _icon(operator: Operator, side: int, ratio: float, _theme: str) -> QPixmap:
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter, both = QPainter(pixmap), kernels(operator)
    for place, kernel in enumerate(both):
        room = QRectF(0, place * side / len(both), side, side / len(both))
        h, w = kernel.shape
        cell = min(room.width() / max(w, 1), room.height() / max(h, 1), side / 3)
        rect = QRectF(0, 0, max(w * cell, 2), max(h * cell, 2))
        rect.moveCenter(room.center())
        image = picture(np.array(kernel.weights, np.float32) * (1 if kernel.scale >= 0 else -1))
        painter.drawImage(rect, image, QRectF(image.rect()))
        painter.setPen(QPen(QColor(theme.current().line), 1))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.end()
    return pixmap
