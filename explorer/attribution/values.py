"""What is told of the effective receptive field: plain values, no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from explorer.receptive.values import Box, Certainty
from explorer.values import Floats

MASS = 0.95
"""The share of all influence by which an effective receptive field is measured."""


@dataclass(frozen=True, eq=False)
class Effective:
    """The effective receptive field of a unit: how much each cell of the network's input moves it.

    Its size is the least number of cells that hold ``MASS`` of the influence. Luo et al. 2016, "Understanding the
    Effective Receptive Field in Deep Convolutional Neural Networks", section 3, count the cells above 1 − 95.45 % of
    the centre's value; of a Gaussian, the form that the paper derives, those hold exactly 95.45 % of the mass, so both
    say the same there. The mass needs no centre cell, whose value is noise, and holds for any form.

    Attributes:
        layer: its id.
        unit: row and column; None for a layer without rows and columns, whose whole output is meant.
        heat: float32 (h, w), mean absolute gradient by input cell, in no unit that could be compared between layers.
        box: the theoretical area, [y0, x0, y1, x1] half-open in input cells, which may reach into padding; None where
            it is unknown.
        clipped: the smallest box of real cells that the unit depends on; None where it is unknown or there are none.
        certainty, why: of the box, as in ``receptive.values.Field``.
        pictures: how many inputs were averaged.
    """

    layer: str
    unit: tuple[int, int] | None
    heat: Floats
    box: Box | None
    clipped: tuple[int, int, int, int] | None
    certainty: Certainty
    why: str
    pictures: int

    @cached_property
    def cells_95(self) -> int:
        """The least number of input cells that hold ``MASS`` of the influence; 0 where there is none."""
        falling = np.sort(self.heat, axis=None)[::-1].cumsum(dtype=np.float64)
        return int(np.searchsorted(falling, MASS * falling[-1])) + 1 if falling[-1] > 0 else 0

    @property
    def diameter_95(self) -> float:
        """The square root of ``cells_95``, input cells: the side that the paper calls the size."""
        return math.sqrt(self.cells_95)

    @property
    def cells(self) -> int | None:
        """The number of real cells in the theoretical area; None where it is unknown."""
        if self.clipped is None:
            return None if self.box is None else 0
        y0, x0, y1, x1 = self.clipped
        return (y1 - y0) * (x1 - x0)

    @property
    def share_95(self) -> float | None:
        """``cells_95`` as a share of ``cells``, 0 … 1; None where these are unknown or none."""
        return self.cells_95 / self.cells if self.cells else None

    @property
    def outside(self) -> float | None:
        """The share of the influence that comes from outside the theoretical area; 0 but for a fault of the program.

        None where the area is unknown, or nothing has influence.
        """
        whole = float(self.heat.sum(dtype=np.float64))
        if self.box is None or whole == 0:
            return None
        rest = self.heat.copy()
        if self.clipped:
            y0, x0, y1, x1 = self.clipped
            rest[y0:y1, x0:x1] = 0
        return float(rest.sum(dtype=np.float64)) / whole


@dataclass(frozen=True)
class Reach:
    """How far the middle unit of a layer sees.

    Attributes:
        layer: its id.
        diameter_95: see ``Effective``; 0 where nothing moves the unit.
        diameter: the square root of ``Effective.cells``, the theoretical counterpart; None where it is unknown.
    """

    layer: str
    diameter_95: float
    diameter: float | None
