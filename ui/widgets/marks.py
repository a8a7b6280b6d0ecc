"""Marks over maps that show on any colour: the chosen unit's box, and a small plate with text."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui import theme

_HALO = ((5.0, QColor(0, 0, 0, 150)), (4.0, QColor(255, 255, 255)))


def box(painter: QPainter, rect: QRectF, colour: str) -> None:
    """Outline ``rect`` in ``colour`` between two white lines with a dark edge."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, ink in (*_HALO, (2.0, QColor(colour))):
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(rect)


def crossed(painter: QPainter, rect: QRectF) -> None:
    """Darken ``rect`` and cross it out."""
    painter.fillRect(rect, QColor(0, 0, 0, 150))
    for width, ink in ((4.0, QColor(0, 0, 0, 150)), (2.0, QColor(255, 255, 255))):
        painter.setPen(QPen(ink, width))
        painter.drawLine(rect.topLeft(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.topRight())


def focus(painter: QPainter, rect: QRect) -> None:
    """Frame ``rect``, a widget that has the keyboard, from inside."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(theme.current().accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(1, 1, -1, -1))


def plate(painter: QPainter, pointer: QPointF, text: str, room: QRectF) -> None:
    """Write ``text``, wrapped where it must be, on a small plate beside ``pointer``, inside ``room``."""
    colours, flags = theme.current(), Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    size = painter.fontMetrics().boundingRect(room.adjusted(8, 5, -8, -5).toRect(), flags, text)
    rect = QRectF(pointer + QPointF(14, 14), QSizeF(size.width() + 17, size.height() + 10))
    if rect.right() > room.right():
        rect.moveRight(max(pointer.x() - 8, room.left() + rect.width()))
    if rect.bottom() > room.bottom():
        rect.moveBottom(max(pointer.y() - 8, room.top() + rect.height()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(QColor(colours.raised))
    painter.drawRoundedRect(rect, 4, 4)
    painter.setPen(QColor(colours.text))
    painter.drawText(rect.adjusted(8, 5, -8, -5), flags, text)


def message(painter: QPainter, room: QRectF, text: str, colour: str) -> None:
    """Write ``text`` in the middle of ``room``, wrapped."""
    painter.setPen(QColor(colour))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(room.adjusted(16, 8, -16, -8), flags, text)
