"""Trainings that the window holds and the model thread carries out, a batch at a time. No torch at import."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import NetworkError, PersonError
from explorer.influence import Step
from explorer.text import N_
from explorer.training.values import Captured, Learned, Look, Plan, Saved

if TYPE_CHECKING:
    from explorer.session import Network
    from explorer.training.last import Capture, LastTrainer
    from explorer.training.lenet import LeNetTrainer
    from explorer.training.trainer import Trainer

TOLD_S = 0.15
"""So often it is told how far a training is; a single step tells it at once."""


class LeNetRun:
    """A LeNet-5 on the shipped digits. What it has learned stays while nobody asks for more.

    Attributes:
        plan: how it is trained.
        look: what is watched; may be another at any time.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.look = plan, Look()
        self._trainer: LeNetTrainer | None = None
        self._told = _Told()

    def steps(self, _network: Network | None, batches: int | None = None) -> Iterator[Step]:
        """Yield a step after each batch, and within a check of the held-out digits; its answer is a ``Learned``.

        Args:
            batches: how many; None for all that are left, 0 only tells how far it is.

        Raises:
            PersonError: the plan cannot be, or its learning rate is too large.
            SourceError: the watched picture does not fit.
        """
        from explorer.training.lenet import LeNetTrainer

        if self._trainer is None:
            self.plan.check()
            self._trainer = LeNetTrainer(self.plan)
        trainer = self._trainer
        return _steps(trainer, batches, self._told, lambda: trainer.learned(trainer.seen(self.look)))

    def save(self, _network: Network | None, path: str) -> Saved:
        """Write it as it is now; raises as ``kept.save_lenet``."""
        from explorer.training.kept import save_lenet

        if self._trainer is None:
            raise _nothing()
        save_lenet(self._trainer, Path(path))
        return Saved(path, self._trainer.accuracy())


class LastRun:
    """The last layer of the loaded network on a folder of pictures for each class.

    Attributes:
        plan: how it is trained.
        folder: the pictures.
    """

    def __init__(self, plan: Plan, folder: str) -> None:
        self.plan, self.folder = plan, folder
        self._network: weakref.ref[Network] | None = None
        self._capture: tuple[Capture, Iterator[Captured]] | None = None
        self._trainer: LastTrainer | None = None
        self._told = _Told()

    @property
    def held_out_paths(self) -> tuple[str, ...]:
        """The held-out pictures, in the order of the checks; none before they are chosen."""
        return () if self._trainer is None else tuple(self._trainer.held_out_paths)

    def steps(self, network: Network | None, batches: int | None = None) -> Iterator[Step]:
        """Yield a step after each picture, with a ``Captured``, and then as ``LeNetRun.steps``.

        Raises:
            NetworkError, SourceError, PersonError, ForwardError, DeviceError: as ``last.Capture`` and ``Trainer``.
        """
        self.plan.check()
        if self._trainer is None:
            from explorer.training.last import Capture

            network = self._same(network)
            if self._capture is None:
                capture = Capture(network, Path(self.folder))
                self._capture = capture, capture.steps()
            capture, looked = self._capture
            for captured in looked:
                yield Step(captured, captured.done, captured.of + 1)
            self._trainer, self._capture = capture.trainer(self.plan), None
        yield from _steps(self._trainer, batches, self._told, self._trainer.learned)

    def save(self, network: Network | None, path: str) -> Saved:
        """Write the network with its new last layer; raises as ``kept.save_last``."""
        from explorer.training.kept import save_last

        if self._trainer is None:
            raise _nothing()
        save_last(self._trainer, self._same(network), Path(path))
        return Saved(path, self._trainer.accuracy())

    def _same(self, network: Network | None) -> Network:
        """Return the network that it was begun with.

        Raises:
            NetworkError: another one is loaded.
        """
        if network is None or (self._network is not None and self._network() is not network):
            raise NetworkError(N_("The network has changed since: ask again when it is on the screen."))
        self._network = weakref.ref(network)
        return network


Run = LeNetRun | LastRun


@dataclass(frozen=True, eq=False)
class Train:
    """Let a training go on. A long question, answered by ``Learned`` and, before them, ``Captured``.

    Attributes:
        run: which one.
        batches: how many batches; None for all that are left, 0 only tells how far it is.
    """

    run: Run
    batches: int | None = None

    @property
    def alone(self) -> bool:
        """Whether it needs no loaded network, and so goes on when another one is loaded."""
        return isinstance(self.run, LeNetRun)


@dataclass(frozen=True, eq=False)
class TrainLast(Train):
    """The same of a last layer: a question of a kind of its own, beside which a LeNet-5 may be trained too."""


@dataclass(frozen=True, eq=False)
class SaveTrained:
    """Write a trained network as it is now. Answered by a ``Saved``.

    Attributes:
        run: which training.
        path: of the file.
    """

    run: Run
    path: str


class _Told:
    """What was told last, and when."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._learned: Learned | None = None

    def tell(self, learned: Callable[[], Learned], whole: bool) -> Learned:
        """Return ``learned()``; what was told before where that was only a moment ago and nothing ``whole`` is due."""
        if whole or self._learned is None or time.perf_counter() - self._at_s > TOLD_S:
            self._learned, self._at_s = learned(), time.perf_counter()
        return self._learned


def _steps(trainer: Trainer, batches: int | None, told: _Told, learned: Callable[[], Learned]) -> Iterator[Step]:
    """Yield a step after each call of ``advance``, until so many batches are done, or all."""
    until = trainer.batches if batches is None else trainer.batch + batches
    of = trainer.batches + 1
    while not trainer.finished and (trainer.batch < until or until >= trainer.batches):
        trainer.advance()
        if trainer.finished or trainer.batch >= until < trainer.batches:
            break
        yield Step(told.tell(learned, whole=False), trainer.batch, of)
    yield Step(told.tell(learned, whole=True), of, of)


def _nothing() -> PersonError:
    return PersonError(N_("Nothing is trained yet: start the training first."))
