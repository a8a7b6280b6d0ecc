"""A few pixels drawn as large cells with their numbers in them: a computer stores a picture as numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QStaticText

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


@lru_cache(maxsize=4096)
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
    words = _words(font.toString(), base)
    for row, (numbers, colours) in enumerate(zip(pixels.tolist(), coloured.tolist(), strict=True)):
        y = top + row * cell + (cell - len(wanted) * height) / 2
        for column, (number_rgb, rgb) in enumerate(zip(numbers, colours, strict=True)):
            painter.setPen(ink(*rgb))
            x = left + (column + 0.5) * cell
            for line, channel in enumerate(wanted):
                word = words[number_rgb[channel]]
                size = word.size()
                corner = QPointF(x - size.width() / 2, y + line * height + (height - size.height()) / 2)
                painter.drawStaticText(corner, word)


@lru_cache(maxsize=8)
def _words(font_name: str, base: Base) -> list[QStaticText]:
    """Return the numbers 0 … 255 laid out once: a view full of cells holds thousands of them."""
    font = QFont()
    font.fromString(font_name)
    words = [QStaticText(number(value, base)) for value in range(256)]
    for word in words:
        word.setTextFormat(Qt.TextFormat.PlainText)
        word.prepare(font=font)
    return words


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
