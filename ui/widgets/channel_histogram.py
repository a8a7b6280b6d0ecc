"""How often each value 0 … 255 occurs in a picture's channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.widgets import cells

COLOURS = {"dark": ("#ff6b6b", "#3ecf8e", "#6aa9ff"), "light": ("#d1242f", "#12805c", "#1668dc")}


class ChannelHistogram(QWidget):
    """One filled curve a channel over the values, with a line at the value of the pixel that is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._counts: NDArray[np.int64] | None = None
        self._pixel: tuple[int, int, int] | None = None
        self._plane: cells.Plane = "rgb"

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """How often each value occurs, int64 (3, 256), or None."""
        return self._counts

    def set_counts(self, counts: NDArray[np.int64] | None) -> None:
        """Show ``counts``, int64 (3, 256)."""
        self._counts = counts
        self.update()

    def set_pixel(self, rgb: tuple[int, int, int] | None) -> None:
        """Mark the values of one pixel."""
        if rgb != self._pixel:
            self._pixel = rgb
            self.update()

    def set_plane(self, plane: cells.Plane) -> None:
        """Show all channels or one."""
        self._plane = plane
        self.update()

    def sizeHint(self) -> QSize:
        """Return a low strip."""
        return QSize(220, theme.px(84))

    def minimumSizeHint(self) -> QSize:
        """Return what still shows a shape."""
        return QSize(120, theme.px(56))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint curves, marks and axis."""
        if self._counts is None:
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(theme.px(11))
        painter.setFont(font)
        plot = QRectF(0.5, 2, self.width() - 1, self.height() - 4 - painter.fontMetrics().height())
        wanted = cells.channels(self._plane)
        top = max(int(self._counts[list(wanted)].max()), 1)
        step = plot.width() / 256
        for channel in wanted:
            colour = QColor(COLOURS[colours.name][channel])
            heights = plot.bottom() - self._counts[channel] / top * plot.height()
            path = QPainterPath(QPointF(plot.left(), plot.bottom()))
            for value, y in enumerate(heights.tolist()):
                path.lineTo(plot.left() + value * step, y)
                path.lineTo(plot.left() + (value + 1) * step, y)
            path.lineTo(plot.bottomRight())
            painter.setPen(QPen(colour, 1))
            painter.setBrush(QColor(colour.red(), colour.green(), colour.blue(), 70))
            painter.drawPath(path)
            if self._pixel is not None:
                x = plot.left() + (self._pixel[channel] + 0.5) * step
                painter.setPen(QPen(colour, 2))
                painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setPen(QColor(colours.line))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setPen(QColor(colours.dim))
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), painter.fontMetrics().height())
        for text, side in (
            ("0", Qt.AlignmentFlag.AlignLeft),
            ("128", Qt.AlignmentFlag.AlignHCenter),
            ("255", Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, text)
