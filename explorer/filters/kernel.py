"""A filter's kernel as a value that is valid by construction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.errors import PersonError
from explorer.text import N_

LARGEST = 63
"""Cells a side that a kernel may have: those of files and of what is learned."""
TYPED = 15
"""Cells a side that a person types or pastes into a grid."""
MOST = 1e6
"""Of a weight, a scale and an offset, either sign."""

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Kernel:
    """A rectangle of weights, the scale that their sum is multiplied by, and what is added then.

    The middle is cell (height // 2, width // 2), as OpenCV has it: in a kernel of even size, which has no middle cell,
    the one below and right of the middle.

    Attributes:
        name: the name that a bank knows it by, or "" for one that a person typed.
        weights: rows of numbers, all rows of one length, 1 to ``LARGEST`` each way.
        scale: the factor after the sum (the lecture's 1/25, 1/4).
        offset: what is added after the scale, in levels of 0 … 255.

    Raises:
        PersonError: a ragged, empty or too large rectangle, or a number that is not finite or too large.
    """

    name: str
    weights: Rows
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        rows = {len(row) for row in self.weights}
        if not rows or 0 in rows:
            raise PersonError(N_("The kernel has no cells: type at least one weight."))
        if len(rows) != 1:
            raise PersonError(N_("The kernel's rows differ in length: give every row the same number of weights."))
        if max(len(self.weights), *rows) > LARGEST:
            raise PersonError(N_("The kernel is larger than {most} cells a side: use a smaller one."), most=LARGEST)
        for row, weights in enumerate(self.weights, 1):
            for column, weight in enumerate(weights, 1):
                if not abs(weight) <= MOST:  # NaN is not
                    raise PersonError(
                        N_(
                            "Row {row}, column {column} of the kernel is {value}: type a number from {least} to {most}."
                        ),
                        row=row,
                        column=column,
                        value=weight,
                        least=-int(MOST),
                        most=int(MOST),
                    )
        if not abs(self.scale) <= MOST:
            raise PersonError(N_("The scale cannot be {value}: type a number such as 1/4 or 0.25."), value=self.scale)
        if not abs(self.offset) <= MOST:
            raise PersonError(N_("The offset cannot be {value}: type a number such as 128."), value=self.offset)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in cells."""
        return len(self.weights), len(self.weights[0])

    @property
    def anchor(self) -> tuple[int, int]:
        """Row and column of the cell that lies on the pixel whose result is computed."""
        return self.shape[0] // 2, self.shape[1] // 2

    @property
    def centred(self) -> bool:
        """Whether it has a middle cell: both sides are odd."""
        return self.shape[0] % 2 == self.shape[1] % 2 == 1

    @property
    def sum(self) -> float:
        """The sum of the weights, before the scale."""
        return math.fsum(weight for row in self.weights for weight in row)

    def flipped(self) -> Kernel:
        """Return it turned by 180°: what a true convolution multiplies with; no bank knows it by its name."""
        return self._with([row[::-1] for row in self.weights[::-1]])

    def mirrored(self) -> Kernel:
        """Return it with left and right exchanged."""
        return self._with([row[::-1] for row in self.weights])

    def upended(self) -> Kernel:
        """Return it with top and bottom exchanged."""
        return self._with(self.weights[::-1])

    def rotated(self) -> Kernel:
        """Return it turned by 90° clockwise."""
        return self._with(list(zip(*self.weights[::-1], strict=True)))

    def normalised(self) -> Kernel:
        """Return it with the scale that neither brightens nor darkens: 1 ÷ the sum of its weights.

        Raises:
            PersonError: the weights add up to 0, or to so little that the scale would be too large.
        """
        if abs(self.sum) * MOST < 1:
            raise PersonError(
                N_("The weights add up to {sum}, which no scale makes 1: change a weight, or show the result signed."),
                sum=f"{self.sum:g}",
            )
        return Kernel("", self.weights, 1 / self.sum, self.offset)

    def _with(self, weights: Sequence[Sequence[float]]) -> Kernel:
        rows = tuple(map(tuple, weights))
        return self if rows == self.weights else Kernel("", rows, self.scale, self.offset)


@dataclass(frozen=True)
class Magnitude:
    """The length of the vector of two kernels' results, √(x² + y²): how steep an edge is, whatever its direction.

    It is not linear: its impulse response does not tell what it does to another picture.

    Attributes:
        name: as a kernel's.
        x, y: kernels of one shape, each with its own scale and offset.

    Raises:
        PersonError: the two differ in shape.
    """

    name: str
    x: Kernel
    y: Kernel

    def __post_init__(self) -> None:
        if self.x.shape != self.y.shape:
            raise PersonError(N_("The two kernels of a magnitude differ in size: give both the same."))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in cells."""
        return self.x.shape


Operator = Kernel | Magnitude
"""What a filter does at each pixel."""


def kernels(operator: Operator) -> tuple[Kernel, ...]:
    """Return the kernels that ``operator`` multiplies with: one, or two of a magnitude."""
    return (operator,) if isinstance(operator, Kernel) else (operator.x, operator.y)
