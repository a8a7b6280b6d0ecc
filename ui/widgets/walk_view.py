"""A picture with a filter's window on it, and a result that grows as the window walks."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.widgets import cells, marks
from ui.widgets.linked_view import LinkedView
from ui.widgets.viewport import Viewport

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class WalkView(LinkedView):
    """What is painted last is kept as pixels, so that a step repaints little.

    Signals:
        wanted: (row, column) of the pixel that the person wants the window on.
        stepped: rows and columns that it is to walk by.
        play_wanted: walk on its own, or stop.
    """

    SWEEPS = True
    wanted = Signal(int, int)
    stepped = Signal(int, int)
    play_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window = QRectF()
        self._spread: tuple[int, int, int] | None = None
        self._until: tuple[int, int] | None = None
        self._kept: tuple[object, ...] = ()
        self._picture = QPixmap()

    @property
    def window_box(self) -> QRectF:
        """Where the window is, in pixels of the picture."""
        return self._window

    def show_window(self, top: int, left: int, extent: tuple[int, int], dilation: int = 1) -> None:
        """Outline the window; one whose cells lie apart shows each."""
        self._window = QRectF(left, top, extent[1], extent[0])
        self._spread = (top, left, dilation) if dilation > 1 else None
        self.update()

    def show_until(self, y: int, x: int) -> None:
        """Show the picture up to pixel (y, x), in reading order, and outline that one."""
        self._until = (y, x)
        self._window = QRectF(x, y, 1, 1)
        self.update()

    def near(self, scale: float) -> None:
        """Magnify so that the whole window is in sight, each pixel ``scale`` px where there is room for that."""
        if self._viewport is None or self._window.isEmpty():
            return
        room = min(self.width() / (self._window.width() + 2), self.height() / (self._window.height() + 2))
        wanted, at = min(scale, room), self._viewport
        if at.scale < wanted or (at.scale > room and not at.fitted):
            at = at.zoomed(wanted / at.scale, 0, 0)
        centre = self._window.center()
        top, left = at.to_view(self._window.top(), self._window.left())
        bottom, right = at.to_view(self._window.bottom(), self._window.right())
        if min(top, left) < 0 or bottom > self.height() or right > self.width() or at is not self._viewport:
            at = at.centred(centre.y(), centre.x())
        self._move(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrows, ten pixels with Shift; Space walks on its own."""
        step = _STEPS.get(Qt.Key(event.key()))
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if step is not None:
            self.stepped.emit(step[0] * many, step[1] * many)
        elif event.key() == Qt.Key.Key_Space:
            self.play_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        super()._point(pixel)
        if pixel is not None and self._pressed is not None and not self._dragged:
            self.wanted.emit(*pixel)

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        ratio = self.devicePixelRatioF()
        key = (viewport, id(self._pixels), ratio)
        if key != self._kept:
            self._kept = key
            self._picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(QColor(theme.current().panel))
            inner = QPainter(self._picture)
            if self._image is not None:
                self._image.paint(inner, viewport, ratio)
            if self._telling and viewport.scale >= cells.SMALLEST and self._pixels is not None:
                y0, x0, y1, x1 = viewport.visible()
                top, left = viewport.to_view(y0, x0)
                cells.paint_lines(inner, (y1 - y0, x1 - x0), top, left, viewport.scale)
                cells.paint(inner, self._pixels[y0:y1, x0:x1], top, left, viewport.scale, "rgb", "decimal")
            inner.end()
        if self._until is None:
            painter.drawPixmap(0, 0, self._picture)
        else:
            self._paint_grown(painter, viewport, *self._until)
        if not self._window.isEmpty():
            box = self._window
            if self._spread is not None and viewport.scale >= 4:
                self._paint_cells(painter, *self._spread)
            marks.box(painter, self.rect_of(box.top(), box.left(), box.bottom(), box.right()), theme.current().unit)

    def _paint_grown(self, painter: QPainter, viewport: Viewport, y: int, x: int) -> None:
        """Paint the rows above, and of this row what is left of the pixel and itself."""
        h, w = viewport.picture_hw
        painter.fillRect(self.rect_of(0, 0, h, w), QColor(theme.current().raised))
        above, beside = self.rect_of(0, 0, y, w), self.rect_of(y, 0, y + 1, x + 1)
        region = QRegion(above.toAlignedRect()) if y else QRegion()
        row = beside.toRect()
        row.setHeight(max(row.height(), 1))
        painter.save()
        painter.setClipRegion(region.united(QRegion(row)))
        painter.drawPixmap(0, 0, self._picture)
        painter.restore()

    def _paint_cells(self, painter: QPainter, top: int, left: int, dilation: int) -> None:
        painter.setPen(QPen(QColor(theme.current().unit), 1))
        for y in range(top, top + int(self._window.height()), dilation):
            for x in range(left, left + int(self._window.width()), dilation):
                painter.drawRect(self.rect_of(y, x, y + 1, x + 1))
