"""Names and values of the lines of a chart, each beside its colour; painted, so that new values move nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

_GAP = 16
_SWATCH = 10


class Entry(NamedTuple):
    """One line's colour, name and newest value as text; ``faint`` where it leads no more."""

    colour: str
    name: str
    value: str
    faint: bool = False


class LineLegend(QWidget):
    """Entries in two columns where they fit, else in one; a place that is empty stays, so that none moves.

    Args:
        places: so many entries always have room.
        parent: as always.
    """

    def __init__(self, places: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places, self._columns = places, 1
        self._entries: tuple[Entry, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown."""
        return self._entries

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these."""
        if (found := tuple(entries)) != self._entries:
            self._entries = found
            self.setAccessibleDescription("; ".join(f"{one.name} {one.value}" for one in found))
            self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all places."""
        return QSize(200, -(-self._places // self._columns) * self._row)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose between one and two columns."""
        columns = 2 if self.width() >= theme.px(360) else 1
        if columns != self._columns:
            self._columns = columns
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the entries."""
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        width = (self.width() - (self._columns - 1) * _GAP) / self._columns
        middle, metrics = Qt.AlignmentFlag.AlignVCenter, QFontMetrics(self._font())
        for place, entry in enumerate(self._entries):
            row, column = divmod(place, self._columns)
            cell = QRectF(column * (width + _GAP), row * self._row, width, self._row)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            painter.drawRoundedRect(QRectF(cell.left(), cell.center().y() - 2, _SWATCH, 4), 2, 2)
            value = metrics.horizontalAdvance(entry.value)
            painter.setPen(QColor(colours.dim if entry.faint else colours.text))
            name = cell.adjusted(_SWATCH + 6, 0, -value - 8, 0)
            painter.drawText(
                name, middle, metrics.elidedText(entry.name, Qt.TextElideMode.ElideRight, int(name.width()))
            )
            painter.drawText(cell, middle | Qt.AlignmentFlag.AlignRight, entry.value)

    @property
    def _row(self) -> int:
        return QFontMetrics(self._font()).height() + theme.px(4)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font
