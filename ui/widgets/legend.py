"""One look tells what the colours of the mosaic mean: a lying bar, what its ends are, and a fact about the layer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.colour_bar import paint_bar
from ui.widgets.level_image import Table

_BAR = 96
_GAP = 8


class Legend(QWidget):
    """Two painted lines; new texts thirty times a second move nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._state: tuple[str, str, str, str, str, Table] = ("",) * 5 + ((),)

    def show_legend(self, low: str, high: str, fact: str, meaning: str, warning: str, table: Table) -> None:
        """Show the bar between ``low`` and ``high``, ``fact`` at the right, ``meaning`` (or ``warning``) below."""
        state = (low, high, fact, meaning, warning, table)
        if state != self._state:
            self._state = state
            self.setAccessibleDescription(" · ".join(filter(None, (f"{low} … {high}", fact, meaning, warning))))
            self.setToolTip("\n".join(filter(None, (fact, meaning, warning))))
            self.update()

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says: low, high, fact, meaning, warning."""
        return self._state[:5]

    def sizeHint(self) -> QSize:
        """Return two lines."""
        return QSize(200, 2 * self.fontMetrics().height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines."""
        low, high, fact, meaning, warning, table = self._state
        if not table:
            return
        painter, colours = QPainter(self), theme.current()
        font = painter.font()
        font.setPixelSize(theme.px(12))
        painter.setFont(font)
        metrics = painter.fontMetrics()
        line, middle = self.height() / 2, Qt.AlignmentFlag.AlignVCenter
        ends = metrics.horizontalAdvance(low), metrics.horizontalAdvance(high)
        painter.setPen(QColor(colours.dim))
        painter.drawText(QRectF(0, 0, ends[0] + 1, line), middle, low)
        bar = QRectF(ends[0] + _GAP, (line - 12) / 2, _BAR, 12)
        paint_bar(painter, bar, table, upright=False)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(colours.dim))
        painter.drawText(QRectF(bar.right() + _GAP, 0, ends[1] + 1, line), middle, high)
        left = bar.right() + 2 * _GAP + ends[1]
        room = QRectF(left, 0, max(self.width() - left, 0), line)
        painter.setPen(QColor(colours.text))
        text = metrics.elidedText(fact, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, text)
        painter.setPen(QColor(colours.warning if warning else colours.dim))
        text = metrics.elidedText(warning or meaning, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, line, self.width(), line), middle, text)
