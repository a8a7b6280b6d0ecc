"""Which pixels go into which, through a chain of filters: exactly, at borders and with strides too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.filters.filter import Filter, working

Lines = NDArray[np.bool_]
"""Which rows, or which columns, of a picture."""
Box = tuple[int, int, int, int]
"""[y0, x0, y1, x1) in pixels."""


def output_hw(filters: Sequence[Filter], hw: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a picture of ``hw`` after the filters that are switched on.

    Raises:
        PersonError: a window does not fit.
    """
    for one in working(tuple(filters)):
        hw = one.output_hw(hw)
    return hw


Placement = tuple[tuple[float, float], tuple[float, float]]
"""Where a picture lies on another: of its upper left corner, and pixels of the other per pixel; (y, x) each."""
IN_PLACE: Placement = ((0.0, 0.0), (1.0, 1.0))


def placement(filters: Sequence[Filter]) -> Placement:
    """Return where the result lies on the picture: each of its pixels around the middle of what it is made of.

    Coordinates are edges, as ``values.Geometry`` has them.
    """
    (y, x), (high, wide) = IN_PLACE
    for one in working(tuple(filters)):
        first = one.anchor if one.border == "valid" else (0, 0)
        # the first result's middle lies on the middle of pixel ``first``, and its edges half a stride before and after
        y, x = y + high * (first[0] + (1 - one.stride) / 2), x + wide * (first[1] + (1 - one.stride) / 2)
        high, wide = high * one.stride, wide * one.stride
    return (y, x), (high, wide)


def made_of(box: Box, filters: Sequence[Filter], hw: tuple[int, int]) -> Box:
    """Return the rectangle of pixels, of a picture of ``hw``, that pixels ``box`` of the result are made of.

    No other pixel changes them. An empty box stays as it is. Raises as ``output_hw``.
    """
    if box[0] >= box[2] or box[1] >= box[3]:
        return box
    spans, tables, size = [], _tables(filters, hw), output_hw(filters, hw)
    for axis in (0, 1):
        lines = np.zeros(size[axis], bool)
        lines[max(box[axis], 0) : max(box[axis + 2], 0)] = True
        for before, reads in reversed(tables):
            places = reads[axis][lines]
            lines = np.zeros(before[axis], bool)
            lines[places[places >= 0]] = True
        found = np.flatnonzero(lines)
        spans.append((int(found[0]), int(found[-1]) + 1) if found.size else (0, 0))
    (top, bottom), (left, right) = spans
    return top, left, bottom, right


def goes_into(pixel: tuple[int, int], filters: Sequence[Filter], hw: tuple[int, int]) -> tuple[Lines, Lines]:
    """Return the rows and the columns of the result that pixel (row, column) of a picture of ``hw`` goes into.

    Raises as ``output_hw``.
    """
    found = []
    for axis in (0, 1):
        lines = np.arange(hw[axis]) == pixel[axis]
        for _before, reads in _tables(filters, hw):
            lines = np.append(lines, False)[reads[axis]].any(axis=1)  # place −1 is beyond the border
        found.append(lines)
    return found[0], found[1]


def _tables(
    filters: Sequence[Filter], hw: tuple[int, int]
) -> list[tuple[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Return, for every filter, the size of what goes in and the lines that it reads."""
    found = []
    for one in working(tuple(filters)):
        found.append((hw, one.reads(hw)))
        hw = one.output_hw(hw)
    return found
