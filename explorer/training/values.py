"""How a network is to be trained, and what is told of it on the way. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import PersonError
from explorer.settings import data_folder
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame

Form = Literal["lenet5", "lenet5_1998"]
FORMS: tuple[Form, ...] = ("lenet5", "lenet5_1998")
LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")
"""Of both forms of LeNet-5: those whose maps can be watched."""
Optimiser = Literal["adam", "sgd"]
RATES: dict[tuple[str, Optimiser], float] = {
    ("lenet5", "adam"): 2e-3,
    ("lenet5", "sgd"): 0.1,
    ("lenet5_1998", "adam"): 5e-3,
    ("lenet5_1998", "sgd"): 0.01,
    ("last", "adam"): 1e-2,
    ("last", "sgd"): 0.1,
}
"""The learning rate that is taken where nobody says another: for Adam the largest of its cycle."""
MOST_EPOCHS, MOST_BATCH, MOST_RATE, MOST_SEED = 1000, 2000, 1000.0, 2**31 - 1
EPOCHS, LAST_EPOCHS = 12, 40
"""Rounds over the pictures that are usual for LeNet-5, and for a last layer."""
MOST_MISREAD = 200
"""So many misread pictures are told at most, the most confident first."""


@dataclass(frozen=True)
class Plan:
    """How it is trained.

    Attributes:
        what: a form of LeNet-5, or "last" for the last layer of another network.
        epochs: rounds over the training pictures, 1 … ``MOST_EPOCHS``.
        rate: the learning rate; None for the usual one of ``RATES``.
        batch: pictures a step, 1 … ``MOST_BATCH``.
        seed: of first weights, order and augmentation, and of what is held out of a person's own pictures.
        optimiser: "adam": Adam with one cycle of the learning rate (Smith and Topin 2018, "Super-Convergence"); "sgd":
            plain steps against the gradient, always of the same rate.
        augment: whether each digit is turned, sheared, zoomed and shifted a little, anew each time.
    """

    what: Form | Literal["last"] = "lenet5"
    epochs: int = EPOCHS
    rate: float | None = None
    batch: int = 64
    seed: int = 0
    optimiser: Optimiser = "adam"
    augment: bool = True

    @property
    def step(self) -> float:
        """The learning rate."""
        return RATES[self.what, self.optimiser] if self.rate is None else self.rate

    def check(self) -> None:
        """Do nothing if it can be trained so.

        Raises:
            PersonError: a number is outside its range.
        """
        for name, value, least, most in (
            (N_("epochs"), self.epochs, 1, MOST_EPOCHS),
            (N_("batch"), self.batch, 1, MOST_BATCH),
            (N_("seed"), self.seed, 0, MOST_SEED),
        ):
            if not least <= value <= most:
                raise PersonError(
                    N_("{name} cannot be {value}: from {least} to {most} can."),
                    name=name,
                    value=value,
                    least=least,
                    most=most,
                )
        if not (math.isfinite(self.step) and 0 < self.step <= MOST_RATE):
            raise PersonError(
                N_("The learning rate cannot be {value}: give a number above 0, for example {usual}."),
                value=self.step,
                usual=RATES[self.what, self.optimiser],
            )


@dataclass(frozen=True, eq=False)
class Look:
    """What is watched while a LeNet-5 learns.

    Attributes:
        layer: whose maps; one of ``LAYERS``.
        digit: which held-out digit.
        frame: a picture that takes that digit's place, or None.
    """

    layer: str = "c1"
    digit: int = 0
    frame: Frame | None = None


@dataclass(frozen=True)
class Misread:
    """A held-out picture that is named wrongly.

    Attributes:
        place: which held-out one.
        truth, answer: indices of its class and of the one that it is taken for.
        probability: of that answer, 0 … 1.
    """

    place: int
    truth: int
    answer: int
    probability: float


@dataclass(frozen=True, eq=False)
class Checked:
    """How well the held-out pictures are named after some batches.

    Attributes:
        batch: how many.
        accuracy: share of them that are named rightly, 0 … 1.
        confusion: int64 (classes, classes): how many of the row's class got the column's name.
        misread: those named wrongly, the most confident first, at most ``MOST_MISREAD``.
    """

    batch: int
    accuracy: float
    confusion: NDArray[np.int64]
    misread: tuple[Misread, ...]


@dataclass(frozen=True, eq=False)
class Seen:
    """What a LeNet-5 looks like now.

    Attributes:
        look: what is watched.
        filters: float32 (6, 5, 5), the weights of its first layer.
        maps: float32 (C, h, w), the watched layer's, of the watched picture.
        before, now: float32 (10,), the probabilities of the digits for that picture before the first batch, and now.
    """

    look: Look
    filters: Floats
    maps: Floats
    before: Floats
    now: Floats


@dataclass(frozen=True, eq=False)
class Learned:
    """How far a training is.

    Attributes:
        plan: how it is trained.
        names: of the classes, by index.
        batch, batches: how many are learned from, and how many there will be.
        losses: float32 (batch,), the mean loss of each.
        checks: of the held-out pictures, the first before any batch, then one an epoch; empty until the first is done.
        trained, held_out: int64 (classes,): how many pictures of each class are learned from, and held out.
        seconds: that it took so far.
        finished: whether all batches are learned from, and the last check is done.
        seen: what it looks like; None of a last layer.
    """

    plan: Plan
    names: tuple[str, ...]
    batch: int
    batches: int
    losses: Floats
    checks: tuple[Checked, ...]
    trained: NDArray[np.int64]
    held_out: NDArray[np.int64]
    seconds: float
    finished: bool
    seen: Seen | None = None

    @property
    def epoch(self) -> int:
        """How many rounds over the training pictures are complete."""
        return self.batch * self.plan.epochs // self.batches


@dataclass(frozen=True, eq=False)
class Captured:
    """How many pictures of a person's own classes the network has looked at, before its last layer learns.

    Attributes:
        done, of: pictures.
        unreadable: paths of those that hold no picture that can be read.
    """

    done: int
    of: int
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class Saved:
    """A trained network was written.

    Attributes:
        path: of its file.
        accuracy: share of the held-out pictures that it names rightly, 0 … 1.
    """

    path: str
    accuracy: float


def room() -> Path:
    """Return the folder of trained networks that the person only wanted to look through; it may not exist yet."""
    return data_folder() / "trained"


def digit_pictures() -> tuple[Bytes, NDArray[np.uint8]]:
    """Return the held-out digits, uint8 (2000, 28, 28), light on dark, and which they are, uint8 (2000,)."""
    from explorer.training.archive import arrays, is_held_out

    pictures, classes = arrays()
    held_out = is_held_out(len(classes))
    return pictures[held_out], classes[held_out]
