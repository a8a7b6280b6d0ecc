"""The place of all networks: the list, and of the chosen one its card, its layers, and another beside it."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Answered
from explorer.questions import Everything, Zoo
from explorer.text import _
from explorer.zoo.card import Card, Preparation
from explorer.zoo.own import is_own
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.panels.compare import Compare
from ui.panels.kernels import KernelsPanel
from ui.panels.network_card import NetworkCard
from ui.panels.network_graph import NetworkGraph
from ui.panels.network_table import NetworkTable
from ui.panels.overview import Overview
from ui.panels.receptive_field import ReceptiveField
from ui.panels.weights import WeightsPanel
from ui.places.of_loaded import OfLoaded
from ui.places.training import TrainingPage
from ui.store import Store
from ui.surveys import Surveys
from ui.widgets.elided import ElidedLabel
from ui.widgets.network_list import Entry, NetworkList, title_of
from ui.widgets.panel import Panel

_REST_MS = 150
"""So long a row must be chosen before its layers are asked for: the arrow keys walk past many."""
_UNKNOWN = Preparation((3, 224, 224), 256, "bilinear", (0.0,), (1.0,))


PAGES = ("card", "weights", "table", "graph", "overview", "kernels", "receptive", "compare", "stacks", "training")
"""The tabs from left to right."""


class Networks(QWidget):
    """Choosing a network shows it without loading it; Enter, or the button, opens it in Explore.

    Signals:
        explore_wanted: the person wants to see the network in Explore.
    """

    explore_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._timm: tuple[str, ...] = ()
        self._asked = False
        self._entries: dict[str, Entry] = {}
        self.surveys = Surveys(store, controller, self)
        self.search, self.list = QLineEdit(self), NetworkList(self)
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.side = Panel(self)
        self.side.body.addWidget(self.search)
        self.side.body.addWidget(self.list, 1)
        self.file = QToolButton(self)
        self.file.setDefaultAction(actions["open_network"])
        self.file.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.file.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.file.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.side.body.addWidget(self.file)

        self.title, self.facts = ElidedLabel(self, letters=12), ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self.title.setObjectName("heading")
        self.facts.setObjectName("dim")
        self.loaded = ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self.loaded.setObjectName("badge")
        self.open = QPushButton(self)
        self.open.setDefault(True)
        self.open.clicked.connect(self._open_chosen)
        self.tabs, self.pages = QTabBar(self), QStackedWidget(self)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.card = NetworkCard(self.surveys, self)
        self.table = NetworkTable(store, controller, self.surveys, self)
        self.weights = WeightsPanel(store, controller, self)
        self.receptive = ReceptiveField(store, controller, self)
        self.compare = Compare(controller, self.surveys, self)
        self.graph = NetworkGraph(store, controller, self)
        self.stacks = QStackedWidget(self)
        self.training = TrainingPage(store, controller, self)
        self.overview, self.kernels = Overview(store, controller), KernelsPanel(store, controller)
        self._overview, self._kernels = (
            OfLoaded(panel, store, controller, self) for panel in (self.overview, self.kernels)
        )
        pages = (
            self.card,
            self.weights,
            self.table,
            self.graph,
            self._overview,
            self._kernels,
            self.receptive,
            self.compare,
            self.stacks,
            self.training,
        )
        for page in pages:
            self.tabs.addTab("")
            self.pages.addWidget(page)

        self._columns = QSplitter(Qt.Orientation.Horizontal, self)
        self._columns.setChildrenCollapsible(False)
        self._columns.setHandleWidth(8)
        self._columns.addWidget(self.side)
        self._columns.addWidget(self._middle())
        self._columns.setStretchFactor(1, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._columns)

        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)
        self.search.textChanged.connect(self._search)
        self.list.chosen.connect(self._show_network)
        self.list.opened.connect(self.open_network)
        self.list.dropped.connect(self._drop)
        self.tabs.currentChanged.connect(self._turn_to)
        self.table.opened.connect(self._open_layer)
        self.graph.opened.connect(self._open_layer)
        self.graph.again_wanted.connect(self._ask_again)
        self.receptive.opened.connect(self._open_layer)
        for panel in (self.overview, self.kernels):
            panel.opened.connect(self._open_layer)
        self.compare.chosen_changed.connect(self._rest.start)
        self.training.explore_wanted.connect(self.explore_wanted)
        self.surveys.changed.connect(self._take_survey)
        store.result_changed.connect(self._ask_for_all)
        store.problems_changed.connect(self._ask_for_all)
        store.catalogue_changed.connect(self._list)
        store.network_changed.connect(self._list)
        store.settings_changed.connect(self._list)
        controller.answered.connect(self._take_zoo)
        self.retranslate()
        self.restyle()
        self._list()

    def _middle(self) -> QWidget:
        middle = QWidget(self)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title)
        head.addWidget(self.facts, 1)
        head.addWidget(self.loaded, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.open)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        return middle

    # what the window asks

    def start_search(self) -> None:
        """Put the cursor where a network's name can be typed; on the table's page a layer's."""
        page = self.pages.currentWidget()
        field = page.search if isinstance(page, NetworkTable | NetworkGraph | ReceptiveField) else self.search
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def home(self) -> None:
        """Give the list the keyboard."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_network(self, name: str) -> None:
        """Look through the network in Explore."""
        self._controller.open_network(name)
        self.explore_wanted.emit()

    def show_weights(self, name: str) -> None:
        """Show the weights of the network called ``name``."""
        self.choose(name)
        self.show_page("weights")
        self.weights.take_focus()

    def choose(self, name: str) -> None:
        """Show the network called ``name`` on every page."""
        self.search.clear()
        self.list.choose(name)

    def show_page(self, name: str) -> None:
        """Open a tab of ``PAGES``."""
        self.tabs.setCurrentIndex(PAGES.index(name))

    def show_stacks(self, first: str, second: str = "") -> None:
        """Lay two stacks side by side; beside a single one what it is usually compared with."""
        from ui.panels.stacks import Stacks

        self.show_page("stacks")
        if isinstance(stacks := self.stacks.currentWidget(), Stacks):
            stacks.show_presets(first, second)

    # what Qt calls

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Networks"))
        self.search.setPlaceholderText(_("Find a network …"))
        self.search.setAccessibleName(_("Find a network by title, family or year"))
        self.list.setAccessibleName(_("Networks"))
        self.tabs.setAccessibleName(_("What to see of the network"))
        self.open.setText(_("Open in Explore"))
        self.open.setToolTip(_("Look through this network (Enter in the list)"))
        titles: dict[QWidget | None, str] = {
            self.card: _("Card"),
            self.weights: _("Weights"),
            self.table: _("Table"),
            self.graph: _("Graph"),
            self._overview: _("Overview"),
            self._kernels: _("Kernels"),
            self.receptive: _("Receptive field"),
            self.compare: _("Compare"),
            self.stacks: _("Stacks"),
            self.training: _("Training"),
        }
        for place in range(self.pages.count()):
            self.tabs.setTabText(place, titles[self.pages.widget(place)])
        self.list.retranslate()
        self._show_head()

    def restyle(self) -> None:
        """Give the list the room that the text's size asks for."""
        self.side.setMinimumWidth(min(theme.px(200), 300))
        self.list.doItemsLayout()
        if not self.isVisible():
            self._columns.setSizes([min(theme.px(280), 340), 10_000])

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and hasattr(self, "_columns"):
            self.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for all networks the first time, and show the one that Explore looks through."""
        super().showEvent(event)
        self._ask_for_all()
        if not self.list.current():
            self.list.choose(self._store.recipe.network)
        self._rest.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while nobody looks."""
        super().hideEvent(event)
        self._rest.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the search to the list with the arrow keys; Escape empties it."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
                if self.list.current() not in self.list.names():
                    self.list.choose_first()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    # from the store

    @Slot()
    def _ask_for_all(self) -> None:
        """Ask once, and not before the picture has had its answer: torchvision's list takes a second to load."""
        store = self._store
        if not self._asked and self.isVisible() and (store.result is not None or store.problems):
            self._asked = True
            self._controller.ask(Everything())

    @Slot()
    def _list(self) -> None:
        """List what there is: the catalogue, a person's own networks, and timm's by name."""
        entries = [Entry(card, state) for card, state in (self._store.catalogue.cards if self._store.catalogue else ())]
        loaded = self._store.network
        own = {name: _bare(name, "own") for name in self._store.settings.networks if is_own(name)}
        if loaded is not None and loaded.card.group == "own":
            own = {loaded.card.name: loaded.card} | {n: card for n, card in own.items() if n != loaded.card.name}
        entries += [Entry(card, None) for card in own.values()]
        if loaded is not None and all(entry.card.name != loaded.card.name for entry in entries):
            entries.append(Entry(loaded.card, None))  # the list of all others may still be on its way
        self._entries = {entry.card.name: entry for entry in entries}
        entries += [Entry(_bare(name, "timm"), None) for name in self._timm if name not in self._entries]
        self._entries = {entry.card.name: entry for entry in entries}
        self.list.show_entries(entries)
        self.list.show_loaded(loaded.card.name if loaded else "")
        self.compare.show_entries(entries)
        self._say_what_passes()
        if not self.list.current() and self.isVisible():
            self.list.choose(self._store.recipe.network)
        self._show_network(self.list.current())

    @Slot(object)
    def _take_zoo(self, event: Answered) -> None:
        if isinstance(event.answer, Zoo) and event.answer.timm != self._timm:
            self._timm = event.answer.timm
            self._list()

    # inner

    @Slot(str)
    def _search(self, text: str) -> None:
        self.list.search(text)
        self._say_what_passes()

    def _say_what_passes(self) -> None:
        """Say how many are listed, and why none is."""
        listed = len(self.list.names())
        if self._store.catalogue is None:
            self.list.set_message(_("The networks appear here in a moment."))
        elif not listed:
            words = self.search.text().strip()
            self.list.set_message(_("No network matches “{text}”. Change or clear the search.").format(text=words))
        else:
            self.list.set_message("")
        total = len(self._entries)
        self.side.set_title(_("Networks"), f"{listed}/{total}" if listed != total else f"{total}" if total else "")

    @Slot(str)
    def _show_network(self, name: str) -> None:
        """Show a network on every page; nothing of it is loaded."""
        entry = self._entries.get(name)
        for page in (self.card, self.table, self.receptive):
            page.show_network(entry)
        self.weights.show_network(name)
        self.compare.show_network(name)
        for of_loaded in (self._overview, self._kernels):
            of_loaded.show_network(entry)
        self._show_graph()
        self._show_head()
        if self.isVisible():
            self._rest.start()

    @Slot()
    def _ask_again(self) -> None:
        self.surveys.want(self.list.current(), again=True)
        self._show_graph()

    @Slot(str)
    def _take_survey(self, name: str) -> None:
        if name == self.list.current():
            self._show_graph()
            self._show_head()

    def _show_graph(self) -> None:
        entry = self._entries.get(self.list.current())
        if entry is None:
            self.graph.show_graph(None, _NOBODY, _("Choose a network in the list: its architecture appears here."))
            return
        known, failed = self.surveys.of(entry.card.name), self.surveys.failed(entry.card.name)
        waiting = _("Looking at every layer of {network} …").format(network=entry.card.title)
        self.graph.show_graph(known.graph if known else None, entry.card, waiting, failed)

    def _show_head(self) -> None:
        entry = self._entries.get(self.list.current())
        self.open.setEnabled(entry is not None)
        self.title.setText(entry.card.title if entry else _("Networks"))
        known = self.surveys.of(entry.card.name) if entry else None
        card = known.card if known else entry.card if entry else None
        self.facts.setText(" · ".join(filter(None, (str(card.year or ""), card.family))) if card else "")
        self._show_loaded()

    def _show_loaded(self) -> None:
        """Say that the chosen network is the loaded one, and whether it runs with trained weights."""
        network = self._store.network
        self.loaded.setVisible(network is not None and network.card.name == self.list.current())
        if network is not None:
            self.loaded.setText(_("loaded") if network.trained else _("loaded, untrained"))
            self.loaded.setProperty("tone", "good" if network.trained else "warning")
            self.loaded.style().unpolish(self.loaded)
            self.loaded.style().polish(self.loaded)

    @Slot()
    def _ask(self) -> None:
        """Ask for the layers of what is chosen; a file, or what must really run, only once they are to be seen."""
        page, entry = self.pages.currentWidget(), self._entries.get(self.list.current())
        if page is self.compare:
            self.surveys.want(*self.compare.names)
        elif entry is not None and (page in (self.table, self.graph) or _is_cheap(entry.card)):
            self.surveys.want(entry.card.name)

    @Slot(str)
    def _drop(self, name: str) -> None:
        """Take an own network out of the list; the loaded one stays until another is loaded."""
        kept = tuple(other for other in self._store.settings.networks if other != name)
        self._controller.prefer(networks=kept)

    @Slot(int)
    def _turn_to(self, place: int) -> None:
        if self.pages.widget(place) is self.stacks and not self.stacks.count():
            from ui.panels.stacks import Stacks  # as long to make as all other pages together, and seldom wanted

            self.stacks.addWidget(Stacks(self.stacks))
        self.pages.setCurrentIndex(place)
        self._rest.start()

    @Slot()
    def _open_chosen(self) -> None:
        self.open_network(self.list.current())

    @Slot(str)
    def _open_layer(self, layer: str) -> None:
        self._controller.open_network(self.list.current(), layer=layer)
        self.explore_wanted.emit()


def _is_cheap(card: Card) -> bool:
    """Whether a network's layers are known in an instant, without its weights."""
    return card.group != "own" and card.task != "detect"


def _bare(name: str, group: str) -> Card:
    """Return a card that says no more than the name of a network that nobody has looked at yet."""
    family = re.split(r"[\d_]", name.removeprefix("tf_"))[0] if group == "timm" else ""
    return Card(
        name=name,
        title=title_of(name),
        family=family,
        year=0,
        paper="",
        parameters=0,
        build="",
        weights=(),
        preparation=_UNKNOWN,
        labels="",
        group="timm" if group == "timm" else "own",
    )


_NOBODY = _bare("", "timm")
"""Stands for no network."""
