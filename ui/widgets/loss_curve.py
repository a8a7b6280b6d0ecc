"""How a loss falls, step by step, both on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.numbers import number

_LEAST = 1e-6
_APART = 1.005
"""Of two steps on a curve of many, the larger is at least so many times the smaller: some thousand reach 10⁸."""


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return those of many points, steps rising, that stand apart on the logarithmic axis, and the newest."""
    kept = list(points[:1])
    for point in points[1:-1]:
        if point[0] >= kept[-1][0] * _APART:
            kept.append(point)
    return [*kept, *points[1:][-1:]]


class LossCurve(QWidget):
    """Paints (step, loss) points; the newest loss stands at the end of the line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[tuple[int, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_points(self, points: Sequence[tuple[int, float]]) -> None:
        """Show these points, steps rising."""
        self._points = list(points)
        if points:
            self.setAccessibleDescription(f"{points[-1][0]}: {number(points[-1][1])}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return a low strip."""
        return QSize(200, theme.px(90))

    def minimumSizeHint(self) -> QSize:
        """Return room for the line and two numbers."""
        return QSize(120, theme.px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axes' ends and the line."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        metrics = QFontMetrics(font)
        line, side = metrics.height(), metrics.horizontalAdvance("0.0000e−00")
        room = QRectF(side, 4, max(self.width() - side - 8, 10), max(self.height() - line - 8, 10))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.drawLine(room.topLeft(), room.bottomLeft())
        if not self._points:
            return
        logs = [math.log10(max(loss, _LEAST)) for _step, loss in self._points]
        low, high = min(logs), max(max(logs), min(logs) + 0.1)
        last = max(self._points[-1][0], 1)
        wide = math.log1p(last)
        curve = QPolygonF(
            [
                QPointF(
                    room.left() + room.width() * math.log1p(step) / wide,
                    room.bottom() - room.height() * (log - low) / (high - low),
                )
                for (step, _loss), log in zip(self._points, logs, strict=True)
            ]
        )
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawPolyline(curve)
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(curve.last(), 3, 3)
        painter.setPen(QColor(colours.dim))
        left = QRectF(0, room.top() - 2, side - 6, line)
        painter.drawText(left, Qt.AlignmentFlag.AlignRight, number(10**high))
        left.moveBottom(room.bottom() + 2)
        painter.drawText(left, Qt.AlignmentFlag.AlignRight, number(10**low))
        painter.drawText(
            QRectF(room.left(), room.bottom() + 2, room.width(), line), Qt.AlignmentFlag.AlignRight, str(last)
        )
