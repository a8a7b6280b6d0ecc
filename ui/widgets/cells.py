"""A few pixels drawn as large cells with their numbers in them: a computer stores a picture as numbers."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from explorer.pixels import region
from explorer.values import Bytes

Plane = Literal["rgb", "r", "g", "b"]
Base = Literal["decimal", "hex"]
PLANES: tuple[Plane, ...] = ("rgb", "r", "g", "b")

SMALLEST = 40.0
"""Side of a cell, logical px, from which its numbers can be read."""

_LIGHT, _DARK = QColor("#ffffff"), QColor("#000000")


def channels(plane: Plane) -> tuple[int, ...]:
    """Return the channels of a plane: all three, or one."""
    return (0, 1, 2) if plane == "rgb" else (PLANES.index(plane) - 1,)


def shown(pixels: Bytes, plane: Plane) -> Bytes:
    """Return uint8 RGB (h, w, 3) with only the plane's channels; ``pixels`` itself for all three."""
    return pixels if plane == "rgb" else region.plane(pixels, channels(plane)[0])


def number(value: int, base: Base) -> str:
    """Return a channel's value 0 … 255 as a person reads it: ``138`` or ``8A``."""
    return str(value) if base == "decimal" else f"{value:02X}"


def ink(red: int, green: int, blue: int) -> QColor:
    """Return black or white, whichever contrasts more with the colour (WCAG 2's luminance): at least 4.58 : 1."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (red / 255, green / 255, blue / 255)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _DARK if (luminance + 0.05) ** 2 > 1.05 * 0.05 else _LIGHT


def paint(painter: QPainter, pixels: Bytes, top: float, left: float, cell: float, plane: Plane, base: Base) -> None:
    """Write the numbers of ``pixels`` into cells that are already coloured, a line a channel.

    Args:
        painter: where to.
        pixels: uint8 RGB (h, w, 3), the pixels of the cells.
        top, left: the first cell's corner, logical px.
        cell: side of a cell, logical px.
        plane, base: what is written.
    """
    wanted, coloured = channels(plane), shown(pixels, plane)
    font = QFont(painter.font())
    font.setPixelSize(max(int(min(cell * 0.28, 20) if len(wanted) == 3 else min(cell * 0.4, 28)), 9))
    painter.setFont(font)
    height = min(cell * 0.3, painter.fontMetrics().height()) if len(wanted) == 3 else cell
    for row in range(pixels.shape[0]):
        for column in range(pixels.shape[1]):
            red, green, blue = (int(v) for v in coloured[row, column])
            painter.setPen(QPen(ink(red, green, blue)))
            y = top + row * cell + (cell - len(wanted) * height) / 2
            for line, channel in enumerate(wanted):
                text = number(int(pixels[row, column, channel]), base)
                box = QRectF(left + column * cell, y + line * height, cell, height)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)


def paint_lines(painter: QPainter, hw: tuple[int, int], top: float, left: float, cell: float) -> None:
    """Part ``hw`` cells by lines that show on dark and on light ones."""
    rows, columns = hw
    painter.setPen(QPen(QColor(128, 128, 128, 110), 1))
    for row in range(rows + 1):
        y = round(top + row * cell) + 0.5
        painter.drawLine(QPointF(left, y), QPointF(left + columns * cell, y))
    for column in range(columns + 1):
        x = round(left + column * cell) + 0.5
        painter.drawLine(QPointF(x, top), QPointF(x, top + rows * cell))
