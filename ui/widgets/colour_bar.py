"""What the colours of a map stand for: the bar with the numbers at its ends, and zero where it lies between."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.values import LEVELS
from ui import theme
from ui.widgets.level_image import Table, image
from ui.widgets.numbers import number

UPRIGHT = np.arange(LEVELS - 1, -1, -1, dtype=np.uint8)[:, None].copy()
LYING = np.arange(LEVELS, dtype=np.uint8)[None, :].copy()


def paint_bar(painter: QPainter, rect: QRectF, table: Table, upright: bool) -> None:
    """Fill ``rect`` with the colours of levels 0 … 252, smallest at the left or at the bottom."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    bar = image(UPRIGHT if upright else LYING, table)
    painter.drawImage(rect, bar, QRectF(bar.rect()))


class ColourBar(QWidget):
    """An upright bar; as wide as the widest number it may have to show, so that new numbers never move anything."""

    WIDTH = 12
    GAP = 6

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._table: Table = ()
        self._low, self._high = 0.0, 0.0

    def show_range(self, low: float, high: float, table: Table) -> None:
        """Show that levels 0 and 252 stand for ``low`` and ``high``."""
        if (low, high, table) != (self._low, self._high, self._table):
            self._low, self._high, self._table = low, high, table
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for the bar and ``−0.00e+00``-like numbers."""
        widest = QFontMetrics(self._font()).horizontalAdvance("−0.00e−00")
        return QSize(self.WIDTH + self.GAP + widest, 96)

    def minimumSizeHint(self) -> QSize:
        """Return the same width, and two numbers' height."""
        return QSize(self.sizeHint().width(), 3 * self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar and its numbers."""
        if not self._table:
            return
        painter, colours = QPainter(self), theme.current()
        painter.setFont(self._font())
        height = painter.fontMetrics().height()
        bar = QRectF(0, 0, self.WIDTH, self.height())
        paint_bar(painter, bar, self._table, upright=True)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        left, room = self.WIDTH + self.GAP, self.width() - self.WIDTH - self.GAP
        painter.setPen(QColor(colours.dim))
        ends = {0.0: self._high, float(self.height() - height): self._low}
        if self._low < 0 < self._high and self.height() > 4 * height:
            zero = self.height() * self._high / (self._high - self._low)
            if 1.5 * height < zero < self.height() - 1.5 * height:
                ends[zero - height / 2] = 0.0
        for top, value in ends.items():
            painter.drawText(QRectF(left, top, room, height), Qt.AlignmentFlag.AlignLeft, number(value))

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font
