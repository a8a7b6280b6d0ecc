"""What detectors, segmenters and a second network answer: plain values, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError

if TYPE_CHECKING:
    from explorer.recipe import Beside
    from explorer.values import Prediction
    from explorer.zoo.card import Card

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Detection:
    """One thing that was found.

    Attributes:
        index: of its class.
        label: English.
        score: 0 … 1.
        box: [y0, x0, y1, x1] in the picture's pixels.
        kept: whether non-maximum suppression keeps it.
    """

    index: int
    label: str
    score: float
    box: Box
    kept: bool = True


@dataclass(frozen=True, eq=False)
class Segmented:
    """Which class each cell of the network's input has.

    Attributes:
        classes: int32 (h, w), the most probable class of each cell.
        labels: of all classes.
    """

    classes: NDArray[np.int32]
    labels: tuple[str, ...]

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """The classes that occur, each with its share of the cells, 0 … 1; the largest first."""
        found, counts = np.unique(self.classes, return_counts=True)
        shares = [(int(index), float(count) / self.classes.size) for index, count in zip(found, counts, strict=True)]
        return tuple(sorted(shares, key=lambda one: (-one[1], one[0])))

    def name(self, index: int) -> str:
        """Return what a class is called."""
        return self.labels[index].strip("_") if index < len(self.labels) else f"class {index}"


@dataclass(frozen=True, eq=False)
class Found:
    """What a network finds in a frame.

    Attributes:
        detections: the best first; None where the network does not detect.
        segmented: None where the network does not segment.
        error: why neither is there, or why the suppressed boxes are not; else None.
    """

    detections: tuple[Detection, ...] | None = None
    segmented: Segmented | None = None
    error: ExplorerError | None = None


@dataclass(frozen=True, eq=False)
class BesideAnswer:
    """What the second network answers to a frame, or why it does not.

    Attributes:
        asked: which network.
        error: why there is no answer; None where there is one. What follows is then not known.
        details: the traceback of the error.
        card: the network's facts.
        weights: name of the loaded set, or "none".
        trained: whether they are trained.
        labels: name of the class list, or "".
        parameters: how many weights it runs with.
        device: the device's name.
        moved: why it is on the CPU, where it was meant to be elsewhere; else None.
        predictions, finite: as in ``FrameResult``.
        times_ms: prepare, forward.
    """

    asked: Beside
    error: ExplorerError | None = None
    details: str = ""
    card: Card | None = None
    weights: str = ""
    trained: bool = False
    labels: str = ""
    parameters: int = 0
    device: str = ""
    moved: ExplorerError | None = None
    predictions: tuple[Prediction, ...] = ()
    finite: bool = True
    times_ms: Mapping[str, float] = field(default_factory=dict)
