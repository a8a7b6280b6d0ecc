"""A training as the window sees it: begun, paused, gone on with a batch at a time, kept as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Problem
from explorer.errors import NetworkError
from explorer.text import N_
from explorer.training.run import LastRun, Run, SaveTrained, Train, TrainLast
from explorer.training.values import Captured, Learned, Saved
from explorer.values import Source
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store
from ui.turns import Turns

Line = NDArray[np.float64]


class Training(QObject):
    """One training at a time; it goes on while nobody looks.

    Attributes:
        run: the training, or None.
        running: whether it goes on by itself.
        learned: how far it is, or None.
        captured: how many pictures were looked at before, or None.
        problem: why it cannot go on, or could not be kept; or None.

    Signals:
        learned_changed: ``learned`` or ``captured`` is another one; its receivers take turns while it goes on.
        state_changed: ``run``, ``running`` or ``problem`` is another one.
        saved: the ``Saved`` of a file that the person asked for.
        opened: a kept network is wished for, and is to be seen in Explore.
    """

    state_changed = Signal()
    saved = Signal(object)
    opened = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.learned_changed = Turns(self)
        self._store, self._controller = store, controller
        self._going, self._saving = Asking(store, controller, self), Asking(store, controller, self)
        self._then: tuple[Source | None] | None = None
        self.run: Run | None = None
        self.running = False
        self.learned: Learned | None = None
        self.captured: Captured | None = None
        self.problem: Problem | None = None
        self._going.answered.connect(self._take)
        self._going.failed.connect(self._fail)
        self._going.ended.connect(self._end)
        self._saving.answered.connect(self._take_saved)
        self._saving.failed.connect(self._fail_to_save)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to learn from."""
        return self.learned is not None and self.learned.finished

    @property
    def losses(self) -> tuple[Line, Line, float]:
        """The number of each batch, float64 (n,), its loss, and how many batches there will be."""
        if self.learned is None:
            return np.zeros(0), np.zeros(0), 1.0
        losses = self.learned.losses.astype(np.float64)
        return np.arange(1.0, len(losses) + 1), losses, float(self.learned.batches)

    @property
    def accuracies(self) -> tuple[Line, Line, float]:
        """The epoch of each check, float64 (n,), the held-out share that was named rightly, and how many epochs."""
        if self.learned is None:
            return np.zeros(0), np.zeros(0), 1.0
        checks, epochs = self.learned.checks, self.learned.plan.epochs
        at = np.array([one.batch * epochs / self.learned.batches for one in checks], np.float64)
        return at, np.array([one.accuracy for one in checks], np.float64), float(epochs)

    @property
    def idle(self) -> bool:
        """Whether nothing is learned or told now."""
        return self._going.question is None

    def go_on(self, run: Run, batches: int | None = None) -> None:
        """Let ``run`` go on: until it is paused, or so many batches; 0 only tells anew how far it is."""
        if run is not self.run:
            self.learned = self.captured = None
            self.learned_changed.emit()
        self.run, self.problem = run, None
        self.running = batches is None
        kind = TrainLast if isinstance(run, LastRun) else Train
        self._going.ask(kind(run, batches))
        self.state_changed.emit()

    def pause(self) -> None:
        """Learn from no further batch; what is learned stays."""
        if self.running:
            self.running = False
            self._going.drop()
            self.state_changed.emit()

    @Slot()
    def drop(self) -> None:
        """Forget the training."""
        self._going.drop()
        self.run = self.learned = self.captured = self.problem = None
        self.running = False
        self.learned_changed.emit()
        self.state_changed.emit()

    def save(self, path: str) -> None:
        """Keep the network as it is now: ``saved`` follows."""
        if self.run is not None:
            self._then, self.problem = None, None
            self._saving.ask(SaveTrained(self.run, path))

    def open(self, path: str, source: Source | None = None) -> None:
        """Keep the network as it is now and look through it, at another picture where one is given."""
        if self.run is not None:
            self._then, self.problem = (source,), None
            self._saving.ask(SaveTrained(self.run, path))

    @Slot(object)
    def _take(self, event: Answered) -> None:
        over = event.fraction == 1 and self.running
        self.running = self.running and not over
        if isinstance(event.answer, Captured):
            self.captured = event.answer
        elif isinstance(event.answer, Learned) and event.answer is not self.learned:
            self.learned = event.answer
        else:
            return
        self.learned_changed.emit(in_turns=self.running)
        if over:
            self.state_changed.emit()

    @Slot(object)
    def _fail(self, problem: Problem) -> None:
        """Tell why it cannot go on; nothing is learned any more, but the curves stay."""
        self.run, self.running, self.problem = None, False, problem
        self.state_changed.emit()

    @Slot()
    def _end(self) -> None:
        error = NetworkError(N_("The network has changed since: ask again when it is on the screen."))
        self._fail(Problem("question", error))

    @Slot(object)
    def _take_saved(self, event: Answered) -> None:
        saved = event.answer
        assert isinstance(saved, Saved)
        if self._then is None:
            self.saved.emit(saved)
            return
        changes = {} if self._then[0] is None else {"source": self._then[0]}
        path = str(Path(saved.path).absolute())
        if self._store.recipe.network == path:
            self._controller.reload()
        self._controller.open_network(path, **changes)
        self.opened.emit()

    @Slot(object)
    def _fail_to_save(self, problem: Problem) -> None:
        self.problem = problem
        self.state_changed.emit()
