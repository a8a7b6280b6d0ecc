"""The figures, the histogram and the levels of a layer's maps, in blocks that fit the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.cv import cv2
from explorer.values import LEVEL_NAN, LEVELS, Bytes, ChannelTable, Floats, Statistics

BINS = 64
_TOP = LEVELS - 1
_BLOCK = 1 << 16
"""Values that are worked on at a time: 256 KB."""

FAR = 16.0
"""How many times their spread values may lie from 0 to be scaled and moved in one step of float32."""
EDGE = 2.0**-13
"""Of a bin: by so much the edges are moved down there, so that a value on an edge belongs to the bin above it."""

_FEW = 1 << 14
"""Under so many values they are counted one by one, which then is faster than in pairs."""

LARGE = 1e30
SMALL = 1e-15
"""Spread of a map under which its squares would vanish in float32."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Figures:
    """What is the same however a layer is shown: figures by map and of the whole, and whether all values are finite."""

    table: ChannelTable
    statistics: Statistics
    finite: bool


def figures(values: Floats) -> Figures:
    """Return the figures of a layer's maps, float32 (C, h, w)."""
    table, finite, negatives = table_of(values)
    return Figures(table, statistics(values, table, finite, negatives), finite)


def table_of(values: Floats) -> tuple[ChannelTable, bool, float]:
    """Return the figures of every map, whether all values are finite, and the share of those below 0.

    Sums are accumulated in float64. The squares are of the differences from the mean as float32 has it, and the
    variance is put right for how far that is from the mean itself. A map with NaN, infinities or squares beyond float32
    is done again in float64 over its finite values.

    Args:
        values: float32 (C, h, w), contiguous.
    """
    flat = values.reshape(len(values), -1)
    count, size = flat.shape
    low, high, mean, std, zeros = (np.empty(count) for _ in range(5))
    nan, inf = np.zeros(count, np.int64), np.zeros(count, np.int64)
    negatives = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for part in _blocks(count, size):
            block = flat[part]
            low[part], high[part] = block.min(1), block.max(1)
            negatives += int(np.count_nonzero(block < 0))
            mean[part] = _sums(block) / size
            near = mean[part].astype(np.float32)
            centred = block - near[:, None]
            squares = _sums(np.square(centred, out=centred)) / size
            std[part] = np.sqrt(np.maximum(squares - np.square(mean[part] - near), 0))
            zeros[part] = _counts(block == 0) / size
        sums, spread = low + high + mean + std, high - low
        doubtful = np.arange(0)
        if not np.isfinite(sums.sum()) or spread.min(initial=1) < SMALL:
            doubtful = np.flatnonzero(~np.isfinite(sums) | ((spread > 0) & (spread < SMALL)))
    all_finite = True
    for c in doubtful:
        finite = flat[c][np.isfinite(flat[c])].astype(np.float64)
        nan[c] = np.count_nonzero(np.isnan(flat[c]))
        inf[c] = size - len(finite) - nan[c]
        all_finite &= len(finite) == size
        low[c], high[c], mean[c], std[c] = (
            (finite.min(), finite.max(), finite.mean(), finite.std()) if len(finite) else [np.nan] * 4
        )
    return ChannelTable(low, high, mean, std, zeros, nan, inf), all_finite, negatives / max(flat.size, 1)


def _sums(block: Floats) -> Doubles:
    """The sum of every row, float64: three times as fast as numpy's, which would also sum in float32."""
    return np.asarray(cv2.reduce(block, 1, cv2.REDUCE_SUM, dtype=cv2.CV_64F), np.float64)[:, 0]


def _counts(block: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many are true in every row."""
    return np.asarray(cv2.reduce(block.view(np.uint8), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32)[:, 0]


def levels(values: Floats, ranges: Floats, inside: bool) -> Bytes:
    """Return ``values`` as levels 0 … 252 of their ``ranges``, rounded and clipped; ``LEVEL_NAN`` where not finite.

    Args:
        values: float32 (C, h, w), contiguous.
        ranges: float32 (C, 2).
        inside: whether all values are known to be finite and within the ranges, which saves looking.
    """
    flat = values.reshape(len(values), -1)
    found = np.empty(flat.shape, np.uint8)
    low, span, scale = _scaling(ranges)
    largest = np.abs(ranges).max(initial=0)
    kind = number_type(largest, scale.max(initial=0))
    near = largest <= FAR * span.min(initial=np.inf)
    offset = (0.5 - low * scale).astype(kind) if near and kind is np.float32 else None
    low, scale, half = low.astype(kind), scale.astype(kind), kind(0.5)
    if inside and offset is not None:  # then a step less loses nothing that a level could show
        for part in _blocks(*flat.shape):
            block = flat[part] * scale[part]
            block += offset[part]
            np.copyto(found[part], block, casting="unsafe")
        return found.reshape(values.shape)
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


def _scaling(ranges: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """Return the lower ends, how far the ranges go, and by what values are multiplied, each float64 (C, 1)."""
    low = ranges[:, :1].astype(np.float64)
    span = ranges[:, 1:] - low
    return low, span, np.divide(_TOP, span, out=np.zeros_like(span), where=span > 0)


def ordinary(ranges: Floats) -> bool:
    """Return whether levels of such ranges, float32 (C, 2), are worked out in float32."""
    _low, _span, scale = _scaling(ranges)
    return number_type(np.abs(ranges).max(initial=0), scale.max(initial=0)) is np.float32


def levels_of_one(values: Floats, low: float, high: float, top: int = _TOP) -> Bytes:
    """Return one map's finite ``values`` from ``low`` to ``high`` as levels 0 … ``top``, rounded; 0 of a flat one."""
    scale = top / (high - low) if high > low else 0.0
    kind = number_type(abs(low), abs(high), scale)
    found = np.subtract(values, kind(low), dtype=kind)
    found *= kind(scale)
    found += kind(0.5)
    return found.astype(np.uint8)


def number_type(*sizes: float) -> type[np.float32] | type[np.float64]:
    """Return the number type in which products of such sizes neither overflow nor vanish."""
    return np.float32 if max(sizes) < LARGE else np.float64


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
    kind = number_type(abs(low), abs(high), scale)
    near = finite and kind is np.float32 and max(abs(low), abs(high)) <= FAR * (high - low)
    if near:
        whole = codes[: flat.size].reshape(1, -1)
        cv2.convertScaleAbs(flat.reshape(1, -1), whole, scale, -low * scale - 0.5 + EDGE)
    for start in range(0, 0 if near else flat.size, _BLOCK):
        part = slice(start, min(start + _BLOCK, flat.size))
        with np.errstate(invalid="ignore", over="ignore"):
            block = np.subtract(flat[part], kind(low), dtype=kind)
            block *= kind(scale)
        if not finite:
            broken = ~np.isfinite(flat[part])
            block[broken] = 0
            lost += int(np.count_nonzero(broken))
        np.copyto(codes[part], block, casting="unsafe")
    if codes.size < _FEW:
        counts: NDArray[np.int64] = np.bincount(codes, minlength=BINS + 1)
    else:
        pairs = cv2.calcHist([codes.view(np.uint16)[None]], [0], None, [BINS + 1 << 8], [0, BINS + 1 << 8])
        table = pairs.reshape(BINS + 1, 256).astype(np.int64)
        counts = table.sum(1) + table.sum(0)[: BINS + 1]
    counts[0] -= lost
    counts[BINS - 1] += counts[BINS]  # the maximum itself belongs to the last bin
    return counts[:-1]


def statistics(values: Floats, table: ChannelTable, finite: bool, negatives: float | None = None) -> Statistics:
    """Return the figures of all of ``values`` together.

    Args:
        values: float32 (C, h, w), contiguous.
        table: its figures by map.
        finite: whether all values are.
        negatives: the share of those below 0, if it is known.
    """
    if negatives is None:
        negatives = _negatives(values)
    if finite and values.size:
        return together(table, lambda low, high: histogram(values, low, high, finite), negatives)
    return _statistics_of_finite(values, table, negatives)


def together(table: ChannelTable, counted: Callable[[float, float], NDArray[np.int64]], negatives: float) -> Statistics:
    """Return the figures of all values together, which all are finite, from those by map.

    Args:
        table: the figures of every map.
        counted: gives the histogram from the smallest to the largest value.
        negatives: the share of those below 0.
    """
    if len(table.mean) == 1:  # the chosen map: its figures are in the table
        low, high, mean, std, zeros = (
            float(one[0]) for one in (table.minimum, table.maximum, table.mean, table.std, table.zeros)
        )
    else:
        low, high, mean = float(table.minimum.min()), float(table.maximum.max()), float(table.mean.mean())
        away = table.mean - mean
        std = float(np.sqrt((table.std @ table.std + away @ away) / len(away)))
        zeros = float(table.zeros.mean())
    return Statistics(low, high, mean, std, zeros, 0, 0, counted(low, high), negatives)


def _statistics_of_finite(values: Floats, table: ChannelTable, negatives: float) -> Statistics:
    """Return the figures of values of which some are not finite, or of none."""
    nan, inf = int(table.nan.sum()), int(table.inf.sum())
    counts = (values[0].size - table.nan - table.inf).astype(np.float64)
    zeros, some = float(table.zeros.mean()), counts > 0
    if not some.any():
        return Statistics(np.nan, np.nan, np.nan, np.nan, zeros, nan, inf, np.zeros(BINS, np.int64), negatives)
    low, high = float(table.minimum[some].min()), float(table.maximum[some].max())
    weight = counts[some] / counts.sum()
    mean = float(weight @ table.mean[some])
    std = float(np.sqrt(weight @ (table.std[some] ** 2 + (table.mean[some] - mean) ** 2)))
    return Statistics(low, high, mean, std, zeros, nan, inf, histogram(values, low, high, False), negatives)


def _negatives(values: Floats) -> float:
    """The share of values below 0."""
    flat = values.reshape(-1)
    return sum(int(np.count_nonzero(flat[at : at + _BLOCK] < 0)) for at in range(0, flat.size, _BLOCK)) / max(
        flat.size, 1
    )


def pick(table: ChannelTable, channels: slice) -> ChannelTable:
    """Return the table of some of the maps."""
    return ChannelTable(
        table.minimum[channels],
        table.maximum[channels],
        table.mean[channels],
        table.std[channels],
        table.zeros[channels],
        table.nan[channels],
        table.inf[channels],
    )


def _blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of ``count`` maps of ``size`` values, about ``_BLOCK`` values each."""
    step = max(1, _BLOCK // max(size, 1))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
