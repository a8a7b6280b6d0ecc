"""Every layer of the network with a glance at what it sees now; choose one to see its maps."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from explorer.graph.values import Graph, Layer
from explorer.text import _
from explorer.values import Thumbnail
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.layer_list import LayerList, blocks
from ui.widgets.panel import Panel

ALL: tuple[str, ...] = ("*",)
_BLOCKS, _EVERY = "", "*"
_SETTLE_MS = 60
"""How long the list must stand still before other thumbnails are asked for."""


class LayerStrip(Panel):
    """A list of layers, filtered by text and by op, folded to blocks or not."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._graph: Graph | None = None
        self._thumbnails: dict[str, Thumbnail] = {}
        self._revealed: tuple[str | None, int] | None = None
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.show_box = QComboBox(self)
        self.show_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.show_box.setMinimumContentsLength(6)
        self.elsewhere = QPushButton(self)
        self.elsewhere.hide()
        self.list = LayerList(self)
        self.model = self.list.layers
        for widget in (self.search, self.show_box, self.elsewhere):
            self.body.addWidget(widget)
        self.body.addWidget(self.list, 1)

        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask_for_thumbnails)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.show_box.activated.connect(self._filter)
        self.elsewhere.clicked.connect(self._show_every_op)
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.list.installEventFilter(self)
        store.network_changed.connect(self._take_network)
        store.result_changed.connect(self._take_result)
        store.recipe_changed.connect(self._take_recipe)
        store.live_changed.connect(self._ask_for_thumbnails)
        self.retranslate()
        self.restyle()
        self._take_network()
        self._take_result()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.search.setPlaceholderText(_("Filter layers …"))
        self.search.setAccessibleName(_("Filter layers by name or op"))
        self.show_box.setAccessibleName(_("Which layers are listed"))
        self.list.setAccessibleName(_("Layers"))
        self._fill_show_box()
        self._say_what_is_missing()
        self._head()

    def restyle(self) -> None:
        """Take the colours and the text size of the current theme."""
        self.setMinimumWidth(min(theme.px(170), 220))
        self.list.doItemsLayout()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the filter to the list with the arrow keys, and ask for thumbnails when other rows show."""
        if watched is self.list and event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._settle.start()
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.layers:
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
                if not self.list.currentIndex().isValid():
                    self.list.setCurrentIndex(self.model.index(0))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.elsewhere.isHidden():
                self._show_every_op()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    # from the store

    @Slot()
    def _take_network(self) -> None:
        network = self._store.network
        graph = None if network is None else network.graph
        if graph is not self._graph:
            self._graph = graph
            self._thumbnails = {}
            self.list.show_thumbnails({}, self._store.recipe.view.colours)
            self._fill_show_box()
            self._filter()
        self._head()

    @Slot()
    def _take_result(self) -> None:
        result = self._store.result_of_network
        if result is not None:
            self._thumbnails.update(result.thumbnails)
            self.set_frame(result.frame)
            self.list.show_thumbnails(self._thumbnails, self._store.recipe.view.colours)
            self._head()
            if not self._store.recipe.layer:
                self._select()

    @Slot()
    def _take_recipe(self) -> None:
        self.list.show_thumbnails(self._thumbnails, self._store.recipe.view.colours)
        if self._chosen() is not None and self.model.row(self._chosen() or "") is None:
            self._filter()
        self._select()
        self._settle.start()

    @Slot(int)
    def _scrolled(self, _value: int) -> None:
        self._settle.start()

    # to the controller

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and current.data() != self._chosen():
            self._controller.change(layer=str(current.data()))

    @Slot()
    def _ask_for_thumbnails(self) -> None:
        wanted = self._visible() if self._store.live else ALL
        if wanted != self._store.recipe.thumbnails:
            self._controller.adjust(thumbnails=wanted)

    # inner

    def _chosen(self) -> str | None:
        """Return the id of the chosen layer; where the recipe leaves it open, of the shown one."""
        if self._store.recipe.layer:
            return self._store.recipe.layer
        result = self._store.result_with_maps
        return None if result is None else result.view.layer.id

    def _visible(self) -> tuple[str, ...]:
        """Return the ids of the rows that show."""
        return tuple(self.model.layers[row].id for row in self.list.rows_shown())

    @Slot()
    def _filter(self) -> None:
        """List the layers that pass; the chosen one always has its row in the outline."""
        layers = [] if self._graph is None else self._passing(self._graph)
        if list(self.model.layers) != layers:
            blocked = self.list.selectionModel().blockSignals(True)
            self.model.set_layers(layers)
            self.list.selectionModel().blockSignals(blocked)
        self._say_what_is_missing()
        self._select()
        self._head()
        self._settle.start()

    @Slot()
    def _show_every_op(self) -> None:
        self.show_box.setCurrentIndex(self.show_box.findData(_EVERY))
        self._filter()

    def _say_what_is_missing(self) -> None:
        """Say why the list is empty, and where what was looked for would be found."""
        words, found = self.search.text().strip(), 0
        if self._graph is None:
            message = _("The layers appear here as soon as the network is loaded.")
        elif self.model.layers:
            message = ""
        elif found := len(self._passing(self._graph, _EVERY)):
            message = _("No layer matches “{text}” under “{shown}”; under “{all}” {count} do.").format(
                text=words, shown=self.show_box.currentText(), all=_("Every op"), count=found
            )
        else:
            message = _("No layer matches “{text}”. Change or clear the filter.").format(text=words)
        self.list.set_message(message)
        self.elsewhere.setText(_("Show all {count}").format(count=found))
        self.elsewhere.setToolTip(_("Show every op that matches"))
        self.elsewhere.setVisible(found > 0)

    def _passing(self, graph: Graph, show: str = "") -> list[Layer]:
        """Return the layers that pass the filter: those of ``show``, or of the box."""
        show, words = show or self.show_box.currentData() or _BLOCKS, self.search.text().lower().split()
        if show == _BLOCKS:
            outline = {layer.id for layer in blocks(graph)} | {self._chosen()}
            layers = [layer for layer in graph if layer.id in outline]
        else:
            layers = [layer for layer in graph if show in (_EVERY, layer.op)]
        return [layer for layer in layers if all(word in f"{layer.id} {layer.op}".lower() for word in words)]

    def _select(self) -> None:
        """Mark the chosen row and keep it in view, without choosing it again."""
        chosen = self._chosen()
        row = None if chosen is None else self.model.row(chosen)
        index = QModelIndex() if row is None else self.model.index(row)
        if index != self.list.currentIndex():
            self.list.setCurrentIndex(index)
        if index.isValid() and (chosen, index.row()) != self._revealed:
            self.list.scrollTo(index)  # once: a person may then scroll away
            self._revealed = (chosen, index.row())

    def _fill_show_box(self) -> None:
        kept = self.show_box.currentData()
        self.show_box.clear()
        self.show_box.addItem(_("Blocks"), _BLOCKS)
        self.show_box.addItem(_("Every op"), _EVERY)
        if self._graph is not None:
            self.show_box.insertSeparator(2)
            for op, count in sorted(Counter(layer.op for layer in self._graph).items()):
                self.show_box.addItem(f"{op}  ({count})", op)
        self.show_box.setCurrentIndex(max(self.show_box.findData(kept if kept is not None else _BLOCKS), 0))

    def _head(self) -> None:
        total, shown = 0 if self._graph is None else len(self._graph), len(self.model.layers)
        title, detail = _("Layers"), f"{shown}/{total}" if total else ""
        result, network = self._store.result, self._store.network
        trained = result.trained if result is not None else network is None or network.trained
        head = (title, detail, trained)
        if head != self.property("head"):
            self.setProperty("head", head)
            self.set_title(title, detail)
            listed = _("{shown} of the network's {total} layers are listed").format(shown=shown, total=total)
            self._detail.setToolTip(listed if total else "")
            self.set_badge("" if trained else _("untrained"), "warning")
