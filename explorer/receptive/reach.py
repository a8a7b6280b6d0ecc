"""Which positions of its input each position of an op's output takes, along one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor

import numpy as np
from numpy.typing import NDArray

MISSING = -(1 << 40)
"""Stands for no position, where outputs take different numbers of them."""


@dataclass(frozen=True, eq=False)
class Reach:
    """What an op does along one axis.

    Attributes:
        taps: int64 (outputs, most taps): positions of the input, which lie in padding where they are outside it.
        ratio: positions of the input from one output to the next.
    """

    taps: NDArray[np.int64]
    ratio: Fraction

    def __len__(self) -> int:
        return len(self.taps)

    def offsets(self) -> tuple[Fraction, Fraction, bool]:
        """Return the first and last position that an output takes, counted from ratio · its own position: the least
        and the greatest over all outputs, and whether they are the same for all of them.
        """
        known = self.taps != MISSING
        steps = np.arange(len(self.taps))[known.any(1)] * self.ratio.numerator
        taps, known = self.taps[known.any(1)] * self.ratio.denominator, known[known.any(1)]
        if not len(taps):
            return Fraction(0), Fraction(0), False
        least = np.where(known, taps, taps.max()).min(1) - steps
        most = np.where(known, taps, taps.min()).max(1) - steps
        low, high = int(least.min()), int(most.max())
        even = bool((least == low).all() and (most == high).all()) and len(taps) == len(self)
        return Fraction(low, self.ratio.denominator), Fraction(high, self.ratio.denominator), even


def _of(lists: Iterable[Iterable[int]], ratio: Fraction | int) -> Reach:
    rows = [list(row) for row in lists]
    most = max([1, *map(len, rows)])
    return Reach(
        np.array([row + [MISSING] * (most - len(row)) for row in rows], np.int64).reshape(-1, most), Fraction(ratio)
    )


@lru_cache(1024)
def window(outputs: int, kernel: int, stride: int, before: int, dilation: int) -> Reach:
    """Return the windows of a convolution or pooling.

    Output o takes o · stride − before + k · dilation, k = 0 … kernel − 1 (Dumoulin and Visin 2016, A guide to
    convolution arithmetic, section 2 and 5.1; torch.nn.Conv2d).
    """
    first = np.arange(outputs, dtype=np.int64)[:, None] * stride - before
    return Reach(first + np.arange(kernel, dtype=np.int64) * dilation, Fraction(stride))


@lru_cache(256)
def transposed(outputs: int, kernel: int, stride: int, before: int, dilation: int) -> Reach:
    """Return what a transposed convolution takes: input i is added to output i · stride − before + k · dilation.

    Source: Dumoulin and Visin 2016, section 4; torch.nn.ConvTranspose2d.
    """
    found = (
        [at // stride for k in range(kernel) if (at := o + before - k * dilation) % stride == 0] for o in range(outputs)
    )
    return _of(found, Fraction(1, stride))


@lru_cache(256)
def bins(inputs: int, outputs: int) -> Reach:
    """Return the bins of adaptive pooling: ⌊o · n / m⌋ … ⌈(o + 1) · n / m⌉ (ATen, AdaptivePooling.h)."""
    found = (range(o * inputs // outputs, -(-(o + 1) * inputs // outputs)) for o in range(outputs))
    return _of(found, Fraction(inputs, outputs))


@lru_cache(256)
def resized(inputs: int, outputs: int, mode: str, align_corners: bool, antialias: bool, factor: float | None) -> Reach:
    """Return what the outputs of ``interpolate`` take (ATen, UpSample.h: area_pixel_compute_source_index).

    Args:
        inputs, outputs: numbers of positions.
        mode: nearest, nearest-exact, linear (also bilinear, trilinear), bicubic or area.
        align_corners: whether the outer centres meet.
        antialias: whether the kernel widens where the output is smaller.
        factor: by which the positions are computed, or None for the ratio of the sizes.

    Raises:
        KeyError: another mode.
    """
    if mode == "area":
        return bins(inputs, outputs)
    scale = Fraction(inputs, outputs) if factor is None else 1 / _decimal(factor)
    if align_corners and mode != "nearest":
        scale = Fraction(inputs - 1, outputs - 1) if outputs > 1 else Fraction(0)
    ratio = scale or Fraction(inputs, outputs)
    half = Fraction(1, 2)
    if mode.startswith("nearest"):
        return Reach(_nearest(inputs, outputs, mode, factor)[:, None], ratio)
    support = {"linear": 1, "bilinear": 1, "trilinear": 1, "bicubic": 2}[mode]
    centres = [o * scale if align_corners else (o + half) * scale - half for o in range(outputs)]
    if antialias:
        support_of = support * max(scale, Fraction(1))
        return _of((_inside(c, support_of, inputs) for c in centres), ratio)
    if support == 1:
        centres = [min(max(c, Fraction(0)), Fraction(inputs - 1)) for c in centres]
        return _of(([floor(c)] + [floor(c) + 1] * (c.denominator > 1) for c in centres), ratio)
    found = []
    for centre in centres:
        near = range(floor(centre) - 1, floor(centre) + 3) if centre.denominator > 1 else [int(centre)]
        found.append(sorted({min(max(i, 0), inputs - 1) for i in near}))
    return _of(found, ratio)


def _decimal(factor: float) -> Fraction:
    """Return the simple fraction that a person wrote as ``factor``, such as 17/10, where it is the same float."""
    simple = Fraction(factor).limit_denominator(1 << 16)
    return simple if float(simple) == factor else Fraction(factor)


def _nearest(inputs: int, outputs: int, mode: str, factor: float | None) -> NDArray[np.int64]:
    """Return ⌊(o + shift) · scale⌋ in the network's float32, which now and then is one less than the fractions'."""
    places = np.arange(outputs)
    if inputs == outputs and mode == "nearest":
        return places
    scale = np.float32(inputs) / np.float32(outputs) if factor is None else np.float32(1 / factor)
    shift = np.float32(0.5 if mode == "nearest-exact" else 0)
    found: NDArray[np.int64] = np.minimum((places.astype(np.float32) + shift) * scale // 1, inputs - 1).astype(np.int64)
    return found


def _inside(centre: Fraction, support: Fraction, inputs: int) -> list[int]:
    """Return the positions nearer to ``centre`` than ``support``; outside there are none."""
    return [
        i
        for i in range(floor(centre - support), floor(centre + support) + 2)
        if abs(i - centre) < support and 0 <= i < inputs
    ]


@lru_cache(256)
def padded(inputs: int, before: int, after: int, mode: str) -> Reach:
    """Return where the positions of a padded axis come from (torch.nn.functional.pad); negative sides cut.

    Raises:
        KeyError: another mode.
    """
    places = range(-before, inputs + after)
    last = inputs - 1
    rule: Callable[[int], int] = {
        "constant": lambda i: i,
        "replicate": lambda i: min(max(i, 0), last),
        "reflect": lambda i: last - abs(last - abs(i)),
        "circular": lambda i: i % inputs,
    }[mode]
    return _of(([rule(i)] for i in places), 1)


@lru_cache(256)
def sliced(start: int, stop: int, step: int) -> Reach:
    """Return the positions that a slice keeps."""
    return _of(([i] for i in range(start, stop, step)), step)


@lru_cache(256)
def spread(inputs: int, factor: int) -> Reach:
    """Return ⌊o / factor⌋: pixel shuffle (Shi et al. 2016, equation 4) and elements repeated."""
    return _of(([o // factor] for o in range(inputs * factor)), Fraction(1, factor))


@lru_cache(256)
def gathered(inputs: int, factor: int) -> Reach:
    """Return the blocks of pixel unshuffle: o · factor … + factor."""
    return window(inputs // factor, factor, factor, 0, 1)


@lru_cache(256)
def shifted(inputs: int, shift: int) -> Reach:
    """Return where the positions of a rolled axis come from."""
    return _of(([(o - shift) % inputs] for o in range(inputs)), 1)


@lru_cache(256)
def reversed_(inputs: int) -> Reach:
    """Return where the positions of a flipped axis come from."""
    return _of(([inputs - 1 - o] for o in range(inputs)), -1)


@lru_cache(256)
def repeated(inputs: int, times: int) -> Reach:
    """Return where the positions of an axis repeated as a whole come from."""
    return _of(([o % inputs] for o in range(inputs * times)), 1)
