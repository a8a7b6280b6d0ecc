"""One question at a time to the engine: what comes of it is told to whoever asked, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Ended
from ui.controller import Controller
from ui.store import Store

if TYPE_CHECKING:  # the window opens without
    from explorer.questions import Question


class Asking(QObject):
    """A newer question takes the place of the one that is out; where the older one was begun, its answer is told too.

    Signals:
        answered: the ``Answered``; of a long question several.
        failed: the ``Problem``, which is told here and therefore shown nowhere else.
        ended: the network of a long question is gone.
    """

    answered = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._out: list[Question] = []
        controller.answered.connect(self._take_answer)
        controller.ended.connect(self._take_end)
        store.problems_changed.connect(self._take_problem)

    @property
    def question(self) -> Question | None:
        """What is asked and not yet answered to the end, or None."""
        return self._out[-1] if self._out else None

    def ask(self, question: Question) -> None:
        """Ask ``question``."""
        self._out.append(question)
        self._controller.ask(question)

    def drop(self) -> None:
        """Let nobody answer any further; of what is known nothing is lost."""
        if self._out:
            self._controller.drop(self._out[-1])
            self._out.clear()

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if event.question in self._out:
            if event.fraction == 1:
                self._close(event.question)
            self.answered.emit(event)

    @Slot(object)
    def _take_end(self, event: Ended) -> None:
        if event.question in self._out:
            self._close(event.question)
            self.ended.emit()

    @Slot()
    def _take_problem(self) -> None:
        problem = self._store.problems.get("question")
        if problem is not None and problem.question in self._out:
            self._close(problem.question)
            self._controller.dismiss("question")
            self.failed.emit(problem)

    def _close(self, question: Question) -> None:
        """Forget a question, and those before it: the engine answers in the order in which it was asked."""
        del self._out[: self._out.index(question) + 1]
