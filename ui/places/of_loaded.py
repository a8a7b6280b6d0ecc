"""A page of the loaded network among those of any network."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QWidget

from explorer.text import _
from ui.controller import Controller
from ui.store import Store
from ui.widgets.network_list import Entry
from ui.widgets.panel import Panel
from ui.widgets.remedies import in_window


class OfLoaded(QStackedWidget):
    """A panel that shows the loaded network alone: of another one it says so, and loads it where that is wanted."""

    def __init__(self, panel: Panel, store: Store, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self.panel, self._store, self._controller = panel, store, controller
        self._entry: Entry | None = None
        self._instead = Panel(self)
        self._words = QLabel(self)
        self._words.setObjectName("dim")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.load = QPushButton(self)
        self.load.clicked.connect(self._load)
        self._instead.body.addStretch(1)
        self._instead.body.addWidget(self._words)
        self._instead.body.addWidget(self.load, 0, Qt.AlignmentFlag.AlignHCenter)
        self._instead.body.addStretch(1)
        self.addWidget(self._instead)
        self.addWidget(panel)
        for signal in (store.network_changed, store.recipe_changed, store.problems_changed):
            signal.connect(self._show)

    def show_network(self, entry: Entry | None) -> None:
        """Show a network if it is the loaded one."""
        self._entry = entry
        self._show()

    @Slot()
    def _show(self) -> None:
        entry, network = self._entry, self._store.network
        wished = entry is not None and entry.card.name == self._store.recipe.network
        if wished and network is not None and entry is not None and network.card.name == entry.card.name:
            self.setCurrentWidget(self.panel)
            return
        title = entry.card.title if entry else ""
        problem = self._store.problems.get("network")
        if entry is None:
            words = _("Choose a network in the list.")
        elif wished and problem is not None:
            words = in_window(problem.error)
        elif wished:
            words = _("Loading {network} …").format(network=title)
        else:
            words = _("This page needs the network itself: load {network} to see it here.").format(network=title)
        self._instead.set_title(title)
        self._words.setText(words)
        self.load.setText(_("Load {network}").format(network=title))
        self.load.setVisible(entry is not None and not wished)
        self.setCurrentWidget(self._instead)

    @Slot()
    def _load(self) -> None:
        if self._entry is not None:
            self._controller.open_network(self._entry.card.name)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
