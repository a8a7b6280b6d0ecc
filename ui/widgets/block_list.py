"""The blocks of a stack in a list, each in two lines; dragged, or moved by keys, into another order."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ui import theme

_DETAILS = Qt.ItemDataRole.UserRole
_PLACE = Qt.ItemDataRole.UserRole + 1


class BlockList(QListWidget):
    """Says what the person wants; the rows follow only when they are shown anew.

    Signals:
        move_wanted: the block in this row to that row.
        remove_wanted: the chosen block away.
        add_wanted: another block below the chosen one.
    """

    move_wanted = Signal(int, int)
    remove_wanted = Signal()
    add_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Delegate(self))
        self._later = QTimer(self)  # the model must not change while Qt still moves its rows
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._tell_order)
        self.model().rowsMoved.connect(self._look_for_drop)
        self.model().rowsInserted.connect(self._look_for_drop)
        self._filling = False

    def show_rows(self, rows: Sequence[tuple[str, str]], chosen: int) -> None:
        """Show names and details, and choose a row."""
        self._filling = True
        was = self.blockSignals(True)
        self.clear()
        for place, (name, details) in enumerate(rows):
            item = QListWidgetItem(name)
            item.setData(_DETAILS, details)
            item.setData(_PLACE, place)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {details}" if details else name)
            item.setToolTip(item.data(Qt.ItemDataRole.AccessibleTextRole))
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            self.addItem(item)
        self.setCurrentRow(chosen)
        self.blockSignals(was)
        self._filling = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with Alt and the arrows, remove with Delete, add with Insert."""
        row, alt = self.currentRow(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            to = row + (1 if event.key() == Qt.Key.Key_Down else -1)
            if 0 <= to < self.count():
                self.move_wanted.emit(row, to)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
        elif event.key() == Qt.Key.Key_Insert:
            self.add_wanted.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _look_for_drop(self) -> None:
        if not self._filling:
            self._later.start()

    @Slot()
    def _tell_order(self) -> None:
        order = [int(self.item(row).data(_PLACE)) for row in range(self.count())]
        moved = [
            (place, row)
            for row, place in enumerate(order)
            if [p for p in order if p != place] == _without(place, order)
        ]
        far = max(moved, key=lambda one: abs(one[0] - one[1]), default=None)
        if far and far[0] != far[1]:
            self.move_wanted.emit(*far)


def _without(place: int, order: Sequence[int]) -> list[int]:
    return [p for p in sorted(order) if p != place]


class _Delegate(QStyledItemDelegate):
    """Paints the name, and dimmed below it the details."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, theme.px(40))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        colours, rect = theme.current(), QRect(option.rect).adjusted(0, 1, -2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(QColor(colours.accent), 2) if focus else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.selected if chosen else colours.raised))
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 5, 5)
        text = rect.adjusted(10, 3, -8, -3)
        half = text.height() // 2
        for top, role, size, colour in (
            (text.top(), Qt.ItemDataRole.DisplayRole, 13, colours.text),
            (text.top() + half, _DETAILS, 11, colours.text if chosen else colours.dim),
        ):
            font = QFont(option.font)
            font.setPixelSize(theme.px(size))
            painter.setFont(font)
            painter.setPen(QColor(colour))
            words = QFontMetrics(font).elidedText(
                str(index.data(role) or ""), Qt.TextElideMode.ElideRight, text.width()
            )
            painter.drawText(QRect(text.left(), top, text.width(), half), Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()
