"""The neighbourhood of one pixel as large cells with their numbers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.pixels import region
from explorer.values import Bytes
from ui import theme
from ui.widgets import cells, marks

_CELL = 44
_MOST = 11


class PixelGrid(QWidget):
    """Shows as many whole cells around the pixel as there is room for; a click or the arrow keys go to a neighbour.

    Signals:
        chosen: (row, column) of the pixel that was gone to.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._pixels: Bytes | None = None
        self._pixel: tuple[int, int] | None = None
        self._plane: cells.Plane = "rgb"
        self._base: cells.Base = "decimal"
        self._empty_text = ""

    def set_empty_text(self, text: str) -> None:
        """Say what to do while there is no picture."""
        self._empty_text = text
        self.update()

    def set_picture(self, pixels: Bytes | None) -> None:
        """Take the cells from ``pixels``, uint8 RGB (H, W, 3)."""
        if pixels is not self._pixels:
            self._pixels = pixels
            self.update()

    def set_pixel(self, pixel: tuple[int, int] | None) -> None:
        """Show the neighbourhood of (row, column)."""
        if pixel != self._pixel:
            self._pixel = pixel
            self.update()

    def set_numbers(self, plane: cells.Plane, base: cells.Base) -> None:
        """Choose the channels and how their numbers are written."""
        self._plane, self._base = plane, base
        self.update()

    def shown(self) -> region.Region | None:
        """Return the pixels that have a cell now, or None."""
        if self._pixels is None or self._pixel is None:
            return None
        rows, columns = (min(max(length // theme.px(_CELL), 3), _MOST) for length in self._room())
        return region.around(self._pixels, *self._pixel, rows, columns)

    def cell_of(self, y: int, x: int) -> QRectF:
        """Return where the cell of pixel (y, x) lies; outside the widget for one that is not shown."""
        part = self.shown()
        if part is None:
            return QRectF()
        corner, side = self._place(part)
        return QRectF(corner.x() + (x - part.left) * side, corner.y() + (y - part.top) * side, side, side)

    def sizeHint(self) -> QSize:
        """Return room for five by five cells and the numbers of their rows and columns."""
        side = 5 * theme.px(_CELL)
        return QSize(side + theme.px(32), side + theme.px(18))

    def minimumSizeHint(self) -> QSize:
        """Return room for three rows."""
        side = 3 * theme.px(_CELL)
        return QSize(side + theme.px(32), side + theme.px(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, their numbers, and the numbers of their rows and columns."""
        part, colours = self.shown(), theme.current()
        painter = QPainter(self)
        if part is None or self._pixel is None:
            marks.message(painter, QRectF(self.rect()), self._empty_text, colours.dim)
        else:
            self._paint_cells(painter, part, self._pixel)
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def _paint_cells(self, painter: QPainter, part: region.Region, pixel: tuple[int, int]) -> None:
        colours = theme.current()
        corner, side = self._place(part)
        coloured = cells.shown(part.pixels, self._plane)
        rows, columns = part.pixels.shape[:2]
        for row in range(rows):
            for column in range(columns):
                rect = QRectF(corner.x() + column * side, corner.y() + row * side, side - 1, side - 1)
                painter.fillRect(rect, QColor(*(int(v) for v in coloured[row, column])))
        painter.save()
        cells.paint(
            painter, part.pixels, corner.y(), corner.x(), side - 1 / max(rows, columns), self._plane, self._base
        )
        painter.restore()
        font = QFont(painter.font())
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        for name, count, first in (("x", columns, part.left), ("y", rows, part.top)):
            for n in range(count):
                here = first + n == pixel[0 if name == "y" else 1]
                painter.setPen(QColor(colours.text if here else colours.dim))
                if name == "x":
                    box = QRectF(corner.x() + n * side, 0, side, corner.y() - 3)
                    painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, str(first + n))
                else:
                    box = QRectF(0, corner.y() + n * side, corner.x() - 5, side)
                    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(first + n))
        marks.box(painter, self.cell_of(*pixel).adjusted(0, 0, -1, -1), colours.accent)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the pixel under the pointer."""
        part = self.shown()
        if part is None or event.button() != Qt.MouseButton.LeftButton:
            return
        corner, side = self._place(part)
        offset = event.position() - corner
        row, column = int(offset.y() // side), int(offset.x() // side)
        if 0 <= row < part.pixels.shape[0] and 0 <= column < part.pixels.shape[1]:
            self.chosen.emit((part.top + row, part.left + column))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to a neighbour."""
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._pixels is None or self._pixel is None:
            super().keyPressEvent(event)
            return
        h, w = self._pixels.shape[:2]
        y, x = self._pixel[0] + step[0], self._pixel[1] + step[1]
        if 0 <= y < h and 0 <= x < w:
            self.chosen.emit((y, x))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        self.update()

    def _room(self) -> tuple[int, int]:
        return self.height() - theme.px(18), self.width() - theme.px(32)

    def _place(self, part: region.Region) -> tuple[QPointF, float]:
        """Return the first cell's corner and the cells' side, logical px."""
        (height, width), (rows, columns) = self._room(), part.pixels.shape[:2]
        side = max(min(height / rows, width / columns), 1.0)
        return QPointF(theme.px(32) + max((width - columns * side) / 2, 0), float(theme.px(18))), side
