"""A uint8 RGB picture on its way to the screen: only what shows of it, and without aliasing where it is made small."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.values import Bytes
from ui.widgets import cells
from ui.widgets.viewport import Viewport

SMOOTH_BELOW = 3.0
"""Up to this many view px per pixel the picture is smoothed; above, its pixels show as the squares they are."""

_LARGE = 4_000_000
"""Above so many pixels every second one (or fourth, …) is enough to start from where the picture is made smaller."""


class RgbImage:
    """Wraps an array; what was painted last is kept until another part or another size is asked for.

    Args:
        pixels: uint8 RGB (H, W, 3); must not change while it is shown.
        plane: the channels to show.
    """

    def __init__(self, pixels: Bytes, plane: cells.Plane = "rgb") -> None:
        self._pixels, self._plane = pixels, plane
        self._key: tuple[int, ...] = ()
        self._part = pixels[:0]  # the image points into it
        self._image = QImage()

    def paint(self, painter: QPainter, viewport: Viewport, pixel_ratio: float) -> None:
        """Paint what ``viewport`` shows of the picture; ``pixel_ratio`` is device px per logical px."""
        halvings = max(0, math.floor(-math.log2(viewport.scale * pixel_ratio)))  # bilinear painting of less would alias
        y0, x0, y1, x1 = _grown(viewport, 1 << halvings)
        if self._key != (halvings, y0, x0, y1, x1):
            self._key = (halvings, y0, x0, y1, x1)
            self._take(self._pixels[y0:y1, x0:x1], halvings)
        top, left = viewport.to_view(y0, x0)
        # a strip of 1 × 900 pixels is less than a px wide when it fits, and still has to be seen
        target = QRectF(left, top, max((x1 - x0) * viewport.scale, 1.0), max((y1 - y0) * viewport.scale, 1.0))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, viewport.scale < SMOOTH_BELOW)
        painter.drawImage(target, self._image, QRectF(self._image.rect()))

    def _take(self, pixels: Bytes, halvings: int) -> None:
        """Make the image of ``pixels``, halved so often."""
        h, w = pixels.shape[:2]
        step = 1
        while step < 1 << max(halvings - 1, 0) and h * w > _LARGE * step**2:
            step *= 2
        self._part = np.ascontiguousarray(cells.shown(pixels[::step, ::step], self._plane))
        rows, columns = self._part.shape[:2]
        self._image = QImage(self._part.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        if halvings:
            size = QSize(max(w >> halvings, 1), max(h >> halvings, 1))
            ratio, mode = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._image = self._image.scaled(size, ratio, mode)


def _grown(viewport: Viewport, step: int) -> tuple[int, int, int, int]:
    """Return what shows, and one more all round to smooth with, on a raster of ``step`` px that panning keeps."""
    (y0, x0, y1, x1), (h, w) = viewport.visible(), viewport.picture_hw
    low = (max(y0 // step - 1, 0) * step, max(x0 // step - 1, 0) * step)
    return *low, min((-(-y1 // step) + 1) * step, h), min((-(-x1 // step) + 1) * step, w)
