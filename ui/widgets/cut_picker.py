"""Where a part of the picture is cut: by a click on the picture, by the arrow keys, or by row and column."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from explorer.arithmetic.case import Pair
from explorer.arithmetic.reshape import middle
from explorer.text import _
from explorer.values import Bytes
from ui import theme
from ui.widgets import marks

_LARGEST, _LEAST_BOX = 320, 7.0
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class CutPicker(QFrame):
    """Opens beside a button; the part begins in the middle of the picture, and stays where it was put.

    Signals:
        moved: another place was chosen; ``at`` is it.
    """

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("panel")
        self._at: Pair | None = None
        self._hw, self._size = (1, 1), (1, 1)
        self._pixels: Bytes | None = None
        self.view, self.row, self.column, self._help = _View(self), QSpinBox(self), QSpinBox(self), QLabel(self)
        self._labels = QLabel(self), QLabel(self)
        self._help.setWordWrap(True)
        for label in (*self._labels, self._help):
            label.setObjectName("dim")
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(8)
        for place, (label, spin) in enumerate(zip(self._labels, (self.row, self.column), strict=True)):
            label.setBuddy(spin)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._typed)
            numbers.addWidget(label, 0, 2 * place)
            numbers.addWidget(spin, 0, 2 * place + 1)
            numbers.setColumnStretch(2 * place + 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.view)
        column.addLayout(numbers)
        column.addWidget(self._help)
        self.view.clicked.connect(self._put)

    @property
    def at(self) -> Pair:
        """First row and column of the part."""
        return self.row.value(), self.column.value()

    def show_part(self, pixels: Bytes, hw: Pair) -> None:
        """Show the part of so many rows and columns of a picture, uint8 (H, W, 3)."""
        self._pixels = pixels
        height, width = pixels.shape[:2]
        if (height, width) != self._size:
            self._size, self._at = (height, width), None  # the middle of another picture
        self._hw = min(hw[0], height), min(hw[1], width)
        at = self._at or middle(pixels, self._hw)
        for spin, value, most in zip((self.row, self.column), at, self._last, strict=True):
            blocker = QSignalBlocker(spin)
            spin.setRange(0, most)
            spin.setValue(min(value, most))
            blocker.unblock()
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        if self._pixels is not None:
            self.view.show_pixels(self._pixels)
            self.view.show_box(*self.at, *self._hw)

    def open_at(self, beside: QWidget) -> None:
        """Open below a widget, on the screen."""
        for label, spin, text in zip(self._labels, (self.row, self.column), (_("Row"), _("Column")), strict=True):
            label.setText(text)
            spin.setAccessibleName(text)
        self.view.setAccessibleName(_("Picture: a click or the arrow keys choose the part"))
        self._help.setText(_("Click the picture, or use the arrow keys: the case takes what is in the box."))
        self._show()
        self.adjustSize()
        corner, room = beside.mapToGlobal(QPoint(0, beside.height() + 4)), beside.screen().availableGeometry()
        self.move(
            max(min(corner.x(), room.right() - self.width()), room.left()),
            max(min(corner.y(), room.bottom() - self.height()), room.top()),
        )
        self.show()
        self.view.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the part by one cell with the arrow keys."""
        if (move := _MOVES.get(Qt.Key(event.key()))) is None:
            super().keyPressEvent(event)
        else:
            self._take(self.at[0] + move[0], self.at[1] + move[1])

    @property
    def _last(self) -> Pair:
        return self._size[0] - self._hw[0], self._size[1] - self._hw[1]

    @Slot(int, int)
    def _put(self, y: int, x: int) -> None:
        """Put the part's middle on a cell of the picture."""
        self._take(y - self._hw[0] // 2, x - self._hw[1] // 2)

    @Slot()
    def _typed(self) -> None:
        self._take(*self.at)

    def _take(self, top: int, left: int) -> None:
        at = min(max(top, 0), self._last[0]), min(max(left, 0), self._last[1])
        if at == self._at:
            return
        self._at = at
        for spin, value in zip((self.row, self.column), at, strict=True):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()
        self.view.show_box(*at, *self._hw)
        self.moved.emit()


class _View(QWidget):
    """A small picture with a box on it.

    Signals:
        clicked: row and column of the picture's pixel under the pointer.
    """

    clicked = Signal(int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._box = QRectF()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_pixels(self, pixels: Bytes) -> None:
        """Show a picture; its copy is of the size that is painted."""
        height, width = pixels.shape[:2]
        whole = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        most = theme.px(_LARGEST)
        room = QSize(width, height).scaled(most, most, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        smooth = (
            Qt.TransformationMode.SmoothTransformation if width > most else Qt.TransformationMode.FastTransformation
        )
        self._image = whole.scaled(room, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        self._scale = room.width() / width, room.height() / height
        self.setFixedSize(room)
        self.update()

    def show_box(self, top: int, left: int, rows: int, columns: int) -> None:
        """Outline a part of the picture; a tiny one by a box that can be seen."""
        across, down = self._scale
        box = QRectF(left * across, top * down, columns * across, rows * down)
        middle, wide = box.center(), QPointF(max(box.width(), _LEAST_BOX), max(box.height(), _LEAST_BOX)) / 2
        self._box = QRectF(middle - wide, middle + wide)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture and box."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        marks.box(painter, self._box, theme.current().unit)
        if self.hasFocus():
            marks.focus(painter, self.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose what is under the pointer."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose while the button is held."""
        self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            across, down = self._scale
            self.clicked.emit(int(event.position().y() // down), int(event.position().x() // across))
