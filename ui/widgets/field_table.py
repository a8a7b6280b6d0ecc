"""The receptive field of every layer as a table that sorts, searches and copies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent, QStandardItem
from PySide6.QtGui import QStandardItemModel as Model
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from explorer.graph.blocks import operation
from explorer.graph.values import Layer
from explorer.receptive.analyse import Fields
from explorer.receptive.values import Field
from explorer.text import N_, _
from ui import theme
from ui.widgets import marks
from ui.widgets.field_points import CERTAINTIES, across, told
from ui.widgets.numbers import shape
from ui.widgets.tables import align_heads, as_table

LAYER, VALUE = (Qt.ItemDataRole.UserRole + n for n in range(2))
NAME, OP, OUTPUT, AREA, STRIDE, START, CERTAINTY, MAIN = range(8)
HEADS = (
    N_("Layer"),
    N_("Op"),
    N_("Output"),
    N_("Area"),
    N_("Stride"),
    N_("Start"),
    N_("Certainty"),
    N_("Without gates"),
)
_WIDTHS = (200, 105, 105, 122, 80, 115, 105, 112)
_MORE = 70
"""So much wider the ops may become where there is room."""
_RIGHT = (AREA, STRIDE, START, MAIN)
_PAD = 6
Index = QModelIndex | QPersistentModelIndex


class FieldTable(QTreeView):
    """One row a layer; by no column they stand in the order in which they run.

    Signals:
        chosen: id of the layer in the current row.
        opened: id of the layer of the row on which Enter or a double click fell.
    """

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message, self._rows = "", dict[str, QStandardItem]()
        self._model, self._passing = Model(self), _Passing(self)
        self._passing.setSourceModel(self._model)
        self.setModel(self._passing)
        self.setItemDelegate(_Cells(self))
        as_table(self)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.doubleClicked.connect(self._open)

    def show_fields(self, fields: Fields | None, whole: Collection[str] = ()) -> None:
        """Show the layers of a network but its input, or none.

        Args:
            fields: what their units see.
            whole: ids of the layers that see the whole picture.
        """
        blocked = self.blockSignals(True)
        self._model.clear()
        self._rows.clear()
        gated = False
        for layer, field in fields or ():
            if layer.inputs:
                cells = _row(layer, field, layer.id in whole)
                self._rows[layer.id] = cells[NAME]
                self._model.appendRow(cells)
                gated = gated or field.main_path is not None
        self.retranslate()
        self.setColumnHidden(MAIN, not gated)
        self.fit_columns()
        self.blockSignals(blocked)

    def search(self, text: str) -> None:
        """Show only layers in whose name and op every word is."""
        self._passing.set_words(text.lower().split())

    def retranslate(self) -> None:
        """Set the heads anew in the current language."""
        self._model.setHorizontalHeaderLabels([_(head) for head in HEADS])
        align_heads(self._model, _RIGHT)

    def fit_columns(self) -> None:
        """Give the columns room for the text of the current size; the names take what is left."""
        widths = [0 if self.isColumnHidden(column) else theme.px(width) for column, width in enumerate(_WIDTHS)]
        left = self.viewport().width() - sum(widths)
        widths[OP] += min(max(left // 2, 0), theme.px(_MORE))
        widths[NAME] = max(self.viewport().width() - sum(widths[OP:]), theme.px(110))
        for column, width in enumerate(widths):
            if width:
                self.setColumnWidth(column, width)

    def select(self, id: str) -> None:
        """Make the row of the layer ``id`` the current one, without choosing it again."""
        item = self._rows.get(id)
        index = QModelIndex() if item is None else self._passing.mapFromSource(item.index())
        if index.row() != self.currentIndex().row():
            blocked = self.blockSignals(True)
            self.setCurrentIndex(index)
            self.blockSignals(blocked)
            if index.isValid():
                self.scrollTo(index)
            self.viewport().update()

    def layers(self) -> list[str]:
        """Return the ids of the layers that pass, in the order of the table."""
        rows = range(self._passing.rowCount())
        return [str(self._passing.index(row, 0).data(LAYER)) for row in rows]

    def texts(self, row: int) -> list[str]:
        """Return what stands in a row."""
        return [str(self._passing.index(row, column).data() or "") for column in range(len(HEADS))]

    def copy(self) -> None:
        """Put the selected rows on the clipboard, with tabs, as a spreadsheet has them."""
        if rows := sorted(index.row() for index in self.selectionModel().selectedRows()):
            QGuiApplication.clipboard().setText("\n".join("\t".join(self.texts(row)) for row in rows))

    def set_message(self, text: str) -> None:
        """Show ``text`` in place of rows."""
        if text != self._message:
            self._message = text
            self.viewport().update()

    @property
    def message(self) -> str:
        """What stands in place of rows."""
        return self._message

    # what Qt calls

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Choose the layer of the row."""
        super().currentChanged(current, previous)
        if layer := current.sibling(current.row(), 0).data(LAYER):
            self.chosen.emit(layer)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, or open a layer."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: object) -> None:
        """Paint the rows, or the message."""
        super().paintEvent(event)  # type: ignore[arg-type]
        if self._message:
            painter = QPainter(self.viewport())
            marks.message(painter, self.viewport().rect().toRectF(), self._message, theme.current().dim)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        if layer := index.siblingAtColumn(0).data(LAYER):
            self.opened.emit(layer)


class _Cells(QStyledItemDelegate):
    """Paints a cell; the name and the area stand out."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row."""
        return QSize(60, theme.px(26))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        colours, rect = theme.current(), QRect(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.selected if selected else colours.raised))
        quiet = theme.mix(colours.dim, colours.text, 0.35) if selected else colours.dim
        painter.setPen(QColor(colours.text if index.column() in (NAME, AREA) else quiet))
        side = Qt.AlignmentFlag.AlignRight if index.column() in _RIGHT else Qt.AlignmentFlag.AlignLeft
        area = rect.adjusted(_PAD, 0, -_PAD, 0)
        mode = Qt.TextElideMode.ElideMiddle if index.column() == NAME else Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(str(index.data() or ""), mode, area.width())
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, text)


class _Passing(QSortFilterProxyModel):
    """The layers that are searched for; sizes sorted as numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSortRole(VALUE)

    def set_words(self, words: list[str]) -> None:
        """Show what has all of ``words``."""
        if words != self._words:
            self._words = words
            self.invalidate()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; by none the layers are in the order in which they run, never in the reverse."""
        super().sort(column, order if column >= 0 else Qt.SortOrder.AscendingOrder)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Return whether a layer passes."""
        text = " ".join(str(self.sourceModel().index(row, column, parent).data()) for column in (NAME, OP)).lower()
        return all(word in text for word in self._words)


def _row(layer: Layer, field: Field, whole: bool) -> list[QStandardItem]:
    path, main = field.path, field.main_path
    texts = (
        layer.id,
        operation(layer),
        shape(layer.output),
        ("≤ " if field.certainty == "upper bound" else "") + across(path.size) if path else "–",
        across(path.stride) if path and any(path.stride) else "–",
        across(path.start, ", ") if path and any(path.stride) else "–",
        _(CERTAINTIES[field.certainty]),
        across(main.size) if main else "",
    )
    values: tuple[object, ...] = (
        layer.id,
        texts[OP],
        _product(layer.output),
        _product(path.size) if path else -1.0,
        _product(path.stride) if path else -1.0,
        float(path.start[0]) if path else 0.0,
        list(CERTAINTIES).index(field.certainty),
        _product(main.size) if main else -1.0,
    )
    words = "\n".join(told(field, whole))
    cells = [QStandardItem(text) for text in texts]
    for column, (cell, value) in enumerate(zip(cells, values, strict=True)):
        cell.setData(value, VALUE)
        cell.setToolTip(layer.id if column == NAME else words)
        if column in _RIGHT:
            cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    cells[NAME].setData(layer.id, LAYER)
    return cells


def _product(sides: Sequence[int] | Sequence[Fraction]) -> float:
    found = 1.0
    for side in sides:
        found *= float(side)
    return found
