"""The place of the vision tasks: what networks are for, one tab each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from explorer.settings import TASK_TABS
from explorer.text import N_, _
from ui.actions import Actions
from ui.controller import Controller
from ui.store import Store
from ui.widgets.late import Late
from ui.widgets.panel import Panel


class Tasks(QWidget):
    """A tab per task; what every task looks at is chosen above, in the bar that is common to all places.

    Signals:
        weights_wanted: the name of a network whose weights the person wants to get.
    """

    weights_wanted = Signal(str)

    def __init__(self, store: Store, controller: Controller, commands: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.tabs, self.pages = QTabBar(self), QStackedWidget(self)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self._names = [name for name in TASK_TABS if name in _TABS]
        self._late: dict[str, Late[Panel]] = {}
        for name in self._names:
            self._late[name] = Late(partial(_TABS[name][1], store, controller, commands, self))
            self.tabs.addTab("")
            self.pages.addWidget(self._late[name])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        if store.settings.task_tab in self._names:
            self.tabs.setCurrentIndex(self._names.index(store.settings.task_tab))
        self.tabs.currentChanged.connect(self._remember)
        self.retranslate()

    def panel(self, name: str) -> Panel:
        """Return the panel of a task, by its name in ``TASK_TABS``; it is made if it is not there yet."""
        return self._late[name].widget

    def show_task(self, name: str, lecture: bool = False) -> None:
        """Open the tab of a task, with the lecture's example where it has one, or with the picture."""
        self.tabs.setCurrentIndex(self._names.index(name))
        toggle = getattr(self.panel(name), "lecture", None)
        if isinstance(toggle, QAbstractButton):
            toggle.setChecked(lecture)

    @Slot()
    def _remember(self) -> None:
        """Keep the open tab for the next start."""
        self._controller.prefer(task_tab=self._names[self.tabs.currentIndex()])

    # what the window asks

    def home(self) -> None:
        """Give the tabs the keyboard."""
        self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def start_search(self) -> None:
        """Give the tabs the keyboard: there is nothing to search."""
        self.home()

    # what Qt calls

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Tasks"))
        self.tabs.setAccessibleName(_("Tasks"))
        for place, name in enumerate(self._names):
            self.tabs.setTabText(place, _(_TABS[name][0]))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()


_Maker = Callable[[Store, Controller, Actions, Tasks], Panel]


def _classify(store: Store, controller: Controller, commands: Actions, place: Tasks) -> Panel:
    from ui.panels.task_classify import TaskClassify

    panel = TaskClassify(store, controller, commands, place)
    panel.weights_wanted.connect(place.weights_wanted)
    return panel


def _detect(store: Store, controller: Controller, commands: Actions, place: Tasks) -> Panel:
    from ui.panels.task_detect import TaskDetect

    return TaskDetect(store, controller, commands, place)


def _segment(store: Store, controller: Controller, commands: Actions, place: Tasks) -> Panel:
    from ui.panels.task_segment import TaskSegment

    return TaskSegment(store, controller, commands, place)


def _retrieve(store: Store, controller: Controller, commands: Actions, place: Tasks) -> Panel:
    from ui.panels.task_retrieve import TaskRetrieve

    return TaskRetrieve(store, controller, commands, place)


_TABS: dict[str, tuple[str, _Maker]] = {
    "classify": (N_("Classification"), _classify),
    "detect": (N_("Detection"), _detect),
    "segment": (N_("Segmentation"), _segment),
    "retrieve": (N_("Retrieval"), _retrieve),
}
"""The tabs from left to right, by names of ``TASK_TABS``: the title, and what makes the panel when it is first seen."""
