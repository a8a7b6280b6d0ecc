"""Which class is taken for which: a table whose diagonal is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.text import _
from ui import theme

_CELL = 44
"""A side of a cell, px at text size 1, at most."""
_SMALLEST = 14
_WRITTEN = 16
"""From this side on a cell's number is written into it."""
_WORST = 3
"""So many confusions are told to those who do not see the table."""


class ConfusionTable(QWidget):
    """Rows are what a picture is, columns what it is taken for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_counts(self, names: Sequence[str], counts: NDArray[np.int64] | None) -> None:
        """Show int64 (n, n) counts of the classes ``names``; None for nothing."""
        if counts is self._counts:
            return
        self._names, self._counts = tuple(names), counts
        self.setAccessibleDescription(self._told())
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleDescription(self._told())

    def sizeHint(self) -> QSize:
        """Return room for ten classes."""
        side = theme.px(24) * 11
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Return room for ten small cells."""
        return QSize(theme.px(_SMALLEST) * 11, theme.px(_SMALLEST) * 11)

    def event(self, event: QEvent) -> bool:
        """Tell what the cell under the pointer says."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            side, left = self._layout()
            column, row = int((event.pos().x() - left) // side), int((event.pos().y() - side) // side)
            inside = 0 <= column < len(self._names) and 0 <= row < len(self._names)
            text = self._words(row, column) if inside else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the names, and each count on a ground that is the stronger the larger its share of the row is."""
        counts = self._counts
        if counts is None or not len(self._names):
            return
        painter, colours = QPainter(self), theme.current()
        side, left = self._layout()
        font = QFont(self.font())
        font.setPixelSize(max(min(theme.px(12), int(side * 0.5)), 7))
        painter.setFont(font)
        metrics, middle = QFontMetrics(font), Qt.AlignmentFlag.AlignCenter
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        painter.setPen(QColor(colours.dim))
        for place, name in enumerate(self._names):
            across = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(side))
            painter.drawText(QRectF(left + place * side, 0, side, side), middle, across)
            down = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(left) - 6)
            room = QRectF(0, (place + 1) * side, left - 6, side)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, down)
        for row in range(len(counts)):
            for column in range(len(counts)):
                cell = QRectF(left + column * side, (row + 1) * side, side - 1, side - 1)
                ground = QColor(colours.good if row == column else colours.warning)
                share = float(shares[row, column])
                ground.setAlphaF(0.0 if not share else 0.10 + 0.30 * share if row == column else 0.25 + 0.35 * share)
                painter.fillRect(cell, QColor(colours.raised))
                painter.fillRect(cell, ground)
                if counts[row, column] and side >= _WRITTEN:
                    painter.setPen(QColor(colours.text))
                    painter.drawText(cell, middle, f"{counts[row, column]}")

    def _layout(self) -> tuple[float, float]:
        """Return a cell's side and where the first column begins, px."""
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        widest = max((QFontMetrics(font).horizontalAdvance(name) for name in self._names), default=0)
        left = min(widest + 12.0, 0.35 * self.width())
        count = max(len(self._names), 1)
        side = min((self.width() - left) / count, self.height() / (count + 1), theme.px(_CELL))
        return max(side, 1.0), max(left, side)

    def _words(self, row: int, column: int) -> str:
        assert self._counts is not None
        return _("{truth} is taken for {answer}: {count} of {total}").format(
            truth=self._names[row],
            answer=self._names[column],
            count=self._counts[row, column],
            total=self._counts[row].sum(),
        )

    def _told(self) -> str:
        """Return the most frequent confusions in words."""
        if self._counts is None:
            return ""
        wrong = self._counts * (1 - np.eye(len(self._counts), dtype=np.int64))
        places = np.argsort(wrong, axis=None, kind="stable")[::-1][:_WORST]
        found = [divmod(int(place), len(wrong)) for place in places]
        return "; ".join(self._words(row, column) for row, column in found if wrong[row, column])
