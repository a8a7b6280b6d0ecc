"""What the network says to the filtered picture, beside what it says to the picture as it came."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from explorer.engine.events import Answered, Problem
from explorer.filters.filter import working
from explorer.questions import AnswerFound, AnswerTo
from explorer.recipe import MOST_PREDICTIONS
from explorer.text import _
from explorer.values import Prediction
from ui.controller import Controller
from ui.store import Store
from ui.widgets.answer_table import AnswerTable, answer_rows
from ui.widgets.panel import Panel


class FilterAnswers(Panel):
    """Asks, while it can be seen, for the answer to each picture without filters; live pictures too."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._asked: AnswerTo | None = None
        self._waits = False
        self._before: tuple[Prediction, ...] | None = None
        self._of: AnswerTo | None = None
        self.table = AnswerTable(self)
        self.note = QLabel(self)
        self.note.setObjectName("dim")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.body.addWidget(self.table)
        self.body.addWidget(self.note)
        store.result_changed.connect(self._follow)
        store.network_changed.connect(self._follow)
        store.recipe_changed.connect(self._show)
        store.problems_changed.connect(self._look_for_problem)
        controller.answered.connect(self._take)
        store.age_changed.connect(self._show_age)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Predictions"))
        self.table.setAccessibleName(_("Predictions before and after the filters"))
        self.table.setToolTip(_("–: not among the first classes that are shown"))
        self._show()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.table.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask what was not asked while nobody looked."""
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while nobody looks."""
        super().hideEvent(event)
        if self._asked is not None and self._waits:
            self._controller.drop(self._asked)
            self._asked, self._waits = None, False

    @Slot()
    def _follow(self) -> None:
        """Ask for the answer to the newest picture as it came, once the one before has its own."""
        result, network = self._store.result, self._store.network
        if result is None or network is None or not self.isVisible():
            return
        if working(result.recipe.filters) and result.recipe.network == network.card.name and not self._waits:
            question = AnswerTo(result.frame, result.recipe.with_(filters=(), top=MOST_PREDICTIONS))
            if not _same(question, self._of):
                self._asked, self._waits = question, True
                self._controller.ask(question)
        self._show()

    @Slot(object)
    def _take(self, event: Answered) -> None:
        if event.question is self._asked and isinstance(event.answer, AnswerFound):
            self._of, self._before, self._waits = self._asked, event.answer.predictions, False
            self._follow()

    @Slot()
    def _look_for_problem(self) -> None:
        problem: Problem | None = self._store.problems.get("question")
        if problem is not None and problem.question is self._asked:
            self._waits, self._of, self._before = False, self._asked, None

    @Slot()
    def _show(self) -> None:
        result = self._store.result
        if result is None:
            self._say(_("The network's answer appears here."))
            return
        if not result.predictions:
            self._say(_("This network does not name classes: look at its maps instead."))
            return
        filters = bool(working(result.recipe.filters))
        known = self._of is not None and self._of.recipe.network == result.recipe.network
        found = result.predictions if not filters else self._before if known else None
        rows = answer_rows(found or (), result.predictions)
        self.table.show_rows(rows, _("Picture"), _("Filtered"))
        self.table.setVisible(True)
        notes = []
        if not result.trained:
            notes.append(_("With random weights the answer means nothing; the maps show the architecture alone."))
        elif filters and found and found[0].index != result.predictions[0].index:
            notes.append(
                _("The filters change the answer: from “{before}” to “{after}”.").format(
                    before=found[0].label, after=result.predictions[0].label
                )
            )
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    def _say(self, text: str) -> None:
        self.table.hide()
        self.note.setText(text)
        self.note.show()

    @Slot()
    def _show_age(self) -> None:
        self.set_old(self._store.result_is_old)


def _same(question: AnswerTo, other: AnswerTo | None) -> bool:
    """Whether both are about one picture and one network with the same weights."""
    if other is None or question.frame is not other.frame:
        return False
    return _about(question) == _about(other)


def _about(question: AnswerTo) -> tuple[object, ...]:
    recipe = question.recipe
    return recipe.network, recipe.weights, recipe.input_hw, recipe.touch
