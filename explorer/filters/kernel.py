"""A filter's kernel as a value that is valid by construction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from explorer.errors import PersonError
from explorer.text import N_

LARGEST = 63


@dataclass(frozen=True)
class Kernel:
    """A rectangle of weights and the scale that their sum is multiplied by.

    Attributes:
        name: the name that the bank knows it by, or "" for one that a person typed.
        weights: rows of numbers, all rows of one length, 1 to 63 each way.
        scale: the factor after the sum (the lecture's 1/25, 1/4).

    Raises:
        PersonError: a ragged, empty or too large rectangle, or a number that is not finite.
    """

    name: str
    weights: tuple[tuple[float, ...], ...]
    scale: float = 1.0

    def __post_init__(self) -> None:
        rows = {len(row) for row in self.weights}
        if len(rows) != 1 or not rows.isdisjoint({0}):
            raise PersonError(N_("The kernel's rows differ in length: give every row the same number of weights."))
        if max(len(self.weights), *rows) > LARGEST:
            raise PersonError(N_("The kernel is larger than {most} cells a side: use a smaller one."), most=LARGEST)
        if not all(math.isfinite(w) for row in self.weights for w in (*row, self.scale)):
            raise PersonError(N_("The kernel holds a weight that is not a number: correct that cell."))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in cells."""
        return len(self.weights), len(self.weights[0])
