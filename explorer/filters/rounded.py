"""A filter's result in whole levels, summed in float32 wherever that rounds as float64 does.

OpenCV adds float32 three to four times as fast as float64. What lies so near a half that float32 could round it to the
other side is summed once more in float64, so that every level is the one that float64 gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.filters.bands import TRANSFORMED, Band, bands, border, places, spread, sums, taken
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.values import Bytes

_HALF_ULP = 2.0**-24
"""Of float32, relative: what one rounding may be wrong by."""
_WHOLE = 1e9
"""OpenCV rounds to whole numbers of 32 bits before it clips."""
_UNSURE = 0.05
"""Of a level: where float32 may be wrong by more, too many places are doubtful."""
_FEW = 0.02
"""The share of a band's places up to which they are summed again one by one."""


def rounded(pixels: Bytes, one: Filter) -> Bytes | None:
    """Return what the filter computes at every place of its window, rounded (half to even) and clipped.

    Args:
        pixels: uint8 (H, W, C) or (H, W).
        one: its ``signed`` and ``enabled`` do not matter.

    Returns:
        uint8 (h, w, C) or (h, w); None for a magnitude, and where the sums are too large for OpenCV.

    Raises:
        PersonError: the window does not fit into the picture.
    """
    kernel = one.kernel
    if not isinstance(kernel, Kernel):
        return None
    (weights,) = one.weights
    most = 255 * float(np.abs(weights).sum())
    if most * abs(kernel.scale) > _WHOLE:
        return None
    pixels = taken(pixels, one)
    found, rounding = np.empty(pixels.shape, np.uint8), _Rounding(pixels, one, kernel, most)
    for band in bands(pixels, one):
        found[band.rows] = rounding.levels(band)
    rounding.mend(found)
    return np.ascontiguousarray(found[places(pixels, one)])


class _Rounding:
    """Rounds one picture's bands, and then what was doubtful in them.

    Summed in float32, n products with rounded weights are wrong by at most n + 1 half units in the last place of the
    largest sum there can be (Higham, Accuracy and Stability of Numerical Algorithms, 3.1); whole weights with small
    sums by nothing. Scale and offset add four roundings.
    """

    def __init__(self, pixels: Bytes, one: Filter, kernel: Kernel, most: float) -> None:
        (weights,) = one.weights
        self._pixels, self._one, self._window = pixels, one, spread(one, weights)
        self._scale, self._offset = kernel.scale, kernel.offset
        self._whole = most < 1 / _HALF_ULP and bool((weights == np.rint(weights)).all())
        size = most * abs(kernel.scale)
        self._error = _HALF_ULP * ((np.count_nonzero(weights) + 1) * size + 4 * (size + abs(kernel.offset)))
        self._doubtful: list[NDArray[np.intp]] = []
        self._fast = self._window.size < TRANSFORMED and (self._whole or self._error <= _UNSURE)

    def levels(self, band: Band) -> Bytes:
        """Return the levels of a band's rows; of some it is remembered that they are doubtful."""
        from explorer.cv import cv2

        if not self._fast:
            return self._scaled(sums(band.pixels, self._window, self._one)[band.inside])
        near = sums(band.pixels, self._window, self._one, np.float32)[band.inside]
        if self._whole:
            return self._scaled(near.astype(np.float64))
        low, high = (self._scaled(near, error) for error in (-self._error, self._error))
        doubtful = np.flatnonzero(cv2.absdiff(low, high) != 0)
        if len(doubtful) > _FEW * low.size:
            return self._scaled(sums(band.pixels, self._window, self._one)[band.inside])
        self._doubtful.append(doubtful + band.rows.start * (low.size // len(low)))
        return low

    def mend(self, levels: Bytes) -> None:
        """Put the right level wherever one is doubtful, from a sum in float64 in OpenCV's own order.

        Args:
            levels: uint8 (H, W, C) or (H, W), written into.
        """
        from explorer.cv import cv2

        places = np.concatenate([np.arange(0), *self._doubtful])
        if not len(places):
            return
        (row, column), (high, wide) = self._one.anchor, self._one.extent
        reach = (row, high - 1 - row, column, wide - 1 - column)
        around = np.asarray(cv2.copyMakeBorder(self._pixels, *reach, border(self._one)))
        first, *others = np.unravel_index(places, levels.shape)
        at = np.ravel_multi_index((first, *others), around.shape)
        values, found = around.reshape(-1), np.zeros(len(places))
        steps = np.array(around.strides[:2])
        for tap in np.argwhere(self._window):
            found += self._window[tuple(tap)] * values.take(at + int(tap @ steps), mode="clip")  # no look at bounds
        levels.reshape(-1)[places] = self._scaled(found).reshape(-1)

    def _scaled(self, values: Any, more: float = 0.0) -> Bytes:
        from explorer.cv import cv2

        return np.asarray(cv2.addWeighted(values, self._scale, values, 0.0, self._offset + more, dtype=cv2.CV_8U))
