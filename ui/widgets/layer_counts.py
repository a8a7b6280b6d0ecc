"""Layers over many frames: shares of zeros, and how many channels are dead, constant or saturated; and which."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from explorer.overtime.values import LayerSpan
from explorer.text import N_, _, ngettext
from ui import theme
from ui.widgets.numbers import percent
from ui.widgets.tables import align_heads, as_table

_HEADS = (N_("Layer"), N_("Zeros"), N_("Mean"), N_("Dead"), N_("Constant"), N_("Saturated"), N_("NaN"))
_WIDEST = ("", "100.0 %", "100.0 %", "0000", "0000", "0000", "0000")
_NAN = len(_HEADS) - 1
_SORT, _CHANNEL = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_NONE = "–"
KINDS = {
    "dead": N_("{channel} dead"),
    "constant": N_("{channel} constant"),
    "saturated": N_("{channel} saturated"),
    "nan": N_("{channel} NaN"),
}
"""What a channel is called in the list, by what is wrong with it."""


class LayerCounts(QWidget):
    """A table of layers, and below it the channels of the chosen one.

    Signals:
        layer_wanted: a layer's id, to go there.
        channel_wanted: a layer's id and a channel, to go there.
    """

    layer_wanted = Signal(str)
    channel_wanted = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: dict[str, LayerSpan] = {}
        self._share = 1.0
        self._rows: dict[str, list[QStandardItem]] = {}
        self._listed: tuple[tuple[str, int], ...] | None = None
        self.table, self._model = QTreeView(self), QStandardItemModel(0, len(_HEADS), self)
        self._model.setSortRole(_SORT)
        self.table.setModel(self._model)
        as_table(self.table)
        self.table.setRootIsDecorated(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideLeft)  # the end tells a layer from its neighbours
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(theme.px(36))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionMode(QTreeView.SelectionMode.SingleSelection)
        self.note, self.list = QLabel(self), QListWidget(self)
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setWrapping(True)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setUniformItemSizes(False)
        self.list.setSpacing(2)
        self.list.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        column.addWidget(self.list)
        self.table.selectionModel().selectionChanged.connect(self._choose)
        self.table.activated.connect(self._want_layer)
        self.list.itemActivated.connect(self._want_channel)
        self.list.itemClicked.connect(self._want_channel)

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self._model.setHorizontalHeaderLabels([_(head) for head in _HEADS])
        align_heads(self._model, range(1, len(_HEADS)))
        for column, tip in (
            (1, _("Share of zeros in the newest frame")),
            (2, _("Mean share of zeros over the frames")),
        ):
            self._model.setHeaderData(column, Qt.Orientation.Horizontal, tip, Qt.ItemDataRole.ToolTipRole)
        self.table.setAccessibleName(_("Layers over time"))
        self.list.setAccessibleName(_("Channels of the layer that are dead, constant, saturated or NaN"))
        self.table.setToolTip(_("Enter or a double click shows the layer's maps"))
        self.fit_columns()
        self._listed = None
        self._list()

    def fit_columns(self) -> None:
        """Give the numbers the room that they need, and the names the rest."""
        metrics, header = self.table.fontMetrics(), self.table.header()
        for column in range(1, len(_HEADS)):
            head, number = (metrics.horizontalAdvance(text) for text in (_(_HEADS[column]), _WIDEST[column]))
            header.resizeSection(column, max(head + theme.px(14), number + theme.px(8)))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the text's size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "list"):
            self.fit_columns()

    def show_layers(self, layers: Mapping[str, LayerSpan], share: float) -> None:
        """Show these; ``share`` of its cells at a bound make a channel saturated."""
        self._layers, self._share = dict(layers), share
        if list(self._rows) != list(layers):
            self._rows = {}
            self._model.removeRows(0, self._model.rowCount())
            for name in layers:
                self._rows[name] = items = [QStandardItem() for _head in _HEADS]
                items[0].setText(name)
                items[0].setToolTip(name)
                items[0].setData(len(self._rows), _SORT)
                for item in items[1:]:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._model.appendRow(items)
        for name, span in layers.items():
            self._write(self._rows[name], span)
        self.table.setColumnHidden(_NAN, not any(span.broken for span in layers.values()))
        self._list()

    def choose(self, layer: str) -> None:
        """Choose a layer's row, if it has one and none is chosen yet."""
        if layer in self._rows and not self.chosen:
            self.table.setCurrentIndex(self._rows[layer][0].index())

    @property
    def chosen(self) -> str:
        """The chosen layer, or ""."""
        index = self.table.currentIndex()
        return str(index.siblingAtColumn(0).data()) if index.isValid() else ""

    def sizeHint(self) -> QSize:
        """Return room for a table."""
        return QSize(360, theme.px(320))

    def _write(self, items: list[QStandardItem], span: LayerSpan) -> None:
        dead = len(span.dead) if span.rule.clips else None
        constant = None if span.rule.clips else len(span.constant)
        saturated = len(span.saturated(self._share)) if span.rule.bounded else None
        shares, counts = (span.zeros, span.zeros_mean), (dead, constant, saturated)
        for item, share in zip(items[1:3], shares, strict=True):
            _put(item, percent(share, fine=True), share)
        for item, count in zip(items[3:6], counts, strict=True):
            _put(item, _NONE if count is None else str(count), -1 if count is None else count)
        _put(items[6], str(len(span.broken)), len(span.broken))

    @Slot(QItemSelection)
    def _choose(self, _selected: QItemSelection) -> None:
        self._list()

    def _list(self) -> None:
        span = self._layers.get(self.chosen)
        found: tuple[tuple[str, int], ...] = ()
        if span is not None:
            saturated = span.saturated(self._share)
            kinds = {"nan": span.broken, "dead": span.dead, "constant": span.constant, "saturated": saturated}
            found = tuple((kind, channel) for kind, channels in kinds.items() for channel in channels)
        self.note.setText(self._words(span, len({channel for _kind, channel in found})))
        if found != self._listed:
            self._listed = found
            self.list.clear()
            for kind, channel in found:
                item = QListWidgetItem(_(KINDS[kind]).format(channel=channel))
                item.setData(_CHANNEL, channel)
                self.list.addItem(item)
            self._fit_list()

    def _fit_list(self) -> None:
        """Give the channels the rows that they need, up to a third of the height, and the layers the rest."""
        self.list.setVisible(self.list.count() > 0)
        if self.list.count():
            self.list.doItemsLayout()
            last = self.list.visualItemRect(self.list.item(self.list.count() - 1))
            needed = last.bottom() + self.list.verticalScrollBar().value() + theme.px(8)
            self.list.setFixedHeight(min(needed, max(self.height() // 3, theme.px(32))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height out anew."""
        super().resizeEvent(event)
        self._fit_list()

    def _words(self, span: LayerSpan | None, count: int) -> str:
        if span is None:
            return _("Choose a layer: its dead, constant and saturated channels appear here.")
        frames = ngettext("{count} frame", "{count} frames", span.frames).format(count=span.frames)
        words = _("{layer}: {found} of {channels} channels, over {frames}.")
        return words.format(layer=span.layer, found=count, channels=span.channels, frames=frames)

    @Slot(QModelIndex)
    def _want_layer(self, index: QModelIndex) -> None:
        self.layer_wanted.emit(str(index.siblingAtColumn(0).data()))

    @Slot(QListWidgetItem)
    def _want_channel(self, item: QListWidgetItem) -> None:
        self.channel_wanted.emit(self.chosen, int(item.data(_CHANNEL)))


def _put(item: QStandardItem, text: str, key: float) -> None:
    if item.text() != text:
        item.setText(text)
    if item.data(_SORT) != key:
        item.setData(key, _SORT)
