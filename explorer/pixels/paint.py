"""Paint on a picture: opaque strokes and filled boxes, laid on a copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.values import Bytes

Ink = tuple[int, int, int] | Literal["noise"]
"""RGB, or noise that is the same at the same pixel each time."""
_TILE = 256


@cache
def _noise() -> Bytes:
    return np.random.default_rng(0).integers(0, 256, (_TILE, _TILE, 3), np.uint8)


@dataclass(frozen=True)
class Stroke:
    """A line drawn with a round brush.

    Attributes:
        points: (y, x) in picture coordinates, edges as in ``Geometry``; one point is a dot.
        radius: of the brush, px; the pixel that holds a point is always painted.
        ink: what it is drawn with.
    """

    points: tuple[tuple[float, float], ...]
    radius: float
    ink: Ink


@dataclass(frozen=True)
class Fill:
    """All pixels of a box, or all others.

    Attributes:
        box: [y0, x0, y1, x1) in pixels.
        outside: whether the others are painted.
        ink: what with.
    """

    box: tuple[int, int, int, int]
    outside: bool
    ink: Ink


Mark = Stroke | Fill


def painted(pixels: Bytes, marks: Iterable[Mark]) -> Bytes:
    """Return a copy of ``pixels``, uint8 RGB (H, W, 3), with the marks on it, the last one uppermost."""
    copy = pixels.copy()
    for mark in marks:
        _lay(copy, mark)
    return copy


def _lay(pixels: Bytes, mark: Mark) -> None:
    h, w = pixels.shape[:2]
    if isinstance(mark, Fill):
        y0, x0, y1, x1 = mark.box
        mask = np.zeros((h, w), bool)
        mask[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
        _put(pixels, ~mask if mark.outside else mask, mark.ink, 0, 0)
        return
    for start, end in zip(mark.points, mark.points[1:] or mark.points, strict=False):
        _line(pixels, start, end, mark)


def _line(pixels: Bytes, start: tuple[float, float], end: tuple[float, float], mark: Stroke) -> None:
    """Paint the pixels whose centre is no farther than the radius from the line, and those below its ends."""
    h, w = pixels.shape[:2]
    reach = mark.radius + 1
    y0, y1 = (int(min(max(edge, 0), h)) for edge in (min(start[0], end[0]) - reach, max(start[0], end[0]) + reach + 1))
    x0, x1 = (int(min(max(edge, 0), w)) for edge in (min(start[1], end[1]) - reach, max(start[1], end[1]) + reach + 1))
    y, x = np.mgrid[y0:y1, x0:x1]
    dy, dx = end[0] - start[0], end[1] - start[1]
    length = dy * dy + dx * dx
    along = ((y + 0.5 - start[0]) * dy + (x + 0.5 - start[1]) * dx) / length if length else np.zeros(y.shape)
    along = np.clip(along, 0, 1)
    distance = np.hypot(y + 0.5 - start[0] - along * dy, x + 0.5 - start[1] - along * dx)
    mask = distance <= mark.radius
    for point in (start, end):
        mask |= (y == int(point[0] // 1)) & (x == int(point[1] // 1))
    _put(pixels[y0:y1, x0:x1], mask, mark.ink, y0, x0)


def _put(part: Bytes, mask: NDArray[np.bool_], ink: Ink, top: int, left: int) -> None:
    if ink == "noise":
        ys, xs = np.nonzero(mask)
        part[ys, xs] = _noise()[(ys + top) % _TILE, (xs + left) % _TILE]
    else:
        part[mask] = ink
