"""Numbers as they are shown."""

from __future__ import annotations

import math

import pytest
from PySide6.QtWidgets import QApplication

from ui.widgets.number_field import NumberField
from ui.widgets.numbers import amount, cell, number, percent, shape, unbroken


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.41821, "3.418"),
        (-757.631, "−757.6"),
        (0.012345, "0.01235"),
        (12345.6, "12346"),
        (1e6, "1.00e+06"),
        (-1.2e-5, "−1.20e−05"),
        (9.99999, "10.00"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (1e-9, "< 0.1 %"),
        (1 - 1e-9, "> 99.9 %"),
        (0.042, "4.2 %"),
        (0.38, "38 %"),
        (0.995, "99.5 %"),
        (math.nan, "NaN"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("share", "text"), [(0.425, "42.5 %"), (0.99996, "> 99.9 %"), (1.0, "100 %"), (0.0, "0 %")])
def test_fine_percent(share: float, text: str) -> None:
    assert percent(share, fine=True) == text


def test_a_cell_says_which_number_is_which() -> None:
    assert cell(12, 9, "= 3.418") == "y 12, x 9 = 3.418"


@pytest.mark.parametrize("typed", ["-2,5", "−2.5", "-2.5"])
def test_a_number_field_shows_a_minus_and_takes_a_hyphen(qapp: QApplication, typed: str) -> None:
    field = NumberField()
    field.setText(typed)
    assert field.value() == -2.5
    field.set_value(-1e-5)
    assert field.text() == "−1e−05"
    assert field.value() == -1e-5
    field.deleteLater()


def test_shape() -> None:
    assert shape((64, 56, 56)) == "64×56×56"
    assert shape((1000,)) == "1000"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (840, "840"),
        (999, "999"),
        (1000, "1.00 k"),
        (61_706, "61.7 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),  # never "1000 k"
        (11_689_512, "11.7 M"),
        (138_357_544, "138 M"),
        (15_470_264_320, "15.5 G"),
        (2_000_000_000_000, "2.00 T"),
    ],
)
def test_amount(count: int, text: str) -> None:
    assert amount(count) == text


def test_unbroken_keeps_sizes_and_places_in_one_piece() -> None:
    text = "sees 67 × 67 pixels of the input\nin the picture: x 269 to 348, y 147 to 226"
    assert unbroken(text).split(" ") == [
        *("sees", "67\xa0×\xa067", "pixels", "of", "the", "input\nin", "the", "picture:"),
        *("x\xa0269", "to", "348,", "y\xa0147", "to", "226"),
    ]
    assert unbroken("a max 3, 2 × the rest") == "a max 3, 2 × the rest"
