"""The architecture of one network as a table: every op with its shape, its weights and its work."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from explorer.graph import summary
from explorer.render.graph_svg import graph_csv
from explorer.text import _, ngettext
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.surveys import Surveys
from ui.widgets.architecture_view import ArchitectureView
from ui.widgets.details_button import DetailsButton, row_of
from ui.widgets.elided import ElidedLabel
from ui.widgets.network_list import Entry
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, content


class NetworkTable(Panel):
    """A table that sorts, folds, searches and copies; a chosen row is chosen in Explore too.

    Signals:
        opened: id of the layer that the person wants to see in Explore.
    """

    opened = Signal(str)

    def __init__(self, store: Store, controller: Controller, surveys: Surveys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller, self._surveys = store, controller, surveys
        self._entry: Entry | None = None
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.flat = QToolButton(self)
        self.flat.setCheckable(True)
        self.export = QToolButton(self)
        theme.set_icon(self.export, "export")
        for button in (self.flat, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.again, self.details = QPushButton(self), DetailsButton(self)
        self.again.hide()
        self.view = ArchitectureView(self)
        self.totals = ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self.totals.setObjectName("dim")
        bar = QHBoxLayout()
        bar.setSpacing(6)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.flat)
        bar.addWidget(self.export)
        self.body.addLayout(bar)
        self.body.addWidget(self.view, 1)
        self.body.addLayout(row_of(self.again, self.details))
        self.body.addWidget(self.totals)

        self.search.textChanged.connect(self._search)
        self.flat.toggled.connect(self.view.set_flat)
        self.flat.toggled.connect(self._take_recipe)
        self.export.clicked.connect(self._export)
        self.again.clicked.connect(self._ask_again)
        self.details.wanted.connect(controller.details_wanted)
        self.view.chosen.connect(self._choose)
        self.view.opened.connect(self.opened)
        surveys.changed.connect(self._take_survey)
        store.recipe_changed.connect(self._take_recipe)
        self.retranslate()

    def show_network(self, entry: Entry | None) -> None:
        """Show the layers of a network; they are asked for when the page is seen."""
        self._entry = entry
        self._show()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.search.setPlaceholderText(_("Filter layers …"))
        self.search.setAccessibleName(_("Filter layers by name or op"))
        self.flat.setText(_("Every op"))
        self.flat.setToolTip(_("Every op as a row of its own, without blocks: so the whole network can be sorted"))
        self.export.setToolTip(_("Export the table (CSV)…"))
        self.export.setAccessibleName(_("Export the table (CSV)…"))
        self.again.setText(_("Try again"))
        self.view.setAccessibleName(_("Layers of the network"))
        self.view.retranslate()
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Follow also a change of the text's size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "view"):
            self.view.fit_columns()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the search to the table with the arrow keys."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.view.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _take_survey(self, name: str) -> None:
        if self._entry is not None and self._entry.card.name == name:
            self._show()

    @Slot()
    def _take_recipe(self) -> None:
        if self._loaded():
            self.view.select(self._store.recipe.layer)

    def _show(self) -> None:
        name = self._entry.card.name if self._entry else ""
        known = self._surveys.of(name) if name else None
        failed = self._surveys.failed(name) if name else None
        self.view.show_graph(known.graph if known else None)
        self.again.setVisible(failed is not None)
        self.details.show_problem(failed)
        self.export.setEnabled(known is not None)
        title = self._entry.card.title if self._entry else ""
        if failed is not None:
            self.view.set_message(str(failed.error))
        elif known is not None:
            self._say_what_passes()
        elif name:
            self.view.set_message(_("Looking at every layer of {network} …").format(network=title))
        else:
            self.view.set_message(_("Choose a network in the list: its layers appear here."))
        self.totals.setText("")
        if known is not None:
            totals = summary.totals(known.graph)
            ops = ngettext("{count} op", "{count} ops", totals.ops).format(count=f"{totals.ops:,}")
            words = _("Total: {ops} · {parameters} parameters · {macs} MACs · {depth} layers with weights in a row")
            numbers = {"parameters": f"{totals.parameters:,}", "macs": f"{totals.macs:,}", "depth": totals.depth}
            self.totals.setText(words.format(ops=ops, **numbers))
        self.set_title(_("Layers"), title)
        self._take_recipe()

    def _say_what_passes(self) -> None:
        if self.view.layers():
            self.view.set_message("")
        else:
            words = self.search.text().strip()
            self.view.set_message(_("No layer matches “{text}”. Change or clear the filter.").format(text=words))

    @Slot(str)
    def _search(self, text: str) -> None:
        self.view.search(text)
        if self.view.graph is not None:
            self._say_what_passes()

    def _loaded(self) -> bool:
        """Whether the network that is shown is the one that Explore looks through."""
        return self._entry is not None and self._entry.card.name == self._store.recipe.network

    @Slot(str)
    def _choose(self, layer: str) -> None:
        if self._loaded():
            self._controller.change(layer=layer)

    @Slot()
    def _ask_again(self) -> None:
        if self._entry is not None:
            self._surveys.want(self._entry.card.name, again=True)
            self._show()

    @Slot()
    def _export(self) -> None:
        if self._entry is None or self.view.graph is None:
            return
        title = _("Export the table (CSV)…")
        if path := ask_where(self, title, self._entry.card.title, "csv"):
            self._controller.save(path, content(graph_csv(self.view.graph).encode()))
