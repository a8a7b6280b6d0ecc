"""Numbers of either sign as a picture in the diverging colours: blue below 0, red above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.render.colours import DIVERGING, NAN_RGB
from explorer.values import LEVELS, Bytes, Floats


@dataclass(frozen=True, eq=False)
class Signed:
    """A picture of numbers.

    Attributes:
        pixels: uint8 (h, w, 3).
        values: float32 (h, w, C), what the colours stand for: their mean over the channels.
        reach: the number that the strongest colours stand for, positive and negative.
    """

    pixels: Bytes
    values: Floats
    reach: float


def signed(values: Floats) -> Signed:
    """Return (h, w, C) numbers as a picture of their mean over the channels; the largest in the strongest colour."""
    mean = values.mean(axis=2, dtype=np.float32)
    finite = np.isfinite(mean)
    whole = bool(finite.all())
    sizes = np.abs(mean if whole else mean[finite])
    reach = float(sizes.max(initial=0.0)) or 1.0
    half = LEVELS // 2
    levels = np.rint(np.where(finite, mean, 0.0) * np.float32(half / reach) + half).astype(np.intp)
    pixels = np.take(DIVERGING, levels, axis=0)
    if not whole:
        pixels[~finite] = NAN_RGB
    return Signed(pixels, values, reach)
