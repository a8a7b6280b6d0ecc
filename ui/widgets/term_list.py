"""The terms of one value as a table: names, the two numbers, their product, and the sum so far."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from explorer.arithmetic.numbers import shown
from explorer.arithmetic.trace import Term, Trace
from explorer.text import N_, _
from ui import theme

Index = QModelIndex | QPersistentModelIndex
LECTURE, INDEXED, VALUE, WEIGHT, PRODUCT, SUM = range(6)
_HEADS = (N_("term"), N_("place"), N_("x"), N_("w"), N_("product"), N_("sum so far"))
_DIGITS = 6


class TermModel(QAbstractTableModel):
    """Makes a row's words when it is looked at: a value may have thousands of terms."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trace: Trace | None = None
        self._running: tuple[float, ...] = ()

    def take(self, trace: Trace) -> None:
        """Show another value's terms."""
        self.beginResetModel()
        self.trace, self._running = trace, trace.running
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """Return the number of terms."""
        return 0 if self.trace is None or parent.isValid() else len(self.trace.terms)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """Return the number of columns."""
        return len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's heading."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                if section == SUM and self.trace is not None and self.trace.kind == "max":
                    return _("largest so far")
                return _(_HEADS[section])
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text."""
        if self.trace is None or not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(20, theme.px(21))
        term = self.trace.terms[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(term, index.row(), index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == LECTURE:
            texts = (self._text(term, index.row(), column) for column in range(len(_HEADS)))
            return ", ".join(filter(None, texts))
        if role == Qt.ItemDataRole.ToolTipRole and term.padded:
            return _("The window reads it in the padding.")
        return None

    def _text(self, term: Term, row: int, column: int) -> str:
        assert self.trace is not None
        weighted = term.weight_at is not None
        name = f"x{term.number}" if term.number else "0"
        if column == LECTURE:
            dot = "" if term.number else "·"
            return f"w{term.weight_number}{dot}{name}" if weighted else name
        if column == INDEXED:
            source = "0" if term.source is None else f"x[{_joined(term.source)}]"
            if term.weight_at is None:
                return source
            if self.trace.kind == "fc":
                return f"w[{self.trace.at[0]},{term.weight_number - 1}]·x[{term.number - 1}]"
            return f"w[{_joined(term.weight_at)}]·{source}"
        if column == VALUE:
            return shown(term.value, _DIGITS)
        if column == WEIGHT:
            return shown(term.weight, _DIGITS) if weighted else ""
        return shown(term.product if column == PRODUCT else self._running[row], _DIGITS)


class TermList(QTreeView):
    """The terms in the order in which they are added.

    Signals:
        term_changed: the chosen ``Term``, or None.
    """

    term_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = TermModel(self)
        self.setModel(self.rows)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlternatingRowColors(True)
        self.header().setSectionsMovable(False)
        self.header().setMinimumSectionSize(24)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.header().setStretchLastSection(False)
        self.selectionModel().currentRowChanged.connect(self._tell)

    def show_trace(self, trace: Trace) -> None:
        """Show a value's terms."""
        weighted = trace.kind in ("conv", "fc")
        self.rows.take(trace)
        self.setColumnHidden(WEIGHT, not weighted)
        self.setColumnHidden(PRODUCT, not weighted and trace.kind != "l2")
        self._fit()

    def term(self) -> Term | None:
        """Return the chosen term."""
        row = self.currentIndex().row()
        trace = self.rows.trace
        return trace.terms[row] if trace is not None and 0 <= row < len(trace.terms) else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew."""
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _tell(self) -> None:
        self.term_changed.emit(self.term())

    def _fit(self) -> None:
        shares = {LECTURE: 5, INDEXED: 8, VALUE: 4, WEIGHT: 4, PRODUCT: 6, SUM: 7}
        seen = {column: share for column, share in shares.items() if not self.isColumnHidden(column)}
        width, whole = self.viewport().width(), sum(seen.values())
        for column, share in seen.items():
            self.setColumnWidth(column, width * share // whole)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (LECTURE, INDEXED) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _joined(at: tuple[int, ...]) -> str:
    return ",".join(map(str, at))
