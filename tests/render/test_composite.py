"""The page of a recording: what lies where, and that Korean is drawn with Korean letters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.recipe import Recipe
from explorer.render import colours
from explorer.render.composite import SIZE_WH, _line, composite
from explorer.values import Frame, FrameResult, Geometry, Prediction
from tests.render.views import view

MAPS = np.stack([np.zeros((4, 4)), np.eye(4)]).astype(np.float32)
GREEN = (10, 200, 60)


def result(share: float = 0.5, source: str = "picture.png", network: str = "lenet5") -> FrameResult:
    frame = Frame(np.full((40, 80, 3), GREEN, np.uint8), source, 41)
    one, two = Prediction(0, "first", share), Prediction(1, "second", 0.25)
    geometry = Geometry((40, 80), (4, 4), (10.0, 20.0), (0.0, 0.0))
    prepared = np.zeros((4, 4, 3), np.uint8)
    recipe = Recipe(network=network)
    return FrameResult(recipe, frame, frame, geometry, prepared, (0.0, 1.0), (one, two), True, {}, view(MAPS), "cpu")


def has(page: np.ndarray, colour: tuple[int, int, int] | np.ndarray) -> np.ndarray:
    return (page == np.array(colour)).all(axis=-1)


def test_the_picture_and_the_maps_are_there_in_their_colours() -> None:
    page = composite(result())
    assert page.shape == (SIZE_WH[1], SIZE_WH[0], 3)
    rows, columns = np.nonzero(has(page, GREEN))
    assert np.ptp(columns) + 1 == pytest.approx(2 * (np.ptp(rows) + 1), abs=1)  # undistorted
    table = colours.table("viridis", False, (0, 0, 0))
    lit, dark = has(page, table[252]).sum(), has(page, table[0]).sum()
    assert dark / lit == pytest.approx((12 + 16) / 4, rel=0.02)  # cells of 1 on the diagonal, and all others


def test_bars_are_as_long_as_their_shares() -> None:
    lengths = []
    for share in (0.9, 0.3):
        page = composite(result(share))
        lengths.append(has(page, (110, 168, 254)).any(axis=0).sum())
    assert lengths[0] == pytest.approx(3 * lengths[1], abs=2)


def test_the_area_is_outlined_on_the_picture() -> None:
    plain, marked = composite(result()), composite(result(), (10.0, 20.0, 30.0, 60.0))
    rows, columns = np.nonzero(has(plain, GREEN))
    y, x, scale = rows.min(), columns.min(), (np.ptp(columns) + 1) / 80
    rows, columns = np.nonzero((plain != marked).any(axis=-1))
    assert (rows.min() + rows.max()) / 2 == pytest.approx(y + 20 * scale, abs=2)
    assert (np.ptp(rows), np.ptp(columns)) == (pytest.approx(20 * scale, abs=5), pytest.approx(40 * scale, abs=5))
    assert columns.min() == pytest.approx(x + 20 * scale, abs=3)
    composite(result(), (-1e6, -5.0, 1e6, 1e6))  # an area that reaches far into the padding stays on the picture


def test_what_is_not_trained_or_names_no_class_is_said() -> None:
    page = composite(result())
    for other in (replace(result(), trained=False), replace(result(), predictions=())):
        assert (composite(other) != page).any()


def test_korean_has_letters_and_long_names_are_shortened() -> None:
    boxes = {_line(letter, 24, (255, 255, 255), 200).tobytes() for letter in "가나다라"}
    assert len(boxes) == 4  # a font without them would draw the same box for each
    line = _line("한" * 500, 24, (255, 255, 255), 200)
    assert line.shape[1] <= 200
    composite(result(source="이름" * 400, network="own/" + "n" * 400 + ".pt"))
