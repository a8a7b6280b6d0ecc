"""One value of a filter's result, term by term: window ⊙ kernel = products, and the line that ends in the result."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.filters.bands import Doubles
from explorer.filters.parse import scale_text
from explorer.filters.steps import Part, Step
from explorer.text import _
from ui import theme
from ui.widgets import cells
from ui.widgets.number_grid import fitted, tint
from ui.widgets.numbers import minus

_LARGEST, _SMALLEST, _SIGN, _GAP = 46, 25, 26, 12


class StepView(QWidget):
    """All numbers show: where the cells would be too small for them, it is larger than its place, and scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: Step | None = None
        self._signed = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def step(self) -> Step | None:
        """What is shown."""
        return self._step

    def show_step(self, step: Step | None, signed: bool) -> None:
        """Show a value of the result; ``signed`` ones are neither rounded nor clipped."""
        before = None if self._step is None else (self._step.window.shape, len(self._step.parts))
        self._step, self._signed = step, signed
        if step is not None:
            if (step.window.shape, len(step.parts)) != before:
                self.setMinimumSize(self._needed())
            self.setAccessibleDescription(" ".join(self.lines()))
        self.update()

    def lines(self) -> list[str]:
        """Return what is reckoned after the products: a line for each kernel, and one for the result."""
        step = self._step
        if step is None:
            return []
        found = [_line(part) for part in step.parts]
        if len(step.parts) == 2:
            found = [f"{name}: {line}" for name, line in zip("xy", found, strict=True)]
            x, y = (f"({written(p.value)})" if p.value < 0 else written(p.value) for p in step.parts)
            found.append(f"√({x}² + {y}²) = {written(step.value)}")
        if self._signed:
            found.append(_("Result: {value}").format(value=written(step.result)))
        elif step.clipped:
            found.append(_("Result: {value}, clipped to 0 … 255").format(value=written(step.result)))
        elif step.value % 1 == 0.5:
            found.append(
                _("Result: {value}, rounded: a half goes to the even number").format(value=written(step.result))
            )
        elif step.result != step.value:
            found.append(_("Result: {value}, rounded").format(value=written(step.result)))
        else:
            found.append(_("Result: {value}").format(value=written(step.result)))
        return found

    def sizeHint(self) -> QSize:
        """Return what is needed."""
        return self._needed()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tables and the lines."""
        step, colours = self._step, theme.current()
        if step is None:
            return
        painter = QPainter(self)
        rows, columns = step.window.shape
        side = self._side()
        sign, head = theme.px(_SIGN), self._head()
        width = 3 * columns * side + 2 * sign
        left, top = max((self.width() - width) / 2, 0), 0.0
        for place, part in enumerate(step.parts):
            x = left
            for title, values, mark, grey in (
                (_("Window"), step.window, "⊙", True),
                (_("Kernel"), part.weights, "=", False),
                (_("Products"), part.products, "", False),
            ):
                if place == 0:
                    painter.setFont(self._font(11))
                    painter.setPen(QColor(colours.dim))
                    painter.drawText(QRectF(x, top, columns * side + sign, head), Qt.AlignmentFlag.AlignLeft, title)
                self._table(painter, values, x, top + head, side, grey)
                x += columns * side
                if mark:
                    painter.setFont(self._font(16))
                    painter.setPen(QColor(colours.text))
                    painter.drawText(QRectF(x, top + head, sign, rows * side), Qt.AlignmentFlag.AlignCenter, mark)
                    x += sign
            top += rows * side + _GAP
        top += head
        lines = self.lines()
        for place, text in enumerate(lines):
            last = place == len(lines) - 1
            font = self._font(15 if last else 13)
            if last:
                font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            tone = colours.warning if last and step.clipped and not self._signed else colours.text
            painter.setPen(QColor(tone))
            painter.drawText(QRectF(left, top, self.width() - left, self._text), Qt.AlignmentFlag.AlignLeft, text)
            top += self._text

    def _table(self, painter: QPainter, values: Doubles, left: float, top: float, side: int, grey: bool) -> None:
        font = self._font(13)
        font.setPixelSize(max(min(round(side * 0.4), theme.px(14)), 8))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        reach = float(abs(values).max())
        for y, row in enumerate(values.tolist()):
            for x, value in enumerate(row):
                level = min(max(round(value), 0), 255)
                ground = QColor(level, level, level) if grey else QColor(tint(value, reach))
                rect = QRectF(left + x * side, top + y * side, side, side)
                painter.fillRect(rect, ground)
                painter.setPen(cells.ink(ground.red(), ground.green(), ground.blue()))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, fitted(value, metrics, side - 3))
        painter.setPen(QPen(QColor(theme.current().line), 1))
        rows, columns = values.shape
        for y in range(rows + 1):
            painter.drawLine(round(left), round(top + y * side), round(left + columns * side), round(top + y * side))
        for x in range(columns + 1):
            painter.drawLine(round(left + x * side), round(top), round(left + x * side), round(top + rows * side))

    # geometry

    @property
    def _text(self) -> int:
        return theme.px(24)

    def _head(self) -> int:
        return theme.px(16)

    def _below(self) -> int:
        return self._head() + (len(self.lines()) or 2) * self._text + 4

    def _side(self) -> int:
        assert self._step is not None
        rows, columns = self._step.window.shape
        wide = (self.width() - 2 * theme.px(_SIGN)) / (3 * columns)
        parts = len(self._step.parts)
        high = (self.height() - self._below() - parts * _GAP) / (rows * parts)
        return int(max(min(wide, high, theme.px(_LARGEST)), theme.px(_SMALLEST)))

    def _needed(self) -> QSize:
        if self._step is None:
            return QSize(200, 120)
        (rows, columns), parts, side = self._step.window.shape, len(self._step.parts), theme.px(_SMALLEST)
        return QSize(
            3 * columns * side + 2 * theme.px(_SIGN), parts * (rows * side + _GAP) + self._below() + self._head()
        )

    def _font(self, size: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(size))
        return font


def written(value: float) -> str:
    """Return a number with six digits that matter."""
    return minus(f"{value:.6g}")


def _line(part: Part) -> str:
    """Return the sum, the scale and the offset of one kernel as they are reckoned."""
    found = _("Sum {sum}").format(sum=written(part.sum))
    if part.scale != 1:
        found += f" × {minus(scale_text(part.scale))} = {written(part.sum * part.scale)}"
    if part.offset:
        sign, size = ("+", part.offset) if part.offset > 0 else ("−", -part.offset)
        found += f" {sign} {written(size)} = {written(part.value)}"
    return found
