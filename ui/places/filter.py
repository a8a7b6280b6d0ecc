"""The place of filters: a bank, the chain of the recipe, its numbers, and what it makes of the picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from explorer.settings import FILTER_TABS
from explorer.text import _
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtering
from ui.panels.filter_answers import FilterAnswers
from ui.panels.filter_bank import FilterBank
from ui.panels.filter_chain import FilterChain
from ui.panels.filter_detect import FilterDetect
from ui.panels.filter_impulse import FilterImpulse
from ui.panels.filter_kernel import FilterKernel
from ui.panels.filter_learn import FilterLearn
from ui.panels.filter_result import FilterResult
from ui.panels.filter_steps import FilterSteps
from ui.store import Store


class FilterPlace(QWidget):
    """Everything follows a change at once, in the light worker; the network follows when it can.

    Signals:
        explore_wanted: the person wants to see the network's maps of the result.
    """

    explore_wanted = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.filtering = Filtering(store, controller, self)
        self.bank = FilterBank(controller, self.filtering, self)
        self.chain = FilterChain(controller, self.filtering, self)
        self.kernel = FilterKernel(self.filtering, self)
        self.result = FilterResult(store, controller, self.filtering, self)
        self.answers = FilterAnswers(store, controller, self)
        self.impulse = FilterImpulse(self.filtering, self)
        self.tabs, self.pages = QTabBar(self), QStackedWidget(self)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self._result, self.steps = self._arranged(), FilterSteps(self.filtering, self)
        self.learn = FilterLearn(store, controller, self.filtering, self)
        self.detect = FilterDetect(store, controller, self.filtering, self)
        for page in (self._result, self.steps, self.learn, self.detect):
            self.tabs.addTab("")
            self.pages.addWidget(page)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        self._columns, self._right = (
            QSplitter(Qt.Orientation.Horizontal, self),
            QSplitter(Qt.Orientation.Vertical, self),
        )
        for splitter in (self._columns, self._right):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(8)
        self._right.addWidget(self.chain)
        self._right.addWidget(self.kernel)
        self._right.setStretchFactor(0, 1)
        self._right.setStretchFactor(1, 2)
        for part in (self.bank, middle, self._right):
            self._columns.addWidget(part)
        self._columns.setStretchFactor(1, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._columns)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.tabs.setCurrentIndex(FILTER_TABS.index(store.settings.filter_tab))
        self.tabs.currentChanged.connect(self._remember)
        self.filtering.chain_changed.connect(self._remember)
        self.result.explore_wanted.connect(self.explore_wanted)
        self.retranslate()
        self.restyle()

    def _arranged(self) -> QWidget:
        """Return the result above what the network says to it and what a point becomes."""
        whole, below = QWidget(self), QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.answers, 3)
        below.addWidget(self.impulse, 2)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.result, 1)
        column.addLayout(below)
        return whole

    @Slot()
    def _remember(self) -> None:
        """Keep the open tab and the chosen filter for the next start."""
        tab, chosen = FILTER_TABS[self.tabs.currentIndex()], max(self.filtering.chosen, 0)
        self._controller.prefer(filter_tab=tab, filter_chosen=chosen)

    # what the window asks

    def show_page(self, name: str) -> None:
        """Open a tab of ``FILTER_TABS``; "numbers" is the steps over the lecture's small picture."""
        self.steps.lecture.setChecked(name == "numbers")
        self.tabs.setCurrentIndex(FILTER_TABS.index("steps" if name == "numbers" else name))

    def home(self) -> None:
        """Give the bank the keyboard."""
        self.bank.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def start_search(self) -> None:
        """Give the bank the keyboard: its letters lead to the filters."""
        self.home()

    # what Qt calls

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Filter"))
        self.tabs.setAccessibleName(_("What to do with the filters"))
        titles = _("Result"), _("Step through"), _("Let the machine find it"), _("Mark and learn")
        for place, text in enumerate(titles):
            self.tabs.setTabText(place, text)

    def restyle(self) -> None:
        """Give the columns the room that the text's size asks for."""
        self.bank.setMinimumWidth(min(theme.px(190), 250))
        self._right.setMinimumWidth(min(theme.px(280), 360))
        if not self.isVisible():
            self._columns.setSizes([min(theme.px(230), 320), 10_000, min(theme.px(330), 430)])
            self._right.setSizes([5_000, 10_000])

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and hasattr(self, "_columns"):
            self.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """Filter while somebody looks."""
        super().showEvent(event)
        self.filtering.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Filter nothing while nobody looks."""
        super().hideEvent(event)
        self.filtering.watch(False)
