"""What the tasks share that find something in the picture: the choice of a network, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from explorer.questions import Everything
from explorer.recipe import Finding
from explorer.tasks.values import Found
from explorer.text import _
from explorer.values import FrameResult
from explorer.zoo.card import Task
from ui import theme
from ui.actions import Actions
from ui.controller import Controller
from ui.store import Store
from ui.widgets.network_box import NetworkBox
from ui.widgets.network_list import Entry, state_text
from ui.widgets.panel import Panel
from ui.widgets.remedies import in_window
from ui.widgets.saving import ask_where
from ui.widgets.scene_view import SceneView

_LETTERS = 42
_OFFERED = 3
"""Networks that are offered where the person's own one has another task, the smallest ones."""
_SIDE = 300
"""Width of what stands beside the picture, px at text size 1."""


class FindingPanel(Panel):
    """Asks the network for boxes or a label map while it is seen; without such a network it offers some.

    Args:
        task: what its networks do.
        view: shows the picture.
    """

    def __init__(
        self, task: Task, view: SceneView, store: Store, controller: Controller, commands: Actions, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._commands, self._task = store, controller, commands, task
        self._finding: Finding | None = None
        self._asked_all = False
        self.view = view
        self.box = NetworkBox(_LETTERS, self)
        self.weights, self.explore, self.export = QPushButton(self), QPushButton(self), QToolButton(self)
        for button, icon in ((self.weights, "download"), (self.explore, "explore"), (self.export, "export")):
            theme.set_icon(button, icon)
        self.words, self.note = QLabel(self), QLabel(self)
        for label in (self.words, self.note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setObjectName("warning")
        self.choosing = QHBoxLayout()
        self.choosing.setSpacing(8)
        for widget in (self.box, self.weights, self.explore):
            self.choosing.addWidget(widget)
        self.choosing.addStretch(1)
        self.header.addWidget(self.export)
        self.side_widget = QWidget(self)
        self.side = QVBoxLayout(self.side_widget)
        self.side.setContentsMargins(0, 0, 0, 0)
        self.side.setSpacing(8)
        self.pages, self._offers = QStackedWidget(self), QVBoxLayout()
        self.pages.addWidget(self._shown())
        self.pages.addWidget(self._empty())
        self.body.addLayout(self.choosing)
        self.body.addWidget(self.pages, 1)
        self.box.wanted.connect(self._open)
        self.weights.clicked.connect(commands["get_weights"].trigger)
        self.explore.clicked.connect(commands["place_explore"].trigger)
        self.export.clicked.connect(self._save)
        for signal in (store.catalogue_changed, store.settings_changed, store.network_changed):
            signal.connect(self._list)
        store.recipe_changed.connect(self._take_recipe)
        for other in (store.progress_changed, store.problems_changed, store.age_changed):
            other.connect(self._show)
        store.result_changed.connect(self._show)

    def _shown(self) -> QWidget:
        page = QWidget(self)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.view, 1)
        row.addWidget(self.side_widget)
        return page

    def _empty(self) -> QWidget:
        page = QWidget(self)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._offers.setSpacing(6)
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addSpacing(8)
        column.addLayout(self._offers)
        column.addStretch(1)
        return page

    # what subclasses say

    def wanted(self) -> Finding:
        """Return how what is found is wanted."""
        return Finding()

    def others_words(self, title: str) -> str:
        """Return what is said where the network called ``title`` has another task."""
        raise NotImplementedError

    def show_found(self, result: FrameResult, found: Found) -> None:
        """Show what was found in a frame."""
        raise NotImplementedError

    def page_of(self, result: FrameResult, found: Found, stamp: str) -> Callable[[], Image.Image] | None:
        """Return what makes the picture that is saved, in another thread; None where there is nothing."""
        raise NotImplementedError

    # what Qt and the window call

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.box.retranslate(_("Network"))
        self.weights.setText(_("Get weights…"))
        self.explore.setText(_("Every layer in Explore"))
        self.explore.setToolTip(_("Look at every layer of this network"))
        self.export.setToolTip(_("Save the picture with what was found (PNG)…"))
        self.export.setAccessibleName(self.export.toolTip())
        self.view.set_empty_text(_("The picture appears here."))
        self._list()

    def restyle(self) -> None:
        """Take the colours and sizes of the current theme."""
        self.side_widget.setFixedWidth(theme.px(_SIDE))
        self._show()

    def part_that_ages(self) -> QWidget:
        """Return what shows a frame; what is chosen stays clear."""
        return self.pages

    def showEvent(self, event: QShowEvent) -> None:
        """Ask, now that the answer can be seen."""
        super().showEvent(event)
        self.ask()
        self._list()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask no more."""
        super().hideEvent(event)
        self._finding = None
        self.ask()

    # what is asked for

    @Slot()
    def ask(self) -> None:
        """Let the recipe ask for what is wanted; of nothing where no task of this kind is seen."""
        if self.isVisible():
            self._finding = self.wanted()
            self._controller.adjust(finding=self._finding)
        elif not any(panel.isVisible() for panel in self.window().findChildren(FindingPanel)):
            self._controller.adjust(finding=None)

    @Slot()
    def _take_recipe(self) -> None:
        """A step that was taken back may have been of a time when something else was asked."""
        if self._store.recipe.finding != self._finding:
            QTimer.singleShot(0, self, self.ask)
        self.box.choose(self._named())
        self._show()

    @Slot(str)
    def _open(self, name: str) -> None:
        self._controller.open_network(name)

    @Slot()
    def _list(self) -> None:
        """List the networks of the task, the smallest first."""
        self.box.show_entries(self._entries())
        self.box.choose(self._named())
        self._show()

    def _entries(self) -> list[Entry]:
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        entries = [Entry(card, state) for card, state in cards if card.task == self._task]
        entries.sort(key=lambda entry: entry.card.parameters)
        loaded = self._store.network  # the list of all others may still be on its way, and an own one is in none
        if loaded is not None and loaded.card.task == self._task and loaded.card not in [one.card for one in entries]:
            entries.insert(0, Entry(loaded.card, None))
        return entries

    def _named(self) -> str:
        """Return the wished network, if it does the task."""
        name = self._store.recipe.network
        return name if name in {entry.card.name for entry in self._entries()} else ""

    # what is shown

    @Slot()
    def _show(self) -> None:
        if not self.isVisible():
            return
        store, result = self._store, self._store.result_of_network
        self._ask_for_all()
        self.set_frame(None if result is None else result.frame)
        found = result.found if result is not None else None
        network = store.network if store.network and store.network.card.name == store.recipe.network else None
        fits = bool(self._named())
        untrained = network is not None and not network.trained and fits
        self.weights.setVisible(untrained and network is not None and bool(network.card.weights))
        self.explore.setVisible(fits)
        self.set_badge(_("untrained") if untrained else "", "warning")
        something = found is not None and (found.detections is not None or found.segmented is not None)
        self.export.setEnabled(something)
        self._say(found, fits)
        self.pages.setCurrentIndex(0 if fits and result is not None and found is not None else 1)
        self.set_old(store.result_is_old and self.pages.currentIndex() == 0)
        if result is not None and found is not None and fits:
            self.view.set_stamp("" if result.trained else _("untrained"))
            self.view.set_picture(result.filtered.pixels)
            self.view.set_crop(result.geometry.crop)
            self.show_found(result, found)

    def _ask_for_all(self) -> None:
        """Ask once, and not before the picture has had its answer: torchvision's list takes a second to load."""
        if not self._asked_all and (self._store.result is not None or self._store.problems):
            self._asked_all = True
            self._controller.ask(Everything())

    def _say(self, found: Found | None, fits: bool) -> None:
        """Say what stands in the way, and offer networks."""
        store = self._store
        problem, offered = store.problems.get("network") or store.problems.get("frame"), list[Entry]()
        self.note.setText("" if found is None or found.error is None else str(found.error))
        self.note.setVisible(bool(self.note.text()))
        if problem is not None:
            words = in_window(problem.error)
        elif fits or store.network is None or store.network.card.name != store.recipe.network:
            words = store.stage or _("The network's answer appears here.")
        elif offered := self._entries():
            words = self.others_words(store.network.card.title)
        else:
            words = _("The networks appear here in a moment.")
        self.words.setText(words)
        self._offer(offered[:_OFFERED])

    def _offer(self, entries: list[Entry]) -> None:
        """Put a button for each of some networks below the words."""
        names = [entry.card.name for entry in entries]
        texts = [" · ".join((entry.card.title, state_text(entry))) for entry in entries]
        if texts == self.property("offered"):
            return
        self.setProperty("offered", texts)
        while (item := self._offers.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for name, text in zip(names, texts, strict=True):
            button = QPushButton(text, self)
            button.clicked.connect(partial(self._open, name))
            self._offers.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    @Slot()
    def _save(self) -> None:
        """Save the picture with what was found in it."""
        result = self._store.result_of_network
        if result is None or result.found is None:
            return
        page = self.page_of(result, result.found, "" if result.trained else _("untrained"))
        stem = f"{Path(result.frame.source).stem}-{Path(result.recipe.network).stem}"
        if page is not None and (path := ask_where(self, self.export.toolTip(), stem, "png")):
            self._controller.save(path, lambda file: page().save(file, "PNG"))

    def caption(self, result: FrameResult) -> tuple[str, str]:
        """Return title and note of the picture that is saved."""
        network = self._store.network
        title = network.card.title if network is not None else result.recipe.network
        kind = _("trained") if result.trained else _("untrained")
        return title, f"{result.frame.source}  ·  {kind}"
