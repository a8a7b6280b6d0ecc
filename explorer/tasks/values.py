"""What detectors and segmenters answer: plain values, no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        return self.labels[index] if index < len(self.labels) else f"class {index}"
