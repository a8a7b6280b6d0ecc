"""A layer's output becomes a few numbers by channel while the network runs, on its device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.cv import cv2
from explorer.graph.values import Layer
from explorer.overtime.rules import Rule, rule
from explorer.overtime.values import Integers, LayerFrame
from explorer.parcel import Arriving, Parcel
from explorer.reduce import Reduced, Reducer, maps
from explorer.values import Floats

_WIDE = 512
"""Values of a row that numpy reduces at full speed."""


class Follower:
    """Takes the figures of some layers while the network runs.

    On the CPU they are taken by numpy and OpenCV from the output as it lies there: torch counts zeros twenty times as
    slowly. From an accelerator a few numbers by channel come over, in a parcel.
    """

    def __init__(self, layers: Iterable[Layer], parcel: Parcel | None = None) -> None:
        self._layers = tuple(layers)
        self._parcel = parcel or Parcel()
        self._here: dict[str, LayerFrame] = {}
        self._there: dict[str, tuple[Arriving, int]] = {}

    def beside(self, reducers: Mapping[str, Reducer]) -> dict[str, Reducer]:
        """Return ``reducers``, and the followed layers are looked at first; a missing one makes nothing."""
        return {**reducers, **{one.id: self._both(one, reducers.get(one.id)) for one in self._layers}}

    def _both(self, layer: Layer, reducer: Reducer | None) -> Reducer:
        limits = rule(layer)

        def both(output: Tensor) -> Reduced:
            found = maps(output.detach(), layer).to(torch.float32)
            if not found.numel():
                self._here.pop(layer.id, None)
            elif found.device.type == "cpu":
                self._here[layer.id] = figures(found, limits)
            else:
                self._there[layer.id] = self._parcel.put(_there(found, limits)), found[0].numel()
            return reducer(output) if reducer else None

        return both

    def frames(self) -> dict[str, LayerFrame]:
        """Return what was taken by layer id, in the order of the layers."""
        for layer in self._layers:
            if layer.id in self._there:
                rows, cells = self._there[layer.id]
                self._here[layer.id] = _fetched(rows().numpy(), cells, rule(layer))
        return {layer.id: self._here[layer.id] for layer in self._layers if layer.id in self._here}


def figures(found: Tensor, limits: Rule) -> LayerFrame:
    """Return the figures of maps float32 (C, h, w), not empty, in the machine's memory."""
    c, h, w = found.shape
    if found.stride() == (1, w * c, c) or h * w == 1:  # channels last: rows of a few cells with all of their channels
        side_by_side = math.gcd(h * w, 1 << (_WIDE // c).bit_length())
        rows, axis = found.permute(1, 2, 0).reshape(-1, side_by_side * c).numpy(), 0
    else:
        rows, axis = found.reshape(c, h * w).numpy(), 1

    def joined(one: NDArray[Any], how: Callable[..., NDArray[Any]]) -> NDArray[Any]:
        return how(one.reshape(-1, c), axis=0)

    high = joined(rows.max(axis), np.max)
    low = None if limits.clips else joined(rows.min(axis), np.min)
    nan = np.zeros(c, np.int64)
    if np.isnan(high).any():
        broken = np.isnan(rows)
        nan = joined(_count(broken, axis), np.sum)
        high = joined(np.where(broken, -np.inf, rows).max(axis), np.max)
        low = None if low is None else joined(np.where(broken, np.inf, rows).min(axis), np.min)
    saturated = np.zeros(c, np.int64)
    if limits.high is not None and (high >= limits.high).any():
        saturated += joined(_count(rows >= limits.high, axis), np.sum)
    if limits.low is not None:
        saturated += joined(_count(rows <= limits.low, axis), np.sum)
    return LayerFrame(
        cells=rows.size,
        zeros=rows.size - int(cv2.countNonZero(np.ascontiguousarray(rows))),  # a NaN is no zero there either
        nan=nan,
        high=high.astype(np.float64),
        low=None if low is None else low.astype(np.float64),
        saturated=saturated if limits.bounded else None,
    )


def _count(true: NDArray[np.bool_], axis: int) -> Integers:
    """Return how many are true along an axis: by OpenCV, several times as fast as numpy's sum of bool."""
    counts = cv2.reduce(np.ascontiguousarray(true).view(np.uint8), axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(counts, np.int64).ravel()


def _there(found: Tensor, limits: Rule) -> Tensor:
    """Return maximum, minimum, and numbers of zeros, NaN and saturated cells of each map, float32 (5, C)."""
    broken, cells = found.isnan(), (1, 2)
    at_bound = torch.zeros_like(broken)
    if limits.high is not None:
        at_bound |= found >= limits.high
    if limits.low is not None:
        at_bound |= found <= limits.low
    rows = (
        found.masked_fill(broken, -torch.inf).amax(cells),
        found.masked_fill(broken, torch.inf).amin(cells),
        *((one.sum(cells, dtype=torch.float32)) for one in (found == 0, broken, at_bound)),
    )
    return torch.stack(rows)


def _fetched(rows: Floats, cells: int, limits: Rule) -> LayerFrame:
    high, low, zeros, nan, saturated = rows.astype(np.float64)
    return LayerFrame(
        cells=cells * len(high),
        zeros=int(zeros.sum()),
        nan=nan.astype(np.int64),
        high=high,
        low=None if limits.clips else low,
        saturated=saturated.astype(np.int64) if limits.bounded else None,
    )
