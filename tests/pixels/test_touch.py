"""A picture altered by hand: against OpenCV, a float64 interpolation by hand, and what must be equal to the bit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from explorer.pixels.touch import BLUR, Dab, Touch, touched
from explorer.recipe import Recipe
from explorer.values import Frame

HW = (60, 60)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Smooth, so that a thirty-second of a pixel is little."""
    y, x = np.mgrid[0:60, 0:60] / 60
    waves = [np.sin(7 * x + 3 * y), np.cos(5 * y * x + x), np.sin(9 * y)]
    return np.rint(127.5 + 100 * np.stack(waves, axis=2)).astype(np.uint8)


def test_nothing_is_the_picture_itself(picture: np.ndarray) -> None:
    assert touched(picture, Touch(seed=3)) is picture
    assert not Touch(seed=3).works


@pytest.mark.parametrize("factor", [1.0, 0.6, 2.5])
@pytest.mark.parametrize("degrees", [0.0, 33.0, -120.0])
def test_a_move_is_the_definition_computed_by_hand(degrees: float, factor: float, picture: np.ndarray) -> None:
    touch = Touch(shift=(0.1, -0.07), degrees=degrees, factor=factor)
    angle, (h, w) = math.radians(degrees), HW
    expected = np.zeros((*HW, 3))
    for row in range(h):
        for column in range(w):
            right, up = column + 0.5 - w / 2 + 0.07 * w, -(row + 0.5 - h / 2 - 0.1 * h)
            x = (right * math.cos(angle) + up * math.sin(angle)) / factor + w / 2 - 0.5
            y = -(up * math.cos(angle) - right * math.sin(angle)) / factor + h / 2 - 0.5
            for yy, xx in ((math.floor(y) + i, math.floor(x) + j) for i in (0, 1) for j in (0, 1)):
                if 0 <= yy < h and 0 <= xx < w:
                    expected[row, column] += (1 - abs(y - yy)) * (1 - abs(x - xx)) * picture[yy, xx]
            before = touch.before((row + 0.5, column + 0.5), HW)
            assert before == pytest.approx((y + 0.5, x + 0.5), abs=1e-9)
    wrong = np.abs(touched(picture, touch) - expected)
    assert wrong.max() < 255 / 16  # at the black border
    assert np.percentile(wrong, 95) < 1


def test_whole_pixels_and_quarter_turns_are_exact(picture: np.ndarray) -> None:
    shifted = touched(picture, Touch(shift=(5 / 60, -3 / 60)))
    np.testing.assert_array_equal(shifted[5:, :-3], picture[:-5, 3:])
    assert not shifted[:5].any()
    assert not shifted[:, -3:].any()
    np.testing.assert_array_equal(touched(picture, Touch(degrees=90)), np.rot90(picture))


def test_brightness_and_noise_are_added_then_rounded_and_clipped(picture: np.ndarray) -> None:
    noise = np.random.default_rng(7).standard_normal((*HW, 3), np.float32)
    expected = np.clip(np.rint(picture + np.float32(40) + np.float32(25) * noise), 0, 255)
    found = touched(picture, Touch(brightness=40, noise=25, seed=7))
    np.testing.assert_array_equal(found, expected)
    assert found.max() == 255
    assert not np.array_equal(found, touched(picture, Touch(brightness=40, noise=25, seed=8)))
    grey = np.full((200, 300, 3), 128, np.uint8)
    assert touched(grey, Touch(noise=20)).std() == pytest.approx(20, rel=0.02)


def test_a_dab_covers_a_disc_and_blurs_as_opencv_does(picture: np.ndarray) -> None:
    wide = np.concatenate([picture, picture[:, ::-1]], axis=1)  # 60 × 120
    y, x = np.mgrid[0:60, 0:120] + 0.5
    disc = np.hypot(y - 30, x - 90) <= 6
    found = touched(wide, Touch((Dab(((0.5, 0.75),), 0.1, (1, 2, 3)),)))
    np.testing.assert_array_equal((found == (1, 2, 3)).all(axis=2), disc)
    np.testing.assert_array_equal(found[~disc], wide[~disc])
    noisy = touched(wide, Touch(noise=30))
    sigma = BLUR * 60
    side = 2 * round(3 * sigma) + 1
    blurred = cv2.GaussianBlur(noisy, (side, side), sigma, borderType=cv2.BORDER_REFLECT_101)
    found = touched(noisy, Touch((Dab(((0.5, 0.75),), 0.1, "blur"),)))
    np.testing.assert_array_equal(found, np.where(disc[..., None], blurred, noisy))
    corner = touched(noisy, Touch((Dab(((0.0, 0.0),), 0.1, "blur"),)))
    np.testing.assert_array_equal(corner[:4, :4], blurred[:4, :4])


def test_dabs_move_with_the_picture_and_where_they_were_put_is_found_again(picture: np.ndarray) -> None:
    touch = Touch(shift=(0.1, 0.2), degrees=90, factor=1.5)
    y, x = touch.before((20.0, 40.0), HW)
    dab = Dab(((y / 60, x / 60),), 0.05, (255, 0, 255))
    black = np.zeros_like(picture)
    found = touched(black, replace(touch, dabs=(dab,)))[..., 0] > 128
    rows, columns = np.nonzero(found)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((20, 40), abs=0.6)


def test_a_dab_beside_the_picture_is_none_and_the_picture_stays_as_it_was(picture: np.ndarray) -> None:
    kept = picture.copy()
    away = Touch((Dab(((2.0, 3.0), (2.5, 3.0)), 0.1, "blur"), Dab(((-1.0, 0.5),), 0.0, (0, 0, 0))))
    np.testing.assert_array_equal(touched(picture, away), kept)
    touched(picture, Touch((Dab(((0.5, 0.5),), 0.3, (0, 0, 0)),), brightness=9, noise=9))
    np.testing.assert_array_equal(picture, kept)
    tiny = np.full((1, 1, 3), 7, np.uint8)
    blurs = Touch((Dab(((0.5, 0.5),), 1.0, "blur"),), degrees=10, factor=0.1)
    assert touched(tiny, blurs).shape == (1, 1, 3)


def test_a_recipe_touches_after_its_filters_and_never_an_array(picture: np.ndarray) -> None:
    from explorer.filters.apply import apply
    from explorer.filters.bank import BANK

    frame, blur = Frame(picture, "waves"), BANK["blur-horizontal"].filter
    recipe = Recipe(filters=(blur,), touch=Touch(degrees=90))
    np.testing.assert_array_equal(recipe.altered(frame).pixels, np.rot90(apply(frame, (blur,)).pixels))
    array = replace(frame, array=np.zeros((3, 4, 4), np.float32))
    assert recipe.altered(array) is array
    assert Recipe().altered(frame) is frame


TOUCH = Touch((Dab(((0.1, 0.2), (0.3, 0.4)), 0.1, (0, 128, 255)), Dab(((0.5, 0.5),), 0.2, "blur")), (0.1, -0.2), 12.5)


def test_it_is_kept_in_a_session() -> None:
    recipe = Recipe(touch=replace(TOUCH, factor=2, brightness=-3.5, noise=4, seed=9))
    assert Recipe.from_json(recipe.to_json()) == recipe
    raw = json.loads(recipe.to_json())
    del raw["touch"]
    assert Recipe.from_json(json.dumps(raw)).touch is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"factor": 0},
        {"factor": float("nan")},
        {"degrees": 181},
        {"shift": [0.1]},
        {"shift": [2, 0]},
        {"noise": -1},
        {"seed": 0.5},
        {"brightness": "much"},
        {"dabs": [{"points": [], "radius": 0.1, "ink": "blur"}]},
        {"dabs": [{"points": [[0, 0]], "radius": 2, "ink": "blur"}]},
        {"dabs": [{"points": [[0, 0]], "radius": 0.1, "ink": "smear"}]},
        {"dabs": [{"points": [[0, 0]], "radius": 0.1, "ink": [0, 0, 256]}]},
        {"dabs": [{"points": [[0, 1e9]], "radius": 0.1, "ink": [0, 0, 0]}]},
        {"dabs": [{"points": [[0, 0]] * 6000, "radius": 0.1, "ink": [0, 0, 0]}]},
        {"dabs": 7},
        {"more": 1},
    ],
)
def test_what_no_window_could_have_set_is_no_recipe(wrong: dict[str, Any]) -> None:
    raw = json.loads(Recipe(touch=TOUCH).to_json())
    raw["touch"] |= wrong
    if "more" in wrong:
        raw["touch"].pop("shift")
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_json(json.dumps(raw))
