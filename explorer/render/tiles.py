"""The maps of a layer laid out as the tiles of one mosaic."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from explorer.values import LEVEL_GAP, Bytes, Grid

_PX_PER_GAP = 56
"""A map of so many pixels a side gets a gap of one pixel, larger ones in proportion: a gap must survive zooming out."""
_WASTE = 0.5
"""How much an empty place in the last row weighs against a mosaic that is too wide or too high."""


def grid(count: int, tile_hw: tuple[int, int], aspect: float) -> Grid:
    """Return the grid whose width ÷ height is nearest ``aspect`` without leaving much of its last row empty.

    Args:
        count: number of maps, at least 1.
        tile_hw: height and width of a map, px.
        aspect: width ÷ height that is wanted, above 0.
    """
    largest = max(tile_hw)
    gap = 0 if largest == 1 else max(1, round(largest / _PX_PER_GAP))
    candidates = {-(-count // rows) for rows in range(1, count + 1)}

    def cost(columns: int) -> tuple[float, int]:
        candidate = Grid(count, columns, tile_hw, gap)
        height, width = candidate.shape
        empty = 1 - count / (columns * candidate.rows)
        return abs(math.log(width / height / aspect)) + _WASTE * empty, columns

    return Grid(count, min(candidates, key=cost), tile_hw, gap)


def mosaic(levels: Bytes, order: NDArray[np.intp], grid: Grid) -> Bytes:
    """Return the maps side by side; gaps and the places after the last map are ``LEVEL_GAP``.

    Args:
        levels: uint8 (C, h, w).
        order: int (C,), the channel at each position of the grid.
        grid: as ``grid`` gave it for these maps.

    Returns:
        uint8 (H, W), contiguous; (H, W) is ``grid.shape``.
    """
    (height, width), (h, w) = grid.shape, grid.tile_hw
    picture = np.full((height, width), LEVEL_GAP, np.uint8)
    # The same memory seen as (rows, columns, h, w); a row at a time, because its copy then stays in the cache.
    tiles = as_strided(
        picture,
        (grid.rows, grid.columns, h, w),
        ((h + grid.gap) * width, w + grid.gap, width, 1),
    )
    for row, first in enumerate(range(0, grid.count, grid.columns)):
        channels = order[first : first + grid.columns]
        tiles[row, : len(channels)] = levels[channels]
    return picture
