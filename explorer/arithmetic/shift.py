"""A small picture moved by a few cells: which inputs change, while the map of a convolution only moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.numbers import Plane
from explorer.arithmetic.trace import output
from explorer.errors import PersonError
from explorer.text import N_


@dataclass(frozen=True)
class Shift:
    """A picture of one channel and the same picture moved; zeros come in where it leaves.

    Attributes:
        picture: rows of numbers.
        window: the filter's rows of numbers.
        by: rows down and columns to the right; negative for up and to the left.

    Raises:
        PersonError: the numbers make no picture, the window is larger than it, or it is moved out of itself.
    """

    picture: Plane
    window: Plane
    by: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        _ = self.case
        for n, step in zip((len(self.picture), len(self.picture[0])), self.by, strict=True):
            if type(step) is not int or abs(step) >= n:
                raise PersonError(
                    N_("The picture cannot be moved by {step}: it has {n} cells there, so give {most} at most."),
                    step=str(step)[:40],
                    n=n,
                    most=n - 1,
                )

    @cached_property
    def case(self) -> Case:
        """The convolution of the picture where it was."""
        return Case("conv", (self.picture,), ((self.window,),))

    @cached_property
    def moved_case(self) -> Case:
        """The convolution of the moved picture."""
        plane = tuple(map(tuple, moved(self.before, self.by).tolist()))
        return Case("conv", (plane,), ((self.window,),))

    @property
    def before(self) -> Doubles:
        """The picture, float64 (H, W)."""
        return _only(self.case.input_array)

    @property
    def after(self) -> Doubles:
        """The moved picture, float64 (H, W)."""
        return _only(self.moved_case.input_array)

    @cached_property
    def changed(self) -> tuple[tuple[int, int], ...]:
        """The inputs (y, x) whose number is another one after the move: a fully connected layer meets each anew."""
        return tuple((int(y), int(x)) for y, x in np.argwhere(self.before != self.after))

    @cached_property
    def map_before(self) -> Doubles:
        """The convolution's map of the picture, float64 (h, w); without padding."""
        return _only(output(self.case))

    @cached_property
    def map_after(self) -> Doubles:
        """Its map of the moved picture."""
        return _only(output(self.moved_case))

    @cached_property
    def entered(self) -> tuple[tuple[int, int], ...]:
        """The values (y, x) of the second map whose windows reach what came in; every other one has only moved."""
        stays = np.ones_like(self.map_before)
        return tuple((int(y), int(x)) for y, x in np.argwhere(moved(stays, self.by) == 0))

    @property
    def only_moved(self) -> bool:
        """Whether the second map is the first one moved, but for what entered."""
        same = self.map_after == moved(self.map_before, self.by)
        return all(same[y, x] for y, x in np.ndindex(*same.shape) if (y, x) not in self.entered)


def _only(planes: Doubles) -> Doubles:
    plane: Doubles = planes[0]
    return plane


def moved(plane: Doubles, by: tuple[int, int]) -> Doubles:
    """Return rows of numbers moved by rows down and columns to the right; zeros come in."""
    found = np.zeros_like(plane)
    (h, w), (down, right) = plane.shape, by
    part = plane[max(-down, 0) : max(h - down, 0), max(-right, 0) : max(w - right, 0)]
    found[max(down, 0) : max(h + down, 0), max(right, 0) : max(w + right, 0)] = part
    return found
