"""A uint8 RGB picture on its way to the screen: not copied, and without aliasing where it is made small."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.values import Bytes
from ui.widgets.viewport import Viewport

SMOOTH_BELOW = 3.0
"""Up to this many view px per pixel the picture is smoothed; above, its pixels show as the squares they are."""


class RgbImage:
    """Wraps an array; halves of it are made when they are first needed.

    Args:
        pixels: uint8 RGB (H, W, 3); must not change while it is shown.
    """

    def __init__(self, pixels: Bytes) -> None:
        self._pixels = np.ascontiguousarray(pixels)  # the image below points into it
        h, w = self._pixels.shape[:2]
        self._halves = [QImage(self._pixels.data, w, h, 3 * w, QImage.Format.Format_RGB888)]

    def paint(self, painter: QPainter, viewport: Viewport, pixel_ratio: float) -> None:
        """Paint what ``viewport`` shows of the picture; ``pixel_ratio`` is device px per logical px."""
        y0, x0, y1, x1 = viewport.visible()
        image = self._half(viewport.scale * pixel_ratio)
        fy, fx = image.height() / viewport.picture_hw[0], image.width() / viewport.picture_hw[1]
        top, left = viewport.to_view(y0, x0)
        # a strip of 1 × 900 pixels is less than a px wide when it fits, and still has to be seen
        target = QRectF(left, top, max((x1 - x0) * viewport.scale, 1.0), max((y1 - y0) * viewport.scale, 1.0))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, viewport.scale < SMOOTH_BELOW)
        painter.drawImage(target, image, QRectF(x0 * fx, y0 * fy, (x1 - x0) * fx, (y1 - y0) * fy))

    def _half(self, scale: float) -> QImage:
        """Return the picture halved as often as suits ``scale``: bilinear painting of less than half would alias."""
        level = 0
        while scale < 0.5 and min(self._halves[level].width(), self._halves[level].height()) > 1:
            if level + 1 == len(self._halves):
                image = self._halves[level]
                size = QSize(max(image.width() // 2, 1), max(image.height() // 2, 1))
                mode = Qt.TransformationMode.SmoothTransformation
                self._halves.append(image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode))
            level, scale = level + 1, scale * 2
        return self._halves[level]
