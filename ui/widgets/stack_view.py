"""A stack drawn from the output's middle unit down to the input: the cells of every map that the unit depends on."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.receptive.stack import Stack
from explorer.receptive.stack_facts import Level, growth, middle
from explorer.receptive.values import Runs
from explorer.text import _
from ui import theme

_MARGIN = 2
"""Input cells that are drawn around the area."""
_LEAST_SPAN = 11
_CELLS_FROM = 3.0
"""Side of a cell, px, from which cells are drawn one by one."""
_OUTLINED_FROM = 7.0
_MOST_CELL = 34.0


class StackView(QWidget):
    """A cut through the maps as strips, the output above, or the maps as squares, the output at the left.

    Cells lie where their own areas lie on the input, so that those of a map with a coarser stride are wider.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._stack: Stack | None = None
        self.levels: tuple[Level, ...] = ()
        self._step = self._span = self._count = 0
        self._cut = True

    def show_stack(self, stack: Stack) -> None:
        """Draw ``stack``."""
        if stack != self._stack:
            self._stack, self.levels = stack, growth(stack)
            self.describe()
            self.updateGeometry()
            self.update()

    def show_step(self, step: int) -> None:
        """Light the maps down to the one ``step`` below the output."""
        self._step = step
        self.describe()
        self.update()

    def show_as(self, cut: bool) -> None:
        """Draw strips, or squares."""
        self._cut = cut
        self.updateGeometry()
        self.update()

    def show_scale(self, span: int, count: int) -> None:
        """Give the drawing so many input cells and maps, so that two drawings have one scale."""
        self._span, self._count = span, count
        self.update()

    @property
    def wanted_span(self) -> int:
        """How many input cells the drawing needs."""
        if not self.levels:
            return _LEAST_SPAN
        return max(int(self.levels[0].path.size[0]) + 2 * _MARGIN, _LEAST_SPAN)

    @property
    def lit(self) -> tuple[Level, ...]:
        """The maps that are lit, the output first."""
        return self.levels[: self._step + 1]

    def describe(self) -> None:
        """Tell a screen reader what is drawn."""
        self.setAccessibleDescription(", ".join(f"{caption(level, self.levels)} {area(level)}" for level in self.lit))

    def sizeHint(self) -> QSize:
        """Return room for every map."""
        if self._cut:
            return QSize(320, theme.px(30) * max(len(self.levels), self._count, 5) + 12)
        return QSize(320, theme.px(190))

    def minimumSizeHint(self) -> QSize:
        """Return the same height, and little width."""
        return QSize(220, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.describe()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the maps."""
        if self._stack is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        painter.setFont(font)
        if self._cut:
            self._paint_cut(painter, self._stack)
        else:
            self._paint_squares(painter)

    # strips

    def _paint_cut(self, painter: QPainter, stack: Stack) -> None:
        metrics = painter.fontMetrics()
        names = max(metrics.horizontalAdvance(caption(level, self.levels)) for level in self.levels)
        sizes = max(metrics.horizontalAdvance(area(level)) for level in self.levels)
        left, right = names + 12, self.width() - sizes - 12
        span = max(self._span, self.wanted_span)
        cell = min((right - left) / span, _MOST_CELL)
        origin = left + (right - left - cell * span) / 2
        first = self._first(1, span)
        count = max(self._count, len(self.levels))
        pitch = min(self.height() / count, theme.px(76))
        bottom, high = (self.height() + pitch * count) / 2, min(pitch * 0.48, theme.px(28))
        top = bottom - pitch * len(self.levels)  # the inputs of two drawings lie level
        painter.setClipRect(QRectF(origin - 1, 0, cell * span + 2, self.height()))
        for at, (upper, lower) in enumerate(pairwise(self.lit)):
            y = top + pitch * at + pitch / 2 + high / 2
            self._paint_lines(painter, stack, upper, lower, (y, y + pitch - high), (origin, first, cell))
        for at, level in enumerate(self.levels):
            y = top + pitch * at + (pitch - high) / 2
            for x, w, tone in _strip(level, 1, first, first + span, cell):
                _cell(painter, QRectF(origin + x, y, w, high), tone, at <= self._step, at == 0)
        painter.setClipping(False)
        for at, level in enumerate(self.levels):
            row = QRectF(0, top + pitch * at, self.width(), pitch)
            painter.setPen(QColor(theme.current().dim))
            middle_ = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(row, middle_ | Qt.AlignmentFlag.AlignLeft, caption(level, self.levels))
            if at <= self._step:
                painter.setPen(QColor(theme.current().text))
                painter.drawText(row, middle_ | Qt.AlignmentFlag.AlignRight, area(level))

    def _paint_lines(
        self,
        painter: QPainter,
        stack: Stack,
        upper: Level,
        lower: Level,
        ys: tuple[float, float],
        scale: tuple[float, int, float],
    ) -> None:
        """Join every lit unit with the cells that it reads."""
        origin, first, cell = scale
        colour = QColor(theme.current().unit if upper is self.levels[0] else theme.current().accent)
        colour.setAlphaF(0.55)
        painter.setPen(QPen(colour, 1))
        block, n = stack.blocks[upper.place - 1], lower.shape[2]
        for low, high in upper.columns:
            for unit in range(low, high):
                x = origin + float(_centre(upper, 1, unit) - first) * cell
                for tap in block.taps(unit):
                    if 0 <= tap < n:
                        to = origin + float(_centre(lower, 1, tap) - first) * cell
                        painter.drawLine(QPointF(x, ys[0]), QPointF(to, ys[1]))

    # squares

    def _paint_squares(self, painter: QPainter) -> None:
        metrics, count = QFontMetrics(painter.font()), len(self.levels)
        gap, text = 14.0, 2 * (metrics.height() + 2)
        most = max(self._count, count)
        side = min(self.width() / most - gap, self.height() - text - 6)
        left = (self.width() - side * count - gap * (count - 1)) / 2
        top = (self.height() - side - text) / 2
        span = max(self._span, self.wanted_span)
        cell = side / span
        firsts = self._first(0, span), self._first(1, span)
        for at, level in enumerate(self.levels):
            x0 = left + at * (side + gap)
            rows = list(_strip(level, 0, firsts[0], firsts[0] + span, cell))
            columns = list(_strip(level, 1, firsts[1], firsts[1] + span, cell))
            painter.setClipRect(QRectF(x0 - 1, top - 1, side + 2, side + 2))
            for y, h, down in rows:
                for x, w, across in columns:
                    _cell(painter, QRectF(x0 + x, top + y, w, h), min(down, across), at <= self._step, at == 0)
            painter.setClipping(False)
            room = QRectF(x0 - gap / 2, top + side + 4, side + gap, metrics.height() + 2)
            painter.setPen(QColor(theme.current().dim))
            centre, right = Qt.AlignmentFlag.AlignCenter, Qt.TextElideMode.ElideRight
            name = caption(level, self.levels)
            if level.place and metrics.horizontalAdvance(name) > room.width():
                name = str(level.place)
            painter.drawText(room, centre, metrics.elidedText(name, right, int(room.width())))
            if at <= self._step:
                painter.setPen(QColor(theme.current().text))
                size = metrics.elidedText(area(level), right, int(room.width()))
                painter.drawText(room.translated(0, metrics.height() + 2), centre, size)

    def _first(self, axis: int, span: int) -> int:
        """Return the first input row or column that is drawn: the unit's area lies in the middle."""
        assert self._stack is not None
        path, unit = self.levels[0].path, middle(self._stack)[axis]
        low = path.start[axis] + path.stride[axis] * unit
        return int(low) - (span - int(path.size[axis])) // 2


_OUTSIDE, _BESIDE, _GAP, _LIT = range(4)
"""What a cell is: in padding, not in the area, left out by it, seen. Of rows and columns the smaller one counts."""


def caption(level: Level, levels: Sequence[Level]) -> str:
    """Return what a map is called."""
    if level.place == 0:
        return _("input")
    if level is levels[0]:
        return _("output")
    return _("block {place}").format(place=level.place)


def area(level: Level) -> str:
    """Return the size of the area in a map."""
    return " × ".join(map(str, level.box))


def _centre(level: Level, axis: int, unit: int) -> Fraction:
    """Return the middle of a unit's own area, in input cells from the input's edge."""
    path = level.path
    return path.start[axis] + path.stride[axis] * unit + path.size[axis] / 2


def _strip(level: Level, axis: int, first: int, end: int, cell: float) -> list[tuple[float, float, int]]:
    """Return place, width (px from ``first``) and tone of a map's cells along one axis between two input cells."""
    stride, n = level.path.stride[axis] or Fraction(1), level.shape[1 + axis]
    runs: Runs = level.columns if axis else level.rows
    offset = _centre(level, axis, 0) - stride / 2
    low, high = int((first - offset) // stride), int(-((offset - end) // stride))
    wide = float(stride) * cell
    if wide < _CELLS_FROM:
        pieces = [(a, b, _LIT) for a, b in runs]
        pieces += [(b, a, _GAP) for (_a, b), (a, _b) in pairwise(runs)]
        if runs:
            pieces += [(max(low, 0), runs[0][0], _BESIDE), (runs[-1][1], min(high, n), _BESIDE)]
        else:
            pieces += [(max(low, 0), min(high, n), _BESIDE)]
    else:
        pieces = [(i, i + 1, _tone(i, n, runs)) for i in range(low, high)]
    edge = min(wide * 0.12, 2.0) if wide >= _CELLS_FROM else 0.0
    found = []
    for a, b, tone in pieces:
        if b > a:
            x = float(offset + stride * a - first) * cell
            found.append((x + edge / 2, (b - a) * wide - edge, tone))
    return found


def _tone(i: int, n: int, runs: Runs) -> int:
    if not 0 <= i < n:
        return _OUTSIDE
    if any(low <= i < high for low, high in runs):
        return _LIT
    return _GAP if runs and runs[0][0] <= i < runs[-1][1] else _BESIDE


def _cell(painter: QPainter, rect: QRectF, tone: int, lit: bool, output: bool) -> None:
    """Paint one cell."""
    colours = theme.current()
    line, outlined = Qt.PenStyle.SolidLine, min(rect.width(), rect.height()) >= _OUTLINED_FROM
    if tone == _OUTSIDE:
        fill, edge, line = None, colours.line, Qt.PenStyle.DotLine
    elif tone == _LIT and lit:
        fill = edge = colours.unit if output else colours.accent
    elif tone == _GAP and lit:
        fill, edge = theme.mix(colours.warning, colours.panel, 0.75 if outlined else 0.45), colours.warning
    else:
        fill, edge = colours.raised, colours.line
    painter.setPen(QPen(QColor(edge), 1, line) if outlined else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    inner = rect.adjusted(0.5, 0.5, -0.5, -0.5) if outlined else rect
    painter.drawRoundedRect(inner, 2, 2) if rect.width() > 8 else painter.drawRect(inner)
