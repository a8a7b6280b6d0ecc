"""The bar above every place: where the picture comes from, which network looks at it, on which device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QListView, QMenu, QToolButton, QWidget

from explorer.filters.bank import BANK, known
from explorer.filters.filter import working
from explorer.text import N_, _, ngettext
from explorer.zoo.card import LISTED, Card, WeightState
from explorer.zoo.own import IN_MEMORY, is_own
from ui import theme
from ui.actions import Actions, named, with_keys
from ui.controller import Controller
from ui.store import Store
from ui.widgets.chooser import Chooser
from ui.widgets.network_list import title_of

STATES = {
    WeightState.EMBEDDED: N_("trained"),
    WeightState.CACHED: N_("trained"),
    WeightState.DOWNLOADABLE: N_("untrained"),
    WeightState.NONE: N_("untrained"),
}
_ALL, _FILE, _CARD = "*", "+", "?"
"""In the network's chooser: where all of them are, a file of the person's, and the card of such a file."""
_SOURCES = ("picture", "video", "camera", "demo", "draw")
_BUTTONS = {"stream": "video", "folder": "video", "drawing": "draw"}
"""Which button stands for a kind of source that has none of its own; for other pictures Picture does."""
_OWN_FILTERS = "+"
"""In the filter's chooser: filters that are none of the bank's."""
_WIDE = 1060
"""Width from which on there is room for words, px at text size 1."""
EXPORTS = tuple(command.name for command in named() if command.name.startswith("export_"))


class TopBar(QFrame):
    """Source buttons, the network's, device's and filter's choosers, undo, redo, export and full screen."""

    networks_wanted = Signal()

    def __init__(
        self,
        store: Store,
        controller: Controller,
        actions: Actions,
        menus: Mapping[str, QMenu],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._actions, self.menus = store, controller, actions, menus
        for name in (*_SOURCES, "freeze"):
            actions[name].setCheckable(True)
        self._listed: tuple[str, ...] = ()
        self._network, self._device, self._filter = Chooser(24, self), Chooser(13, self), Chooser(13, self)
        self._export_menu = QMenu(self)
        self._export_menu.addActions([actions[name] for name in EXPORTS])

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._sources = [self._button(name, menus.get(name)) for name in _SOURCES]
        for button in self._sources:
            row.addWidget(button)
        row.addWidget(self._button("freeze"))
        row.addSpacing(6)
        self._weights = self._button("get_weights")
        for widget in (self._network, self._weights, self._device, self._filter):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._button("undo"))
        row.addWidget(self._button("redo"))
        self._export = QToolButton(self)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._export.setMenu(self._export_menu)
        theme.set_icon(self._export, "export")
        row.addWidget(self._button("record", menus["record"]))
        row.addWidget(self._prepared(self._export))
        row.addWidget(self._button("full_screen"))

        self._network.activated.connect(self._choose_network)
        self._device.activated.connect(self._choose_device)
        self._filter.activated.connect(self._choose_filter)
        for signal in (store.recipe_changed, store.network_changed):
            signal.connect(self.show_recipe)
        for signal in (store.live_changed, store.playing_changed, store.settings_changed):
            signal.connect(self._show_source)
        store.settings_changed.connect(self.show_recipe)
        store.result_changed.connect(self._show_exports)
        store.catalogue_changed.connect(self.retranslate)
        controller.history_changed.connect(self._show_history)
        self._show_history()
        self._show_exports()
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words on the source buttons out where they would push the rest aside."""
        super().resizeEvent(event)
        self._show_words()

    def _show_words(self) -> None:
        style = Qt.ToolButtonStyle
        wanted = style.ToolButtonTextBesideIcon if self.width() >= theme.px(_WIDE) else style.ToolButtonIconOnly
        for button in self._sources:
            button.setToolButtonStyle(wanted)

    def _button(self, name: str, menu: QMenu | None = None) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(self._actions[name])
        if menu is not None:
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
            keys = QShortcut(QKeySequence("Alt+Down"), button)  # the arrow itself is out of the keyboard's reach
            keys.setContext(Qt.ShortcutContext.WidgetShortcut)
            keys.activated.connect(button.showMenu)
            button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            button.customContextMenuRequested.connect(button.showMenu)
        return self._prepared(button)

    def _prepared(self, button: QToolButton) -> QToolButton:
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def retranslate(self) -> None:
        """Set every text anew in the current language, and fill the choosers."""
        self.setAccessibleName(_("Source, network and device"))
        self._export.setToolTip(_("Export"))
        self._export.setAccessibleName(_("Export"))
        self._network.setAccessibleName(_("Network"))
        self._device.setAccessibleName(_("Device"))
        self._filter.setAccessibleName(_("Filter before the network"))
        self._filter.setToolTip(_("Filter before the network"))
        catalogue = self._store.catalogue
        self._fill_networks()
        devices = [("auto", _("Fastest")), *(catalogue.devices if catalogue else ())]
        _fill(self._device, devices, self._store.settings.device)
        self._fill_filters()
        self.show_recipe()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.FontChange:
            self._show_words()

    @Slot()
    def show_recipe(self) -> None:
        """Show what the recipe says, whatever a click has switched meanwhile."""
        recipe = self._store.recipe
        self._show_source()
        is_file = is_own(recipe.network) and not recipe.network.startswith(IN_MEMORY)
        self._actions["network_card"].setEnabled(is_file)
        self._name_networks()
        _choose(self._network, recipe.network)
        card, _state = self._cards().get(recipe.network, (None, None))
        self._weights.setVisible(card is not None and bool(card.weights) and recipe.weights == "none")
        _choose(self._device, self._store.settings.device)
        self._show_filter()
        network = self._store.network
        remarks = network.remarks if network is not None and network.card.name == recipe.network else ()
        self._network.setToolTip("\n".join([self._network.currentText(), *map(str, remarks)]))
        device = self._device.currentText()
        self._device.setToolTip(_("Fastest device") if self._device.currentData() == "auto" else device)

    @Slot()
    def _show_source(self) -> None:
        """Show which kind of source it is, and whether it is held."""
        actions, source, frozen = self._actions, self._store.recipe.source, self._controller.frozen
        button = _BUTTONS.get(source.kind, source.kind)
        for name in _SOURCES:
            actions[name].setChecked(name == (button if button in _SOURCES else "picture"))
        can = self._store.live or frozen
        if can != actions["freeze"].isEnabled():
            actions["freeze"].setEnabled(can)
        self._explain_freeze()
        actions["freeze"].setChecked(frozen)
        if actions["freeze"].property("held") != frozen:
            actions["freeze"].setProperty("held", frozen)
            theme.set_icon(actions["freeze"], "play" if frozen else "freeze")
        for name in ("step_back", "step_on", "slower", "faster", "loop"):
            actions[name].setEnabled(self._store.playing is not None)

    def _explain_freeze(self) -> None:
        """Say in the tool tip why nothing can be frozen."""
        freeze, text = self._actions["freeze"], with_keys(_("Freeze or go on"), "freeze")
        why = _("there is nothing that moves: start a camera, a video or the demo")
        freeze.setToolTip(text if freeze.isEnabled() else f"{text}: {why}")

    def _fill_filters(self) -> None:
        """List the bank, a line between its groups."""
        box, group = self._filter, ""
        _fill(box, [("", _("No filter"))], "")
        for name, one in BANK.items():
            if one.group != group:
                group = one.group
                box.insertSeparator(box.count())
            box.addItem(_(one.title), name)
            box.setItemData(box.count() - 1, _(one.note), Qt.ItemDataRole.ToolTipRole)

    def _show_filter(self) -> None:
        """Choose the filter of the recipe; filters that are none of the bank's have an item while they are there."""
        box, filters = self._filter, self._store.recipe.filters
        name, row = known(filters), box.findData(_OWN_FILTERS)
        if name is not None:
            if row >= 0:
                box.removeItem(row)
            _choose(box, name)
            return
        if row < 0:
            row = box.count()
            box.addItem("", _OWN_FILTERS)
        count = len(working(filters))
        box.setItemText(row, ngettext("{count} filter", "{count} filters", count).format(count=count))
        box.setCurrentIndex(row)

    def _fill_networks(self) -> None:
        """List the course's networks and some more, those that were opened before, and the way to all others."""
        box, known = self._network, self._cards()
        box.clear()
        course = [name for name, (card, _state) in known.items() if card.group in LISTED]
        opened = [name for name in self._store.settings.networks if name not in course]
        for group in (course, opened):
            if group and box.count():
                box.insertSeparator(box.count())
            for name in group:
                box.addItem("", name)
        if box.count():
            box.insertSeparator(box.count())
        for entry in (_ALL, _FILE, _CARD):
            box.addItem("", entry)
        self._listed = self._store.settings.networks

    def _name_networks(self) -> None:
        """Say of each network whether it is trained; the chosen one is always listed."""
        box, known, recipe = self._network, self._cards(), self._store.recipe
        if self._listed != self._store.settings.networks:
            self._fill_networks()
        if box.findData(recipe.network) < 0:
            box.insertItem(0, "", recipe.network)
        for row in range(box.count()):
            name = box.itemData(row)
            if name == _ALL:
                box.setItemText(row, _("All networks…"))
                box.setItemData(row, _("Every network that there is, with its facts"), Qt.ItemDataRole.ToolTipRole)
            elif name == _FILE:
                box.setItemText(row, self._actions["open_network"].text())
                box.setItemData(row, self._actions["open_network"].toolTip(), Qt.ItemDataRole.ToolTipRole)
            elif name == _CARD:
                box.setItemText(row, self._actions["network_card"].text())
                hidden = not self._actions["network_card"].isEnabled()
                if isinstance(view := box.view(), QListView):
                    view.setRowHidden(row, hidden)
            elif name in known:
                card, state = known[name]
                box.setItemText(row, f"{card.title} · {self._state(card, state)}")
                about = f"{card.title} ({card.year}) · {card.paper}"
                if state == WeightState.DOWNLOADABLE:
                    about += "\n" + _("Its weights are not on this machine: it runs with random ones.")
                box.setItemData(row, about, Qt.ItemDataRole.ToolTipRole)
            elif name:
                loaded = self._store.network
                box.setItemText(row, loaded.card.title if loaded and loaded.card.name == name else title_of(name))
                box.setItemData(row, name, Qt.ItemDataRole.ToolTipRole)

    def _cards(self) -> dict[str, tuple[Card, WeightState]]:
        """Return what is known of each network, by name."""
        catalogue = self._store.catalogue
        return {card.name: (card, state) for card, state in (catalogue.cards if catalogue else ())}

    def _state(self, card: Card, state: WeightState) -> str:
        """Return whether a network is trained: the chosen one as it is, another as it would be."""
        recipe, network = self._store.recipe, self._store.network
        if card.name == recipe.network and recipe.weights == "none":
            return _("untrained")
        if card.name == recipe.network and network is not None and network.card.name == card.name:
            return _("trained") if network.trained else _("untrained")
        return _(STATES[state])

    @Slot()
    def _show_history(self) -> None:
        self._actions["undo"].setEnabled(self._controller.can_undo)
        self._actions["redo"].setEnabled(self._controller.can_redo)

    @Slot()
    def _show_exports(self) -> None:
        ready = self._store.result is not None
        for name in EXPORTS:
            self._actions[name].setEnabled(ready)
        self._export.setEnabled(ready)

    @Slot(int)
    def _choose_network(self, row: int) -> None:
        name = self._network.itemData(row)
        if name == _ALL:
            self.show_recipe()
            self.networks_wanted.emit()
        elif name in (_FILE, _CARD):
            self.show_recipe()
            self._actions["open_network" if name == _FILE else "network_card"].trigger()
        else:
            self._controller.open_network(name)

    @Slot(int)
    def _choose_device(self, row: int) -> None:
        self._controller.prefer(device=self._device.itemData(row))

    @Slot(int)
    def _choose_filter(self, row: int) -> None:
        name = self._filter.itemData(row)
        if name != _OWN_FILTERS:
            self._controller.change(filters=(BANK[name].filter,) if name else ())


def _fill(combo: QComboBox, items: Sequence[tuple[str, str]], chosen: str) -> None:
    combo.clear()
    for data, text in items:
        combo.addItem(text, data)
    _choose(combo, chosen)


def _choose(combo: QComboBox, data: str) -> None:
    """Choose the item of ``data``; one that is not listed (not known yet, or a person's own) is added."""
    row = combo.findData(data)
    if row < 0:
        combo.addItem(data or "–", data)
        row = combo.count() - 1
    combo.setCurrentIndex(row)
