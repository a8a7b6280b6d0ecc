"""What one bright pixel becomes: through the chosen filter, and through the whole chain."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from explorer.filters.impulse import Impulse
from explorer.text import _
from ui import theme
from ui.filtering import Filtering
from ui.widgets import kernel_icon, marks
from ui.widgets.numbers import number
from ui.widgets.panel import Panel

_SIDE = 84
_LARGEST_CELL = 16


class FilterImpulse(Panel):
    """Blue where the pixel takes away, red where it adds; a ring marks where the pixel was."""

    def __init__(self, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filtering = filtering
        self.own, self.whole = ImpulseView(self), ImpulseView(self)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.own)
        row.addWidget(self.whole)
        self.body.addLayout(row, 1)
        filtering.found_changed.connect(self._show)
        filtering.chain_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Impulse response"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self._show()

    @Slot()
    def _show(self) -> None:
        found = self._filtering.found
        chain = self._filtering.chain
        same = found is not None and found.chain == chain
        own, whole = (found.own, found.whole) if found is not None and same and chain else (None, None)
        self.own.show_impulse(own, _("This filter"))
        self.whole.show_impulse(whole, _("Chain"))
        linear = whole is None or whole.linear
        told = _("What a single bright pixel becomes.")
        if not linear:
            told += " " + _("A magnitude is not linear: this does not tell what becomes of another picture.")
        self.setToolTip(told)
        self.set_badge("" if linear else _("not linear"), "warning")


class ImpulseView(QWidget):
    """One impulse response with its caption and size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._impulse: Impulse | None = None
        self._caption = ""
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def impulse(self) -> Impulse | None:
        """What is shown."""
        return self._impulse

    def show_impulse(self, impulse: Impulse | None, caption: str) -> None:
        """Show a response, or none."""
        self._impulse, self._caption = impulse, caption
        size = "" if impulse is None else f"{impulse.values.shape[0]} × {impulse.values.shape[1]}"
        self.setAccessibleName(caption)
        self.setAccessibleDescription(size)
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a square and its caption."""
        return QSize(theme.px(_SIDE), theme.px(_SIDE) + self._line)

    def minimumSizeHint(self) -> QSize:
        """Return room for a small one."""
        return QSize(theme.px(64), theme.px(56) + self._line)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the number under the pointer."""
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell none."""
        self._pointer = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the response, as large as there is room for."""
        painter, colours = QPainter(self), theme.current()
        font = self._font()
        painter.setFont(font)
        painter.setPen(QColor(colours.dim))
        text = self._caption
        if self._impulse is not None:
            h, w = self._impulse.values.shape
            text = f"{text}  {h} × {w}"
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), self._line), Qt.AlignmentFlag.AlignLeft, elided)
        if self._impulse is None:
            painter.setPen(QPen(QColor(colours.line), 1, Qt.PenStyle.DashLine))
            side = min(self.width(), self.height() - self._line) - 2
            painter.drawRect(QRectF(0.5, self._line + 0.5, side, side))
            return
        rect = self._rect()
        picture = kernel_icon.picture(self._impulse.values.astype("float32"))
        painter.drawImage(rect, picture, QRectF(picture.rect()))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRect(rect)
        y, x = self._impulse.anchor
        cell = rect.width() / self._impulse.values.shape[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.unit), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre = QPointF(rect.left() + (x + 0.5) * cell, rect.top() + (y + 0.5) * cell)
        painter.drawEllipse(centre, max(cell / 2 - 1, 2.5), max(cell / 2 - 1, 2.5))
        if self._pointer is not None and (text := self._told(self._pointer)):
            marks.plate(painter, self._pointer, text, QRectF(self.rect()))

    def _told(self, position: QPointF) -> str:
        rect, impulse = self._rect(), self._impulse
        if impulse is None or not rect.contains(position):
            return ""
        h, w = impulse.values.shape
        y = min(int((position.y() - rect.top()) / rect.height() * h), h - 1)
        x = min(int((position.x() - rect.left()) / rect.width() * w), w - 1)
        return number(float(impulse.values[y, x]))

    def _rect(self) -> QRectF:
        assert self._impulse is not None
        h, w = self._impulse.values.shape
        room = self.width() - 1, self.height() - self._line - 1
        cell = max(min(room[0] / w, room[1] / h, theme.px(_LARGEST_CELL)), 0.05)
        return QRectF(0.5, self._line + 0.5, max(w * cell, 1), max(h * cell, 1))

    @property
    def _line(self) -> int:
        return QFontMetrics(self._font()).height() + 4

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font
