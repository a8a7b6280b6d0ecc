"""A kernel found from before and after, measured against the kernel that was applied."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from explorer import sources
from explorer.errors import PersonError
from explorer.filters.apply import result
from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.filters.learn import Recovery, Search, apart
from explorer.values import Bytes, Source

LECTURE = ("blur-horizontal", "blur-vertical", "box", "sharpen")
PICTURES = ("chelsea.png", "coffee.png")
NOISE: Bytes = np.random.default_rng(0).integers(40, 200, (60, 70, 3), np.uint8)


@cache
def picture(name: str) -> Bytes:
    return sources.read(Source("sample", name)).pixels


def kernel(name: str) -> Kernel:
    found = BANK[name].kernel
    assert isinstance(found, Kernel)
    return found


def recovery(pixels: Bytes, name: str, search: Search) -> Recovery:
    return Recovery(pixels, result(pixels, (Filter(kernel(name)),)).pixels, search, kernel(name))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", LECTURE)
@pytest.mark.parametrize("file", PICTURES)
def test_the_lectures_four_are_found_to_a_hundredth(file: str, name: str, seed: int) -> None:
    search = recovery(picture(file), name, Search(seed=seed))
    search.advance(150)
    found = search.progress()
    truth = np.zeros((5, 5))
    h, w = kernel(name).shape
    truth[2 - h // 2 : 2 - h // 2 + h, 2 - w // 2 : 2 - w // 2 + w] = (
        np.array(kernel(name).weights) * kernel(name).scale
    )
    assert found.distance == pytest.approx(np.abs(np.array(found.kernel.weights) - truth).max())
    assert found.distance <= 1e-2
    assert found.error < 0.5  # a level is rounded by at most a half


@pytest.mark.parametrize("descent", ["plain", "adam"])
@pytest.mark.parametrize("name", ["box", "sharpen"])
@pytest.mark.parametrize("file", PICTURES)
def test_what_does_not_whiten_does_not_arrive(file: str, name: str, descent: Any) -> None:
    for rate in (1.9, 0.5) if descent == "plain" else (0.01, 0.001):
        search = recovery(picture(file), name, Search(descent=descent, rate=rate))
        search.advance(2000)
        distance = search.progress().distance
        assert distance is not None
        assert distance > 5e-2


def test_it_begins_with_noise_and_every_step_is_the_steepest_and_shorter() -> None:
    steps = iter(recovery(picture("chelsea.png"), "sharpen", Search(rate=0.2, start=0.3)))
    shown = [next(steps) for _ in range(40)]
    assert [one.step for one in shown] == list(range(40))
    assert 0.1 < np.std(shown[0].kernel.weights) < 0.5
    losses = np.array([one.loss for one in shown])
    assert (np.diff(losses) < 0).all()
    above = losses - 1 / 12  # what rounding alone leaves
    np.testing.assert_allclose(above[1:20] / above[:19], 0.8**2, rtol=0.05)  # all directions shrink alike


def test_the_loss_is_the_mean_squared_error_of_the_result() -> None:
    after = result(NOISE, (BANK["gaussian"].filter,)).pixels
    search = Recovery(NOISE, after, Search((7, 7)))
    search.advance(7)
    found = search.progress()
    one = result(NOISE, (Filter(found.kernel, "valid", signed=True),)).values
    assert one is not None
    assert found.loss == pytest.approx(float(((one - after[3:-3, 3:-3]) ** 2).mean()), rel=1e-4)
    assert search.windows == one.size
    assert found.distance is None


def test_plain_steps_are_the_gradients() -> None:
    after = result(NOISE, (BANK["box"].filter,)).pixels
    search = Recovery(NOISE, after, Search((3, 3), rate=0.5, descent="plain"))
    before = search.progress()
    search.advance()
    moved = np.array(search.progress().kernel.weights) - np.array(before.kernel.weights)
    slope = np.zeros((3, 3))
    for cell in np.ndindex(3, 3):  # central differences of the loss itself
        both = []
        for step in (-1e-3, 1e-3):
            weights = np.array(before.kernel.weights)
            weights[cell] += step
            kernel = Kernel("", tuple(map(tuple, weights.tolist())))
            values = result(NOISE, (Filter(kernel, "valid", signed=True),)).values
            assert values is not None
            both.append(float(((values.astype(float) - after[1:-1, 1:-1]) ** 2).mean()))
        slope[cell] = (both[1] - both[0]) / 2e-3
    np.testing.assert_allclose(moved / moved[0, 0], slope / slope[0, 0], rtol=1e-3)
    assert moved[0, 0] * slope[0, 0] < 0


def test_a_kernel_too_large_learns_zeros_and_one_too_small_stays_wrong() -> None:
    large = recovery(picture("chelsea.png"), "sharpen", Search((9, 7)))
    large.advance(150)
    assert large.progress().distance <= 1e-2  # type: ignore[operator]
    small = recovery(picture("chelsea.png"), "box", Search((3, 3)))
    small.advance(150)
    assert small.progress().error > 1
    assert small.progress().distance >= 1 / 25 - 1e-2  # type: ignore[operator]


def test_clipped_pixels_mislead_and_are_left_out() -> None:
    wild = Kernel("", ((0.0, -3.0, 0.0), (-3.0, 13.0, -3.0), (0.0, -3.0, 0.0)))
    pixels = picture("coffee.png")
    after = result(pixels, (Filter(wild),)).pixels
    masked, all_of_them = (Recovery(pixels, after, Search((3, 3), masked=one), wild) for one in (True, False))
    share = float(((after[1:-1, 1:-1] == 0) | (after[1:-1, 1:-1] == 255)).mean())
    assert masked.clipped == all_of_them.clipped == pytest.approx(share)
    assert share > 0.05
    for one in (masked, all_of_them):
        one.advance(150)
    assert masked.progress().distance <= 1e-1 < all_of_them.progress().distance  # type: ignore[operator]


def test_an_offset_is_found_too() -> None:
    pixels = picture("chelsea.png")
    after = result(pixels, (BANK["emboss"].filter,)).pixels
    search = Recovery(pixels, after, Search((3, 3), offset=True), kernel("emboss"))
    search.advance(200)
    found = search.progress()
    assert found.distance <= 1e-2  # type: ignore[operator]
    assert found.kernel.offset == pytest.approx(128, abs=0.5)


def test_noise_makes_it_less_sure_and_a_seed_makes_it_the_same() -> None:
    def learned(noise: float, seed: int) -> Any:
        search = recovery(picture("chelsea.png"), "box", Search(noise=noise, seed=seed))
        search.advance(150)
        return search.progress()

    assert learned(20, 0) == learned(20, 0) != learned(20, 1)
    assert learned(20, 0).distance > learned(0, 0).distance
    assert learned(20, 0).error == pytest.approx(20, rel=0.02)


def test_a_flat_picture_shows_one_direction_only() -> None:
    flat = np.full((20, 20, 3), 90, np.uint8)
    search = Recovery(flat, flat, Search((3, 3), rate=1.0))
    assert search.seen == 1
    search.advance(3)
    assert np.sum(search.progress().kernel.weights) == pytest.approx(1.0)
    assert recovery(picture("chelsea.png"), "box", Search()).seen == 25


def test_a_rate_too_large_is_said_and_the_weights_stay() -> None:
    search = recovery(NOISE, "box", Search(rate=5.0))
    with pytest.raises(PersonError, match="grow without bound at a learning rate of 5"):
        search.advance(1000)
    before = search.progress()
    with pytest.raises(PersonError):
        search.advance()
    assert search.progress() == before
    assert np.isfinite(before.kernel.weights).all()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (NOISE, NOISE[:-1], "70 × 60 and 70 × 59"),
        (NOISE, NOISE[:, :, 0], "one size"),
        (NOISE[:4], NOISE[:4], "larger than the picture"),
        (NOISE, np.zeros_like(NOISE), "0 or 255"),
    ],
    ids=["sizes", "channels", "small", "clipped"],
)
def test_pictures_that_nothing_can_be_learned_from(before: Bytes, after: Bytes, words: str) -> None:
    with pytest.raises(PersonError, match=words):
        Recovery(before, after, Search())


def test_grey_pictures_will_do() -> None:
    plane = picture("chelsea.png")[:, :, 1]
    after = result(np.repeat(plane[:, :, None], 3, 2), (Filter(kernel("box")),)).pixels[:, :, 0]
    search = Recovery(plane, after, Search(), kernel("box"))
    search.advance(150)
    assert search.progress().distance <= 1e-2  # type: ignore[operator]


@pytest.mark.parametrize(
    "how",
    [
        {"shape": (0, 3)},
        {"shape": (3, 33)},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"rate": 11.0},
        {"noise": -1.0},
        {"noise": float("nan")},
        {"start": 1e9},
    ],
    ids=str,
)
def test_a_search_that_cannot_be(how: dict[str, Any]) -> None:
    with pytest.raises(PersonError):
        Search(**how)


def test_how_far_kernels_are_apart() -> None:
    one = Kernel("", ((1.0, 2.0, 3.0),), 0.5)
    assert apart(one, Kernel("", ((0.5, 1.0, 1.5),))) == 0
    assert apart(one, Kernel("", ((0.0, 0.0, 0.5, 1.0, 1.5),))) == 1.5  # another middle
    assert apart(one, Kernel("", ((0.0, 0.0, 0.0), (0.5, 1.0, 1.0), (0.0, 0.25, 0.0)))) == 0.5
