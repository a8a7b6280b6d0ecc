"""One look tells what the colours of the mosaic mean: a lying bar, what its ends are, and a fact about the layer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets.colour_bar import paint_bar
from ui.widgets.level_image import Table

_BAR, _SHORTEST_BAR = 96, 48
_GAP = 8
_WRAP = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap


class Legend(QWidget):
    """Painted, so that new texts thirty times a second move nothing; in a given width it only ever grows higher."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._state: tuple[str, str, str, str, str, Table] = ("",) * 5 + ((),)
        self._lines = 2
        self._corner: QWidget | None = None

    def set_corner(self, widget: QWidget) -> None:
        """Keep ``widget`` at the right end of the first line."""
        widget.setParent(self)
        self._corner = widget
        self._place_corner()

    def show_legend(self, low: str, high: str, fact: str, meaning: str, warning: str, table: Table) -> None:
        """Show the bar between ``low`` and ``high``, ``fact`` beside it, ``meaning`` (or ``warning``) below."""
        state = (low, high, fact, meaning, warning, table)
        if state != self._state:
            self._state = state
            self.setAccessibleDescription(" · ".join(filter(None, (f"{low} … {high}", fact, meaning, warning))))
            self._grow()
            self.update()

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says: low, high, fact, meaning, warning."""
        return self._state[:5]

    def sizeHint(self) -> QSize:
        """Return the height of the lines that are needed."""
        return QSize(200, self._first + (self._lines - 1) * self._line)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Begin anew with two lines."""
        if event.size().width() != event.oldSize().width():
            self._lines = 2
            self._place_corner()
            self._grow()
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        """Follow the corner when its buttons grow with the text."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place_corner()
            self.updateGeometry()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines."""
        low, high, fact, meaning, warning, table = self._state
        if not table:
            return
        painter, colours, middle = QPainter(self), theme.current(), Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._font())
        metrics, line = painter.fontMetrics(), float(self._line)
        first, width = float(self._first), self._width
        ends = metrics.horizontalAdvance(low), metrics.horizontalAdvance(high)
        painter.setPen(QColor(colours.dim))
        painter.drawText(QRectF(0, 0, ends[0] + 1, first), middle, low)
        beside = self._fact_fits(metrics)
        room = width - sum(ends) - 2 * _GAP - (metrics.horizontalAdvance(fact) + 2 * _GAP if beside else 0)
        bar = QRectF(ends[0] + _GAP, (first - 12) / 2, min(max(room, _SHORTEST_BAR), _BAR), 12)
        paint_bar(painter, bar, table, upright=False)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(colours.dim))
        painter.drawText(QRectF(bar.right() + _GAP, 0, ends[1] + 1, first), middle, high)
        painter.setPen(QColor(colours.text))
        side = Qt.AlignmentFlag.AlignRight if beside else Qt.AlignmentFlag.AlignLeft
        place = QRectF(0, 0, width, first) if beside else QRectF(0, first, self.width(), line)
        painter.drawText(place, middle | side, fact)
        top = first if beside else first + line
        painter.setPen(QColor(colours.warning if warning else colours.dim))
        painter.drawText(QRectF(0, top, self.width(), self.height() - top), _WRAP, warning or meaning)

    @property
    def _line(self) -> int:
        return QFontMetrics(self._font()).height() + 4

    @property
    def _first(self) -> int:
        """Height of the first line, which is the corner's where that is higher."""
        return max(self._line, 0 if self._corner is None else self._corner.sizeHint().height())

    @property
    def _width(self) -> int:
        """Width of the first line without the corner."""
        return self.width() - (0 if self._corner is None else self._corner.sizeHint().width() + _GAP)

    def _place_corner(self) -> None:
        if self._corner is not None:
            size = self._corner.sizeHint()
            self._corner.setGeometry(self.width() - size.width(), (self._first - size.height()) // 2, *size.toTuple())

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(12))
        return font

    def _fact_fits(self, metrics: QFontMetrics) -> bool:
        low, high, fact = self._state[:3]
        words = sum(map(metrics.horizontalAdvance, (low, high, fact)))
        return words + _SHORTEST_BAR + 4 * _GAP <= self._width

    def _grow(self) -> None:
        metrics = QFontMetrics(self._font())
        text = self._state[4] or self._state[3]
        wrapped = metrics.boundingRect(0, 0, max(self.width(), 1), 1000, _WRAP, text).height()
        lines = (1 if self._fact_fits(metrics) else 2) + max(-(-wrapped // self._line), 1)
        if lines > self._lines:
            self._lines = lines
            self.updateGeometry()
