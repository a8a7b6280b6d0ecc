"""A brush for a picture view: while it is taken up, dragging paints and does not pan."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPen, QPixmap

from ui.widgets.picture_view import PictureView

_CURSOR = (7, 127)
"""Smallest and largest cursor, logical px; systems cut off what is larger."""


class Brush(QObject):
    """Watches a view and turns the mouse into strokes; wheel and arrow keys still zoom and pan.

    Signals:
        began: a stroke begins at (y, x), picture coordinates.
        went_on: it goes on to (y, x).
        ended: the button was let go.
        put_down: Escape.
        undo_wanted: the keys for undo.
    """

    began = Signal(float, float)
    went_on = Signal(float, float)
    ended = Signal()
    put_down = Signal()
    undo_wanted = Signal()

    def __init__(self, view: PictureView) -> None:
        super().__init__(view)
        self._view, self._taken, self._painting, self._radius = view, False, False, 8.0
        self._cursor_for: tuple[int, float] | None = None
        view.installEventFilter(self)

    @property
    def taken(self) -> bool:
        """Whether dragging paints."""
        return self._taken

    def take(self, taken: bool) -> None:
        """Take the brush up, or put it down."""
        if taken == self._taken:
            return
        self._taken, self._cursor_for = taken, None
        if not taken:
            self._end()
            self._view.unsetCursor()
        else:
            QCoreApplication.sendEvent(self._view, QEvent(QEvent.Type.Leave))  # numbers would lie over what is painted
            self._show_cursor()

    def set_radius(self, radius: float) -> None:
        """Show a brush of this radius, picture px."""
        self._radius = radius
        if self._taken:
            self._show_cursor()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep from the view what paints."""
        if not self._taken:
            return False
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, left = event.type(), Qt.MouseButton.LeftButton
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) and event.button() == left:
            if (point := self._point(event.position())) is not None:
                self._painting = True
                self._view.setFocus(Qt.FocusReason.MouseFocusReason)
                self.began.emit(*point)
            return True
        if kind == QEvent.Type.MouseMove:
            self._show_cursor()
            if self._painting and (point := self._point(event.position())) is not None:
                self.went_on.emit(*point)
            return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == left:
            self._end()
            return True
        return False

    def _key(self, event: QKeyEvent) -> bool:
        escape = event.key() == Qt.Key.Key_Escape
        undo = event.matches(QKeySequence.StandardKey.Undo)
        if not (escape or undo):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # else the window's own command comes first
        elif event.type() == QEvent.Type.KeyPress:
            (self.put_down if escape else self.undo_wanted).emit()
        return True

    def _end(self) -> None:
        if self._painting:
            self._painting = False
            self.ended.emit()

    def _point(self, position: QPointF) -> tuple[float, float] | None:
        viewport = self._view.viewport
        return None if viewport is None or self._view.message else viewport.to_picture(position.y(), position.x())

    def _show_cursor(self) -> None:
        viewport = self._view.viewport
        scale = 1.0 if viewport is None else viewport.scale
        side, ratio = min(max(round(2 * self._radius * scale), _CURSOR[0]), _CURSOR[1]), self._view.devicePixelRatioF()
        if self._cursor_for == (side, ratio):
            return
        self._cursor_for = (side, ratio)
        room = side + 4
        picture = QPixmap(round(room * ratio), round(room * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for ink, wider in ((QColor(0, 0, 0, 190), 0.75), (QColor(255, 255, 255), -0.25)):
            painter.setPen(QPen(ink, 1))
            painter.drawEllipse(QPointF(room / 2, room / 2), side / 2 + wider, side / 2 + wider)
        painter.end()
        self._view.setCursor(QCursor(picture))
