"""The place of arithmetic: the lecture's small cases, opened number by number, with a person's own numbers in them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from explorer.arithmetic.counts import Plan
from explorer.arithmetic.shift import Shift
from explorer.text import _
from ui import theme
from ui.casework import Casework
from ui.panels.case_form import CaseForm
from ui.panels.case_presets import CasePresets
from ui.panels.case_shift import CaseShift
from ui.panels.case_sizes import CaseSizes
from ui.panels.case_stage import CaseStage
from ui.panels.case_sum import CaseSum
from ui.panels.case_weights import CaseWeights
from ui.store import Store


class ArithmeticPlace(QWidget):
    """Everything is worked at once in the window: no case is large, and none needs a network."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = False
        self.work = Casework(self)
        self.presets = CasePresets(self)
        self.stage = CaseStage(self.work, self)
        self.sum, self.sizes = CaseSum(self.work, self), CaseSizes(self.work, self)
        self.form = CaseForm(self.work, store, self)
        self._columns = QSplitter(Qt.Orientation.Horizontal, self)
        self._middle, self._right = (QSplitter(Qt.Orientation.Vertical, self) for _n in range(2))
        for splitter in (self._columns, self._middle, self._right):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(8)
        for splitter, parts in ((self._middle, (self.stage, self.sum)), (self._right, (self.form, self.sizes))):
            for part in parts:
                splitter.addWidget(part)
        self.weights, self.shift = CaseWeights(self.work, self), CaseShift(self.work, self)
        self.pages = QStackedWidget(self)
        for page in (self._columns, self.weights, self.shift):
            self.pages.addWidget(page)
        for column in (self._middle, self._right):
            self._columns.addWidget(column)
        self._columns.setStretchFactor(0, 1)
        self._whole = QSplitter(Qt.Orientation.Horizontal, self)
        self._whole.setChildrenCollapsible(False)
        self._whole.setHandleWidth(8)
        self._whole.addWidget(self.presets)
        self._whole.addWidget(self.pages)
        self._whole.setStretchFactor(1, 1)
        self._right.setStretchFactor(0, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._whole)
        self.presets.wanted.connect(self.open)
        self.work.subject_changed.connect(self._show_subject)
        self.stage.input_chosen.connect(self.form.type_input)
        self.stage.weight_chosen.connect(self.form.type_weight)
        self.sum.term_changed.connect(self.stage.mark_term)
        self.retranslate()
        self.restyle()
        self._show_subject()

    @Slot(str)
    def open(self, name: str) -> None:
        """Show an example as it is."""
        self.work.open(name)

    @Slot()
    def _show_subject(self) -> None:
        """Show the page of the exercise, which example it is, and whether its numbers are other ones by now."""
        subject = self.work.subject
        pages = {Plan: self.weights, Shift: self.shift}
        self.pages.setCurrentWidget(pages.get(type(subject), self._columns))
        self.presets.show_chosen(self.work.name, self.work.changed)

    # what the window asks

    def home(self) -> None:
        """Give the examples the keyboard."""
        self.presets.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def start_search(self) -> None:
        """Give the examples the keyboard: their letters lead to them."""
        self.home()

    # what Qt calls

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Arithmetic"))

    def restyle(self) -> None:
        """Give the columns the room that the text's size asks for."""
        self.presets.setMinimumWidth(min(theme.px(190), 250))
        self._right.setMinimumWidth(min(theme.px(280), 360))
        if not self.isVisible():
            self._whole.setSizes([min(theme.px(262), 340), 10_000])
            self._columns.setSizes([10_000, min(theme.px(320), 420)])
            self._middle.setSizes([10_000, 10_000])
            self._right.setSizes([10_000, theme.px(225)])

    def showEvent(self, event: QShowEvent) -> None:
        """Give the examples the room for their titles where the window has it, once."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            left = max(min(self.presets.list.wide(), self.width() // 5), self._whole.sizes()[0])
            self._whole.setSizes([left, self.width() - left])

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and hasattr(self, "_columns"):
            self.restyle()
