"""An architecture as rows that fold, with the share of each in the network's weights and work as a small bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen, QResizeEvent, QStandardItem
from PySide6.QtGui import QStandardItemModel as Model
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from explorer.graph import table
from explorer.graph.blocks import Block, Outline, operation
from explorer.graph.values import Graph, Layer
from explorer.text import N_, _
from ui import theme
from ui.widgets import marks
from ui.widgets.layer_list import shorten
from ui.widgets.network_list import triangle
from ui.widgets.numbers import percent, shape
from ui.widgets.tables import align_heads, as_table

Index = QModelIndex | QPersistentModelIndex
LAYER, VALUE, SHARE = (Qt.ItemDataRole.UserRole + n for n in range(3))
NAME, OP, OUTPUT, PARAMETERS, MACS, INPUTS = range(6)
HEADS = (N_("Layer"), N_("Op"), N_("Output"), N_("Parameters"), N_("MACs"), N_("Inputs"))
MOST_OPEN = 60
"""So many rows show at first; blocks fold until there are no more."""
_WIDTHS = (205, 130, 110, 135, 170, 110)
_GIVE_WAY = {NAME: 140, OP: 100, INPUTS: 100}
"""The columns that become narrower where there is little room, and how narrow."""
_PAD = 6
_STEP = 14


class ArchitectureView(QTreeView):
    """The table itself.

    Signals:
        chosen: id of the layer in the current row.
        opened: id of the layer of the row on which Enter or a double click fell.
    """

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graph: Graph | None = None
        self._flat = self._fitting = self._by_hand = False
        self._message = ""
        self._rows: dict[str, QStandardItem] = {}
        self._outline: Outline | None = None
        self._model, self._passing = Model(self), _Passing(self)
        self._passing.setSourceModel(self._model)
        self.setModel(self._passing)
        self.setItemDelegate(_Cells(self))
        as_table(self)
        self.setRootIsDecorated(False)
        self.setIndentation(_STEP)
        self.setExpandsOnDoubleClick(False)
        header = self.header()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.sectionResized.connect(self._keep)
        self.clicked.connect(self._fold)
        self.doubleClicked.connect(self._open)

    @property
    def graph(self) -> Graph | None:
        """The network that is shown."""
        return self._graph

    @property
    def flat(self) -> bool:
        """Whether every op is a row of its own, without blocks."""
        return self._flat

    def show_graph(self, graph: Graph | None) -> None:
        """Show a network, or none."""
        if graph is not self._graph:
            self._graph = graph
            self._fill()

    def set_flat(self, flat: bool) -> None:
        """Show every op as a row, or blocks that fold."""
        if flat != self._flat:
            self._flat = flat
            self._fill()

    def search(self, text: str) -> None:
        """Show only ops in whose name and op every word is, with the blocks around them."""
        self._passing.set_words(text.lower().split())
        self._unfold()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._model.setHorizontalHeaderLabels([_(head) for head in HEADS])
        self._align_heads()

    def fit_columns(self) -> None:
        """Give the columns room for the text of the current size."""
        widths = [theme.px(width) for width in _WIDTHS]
        missing = sum(widths) - self.viewport().width()
        for column, least in _GIVE_WAY.items():
            given = min(max(missing, 0), max(widths[column] - theme.px(least), 0))
            widths[column] -= given
            missing -= given
        self._fitting = True
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)
        self._fitting = False

    def select(self, id: str) -> None:
        """Make the row of the layer ``id`` the current one and unfold what hides it, without choosing it again."""
        item = self._rows.get(id)
        index = QModelIndex() if item is None else self._passing.mapFromSource(item.index())
        if index.row() != self.currentIndex().row() or index.parent() != self.currentIndex().parent():
            blocked = self.blockSignals(True)
            self.setCurrentIndex(index)
            self.blockSignals(blocked)
            if index.isValid():
                self.scrollTo(index)
            self.viewport().update()

    def layers(self, selected: bool = False) -> list[Layer]:
        """Return the layers that pass, or those of the selected rows, in the order of the table."""
        wanted = {(i.row(), i.parent()) for i in self.selectionModel().selectedRows()} if selected else set()
        found: list[Layer] = []

        def walk(parent: QModelIndex, taken: bool) -> None:
            for row in range(self._passing.rowCount(parent)):
                index = self._passing.index(row, 0, parent)
                mine = taken or (row, parent) in wanted
                layer = index.data(LAYER)
                if isinstance(layer, Layer) and (mine or not selected):
                    found.append(layer)
                walk(index, mine)

        walk(QModelIndex(), False)
        return found

    def copy(self) -> None:
        """Put the selected rows on the clipboard, a block as all of its ops."""
        if layers := self.layers(selected=True):
            QGuiApplication.clipboard().setText(table.as_text(layers))

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
        if isinstance(layer := _first(current).data(LAYER), Layer):
            self.chosen.emit(layer.id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew, unless the person has."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width() and not self._by_hand:
            self.fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, open a layer, or fold a block."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._fold(self.currentIndex())
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Paint nothing: a block's row has its own triangle."""

    def paintEvent(self, event: object) -> None:
        """Paint the rows, or the message."""
        super().paintEvent(event)  # type: ignore[arg-type]
        if self._message:
            painter = QPainter(self.viewport())
            marks.message(painter, self.viewport().rect().toRectF(), self._message, theme.current().dim)

    # inner

    def _fill(self) -> None:
        blocked = self.blockSignals(True)
        self._model.clear()
        self._rows.clear()
        graph = self._graph
        self._outline = None if graph is None else Outline(graph)
        if graph is not None and self._outline is not None:
            totals = _sums(graph.layers)
            if self._flat:
                for layer in graph:
                    self._add(self._model.invisibleRootItem(), layer, totals)
            else:
                self._add_block(self._model.invisibleRootItem(), self._outline.root, graph, totals)
        self.retranslate()
        self.fit_columns()
        self._unfold()
        self.blockSignals(blocked)

    def _add_block(self, parent: QStandardItem, block: Block, graph: Graph, totals: tuple[int, int]) -> None:
        place = block.start
        for inner in block.blocks:
            for layer in graph.layers[place : inner.start]:
                self._add(parent, layer, totals)
            layers = graph.layers[inner.start : inner.stop]
            sums = _sums(layers)
            count = _("{count} ops").format(count=len(layers))
            row = _row(inner.path, count, layers[-1].output, sums, totals, "")
            row[0].setData(inner.id, LAYER)
            parent.appendRow(row)
            self._add_block(row[0], inner, graph, totals)
            place = inner.stop
        for layer in graph.layers[place : block.stop]:
            self._add(parent, layer, totals)

    def _add(self, parent: QStandardItem, layer: Layer, totals: tuple[int, int]) -> None:
        inputs = ", ".join(layer.inputs)
        row = _row(layer.id, operation(layer), layer.output, (layer.parameters, layer.macs), totals, inputs)
        row[0].setData(layer, LAYER)
        self._rows[layer.id] = row[0]
        parent.appendRow(row)

    def _unfold(self) -> None:
        """Unfold everything while something is searched for; else as far as few rows show."""
        if self._outline is None or self._flat:
            return
        folded = frozenset() if self._passing.words else self._outline.default(MOST_OPEN)

        def walk(parent: QModelIndex) -> None:
            for row in range(self._passing.rowCount(parent)):
                index = self._passing.index(row, 0, parent)
                if isinstance(block := index.data(LAYER), str):
                    self.setExpanded(index, block not in folded)
                    walk(index)

        walk(QModelIndex())

    def _align_heads(self) -> None:
        align_heads(self._model, (PARAMETERS, MACS))

    @Slot(int)
    def _keep(self, column: int) -> None:
        """Leave the columns as the person has drawn them; the last one follows the width by itself."""
        self._by_hand = self._by_hand or not (self._fitting or column == INPUTS)

    @Slot(QModelIndex)
    def _fold(self, index: QModelIndex) -> None:
        first = index.siblingAtColumn(0)
        if isinstance(first.data(LAYER), str):
            self.setExpanded(first, not self.isExpanded(first))

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        if isinstance(layer := index.siblingAtColumn(0).data(LAYER), Layer):
            self.opened.emit(layer.id)


class _Passing(QSortFilterProxyModel):
    """The ops that are searched for, with the blocks around them; numbers sorted as numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words: list[str] = []
        self.setRecursiveFilteringEnabled(True)
        self.setSortRole(VALUE)

    def set_words(self, words: list[str]) -> None:
        """Show what has all of ``words``."""
        if words != self.words:
            self.words = words
            self.invalidate()  # the filter alone would put back in another order what it had taken away

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; by none the ops are in the order in which they run, never in the reverse."""
        super().sort(column, order if column >= 0 else Qt.SortOrder.AscendingOrder)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Return whether an op itself passes; its blocks follow."""
        layer = self.sourceModel().index(row, 0, parent).data(LAYER)
        if not isinstance(layer, Layer):
            return not self.words
        text = f"{layer.id} {layer.op}".lower()
        return all(word in text for word in self.words)


class _Cells(QStyledItemDelegate):
    """Paints a cell; of numbers also the bar of their share."""

    def __init__(self, view: ArchitectureView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row."""
        return QSize(60, theme.px(26))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        colours, rect = theme.current(), QRect(option.rect)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.selected if selected else colours.raised))
        is_block = isinstance(_first(index).data(LAYER), str)
        quiet = theme.mix(colours.dim, colours.text, 0.35) if selected else colours.dim
        if index.column() in (PARAMETERS, MACS):
            self._paint_number(painter, rect, index, quiet)
        else:
            if index.column() == NAME and is_block:
                centre = QPointF(rect.left() + _PAD + 3, rect.center().y() + 0.5)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(quiet))
                painter.drawPolygon(triangle(centre, 8, self._view.isExpanded(index)))
            left = _PAD + (12 if index.column() == NAME else 0)
            area = rect.adjusted(left, 0, -_PAD, 0)
            strong = index.column() in (NAME, OUTPUT) and not (is_block and index.column() == OUTPUT)
            painter.setPen(QColor(colours.text if strong else quiet))
            text = str(index.data() or "")
            metrics = painter.fontMetrics()
            if index.column() == NAME:
                text = shorten(text, metrics, area.width())
            else:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
        if index.row() == self._view.currentIndex().row() and self._view.hasFocus() and self._is_current(index):
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _is_current(self, index: Index) -> bool:
        return index.parent() == self._view.currentIndex().parent()

    def _paint_number(self, painter: QPainter, rect: QRect, index: Index, quiet: str) -> None:
        """Paint the number at the right, and before it its share as a bar in the cell's left part."""
        colours, value, share = theme.current(), index.data(VALUE), float(index.data(SHARE) or 0.0)
        if not value:
            painter.setPen(QColor(quiet))
            painter.drawText(
                rect.adjusted(0, 0, -_PAD, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "–"
            )
            return
        room = min(theme.px(46), rect.width() // 3)
        track = QRectF(rect.left() + _PAD, rect.center().y() - 2, room, 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(track, 2.5, 2.5)
        painter.setBrush(QColor(colours.accent))
        track.setWidth(max(track.width() * share, 2.0))
        painter.drawRoundedRect(track, 2, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        area = rect.adjusted(_PAD + room + 6, 0, -_PAD, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(QColor(colours.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


def _row(
    name: str, op: str, output: tuple[int, ...], counts: tuple[int, int], totals: tuple[int, int], inputs: str
) -> list[QStandardItem]:
    cells = [QStandardItem(text) for text in (name, op, shape(output), *(f"{count:,}" for count in counts), inputs)]
    cells[NAME].setData(name, VALUE)
    cells[OP].setData(op, VALUE)
    cells[OUTPUT].setData(_product(output), VALUE)
    cells[INPUTS].setData(inputs, VALUE)
    for column, count, total in zip((PARAMETERS, MACS), counts, totals, strict=True):
        share = count / total if total else 0.0
        cells[column].setData(float(count), VALUE)
        cells[column].setData(share, SHARE)
        cells[column].setToolTip(_("{share} of the network").format(share=percent(share, fine=True)))
    for column in (NAME, INPUTS):
        cells[column].setToolTip(cells[column].text())
    return cells


def _first(index: Index) -> QModelIndex:
    """Return the first cell of a cell's row, which knows what the row is."""
    return index.sibling(index.row(), 0)


def _sums(layers: Sequence[Layer]) -> tuple[int, int]:
    return sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)


def _product(output: tuple[int, ...]) -> float:
    cells = 1.0
    for side in output:
        cells *= side
    return cells
