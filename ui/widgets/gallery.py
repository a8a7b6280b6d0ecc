"""A row of small pictures to choose from; each is decoded only when the window has nothing else to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.widgets import marks

SIDE = 52
GAP = 6
_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class GalleryItem:
    """One picture of the row.

    Attributes:
        key: what ``chosen`` tells.
        path: the picture's file.
        title: its name for the tool tip and for those who do not see it.
        marked: whether it gets the mark of a good choice.
    """

    key: str
    path: str
    title: str
    marked: bool = False


class Gallery(QListWidget):
    """A horizontal row of thumbnails; arrows move, Enter or a click chooses.

    Signals:
        chosen: the key of the picture that was chosen.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFlow(QListWidget.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setItemDelegate(_Thumbnails(self))
        self.setFixedHeight(SIDE + 14)
        self._items: tuple[GalleryItem, ...] = ()
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._load_next)
        self.itemClicked.connect(self._tell)
        self.itemActivated.connect(self._tell)

    def set_items(self, items: Sequence[GalleryItem]) -> None:
        """Show these pictures; those that were there before keep their thumbnails."""
        loaded = {item.path: self.item(row).data(_ROLE) for row, item in enumerate(self._items)}
        current = self.current_key()
        self._items = tuple(items)
        self.clear()
        for item in self._items:
            row = QListWidgetItem(item.title)
            row.setToolTip(item.title)
            row.setData(Qt.ItemDataRole.AccessibleTextRole, item.title)
            row.setData(_ROLE, loaded.get(item.path))
            row.setData(_ROLE + 1, item.marked)
            self.addItem(row)
        self.set_current(current)
        self._idle.start(0)

    def set_current(self, key: str) -> None:
        """Outline the picture called ``key``; none if there is none of that name."""
        row = next((row for row, item in enumerate(self._items) if item.key == key), -1)
        if row != self.currentRow():
            self.setCurrentRow(row)
        if row >= 0:
            self.scrollToItem(self.item(row))

    def current_key(self) -> str:
        """Return the key of the outlined picture, or ""."""
        return self._items[self.currentRow()].key if 0 <= self.currentRow() < len(self._items) else ""

    def key_of(self, item: QListWidgetItem) -> str:
        """Return the key of one of the row's items."""
        return self._items[self.row(item)].key

    def reveal(self, key: str) -> None:
        """Bring the picture called ``key`` into sight, without outlining it."""
        row = next((row for row, item in enumerate(self._items) if item.key == key), -1)
        if row >= 0:
            self.scrollToItem(self.item(row))

    def loaded(self) -> int:
        """Return how many thumbnails are there."""
        return sum(self.item(row).data(_ROLE) is not None for row in range(self.count()))

    def sizeHint(self) -> QSize:
        """Return room for a few pictures."""
        return QSize(4 * (SIDE + GAP), SIDE + 14)

    def minimumSizeHint(self) -> QSize:
        """Return room for two pictures."""
        return QSize(2 * (SIDE + GAP), SIDE + 14)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll sideways with an ordinary wheel."""
        bar = self.horizontalScrollBar()
        delta = event.angleDelta()
        bar.setValue(bar.value() - (delta.x() or delta.y()))
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the chosen picture in sight."""
        super().resizeEvent(event)
        if self.currentItem() is not None:
            self.scrollToItem(self.currentItem())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the row, and a frame around it while it has the keyboard."""
        super().paintEvent(event)
        if self.hasFocus():
            marks.focus(QPainter(self.viewport()), self.viewport().rect())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _tell(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.key_of(item))

    def _load_next(self) -> None:
        """Decode one thumbnail, then let the window breathe."""
        for row, item in enumerate(self._items):
            if self.item(row).data(_ROLE) is None:
                self.item(row).setData(_ROLE, thumbnail(item.path, 2 * SIDE))
                self._idle.start(0)
                return


def thumbnail(path: str, side: int) -> QPixmap:
    """Return the middle square of a picture file, ``side`` px; an empty grey one where it cannot be read."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and min(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        image = QImage(side, side, QImage.Format.Format_RGB32)
        image.fill(QColor(theme.current().raised))
    mode = (
        Qt.TransformationMode.SmoothTransformation
        if image.width() >= side
        else Qt.TransformationMode.FastTransformation
    )
    image = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, mode)
    left, top = (image.width() - side) // 2, (image.height() - side) // 2
    return QPixmap.fromImage(image.copy(QRect(left, top, side, side)))


class _Thumbnails(QStyledItemDelegate):
    """Paints a thumbnail, the outline of the chosen one and the mark of the suitable ones."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a thumbnail with its gap."""
        return QSize(SIDE + GAP, SIDE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one thumbnail."""
        colours = theme.current()
        rect = QRectF(option.rect.left(), option.rect.top(), SIDE, SIDE)
        state = option.state
        shape = QPainterPath()
        shape.addRoundedRect(rect, 4, 4)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillPath(shape, QColor(colours.raised))
        picture = index.data(_ROLE)
        if picture is not None:
            painter.setClipPath(shape)
            painter.drawPixmap(rect, picture, QRectF(picture.rect()))
            painter.setClipping(False)
        if index.data(_ROLE + 1):
            painter.setPen(QPen(QColor("#ffffff"), 1.5))
            painter.setBrush(QColor(colours.good))
            painter.drawEllipse(QPointF(rect.right() - 8, rect.bottom() - 8), 4.5, 4.5)
        chosen, hovered = state & QStyle.StateFlag.State_Selected, state & QStyle.StateFlag.State_MouseOver
        if chosen or hovered:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent if chosen else colours.dim), 2 if chosen else 1))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)
        painter.restore()
