"""Two maps in one scale, and their difference around zero."""

from __future__ import annotations

import numpy as np

from explorer.render.colours import DIVERGING, MAPS, NAN_RGB
from explorer.render.compared import compared


def test_one_scale_for_both_and_the_difference_around_zero() -> None:
    before, after = np.array([[1.0, 2.0]], np.float32), np.array([[1.0, 5.0]], np.float32)
    found = compared(before, after, "viridis")
    assert (found.low, found.high, found.reach) == (1, 5, 3)
    np.testing.assert_array_equal(found.before[0, 0], MAPS["viridis"][0])
    np.testing.assert_array_equal(found.after[0, 1], MAPS["viridis"][255])
    np.testing.assert_allclose(found.before[0, 1], MAPS["viridis"][64], atol=3)  # a quarter of the way
    np.testing.assert_array_equal(found.difference[0, 0], DIVERGING[126])
    np.testing.assert_array_equal(found.difference[0, 1], DIVERGING[252])


def test_signed_maps_are_centred_on_zero_and_what_is_no_number_is_magenta() -> None:
    before = np.array([[-4.0, 0.0, np.nan]], np.float32)
    after = np.array([[2.0, 0.0, 1.0]], np.float32)
    found = compared(before, after, "viridis")
    assert (found.low, found.high, found.reach) == (-4, 4, 6)
    np.testing.assert_array_equal(found.before[0, 0], DIVERGING[0])
    np.testing.assert_array_equal(found.after[0, 1], DIVERGING[126])
    np.testing.assert_array_equal(found.before[0, 2], NAN_RGB)
    np.testing.assert_array_equal(found.difference[0, 2], NAN_RGB)


def test_equal_maps_differ_nowhere() -> None:
    same = np.full((2, 2), 3.0, np.float32)
    found = compared(same, same, "viridis")
    assert found.reach == 0
    assert (found.difference == DIVERGING[126]).all()
