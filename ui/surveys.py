"""What is known of networks that are not loaded: one question at a time, and the last few answers kept."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Problem
from explorer.questions import Survey, Surveyed
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store

KEPT = 12
"""So many answers; DenseNet-201's, of the largest, takes about a megabyte."""


class Surveys(QObject):
    """Every place that needs a network's layers asks here.

    Signals:
        changed: of the network of this name something new is known: its layers, or why they cannot be had.
    """

    changed = Signal(str)

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._asking = store, Asking(store, controller, self)
        self._known: OrderedDict[str, Surveyed] = OrderedDict()
        self._failed: dict[str, Problem] = {}
        self._waiting: list[str] = []
        self._asked = ""
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        store.network_changed.connect(self._take_network)

    def of(self, name: str) -> Surveyed | None:
        """Return what is known of the network called ``name``: of the loaded one what it really runs."""
        loaded = self._store.network
        if loaded is not None and loaded.card.name == name:
            return Surveyed(loaded.card, loaded.graph)
        return self._known.get(name)

    def failed(self, name: str) -> Problem | None:
        """Return why the layers of ``name`` cannot be had, or None."""
        return None if self.of(name) else self._failed.get(name)

    def asks(self, name: str) -> bool:
        """Return whether an answer about ``name`` is on its way."""
        return self.of(name) is None and (name == self._asked or name in self._waiting)

    def want(self, *names: str, again: bool = False) -> None:
        """Ask for these networks; others that still wait are forgotten.

        Args:
            names: of the networks.
            again: ask also for those that failed.
        """
        for name in names if again else ():
            self._failed.pop(name, None)
        self._waiting = [name for name in names if self.of(name) is None and name not in self._failed]
        if self._asked in self._waiting:
            self._waiting.remove(self._asked)
        elif self._waiting:
            self._asked = ""  # the newer question takes the place of one that waits
        self._ask_next()

    def _ask_next(self) -> None:
        while self._waiting and not self._asked:
            name = self._waiting.pop(0)
            if self.of(name) is None:
                self._asked = name
                self._asking.ask(Survey(name))

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if isinstance(event.question, Survey) and isinstance(event.answer, Surveyed):
            self._known[event.question.network] = event.answer
            self._known.move_to_end(event.question.network)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            self._done(event.question.network)

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        if isinstance(problem.question, Survey):
            self._failed[problem.question.network] = problem
            self._done(problem.question.network)

    @Slot()
    def _take_network(self) -> None:
        loaded = self._store.network
        if loaded is not None:
            if loaded.card.group == "own":  # its file, or what the person says of it, may be another one now
                self._known.pop(loaded.card.name, None)
                self._failed.pop(loaded.card.name, None)
            self.changed.emit(loaded.card.name)

    def _done(self, name: str) -> None:
        if self._asked == name:
            self._asked = ""
        self._ask_next()
        self.changed.emit(name)
