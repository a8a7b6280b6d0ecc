"""The bank against what is published of its kernels, against OpenCV's own and against what each is said to do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from explorer.errors import PersonError
from explorer.filters.apply import respond, result
from explorer.filters.bank import BANK, GROUPS, gaussian, known, motion, unsharp
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel, Magnitude, kernels

SMOOTHING = ("blur-horizontal", "blur-vertical", "box", "sharpen", "identity", "gaussian", "motion", "unsharp")


def weights(name: str) -> np.ndarray:
    kernel = BANK[name].kernel
    assert isinstance(kernel, Kernel)
    return np.array(kernel.weights) * kernel.scale


def test_the_lectures_four_come_first() -> None:
    four = list(BANK.values())[:4]
    assert [one.kernel.name for one in four] == ["blur-horizontal", "blur-vertical", "box", "sharpen"]
    assert [one.kernel.shape for one in four] == [(1, 5), (5, 1), (5, 5), (3, 3)]
    assert np.array_equal(weights("box"), np.full((5, 5), 1 / 25))
    assert np.array_equal(weights("sharpen"), np.array([[0, -1, 0], [-1, 8, -1], [0, -1, 0]]) / 4)
    assert {one.group for one in four} == {"lecture"}


def test_every_entry_says_what_it_is() -> None:
    for name, one in BANK.items():
        assert one.kernel.name == name
        assert one.group in GROUPS
        assert one.note.endswith(".")
        assert one.title
        assert one.source
        assert one.filter.signed == one.signed
    assert len({one.title for one in BANK.values()}) == len(BANK)


@pytest.mark.parametrize("name", SMOOTHING)
def test_these_leave_an_even_picture_as_it_is(name: str) -> None:
    for value in (0, 1, 127, 255):
        flat = np.full((21, 21, 3), value, np.uint8)
        assert np.array_equal(result(flat, (BANK[name].filter,)).pixels, flat)


@pytest.mark.parametrize("name", [name for name, one in BANK.items() if one.signed or "magnitude" in name])
def test_these_answer_nothing_on_an_even_picture(name: str) -> None:
    flat = np.full((21, 21, 3), 77, np.uint8)
    np.testing.assert_allclose(respond(flat, BANK[name].filter), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "opencv"),
    [
        ("sobel-x", lambda p: cv2.Sobel(p, cv2.CV_64F, 1, 0)),
        ("sobel-y", lambda p: cv2.Sobel(p, cv2.CV_64F, 0, 1)),
        ("scharr-x", lambda p: cv2.Scharr(p, cv2.CV_64F, 1, 0)),
        ("scharr-y", lambda p: cv2.Scharr(p, cv2.CV_64F, 0, 1)),
        ("laplacian", lambda p: cv2.Laplacian(p, cv2.CV_64F)),
        ("sobel-magnitude", lambda p: cv2.magnitude(cv2.Sobel(p, cv2.CV_64F, 1, 0), cv2.Sobel(p, cv2.CV_64F, 0, 1))),
        ("scharr-magnitude", lambda p: cv2.magnitude(cv2.Scharr(p, cv2.CV_64F, 1, 0), cv2.Scharr(p, cv2.CV_64F, 0, 1))),
    ],
)
def test_the_slopes_are_opencvs(name: str, opencv: object) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    expected = opencv(pixels)  # type: ignore[operator]
    np.testing.assert_allclose(respond(pixels, Filter(BANK[name].kernel, "reflect")), expected, atol=1e-9)


def test_prewitts_slope_is_the_mean_over_three_rows_of_a_difference() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8).astype(float)
    rows = pixels[:-2] + pixels[1:-1] + pixels[2:]
    np.testing.assert_allclose(respond(pixels, Filter(BANK["prewitt-x"].kernel, "valid")), rows[:, 2:] - rows[:, :-2])
    across, down = (np.array(one.weights) for one in kernels(BANK["prewitt-magnitude"].kernel))
    assert np.array_equal(across, down.T)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.3, 10.0])
def test_the_gaussian_is_opencvs(sigma: float) -> None:
    kernel = gaussian(sigma)
    side = kernel.shape[0]
    bell = cv2.getGaussianKernel(side, sigma, cv2.CV_64F)
    np.testing.assert_allclose(np.array(kernel.weights) * kernel.scale, bell @ bell.T, rtol=1e-9, atol=1e-12)
    assert side == 2 * max(1, int(np.ceil(3 * sigma))) + 1


def test_unsharp_is_the_picture_and_what_the_blur_takes_away() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 30, 3), np.uint8)
    blurred = respond(pixels, Filter(gaussian(1.5)))
    np.testing.assert_allclose(respond(pixels, Filter(unsharp(1.5, 0.7))), pixels + 0.7 * (pixels - blurred), atol=1e-6)


@pytest.mark.parametrize(("degrees", "row"), [(0, (1.0,) * 9), (180, (1.0,) * 9)])
def test_a_level_motion_is_the_mean_of_a_row(degrees: float, row: tuple[float, ...]) -> None:
    kernel = motion(9, degrees)
    np.testing.assert_allclose(kernel.weights[4], row)
    assert sum(map(sum, kernel.weights)) == pytest.approx(9)
    np.testing.assert_allclose(motion(9, 90).weights, np.transpose(kernel.weights), atol=1e-9)


def test_a_motion_of_45_degrees_rises_to_the_right() -> None:
    rows = np.array(motion(9, 45).weights)
    assert rows[6, 2] == rows[2, 6] > 0.1 > rows[2, 2] == rows[6, 6]
    np.testing.assert_allclose(rows, rows[::-1, ::-1])


def test_each_template_answers_most_to_what_it_is_called_after() -> None:
    pictures = {name: np.zeros((9, 9, 3)) for name in ("line-vertical", "line-horizontal", "line-diagonal", "corner")}
    pictures["line-vertical"][:, 4] = pictures["line-horizontal"][4] = pictures["corner"][4:, 4:] = 1.0
    pictures["line-diagonal"][np.arange(9), 8 - np.arange(9)] = 1.0
    for template in pictures:
        answers = {name: respond(picture, BANK[template].filter)[4, 4, 0] for name, picture in pictures.items()}
        assert max(answers, key=answers.__getitem__) == template


def test_the_lectures_window_on_the_lectures_picture() -> None:
    picture = np.array([list(row) for row in ("01010", "01010", "01110", "00010", "00010")], np.uint8)
    kernel = BANK["template"].kernel
    assert isinstance(kernel, Kernel)
    one = Filter(Kernel("", kernel.weights), "valid")
    assert respond(picture, one).tolist() == [[3, 1, 3], [2, 1, 3], [1, 1, 3]]


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), 11.0])
def test_a_gaussian_that_cannot_be(sigma: float) -> None:
    with pytest.raises(PersonError, match="σ"):
        gaussian(sigma)


@pytest.mark.parametrize("length", [0, 64])
def test_a_motion_that_cannot_be(length: int) -> None:
    with pytest.raises(PersonError, match="length"):
        motion(length, 0)


def test_the_bank_knows_its_own() -> None:
    assert known(()) == known((Filter(BANK["box"].kernel, enabled=False),)) == ""
    assert [known((one.filter,)) for one in BANK.values()] == list(BANK)
    box = BANK["box"].filter
    assert (
        known((box, box)) is known((Filter(box.kernel, "zero"),)) is known((Filter(Kernel("box", ((1.0,),))),)) is None
    )
    off = Filter(BANK["sharpen"].kernel, enabled=False)
    assert known((off, box)) == "box"
    assert isinstance(BANK["sobel-magnitude"].kernel, Magnitude)
