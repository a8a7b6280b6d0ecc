"""Pictures that are looked at together: what moves in one moves in the other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from explorer.values import Bytes, Floats
from ui.widgets.numbers import number
from ui.widgets.picture_view import PictureView
from ui.widgets.rgb_image import RgbImage
from ui.widgets.viewport import Viewport

_GRIP = 8
_KEY_STEP = 0.02


class LinkedView(PictureView):
    """A picture, or numbers of either sign in the diverging map's colours, that can follow another view.

    Signals:
        moved: where the picture lies now.
    """

    moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Floats | None = None

    def show_values(self, pixels: Bytes | None, values: Floats | None) -> None:
        """Show ``pixels``; ``values``, float32 (H, W, C), are what their colours stand for, None for 0 … 255."""
        self._values = values
        self.set_telling(values is None)
        self.set_picture(pixels)

    def plate_text(self) -> str:
        """Return what is told of the pixel under the pointer, or ""."""
        if self._values is None:
            return super().plate_text()
        pixel = None if self._pointer is None else self.pixel_at(self._pointer)
        if pixel is None or self._pixels is None:
            return ""
        found = self._values[pixel].reshape(-1).tolist()
        return f"x {pixel[1]}   y {pixel[0]}\n" + "  ".join(map(number, found))

    def follow(self, other: Viewport) -> None:
        """Lie as another picture of the same size does."""
        mine = self._viewport
        if mine is not None and mine.picture_hw == other.picture_hw and mine.view_hw == other.view_hw and mine != other:
            super()._move(other)

    def _move(self, viewport: Viewport) -> None:
        changed = viewport != self._viewport
        super()._move(viewport)
        if changed:
            self.moved.emit(viewport)


class SplitView(LinkedView):
    """The result, and left of a line the picture as it came; the line is dragged, or moved by Shift and the arrows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._other: Bytes | None = None
        self._image_left: RgbImage | None = None
        self._share = 0.5
        self._held = False

    @property
    def share(self) -> float:
        """Where the line is, 0 … 1 of the picture's width."""
        return self._share

    def set_other(self, pixels: Bytes | None) -> None:
        """Show ``pixels`` left of the line."""
        if pixels is not self._other:
            self._other = pixels
            self._image_left = None if pixels is None else RgbImage(pixels)
            self.update()

    def set_share(self, share: float) -> None:
        """Move the line."""
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the line with Shift and the arrows."""
        step = {Qt.Key.Key_Left: -_KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.set_share(self._share + step)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the line."""
        if event.button() == Qt.MouseButton.LeftButton and abs(event.position().x() - self._line()) <= _GRIP:
            self._held = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the line while it is held."""
        if self._held and self._viewport is not None:
            x = self._viewport.to_picture(0, event.position().x())[1]
            self.set_share(x / self._viewport.picture_hw[1])
            return
        super().mouseMoveEvent(event)
        if not self._dragged:
            near = abs(event.position().x() - self._line()) <= _GRIP
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the line go."""
        if self._held:
            self._held = False
        else:
            super().mouseReleaseEvent(event)

    def _line(self) -> float:
        if self._viewport is None:
            return -1e9
        return self._viewport.to_view(0, self._share * self._viewport.picture_hw[1])[1]

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        super()._paint(painter, viewport)
        if self._image_left is None or self._other is None:
            return
        x = self._line()
        top, bottom = viewport.to_view(0, 0)[0], viewport.to_view(viewport.picture_hw[0], 0)[0]
        painter.save()
        painter.setClipRect(QRectF(0, 0, max(x, 0), self.height()))
        if self._other.shape[:2] == viewport.picture_hw:
            self._image_left.paint(painter, viewport, self.devicePixelRatioF())
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for width, ink in ((4.0, QColor(0, 0, 0, 130)), (2.0, QColor("#ffffff"))):
            painter.setPen(QPen(ink, width))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        grip = QPointF(x, min(max((top + bottom) / 2, 14), self.height() - 14))
        painter.setPen(QPen(QColor(0, 0, 0, 130), 1))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(grip, 11, 11)
        painter.setPen(QPen(QColor("#1b1f27"), 1.6))
        for side in (-1, 1):
            painter.drawLine(grip + QPointF(side * 3, -4), grip + QPointF(side * 7, 0))
            painter.drawLine(grip + QPointF(side * 7, 0), grip + QPointF(side * 3, 4))
