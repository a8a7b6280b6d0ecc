"""The input under a kernel as a small picture: every cell with its number and its weight, padding hatched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.opened.values import Window
from explorer.recipe import Unit
from explorer.text import _
from ui import theme
from ui.widgets import cells
from ui.widgets.number_grid import fitted, tint
from ui.widgets.numbers import minus, number

_LARGEST, _READABLE, _BOTH = 40, 22, 30
"""Side of a cell, px at text size 1: at most, from which its number can be read, and from which its weight too."""
_LEAST = 3
_MOST_LINES = 64
"""Of rows and columns that are drawn."""


class WindowView(QWidget):
    """One channel of the window.

    Signals:
        opened: the unit of the cell that was clicked.
    """

    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window: Window | None = None
        self._channel = 0
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_window(self, window: Window | None, channel: int = 0) -> None:
        """Show a channel of ``window`` (counted in the input), or nothing."""
        if window is not None and max(self._lines(window)) > _MOST_LINES:
            window = None
        self._window = window
        self.setVisible(window is not None)
        if window is not None:
            self._channel = min(max(channel - window.first, 0), len(window.values) - 1)
            words = _("Channel {channel} of {layer} under the window, {rows} × {columns} cells")
            rows, columns = window.outside.shape
            self.setAccessibleName(words.format(channel=self.channel, layer=window.layer, rows=rows, columns=columns))
        self._fit()
        self.update()

    @property
    def channel(self) -> int:
        """The shown channel of the input."""
        return self._channel + (0 if self._window is None else self._window.first)

    def rect_of(self, row: int, column: int) -> QRectF:
        """Return where a place of the kernel lies."""
        assert self._window is not None
        side, left, top = self._geometry()
        y = int(self._window.rows[row] - self._window.rows[0])
        x = int(self._window.columns[column] - self._window.columns[0])
        return QRectF(left + x * side, top + y * side, side, side)

    def sizeHint(self) -> QSize:
        """Return room for the window at this width."""
        if self._window is None:
            return QSize(0, 0)
        lines, columns = self._lines(self._window)
        side = min((self.width() - 2) / columns, theme.px(_LARGEST))
        return QSize(columns * theme.px(_READABLE), int(max(side, _LEAST) * lines) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells."""
        window = self._window
        if window is None:
            return
        painter, colours = QPainter(self), theme.current()
        values = window.values[self._channel]
        weights = None if window.weights is None else window.weights[self._channel]
        products = values if weights is None else values * weights
        reach = float(np.abs(products).max(initial=0.0))
        side, _left, _top = self._geometry()
        lines, columns = self._lines(window)
        first = self.rect_of(0, 0)
        both = weights is not None and side >= theme.px(_BOTH)
        font = QFont(painter.font())
        font.setPixelSize(max(round(side * (0.27 if both else 0.36)), 8))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        numbers = alike(values[~window.padding], metrics, side - 3)
        factors = (
            alike(weights, metrics, side - 3 - metrics.horizontalAdvance("×")) if both and weights is not None else None
        )
        painter.fillRect(QRectF(first.left(), first.top(), columns * side, lines * side), QColor(colours.window))
        for row in range(values.shape[0]):
            for column in range(values.shape[1]):
                rect = self.rect_of(row, column)
                ground = QColor(tint(float(products[row, column]), reach))
                painter.fillRect(rect, ground)
                if window.padding[row, column]:
                    painter.fillRect(rect, QBrush(QColor(colours.dim), Qt.BrushStyle.BDiagPattern))
                elif side >= theme.px(_READABLE):
                    painter.setPen(cells.ink(ground.red(), ground.green(), ground.blue()))
                    text = numbers(float(values[row, column]))
                    if factors is not None and weights is not None:
                        text += f"\n×{factors(float(weights[row, column]))}"
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(QColor(colours.line), 1))
        if side >= 6:
            for row in range(values.shape[0]):
                for column in range(values.shape[1]):
                    painter.drawRect(self.rect_of(row, column))
        painter.setPen(QPen(QColor(colours.accent), 1.5))
        painter.drawRect(QRectF(first.left(), first.top(), columns * side, lines * side).adjusted(0.5, 0.5, -0.5, -0.5))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the cell under the pointer."""
        window, at = self._window, self._at(event)
        self.setCursor(Qt.CursorShape.ArrowCursor if at is None else Qt.CursorShape.PointingHandCursor)
        if window is None or at is None:
            self.setToolTip("")
            return
        y, x = int(window.rows[at[0]]), int(window.columns[at[1]])
        if window.padding[at]:
            self.setToolTip(_("y {y}, x {x}: padding").format(y=y, x=x))
            return
        text = f"y {y}, x {x} = {number(float(window.values[(self._channel, *at)]))}"
        if window.weights is not None:
            text += f" × {number(float(window.weights[(self._channel, *at)]))}"
        self.setToolTip(text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the cell's own arithmetic."""
        window, at = self._window, self._at(event)
        if window is not None and at is not None and not window.outside[at]:
            self.opened.emit(Unit(window.layer, self.channel, int(window.rows[at[0]]), int(window.columns[at[1]])))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the cells square."""
        if event.oldSize().width() != event.size().width():
            self._fit()

    # inner

    @staticmethod
    def _lines(window: Window) -> tuple[int, int]:
        """Return how many rows and columns of the input the window spans, those between its cells too."""
        return int(window.rows[-1] - window.rows[0]) + 1, int(window.columns[-1] - window.columns[0]) + 1

    def _geometry(self) -> tuple[float, float, float]:
        assert self._window is not None
        lines, columns = self._lines(self._window)
        side = min((self.width() - 2) / columns, (self.height() - 2) / lines, theme.px(_LARGEST))
        side = float(int(side)) if side >= _LEAST + 1 else max(side, 1.0)
        return side, 1.0, 1.0

    def _at(self, event: QMouseEvent) -> tuple[int, int] | None:
        if self._window is None:
            return None
        rows, columns = self._window.outside.shape
        for row in range(rows):
            for column in range(columns):
                if self.rect_of(row, column).contains(event.position()):
                    return row, column
        return None

    def _fit(self) -> None:
        height = self.sizeHint().height()
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)


def alike(values: NDArray[Any], metrics: QFontMetricsF, room: float) -> Callable[[float], str]:
    """Return what writes each of ``values`` with as many decimals as all others, as many as there is room for.

    Where that would leave less than two digits of the largest, each is written by itself.
    """
    numbers = [float(value) for value in np.unique(values)]
    whole = all(value.is_integer() for value in numbers)
    largest = max(map(abs, numbers), default=0.0)
    for digits in (0,) if whole else (3, 2, 1):
        if not whole and largest * 10**digits < 10:
            break
        texts = [minus(f"{value:.{digits}f}") for value in numbers]
        if all(metrics.horizontalAdvance(text) <= room for text in texts):
            return lambda value: _decimals(value, digits)
    return lambda value: fitted(value, metrics, room)


def _decimals(value: float, digits: int) -> str:
    """Return a number with so many decimals; what these cannot tell from 0 is told as nearly that."""
    return minus(f"{value:.{digits}f}") if not value or round(value, digits) else "≈0"
