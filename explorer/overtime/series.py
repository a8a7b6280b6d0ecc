"""The newest frames one after another: answers raw and smoothed, which classes lead, and units' values. No torch."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.overtime.values import Doubles, Integers, Leader, UnitSeries
from explorer.recipe import Smoothing, Unit

KEPT = 600
"""So many frames, the newest; fewer where a network has more classes than ``_MOST_CELLS`` allow."""
_MOST_CELLS = 1_200_000
COLOURS = 6
LEADING = 3
"""So many of the most probable classes of a frame lead."""


class Smoother:
    """Smooths answers; one that is not finite leaves everything as it is.

    "exponential" takes s + (1 − e^(−1/T)) · (p − s) with the time constant T in frames, and begins with the first
    answer: T frames after a step s has gone 63 % of it (simple exponential smoothing, Brown 1959). "mean" is that of
    the newest n answers.
    """

    def __init__(self, kind: Smoothing, frames: int) -> None:
        self.kind, self.frames = kind, frames
        self._state: Doubles | None = None
        self._newest: deque[Doubles] = deque(maxlen=frames)

    def __call__(self, answer: Doubles) -> Doubles:
        """Return the smoothed answer after ``answer``, (classes,)."""
        if not np.isfinite(answer).all():
            return np.full_like(answer, np.nan)
        if self.kind == "mean":
            self._newest.append(answer)
            self._state = np.mean(self._newest, axis=0)
        elif self.kind == "exponential" and self._state is not None:
            self._state = self._state + (1 - math.exp(-1 / self.frames)) * (answer - self._state)
        else:
            self._state = answer
        return self._state


class Ring:
    """The newest rows of one array, in memory that never grows.

    Args:
        size: how many.
        shape: of a row.
        dtype: of the array.
        before: so many rows are taken as there already, all of them NaN.
    """

    def __init__(self, size: int, shape: Sequence[int] = (), dtype: type = np.float64, before: int = 0) -> None:
        self._rows: NDArray[Any] = np.full((size, *shape), np.nan if before else 0, dtype)
        self.count = before

    def put(self, row: object) -> None:
        """Add a row; where there is no room the oldest one goes."""
        self._rows[self.count % len(self._rows)] = row
        self.count += 1

    def rows(self, *columns: int) -> NDArray[Any]:
        """Return a copy of the rows, the oldest first; with ``columns`` only these."""
        rows = self._rows[:, list(columns)] if columns else self._rows
        if self.count <= len(rows):
            return rows[: self.count].copy()
        return np.roll(rows, -(self.count % len(rows)), axis=0)


class Answers:
    """Every class's probability in the newest frames, and which classes lead, each with a colour of its own.

    A class that leads keeps its colour until all are given away and another one, which has no colour, leads; then the
    colour of the class that led longest ago is taken.

    Args:
        classes: how many.
        smoother: smooths the answers.
    """

    def __init__(self, classes: int, smoother: Smoother) -> None:
        self.size = min(KEPT, max(_MOST_CELLS // classes, 2))
        self._raw, self._smoothed = (Ring(self.size, (classes,), np.float32) for _ in range(2))
        self._smoother = smoother
        self._colours: list[int] = []
        self._led: list[int] = []
        self.newest: Doubles | None = None
        self.unanswered = 0

    def put(self, answer: Doubles) -> None:
        """Add the answer of the next frame, (classes,); NaN where there is none."""
        self._raw.put(answer)
        self._smooth(answer)
        self.unanswered += not np.isfinite(answer).all()

    def smooth_as(self, smoother: Smoother) -> None:
        """Smooth in another way, from the oldest frame on that is kept."""
        self._smoother, rows = smoother, self._raw.rows()
        self._smoothed = Ring(self.size, rows.shape[1:], np.float32)
        self._colours, self._led, self.newest = [], [], None
        for row in rows:
            self._smooth(row.astype(np.float64))

    def _smooth(self, answer: Doubles) -> None:
        smoothed = self._smoother(answer)
        self._smoothed.put(smoothed)
        if np.isfinite(smoothed).all():
            self.newest = smoothed
            self._lead(best(smoothed, LEADING))

    def _lead(self, leading: Sequence[int]) -> None:
        now = self._smoothed.count
        for one in (*(c for c in leading if c in self._colours), *(c for c in leading if c not in self._colours)):
            if one in self._colours:
                self._led[self._colours.index(one)] = now
            elif len(self._colours) < COLOURS:
                self._colours.append(one)
                self._led.append(now)
            else:
                place = self._led.index(min(self._led))
                self._colours[place], self._led[place] = one, now

    def leaders(self, labels: Sequence[str], length: int) -> tuple[Leader | None, ...]:
        """Return the class of each colour with its newest ``length`` values."""
        if not self._colours:
            return (None,) * COLOURS
        raw, smoothed = (ring.rows(*self._colours)[-length:].astype(np.float64) for ring in (self._raw, self._smoothed))
        found = [Leader(c, label(labels, c), raw[:, at], smoothed[:, at]) for at, c in enumerate(self._colours)]
        return (*found, *(None,) * (COLOURS - len(found)))


def best(values: Doubles, count: int) -> list[int]:
    """Return where the largest values are, the largest first; of equal ones the first."""
    return [int(at) for at in np.argsort(-values, kind="stable")[:count]]


def label(labels: Sequence[str], index: int) -> str:
    """Return what a class is called: by its number where it has no name."""
    return labels[index] if index < len(labels) else f"class {index}"


class Values:
    """Units' values in the newest frames.

    Args:
        size: how many frames.
    """

    def __init__(self, size: int) -> None:
        self._size, self._count = size, 0
        self._units: dict[Unit, Ring] = {}

    def put(self, found: Mapping[Unit, float | None], new_frame: bool) -> None:
        """Add the units' values in the next frame, or, of units not asked for before, in the newest one.

        Args:
            found: None of a unit that is not there; those of no unit beside these are kept.
            new_frame: whether it is another frame than the last one's.
        """
        self._count += new_frame
        for unit in set(self._units) - set(found):
            del self._units[unit]
        for unit, value in found.items():
            row = (math.nan, False) if value is None else (value, True)
            if unit not in self._units:
                self._units[unit] = Ring(self._size, (2,), before=self._count - 1)
                self._units[unit].put(row)
            elif new_frame:
                self._units[unit].put(row)

    def series(self, length: int) -> tuple[UnitSeries, ...]:
        """Return each unit's newest ``length`` values."""
        found = []
        for unit, ring in self._units.items():
            rows = ring.rows()[-length:].astype(np.float64)
            found.append(UnitSeries(unit, rows[:, 0], rows[:, 1] > 0))
        return tuple(found)


class Frames:
    """Numbers and times of the newest frames.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        self._indices, self._times_s = Ring(size, dtype=np.int64), Ring(size)

    @property
    def count(self) -> int:
        """How many there were."""
        return self._indices.count

    def put(self, index: int, time_s: float) -> None:
        """Add the next one."""
        self._indices.put(index)
        self._times_s.put(time_s)

    def indices(self) -> Integers:
        """Return their numbers, the oldest first."""
        return self._indices.rows().astype(np.int64)

    def times_s(self) -> Doubles:
        """Return when they were read, the oldest first."""
        return self._times_s.rows().astype(np.float64)
