"""The terms of a value as a table: where each number comes from, the number, its weight, product and share."""

from __future__ import annotations

import math

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from explorer.opened.values import Opened, Term
from explorer.text import _
from ui import theme
from ui.widgets import arithmetic_words as words
from ui.widgets.number_grid import NEGATIVE, POSITIVE
from ui.widgets.numbers import percent
from ui.widgets.tables import align_heads

CELL, VALUE, WEIGHT, PRODUCT = range(4)
_TERM, _SHARE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_NUMBER, _LAST = 51, 56
"""Width of a column of numbers, and of the one in which bold sums stand, px at text size 1."""
Index = QModelIndex | QPersistentModelIndex


class TermsTable(QTreeView):
    """One row a term, then one a step; as high as its rows, for it is scrolled together with what stands above.

    Signals:
        opened: the unit of the term that was clicked, or on which Enter fell.
        term_changed: the term of the current row, or None.
    """

    opened = Signal(object)
    term_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QStandardItemModel(self)
        self.setModel(self._rows)
        self.setItemDelegate(_Bars(self))
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self._open)
        self.selectionModel().currentChanged.connect(self._tell)

    def show_opened(self, opened: Opened | None) -> None:
        """Show the terms and steps of a value, or none; the row that was current stays where it was."""
        row = self.currentIndex().row()
        blocked = self.selectionModel().blockSignals(True)
        self._rows.clear()
        self._set_heads(opened)
        if opened is not None:
            alone = bool(words.one_layer(opened))
            for term in opened.terms:
                self._rows.appendRow(_term_row(opened, term, alone))
            for line, whole in zip(words.sums(opened, words.short), words.sums(opened, words.full), strict=True):
                self._rows.appendRow(_step_row(*line, told=" ".join(filter(None, (*whole[:2], "=", whole[2])))))
            weighted = any(term.weight is not None for term in opened.terms)
            self.setColumnHidden(WEIGHT, not weighted)
        self._fit()
        self.setCurrentIndex(self._rows.index(max(0, min(row, self._rows.rowCount() - 1)), 0))
        self.selectionModel().blockSignals(blocked)
        self._tell()

    def term(self) -> Term | None:
        """Return the term of the current row, or None."""
        found = self.currentIndex().siblingAtColumn(CELL).data(_TERM)
        return found if isinstance(found, Term) else None

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        rows, height = self._rows.rowCount(), self.sizeHintForRow(0)
        return QSize(theme.px(230), self.header().sizeHint().height() + rows * max(height, theme.px(18)) + 4)

    def minimumSizeHint(self) -> QSize:
        """Return the same height: nothing scrolls in here."""
        return QSize(theme.px(200), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the term's own arithmetic."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew."""
        super().resizeEvent(event)
        self._fit()

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        term = index.siblingAtColumn(CELL).data(_TERM)
        if isinstance(term, Term) and term.cell is not None:
            self.opened.emit(term.cell)

    @Slot()
    def _tell(self) -> None:
        self.term_changed.emit(self.term())

    def _set_heads(self, opened: Opened | None) -> None:
        symbol = "w·x" if opened is not None and "w·x" in opened.formula else _("Term")
        heads = (
            ("[c, y, x]", _("Channel, row and column that the number comes from")),
            ("x", _("The number")),
            ("w", _("What it is multiplied with")),
            (symbol, _("What it gives; the bar is its share")),
        )
        self._rows.setHorizontalHeaderLabels([text for text, _told in heads])
        for column, (_text, told) in enumerate(heads):
            self._rows.setHeaderData(column, Qt.Orientation.Horizontal, told, Qt.ItemDataRole.ToolTipRole)

    def _fit(self) -> None:
        for column in (VALUE, WEIGHT, PRODUCT):
            self.setColumnWidth(column, theme.px(_LAST if column == PRODUCT else _NUMBER))
        align_heads(self._rows, (VALUE, WEIGHT, PRODUCT))
        align_heads(self._rows, (CELL,), Qt.AlignmentFlag.AlignLeft)
        numbers = sum(self.columnWidth(c) for c in (VALUE, WEIGHT, PRODUCT) if not self.isColumnHidden(c))
        self.setColumnWidth(CELL, max(self.viewport().width() - numbers, theme.px(40)))
        self.setFixedHeight(self.sizeHint().height())


def _term_row(opened: Opened, term: Term, alone: bool) -> list[QStandardItem]:
    share, most = opened.share(term), max(opened.share(other) for other in opened.terms)
    texts = (
        words.cell(term, alone),
        words.short(term.value),
        "" if term.weight is None else words.short(term.weight),
        words.short(term.product),
    )
    row = [QStandardItem(text) for text in texts]
    row[CELL].setData(term, _TERM)
    row[PRODUCT].setData(math.copysign(share / most, term.product) if most else 0.0, _SHARE)
    whole = f"{words.cell(term)}: {words.full(term.value)}"
    if term.weight is not None:
        whole += f" × {words.full(term.weight)} = {words.full(term.product)}"
    hint = _("Click for its own arithmetic") if term.cell is not None else ""
    for item in row:
        font = item.font()
        font.setItalic(term.mark == "padding")
        font.setBold(term.mark == "chosen")
        item.setFont(font)
        item.setToolTip("\n".join(line for line in (whole, hint) if line))
    of_all = _("{share} of all").format(share=percent(share))
    row[CELL].setData(f"{whole}, {of_all}", Qt.ItemDataRole.AccessibleTextRole)
    return _aligned(row)


def _step_row(what: str, operand: str, result: str, told: str) -> list[QStandardItem]:
    row = [QStandardItem(text) for text in (what, operand, "", result)]
    for item in row:
        font = item.font()
        font.setBold(item is not row[CELL])  # a bold ÷ of this size looks like a +
        item.setFont(font)
        item.setToolTip(told)
    return _aligned(row)


def _aligned(row: list[QStandardItem]) -> list[QStandardItem]:
    for item in row[VALUE:]:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row


class _Bars(QStyledItemDelegate):
    """Lays a bar below the product, in the colour of its sign; the largest one's is as long as there is room."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the bar, then the cell."""
        share = index.data(_SHARE)
        if isinstance(share, float) and share:
            rect = option.rect.adjusted(2, 2, -2, -2)
            width = max(round(rect.width() * min(abs(share), 1.0)), 1)
            colour = POSITIVE if share > 0 else NEGATIVE
            bar = QRect(rect.right() - width + 1, rect.top(), width, rect.height())
            painter.fillRect(bar, QColor(theme.mix(theme.current().panel, colour, 0.45)))
        super().paint(painter, option, index)
