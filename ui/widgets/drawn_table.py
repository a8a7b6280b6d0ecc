"""A table of texts as a drawing of its own size: what a screen would scroll, whole on a slide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from ui import theme

_MARGIN, _BETWEEN, _LEADING = 16, 24, 1.7


class DrawnTable:
    """Lines of text above a table.

    Args:
        font: its sizes are the theme's.
        lines: the first is the title; long ones are broken.
        heads, rows: the table; every row has as many texts as there are heads.
        numbers: the columns from this one on are set to the right.
    """

    def __init__(
        self, font: QFont, lines: Sequence[str], heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int
    ) -> None:
        self._lines, self._table, self._numbers = lines, (heads, *rows), numbers
        self._plain, self._bold = QFont(font), QFont(font)
        self._plain.setPixelSize(theme.px(13))
        self._bold.setPixelSize(theme.px(15))
        self._bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(self._plain)
        self._step = round(metrics.height() * _LEADING)
        self._widths = [
            max(metrics.horizontalAdvance(row[column]) for row in self._table) + _BETWEEN
            for column in range(len(heads))
        ]
        self._heights = [self._height(line, self._bold if place == 0 else self._plain) for place, line in self._listed]

    @property
    def size(self) -> QSize:
        """Its size in pixels."""
        height = sum(self._heights) + self._step * len(self._table) + _MARGIN // 2
        return QSize(self._width + 2 * _MARGIN, height + 2 * _MARGIN)

    def paint(self, painter: QPainter) -> None:
        """Paint it in the colours of the current theme."""
        colours, top = theme.current(), float(_MARGIN)
        painter.fillRect(QRectF(0, 0, self.size.width(), self.size.height()), QColor(colours.panel))
        painter.setPen(QColor(colours.text))
        for (place, line), height in zip(self._listed, self._heights, strict=True):
            painter.setFont(self._bold if place == 0 else self._plain)
            painter.drawText(QRectF(_MARGIN, top, self._width, height), Qt.TextFlag.TextWordWrap, line)
            top += height
        painter.setFont(self._plain)
        top += _MARGIN // 2
        for place, row in enumerate(self._table):
            if place % 2 == 0:
                ground = QColor(colours.raised)
                painter.fillRect(QRectF(_MARGIN, top, self._width, self._step), ground)
            painter.setPen(QColor(colours.text if place else colours.dim))
            left = float(_MARGIN)
            for column, (text, width) in enumerate(zip(row, self._widths, strict=True)):
                side = Qt.AlignmentFlag.AlignRight if column >= self._numbers else Qt.AlignmentFlag.AlignLeft
                room = QRectF(left + _BETWEEN / 2, top, width - _BETWEEN, self._step)
                painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, text)
                left += width
            top += self._step

    @property
    def _listed(self) -> list[tuple[int, str]]:
        return list(enumerate(self._lines))

    @property
    def _width(self) -> int:
        return max(sum(self._widths), theme.px(480))

    def _height(self, line: str, font: QFont) -> int:
        metrics = QFontMetrics(font)
        room = metrics.boundingRect(0, 0, self._width, 10_000, int(Qt.TextFlag.TextWordWrap), line)
        return room.height() + metrics.height() // 2
