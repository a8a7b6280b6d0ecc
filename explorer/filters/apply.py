"""Filters on a picture: sums in float64, rounded and clipped only where the filter says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.filters.bands import Doubles, bands, places, spread, sums, taken
from explorer.filters.filter import Filter, working
from explorer.filters.kernel import Kernel, kernels
from explorer.filters.rounded import rounded
from explorer.values import Bytes, Floats, Frame

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
        current = _in_colour(_answer(current, one))
        yield current


def _answer(pixels: Bytes | Doubles, one: Filter) -> Bytes | Doubles:
    if one.signed:
        return respond(pixels, one)
    found = rounded(np.asarray(pixels), one) if pixels.dtype == np.uint8 else None
    return _bytes(respond(pixels, one)) if found is None else found


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
    for kernel, values in _sums(pixels, one):
        if kernel.scale != 1:
            values *= kernel.scale
        if kernel.offset:
            values += kernel.offset
        found.append(values)
    return found[0] if len(found) == 1 else np.hypot(*found)


def _sums(pixels: Any, one: Filter) -> Iterator[tuple[Kernel, Doubles]]:
    """Yield each kernel of the filter, and the sums of weight × value at every place of its window."""
    pixels = taken(pixels, one)
    for kernel, weights in zip(kernels(one.kernel), one.weights, strict=True):
        found, window = np.empty(pixels.shape), spread(one, weights)
        for band in bands(pixels, one):
            found[band.rows] = sums(band.pixels, window, one)[band.inside]
        yield kernel, found[places(pixels, one)]


def _bytes(values: Any) -> Bytes:
    """Return ``values`` rounded to the nearest integer (half to even) and clipped to 0 … 255; bytes as they are."""
    if values.dtype == np.uint8:
        return np.asarray(values)
    rounded = np.rint(values)
    return np.asarray(np.clip(rounded, 0.0, 255.0, out=rounded).astype(np.uint8))


def _in_colour(values: Any) -> Any:
    """Return (H, W, 3) of (H, W, 3) or of grey (H, W)."""
    return values if values.ndim == 3 else np.repeat(values[:, :, None], 3, axis=2)
