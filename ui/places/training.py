"""The page of trainings: a LeNet-5 on the shipped digits, or the last layer of the loaded network on own classes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from explorer.text import _
from ui.controller import Controller
from ui.store import Store
from ui.widgets.late import Late
from ui.widgets.panel import Panel


class TrainingPage(QWidget):
    """Two trainings, each made when it is first seen; both go on while nobody looks.

    Signals:
        explore_wanted: the person wants to see a trained network in Explore.
    """

    explore_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.digits, self.last = Late[Panel](self._make_digits, self), Late[Panel](self._make_last, self)
        self.tabs, self.pages = QTabBar(self), QStackedWidget(self)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        for page in (self.digits, self.last):
            self.tabs.addTab("")
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.tabs.setAccessibleName(_("What learns"))
        for place, text in enumerate((_("Digits"), _("Own classes"))):
            self.tabs.setTabText(place, text)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def _make_digits(self) -> Panel:
        from ui.panels.train_digits import TrainDigits

        panel = TrainDigits(self._store, self._controller)
        panel.explore_wanted.connect(self.explore_wanted)
        return panel

    def _make_last(self) -> Panel:
        from ui.panels.train_last import TrainLastLayer

        panel = TrainLastLayer(self._store, self._controller)
        panel.explore_wanted.connect(self.explore_wanted)
        return panel
