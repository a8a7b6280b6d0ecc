"""What a unit sees, outlined on a picture so that it shows on any: solid on real cells, dashed where it is padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from ui import theme
from ui.widgets import marks

Box = tuple[float, float, float, float]
"""[y0, x0, y1, x1] in picture pixels, edges."""

LOCKED = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#cc79a7")
"""Of locked units: of Okabe and Ito, Color Universal Design (2008), told apart by colour-blind people too."""
_SMALLEST = 6.0
"""Side, logical px, that an outline has at least."""
_REAL_ALPHA = 70


@dataclass(frozen=True)
class Outline:
    """The area of one unit on a picture.

    Attributes:
        box: all that it can see; may reach beyond ``inside``.
        inside: the network's input; what is beyond it is padding.
        colour: ``#rrggbb``.
        real: the smallest box of the cells that this very unit depends on, where that is another one than the part of
            ``box`` in ``inside``, else None.
        label: written at its corner, or "".
        faint: whether it only surrounds what matters: all of the input, around a main path.
    """

    box: Box
    inside: Box
    colour: str
    real: Box | None = None
    label: str = ""
    faint: bool = False


def paint(
    painter: QPainter, outline: Outline, rect_of: Callable[[float, float, float, float], QRectF], room: QRectF | None
) -> None:
    """Paint ``outline``.

    Args:
        painter: where to.
        outline: in the picture's pixels.
        rect_of: where a box of the picture lies in the view.
        room: where the whole picture shows: what lies beyond is drawn along its edge; None where it does not.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    rect, inside = _grown(rect_of(*outline.box)), rect_of(*outline.inside)
    if room is not None:
        rect = rect.intersected(room.adjusted(3, 3, -3, -3))
    colour = QColor(outline.colour)
    if outline.real is not None:
        _fill(painter, rect_of(*outline.real), colour)
    if outline.faint:
        _stroke(painter, rect, colour, Qt.PenStyle.DotLine)
    elif inside.adjusted(-0.5, -0.5, 0.5, 0.5).contains(rect):
        marks.box(painter, rect, outline.colour)
    else:
        _stroke(painter, rect, colour, Qt.PenStyle.DashLine)
        _solid(painter, _edges(rect, inside), colour)
    if outline.label:
        _label(painter, rect, outline.label, colour)
    painter.restore()


def _grown(rect: QRectF) -> QRectF:
    dx, dy = max(0.0, (_SMALLEST - rect.width()) / 2), max(0.0, (_SMALLEST - rect.height()) / 2)
    return rect.adjusted(-dx, -dy, dx, dy)


def _fill(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Tint ``rect`` and give it a thin edge."""
    tint = QColor(colour)
    tint.setAlpha(_REAL_ALPHA)
    painter.fillRect(rect, tint)
    for ink, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(colour).lighter(150), 1.0)):
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(rect)


def _stroke(painter: QPainter, rect: QRectF, colour: QColor, style: Qt.PenStyle) -> None:
    """Draw a broken line between white ones with a dark edge."""
    for ink, width in ((QColor(0, 0, 0, 130), 4.0), (QColor(255, 255, 255, 200), 3.0)):
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(rect)
    painter.setPen(QPen(colour, 2.0, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin))
    painter.drawRect(rect)


def _edges(rect: QRectF, inside: QRectF) -> list[tuple[QPointF, QPointF]]:
    """Return what of the edges of ``rect`` lies inside."""
    left, right = max(rect.left(), inside.left()), min(rect.right(), inside.right())
    top, bottom = max(rect.top(), inside.top()), min(rect.bottom(), inside.bottom())
    found: list[tuple[QPointF, QPointF]] = []
    if left < right:
        rows = [y for y in (rect.top(), rect.bottom()) if inside.top() - 0.5 <= y <= inside.bottom() + 0.5]
        found += [(QPointF(left, y), QPointF(right, y)) for y in rows]
    if top < bottom:
        columns = [x for x in (rect.left(), rect.right()) if inside.left() - 0.5 <= x <= inside.right() + 0.5]
        found += [(QPointF(x, top), QPointF(x, bottom)) for x in columns]
    return found


def _solid(painter: QPainter, lines: list[tuple[QPointF, QPointF]], colour: QColor) -> None:
    for ink, width in ((QColor(0, 0, 0, 150), 5.0), (QColor(255, 255, 255), 4.0), (colour, 2.0)):
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        for start, end in lines:
            painter.drawLine(start, end)


def _label(painter: QPainter, rect: QRectF, text: str, colour: QColor) -> None:
    """Write ``text`` on a plate of the outline's colour in its upper left corner; above it where it would hide it."""
    font = painter.font()
    font.setPixelSize(theme.px(11))
    font.setBold(True)
    metrics = QFontMetrics(font)
    plate = QRectF(rect.left() - 2, rect.top() - 2, metrics.horizontalAdvance(text) + 8, metrics.height() + 1)
    if min(rect.width(), rect.height()) < 2.5 * plate.height():
        above = rect.top() - 3 - plate.height()
        plate.moveTop(above if above >= 0 else rect.bottom() + 3)
    painter.setFont(font)
    painter.fillRect(plate, colour)
    painter.setPen(QColor(ink_on(colour)))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def ink_on(colour: QColor) -> str:
    """Return black or white, whichever has the greater contrast on ``colour``."""
    return "#000000" if luminance(colour) > 0.179 else "#ffffff"


def luminance(colour: QColor) -> float:
    """Return how light a colour is, 0 … 1 (relative luminance, WCAG 2.1)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
