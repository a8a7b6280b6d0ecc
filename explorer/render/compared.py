"""A map before and after something was done to the picture, in one scale, and what has changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.render.colours import DIVERGING, MAPS, NAN_RGB
from explorer.values import LEVELS, Bytes, Floats


@dataclass(frozen=True, eq=False)
class Compared:
    """Two maps and their difference as pictures.

    Attributes:
        before, after, difference: uint8 RGB (h, w, 3); magenta where a value is not finite.
        low, high: what the ends of the colours of ``before`` and ``after`` stand for.
        reach: the largest change; the ends of the difference's colours stand for −reach and +reach.
    """

    before: Bytes
    after: Bytes
    difference: Bytes
    low: float
    high: float
    reach: float


def compared(before: Floats, after: Floats, colours: str) -> Compared:
    """Return two maps, float32 (h, w) of one size, in one scale: their common minimum to maximum, or ± the largest.

    Args:
        before, after: the maps.
        colours: a key of ``colours.MAPS``, for maps without negative values.
    """
    both = np.stack([before, after])
    finite = both[np.isfinite(both)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    if finite.size and low >= 0:
        low = float(finite.min())
    signed = low < 0
    if signed:
        high = max(-low, high)
        low = -high
    with np.errstate(invalid="ignore"):
        difference = np.subtract(after, before)
    changes = np.abs(difference[np.isfinite(difference)])
    reach = float(changes.max(initial=0.0))
    table = DIVERGING if signed else MAPS[colours]
    pictures = _coloured(before, low, high, table), _coloured(after, low, high, table)
    return Compared(*pictures, _coloured(difference, -reach, reach, DIVERGING), low, high, reach)


def _coloured(values: Floats, low: float, high: float, table: Bytes) -> Bytes:
    finite, last = np.isfinite(values), len(table) - 1
    share = (np.where(finite, values, low) - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    levels = np.rint(share * (LEVELS - 1)) / (LEVELS - 1)
    found: Bytes = table[np.rint(levels * last).astype(np.intp)]
    found[~finite] = NAN_RGB
    return found
