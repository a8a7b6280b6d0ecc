"""A view of something larger than itself: wheel, keys and dragging move a viewport over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from ui import theme
from ui.widgets import marks
from ui.widgets.viewport import Viewport

STEP = 1.25
"""What one notch of the wheel or one key press magnifies by."""


class ZoomView(QWidget):
    """Turns input into places of the picture; subclasses paint and say what a place means.

    They override ``_paint``, ``_point`` (the pointer moved to a pixel, or left: None) and ``_choose`` (a pixel was
    clicked, not dragged). Where ``SWEEPS``, dragging moves the pointer over the whole picture, or with Shift over a
    part of it, and where it ends is chosen.
    """

    SWEEPS = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 72)
        self._viewport: Viewport | None = None
        self._message = ""
        self._alarming = False
        self._pressed: QPoint | None = None
        self._dragged = False
        self._pointer: QPointF | None = None

    @property
    def viewport(self) -> Viewport | None:
        """Where the picture lies, or None without a picture."""
        return self._viewport

    def set_message(self, text: str, alarming: bool = False) -> None:
        """Show a sentence instead of the picture; "" shows the picture."""
        if (text, alarming) != (self._message, self._alarming):
            self._message, self._alarming = text, alarming
            self.setAccessibleDescription(text)
            self.update()

    @property
    def message(self) -> str:
        """The sentence that stands instead of the picture, or ""."""
        return self._message

    def set_picture_hw(self, height: int, width: int) -> None:
        """Tell the size of the picture, px; the place stays if the size does."""
        if self._viewport is None or self._viewport.picture_hw != (height, width):
            self._viewport = Viewport.fit((height, width), (self.height(), self.width()))
            self.update()

    @Slot()
    def fit(self) -> None:
        """Show the whole picture."""
        if self._viewport is not None:
            self._move(Viewport.fit(self._viewport.picture_hw, self._viewport.view_hw))

    @Slot()
    def zoom_in(self) -> None:
        """Magnify about the middle."""
        self.zoom(STEP)

    @Slot()
    def zoom_out(self) -> None:
        """Shrink about the middle, down to the whole picture."""
        self.zoom(1 / STEP)

    def zoom(self, factor: float, centre: QPointF | None = None) -> None:
        """Magnify about ``centre`` (a view coordinate; the middle if None)."""
        if self._viewport is not None:
            point = centre if centre is not None else QPointF(self.width() / 2, self.height() / 2)
            self._move(self._viewport.zoomed(factor, point.y(), point.x()))

    def sizeHint(self) -> QSize:
        """Return a modest square; the layout decides."""
        return QSize(240, 240)

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """Return the pixel (row, column) of the picture at a view coordinate, or None beside it."""
        return None if self._viewport is None else self._viewport.pixel(position.y(), position.x())

    def rect_of(self, y0: float, x0: float, y1: float, x1: float) -> QRectF:
        """Return where the box of picture coordinates lies in the view."""
        if self._viewport is None:
            return QRectF()
        top, left = self._viewport.to_view(y0, x0)
        bottom, right = self._viewport.to_view(y1, x1)
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    # what subclasses say

    def _paint(self, painter: QPainter, viewport: Viewport) -> None:
        """Paint the picture and what lies over it."""

    def _point(self, pixel: tuple[int, int] | None) -> None:
        """Take note of the pixel under the pointer."""

    def _choose(self, pixel: tuple[int, int]) -> None:
        """Act on a click on a pixel."""

    # input

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to the pointer, as finely as the wheel or touchpad says."""
        if notches := event.angleDelta().y() / 120:
            self.zoom(STEP**notches, event.position())
            self._set_pointer(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan or to click."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position().toPoint(), False
            self._set_pointer(event.position())  # a touch has not moved there before

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan while the button is down; else point."""
        position = event.position().toPoint()
        if self._pressed is not None and self._viewport is not None:
            moved = position - self._pressed
            sweeps = self.SWEEPS and (self._viewport.fitted or event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if sweeps and not self._dragged:
                pass  # the pointer alone moves
            elif self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
                self._dragged, self._pressed = True, position
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._move(self._viewport.panned(moved.y(), moved.x()))
        self._set_pointer(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Click, unless the picture was dragged."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        dragged, self._pressed, self._dragged = self._dragged, None, False
        self.unsetCursor()
        self.update()  # what is told of the pixel under the pointer is not shown while dragging
        pixel = self.pixel_at(event.position())
        if not dragged and not self._message and pixel is not None:
            self._choose(pixel)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._set_pointer(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom, 0 shows the whole picture."""
        actions = {
            Qt.Key.Key_Plus: self.zoom_in,
            Qt.Key.Key_Equal: self.zoom_in,
            Qt.Key.Key_Minus: self.zoom_out,
            Qt.Key.Key_Underscore: self.zoom_out,
            Qt.Key.Key_0: self.fit,
        }
        action = actions.get(Qt.Key(event.key()))
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if action is not None and plain:
            action()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the place."""
        if self._viewport is not None:
            self._move(self._viewport.resized((self.height(), self.width())))

    def focusInEvent(self, event: QEvent) -> None:
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        """Hide the focus."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, or the sentence that stands for it."""
        colours = theme.current()
        painter = QPainter(self)
        if self._message or self._viewport is None:
            painter.fillRect(self.rect(), QColor(colours.panel))
            colour = colours.warning if self._alarming else colours.dim
            marks.message(painter, QRectF(self.rect()), self._message, colour)
        else:
            self._paint(painter, self._viewport)
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def _move(self, viewport: Viewport) -> None:
        if viewport != self._viewport:
            self._viewport = viewport
            self.update()

    def _set_pointer(self, position: QPointF | None) -> None:
        self._pointer = position
        self._point(None if position is None else self.pixel_at(position))
