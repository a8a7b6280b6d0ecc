"""The nearest pictures of an index: every one is looked at, so that none is missed.

A product of float32 features tells of nearly every picture that it is too far away; what may be near is measured in
float64. So the answer is that of float64, at the speed of reading the features once.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import NetworkError
from explorer.recipe import Measure
from explorer.retrieval.index import Record
from explorer.text import N_
from explorer.values import Floats

_UNIT = 2.0**-24
"""Rounding of float32."""
_ROUNDING = 1e-12
"""Far more than what float64 rounds away of sizes here, as their share."""
_UNDERFLOW = 1e-25
"""Features that are smaller than that may lose more than their last digit in a product."""
_CHUNK_BYTES = 1 << 22


@dataclass(frozen=True)
class Match:
    """A picture that was found: its path in the index's folder, and its distance."""

    path: str
    distance: float


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some pictures of an index.

    Attributes:
        paths: in the index's folder.
        rows: their features, float32 (pictures, n).
        sizes: Euclidean sizes of the rows, float64 (pictures,).
    """

    paths: tuple[str, ...]
    rows: Floats
    sizes: NDArray[np.float64]


def chunks(records: Iterable[Record]) -> Iterator[Chunk]:
    """Yield the pictures of an index, but those whose features are missing or not finite, a few megabytes at a time."""
    paths: list[str] = []
    rows: list[Floats] = []
    for record in records:
        if record.features is None or not np.isfinite(record.features).all():
            continue
        paths.append(record.path)
        rows.append(record.features)
        if len(rows) * record.features.nbytes >= _CHUNK_BYTES:
            yield _chunk(paths, rows)
            paths, rows = [], []
    if rows:
        yield _chunk(paths, rows)


def _chunk(paths: list[str], rows: list[Floats]) -> Chunk:
    together = np.array(rows, np.float32)
    return Chunk(tuple(paths), together, np.linalg.norm(together.astype(np.float64), axis=1))


def nearest(found: Iterable[Chunk], features: Floats, top: int, measure: Measure = "cosine") -> tuple[Match, ...]:
    """Return the nearest pictures, the nearest first; equally near ones in the order of the index.

    Args:
        found: the pictures of an index.
        features: float32 (n,) of the picture that is asked about.
        top: how many, at most.
        measure: of the distance: 1 − the cosine of the angle between two pictures' features, 0 … 2; or their Euclidean
            distance; computed in float64.

    Raises:
        NetworkError: the features are all zero or not finite, so that no distance can be told.
    """
    wanted = features.astype(np.float64)
    size = float(np.linalg.norm(wanted))
    if not np.isfinite(size) or (size == 0 and measure == "cosine"):
        raise NetworkError(N_("The features of this picture are all zero or not finite: choose another layer."))
    best: list[tuple[float, int, str]] = []
    before = 0
    for chunk in found:
        limit = -best[0][0] if len(best) == top else np.inf
        places = _near(chunk, wanted, size, measure, limit, top)
        for place, distance in zip(places.tolist(), _distances(chunk, places, wanted, size, measure), strict=True):
            item = (-distance, -(before + place), chunk.paths[place])
            if len(best) < top:
                heapq.heappush(best, item)
            elif item > best[0]:
                heapq.heapreplace(best, item)
        before += len(chunk.paths)
    return tuple(Match(path, -distance) for distance, _number, path in sorted(best, reverse=True))


def _near(
    chunk: Chunk, wanted: NDArray[np.float64], size: float, measure: Measure, limit: float, top: int
) -> NDArray[np.intp]:
    """Return the places of all pictures that may be among the ``top`` nearest, and are not farther than ``limit``.

    A product of n numbers in floating point is wrong by at most n u ÷ (1 − n u) of the product of the sizes, whatever
    the order of its sum: Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1.
    """
    n = len(wanted) + 2  # two more: of the rounded direction that is asked about
    doubt = n * _UNIT / (1 - n * _UNIT) + _ROUNDING
    sizes = chunk.sizes
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        direction = (wanted / (size or 1.0)).astype(np.float32)
        products = (chunk.rows @ direction).astype(np.float64)
        if measure == "cosine":
            middle, apart = 1 - products / np.where(sizes > 0, sizes, 1.0), np.full_like(products, doubt)
        else:
            squares = sizes**2 + size**2
            middle, apart = squares - 2 * size * products, 2 * size * sizes * doubt + _ROUNDING * squares
            limit *= limit
    if top < len(middle):
        limit = min(limit, np.partition(middle + apart, top - 1)[top - 1])
    too_far = (middle - apart > limit) & (sizes > _UNDERFLOW)
    return np.flatnonzero(~too_far)


def _distances(
    chunk: Chunk, places: NDArray[np.intp], wanted: NDArray[np.float64], size: float, measure: Measure
) -> list[float]:
    rows = chunk.rows[places].astype(np.float64)
    if measure == "l2":
        found = np.sqrt(((rows - wanted) ** 2).sum(1))
    else:
        sizes = chunk.sizes[places]
        found = np.clip(1.0 - (rows * wanted).sum(1) / (np.where(sizes > 0, sizes, 1.0) * size), 0.0, 2.0)
    return [float(one) for one in found]
