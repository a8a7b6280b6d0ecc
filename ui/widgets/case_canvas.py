"""A case drawn in full: the input with its padding, the filter, the output, and the window where it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.numbers import shown
from explorer.arithmetic.trace import At, Term, Trace, padded
from explorer.text import _
from ui import theme
from ui.widgets import cells, marks
from ui.widgets.number_grid import NEGATIVE, POSITIVE, STRENGTH, fitted, tint
from ui.widgets.numbers import shape

Part = Literal["input", "filter", "output"]
PARTS: tuple[Part, ...] = ("input", "filter", "output")
_LARGEST, _READABLE, _SMALLEST = 54, 15, 2
_GAP, _BETWEEN, _MARGIN = 8, 34, 6
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class _Block(NamedTuple):
    """One plane where it is drawn."""

    part: Part
    number: int
    left: float
    top: float


class CaseCanvas(QWidget):
    """A click on a value of the output opens it; one on a number of the input or the filter leads to where it is typed.

    Signals:
        value_chosen: (k, y, x) of the output.
        input_chosen: (c, y, x) of the input.
        weight_chosen: (c, y, x) of the filter that is shown.
        stepped: rows and columns that the window is to move by.
        play_wanted: walk on its own, or stop.
    """

    value_chosen = Signal(object)
    input_chosen = Signal(object)
    weight_chosen = Signal(object)
    stepped = Signal(int, int)
    play_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._case: Case | None = None
        self._trace: Trace | None = None
        self._term: Term | None = None
        self._planes: dict[Part, Doubles] = {}
        self._blocks: list[_Block] = []
        self._rooms: list[tuple[float, float]] = []
        self._side = 0.0
        self._kept: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_case(self, case: Case, output: Doubles, trace: Trace) -> None:
        """Show the case with this value opened."""
        self._case, self._trace, self._term = case, trace, None
        self._planes = {"input": padded(case), "output": output.reshape(1, -1, 1) if case.kind == "fc" else output}
        self._take_filter()
        self._ask_for_room()
        self._arrange()
        self._tell()

    def show_trace(self, trace: Trace) -> None:
        """Move the window to this value."""
        other_filter = self._trace is None or self._trace.at[0] != trace.at[0]
        self._trace, self._term = trace, None
        if other_filter:
            self._take_filter()
            self._kept = None
        self._tell()
        self.update()

    def mark_term(self, term: Term | None) -> None:
        """Outline the two numbers of a term, or none."""
        self._term = term
        self.update()

    def paint_to(self, painter: QPainter) -> None:
        """Paint the case as it is shown, at the painter's own fineness: for a picture on a slide."""
        if self._case is not None and self._trace is not None:
            painter.fillRect(self.rect(), QColor(theme.current().panel))
            self._paint_all(painter, self._case)
            self._paint_window(painter, self._case, self._trace)

    def rect_of(self, part: Part, at: At) -> QRectF:
        """Return where a number lies: [c, y, x] of the input or the filter, [k, y, x] of the output.

        Raises:
            KeyError: it is not drawn.
        """
        for block in self._blocks:
            if block.part == part and block.number == at[0]:
                top, left = self._offset(part)
                return self._cell(block, at[1] + top, at[2] + left)
        raise KeyError((part, at))

    def sizeHint(self) -> QSize:
        """Return room for the lecture's cases."""
        return QSize(560, 300)

    def minimumSizeHint(self) -> QSize:
        """Return room in which the numbers of a small case can be read."""
        return QSize(300, 150)

    # what Qt calls

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the room."""
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Paint anew in other colours, letters or words."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.LanguageChange):
            self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers, then the window and the opened value."""
        if self._case is None or self._trace is None:
            return
        ratio = self.devicePixelRatioF()
        if self._kept is None or self._kept.devicePixelRatio() != ratio:
            self._kept = QPixmap(self.size() * ratio)
            self._kept.setDevicePixelRatio(ratio)
            self._kept.fill(QColor(theme.current().panel))
            inner = QPainter(self._kept)
            self._paint_all(inner, self._case)
            inner.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._kept)
        self._paint_window(painter, self._case, self._trace)
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the value, or lead to the number."""
        found = self._at(event.position())
        if found is None or self._case is None or event.button() != Qt.MouseButton.LeftButton:
            return
        part, at = found
        if part == "output":
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.value_chosen.emit((at[1], 0, 0) if self._case.kind == "fc" else at)
        elif part == "filter":
            self.weight_chosen.emit(at)
        elif self._inside(at):
            self.input_chosen.emit(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the number under the pointer; dragging over the output moves the window."""
        found = self._at(event.position())
        self.setToolTip("" if found is None else self._told(*found))
        self.setCursor(Qt.CursorShape.ArrowCursor if found is None else Qt.CursorShape.PointingHandCursor)
        if found is not None and event.buttons() & Qt.MouseButton.LeftButton and found[0] == "output":
            self.mousePressEvent(
                QMouseEvent(
                    QEvent.Type.MouseButtonPress,
                    event.position(),
                    event.globalPosition(),
                    Qt.MouseButton.LeftButton,
                    event.buttons(),
                    event.modifiers(),
                )
            )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the window with the arrows; Space walks on its own."""
        move = _MOVES.get(Qt.Key(event.key()))
        if move is not None:
            self.stepped.emit(*move)
        elif event.key() == Qt.Key.Key_Space:
            self.play_wanted.emit()
        else:
            super().keyPressEvent(event)

    # where things lie

    def _take_filter(self) -> None:
        if self._case is not None and self._trace is not None and self._case.filters:
            self._planes["filter"] = self._case.filter_array[self._trace.at[0]]

    def _offset(self, part: Part) -> tuple[int, int]:
        return (self._case.padding[0], self._case.padding[2]) if part == "input" and self._case else (0, 0)

    def _inside(self, at: At) -> bool:
        assert self._case is not None
        _c, h, w = self._case.input_chw
        return 0 <= at[1] < h and 0 <= at[2] < w

    @property
    def _heads(self) -> int:
        return theme.px(22)

    @property
    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font

    @property
    def _caption(self) -> int:
        return theme.px(15) if any(len(planes) > 1 for planes in self._planes.values()) else 0

    def _arrange(self) -> None:
        """Give all cells one side, as large as there is room for."""
        self._kept, self._blocks, self._rooms = None, [], []
        sizes = [(part, *self._planes[part].shape) for part in PARTS if part in self._planes]
        height = self.height() - self._heads - 2 * _MARGIN
        room = self.width() - 2 * _MARGIN - _BETWEEN * (len(sizes) - 1)
        plans: list[tuple[int, float]] = []
        for side in range(theme.px(_LARGEST), _SMALLEST - 1, -1):
            plans = self._planned(side, height)
            if all(many for many, _width in plans) and sum(width for _many, width in plans) <= room:
                break
        self._side = float(side) if sizes else 0.0
        left = _MARGIN + max(0.0, (room - sum(width for _many, width in plans)) / 2)
        for (part, count, rows, columns), (many, width) in zip(sizes, plans, strict=True):
            many = max(many, 1)
            high = rows * self._side + self._caption + _GAP
            used = -(-count // many) * high - _GAP
            top = self._heads + _MARGIN + max(0.0, (height - used) / 2)
            for number in range(count):
                down, right = divmod(number, many)
                inner = min(many, count) * (columns * self._side + _GAP) - _GAP
                x = left + (width - inner) / 2 + right * (columns * self._side + _GAP)
                self._blocks.append(_Block(part, number, float(round(x)), float(round(top + down * high))))
            self._rooms.append((left, left + width))
            left += width + _BETWEEN
        self.update()

    def _ask_for_room(self) -> None:
        """Ask for so much that the smallest cells fit: what is around this scrolls."""
        side, least = _SMALLEST, self.minimumSizeHint()
        sizes = [self._planes[part].shape for part in PARTS if part in self._planes]
        high = max(rows * side for _count, rows, _columns in sizes) + self._caption + self._heads + 2 * _MARGIN
        height = max(least.height(), high)
        inner = height - self._heads - 2 * _MARGIN
        width = sum(wide for _many, wide in self._planned(side, inner)) + 2 * _MARGIN + _BETWEEN * (len(sizes) - 1)
        self.setMinimumSize(max(least.width(), math.ceil(width)), height)

    def _planned(self, side: int, height: float) -> list[tuple[int, float]]:
        """Return how many planes of each part stand side by side, 0 for none, and how wide it is with its title."""
        found, metrics = [], QFontMetrics(self._bold)
        for part in PARTS:
            if part in self._planes and self._case is not None:
                count, rows, columns = self._planes[part].shape
                many, width = self._columns(count, rows * side, columns * side, height)
                found.append((many, max(width, metrics.horizontalAdvance(self._title(part, self._case)))))
        return found

    def _columns(self, count: int, high: float, wide: float, room: float) -> tuple[int, float]:
        """Return how many planes stand side by side so that all fit into the height, 0 for none, and the width."""
        fitting = int((room + _GAP) // (high + self._caption + _GAP))
        many = -(-count // fitting) if fitting else 0
        return many, max(many, 1) * (wide + _GAP) - _GAP

    def _cell(self, block: _Block, row: int, column: int) -> QRectF:
        top = block.top + self._caption
        return QRectF(block.left + column * self._side, top + row * self._side, self._side, self._side)

    def _at(self, point: QPointF) -> tuple[Part, At] | None:
        """Return the number at a point; of the input's padding the places below 0 or behind the end."""
        for block in self._blocks:
            _n, rows, columns = self._planes[block.part].shape
            x = (point.x() - block.left) / self._side
            y = (point.y() - block.top - self._caption) / self._side
            if 0 <= x < columns and 0 <= y < rows:
                top, left = self._offset(block.part)
                return block.part, (block.number, int(y) - top, int(x) - left)
        return None

    # what is painted

    def _paint_all(self, painter: QPainter, case: Case) -> None:
        colours = theme.current()
        small, bold = QFont(self.font()), self._bold
        small.setPixelSize(theme.px(11))
        painter.setFont(bold)
        metrics, parts = QFontMetrics(bold), [part for part in PARTS if part in self._planes]
        for part, (left, right) in zip(parts, self._rooms, strict=True):
            painter.setFont(bold)
            painter.setPen(QColor(colours.text))
            words = metrics.elidedText(self._title(part, case), Qt.TextElideMode.ElideRight, int(right - left) + 4)
            x = (left + right - metrics.horizontalAdvance(words)) / 2
            blocks = [block for block in self._blocks if block.part == part]
            painter.drawText(QPointF(x, min(block.top for block in blocks) - theme.px(6)), words)
            planes = self._planes[part]
            reach = float(np.abs(planes).max())
            for block in blocks:
                if len(planes) > 1:
                    painter.setFont(small)
                    painter.setPen(QColor(colours.dim))
                    corner = QPointF(block.left, block.top + self._caption - theme.px(4))
                    painter.drawText(corner, self._named(part, block.number))
                self._paint_plane(painter, block, planes[block.number], reach, case)
        sign = QFont(self.font())
        sign.setPixelSize(theme.px(20))
        painter.setFont(sign)
        painter.setPen(QColor(colours.dim))
        signs = ("→",) if len(parts) == 2 else ("·" if case.kind == "fc" else "∗", "=")
        middle = self._heads + (self.height() - self._heads) / 2
        for text, (_left, end), (begin, _right) in zip(signs, self._rooms, self._rooms[1:], strict=False):
            painter.drawText(QRectF(end, middle - 16, begin - end, 32), Qt.AlignmentFlag.AlignCenter, text)

    def _title(self, part: Part, case: Case) -> str:
        size = shape(case.input_chw if part == "input" else self._planes[part].shape)
        if part == "input":
            return _("Input {size}").format(size=size)
        if part == "output":
            return _("Output {size}").format(size=shape(case.output_chw))
        number = self._trace.at[0] + 1 if self._trace else 1
        words = _("Row {number} of {count} of W") if case.kind == "fc" else _("Filter {number} of {count} · {size}")
        return words.format(number=number, count=len(case.filters), size=size)

    def _named(self, part: Part, number: int) -> str:
        if part == "output":
            return _("map {number}").format(number=number)
        return _("c {number}").format(number=number)

    def _paint_plane(self, painter: QPainter, block: _Block, plane: Doubles, reach: float, case: Case) -> None:
        colours, side = theme.current(), self._side
        rows, columns = plane.shape
        (top, left), (_c, h, w) = self._offset(block.part), case.input_chw
        if side < _READABLE:
            seen = np.zeros(plane.shape, dtype=bool)
            seen[top : top + h, left : left + w] = True
            pads = ~seen if block.part == "input" else np.zeros_like(seen)
            first = self._cell(block, 0, 0)
            painter.drawImage(
                QRectF(first.left(), first.top(), columns * side, rows * side), _image(plane, reach, pads)
            )
        else:
            self._paint_numbers(painter, block, plane, reach, case)
        if block.part == "input":
            self._paint_unseen(painter, block, case)
        if side >= 5:
            painter.setPen(QPen(QColor(colours.line), 1))
            self._paint_lines(painter, block, rows, columns)
        if block.part == "input" and any(case.padding):
            painter.setPen(QPen(QColor(colours.dim), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            corner = self._cell(block, top, left)
            painter.drawRect(QRectF(corner.left(), corner.top(), w * side, h * side))

    def _paint_numbers(self, painter: QPainter, block: _Block, plane: Doubles, reach: float, case: Case) -> None:
        colours, side, (top, left), (_c, h, w) = theme.current(), self._side, self._offset(block.part), case.input_chw
        font = QFont(self.font())
        font.setPixelSize(max(min(round(side * 0.38), theme.px(14)), 8))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for y, row in enumerate(plane.tolist()):
            for x, value in enumerate(row):
                rect = self._cell(block, y, x)
                pads = block.part == "input" and not (top <= y < top + h and left <= x < left + w)
                ground = QColor(colours.panel if pads else tint(value, reach))
                painter.fillRect(rect, ground)
                ink = QColor(colours.dim) if pads else cells.ink(ground.red(), ground.green(), ground.blue())
                painter.setPen(ink)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, fitted(value, metrics, side - 2))

    def _paint_lines(self, painter: QPainter, block: _Block, rows: int, columns: int) -> None:
        first, side = self._cell(block, 0, 0), self._side
        for y in range(rows + 1):
            level = first.top() + y * side
            painter.drawLine(QPointF(first.left(), level), QPointF(first.left() + columns * side, level))
        for x in range(columns + 1):
            level = first.left() + x * side
            painter.drawLine(QPointF(level, first.top()), QPointF(level, first.top() + rows * side))

    def _paint_unseen(self, painter: QPainter, block: _Block, case: Case) -> None:
        """Hatch the cells of the input that no window reads."""
        (rows, columns), (top, left), (_c, h, w) = case.fits, self._offset("input"), case.input_chw
        brush = QBrush(QColor(theme.current().warning), Qt.BrushStyle.BDiagPattern)
        for y in rows.unseen:
            rect = self._cell(block, y + top, left)
            painter.fillRect(QRectF(rect.left(), rect.top(), w * self._side, self._side), brush)
        for x in columns.unseen:
            for y in range(h):
                if y not in rows.unseen:
                    painter.fillRect(self._cell(block, y + top, x + left), brush)

    def _paint_window(self, painter: QPainter, case: Case, trace: Trace) -> None:
        colours = theme.current()
        places = [*(term.place for term in trace.terms), *trace.skipped]
        first = [min(place[axis] for place in places) for axis in range(3)]
        last = [max(place[axis] for place in places) for axis in range(3)]
        top, left = self._offset("input")
        apart = max(case.dilation) > 1 and self._side >= 6
        for block in self._blocks:
            if block.part == "input" and first[0] <= block.number <= last[0]:
                corner, end = (self._cell(block, one[1] + top, one[2] + left) for one in (first, last))
                if apart:
                    painter.setPen(QPen(QColor(colours.unit), 2))
                    for place in places:
                        if place[0] == block.number:
                            painter.drawRect(self._cell(block, place[1] + top, place[2] + left).adjusted(1, 1, -1, -1))
                marks.box(painter, corner.united(end), colours.unit)
            elif block.part == "output":
                at = (0, trace.at[0], 0) if case.kind == "fc" else trace.at
                if block.number == at[0]:
                    marks.box(painter, self._cell(block, at[1], at[2]), colours.unit)
        term = self._term or trace.winner
        if term is not None:
            self._outline(painter, "input", (term.place[0], term.place[1] + top, term.place[2] + left))
            if term.weight_at is not None:
                self._outline(painter, "filter", term.weight_at)

    def _outline(self, painter: QPainter, part: Part, at: Sequence[int]) -> None:
        painter.setPen(QPen(QColor(theme.current().accent), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for block in self._blocks:
            if block.part == part and block.number == at[0]:
                painter.drawRect(self._cell(block, at[1], at[2]).adjusted(1.5, 1.5, -1.5, -1.5))

    # what is told

    def _told(self, part: Part, at: At) -> str:
        assert self._case is not None
        where, (top, left) = ", ".join(map(str, at)), self._offset(part)
        value = shown(float(self._planes[part][at[0], at[1] + top, at[2] + left]))
        if part == "output":
            where = str(at[1]) if self._case.kind == "fc" else where
            return f"y[{where}] = {value}"
        if part == "filter":
            return f"w[{where}] = {value}"
        if not self._inside(at):
            return _("padding: {value}").format(value=value)
        _c, h, w = self._case.input_chw
        return f"x{(at[0] * h + at[1]) * w + at[2] + 1} = x[{where}] = {value}"

    def _tell(self) -> None:
        if self._trace is not None:
            where = ", ".join(map(str, self._trace.at))
            self.setAccessibleDescription(f"y[{where}] = {shown(self._trace.result)}")


def _image(plane: Doubles, reach: float, pads: NDArray[np.bool_]) -> QImage:
    """Return numbers as coloured pixels, in the colours of the cells that are large enough for a number."""
    colours = theme.current()
    share = np.minimum(np.abs(plane) / reach, 1.0)[..., None] * STRENGTH if reach else np.zeros((*plane.shape, 1))
    ends = np.where((plane > 0)[..., None], _rgb(POSITIVE), _rgb(NEGATIVE))
    ground = _rgb(colours.raised)
    found = ground + (ends - ground) * share
    found[pads] = _rgb(colours.panel)
    pixels = np.ascontiguousarray(np.rint(found).astype(np.uint8))
    h, w = plane.shape
    return QImage(pixels.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy()


def _rgb(colour: str) -> Doubles:
    one = QColor(colour)
    return np.array([one.red(), one.green(), one.blue()], dtype=np.float64)
