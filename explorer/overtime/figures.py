"""A layer's output becomes a few numbers by channel while the network runs, on its device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from explorer.cv import cv2
from explorer.graph.values import Layer
from explorer.overtime.rules import Rule, rule
from explorer.overtime.values import LayerFrame
from explorer.reduce import Reducer, maps, small
from explorer.values import Floats


class Follower:
    """Takes the figures of some layers while the network runs.

    On the CPU they are taken by numpy and OpenCV from the output as it lies there: torch counts zeros twenty times as
    slowly. On an accelerator they stay on it until ``frames`` fetches all of them at once.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = tuple(layers)
        self._here: dict[str, LayerFrame] = {}
        self._there: dict[str, tuple[Tensor, int]] = {}

    def beside(self, reducers: Mapping[str, Reducer]) -> dict[str, Reducer]:
        """Return ``reducers``, and the followed layers are looked at first; a missing one makes a thumbnail."""
        return {**reducers, **{one.id: self._both(one, reducers.get(one.id) or small(one)) for one in self._layers}}

    def _both(self, layer: Layer, reducer: Reducer) -> Callable[[Tensor], Tensor | Floats]:
        limits = rule(layer)

        def both(output: Tensor) -> Tensor | Floats:
            found = maps(output.detach(), layer).to(torch.float32)
            if not found.numel():
                self._here.pop(layer.id, None)
            elif found.device.type == "cpu":
                self._here[layer.id] = figures(found, limits)
            else:
                self._there[layer.id] = _there(found, limits), found[0].numel()
            return reducer(output)

        return both

    def frames(self) -> dict[str, LayerFrame]:
        """Return what was taken by layer id, in the order of the layers."""
        if self._there:
            fetched = torch.cat([rows for rows, _cells in self._there.values()], 1).cpu().numpy()
            at = 0
            for layer in self._layers:
                if layer.id in self._there:
                    rows, cells = self._there[layer.id]
                    self._here[layer.id] = _fetched(fetched[:, at : at + rows.shape[1]], cells, rule(layer))
                    at += rows.shape[1]
        return {layer.id: self._here[layer.id] for layer in self._layers if layer.id in self._here}


def figures(found: Tensor, limits: Rule) -> LayerFrame:
    """Return the figures of maps float32 (C, h, w), not empty, in the machine's memory."""
    c, h, w = found.shape
    if found.stride() == (1, w * c, c) or h * w == 1:  # channels last: a row of channels for each cell
        flat, axis = found.permute(1, 2, 0).reshape(h * w, c).numpy(), 0
    else:
        flat, axis = found.reshape(c, h * w).numpy(), 1
    high = flat.max(axis)
    low = None if limits.clips else flat.min(axis)
    nan = np.zeros(c, np.int64)
    if np.isnan(high).any():
        broken = np.isnan(flat)
        nan = broken.sum(axis)
        high = np.where(broken, -np.inf, flat).max(axis)
        low = None if low is None else np.where(broken, np.inf, flat).min(axis)
    saturated = None
    if limits.bounded:
        saturated = np.zeros(c, np.int64)
        with np.errstate(invalid="ignore"):
            if limits.high is not None and (high >= limits.high).any():
                saturated += (flat >= limits.high).sum(axis)
            if limits.low is not None:
                saturated += (flat <= limits.low).sum(axis)
    return LayerFrame(
        cells=flat.size,
        zeros=flat.size - int(cv2.countNonZero(np.ascontiguousarray(flat))),  # a NaN is no zero there either
        nan=nan,
        high=high.astype(np.float64),
        low=None if low is None else low.astype(np.float64),
        saturated=saturated,
    )


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
