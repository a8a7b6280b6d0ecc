"""Paint on a picture, against OpenCV's own circles and boxes."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.cv import cv2
from explorer.pixels.paint import Fill, Stroke, painted

GREY = (128, 128, 128)
PICTURE = np.random.default_rng(1).integers(0, 256, (60, 83, 3), np.uint8)


def test_the_picture_itself_stays() -> None:
    before = PICTURE.copy()
    assert not np.array_equal(painted(PICTURE, [Fill((0, 0, 60, 83), False, (0, 0, 0))]), PICTURE)
    np.testing.assert_array_equal(PICTURE, before)


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("box", [(10, 20, 30, 50), (-5, -9, 12, 200), (0, 0, 0, 0), (70, 90, 80, 99)])
def test_a_box_and_all_but_a_box(box: tuple[int, int, int, int], outside: bool) -> None:
    made = painted(PICTURE, [Fill(box, outside, GREY)])
    for y, x in np.ndindex(60, 83):
        within = box[0] <= y < box[2] and box[1] <= x < box[3]
        assert tuple(made[y, x]) == (GREY if within != outside else tuple(PICTURE[y, x]))


@pytest.mark.parametrize(
    "points", [((30.5, 40.5),), ((10.5, 12.5), (44.5, 71.5)), ((5.5, 5.5), (5.5, 60.5), (50.5, 60.5))]
)
def test_a_stroke_is_as_wide_as_the_brush(points: tuple[tuple[float, float], ...]) -> None:
    made = (painted(np.zeros((60, 83, 3), np.uint8), [Stroke(points, 6, (255, 255, 255))])[..., 0] > 0).astype(np.uint8)
    corners = np.array([[round(x - 0.5), round(y - 0.5)] for y, x in points])
    for thickness, within in ((9, True), (15, False)):  # a thinner line lies inside, a thicker one around
        other = np.zeros((60, 83), np.uint8)
        if len(points) == 1:
            cv2.circle(other, corners[0].tolist(), thickness // 2, 1, -1)
        else:
            cv2.polylines(other, [corners], False, 1, thickness)
        assert not ((other > made) if within else (made > other)).any()


def test_the_smallest_brush_paints_the_pixel_it_is_on() -> None:
    made = painted(PICTURE * 0, [Stroke(((20.9, 30.1),), 0.0, GREY)])
    assert np.argwhere(made.any(-1)).tolist() == [[20, 30]]


def test_strokes_beside_the_picture_paint_nothing() -> None:
    stroke = Stroke(((-50.0, -50.0), (-40.0, 500.0)), 8, GREY)
    np.testing.assert_array_equal(painted(PICTURE, [stroke]), PICTURE)


def test_a_stroke_in_pieces_is_the_same_stroke() -> None:
    points = ((10.0, 12.0), (20.0, 50.0), (44.0, 71.0))
    whole = painted(PICTURE, [Stroke(points, 4, "noise")])
    pieces = painted(painted(PICTURE, [Stroke(points[:2], 4, "noise")]), [Stroke(points[1:], 4, "noise")])
    np.testing.assert_array_equal(whole, pieces)


def test_noise_is_no_flat_colour_and_the_same_each_time() -> None:
    first, again = (painted(PICTURE, [Fill((0, 0, 60, 83), False, "noise")]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert 60 < first.std() < 90  # uniform over 0 … 255: 73.9
