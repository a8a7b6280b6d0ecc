"""What the units of networks see, at any size of input: one question at a time, and the last few answers kept."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Problem
from explorer.questions import FieldsFound, FieldsOf
from explorer.receptive.analyse import Fields
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store

KEPT = 8
"""So many answers; DenseNet-201's, of the largest, takes some megabytes."""
Key = tuple[str, tuple[int, int] | None]
"""A network's name and its input's height and width; None for what its weights want, or of the loaded one its own."""


class FieldSurveys(QObject):
    """Asks for networks that need not be loaded; of the loaded one it knows what the store knows.

    Signals:
        changed: something new is known.
    """

    changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._asking = store, Asking(store, controller, self)
        self._known: OrderedDict[Key, Fields] = OrderedDict()
        self._failed: dict[Key, Problem] = {}
        self._waiting: list[Key] = []
        self._asked: Key | None = None
        self._asking.answered.connect(self._take_answer)
        self._asking.failed.connect(self._take_problem)
        store.network_changed.connect(self._take_network)
        store.fields_changed.connect(self.changed)

    def of(self, name: str, input_hw: tuple[int, int] | None = None) -> Fields | None:
        """Return what is known of a network at a size of its input."""
        if self._comes((name, input_hw)):
            return self._store.fields
        return self._known.get((name, input_hw))

    def failed(self, name: str, input_hw: tuple[int, int] | None = None) -> Problem | None:
        """Return why it cannot be had, or None."""
        return None if self.of(name, input_hw) else self._failed.get((name, input_hw))

    def want(self, *keys: Key, again: bool = False) -> None:
        """Ask for these; others that still wait are forgotten.

        Args:
            keys: networks and sizes.
            again: ask also for those that failed.
        """
        for key in keys if again else ():
            self._failed.pop(key, None)
        self._waiting = [key for key in keys if self._missing(key)]
        if self._asked in self._waiting:
            self._waiting.remove(self._asked)
        elif self._waiting:
            self._asked = None  # the newer question takes the place of one that waits
        self._ask_next()

    def _comes(self, key: Key) -> bool:
        """Whether it is of the loaded network and comes, or came, without being asked for."""
        network = self._store.network
        loaded = network is not None and network.card.name == key[0] and key[1] in (None, network.graph.input[1:])
        return loaded and not self._store.fields_failed

    def _missing(self, key: Key) -> bool:
        return not self._comes(key) and key not in self._known and key not in self._failed

    def _ask_next(self) -> None:
        while self._waiting and self._asked is None:
            key = self._waiting.pop(0)
            if self._missing(key):
                self._asked = key
                self._asking.ask(FieldsOf(*key))

    @Slot(object)
    def _take_answer(self, event: Answered) -> None:
        if isinstance(event.question, FieldsOf) and isinstance(event.answer, FieldsFound):
            key = event.question.network, event.question.input_hw
            self._known[key] = event.answer.fields
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            self._done(key)

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        if isinstance(problem.question, FieldsOf):
            key = problem.question.network, problem.question.input_hw
            self._failed[key] = problem
            self._done(key)

    @Slot()
    def _take_network(self) -> None:
        """Forget an own network that is opened anew: its file, or what the person says of it, may be another now."""
        loaded = self._store.network
        if loaded is not None and loaded.card.group == "own":
            for kept in (self._known, self._failed):
                for key in [key for key in kept if key[0] == loaded.card.name]:
                    del kept[key]
        self.changed.emit()

    def _done(self, key: Key) -> None:
        if self._asked == key:
            self._asked = None
        self._ask_next()
        self.changed.emit()
