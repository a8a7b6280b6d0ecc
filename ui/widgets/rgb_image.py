"""A uint8 RGB picture on its way to the screen: not copied, and without aliasing where it is made small."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.values import Bytes
from ui.widgets.viewport import Viewport

SMOOTH_BELOW = 3.0
"""Up to this many view px per pixel the picture is smoothed; above, its pixels show as the squares they are."""


_LARGE = 4_000_000
"""Above so many pixels every second one is enough to start from where the picture is made much smaller."""


class RgbImage:
    """Wraps an array; smaller copies of it are made when they are first needed.

    Args:
        pixels: uint8 RGB (H, W, 3); must not change while it is shown.
    """

    def __init__(self, pixels: Bytes) -> None:
        self._pixels = np.ascontiguousarray(pixels)  # the first image points into it
        self._images = {0: _wrapped(self._pixels)}

    def paint(self, painter: QPainter, viewport: Viewport, pixel_ratio: float) -> None:
        """Paint what ``viewport`` shows of the picture; ``pixel_ratio`` is device px per logical px."""
        y0, x0, y1, x1 = viewport.visible()
        image = self._image(viewport.scale * pixel_ratio)
        fy, fx = image.height() / viewport.picture_hw[0], image.width() / viewport.picture_hw[1]
        top, left = viewport.to_view(y0, x0)
        # a strip of 1 × 900 pixels is less than a px wide when it fits, and still has to be seen
        target = QRectF(left, top, max((x1 - x0) * viewport.scale, 1.0), max((y1 - y0) * viewport.scale, 1.0))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, viewport.scale < SMOOTH_BELOW)
        painter.drawImage(target, image, QRectF(x0 * fx, y0 * fy, (x1 - x0) * fx, (y1 - y0) * fy))

    def _image(self, scale: float) -> QImage:
        """Return the picture halved as often as suits ``scale``: bilinear painting of less than half would alias."""
        halvings = max(0, math.floor(-math.log2(scale)))
        if halvings not in self._images:
            h, w = self._pixels.shape[:2]
            much = halvings > 1 and h * w > _LARGE
            image = _wrapped(np.ascontiguousarray(self._pixels[::2, ::2])) if much else self._images[0]
            size = QSize(max(w >> halvings, 1), max(h >> halvings, 1))
            ratio, mode = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._images[halvings] = image.scaled(size, ratio, mode)
        return self._images[halvings]


def _wrapped(pixels: Bytes) -> QImage:
    """Return an image that points into the contiguous array ``pixels``, which must outlive it."""
    h, w = pixels.shape[:2]
    return QImage(pixels.data, w, h, 3 * w, QImage.Format.Format_RGB888)
