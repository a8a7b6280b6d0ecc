"""Names and numbers in a small table that is painted, so that new numbers thirty times a second move nothing."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

_WIDEST = "−0000.0"
_GAP = 14


class Fact(NamedTuple):
    """One row: what it is, its value as text, and whether it is alarming."""

    name: str
    value: str
    alarming: bool = False


class FactTable(QWidget):
    """Facts in two columns where they fit, else in one; numbers at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._facts: tuple[Fact, ...] = ()
        self._columns = 1

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is shown."""
        return self._facts

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show these rows."""
        if facts == self._facts:
            return
        renamed = [f.name for f in facts] != [f.name for f in self._facts]
        self._facts = facts
        if renamed:
            self._arrange()
        self.setAccessibleDescription(", ".join(f"{f.name} {f.value}" for f in facts))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        rows = -(-len(self._facts) // self._columns)
        return QSize(120, rows * self._row)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(80, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose between one and two columns."""
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows."""
        painter, colours = QPainter(self), theme.current()
        painter.setFont(self._font())
        width = (self.width() - (self._columns - 1) * _GAP) / self._columns
        rows, height = -(-len(self._facts) // self._columns), self._row
        for place, fact in enumerate(self._facts):
            column, row = divmod(place, rows)
            cell = QRectF(column * (width + _GAP), row * height, width, height)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(QColor(colours.warning if fact.alarming else colours.dim))
            painter.drawText(cell, middle | Qt.AlignmentFlag.AlignLeft, fact.name)
            painter.setPen(QColor(colours.warning if fact.alarming else colours.text))
            painter.drawText(cell, middle | Qt.AlignmentFlag.AlignRight, fact.value)

    @property
    def _row(self) -> int:
        return QFontMetrics(self._font()).height() + theme.px(5)

    def _arrange(self) -> None:
        metrics = QFontMetrics(self._font())
        names = max((metrics.horizontalAdvance(f.name) for f in self._facts), default=0)
        needed = 2 * (names + 6 + metrics.horizontalAdvance(_WIDEST)) + _GAP
        self._columns = 2 if needed <= self.width() else 1
        self.updateGeometry()
        self.update()

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font
