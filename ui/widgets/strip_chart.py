"""Lines over the newest frames of a moving picture, with a gap wherever frames in between were not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.numbers import number, percent

_DOT = 3
_FAINT = 90
"""Opacity of the raw values behind the smoothed ones, of 255."""


class Line(NamedTuple):
    """One line.

    Attributes:
        name: what it is.
        colour: ``#rrggbb``.
        values: one for each frame, NaN where there is none.
        raw: the same before they were smoothed, or None.
    """

    name: str
    colour: str
    values: NDArray[np.float64]
    raw: NDArray[np.float64] | None = None


class StripChart(QWidget):
    """Paints lines over time; at the bottom stand the frames' numbers. Pointing, or the arrow keys, reads one frame.

    Args:
        shares: whether the values are shares, 0 … 1; else the scale fits them.
        parent: as always.
    """

    def __init__(self, shares: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares = shares
        self._lines: tuple[Line, ...] = ()
        self._axis_s = np.zeros(0)
        self._indices = np.zeros(0, np.int64)
        self._follows = np.zeros(0, bool)
        self._read: int | None = None
        self._message = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_lines(
        self,
        lines: Sequence[Line],
        axis_s: NDArray[np.float64],
        indices: NDArray[np.int64],
        follows: NDArray[np.bool_],
    ) -> None:
        """Show these lines.

        Args:
            lines: each with a value for every frame.
            axis_s: where the frames lie in time, s, rising.
            indices: the frames' numbers.
            follows: whether a frame is the very next after the one before it.
        """
        frame = None if self._read is None or self._read >= len(self._indices) else self._indices[self._read]
        self._lines, self._axis_s, self._indices, self._follows = tuple(lines), axis_s, indices, follows
        found = np.flatnonzero(indices == frame) if frame is not None else np.zeros(0, np.intp)
        self._read = int(found[-1]) if len(found) else None  # the read frame wanders with its line
        self.setAccessibleDescription(self.reading)
        self.update()

    def set_shares(self, shares: bool) -> None:
        """Say whether the values are shares."""
        self._shares = shares

    def set_message(self, message: str) -> None:
        """Show a sentence in the place of lines; "" for none."""
        if message != self._message:
            self._message = message
            self.update()

    @property
    def reading(self) -> str:
        """The values of the frame that is read, or of the newest one."""
        if not len(self._indices):
            return self._message
        at = len(self._indices) - 1 if self._read is None else self._read
        parts = [f"{line.name} {self._text(float(line.values[at]))}" for line in self._lines]
        return f"#{self._indices[at]}: " + ", ".join(parts)

    def sizeHint(self) -> QSize:
        """Return a strip."""
        return QSize(240, theme.px(130))

    def minimumSizeHint(self) -> QSize:
        """Return room for the lines and two numbers."""
        return QSize(140, theme.px(70))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the frame below the pointer."""
        if len(self._axis_s):
            room = self._room()
            s = self._axis_s[0] + (event.position().x() - room.left()) / max(room.width(), 1) * self._span
            self._look(int(np.abs(self._axis_s - s).argmin()))

    def leaveEvent(self, event: object) -> None:
        """Read the newest frame again."""
        self._look(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Read the newest frame again."""
        super().focusOutEvent(event)
        self._look(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Read the frame before or after, the first or the newest one."""
        last = len(self._indices) - 1
        at = last if self._read is None else self._read
        moves = {
            Qt.Key.Key_Left: max(at - 1, 0),
            Qt.Key.Key_Right: min(at + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if last >= 0 and Qt.Key(event.key()) in moves and not event.modifiers():
            self._look(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axes, lines and the frame that is read."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        room, (low, high) = self._room(), self._limits()
        if self._message:
            painter.setPen(QColor(colours.dim))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room.adjusted(8, 0, -8, 0), wrapped, self._message)
            return
        painter.setPen(QPen(QColor(colours.line), 1))
        for share in (0, 0.5, 1):
            y = room.bottom() - share * room.height()
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        self._paint_numbers(painter, room, low, high)
        if not len(self._axis_s) or not self._lines:
            return
        x = room.left() + room.width() * (self._axis_s - self._axis_s[0]) / self._span
        painter.setClipRect(room.adjusted(-3, -3, 3, 3))
        for line in self._lines:
            for values, alpha, width in ((line.raw, _FAINT, 1.0), (line.values, 255, 1.8)):
                if values is not None:
                    colour = QColor(line.colour)
                    colour.setAlpha(alpha)
                    self._paint_line(painter, x, room, (values - low) / (high - low), colour, width)
        painter.setClipping(False)
        if self._read is not None:
            painter.setPen(QPen(QColor(colours.dim), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x[self._read], room.top()), QPointF(x[self._read], room.bottom()))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_line(
        self,
        painter: QPainter,
        x: NDArray[np.float64],
        room: QRectF,
        heights: NDArray[np.float64],
        colour: QColor,
        width: float,
    ) -> None:
        """Join the frames that follow one another; a frame that stands alone is a dot.

        Step by step: Qt takes twenty times as long for one long line that crosses itself.
        """
        known = np.isfinite(heights)
        y = room.bottom() - np.where(known, heights, 0) * room.height()
        points = [QPointF(*at) for at in zip(x.tolist(), y.tolist(), strict=True)]
        joined = known[1:] & known[:-1] & self._follows[1:]
        alone = known & ~np.concatenate([[False], joined]) & ~np.concatenate([joined, [False]])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, width > 1)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines([QLineF(points[at], points[at + 1]) for at in np.flatnonzero(joined)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # for dots it costs ten times as much
        painter.setPen(QPen(colour, round(_DOT * width)))
        painter.drawPoints(QPolygonF([points[at] for at in np.flatnonzero(alone)]))

    def _paint_numbers(self, painter: QPainter, room: QRectF, low: float, high: float) -> None:
        painter.setPen(QColor(theme.current().dim))
        line = QFontMetrics(self._font()).height()
        left = QRectF(0, 0, room.left() - 6, line)
        for value, y in ((high, room.top()), (low, room.bottom())):
            left.moveTop(min(max(y - line / 2, 0), room.bottom() - line / 2))
            painter.drawText(left, Qt.AlignmentFlag.AlignRight, self._text(value, fine=False))
        if not len(self._indices):
            return
        below = QRectF(room.left(), room.bottom() + 3, room.width(), line)
        first, last = f"#{self._indices[0]}", f"#{self._indices[-1]}"
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, last)
        if len(self._indices) > 1:
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, first)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, minus_seconds(self._span))
        if self._read is not None:
            above = QRectF(room.left(), 0, room.width(), line)
            painter.setPen(QColor(theme.current().text))
            shown = painter.fontMetrics().elidedText(self.reading, Qt.TextElideMode.ElideRight, int(above.width()))
            painter.drawText(above, Qt.AlignmentFlag.AlignLeft, shown)

    def _look(self, at: int | None) -> None:
        if at != self._read:
            self._read = at
            self.setAccessibleDescription(self.reading)
            self.update()

    @property
    def _span(self) -> float:
        return max(float(self._axis_s[-1] - self._axis_s[0]), 1e-3)

    def _limits(self) -> tuple[float, float]:
        if self._shares:
            return 0.0, 1.0
        finite = np.concatenate([line.values[np.isfinite(line.values)] for line in self._lines] or [np.zeros(0)])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low, high = min(low, 0.0), max(high, 0.0)
        return (low, high) if high > low else (low, low + 1)

    def _text(self, value: float, fine: bool = True) -> str:
        return percent(value, fine) if self._shares else number(value)

    def _room(self) -> QRectF:
        metrics = QFontMetrics(self._font())
        side, line = metrics.horizontalAdvance("100 %" if self._shares else "−0.000e−00"), metrics.height()
        return QRectF(side + 8, line + 2, max(self.width() - side - 14, 10), max(self.height() - 2 * line - 8, 10))

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font


def minus_seconds(span_s: float) -> str:
    """Return how long a stretch of time is."""
    return f"{span_s:.1f} s" if span_s < 10 else f"{span_s:.0f} s"
