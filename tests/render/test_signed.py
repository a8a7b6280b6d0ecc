"""Numbers of either sign in the diverging colours."""

from __future__ import annotations

import numpy as np

from explorer.render.colours import DIVERGING, NAN_RGB
from explorer.render.signed import signed


def test_zero_is_neutral_and_both_ends_are_of_one_size() -> None:
    values = np.array([[[0.0], [8.0], [-8.0], [4.0], [-2.0]]], np.float32)
    found = signed(values)
    assert found.reach == 8.0
    assert found.pixels.tolist() == [[DIVERGING[level].tolist() for level in (126, 252, 0, 189, 94)]]


def test_the_mean_of_the_channels_is_shown_and_the_channels_are_told() -> None:
    values = np.array([[[3.0, 0.0, -3.0], [9.0, 0.0, 0.0]]], np.float32)
    found = signed(values)
    assert found.reach == 3.0
    assert found.pixels[0, 0].tolist() == DIVERGING[126].tolist()
    assert found.values is values


def test_what_is_no_number_stands_out_and_nothing_but_zeros_is_neutral() -> None:
    found = signed(np.array([[[np.nan], [1.0]]], np.float32))
    assert found.pixels[0, 0].tolist() == list(NAN_RGB)
    assert found.reach == 1.0
    assert signed(np.zeros((1, 1, 3), np.float32)).pixels.tolist() == [[DIVERGING[126].tolist()]]
