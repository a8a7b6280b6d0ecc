"""The one loop that trains: batch by batch, so that whoever watches can stop between any two."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import PersonError
from explorer.text import N_
from explorer.training.values import MOST_MISREAD, Checked, Learned, Misread, Plan, Seen

SLICE = 250
"""So many held-out pictures are looked at without a pause."""


@dataclass(frozen=True, eq=False)
class Material:
    """What is learned from, and what is held out.

    Attributes:
        pictures, held_out: float32 (n, …), as the network gets them.
        classes, held_out_classes: int64 (n,).
        names: of the classes, by index.
    """

    pictures: Tensor
    classes: Tensor
    held_out: Tensor
    held_out_classes: Tensor
    names: tuple[str, ...]


class Trainer:
    """Trains ``network`` on the CPU.

    One thread makes the sums, whatever number torch has else: they, and so the weights, depend on it.

    Args:
        network: with its first weights; changed in place.
        material: what is learned from.
        plan: how.
        augment: makes of a batch what is learned from, with the plan's generator; None to learn from it as it is.
        temperature: by what the outputs are divided before the loss's softmax (Hinton et al. 2015, "Distilling the
            Knowledge in a Neural Network", equation 1).
    """

    def __init__(
        self,
        network: nn.Module,
        material: Material,
        plan: Plan,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        temperature: float = 1.0,
    ) -> None:
        self.network, self.material, self.plan = network, material, plan
        self._augment, self._temperature = augment, temperature
        self._generator = torch.Generator().manual_seed(plan.seed)
        self.batch, self.batches = 0, plan.epochs * -(-len(material.pictures) // plan.batch)
        weights = list(network.parameters())
        self._schedule: torch.optim.lr_scheduler.LRScheduler | None = None
        self._optimizer: torch.optim.Optimizer
        if plan.optimiser == "sgd":
            self._optimizer = torch.optim.SGD(weights, plan.step)
        else:
            self._optimizer = torch.optim.Adam(weights, plan.step)
            if self.batches > 1:  # a cycle has two ends
                self._schedule = torch.optim.lr_scheduler.OneCycleLR(
                    self._optimizer, plan.step, total_steps=self.batches
                )
        self._losses = array("f")
        self._checks: list[Checked] = []
        self._seconds = 0.0
        self.finished = False
        self._work = self._go()
        self._broken: PersonError | None = None

    def advance(self) -> None:
        """Learn from one batch, or look at some of the held-out pictures; nothing once it is finished.

        Raises:
            PersonError: the numbers are no longer finite; no later call goes on.
        """
        if self._broken is not None:
            raise self._broken
        start = time.perf_counter()
        try:
            with one_thread():
                next(self._work, None)
        except PersonError as error:
            self._broken = error
            raise
        finally:
            self._seconds += time.perf_counter() - start

    def accuracy(self) -> float:
        """Return the share of the held-out pictures that are named rightly now, 0 … 1."""
        return accuracy(self.network, self.material.held_out, self.material.held_out_classes)

    def learned(self, seen: Seen | None = None) -> Learned:
        """Return how far it is; ``seen`` is told with it."""
        material, count = self.material, len(self.material.names)
        return Learned(
            self.plan,
            material.names,
            self.batch,
            self.batches,
            np.array(self._losses, np.float32),
            tuple(self._checks),
            material.classes.bincount(minlength=count).numpy(),
            material.held_out_classes.bincount(minlength=count).numpy(),
            self._seconds,
            self.finished,
            seen,
        )

    def _go(self) -> Iterator[None]:
        """Yield after each batch and after each slice of a check."""
        yield from self._check()
        for epoch in range(self.plan.epochs):
            order = torch.randperm(len(self.material.pictures), generator=self._generator)
            for chosen in order.split(self.plan.batch):  # type: ignore[no-untyped-call]
                self._learn(chosen)
                yield
            last = epoch + 1 == self.plan.epochs
            yield from self._check(last)

    def _learn(self, chosen: Tensor) -> None:
        pictures, classes = self.material.pictures[chosen], self.material.classes[chosen]
        with torch.enable_grad():
            if self._augment is not None:
                pictures = self._augment(pictures, self._generator)
            loss = functional.cross_entropy(self.network(pictures) / self._temperature, classes)
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        self._finite(loss)
        self._optimizer.step()
        if self._schedule is not None:
            self._schedule.step()
        self.batch += 1
        self._losses.append(loss.item())

    def _check(self, last: bool = False) -> Iterator[None]:
        outputs = []
        for pictures in self.material.held_out.split(SLICE):  # type: ignore[no-untyped-call]
            with torch.inference_mode():
                outputs.append(self.network(pictures))
            if sum(map(len, outputs)) < len(self.material.held_out):
                yield
        whole = torch.cat(outputs)
        self._finite(whole)
        self._checks.append(checked(self.batch, whole, self.material.held_out_classes))
        self.finished = last
        yield

    def _finite(self, numbers: Tensor) -> None:
        if not bool(numbers.isfinite().all()):
            raise PersonError(
                N_("After {batch} batches the numbers are no longer finite: choose a learning rate below {rate}."),
                batch=self.batch,
                rate=f"{self.plan.step:g}",
            )


def checked(batch: int, outputs: Tensor, classes: Tensor) -> Checked:
    """Return what ``outputs`` (n, classes), of pictures of ``classes`` (n,), say after ``batch`` batches."""
    count = outputs.shape[1]
    found, answers = outputs.softmax(1).max(1)
    confusion = (classes * count + answers).bincount(minlength=count * count).view(count, count)
    wrong = (answers != classes).nonzero().flatten()
    wrong = wrong[found[wrong].argsort(descending=True, stable=True)][:MOST_MISREAD]
    misread = tuple(
        Misread(int(place), int(classes[place]), int(answers[place]), float(found[place])) for place in wrong
    )
    share = float((answers == classes).double().mean())
    return Checked(batch, share, confusion.numpy(), misread)


@torch.inference_mode()
def accuracy(network: nn.Module, pictures: Tensor, classes: Tensor) -> float:
    """Return the share of ``pictures`` whose most probable class is the right one, 0 … 1."""
    right: Tensor = network(pictures).argmax(1) == classes
    return float(right.double().mean())


@contextmanager
def one_thread() -> Iterator[None]:
    """Let one CPU thread make the sums."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
