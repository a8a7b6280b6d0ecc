"""What a lecturer points with: a bright dot that follows the mouse, or a glass that magnifies what is below it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QRadialGradient
from PySide6.QtWidgets import QWidget

from ui import theme

_TICK_MS = 16
_DOT, _GLASS = 46, 300
"""Diameters, px at text size 1."""
FACTOR = 2.0
"""What the glass magnifies by."""


class Pointer(QWidget):
    """Lies over a window and never takes a click; it moves only while it shows.

    Args:
        window: the window that it lies over.
        magnifies: whether it is the glass.
    """

    def __init__(self, window: QWidget, magnifies: bool = False) -> None:
        super().__init__(window)
        self._window, self._magnifies = window, magnifies
        self._picture = QPixmap()
        self._looking = False
        for attribute in (Qt.WidgetAttribute.WA_TransparentForMouseEvents, Qt.WidgetAttribute.WA_NoSystemBackground):
            self.setAttribute(attribute)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.follow)
        self.hide()

    def set_on(self, on: bool) -> None:
        """Follow the mouse from now on, or no more."""
        self.setVisible(on)
        if on:
            self.raise_()
            self.follow()
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def follow(self) -> None:
        """Go where the mouse is."""
        side = theme.px(_GLASS if self._magnifies else _DOT)
        at = self._window.mapFromGlobal(QCursor.pos())
        place = QRect(at - QPoint(side // 2, side // 2), QSize(side, side))
        if self._magnifies:
            self._look(at, side)
        if place != self.geometry():
            self.setGeometry(place)

    def _look(self, at: QPoint, side: int) -> None:
        """Take what lies below."""
        part = round(side / FACTOR)
        self._looking = True
        try:
            self._picture = self._window.grab(QRect(at - QPoint(part // 2, part // 2), QSize(part, part)))
        finally:
            self._looking = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the dot or the glass; nothing of it is seen in the glass itself."""
        if self._looking:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, radius = QPointF(self.width() / 2, self.height() / 2), self.width() / 2
        if not self._magnifies:
            glow = QRadialGradient(middle, radius)
            for place, alpha in ((0.0, 255), (0.3, 240), (0.38, 90), (1.0, 0)):
                glow.setColorAt(place, QColor(255, 40, 40, alpha))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(glow)
            painter.drawEllipse(middle, radius, radius)
            painter.setBrush(QColor("#ffffff"))
            painter.drawEllipse(middle, radius * 0.12, radius * 0.12)
            return
        rim = QPainterPath()
        rim.addEllipse(middle, radius - 2, radius - 2)
        painter.setClipPath(rim)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(theme.current().window))
        painter.drawPixmap(self.rect(), self._picture)
        painter.setClipping(False)
        painter.setPen(QPen(QColor(theme.current().accent), 3))
        painter.drawPath(rim)
