"""One map, large: every cell, its value under the pointer, and the chosen unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from explorer.values import LayerView
from ui import theme
from ui.widgets import marks
from ui.widgets.level_image import LevelImage, Table
from ui.widgets.numbers import cell, number
from ui.widgets.spotlight import Spotlight
from ui.widgets.viewport import Viewport
from ui.widgets.zoom_view import ZoomView

SMALLEST_MARK = 7.0
"""Side, logical px, that the chosen unit's box has at least."""


class MapView(ZoomView):
    """The chosen channel's map of a ``LayerView``.

    Signals:
        chosen: row and column of a clicked cell, or of the one that the arrow keys moved to.
        pointed: row and column of the cell under the pointer, or None.
    """

    SWEEPS = True
    chosen = Signal(int, int)
    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image, self._light = LevelImage(), Spotlight()
        self._view: LayerView | None = None
        self._unit: tuple[int, int] | None = None
        self._locked: tuple[tuple[int, int, str], ...] = ()

    def show_map(self, view: LayerView | None, table: Table) -> None:
        """Show the chosen map of ``view`` in the colours of ``table``; zoom and place stay while its size does."""
        self._view = view
        if self._image.set(None if view is None else view.map_levels, table):
            self.update()
        if view is not None:
            self.set_picture_hw(*view.map_levels.shape)

    def set_unit(self, unit: tuple[int, int] | None) -> None:
        """Mark a cell."""
        if unit != self._unit:
            self._unit = unit
            self.update()

    def set_locked(self, locked: tuple[tuple[int, int, str], ...]) -> None:
        """Mark cells (row, column) in colours ``#rrggbb``."""
        if locked != self._locked:
            self._locked = locked
            self.update()

    def set_lit(self, units: NDArray[np.bool_] | None) -> None:
        """Light some units, bool of the map's size, and darken the others; None: no more."""
        if self._light.set(units):
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the chosen unit."""
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None or self._view is None or self._message:
            super().keyPressEvent(event)
            return
        h, w = self._view.map.shape
        y, x = self._unit if self._unit is not None else (h // 2 - move[0], w // 2 - move[1])
        y, x = min(max(y + move[0], 0), h - 1), min(max(x + move[1], 0), w - 1)
        if (y, x) != self._unit:
            self.chosen.emit(y, x)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        self.update()
        self.pointed.emit(None if self._message else pixel)

    def _choose(self, pixel: tuple[int, int]) -> None:
        self.chosen.emit(*pixel)

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        self._image.paint(painter, viewport, self.devicePixelRatioF())
        if self._view is None:
            return
        (h, w), unit = self._view.map.shape, self._unit
        self._light.paint(painter, (h, w), self.rect_of(0, 0, h, w))
        for y, x, colour in self._locked:
            if y < h and x < w:
                marks.box(painter, self._mark(viewport, (y, x)), colour)
        if unit is not None and unit[0] < h and unit[1] < w:
            self._paint_unit(painter, viewport, unit)
        pixel = None if self._pointer is None else self.pixel_at(self._pointer)
        if pixel is not None and self._pointer is not None:
            text = cell(*pixel, f"= {number(float(self._view.map[pixel]))}")
            marks.plate(painter, self._pointer, text, QRectF(self.rect()))

    def _mark(self, viewport: Viewport, unit: tuple[int, int]) -> QRectF:
        grow = max(0.0, (SMALLEST_MARK - viewport.scale) / 2)
        return self.rect_of(unit[0], unit[1], unit[0] + 1, unit[1] + 1).adjusted(-grow, -grow, grow, grow)

    def _paint_unit(self, painter: QPainter, viewport: Viewport, unit: tuple[int, int]) -> None:
        mark, whole = self._mark(viewport, unit), self.rect_of(0, 0, *viewport.picture_hw)
        centre = mark.center()
        arms = (
            (QPointF(whole.left(), centre.y()), QPointF(mark.left(), centre.y())),
            (QPointF(mark.right(), centre.y()), QPointF(whole.right(), centre.y())),
            (QPointF(centre.x(), whole.top()), QPointF(centre.x(), mark.top())),
            (QPointF(centre.x(), mark.bottom()), QPointF(centre.x(), whole.bottom())),
        )
        for ink, width in ((QColor(0, 0, 0, 60), 3), (QColor(255, 255, 255, 150), 1)):
            painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            for start, end in arms:
                painter.drawLine(start, end)
        marks.box(painter, mark, theme.current().unit)
