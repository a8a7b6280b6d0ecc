"""What ``render.measure`` makes of maps in the machine's memory, made of maps on an accelerator, where they lie.

Only torch operations, of which none waits for the device, and the same sums and roundings as there. They are meant for
finite values that float32 can square and scale. Whether they were that shows in the figures when these have arrived;
all others are left to numpy (see ``held``).
"""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.device import widest
from explorer.recipe import View
from explorer.render.measure import BINS, EDGE, FAR, LARGE
from explorer.values import LEVELS

_EXACT = 1 << 24
"""So many can be counted one by one in float32."""
_HUGE = 2.0**64


def figures(values: Tensor) -> Tensor:
    """Return of every map: minimum, maximum, mean, standard deviation, and how many values are 0, and are below 0.

    Sums are accumulated in float64. Where the hardware has none (Apple's), they are float32 and the mean takes two
    steps: what the differences from a first one have in the mean is added to it.

    Args:
        values: float32 (C, h, w), contiguous, not empty.

    Returns:
        (6, C) of the type in which sums are taken there.
    """
    flat = values.flatten(1)
    size, wide = flat.shape[1], widest(values.device)
    first = flat.sum(1, dtype=wide) / size
    near = first.to(torch.float32)
    centred = flat - near[:, None]
    away = first - near if wide is torch.float64 else centred.sum(1) / size
    squares = centred.square_().sum(1, dtype=wide) / size
    std = (squares - away.square()).clamp_min(0).sqrt()
    counts = ((flat == 0).sum(1), (flat < 0).sum(1))
    return torch.stack([*(one.to(wide) for one in (flat.amin(1), flat.amax(1), near + away, std, *counts))])


def ends(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest value of every map (C, h, w), each (C,) of the type for sums."""
    flat, wide = values.flatten(1), widest(values.device)
    return flat.amin(1).to(wide), flat.amax(1).to(wide)


def ranges(low: Tensor, high: Tensor, view: View) -> tuple[Tensor, Tensor]:
    """Return what levels 0 and 252 stand for in each map, as ``reduce.spans`` does, from minima and maxima (C,)."""
    signed = low.min() < 0
    if view.scale == "layer":
        low, high = low.min().expand_as(low), high.max().expand_as(high)
    elif view.scale == "fixed":
        low, high = (
            torch.full_like(low, end).to(torch.float32).to(low.dtype)
            for end in (min(view.low, view.high), max(view.low, view.high))
        )
    most, flat = torch.maximum(low.abs(), high.abs()), low == high
    return (
        torch.where(signed, -most, torch.where(flat, low.clamp_max(0), low)),
        torch.where(signed, most, torch.where(flat, high.clamp_min(0), high)),
    )


def levels(values: Tensor, low: Tensor, high: Tensor, inside: bool) -> Tensor:
    """Return ``values`` as levels 0 … 252 of their ranges, uint8 (C, h, w), as ``measure.levels`` rounds them.

    Args:
        values: float32 (C, h, w).
        low, high: ends of the ranges, (C,).
        inside: whether all values are within.
    """
    span = high - low
    scale = torch.where(span > 0, (LEVELS - 1) / span, 0.0)
    near = torch.maximum(low.abs(), high.abs()).max() <= (FAR if inside else -1.0) * span.min()
    # x · scale + (½ − low · scale) where that loses nothing that a level could show, and else (x − low) · scale + ½
    first = torch.where(near, 0.0, low)
    last = torch.where(near, 0.5 - low * scale, 0.5)
    return _scaled(values, first[:, None, None], scale[:, None, None], last[:, None, None], LEVELS - 1)


def histogram(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return how many values lie in each of ``BINS`` equal bins, as ``measure.histogram`` counts them, int64 (BINS,).

    Args:
        values: float32, any shape.
        low, high: smallest and largest of them, of no dimension.
    """
    span = high - low
    scale = torch.where(span > 0, BINS / span, 0.0)
    near = torch.maximum(low.abs(), high.abs()) <= FAR * span
    first = torch.where(near, 0.0, low)
    last = torch.where(near, EDGE - low * scale, 0.0)
    bins = _scaled(values.reshape(-1), first, scale, last, BINS - 1).float()
    # of bounds that are given, ``histc`` needs to ask the device nothing, unlike ``bincount``
    return torch.stack([torch.histc(part, BINS, 0, BINS).long() for part in torch.split(bins, _EXACT)]).sum(0)


def _scaled(values: Tensor, first: Tensor, scale: Tensor, last: Tensor, top: int) -> Tensor:
    """Return (values − first) · scale + last, cut off to 0 … ``top``, uint8; each step in float32, as numpy does."""
    found = values - first.to(torch.float32)
    found *= scale.to(torch.float32)
    found += last.to(torch.float32)
    return found.clamp_(0, top).to(torch.uint8)


def picture(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return values as levels from their minimum 0 to their maximum 255, uint8, and those two, float32 (2,).

    What is not finite is 0; of values without a finite one both ends are 0. Values that float32 cannot scale are
    brought nearer to 1 first, by a power of two.

    Args:
        values: float32, any shape, not empty.
    """
    finite, wide = values.isfinite(), widest(values.device)
    low, high = values.where(finite, torch.inf).amin(), values.where(finite, -torch.inf).amax()
    low, high = (torch.where(low <= high, end, 0.0) for end in (low, high))
    spread = high.to(wide) - low.to(wide)
    huge = torch.maximum(-low, high) >= LARGE
    tiny = (spread > 0) & (spread < 255 / LARGE)
    unit = torch.where(huge, 1 / _HUGE, torch.where(tiny, _HUGE, 1.0)).to(torch.float32)
    span = (high * unit).to(wide) - (low * unit).to(wide)
    scale = torch.where(span > 0, 255 / span, 0.0)
    near_one = values.where(finite, low) * unit
    return _scaled(near_one, low * unit, scale, torch.full_like(scale, 0.5), 255), torch.stack([low, high])
