"""Boxes and label maps as pixels: their places, their published colours, and words that can be read on them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.render.figure import seen_part
from explorer.render.scene import boxes, classes_over, colour, ink, shades
from explorer.tasks.values import Detection
from explorer.values import Geometry

GREY = np.full((60, 80, 3), 90, np.uint8)
PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def test_colours_are_those_of_pascal_voc() -> None:
    """As its development kit gives them: background, aeroplane, bird, person, tvmonitor, and the border's 255."""
    published = {0: (0, 0, 0), 1: (128, 0, 0), 3: (128, 128, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert {index: colour(index) for index in published} == published
    assert colour(255) == (224, 224, 192)


@pytest.mark.parametrize("index", range(91))
def test_a_classs_name_can_be_read_on_its_colour(index: int) -> None:
    def luminance(rgb: tuple[int, ...]) -> float:
        """Of WCAG 2.2, "relative luminance"."""
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(colour(index)), luminance(ink(colour(index)))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_box_frames_its_pixels_and_a_suppressed_one_is_dashed() -> None:
    kept = Detection(15, "person", 0.9, (30.0, 10.0, 50.0, 40.0))
    image = np.asarray(boxes(GREY, (kept,)))
    assert {tuple(image[y, x]) for y, x in ((30, 20), (49, 20), (40, 10), (40, 39))} == {colour(15)}
    assert tuple(image[40, 25]) == (90, 90, 90), "inside"
    assert (image[:30] != 90).any(), "the name"
    dashed = np.asarray(boxes(GREY, (Detection(15, "person", 0.9, kept.box, kept=False),)))
    side = (dashed[30, 10:40] != 90).any(axis=1)
    assert 0.3 < side.mean() < 0.8
    assert (dashed[:30] == 90).all(), "no name"
    assert (np.asarray(boxes(GREY, (), "untrained")) != 90).any()
    assert (np.asarray(boxes(GREY, ())) == 90).all()


def test_what_the_network_sees_is_cut_out_and_black_beside_the_picture() -> None:
    inside = Geometry((60, 80), (10, 20), (2.0, 2.0), (5.0, 7.0))
    np.testing.assert_array_equal(np.asarray(seen_part(PICTURE, inside)), PICTURE[5:25, 7:47])
    beyond = np.asarray(seen_part(PICTURE, Geometry((60, 80), (10, 20), (2.0, 2.0), (-4.0, 50.0))))
    np.testing.assert_array_equal(beyond[4:, :30], PICTURE[:16, 50:])
    assert not beyond[:4].any()
    assert not beyond[:, 30:].any()


def test_each_cell_has_the_colour_of_its_class_and_the_background_stays_clear() -> None:
    classes = np.array([[0, 1], [2, 0]], np.int32)
    rgba = shades(classes, 0.4)
    assert rgba.shape == (2, 2, 4)
    assert [tuple(rgba[y, x]) for y, x in ((0, 1), (1, 0))] == [(*colour(1), 102), (*colour(2), 102)]
    assert rgba[0, 0, 3] == rgba[1, 1, 3] == 0
    over = np.asarray(classes_over(GREY, classes, Geometry((60, 80), (2, 2), (20.0, 20.0), (10.0, 20.0))))
    assert over.shape == (40, 40, 3)
    np.testing.assert_allclose(over[5, 30], [0.4 * 90 + 0.6 * c for c in colour(1)], atol=1)
    assert (over[5, 5] == 90).all()
