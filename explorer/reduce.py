"""A layer's output becomes maps, figures and levels: what the window paints.

The chosen layer leaves the device whole, once, as float32 maps one after another in memory; from there on it is numpy,
on blocks of maps that fit the processor's cache. Measured for 64 maps of 112 × 112 on one thread: 3 ms, against 12 ms
for the same with torch's reductions on the channels-last tensor (``aminmax``, ``var_mean``, ``count_nonzero``,
``histc``). Thumbnails are made on the device and leave it as a few hundred bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.cv import cv2
from explorer.graph.values import Graph, Layer
from explorer.recipe import View
from explorer.render import tiles
from explorer.values import LEVEL_NAN, LEVELS, Bytes, ChannelTable, Floats, LayerView, Statistics, Thumbnail

BINS = 64
THUMBNAIL_PX = 48
_TOP = LEVELS - 1
_BLOCK = 1 << 16
"""Values that are worked on at a time: 256 KB."""

_LARGE = 1e30
_SMALL = 1e-15
"""Spread of a map under which its squares would vanish in float32."""

Doubles = NDArray[np.float64]


def maps(output: Tensor, layer: Layer) -> Tensor:
    """Return a layer's output as maps (C, h, w), a view where possible, on its device and of its number type.

    The channel axis comes first; what is left of the axes is laid out in their order: C is C maps of 1 × 1, LC and CL
    are C maps of 1 × L, HWC is turned, of more than two axes the last is the width. Without a channel axis it is one
    map.

    Args:
        output: with the batch of one, wherever that axis stands.
        layer: whose output it is.
    """
    whole = output.reshape(layer.output)
    if "C" not in layer.axes:
        width = layer.output[-1] if layer.output else 1
        return whole.reshape(1, -1, width)
    at = layer.axes.index("C")
    whole = whole.movedim(at, 0)
    rest = layer.output[:at] + layer.output[at + 1 :]
    if len(rest) == 2:
        return whole
    return whole.reshape(whole.shape[0], prod(rest[:-1]), rest[-1] if rest else 1)


def keep(layer: Layer) -> Callable[[Tensor], Floats]:
    """Return the reducer that copies a layer's maps: float32 (C, h, w), contiguous, in the machine's memory."""

    def reducer(output: Tensor) -> Floats:
        found = maps(output.detach(), layer).to(torch.float32)
        c, h, w = found.shape
        if found.device.type == "cpu" and h * w > 1 and c > 1 and found.stride() == (1, w * c, c):
            flat = found.permute(1, 2, 0).reshape(h * w, c).numpy()
            return np.asarray(cv2.transpose(flat), np.float32).reshape(c, h, w)
        copied = found.contiguous().cpu()
        if copied.data_ptr() == output.data_ptr():
            copied = copied.clone()
        array: Floats = copied.numpy()
        return array

    return reducer


def wanted(graph: Graph, chosen: Layer, thumbnails: Iterable[str]) -> dict[str, Callable[[Tensor], Tensor | Floats]]:
    """Return the reducers of a frame, by layer id: ``keep`` for the chosen layer, ``small`` for the others."""
    return {name: small(graph[name]) for name in thumbnails} | {chosen.id: keep(chosen)}


def small(layer: Layer) -> Callable[[Tensor], Tensor]:
    """Return the reducer for a thumbnail; it works on the device."""
    return lambda output: _small(maps(output.detach(), layer))


def _small(found: Tensor) -> Tensor:
    """The mean over channels of every n-th cell, float32 (h, w), at most 48 a side.

    Of a layer without positions the values themselves, in the rows of a square.
    """
    c, h, w = found.shape
    if h * w == 1:
        side = min(math.isqrt(c), THUMBNAIL_PX)
        return found.reshape(-1)[: side * side].reshape(side, side).to(torch.float32, copy=True)
    step_y, step_x = -(-h // THUMBNAIL_PX), -(-w // THUMBNAIL_PX)
    return found[:, step_y // 2 :: step_y, step_x // 2 :: step_x].to(torch.float32).mean(0)


def thumbnails(captured: Mapping[str, Tensor | Floats]) -> dict[str, Thumbnail]:
    """Return the thumbnails of what ``small`` (tensors) and ``keep`` (arrays) made, by layer id."""
    return {
        name: _thumbnail(found if isinstance(found, Tensor) else _small(torch.from_numpy(found)))
        for name, found in captured.items()
    }


def _thumbnail(values: Tensor) -> Thumbnail:
    """Levels from the minimum to the maximum, or symmetric where some values are negative."""
    means: Floats = values.cpu().numpy()
    broken = ~np.isfinite(means)
    finite = not broken.any()
    low, high = _limits(means if finite else means[~broken])
    signed = low < 0
    if signed:
        high = max(-low, high)
        low = -high
    elif low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    return Thumbnail(levels(means[None], np.array([[low, high]], np.float32), finite)[0], signed)


def picture(tensor: Tensor) -> tuple[Bytes, tuple[float, float]]:
    """Return the network's input as a picture, uint8 (h, w, 3), its minimum 0 and its maximum 255, and those two
    values.

    One channel is grey; of more than three the first three are shown. NaN and infinities are black.

    Args:
        tensor: float (1, C, h, w).
    """
    values = tensor[0, : 3 if tensor.shape[1] >= 3 else 1].permute(1, 2, 0).float().cpu().numpy()
    finite = values if np.isfinite(values.sum()) else values[np.isfinite(values)]
    low, high = _limits(finite)
    scale = 255 / (high - low) if high > low else 0.0
    with np.errstate(invalid="ignore"):  # infinity times 0 is NaN
        shown = np.nan_to_num((values - np.float32(low)) * np.float32(scale), nan=0, posinf=0, neginf=0)
    return np.repeat(np.rint(shown).astype(np.uint8), 3 // shown.shape[2], axis=2), (low, high)


def _limits(finite: Floats) -> tuple[float, float]:
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def table_of(values: Floats) -> tuple[ChannelTable, bool]:
    """Return the figures of every map, and whether all values are finite.

    Sums are accumulated in float64; the squares are of float32 differences from the map's mean. A map with NaN,
    infinities or squares beyond float32 is done again in float64 over its finite values.

    Args:
        values: float32 (C, h, w), contiguous.
    """
    flat = values.reshape(len(values), -1)
    count, size = flat.shape
    low, high, mean, std, zeros = (np.empty(count) for _ in range(5))
    with np.errstate(over="ignore", invalid="ignore"):
        for part in _blocks(count, size):
            block = flat[part]
            low[part], high[part] = block.min(1), block.max(1)
            mean[part] = _sums(block) / size
            centred = block - mean[part, None].astype(np.float32)
            std[part] = np.sqrt(_sums(np.square(centred, out=centred)) / size)
            zeros[part] = _counts(block == 0) / size
        doubtful = np.flatnonzero(~np.isfinite(low + high + mean + std) | ((high > low) & (high - low < _SMALL)))
    all_finite = True
    for c in doubtful:
        finite = flat[c][np.isfinite(flat[c])].astype(np.float64)
        all_finite &= len(finite) == size
        low[c], high[c], mean[c], std[c] = (
            (finite.min(), finite.max(), finite.mean(), finite.std()) if len(finite) else [np.nan] * 4
        )
    return ChannelTable(low, high, mean, std, zeros), all_finite


def _sums(block: Floats) -> Doubles:
    """The sum of every row, float64: three times as fast as numpy's, which would also sum in float32."""
    return np.asarray(cv2.reduce(block, 1, cv2.REDUCE_SUM, dtype=cv2.CV_64F), np.float64)[:, 0]


def _counts(block: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many are true in every row."""
    return np.asarray(cv2.reduce(block.view(np.uint8), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32)[:, 0]


def spans(table: ChannelTable, view: View) -> tuple[Floats, bool]:
    """Return what levels 0 and 252 stand for in each map, and whether the layer is signed.

    A layer with negative values is signed: its ranges are symmetric, so that level 126 is zero. Otherwise a map's range
    is its own minimum to maximum, the layer's, or the fixed one; a map of one value counts from zero.

    Returns:
        float32 (C, 2), and whether any finite value is negative.
    """
    low, high = np.nan_to_num(table.minimum), np.nan_to_num(table.maximum)
    signed = bool((low < 0).any())
    if view.scale == "layer":
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    elif view.scale == "fixed":
        low, high = np.full_like(low, min(view.low, view.high)), np.full_like(high, max(view.low, view.high))
    if signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    else:
        constant = low == high
        low, high = np.where(constant, np.minimum(low, 0), low), np.where(constant, np.maximum(high, 0), high)
    return np.stack([low, high], axis=1).astype(np.float32), signed


def levels(values: Floats, ranges: Floats, inside: bool) -> Bytes:
    """Return ``values`` as levels 0 … 252 of their ``ranges``, rounded and clipped; ``LEVEL_NAN`` where not finite.

    Args:
        values: float32 (C, h, w), contiguous.
        ranges: float32 (C, 2).
        inside: whether all values are known to be finite and within the ranges, which saves looking.
    """
    flat = values.reshape(len(values), -1)
    found = np.empty(flat.shape, np.uint8)
    low, span = ranges[:, :1].astype(np.float64), np.diff(ranges.astype(np.float64))
    scale = np.divide(_TOP, span, out=np.zeros_like(span), where=span > 0)
    kind = _kind(np.abs(ranges).max(initial=0), scale.max(initial=0))
    low, scale, half = low.astype(kind), scale.astype(kind), kind(0.5)
    for part in _blocks(*flat.shape):
        with np.errstate(invalid="ignore", over="ignore"):
            block = np.subtract(flat[part], low[part], dtype=kind)
            block *= scale[part]
            block += half
        if not inside:
            np.clip(block, 0, _TOP, out=block)
            broken = ~np.isfinite(flat[part])
            block[broken] = LEVEL_NAN
        np.copyto(found[part], block, casting="unsafe")
    return found.reshape(values.shape)


def _kind(*sizes: float) -> type[np.float32] | type[np.float64]:
    """Return the number type in which products of such sizes neither overflow nor vanish."""
    return np.float32 if max(sizes) < _LARGE else np.float64


def histogram(values: Floats, low: float, high: float, finite: bool) -> NDArray[np.int64]:
    """Return how many finite values lie in each of ``BINS`` equal bins from ``low`` to ``high``, int64 (BINS,).

    Two bins' numbers side by side make one 16-bit number, so that OpenCV counts two values at a time: the count is the
    dearest part of a frame. A layer of one value has all of them in the first bin.

    Args:
        values: float32, any shape, contiguous.
        low, high: smallest and largest finite value.
        finite: whether all values are.
    """
    flat = values.reshape(-1)
    codes = np.zeros(flat.size + flat.size % 2, np.uint8)
    lost = flat.size % 2
    scale = BINS / (high - low) if high > low else 0.0
    kind = _kind(abs(low), abs(high), scale)
    for start in range(0, flat.size, _BLOCK):
        part = slice(start, min(start + _BLOCK, flat.size))
        with np.errstate(invalid="ignore", over="ignore"):
            block = np.subtract(flat[part], kind(low), dtype=kind)
            block *= kind(scale)
        if not finite:
            broken = ~np.isfinite(flat[part])
            block[broken] = 0
            lost += int(np.count_nonzero(broken))
        np.copyto(codes[part], block, casting="unsafe")
    np.minimum(codes, BINS - 1, out=codes)  # the maximum itself belongs to the last bin
    pairs = cv2.calcHist([codes.view(np.uint16)[None]], [0], None, [BINS << 8], [0, BINS << 8])
    table = pairs.reshape(BINS, 256).astype(np.int64)
    counts: NDArray[np.int64] = table.sum(1) + table.sum(0)[:BINS]
    counts[0] -= lost
    return counts


def whole(values: Floats, table: ChannelTable, finite: bool) -> Statistics:
    """Return the figures of all of ``values`` together.

    Args:
        values: float32 (C, h, w), contiguous.
        table: its figures by map.
        finite: whether all values are.
    """
    nan = inf = 0
    counts = np.full(len(values), float(values[0].size))
    if not finite:
        nan, inf = int(np.isnan(values).sum()), int(np.isinf(values).sum())
        counts = np.isfinite(values).sum((1, 2)).astype(np.float64)
    zeros, some = float(table.zeros.mean()), counts > 0
    if not some.any():
        return Statistics(np.nan, np.nan, np.nan, np.nan, zeros, nan, inf, np.zeros(BINS, np.int64), _negatives(values))
    low, high = float(table.minimum[some].min()), float(table.maximum[some].max())
    weight = counts[some] / counts.sum()
    mean = float(weight @ table.mean[some])
    std = float(np.sqrt(weight @ (table.std[some] ** 2 + (table.mean[some] - mean) ** 2)))
    negatives = _negatives(values) if low < 0 or not finite else 0.0
    return Statistics(low, high, mean, std, zeros, nan, inf, histogram(values, low, high, finite), negatives)


def _negatives(values: Floats) -> float:
    """The share of values below 0."""
    flat = values.reshape(-1)
    return sum(int(np.count_nonzero(flat[at : at + _BLOCK] < 0)) for at in range(0, flat.size, _BLOCK)) / flat.size


def pick(table: ChannelTable, channels: slice) -> ChannelTable:
    """Return the table of some of the maps."""
    return ChannelTable(
        table.minimum[channels],
        table.maximum[channels],
        table.mean[channels],
        table.std[channels],
        table.zeros[channels],
    )


def order(table: ChannelTable, view: View) -> NDArray[np.intp]:
    """Return the channels in the order of the mosaic; equal ones keep the network's order, NaN come last."""
    keys = {"mean": table.mean, "max": table.maximum, "zeros": table.zeros}
    if view.sort not in keys:
        return np.arange(len(table.mean), dtype=np.intp)
    return np.argsort(-keys[view.sort], kind="stable")


@dataclass(frozen=True, eq=False)
class Figures:
    """What is the same however a layer is shown: figures by map and of the whole, and whether all values are finite."""

    table: ChannelTable
    statistics: Statistics
    finite: bool


def measure(values: Floats) -> Figures:
    """Return the figures of a layer's maps, float32 (C, h, w)."""
    table, finite = table_of(values)
    return Figures(table, whole(values, table, finite), finite)


_grid = lru_cache(maxsize=256)(tiles.grid)


def show(values: Floats, measured: Figures, layer: Layer, channel: int, view: View, kernel: Floats | None) -> LayerView:
    """Return a layer ready to be painted.

    Args:
        values: its maps, float32 (C, h, w), contiguous.
        measured: their figures.
        layer: the layer.
        channel: the map for the inspector; the nearest there is where it is out of range.
        view: scale, order and shape of the mosaic.
        kernel: the channel's weights, or None.
    """
    channel = min(max(channel, 0), len(values) - 1)
    if view.scale == "map" and values[0].size == 1:  # a map of one value has no scale of its own
        view = replace(view, scale="layer")
    ranges, signed = spans(measured.table, view)
    painted = levels(values, ranges, inside=measured.finite and view.scale != "fixed")
    positions = order(measured.table, view)
    grid = _grid(len(values), (values.shape[1], values.shape[2]), view.aspect)
    chosen = values[channel : channel + 1]
    return LayerView(
        layer=layer,
        mosaic=tiles.mosaic(painted, positions, grid),
        grid=grid,
        order=positions,
        ranges=ranges,
        signed=signed,
        statistics=measured.statistics,
        channels=measured.table,
        channel=channel,
        map=chosen[0].copy(),
        map_levels=painted[channel].copy(),
        map_statistics=whole(chosen, pick(measured.table, slice(channel, channel + 1)), measured.finite),
        kernel=kernel,
    )


def _blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of ``count`` maps of ``size`` values, about ``_BLOCK`` values each."""
    step = max(1, _BLOCK // max(size, 1))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
