"""The weights of one filter as small pictures: a slice for each input channel; in colour where the input is one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import _
from explorer.values import LEVEL_NAN, LEVELS, Bytes, Floats
from ui import theme
from ui.widgets import marks
from ui.widgets.level_image import colour_table, image
from ui.widgets.numbers import number

_LARGEST_CELL = 22
_SMALLEST_CELL = 5
_GAP = 4
_LETTERS = ("RGB", "R", "G", "B")
"""What stands over the picture of a kernel in colour and over its slices."""


def slice_levels(kernel: Floats) -> Bytes:
    """Return ``kernel`` as uint8 levels, one scale for all slices, 126 at zero."""
    finite = np.where(np.isfinite(kernel), kernel, 0)
    reach = float(np.abs(finite).max(initial=0)) or 1.0
    half = LEVELS // 2
    levels = np.rint(finite / reach * half + half).astype(np.uint8)
    return np.where(np.isfinite(kernel), levels, np.uint8(LEVEL_NAN))


def colour_picture(kernel: Floats) -> Bytes:
    """Return a (3, kh, kw) kernel as uint8 RGB (kh, kw, 3): mid-grey at zero, as in the mosaic of all kernels."""
    finite = np.where(np.isfinite(kernel), kernel, 0).astype(np.float64)
    reach = float(np.abs(finite).max(initial=0)) or 1.0
    return np.ascontiguousarray(np.rint(finite / reach * 127 + 128).astype(np.uint8).transpose(1, 2, 0))


class KernelView(QWidget):
    """The slices of one kernel in reading order, as many as fit in ``ROWS`` rows; "+ 457 more" tells of the rest."""

    HEIGHT = 104

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = self.HEIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._kernel: Floats | None = None
        self._levels: Bytes = np.zeros((0, 1, 1), np.uint8)
        self._picture: Bytes | None = None
        self._pointer: QPointF | None = None

    @property
    def kernel(self) -> Floats | None:
        """float32 (C_in, kh, kw), or None."""
        return self._kernel

    def show_kernel(self, kernel: Floats | None, in_colour: bool) -> None:
        """Show these weights; ``in_colour`` adds the three slices together as a picture in front."""
        old = self._kernel
        same = kernel is old or (kernel is not None and old is not None and np.array_equal(kernel, old, equal_nan=True))
        if same and in_colour == (self._picture is not None):
            return
        self._kernel = kernel
        self._levels = np.zeros((0, 1, 1), np.uint8) if kernel is None else slice_levels(kernel)
        self._picture = None
        if kernel is not None and in_colour and np.isfinite(kernel).any():
            self._picture = colour_picture(kernel)
        self.updateGeometry()
        self.update()

    def set_most(self, height: int) -> None:
        """Take at most about ``height`` px at text size 1."""
        if height != self._most:
            self._most = height
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the height that the slices need in the present width."""
        return QSize(160, self._height(max(self.width(), 160)))

    def slices_shown(self) -> int:
        """Return how many slices fit."""
        return self._shown(self.width())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell about the weight under the pointer."""
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell about none."""
        self._pointer = None
        self.update()

    def resizeEvent(self, event: QEvent) -> None:
        """Ask for another height."""
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the slices and how many more there are."""
        if self._kernel is None:
            return
        painter, colours = QPainter(self), theme.current()
        painter.setFont(self._font())
        table = colour_table("grey", True, colours.panel)
        shown, first = self._shown(self.width()), 0 if self._picture is None else 1
        if self._picture is not None:
            h, w = self._picture.shape[:2]
            rgb = QImage(self._picture.data, w, h, 3 * w, QImage.Format.Format_RGB888)
            painter.drawImage(self._rect(0), rgb, QRectF(rgb.rect()))
        for place in range(shown):
            levels = np.ascontiguousarray(self._levels[place])
            piece = image(levels, table)
            painter.drawImage(self._rect(place + first), piece, QRectF(piece.rect()))
        painter.setPen(QColor(colours.dim))
        for place in range(shown + first if first else 0):
            above = self._rect(place).adjusted(0, -self._letters, 0, 0)
            painter.drawText(above, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter, _LETTERS[place])
        rest = len(self._levels) - shown
        if rest:
            text = _("+ {count} more").format(count=rest)
            line = self.fontMetrics().height()
            painter.drawText(QRectF(0, self.height() - line, self.width(), line), Qt.AlignmentFlag.AlignLeft, text)
        if self._pointer is not None and (text := self.describe(self._pointer)):
            marks.plate(painter, self._pointer, text, QRectF(self.rect()))

    def describe(self, position: QPointF) -> str:
        """Return what is known of the weight at a view coordinate, or ""."""
        if self._kernel is None:
            return ""
        first = 0 if self._picture is None else 1
        for place in range(self._shown(self.width())):
            rect = self._rect(place + first)
            if rect.contains(position):
                kh, kw = self._kernel.shape[1:]
                y = min(int((position.y() - rect.top()) / rect.height() * kh), kh - 1)
                x = min(int((position.x() - rect.left()) / rect.width() * kw), kw - 1)
                return f"w[{place}, {y}, {x}] = {number(float(self._kernel[place, y, x]))}"
        return ""

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        return font

    @property
    def _letters(self) -> int:
        """Height of the letters over the slices, px; 0 where there are none."""
        return 0 if self._picture is None else QFontMetrics(self._font()).height() + 1

    # geometry: ``cell`` px a weight, so that few slices are large and many are small

    @property
    def _sizes(self) -> tuple[int, int, int]:
        count, kh, kw = self._levels.shape
        return int(count), int(kh), int(kw)

    def _cell(self, width: int) -> int:
        count, kh, kw = self._sizes
        count += self._picture is not None
        for cell in range(_LARGEST_CELL, _SMALLEST_CELL, -1):
            columns = max((width + _GAP) // (kw * cell + _GAP), 1)
            if -(-count // columns) * self._pitch(kh, cell) <= theme.px(self._most) and kw * cell <= width:
                return cell
        return _SMALLEST_CELL

    def _pitch(self, kh: int, cell: int) -> int:
        """From the top of one row of slices to the next, px."""
        return self._letters + kh * cell + _GAP

    def _columns(self, width: int) -> int:
        return max((width + _GAP) // (self._sizes[2] * self._cell(width) + _GAP), 1)

    def _shown(self, width: int) -> int:
        count, kh, _kw = self._sizes
        first = 0 if self._picture is None else 1
        rows = max(theme.px(self._most) // self._pitch(kh, self._cell(width)), 1)
        return min(count, rows * self._columns(width) - first)

    def _height(self, width: int) -> int:
        count, kh, _kw = self._sizes
        if not count:
            return 0
        shown = self._shown(width)
        rows = -(-(shown + (self._picture is not None)) // self._columns(width))
        more = self.fontMetrics().height() + 2 if shown < count else 0
        return rows * self._pitch(kh, self._cell(width)) - _GAP + more

    def _rect(self, place: int) -> QRectF:
        _count, kh, kw = self._sizes
        cell = self._cell(self.width())
        row, column = divmod(place, self._columns(self.width()))
        return QRectF(column * (kw * cell + _GAP), row * self._pitch(kh, cell) + self._letters, kw * cell, kh * cell)
