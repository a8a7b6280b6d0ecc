"""Units of a map that are lit: the others are darkened, and the lit ones outlined."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

_SHADE = 0xA0000000
_LINE, _HALO = QColor("#ffd54a"), QColor(0, 0, 0, 190)
OUTLINED_FROM = 16.0
"""Width and height of a map, logical px, from which the lit units are outlined."""
_HALO_FROM = 48.0
"""From which the outline has a dark edge, so that it shows on light maps too."""


class Spotlight:
    """Paints which units are lit over any number of maps of one layer."""

    def __init__(self) -> None:
        self._units: NDArray[np.bool_] | None = None
        self._image = QImage()
        self._lines: list[QLineF] = []

    @property
    def units(self) -> NDArray[np.bool_] | None:
        """Which are lit, bool (rows, columns), or None where no light is on."""
        return self._units

    def set(self, units: NDArray[np.bool_] | None) -> bool:
        """Light ``units``, bool (rows, columns); None turns the light off; tell whether anything changed."""
        before = self._units
        if units is before or (units is not None and before is not None and np.array_equal(units, before)):
            return False
        self._units = units
        self._image, self._lines = QImage(), []
        if units is not None:
            argb = np.where(units, 0, _SHADE).astype(np.uint32)
            h, w = argb.shape
            kind = QImage.Format.Format_ARGB32_Premultiplied  # black: its colours are 0 either way
            self._image = QImage(argb.tobytes(), w, h, 4 * w, kind).copy()
            self._lines = _borders(units)
        return True

    def paint(self, painter: QPainter, map_hw: tuple[int, int], rect: QRectF) -> None:
        """Paint over the map of size ``map_hw`` that lies at ``rect``; nothing over one of another size."""
        if self._units is None or self._units.shape != map_hw:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(rect, self._image, QRectF(self._image.rect()))
        if self._lines and min(rect.width(), rect.height()) >= OUTLINED_FROM:
            painter.translate(rect.topLeft())
            painter.scale(rect.width() / map_hw[1], rect.height() / map_hw[0])
            large = min(rect.width(), rect.height()) >= _HALO_FROM
            for ink, width in ((_HALO, 3), (_LINE, 1)) if large else ((_LINE, 1),):
                pen = QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawLines(self._lines)
        painter.restore()


def _borders(units: NDArray[np.bool_]) -> list[QLineF]:
    """Return the lines between lit and other units, straight ones in one piece; none along the map's edges."""
    found: list[QLineF] = []
    for turned in (False, True):
        cells = units.T if turned else units
        edges = cells[1:] != cells[:-1]
        steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        starts, ends = np.argwhere(steps > 0), np.argwhere(steps < 0)
        for (at, low), (_at, high) in zip(starts.tolist(), ends.tolist(), strict=True):
            found.append(QLineF(at + 1, low, at + 1, high) if turned else QLineF(low, at + 1, high, at + 1))
    return found
