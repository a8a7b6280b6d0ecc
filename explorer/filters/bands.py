"""The picture under a filter's window: what it lies on at the borders, and the sums of its products, band by band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.filters.filter import Border, Filter

Doubles = NDArray[np.float64]
GREY = (0.299, 0.587, 0.114)
"""Of red, green and blue in a grey value: ITU-R BT.601, as OpenCV and Pillow have it."""
TRANSFORMED = 50
"""Cells from which on OpenCV takes Fourier transforms, whose error of some 1e-10 would move what is exactly a half."""
_BAND = 32
"""Rows that are filtered at a time."""


def taken(pixels: Any, one: Filter) -> Any:
    """Return what the window moves over: grey where that is asked, and with the rows and columns that wrap around.

    Raises:
        PersonError: the window does not fit into the picture.
    """
    from explorer.cv import cv2

    one.check((pixels.shape[0], pixels.shape[1]))
    if one.grey and pixels.ndim == 3:
        pixels = grey(pixels)
    if one.border == "wrap":  # which filter2D does not know
        (high, wide), (row, column) = one.extent, one.anchor
        pads = (row, high - 1 - row, column, wide - 1 - column)
        pixels = np.asarray(cv2.copyMakeBorder(pixels, *pads, cv2.BORDER_WRAP))
    return pixels


@dataclass(frozen=True, eq=False)
class Band:
    """Some rows of a picture, with those that the windows on them reach.

    Attributes:
        rows: which ones.
        pixels: they and their neighbours.
        inside: where they lie among these.
    """

    rows: slice
    pixels: Any
    inside: slice


def bands(pixels: Any, one: Filter) -> Iterator[Band]:
    """Yield the picture in bands: in float64 it would not stay whole in the processor's cache."""
    (row, _column), (high, _wide), height = one.anchor, one.extent, len(pixels)
    step = max(_BAND, 2 * high)  # what is mirrored at a border lies within its band
    tops = range(0, max(height - step // 2, 1), step)
    for top, end in zip(tops, (*tops[1:], height), strict=True):
        first = max(top - row, 0)
        yield Band(slice(top, end), pixels[first : end + high - 1 - row], slice(top - first, end - first))


def spread(one: Filter, weights: Doubles) -> Doubles:
    """Return the weights with the gaps of the dilation between them."""
    found = np.zeros(one.extent)
    found[:: one.dilation, :: one.dilation] = weights
    return found


def sums(pixels: Any, window: Doubles, one: Filter, kind: type[np.float32] | type[np.float64] = np.float64) -> Any:
    """Return weights ⊙ window at every place, of ``kind``; no flip, which ``Filter.weights`` have behind them.

    Args:
        pixels: uint8 or float64 (H, W, C) or (H, W).
        window: as ``spread`` gave it.
        one: for its anchor and its border.
        kind: in which the products are added.
    """
    from explorer.cv import cv2  # here, so that the window may import this room without OpenCV

    values: Any = np.asarray(pixels, kind)  # of bytes OpenCV would take the weights as float32
    depth = cv2.CV_64F if kind is np.float64 else cv2.CV_32F
    found: Any = cv2.filter2D(values, depth, window, anchor=one.anchor[::-1], borderType=border(one))
    return np.round(found, 8) if window.size >= TRANSFORMED else found


def border(one: Filter) -> int:
    """Return what lies beyond the picture, in OpenCV's word."""
    from explorer.cv import cv2

    borders: dict[Border, int] = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}
    return borders.get(one.border, cv2.BORDER_CONSTANT)


def places(pixels: Any, one: Filter) -> tuple[slice, slice]:
    """Return the rows and columns of places that count, of those on everything that ``taken`` gave."""
    kept = []
    for size, extent, anchor in zip(pixels.shape, one.extent, one.anchor, strict=False):
        inside = one.border in ("wrap", "valid")  # the window lies on what is there
        kept.append(slice(anchor, anchor + size - extent + 1, one.stride) if inside else slice(None, None, one.stride))
    return kept[0], kept[1]


def grey(pixels: Any) -> Any:
    """Return the grey values (H, W) of (H, W, 3): of uint8 rounded to the nearest level, of others as they are."""
    if pixels.dtype != np.uint8:
        return pixels @ np.array(GREY, pixels.dtype)
    from explorer.cv import cv2

    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY))
