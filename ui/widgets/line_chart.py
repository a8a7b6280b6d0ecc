"""One line over whole numbers: how something rises or falls while a network learns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.numbers import minus, percent

Numbers = NDArray[np.float64]
_FAINT = 90
"""Opacity of single values below their running mean, of 255."""
_LEAST = 1e-6
_BIN_PX = 1.5
"""Values that lie closer together than this are averaged."""
_DOTS = 30
"""Up to so many points each is a dot too."""


class LineChart(QWidget):
    """Shares from 0 to 100 %, or positive numbers on a logarithmic scale; the newest stands at the top.

    Args:
        shares: whether the values are shares 0 … 1.
        parent: as always.
    """

    def __init__(self, shares: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares = shares
        self._x: Numbers = np.zeros(0)
        self._y: Numbers = np.zeros(0)
        self._smooth: Numbers | None = None
        self._end, self._message = 1.0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_line(self, x: Numbers, y: Numbers, end: float, window: int = 1) -> None:
        """Show the values ``y`` (n,) at ``x`` (n,), which rise.

        Args:
            x: where they lie.
            y: the values.
            end: where the axis ends.
            window: so many values are averaged to the line; single values are faint then.
        """
        if len(x) == len(self._x) and end == self._end and np.array_equal(y, self._y):
            return
        self._x, self._y, self._end = np.asarray(x, np.float64), np.asarray(y, np.float64), end
        self._smooth = running_mean(self._y, window) if window > 1 else None
        self.setAccessibleDescription(self.reading)
        self.update()

    def set_message(self, message: str) -> None:
        """Say what is missing while there is no line."""
        self._message = message
        self.update()

    @property
    def reading(self) -> str:
        """The newest value."""
        line = self._y if self._smooth is None else self._smooth
        return self._text(float(line[-1])) if len(line) else ""

    def sizeHint(self) -> QSize:
        """Return a strip."""
        return QSize(220, theme.px(130))

    def minimumSizeHint(self) -> QSize:
        """Return room for the line and two numbers."""
        return QSize(120, theme.px(70))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axes' ends and the line."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        metrics = QFontMetrics(font)
        line = metrics.height()
        low, high = self._limits() if len(self._x) else (0.0, 1.0)
        ends = [self._text(value if self._shares else 10**value) for value in (high, low)]
        side = max(metrics.horizontalAdvance(text) for text in ends) + 8
        room = QRectF(side, line / 2 + 2, max(self.width() - side - 8, 10), max(self.height() - 1.5 * line - 6, 10))
        if not len(self._x):
            painter.setPen(QColor(colours.dim))
            painter.drawText(
                QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message
            )
            return
        painter.setPen(QPen(QColor(colours.line), 1))
        for share in (0, 0.5, 1):
            y = room.bottom() - share * room.height()
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        lines = [(self._y, 255)] if self._smooth is None else [(self._y, _FAINT), (self._smooth, 255)]
        for values, opacity in lines:
            points = self._points(values, room, low, high)
            colour = QColor(colours.accent)
            colour.setAlpha(opacity)
            painter.setPen(QPen(colour, 2 if opacity == 255 else 1))
            painter.drawPolyline(QPolygonF(points))
            if opacity == 255:
                painter.setBrush(colour)
                for point in points if len(points) <= _DOTS else points[-1:]:
                    painter.drawEllipse(point, 2.5, 2.5)
        painter.setPen(QColor(colours.dim))
        left = QRectF(0, 0, side - 6, line)
        for text, y in zip(ends, (room.top(), room.bottom()), strict=True):
            left.moveTop(y - line / 2)
            painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        below = QRectF(room.left(), room.bottom() + 2, room.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._end:,.0f}")
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")

    def _points(self, values: Numbers, room: QRectF, low: float, high: float) -> list[QPointF]:
        """Return where the values lie; of more than there is room for the mean of each few px: Qt is slow at many."""
        x, heights = self._x, values if self._shares else np.log10(np.maximum(values, _LEAST))
        if len(x) > room.width() / _BIN_PX:
            bins = np.floor(x / self._end * room.width() / _BIN_PX).astype(np.intp)
            _bins, starts = np.unique(bins, return_index=True)
            counts = np.diff(np.append(starts, len(x)))
            x, heights = np.add.reduceat(x, starts) / counts, np.add.reduceat(heights, starts) / counts
        across = room.left() + room.width() * x / self._end
        up = room.bottom() - room.height() * (heights - low) / (high - low)
        return [QPointF(*at) for at in zip(across.tolist(), up.tolist(), strict=True)]

    def _limits(self) -> tuple[float, float]:
        if self._shares:
            return 0.0, 1.0
        logs = np.log10(np.maximum(self._y, _LEAST))
        return float(logs.min()), max(float(logs.max()), float(logs.min()) + 0.1)

    def _text(self, value: float) -> str:
        return percent(value) if self._shares else minus(f"{value:.2g}")


def running_mean(values: Numbers, window: int) -> Numbers:
    """Return the mean of each value and up to ``window`` − 1 before it."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    mean: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return mean
