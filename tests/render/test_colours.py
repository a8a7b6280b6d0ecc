"""Colour maps measured in CIELAB by OpenCV, which our own Oklab arithmetic does not touch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.cv import cv2
from explorer.render import colours
from explorer.values import LEVEL_GAP, LEVEL_NAN, LEVELS, Bytes

GAP = (22, 24, 29)


def _lab(rgb: Bytes) -> NDArray[np.float64]:
    return np.asarray(cv2.cvtColor((rgb[None] / 255).astype(np.float32), cv2.COLOR_RGB2Lab)[0], np.float64)


@pytest.mark.parametrize("name", colours.MAPS)
def test_maps_rise_evenly_in_lightness(name: str) -> None:
    rgb = colours.MAPS[name]
    assert rgb.shape == (256, 3)
    assert rgb.dtype == np.uint8
    lightness = _lab(rgb)[::15, 0]
    assert (np.diff(lightness) > 0).all()
    assert np.diff(lightness).max() / np.diff(lightness).min() < 3


def test_published_ends_of_the_maps() -> None:
    assert colours.MAPS["viridis"][[0, 255]].tolist() == [[68, 1, 84], [253, 231, 37]]
    assert colours.MAPS["magma"][[0, 255]].tolist() == [[0, 0, 4], [252, 253, 191]]
    assert colours.MAPS["cividis"][0].tolist() == [0, 32, 77]
    assert next(iter(colours.MAPS)) == "viridis"


def test_diverging_map_is_neutral_and_lightest_exactly_at_zero() -> None:
    lab = _lab(colours.DIVERGING)
    assert len(colours.DIVERGING) == LEVELS
    assert np.ptp(colours.DIVERGING[126].astype(int)) == 0
    assert lab[:, 0].argmax() == 126
    assert (np.diff(lab[126::9, 0]) < 0).all()
    assert (np.diff(lab[126::-9, 0]) < 0).all()


def test_diverging_map_weighs_both_signs_alike_and_evenly() -> None:
    lab = _lab(colours.DIVERGING)
    assert np.abs(lab[:, 0] - lab[::-1, 0]).max() < 3  # of 100: no sign looks stronger
    steps = np.linalg.norm(np.diff(lab[::14], axis=0), axis=1)
    assert steps.max() / steps.min() < 1.6
    assert lab[0, 2] < -40  # blue below zero
    assert lab[-1, 1] > 40  # red above


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("name", colours.MAPS)
def test_table_has_a_colour_for_every_level(name: str, signed: bool) -> None:
    table = colours.table(name, signed, GAP)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert tuple(table[LEVEL_GAP]) == GAP
    assert tuple(table[LEVEL_NAN]) == (255, 0, 255)
    data = colours.DIVERGING if signed else colours.MAPS[name]
    assert (table[0] == data[0]).all()
    assert (table[LEVELS - 1] == data[-1]).all()
    assert not (table[:LEVELS] == (255, 0, 255)).all(axis=1).any()
    if signed:
        np.testing.assert_array_equal(table[:LEVELS], data)


def test_a_table_is_its_caller_s_own() -> None:
    before = colours.MAPS["grey"].copy()
    colours.table("grey", False, GAP)[:] = 7
    np.testing.assert_array_equal(colours.MAPS["grey"], before)
    np.testing.assert_array_equal(colours.table("grey", False, GAP)[0], (0, 0, 0))
