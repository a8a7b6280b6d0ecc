"""Filters on a picture: sums in float64, rounded and clipped only where the filter says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.filters.filter import Border, Filter, working
from explorer.filters.kernel import Kernel, Magnitude, kernels
from explorer.values import Bytes, Floats, Frame

Doubles = NDArray[np.float64]
GREY = (0.299, 0.587, 0.114)
"""Of red, green and blue in a grey value: ITU-R BT.601, as OpenCV and Pillow have it."""
_TRANSFORMED = 50
"""Cells from which on OpenCV takes Fourier transforms, whose error of some 1e-10 would move what is exactly a half."""
_BAND = 32
"""Rows that are filtered at a time."""
_WHOLE = 1e9
"""OpenCV rounds to whole numbers of 32 bits before it clips."""
_MOST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Result:
    """A picture after its filters.

    Attributes:
        pixels: uint8 (h, w, 3), as the network gets it.
        values: float32 (h, w, 3), what the last filter computed where that is signed, neither rounded nor clipped;
            None where it is not.
    """

    pixels: Bytes
    values: Floats | None


def apply(frame: Frame, filters: Sequence[Filter]) -> Frame:
    """Return the frame after the filters that are switched on, in order.

    A frame with an ``array`` comes back as it is: its pixels only picture what goes to the network unprepared.

    Raises:
        PersonError: a window does not fit into the picture.
    """
    chain = working(tuple(filters))
    if not chain or frame.array is not None:
        return frame
    return replace(frame, pixels=result(frame.pixels, chain).pixels)


def result(pixels: Bytes, filters: Sequence[Filter]) -> Result:
    """Return a picture after the filters that are switched on; raises as ``apply``.

    Args:
        pixels: uint8 (H, W, 3).
        filters: in their order.
    """
    *_before, last = stages(pixels, filters)
    if last.dtype == np.uint8:
        return Result(_bytes(last), None)
    return Result(_bytes(last), np.clip(last, -_MOST, _MOST).astype(np.float32))


def stages(pixels: Bytes, filters: Sequence[Filter]) -> Iterator[Bytes | Doubles]:
    """Yield what goes into every filter that is switched on, in their order, and at last the result.

    Raises as ``apply``. Each is (h, w, 3): uint8, or float64 after a signed filter.
    """
    current: Bytes | Doubles = pixels
    yield current
    for one in working(tuple(filters)):
        current = _in_colour(respond(current, one) if one.signed else _rounded(current, one))
        yield current


def respond(pixels: Bytes | Doubles, one: Filter) -> Doubles:
    """Return what ``one`` computes at every place of its window, before rounding and clipping.

    sum of weight × value, times the kernel's scale, plus its offset; √(x² + y²) of two such for a magnitude.

    Args:
        pixels: uint8 or float64 (H, W, C), or (H, W).
        one: its ``signed`` and ``enabled`` do not matter.

    Returns:
        float64 (h, w, C) or (h, w); (h, w) where the filter is one on grey.

    Raises:
        PersonError: the window does not fit into the picture.
    """
    found = []
    for kernel, sums in _sums(pixels, one):
        if kernel.scale != 1:
            sums *= kernel.scale
        if kernel.offset:
            sums += kernel.offset
        found.append(sums)
    return found[0] if len(found) == 1 else np.hypot(*found)


def _rounded(pixels: Bytes | Doubles, one: Filter) -> Bytes:
    """Return what ``respond`` does, rounded and clipped; where it can, with the scale, band by band."""
    from explorer.cv import cv2

    most = max(255 * np.abs(weights).sum() for weights in one.weights)
    if pixels.dtype != np.uint8 or isinstance(one.kernel, Magnitude) or most * abs(one.kernel.scale) > _WHOLE:
        return _bytes(respond(pixels, one))
    pixels, scale, offset = _taken(pixels, one), one.kernel.scale, one.kernel.offset
    found = np.empty(pixels.shape, np.uint8)
    for rows, sums in _bands(pixels, one.weights[0], one):
        cv2.addWeighted(sums, scale, sums, 0.0, offset, dst=found[rows], dtype=cv2.CV_8U)
    return np.ascontiguousarray(found[_places(pixels, one)])


def _sums(pixels: Any, one: Filter) -> Iterator[tuple[Kernel, Doubles]]:
    """Yield each kernel of the filter, and the sums of weight × value at every place of its window."""
    pixels = _taken(pixels, one)
    for kernel, weights in zip(kernels(one.kernel), one.weights, strict=True):
        found = np.empty(pixels.shape)
        for rows, sums in _bands(pixels, weights, one):
            found[rows] = sums
        yield kernel, found[_places(pixels, one)]


def _taken(pixels: Any, one: Filter) -> Any:
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


def _bands(pixels: Any, weights: Doubles, one: Filter) -> Iterator[tuple[slice, Doubles]]:
    """Yield rows, and weights ⊙ window at every place in them; no flip, which ``weights`` have behind them.

    The whole picture in float64 would not stay in the processor's cache; a band with what its windows reach does.
    """
    from explorer.cv import cv2  # here, so that the window may import this room without OpenCV

    borders: dict[Border, int] = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}
    border = borders.get(one.border, cv2.BORDER_CONSTANT)
    (row, column), (high, _wide), height = one.anchor, one.extent, len(pixels)
    spread = np.zeros(one.extent)
    spread[:: one.dilation, :: one.dilation] = weights
    step = max(_BAND, 2 * high)  # what is mirrored at a border lies within its band
    tops = range(0, max(height - step // 2, 1), step)
    for top, end in zip(tops, (*tops[1:], height), strict=True):
        first = max(top - row, 0)
        taken = np.asarray(pixels[first : end + high - 1 - row], np.float64)  # of bytes the weights would be float32
        sums: Any = cv2.filter2D(taken, cv2.CV_64F, spread, anchor=(column, row), borderType=border)
        if spread.size >= _TRANSFORMED:
            sums = np.round(sums, 8)
        yield slice(top, end), sums[top - first : end - first]


def _places(pixels: Any, one: Filter) -> tuple[slice, slice]:
    """Return the rows and columns of places that count, of those on everything that ``_taken`` gave."""
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


def _bytes(values: Any) -> Bytes:
    """Return ``values`` rounded to the nearest integer (half to even) and clipped to 0 … 255; bytes as they are."""
    if values.dtype == np.uint8:
        return np.asarray(values)
    rounded = np.rint(values)
    return np.asarray(np.clip(rounded, 0.0, 255.0, out=rounded).astype(np.uint8))


def _in_colour(values: Any) -> Any:
    """Return (H, W, 3) of (H, W, 3) or of grey (H, W)."""
    return values if values.ndim == 3 else np.repeat(values[:, :, None], 3, axis=2)
