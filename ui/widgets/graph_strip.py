"""All of an architecture as a narrow strip beside its drawing: where in it one is."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from explorer.graph.blocks import Drawn
from explorer.graph.layout import Layout
from explorer.render.graph_colours import Palette
from ui import theme

STRIP = 44
"""Its width, logical px."""
_INSIDE = 36
_SHADE = 0.16


class GraphStrip:
    """The drawing in the colours of its families, as high as the view; painted once for each height.

    Args:
        drawn, laid: what is drawn, and where.
        palette: the colours.
    """

    def __init__(self, drawn: Drawn, laid: Layout, palette: Palette) -> None:
        self._drawn, self._laid, self._palette = drawn, laid, palette
        self._picture, self._picture_for = QPixmap(), (0.0, 0.0)

    def paint(self, painter: QPainter, place: QRectF, top: float, bottom: float, ratio: float) -> None:
        """Paint the strip, and over it which part of the drawing shows.

        Args:
            painter: where to.
            place: of the strip in the view.
            top, bottom: of the part that shows, in units of the drawing.
            ratio: screen px per logical px.
        """
        if self._picture_for != (place.height(), ratio):
            self._picture_for, self._picture = (place.height(), ratio), self._painted(place, ratio)
        painter.drawPixmap(place.topLeft(), self._picture)
        down = place.height() / self._laid.height
        first, high = max(top, 0) * down, max((bottom - max(top, 0)) * down, 6.0)
        accent = QColor(theme.current().accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(accent, 1.5))
        accent.setAlphaF(_SHADE)
        painter.setBrush(accent)
        painter.drawRoundedRect(QRectF(place.left() + 1.5, first + 1, place.width() - 3, high - 2), 3, 3)

    def _painted(self, place: QRectF, ratio: float) -> QPixmap:
        picture = QPixmap((place.size() * ratio).toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(theme.mix(theme.current().panel, theme.current().raised, 0.7)))
        painter = QPainter(picture)
        down, across = place.height() / self._laid.height, _INSIDE / self._laid.width
        for node in self._drawn.nodes:
            box = self._laid.boxes[node.id]
            left, wide = (STRIP - _INSIDE) / 2 + box.left * across, max(box.width * across, 2.0)
            colour = QColor(self._palette.families[node.family])
            painter.fillRect(QRectF(left, box.top * down, wide, max(box.height * down, 1.0)), colour)
        painter.end()
        return picture
