"""The nearest pictures of an index: every one is looked at, so that none is missed."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.errors import NetworkError
from explorer.retrieval.index import Record
from explorer.text import N_
from explorer.values import Floats

Measure = Literal["cosine", "l2"]
"""1 − the cosine of the angle between two pictures' features, 0 … 2; or their Euclidean distance."""
_TOGETHER = 1024


@dataclass(frozen=True)
class Match:
    """A picture that was found: its path in the index's folder, and its distance."""

    path: str
    distance: float


def nearest(records: Iterable[Record], features: Floats, top: int, measure: Measure = "cosine") -> tuple[Match, ...]:
    """Return the nearest pictures, the nearest first; equally near ones in the order of the index.

    Args:
        records: of an index; those without features are left out.
        features: float32 (n,) of the picture that is asked about.
        top: how many, at most.
        measure: of the distance, computed in float64.

    Raises:
        NetworkError: the features are all zero or not finite, so that no distance can be told.
    """
    wanted = features.astype(np.float64)
    size = float(np.linalg.norm(wanted))
    if not np.isfinite(size) or (size == 0 and measure == "cosine"):
        raise NetworkError(N_("The features of this picture are all zero or not finite: choose another layer."))
    best: list[tuple[float, int, str]] = []
    number = 0
    for paths, rows in _chunks(records):
        if measure == "l2":
            distances = np.sqrt(((rows - wanted) ** 2).sum(1))
        else:
            sizes = np.linalg.norm(rows, axis=1)
            distances = 1.0 - rows @ wanted / (np.where(sizes > 0, sizes, 1.0) * size)
        for path, distance in zip(paths, distances.tolist(), strict=True):
            number += 1
            item = (-distance, -number, path)
            if len(best) < top:
                heapq.heappush(best, item)
            elif item > best[0]:
                heapq.heapreplace(best, item)
    return tuple(Match(path, -distance) for distance, _number, path in sorted(best, reverse=True))


def _chunks(records: Iterable[Record]) -> Iterator[tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.float64]]]]:
    paths: list[str] = []
    rows: list[Floats] = []
    for record in records:
        if record.features is None or not np.isfinite(record.features).all():
            continue
        paths.append(record.path)
        rows.append(record.features)
        if len(rows) == _TOGETHER:
            yield paths, np.array(rows, np.float64)
            paths, rows = [], []
    if rows:
        yield paths, np.array(rows, np.float64)
