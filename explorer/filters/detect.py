"""A filter learned from marked places: it answers there and not elsewhere (the lecture's eyes and corners)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from explorer.errors import PersonError
from explorer.filters.apply import respond
from explorer.filters.bands import Doubles, grey
from explorer.filters.filter import Filter
from explorer.filters.kernel import MOST, Kernel
from explorer.text import N_
from explorer.values import Bytes

Place = tuple[int, int]
"""Row and column of a pixel."""

SMALLEST_WINDOW, LARGEST_WINDOW = 3, 45
"""Pixels a side; the time that learning takes grows with the sixth power."""
MOST_PLACES = 200
MOST_BACKGROUND = 8000
"""Windows."""
MOST_PEAKS = 200
ROUNDS = 4
_HARD = 0.5
"""Share of the weakest marked place's response from which on a place elsewhere is learned from in the next round."""


@dataclass(frozen=True)
class Marks:
    """What a person marked on a picture, and how a filter is to be learned from it.

    Attributes:
        places: where it should answer, (row, column) in pixels.
        side: of the window, pixels, odd: how much around a place belongs to it.
        ridge: how much the weights are held small, as a share of how much the windows vary: more of it follows single
            pixels less.
        mirrored: whether what is marked counts in a mirror, too: a left eye for a right one.
        jitter: places so many pixels around a marked one count as marked too: nobody marks to the pixel.
        seed: of the choice of windows elsewhere.

    Raises:
        PersonError: no place, too many, or a number outside its range.
    """

    places: tuple[Place, ...]
    side: int = 31
    ridge: float = 1.0
    mirrored: bool = True
    jitter: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.places:
            raise PersonError(N_("No place is marked: click on what the filter should find."))
        if len(self.places) > MOST_PLACES:
            raise PersonError(N_("More than {most} places are marked: leave some out."), most=MOST_PLACES)
        if self.side % 2 == 0 or not SMALLEST_WINDOW <= self.side <= LARGEST_WINDOW:
            raise PersonError(
                N_("The window cannot be {value} pixels wide: take an odd number from {least} to {most}."),
                value=self.side,
                least=SMALLEST_WINDOW,
                most=LARGEST_WINDOW,
            )
        if not 0 < self.ridge <= 1000:
            raise PersonError(N_("The ridge cannot be {value}: it is above 0 and at most 1000."), value=self.ridge)
        if not 0 <= self.jitter <= 8:
            raise PersonError(N_("The jitter cannot be {value}: it is from 0 to 8."), value=self.jitter)


@dataclass(frozen=True, eq=False)
class Detector:
    """A learned filter and how well it does on the picture that it was learned from.

    Attributes:
        filter: on grey, signed; weights that add up to 0, so that the picture's brightness does not count. It answers 1
            to the mean of what is marked and 0 to the mean of everything else.
        marked: the response at the marked place where it is weakest.
        elsewhere: the strongest response at any other place.
        wrong: so many other places are found as well.
        round: so many times what was wrongly found had been learned from.
    """

    filter: Filter
    marked: float
    elsewhere: float
    wrong: int
    round: int

    @property
    def threshold(self) -> float:
        """The response from which on a place counts as found: every marked one does."""
        return (self.marked + self.elsewhere) / 2 if self.marked > self.elsewhere else self.marked

    @property
    def margin(self) -> float:
        """By how much the marked places stand out, as a share of the weakest; 0 or less where others answer as much."""
        return 1 - self.elsewhere / self.marked if self.marked > 0 else -np.inf


def learn(pixels: Bytes, marks: Marks) -> Detector:
    """Return the filter of that round, of ``ROUNDS``, in which the marked places stand out most.

    The weights are the mean marked window less the mean one elsewhere, divided by how windows elsewhere vary (linear
    discriminant analysis with a ridge; B. Hariharan, J. Malik, D. Ramanan: Discriminative Decorrelation for Clustering
    and Classification, 2012). Each round learns from the places, too, that the round before wrongly found.

    Args:
        pixels: uint8 (H, W, 3).
        marks: where the filter should answer.

    Raises:
        PersonError: a place is not on the picture, or the picture is too small for a window and others beside it.
    """
    return max(rounds(pixels, marks), key=lambda one: one.margin)


def rounds(pixels: Bytes, marks: Marks) -> Iterator[Detector]:
    """Yield what every round of ``learn`` finds; raises as it does."""
    plane = grey(pixels)
    _check(plane, marks)
    reach = marks.side // 2
    windows = sliding_window_view(np.pad(plane, reach, mode="edge"), (marks.side, marks.side))
    positive = _around(marks.places, marks.jitter, plane.shape)
    free = ~_near(marks.places, _apart(marks), plane.shape)
    places = np.argwhere(free)
    if not len(places):
        raise PersonError(N_("The marked places leave nothing of the picture to compare with: take a smaller window."))
    random = np.random.default_rng(marks.seed)
    if len(places) > MOST_BACKGROUND:
        places = random.choice(places, MOST_BACKGROUND, replace=False)
    good = _taken(windows, positive)
    if marks.mirrored:
        good = np.concatenate([good, good.reshape(-1, marks.side, marks.side)[:, :, ::-1].reshape(good.shape)])
    elsewhere = _Elsewhere(_taken(windows, places))
    for turn in range(ROUNDS):
        one = Filter(_solve(good.mean(axis=0), elsewhere, marks), grey=True, signed=True)
        response = respond(pixels, one)
        weakest = min(_best(response, place, marks.jitter + 1) for place in marks.places)
        others = np.where(free, response, -np.inf)
        found = Detector(one, weakest, float(others.max()), 0, turn)
        yield replace(found, wrong=len(peaks(others, found.threshold)))
        wrong = peaks(others, _HARD * weakest)
        if not wrong:
            return
        elsewhere.learn_from(_taken(windows, np.array(wrong)))


def peaks(response: Doubles, threshold: float, side: int = 9) -> list[Place]:
    """Return where ``response`` (H, W) is at least ``threshold`` and the most of its surroundings, the strongest first.

    Args:
        response: a filter's values.
        threshold: of a place that counts.
        side: of the surroundings, pixels, odd.

    Returns:
        At most ``MOST_PEAKS`` places.
    """
    from explorer.cv import cv2

    values = np.where(np.isfinite(response), response, -1e30)
    most = cv2.dilate(values, np.ones((side, side), np.uint8))
    places = np.argwhere((values >= threshold) & (values == most))
    order = np.argsort(-values[places[:, 0], places[:, 1]], kind="stable")[:MOST_PEAKS]
    found: list[Place] = []
    for y, x in places[order].tolist():
        if all(max(abs(y - other[0]), abs(x - other[1])) > side // 2 for other in found):  # of a plateau one
            found.append((y, x))
    return found


def _check(plane: Bytes, marks: Marks) -> None:
    height, width = plane.shape
    if min(height, width) < marks.side:
        raise PersonError(
            N_("The window of {side} pixels is larger than the picture of {width} × {height}: take a smaller one."),
            side=marks.side,
            width=width,
            height=height,
        )
    for y, x in marks.places:
        if not (0 <= y < height and 0 <= x < width):
            raise PersonError(
                N_("The place x {x}, y {y} is not on the picture of {width} × {height}: mark one that is."),
                x=x,
                y=y,
                width=width,
                height=height,
            )


def _apart(marks: Marks) -> int:
    """Return from which distance on a place is another one, pixels."""
    return max(marks.side // 2, marks.jitter + 2)


def _around(places: Sequence[Place], jitter: int, hw: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the places and those up to ``jitter`` pixels around them, int (n, 2)."""
    return np.argwhere(_near(places, jitter, hw))


def _near(places: Sequence[Place], distance: int, hw: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels lie within ``distance`` of a place, in rows and in columns."""
    found = np.zeros((hw[0], hw[1]), bool)
    for y, x in places:
        found[max(y - distance, 0) : y + distance + 1, max(x - distance, 0) : x + distance + 1] = True
    return found


def _taken(windows: Bytes, places: NDArray[np.intp]) -> Doubles:
    """Return the windows around ``places`` less their means, float64 (n, side²): brightness does not count."""
    flat = windows[places[:, 0], places[:, 1]].reshape(len(places), -1).astype(np.float64)
    return np.asarray(flat - flat.mean(axis=1, keepdims=True))


class _Elsewhere:
    """The mean and the covariance of windows, to which wrongly found ones are added with some weight."""

    def __init__(self, windows: Doubles) -> None:
        self._count, self._sum, self._squares = float(len(windows)), windows.sum(axis=0), windows.T @ windows
        self._weight = max(1.0, len(windows) / 200)

    def learn_from(self, wrong: Doubles) -> None:
        """Add windows, each with the weight of a 200th of those of the beginning."""
        self._count += self._weight * len(wrong)
        self._sum += self._weight * wrong.sum(axis=0)
        self._squares += self._weight * (wrong.T @ wrong)

    @property
    def mean(self) -> Doubles:
        return np.asarray(self._sum / self._count)

    @property
    def covariance(self) -> Doubles:
        return np.asarray(self._squares / self._count - np.outer(self.mean, self.mean))


def _solve(good: Doubles, elsewhere: _Elsewhere, marks: Marks) -> Kernel:
    """Return the kernel whose response is 1 on the mean marked window ``good`` and 0 on the mean one elsewhere."""
    mean, varies = elsewhere.mean, elsewhere.covariance
    spread = float(np.trace(varies)) / len(varies)
    if spread < 1e-6:
        raise PersonError(N_("The picture is the same everywhere but at the marked places: take one with more in it."))
    solved = np.linalg.solve(varies + marks.ridge * spread * np.eye(len(varies)), good - mean)
    solved -= solved.mean()
    height = float(solved @ (good - mean))
    if height <= 1e-12:
        raise PersonError(
            N_("The marked places look like the rest of the picture: mark others or take a larger window.")
        )
    weights = np.clip(solved / height, -MOST, MOST)
    rows = weights.reshape(marks.side, marks.side)
    return Kernel("", tuple(map(tuple, rows.tolist())), 1.0, float(np.clip(-weights @ mean, -MOST, MOST)))


def _best(response: Doubles, place: Place, distance: int) -> float:
    y, x = place
    part = response[max(y - distance, 0) : y + distance + 1, max(x - distance, 0) : x + distance + 1]
    return float(part.max())
