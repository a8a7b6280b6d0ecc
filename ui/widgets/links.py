"""Lines between two columns of bars: what stands in both is joined."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.bars import Bars


class Links(QWidget):
    """Lies between the two and joins a bar of the left one with a bar of the right one; takes no clicks.

    Args:
        left, right: the bars, elsewhere in the same window.
    """

    def __init__(self, left: Bars, right: Bars, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left, self._right = left, right
        self._pairs: tuple[tuple[int, int], ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The joined rows, left and right."""
        return self._pairs

    def set_pairs(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Join these rows, left and right."""
        if tuple(pairs) != self._pairs:
            self._pairs = tuple(pairs)
            self.update()

    def sizeHint(self) -> QSize:
        """Return the width that a line needs to be followed."""
        return QSize(theme.px(56), 0)

    def line(self, pair: tuple[int, int]) -> tuple[QPointF, QPointF]:
        """Return where the line between two rows begins and ends."""
        left, right = (
            self.mapFromGlobal(bars.mapToGlobal(bars.track(row).center())).y()
            for bars, row in zip((self._left, self._right), pair, strict=True)
        )
        return QPointF(0, left), QPointF(self.width(), right)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines."""
        painter, middle = QPainter(self), self.width() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        for pair in self._pairs:
            if pair[0] < self._left.rows_shown and pair[1] < self._right.rows_shown:
                begin, end = self.line(pair)
                path = QPainterPath(begin)
                path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, end.y()), end)
                painter.drawPath(path)
