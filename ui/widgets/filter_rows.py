"""Rows that a kernel's picture leads: filters in a chain, and filters to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.filters.kernel import Operator
from ui import theme
from ui.widgets import kernel_icon
from ui.widgets.block_list import BlockList

_ROW = Qt.ItemDataRole.UserRole + 5
_ICON, _BOX = 30, 16


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        key: what the list tells of it; "" for a heading.
        name, details: its two lines.
        operator: what leads it, or None for a heading.
        told: the tool tip.
        enabled: whether its box is ticked, None without a box.
    """

    key: str
    name: str
    details: str = ""
    operator: Operator | None = None
    told: str = ""
    enabled: bool | None = None


def _fill(item: QListWidgetItem, row: Row) -> None:
    item.setData(_ROW, row)
    item.setToolTip(row.told)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (row.name, row.details))))


class ChainList(BlockList):
    """The filters of a chain: dragged, or moved by keys, into another order; Space or a click on the box switches one.

    Signals:
        toggle_wanted: the filter of this row on or off.
        copied, pasted: the usual keys were pressed.
    """

    toggle_wanted = Signal(int)
    copied = Signal()
    pasted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Rows(self))

    def show_chain(self, rows: Sequence[Row], chosen: int) -> None:
        """Show the filters, and choose one."""
        self.show_rows([(row.name, row.details) for row in rows], chosen)
        for place, row in enumerate(rows):
            _fill(self.item(place), row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Switch the chosen filter with Space; copy and paste the chain with the usual keys."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
        elif event.key() == Qt.Key.Key_Space and self.currentRow() >= 0:
            self.toggle_wanted.emit(self.currentRow())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Paste here, not in the window: its own Ctrl+V opens a picture."""
        overrides = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if overrides and event.matches(QKeySequence.StandardKey.Paste):  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Switch a filter with a click on its box."""
        item = self.itemAt(event.position().toPoint())
        if item is not None and box_of(self.visualItemRect(item)).adjusted(-6, -8, 6, 8).contains(
            event.position().toPoint()
        ):
            self.toggle_wanted.emit(self.row(item))
        else:
            super().mousePressEvent(event)


class BankList(QListWidget):
    """Filters to choose from under headings; a click or Enter puts one in, Shift with either adds it.

    Signals:
        put_wanted: the key of a filter, and whether it is added.
        remove_wanted: the key of the chosen filter, to be thrown away.
    """

    put_wanted = Signal(str, bool)
    remove_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Rows(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show headings and filters; the chosen one stays."""
        key, place = self.current(), self.verticalScrollBar().value()
        self.clear()
        for row in rows:
            item = QListWidgetItem(row.name)
            _fill(item, row)
            if not row.key:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.addItem(item)
        self.choose(key)
        self.verticalScrollBar().setValue(place)

    def current(self) -> str:
        """Return the key of the chosen row, or ""."""
        item = self.currentItem()
        return "" if item is None else str(item.data(_ROW).key)

    def keys(self) -> list[str]:
        """Return what can be chosen, from top to bottom."""
        rows = (self.item(place).data(_ROW) for place in range(self.count()))
        return [row.key for row in rows if row.key]

    def choose(self, key: str) -> None:
        """Choose a row by its key; none where there is none of it."""
        rows = [self.item(place).data(_ROW).key for place in range(self.count())]
        self.setCurrentRow(rows.index(key) if key and key in rows else -1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Put the clicked filter in."""
        super().mouseReleaseEvent(event)
        item = self.itemAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and item is not None and item.data(_ROW).key:
            self._put(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put the chosen filter in with Enter, add it with Shift and Enter, throw an own one away with Delete."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._put(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.current():
            self.remove_wanted.emit(self.current())
        else:
            super().keyPressEvent(event)

    def _put(self, adds: bool) -> None:
        if self.current():
            self.put_wanted.emit(self.current(), adds)


def box_of(rect: QRect) -> QRect:
    """Return where the box of a chain's row lies."""
    side = theme.px(_BOX)
    return QRect(rect.right() - side - 10, rect.center().y() - side // 2, side, side)


class _Rows(QStyledItemDelegate):
    """Paints a heading, or a kernel with its name and details beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row: Row | None = index.data(_ROW)
        heading = row is not None and row.operator is None
        return QSize(80, theme.px(26 if heading else 44))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Row | None = index.data(_ROW)
        if row is None:
            return
        painter.save()
        colours, rect = theme.current(), QRect(option.rect).adjusted(0, 1, -2, -1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.operator is None:
            _write(painter, option, rect.adjusted(4, 4, 0, 0), row.name, 11, colours.dim)
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        boxed = row.enabled is not None
        if chosen or hovered or boxed:
            painter.setPen(QPen(QColor(colours.accent), 2) if focus else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if chosen else colours.raised))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 5, 5)
        side, ratio = theme.px(_ICON), painter.device().devicePixelRatioF()
        if row.enabled is False:
            painter.setOpacity(0.45)
        painter.drawPixmap(rect.left() + 8, rect.center().y() - side // 2, kernel_icon.icon(row.operator, side, ratio))
        text = rect.adjusted(side + 18, 3, -(theme.px(_BOX) + 20) if boxed else -6, -3)
        half = text.height() // 2
        if row.details:
            dim = colours.text if chosen else colours.dim
            _write(painter, option, QRect(text.left(), text.top(), text.width(), half), row.name, 13, colours.text)
            _write(painter, option, QRect(text.left(), text.top() + half, text.width(), half), row.details, 11, dim)
        else:
            _write(painter, option, text, row.name, 13, colours.text)
        painter.setOpacity(1.0)
        if boxed:
            _box(painter, box_of(option.rect), bool(row.enabled))
        painter.restore()


def _write(painter: QPainter, option: QStyleOptionViewItem, rect: QRect, text: str, size: int, colour: str) -> None:
    font = QFont(option.font)
    font.setPixelSize(theme.px(size))
    painter.setFont(font)
    painter.setPen(QColor(colour))
    words = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def _box(painter: QPainter, rect: QRect, ticked: bool) -> None:
    colours = theme.current()
    painter.setPen(QPen(QColor(colours.filled if ticked else colours.dim), 1.4))
    painter.setBrush(QColor(colours.filled) if ticked else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, 4, 4)
    if ticked:
        painter.setPen(QPen(QColor("#ffffff"), 1.8))
        x, y, side = rect.left(), rect.top(), rect.width()
        points = [(0.25, 0.52), (0.43, 0.70), (0.76, 0.32)]
        for (x0, y0), (x1, y1) in pairwise(points):
            painter.drawLine(round(x + x0 * side), round(y + y0 * side), round(x + x1 * side), round(y + y1 * side))
