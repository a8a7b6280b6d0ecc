from __future__ import annotations

import numpy as np
import pytest

from explorer.pixels import region
from explorer.values import Bytes


@pytest.fixture
def pixels() -> Bytes:
    return np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)


def test_a_region_holds_the_pixels_that_its_corner_says(pixels: Bytes) -> None:
    found = region.around(pixels, 3, 4, 3, 5)
    assert (found.top, found.left) == (2, 2)
    assert np.array_equal(found.pixels, pixels[2:5, 2:7])


@pytest.mark.parametrize(("y", "x", "corner"), [(0, 0, (0, 0)), (6, 8, (4, 4)), (-50, 99, (0, 4)), (6, -1, (4, 0))])
def test_a_region_at_the_border_moves_inside(pixels: Bytes, y: int, x: int, corner: tuple[int, int]) -> None:
    found = region.around(pixels, y, x, 3, 5)
    assert (found.top, found.left) == corner
    assert found.pixels.shape == (3, 5, 3)


def test_a_region_larger_than_the_picture_is_the_picture(pixels: Bytes) -> None:
    found = region.around(pixels, 2, 2, 50, 50)
    assert (found.top, found.left) == (0, 0)
    assert np.array_equal(found.pixels, pixels)


def test_hex_is_what_style_sheets_mean() -> None:
    pixels = np.array([[[255, 0, 128], [1, 16, 254]], [[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert region.Region(0, 0, pixels).hexes() == [["#FF0080", "#0110FE"], ["#000000", "#FFFFFF"]]


def test_the_value_under_the_pointer(pixels: Bytes) -> None:
    assert region.value(pixels, 6, 8) == tuple(map(int, pixels[6, 8]))
    for y, x in ((-1, 0), (0, -1), (7, 0), (0, 9)):
        assert region.value(pixels, y, x) is None


def test_three_planes_add_up_to_the_picture(pixels: Bytes) -> None:
    assert np.array_equal(sum(region.plane(pixels, c) for c in range(3)), pixels)
    for c in range(3):
        grey = region.plane(pixels, c, coloured=False)
        assert all(np.array_equal(grey[:, :, k], pixels[:, :, c]) for k in range(3))


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (40, 50)])
def test_the_histogram_counts_every_value(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (*shape, 3), dtype=np.uint8)
    pixels[0, 0] = 0, 255, 17
    expected = [np.histogram(pixels[:, :, c], bins=256, range=(-0.5, 255.5))[0] for c in range(3)]
    assert np.array_equal(region.histogram(pixels), expected)
