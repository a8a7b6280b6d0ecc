"""The mosaic against copying map by map, and the grid against what an eye would choose."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.render import tiles
from explorer.values import LEVEL_GAP, Grid


@given(
    count=st.integers(1, 40),
    columns=st.integers(1, 40),
    hw=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    gap=st.integers(0, 3),
    seed=st.integers(0, 9),
)
def test_every_map_is_at_its_corner_and_the_rest_is_gap(
    count: int, columns: int, hw: tuple[int, int], gap: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    levels = chance.integers(0, 253, (count, *hw), dtype=np.uint8)
    order = chance.permutation(count)
    grid = Grid(count, columns, hw, gap)
    got = tiles.mosaic(levels, order, grid)

    expected = np.full(grid.shape, LEVEL_GAP, np.uint8)
    for y in range(grid.shape[0]):
        for x in range(grid.shape[1]):
            if cell := grid.at(y, x):
                expected[y, x] = levels[order[cell[0]], cell[1], cell[2]]
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, expected)


def test_a_mosaic_owns_its_memory() -> None:
    levels = np.zeros((4, 2, 2), np.uint8)
    picture = tiles.mosaic(levels, np.arange(4), tiles.grid(4, (2, 2), 1.0))
    levels[:] = 9
    assert (picture != 9).all()


@pytest.mark.parametrize(
    ("count", "hw", "aspect", "columns"),
    [
        (1, (7, 7), 3.0, 1),
        (64, (56, 56), 1.0, 8),
        (64, (224, 224), 4.0, 16),
        (512, (28, 28), 1.0, 23),
        (2, (10, 10), 2.0, 2),
        (2, (10, 10), 0.5, 1),
        (12, (5, 5), 1.3, 4),
        (1000, (1, 1), 1.6, 40),
        (16, (1, 64), 1.0, 1),
    ],
)
def test_columns_that_an_eye_would_choose(count: int, hw: tuple[int, int], aspect: float, columns: int) -> None:
    assert tiles.grid(count, hw, aspect).columns == columns


@example(count=8, hw=(1, 1), aspect=4.0)
@given(count=st.integers(1, 2048), hw=st.tuples(st.integers(1, 224), st.integers(1, 224)), aspect=st.floats(0.2, 5))
def test_the_grid_holds_every_map_without_an_empty_row_and_near_the_aspect(
    count: int, hw: tuple[int, int], aspect: float
) -> None:
    grid = tiles.grid(count, hw, aspect)
    assert grid.count == count
    assert grid.columns <= count
    assert (grid.rows - 1) * grid.columns < count <= grid.rows * grid.columns
    assert grid.columns == math.ceil(count / grid.rows)  # one column fewer would need another row
    off = abs(math.log(grid.shape[1] / grid.shape[0] / aspect))
    for columns in {math.ceil(count / rows) for rows in range(1, count + 1)}:
        other = Grid(count, columns, hw, grid.gap)
        other_off = abs(math.log(other.shape[1] / other.shape[0] / aspect))
        assert off <= other_off + 0.5  # what an empty place may cost at most


@pytest.mark.parametrize(("hw", "gap"), [((1, 1), 0), ((1, 2), 1), ((7, 7), 1), ((56, 56), 1), ((224, 224), 4)])
def test_gap_grows_with_the_maps(hw: tuple[int, int], gap: int) -> None:
    assert tiles.grid(10, hw, 1.0).gap == gap
