"""How the values of a map are spread: bars, with zero marked."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import _
from explorer.values import Statistics
from ui import theme
from ui.widgets.numbers import number, percent

_CUT_ABOVE = 4.0
"""A bar so many times as high as the next one is cut, or it would flatten all others (the zeros after a ReLU)."""

HEIGHT = 84
"""px at text size 1, where there is room."""


class Histogram(QWidget):
    """Own painter: a strip of at most 64 bars is painted in a fraction of the time that a plot widget takes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = HEIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._statistics: Statistics | None = None

    def show_statistics(self, statistics: Statistics | None) -> None:
        """Show the spread of these values."""
        if statistics is not self._statistics:
            self._statistics = statistics
            self.update()

    def set_height(self, height: int) -> None:
        """Be ``height`` px high at text size 1."""
        if height != self._height:
            self._height = height
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return a flat strip."""
        return QSize(160, theme.px(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, the zero line, and the numbers below."""
        statistics = self._statistics
        if statistics is None or not statistics.histogram.sum():
            return
        painter, colours = QPainter(self), theme.current()
        font = painter.font()
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        line = painter.fontMetrics().height()
        room = QRectF(0, 2, self.width(), self.height() - line - 4)
        cut = self._paint_bars(painter, room, statistics.histogram)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QPointF(0, room.bottom()), QPointF(room.right(), room.bottom()))
        self._paint_numbers(painter, room, statistics, line)
        if cut is not None:
            self._paint_cut(painter, room, *cut)

    def _paint_bars(self, painter: QPainter, room: QRectF, counts: np.ndarray) -> tuple[QRectF, float] | None:
        """Paint the bars; return the one that is higher than it can be drawn, and the share of the values it holds."""
        colours, ranked = theme.current(), np.sort(counts)
        top, second = int(ranked[-1]), int(ranked[-2]) if len(ranked) > 1 else 0
        cut = second > 0 and top > _CUT_ABOVE * second
        ceiling = 1.25 * second if cut else top
        step = room.width() / len(counts)
        gap = 1.0 if step >= 4 else 0.0
        bars = []
        for place, count in enumerate(counts.tolist()):
            if count:
                height = max(1.5, min(count / ceiling, 1.0) * room.height())
                bars.append(QRectF(room.left() + place * step, room.bottom() - height, max(step - gap, 1.0), height))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRects(bars)
        if not cut:
            return None
        return bars[int(np.count_nonzero(counts[: int(counts.argmax())]))], top / int(counts.sum())

    def _paint_cut(self, painter: QPainter, room: QRectF, bar: QRectF, share: float) -> None:
        """Break the bar and write its share beside it, on a ground of its own: the zero line may run there."""
        colours, text = theme.current(), _("{share} in this bar").format(share=percent(share))
        painter.fillRect(QRectF(bar.left() - 1, bar.top() + 6, bar.width() + 2, 3), QColor(colours.panel))
        painter.setPen(QColor(colours.dim))
        width = painter.fontMetrics().horizontalAdvance(text)
        left = bar.right() + 4 if bar.right() + 4 + width <= room.right() else bar.left() - 4 - width
        if left >= 0:
            place = QRectF(left, bar.top(), width + 2, painter.fontMetrics().height())
            painter.fillRect(place, QColor(colours.panel))
            painter.drawText(place, 0, text)

    def _paint_numbers(self, painter: QPainter, room: QRectF, statistics: Statistics, line: float) -> None:
        colours, metrics = theme.current(), painter.fontMetrics()
        low, high = statistics.minimum, statistics.maximum
        below = QRectF(0, room.bottom() + 2, self.width(), line)
        painter.setPen(QColor(colours.dim))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, number(low))
        if high > low:
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, number(high))
        if low < 0 < high:
            x = room.width() * -low / (high - low)
            painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            ends = metrics.horizontalAdvance(number(low)), metrics.horizontalAdvance(number(high))
            if ends[0] + 8 < x < self.width() - ends[1] - 8:
                painter.setPen(QColor(colours.dim))
                painter.drawText(QRectF(x - 10, below.top(), 20, line), Qt.AlignmentFlag.AlignHCenter, "0")
