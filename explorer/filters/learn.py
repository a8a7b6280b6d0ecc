"""A kernel found from a picture before and after it, by gradient descent from noise (the lecture's question)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from explorer.errors import PersonError
from explorer.filters.bands import Doubles
from explorer.filters.kernel import MOST, Kernel
from explorer.text import N_
from explorer.values import Bytes

Descent = Literal["whitened", "plain", "adam"]
LARGEST_LEARNED = 31
"""Cells a side of a kernel that is searched for."""
MOST_WINDOWS = 60_000
MOST_RATE = 10.0
_CHUNK = 4096
_FLAT = 1e-9
"""A direction in which the windows vary so much less than in the first is one that the picture does not show."""


@dataclass(frozen=True)
class Search:
    """How a kernel is searched for.

    Attributes:
        shape: height and width of the kernel that is searched for, cells; it need not be the true one's.
        rate: the learning rate, as a share of the step that would be right at once: with "whitened" in every direction,
            with "plain" in the direction in which the loss is steepest. From 2 on it grows without bound. Of "adam"
            the step itself.
        descent: "whitened" makes all directions of the windows equally steep first. In a picture neighbouring pixels
            are alike, so the loss is some thousand times steeper along the mean of a window than along its details:
            "plain" steps that are small enough for the one never arrive in the other, nor do "adam"'s.
        masked: leave out pixels that are 0 or 255 after the filter: what was clipped there is lost.
        offset: search for a number that is added, too.
        noise: standard deviation of what is added to the picture after the filter, levels.
        start: standard deviation of the weights at the beginning.
        seed: of start, noise and the choice of windows.

    Raises:
        PersonError: a number outside its range.
    """

    shape: tuple[int, int] = (5, 5)
    rate: float = 0.1
    descent: Descent = "whitened"
    masked: bool = True
    offset: bool = False
    noise: float = 0.0
    start: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if not all(1 <= side <= LARGEST_LEARNED for side in self.shape):
            raise PersonError(
                N_("A kernel of {rows} × {columns} cells cannot be searched for: from 1 to {most} a side can."),
                rows=self.shape[0],
                columns=self.shape[1],
                most=LARGEST_LEARNED,
            )
        if not 0 < self.rate <= MOST_RATE:
            raise PersonError(
                N_("The learning rate cannot be {value}: it is above 0 and at most {most}."),
                value=self.rate,
                most=f"{MOST_RATE:g}",
            )
        if not 0 <= self.noise <= 255 or not 0 <= self.start <= 255:
            raise PersonError(
                N_("The noise cannot be {value}: it is from 0 to 255."), value=max(self.noise, self.start)
            )


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Attributes:
        step: how many steps were made, from 0.
        loss: mean of the squared error over the windows, levels².
        kernel: as it is now, its scale 1.
        distance: the largest difference of a weight from the true kernel's, cell under cell; None where that is not
            known.
    """

    step: int
    loss: float
    kernel: Kernel
    distance: float | None

    @property
    def error(self) -> float:
        """The root of the loss: by how many levels the result is wrong."""
        return math.sqrt(max(self.loss, 0.0))


class Recovery:
    """A search: iterate over it for one ``Progress`` after another; it has no end of its own.

    The loss is that of all windows at once, so that each step is the true gradient's.

    Args:
        before: uint8 (H, W, 3) or (H, W).
        after: the same picture after the filter, of the same size.
        search: how.
        truth: the kernel that was applied, where it is known: only for ``Progress.distance``.

    Attributes:
        windows: how many windows are learned from, each of every channel.
        clipped: share of the windows, 0 … 1, whose result is 0 or 255.
        seen: in how many directions, of as many as the kernel has weights, the picture varies at all; along the others
            the kernel stays as it began.

    Raises:
        PersonError: pictures of different sizes, smaller than the kernel, or without a window that is not clipped.
    """

    def __init__(self, before: Bytes, after: Bytes, search: Search, truth: Kernel | None = None) -> None:
        if before.shape != after.shape:
            raise PersonError(
                N_("The pictures before and after are {before} and {after} pixels: give two of one size."),
                before=_size(before),
                after=_size(after),
            )
        self.search, self._truth, self._random = search, truth, np.random.default_rng(search.seed)
        inputs, targets = self._windows(before, after)
        self.windows = len(targets)
        cells = search.shape[0] * search.shape[1] + search.offset
        moments, cross, squares = np.zeros((cells, cells)), np.zeros(cells), 0.0
        for first in range(0, self.windows, _CHUNK):
            x, y = inputs(slice(first, first + _CHUNK)), targets[first : first + _CHUNK]
            moments += x.T @ x
            cross += x.T @ y
            squares += float(y @ y)
        self._moments, self._cross, self._squares = (one / self.windows for one in (moments, cross, squares))
        values, directions = np.linalg.eigh(self._moments)
        steep = values > values[-1] * _FLAT
        self.seen = int(steep.sum())
        self._steepest = float(values[-1])
        self._inverse = (directions[:, steep] / values[steep]) @ directions[:, steep].T
        self._weights = self._random.normal(0.0, search.start, cells)
        if search.offset:
            self._weights[-1] = 0.0
        self._momentum, self._second, self._step = np.zeros(cells), np.zeros(cells), 0

    def __iter__(self) -> Iterator[Progress]:
        """Yield the state, and after every step again.

        Raises:
            PersonError: the weights grow without bound.
        """
        while True:
            yield self.progress()
            self.advance()

    def advance(self, steps: int = 1) -> None:
        """Make ``steps`` steps.

        Raises:
            PersonError: the weights grow without bound; they stay as they were before that step.
        """
        for _ in range(steps):
            moved = self._weights - self._move(self._moments @ self._weights - self._cross)
            if not np.abs(moved).max() <= MOST:
                raise PersonError(
                    N_("The weights grow without bound at a learning rate of {rate}: choose a smaller one."),
                    rate=f"{self.search.rate:g}",
                )
            self._weights, self._step = moved, self._step + 1

    def progress(self) -> Progress:
        """Return how far it is."""
        weights = self._weights
        loss = float(weights @ self._moments @ weights - 2 * self._cross @ weights + self._squares)
        rows, columns = self.search.shape
        found = weights[: rows * columns].reshape(rows, columns)
        kernel = Kernel("", tuple(map(tuple, found.tolist())), 1.0, float(weights[-1]) if self.search.offset else 0.0)
        distance = None if self._truth is None else apart(kernel, self._truth)
        return Progress(self._step, max(loss, 0.0), kernel, distance)

    def _windows(self, before: Bytes, after: Bytes) -> tuple[Callable[[slice], Doubles], Doubles]:
        """Choose windows; return what gives a part of them, float64 (n, cells), and their targets, float64 (n,)."""
        (h, w), hw = self.search.shape, before.shape[:2]
        if h > hw[0] or w > hw[1]:
            raise PersonError(
                N_("The kernel of {rows} × {columns} is larger than the picture of {size}: search for a smaller one."),
                rows=h,
                columns=w,
                size=_size(before),
            )
        views = sliding_window_view(before.reshape(*hw, -1), (h, w), axis=(0, 1))  # (rows, columns, C, h, w)
        results = after.reshape(*hw, -1)[h // 2 :, w // 2 :][: views.shape[0], : views.shape[1]]
        kept = (results > 0) & (results < 255)
        self.clipped = 1 - float(kept.mean())
        places = np.flatnonzero(kept) if self.search.masked else np.arange(results.size)
        if not len(places):
            raise PersonError(
                N_("Every pixel after the filter is 0 or 255, so that nothing can be learned: take another picture.")
            )
        if len(places) > MOST_WINDOWS:
            places = np.sort(self._random.choice(places, MOST_WINDOWS, replace=False))
        y, x, c = np.unravel_index(places, results.shape)
        targets = results[y, x, c] + self._random.normal(0.0, self.search.noise, len(places))

        def inputs(part: slice) -> Doubles:
            flat = views[y[part], x[part], c[part]].reshape(-1, h * w).astype(np.float64)
            return np.pad(flat, ((0, 0), (0, 1)), constant_values=1.0) if self.search.offset else flat

        return inputs, targets

    def _move(self, slope: Doubles) -> Doubles:
        """Return what the weights are lessened by, given half the gradient of the loss."""
        rate = self.search.rate
        if self.search.descent == "whitened":
            return np.asarray(rate * (self._inverse @ slope))
        if self.search.descent == "plain":
            return np.asarray(rate / self._steepest * slope)
        self._momentum = 0.9 * self._momentum + 0.1 * slope  # D. P. Kingma, J. Ba: Adam, 2015, algorithm 1
        self._second = 0.999 * self._second + 0.001 * slope**2
        time = self._step + 1
        mean, square = self._momentum / (1 - 0.9**time), self._second / (1 - 0.999**time)
        return np.asarray(rate * mean / (np.sqrt(square) + 1e-8))


def apart(found: Kernel, truth: Kernel) -> float:
    """Return the largest difference of two kernels' weights, scales counted, cell under cell around their middles."""
    reach = np.maximum(found.shape, truth.shape)
    planes = []
    for one in (found, truth):
        plane = np.zeros(2 * reach + 1)
        (h, w), (row, column) = one.shape, reach - one.anchor
        plane[row : row + h, column : column + w] = np.array(one.weights) * one.scale
        planes.append(plane)
    return float(np.abs(planes[0] - planes[1]).max())


def _size(pixels: Bytes) -> str:
    return f"{pixels.shape[1]} × {pixels.shape[0]}"
