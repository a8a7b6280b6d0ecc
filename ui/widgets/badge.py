"""A short fact in a small frame that is painted: it may change with every frame and only ever grows."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme


class Badge(QWidget):
    """Text such as ``y 12, x 9 = 3.418``, or a short form where there is no room; "" hides it but keeps its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._text, self._short = "", ""
        self._width = 0

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def set_text(self, text: str, short: str = "") -> None:
        """Say ``text``, or ``short`` where it does not fit."""
        if (text, short) != (self._text, self._short):
            self._text, self._short = text, short
            self.setAccessibleName(text)
            self.setToolTip(text)
            if (width := QFontMetrics(self._font()).horizontalAdvance(text)) > self._width:
                self._width = width
                self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for the widest text so far."""
        return QSize(self._width + 14, QFontMetrics(self._font()).height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint frame and text, at the right."""
        if not self._text:
            return
        painter, colours = QPainter(self), theme.current()
        painter.setFont(self._font())
        metrics = painter.fontMetrics()
        text = self._text if metrics.horizontalAdvance(self._text) <= self.width() - 14 else self._short
        width = metrics.horizontalAdvance(text) + 12
        frame = QRectF(self.width() - width - 0.5, 0.5, width, self.height() - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(frame, 4, 4)
        painter.setPen(QColor(colours.text))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, text)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font
