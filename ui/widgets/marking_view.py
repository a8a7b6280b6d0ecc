"""A picture on which places are marked by clicks, and on which those that were found are ringed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.widgets.linked_view import LinkedView
from ui.widgets.viewport import Viewport

Place = tuple[int, int]


class MarkingView(LinkedView):
    """A click marks a place; a click on a mark takes it away.

    Signals:
        toggled: the place of the click, (row, column).
    """

    toggled = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: tuple[Place, ...] = ()
        self._found: tuple[Place, ...] = ()
        self._side = 0

    def show_places(self, places: Sequence[Place], side: int) -> None:
        """Show marked places, each with the window of ``side`` pixels that is learned from."""
        self._places, self._side = tuple(places), side
        self.update()

    def show_found(self, places: Sequence[Place]) -> None:
        """Ring what was found."""
        self._found = tuple(places)
        self.update()

    def _choose(self, pixel: tuple[int, int]) -> None:
        self.toggled.emit(pixel)

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        super()._paint(painter, viewport)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colours, reach = theme.current(), self._side / 2
        for y, x in self._found:
            self._twice(painter, theme.DARK.good, self.rect_of(y - 4, x - 4, y + 5, x + 5), True)
        for y, x in self._places:
            top, left = y + 0.5 - reach, x + 0.5 - reach
            self._twice(painter, colours.unit, self.rect_of(top, left, top + self._side, left + self._side), False)
            painter.setBrush(QColor(colours.unit))
            centre: QPointF = self.rect_of(y, x, y + 1, x + 1).center()
            painter.drawEllipse(centre, 3, 3)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _twice(self, painter: QPainter, colour: str, rect: QRectF, rounded: bool) -> None:
        """Outline with a halo, so that it shows on any picture."""
        for width, ink in ((4.0, QColor(0, 0, 0, 150)), (2.0, QColor(colour))):
            painter.setPen(QPen(ink, width))
            if rounded:
                painter.drawEllipse(rect)
            else:
                painter.drawRect(rect)
