"""A filter learned from marked places: it finds them, on other pictures too, and not what was not marked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from explorer import sources
from explorer.errors import PersonError
from explorer.filters.apply import respond
from explorer.filters.detect import Detector, Marks, Place, learn, peaks, rounds
from explorer.values import Bytes, Source

EYES = ((110, 172), (133, 313))
"""Of chelsea.png, 300 × 451 pixels."""


@cache
def chelsea() -> Bytes:
    return sources.read(Source("sample", "chelsea.png")).pixels


@cache
def eyes() -> Detector:
    return learn(chelsea(), Marks(EYES))


def squares(seed: int, count: int = 6) -> tuple[Bytes, list[Place]]:
    """Bright squares on a noisy ground, and the pixels of their upper left corners."""
    random = np.random.default_rng(seed)
    pixels = random.normal(70, 4, (160, 200, 3))
    corners: list[Place] = []
    for cell in random.choice(20, count, replace=False):
        y, x = int(cell // 5) * 40 + int(random.integers(2, 12)), int(cell % 5) * 40 + int(random.integers(2, 12))
        side = int(random.integers(16, 25))
        pixels[y : y + side, x : x + side] += 90
        corners.append((y, x))
    return np.clip(pixels, 0, 255).astype(np.uint8), corners


def hits(found: Sequence[Place], wanted: Sequence[tuple[float, float]], within: int) -> int:
    return sum(any(max(abs(y - a), abs(x - b)) <= within for a, b in found) for y, x in wanted)


def test_corners_are_found_on_pictures_that_it_never_saw() -> None:
    pixels, corners = squares(0)
    detector = learn(pixels, Marks(tuple(corners), side=11, mirrored=False))
    assert (detector.wrong, detector.margin > 0.1) == (0, True)
    for seed in (1, 2, 3):
        other, wanted = squares(seed)
        found = peaks(respond(other, detector.filter), detector.threshold)
        assert hits(found, wanted, 2) == len(wanted)
        assert len(found) == len(wanted)


def test_eyes_are_found_where_they_were_marked() -> None:
    detector = eyes()
    found = peaks(respond(chelsea(), detector.filter), detector.threshold)
    assert hits(found, EYES, 2) == len(found) == 2
    assert detector.marked > detector.elsewhere
    assert detector.threshold == pytest.approx((detector.marked + detector.elsewhere) / 2)


@pytest.mark.parametrize("what", ["mirrored", "darker", "larger", "noisy"])
def test_eyes_answer_most_on_other_pictures_of_them(what: str) -> None:
    pixels, wanted = chelsea(), [tuple(map(float, place)) for place in EYES]
    if what == "mirrored":
        pixels, wanted = np.ascontiguousarray(pixels[:, ::-1]), [(y, 450 - x) for y, x in wanted]
    elif what == "darker":
        pixels = (pixels * 0.6).astype(np.uint8)
    elif what == "larger":
        pixels, wanted = cv2.resize(pixels, None, fx=1.1, fy=1.1), [(y * 1.1, x * 1.1) for y, x in wanted]
    else:
        noise = np.random.default_rng(0).normal(0, 10, pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    found = peaks(respond(pixels, eyes().filter), -np.inf)
    assert hits(found[:2], wanted, 5) == 2  # type: ignore[arg-type]


def test_a_picture_without_them_answers_less() -> None:
    response = respond(sources.read(Source("sample", "moon.png")).pixels, eyes().filter)
    assert peaks(response, eyes().threshold) == []


def test_brightness_does_not_count() -> None:
    detector = eyes()
    assert np.sum(detector.filter.kernel.weights) == pytest.approx(0, abs=1e-9)  # type: ignore[union-attr]
    darker = chelsea() // 2
    np.testing.assert_allclose(respond(darker + 90, detector.filter), respond(darker, detector.filter), atol=1e-6)


def test_what_was_wrongly_found_is_learned_from() -> None:
    found = list(rounds(chelsea(), Marks(EYES, side=21)))
    assert [one.round for one in found] == list(range(len(found)))
    assert found[0].wrong > 0 == min(one.wrong for one in found)
    assert max(one.margin for one in found) > found[0].margin + 0.1
    assert learn(chelsea(), Marks(EYES, side=21)).margin == max(one.margin for one in found)


def test_the_same_marks_give_the_same_filter() -> None:
    assert learn(chelsea(), Marks(EYES, side=15)).filter == learn(chelsea(), Marks(EYES, side=15)).filter


def test_peaks_are_the_tops_and_a_plateau_is_one() -> None:
    response = np.zeros((30, 30))
    response[5, 5], response[5, 7], response[20:23, 20:23] = 3.0, 2.0, 1.0
    found = peaks(response, 0.5)
    assert found[0] == (5, 5)
    assert len(found) == 2  # (5, 7) stands in the shadow of (5, 5)
    assert peaks(response, 5.0) == []
    assert peaks(np.full((9, 9), -np.inf), -1.0) == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"places": ()}, "No place is marked"),
        ({"places": ((1, 1),) * 201}, "More than 200"),
        ({"places": ((1, 1),), "side": 4}, "odd number"),
        ({"places": ((1, 1),), "side": 47}, "odd number"),
        ({"places": ((1, 1),), "ridge": 0.0}, "ridge"),
        ({"places": ((1, 1),), "ridge": float("nan")}, "ridge"),
        ({"places": ((1, 1),), "jitter": 9}, "jitter"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_marks_that_cannot_be(how: dict[str, Any], words: str) -> None:
    with pytest.raises(PersonError, match=words):
        Marks(**how)


@pytest.mark.parametrize(
    ("pixels", "marks", "words"),
    [
        (np.zeros((20, 90, 3), np.uint8), Marks(((5, 5),)), "larger than the picture"),
        (np.zeros((90, 90, 3), np.uint8), Marks(((5, 90),)), "not on the picture"),
        (np.zeros((90, 90, 3), np.uint8), Marks(((-1, 5),)), "not on the picture"),
        (np.zeros((90, 90, 3), np.uint8), Marks(((5, 5),)), "same everywhere"),
        (np.zeros((31, 31, 3), np.uint8), Marks(((15, 15),)), "nothing of the picture"),
    ],
    ids=["small", "beside", "before", "flat", "full"],
)
def test_pictures_that_nothing_can_be_learned_from(pixels: Bytes, marks: Marks, words: str) -> None:
    with pytest.raises(PersonError, match=words):
        learn(pixels, marks)
