from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.filters.apply import apply, correlate
from explorer.filters.bank import KERNELS, NOTES, TITLES
from explorer.filters.kernel import Kernel
from explorer.values import Bytes, Floats, Frame

BOXES = st.tuples(st.integers(1, 7), st.integers(1, 7))


def random_pixels(height: int, width: int, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def by_torch(pixels: Bytes, kernel: Kernel) -> Bytes:
    """The same by conv2d in float64 on a picture that repeats its border."""
    kh, kw = kernel.shape
    x = torch.from_numpy(pixels).double().permute(2, 0, 1)[:, None]
    top, left = kh // 2, kw // 2
    x = torch.nn.functional.pad(x, (left, kw - 1 - left, top, kh - 1 - top), mode="replicate")
    y = torch.nn.functional.conv2d(x, torch.tensor(kernel.weights, dtype=torch.float64)[None, None]) * kernel.scale
    return y[:, 0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()


def by_hand(pixels: Bytes, kernel: Kernel) -> Bytes:
    """The same, a window at a time."""
    kh, kw = kernel.shape
    weights = np.array(kernel.weights)
    before, after = (kh // 2, kw // 2), (kh - 1 - kh // 2, kw - 1 - kw // 2)
    padded = np.pad(pixels.astype(float), ((before[0], after[0]), (before[1], after[1]), (0, 0)), mode="edge")
    out = np.empty(pixels.shape)
    for y, x, c in np.ndindex(*pixels.shape):
        out[y, x, c] = (padded[y : y + kh, x : x + kw, c] * weights).sum() * kernel.scale
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", KERNELS)
def test_the_lectures_filters_equal_torch_and_opencv(name: str) -> None:
    pixels, kernel = random_pixels(61, 83), KERNELS[name]
    result = correlate(pixels, kernel)
    assert np.array_equal(result, by_torch(pixels, kernel))
    scaled = np.array(kernel.weights) * kernel.scale
    opencv = cv2.filter2D(pixels, -1, scaled, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(result.astype(int) - opencv).max() <= (0 if name == "sharpen" else 1)


@settings(deadline=None, max_examples=60)
@given(box=BOXES, size=BOXES, seed=st.integers(0, 1000), scale=st.sampled_from([1.0, 0.25, 0.5, 1 / 3, -1.0]))
def test_any_kernel_equals_torch_and_the_sum_by_hand(
    box: tuple[int, int], size: tuple[int, int], seed: int, scale: float
) -> None:
    weights = np.random.default_rng(seed).integers(-9, 10, box).astype(float)
    kernel = Kernel("", tuple(map(tuple, weights.tolist())), scale)
    pixels = random_pixels(*size, seed=seed)
    result = correlate(pixels, kernel)
    assert np.array_equal(result, by_hand(pixels, kernel))
    assert np.array_equal(result, by_torch(pixels, kernel))


def test_a_kernel_of_the_largest_size_equals_torch() -> None:
    weights = np.random.default_rng(5).normal(0, 0.05, (63, 63))
    kernel = Kernel("", tuple(map(tuple, weights.tolist())))
    pixels = random_pixels(70, 66)
    assert np.array_equal(correlate(pixels, kernel), by_torch(pixels, kernel))


def test_it_is_correlation_the_kernel_is_not_flipped() -> None:
    pixels = np.zeros((3, 3, 3), np.uint8)
    pixels[1, 1] = 10
    kernel = Kernel("", ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)))
    assert correlate(pixels, kernel)[:, :, 0].tolist() == [[90, 80, 70], [60, 50, 40], [30, 20, 10]]


@pytest.mark.parametrize(
    ("window", "total", "shown"),
    [
        ([[18, 8, 9], [19, 12, 7], [13, 14, 30]], 48, 12),
        ([[8, 9, 6], [12, 7, 17], [14, 30, 12]], -12, 0),  # -3 is clipped
    ],
)
def test_the_lectures_two_windows(window: list[list[int]], total: int, shown: int) -> None:
    kernel = KERNELS["sharpen"]
    assert (np.array(window) * np.array(kernel.weights)).sum() == total
    pixels = np.repeat(np.array(window, np.uint8)[:, :, None], 3, axis=2)
    assert correlate(pixels, kernel)[1, 1].tolist() == [shown] * 3


def test_the_lectures_kernels_are_the_lectures() -> None:
    assert [kernel.shape for kernel in KERNELS.values()] == [(1, 5), (5, 1), (5, 5), (3, 3)]
    for name, kernel in KERNELS.items():
        assert kernel.name == name
        assert np.sum(kernel.weights) * kernel.scale == pytest.approx(1.0)  # none brightens or darkens
    assert set(TITLES) == set(NOTES) == set(KERNELS)


def test_the_blurs_blur_in_their_own_direction_only() -> None:
    stripes = np.zeros((20, 20, 3), np.uint8)
    stripes[:, ::2] = 255  # vertical stripes
    assert np.array_equal(correlate(stripes, KERNELS["blur-vertical"]), stripes)
    assert np.ptp(correlate(stripes, KERNELS["blur-horizontal"])[:, 4:16]) < 60
    upright = stripes.transpose(1, 0, 2).copy()
    assert np.array_equal(correlate(upright, KERNELS["blur-horizontal"]), upright)


def test_a_flat_picture_stays_as_it_is() -> None:
    for value in (0, 1, 127, 255):
        flat = np.full((9, 9, 3), value, np.uint8)
        assert all(np.array_equal(correlate(flat, kernel), flat) for kernel in KERNELS.values())


def test_filters_apply_in_order() -> None:
    frame = Frame(random_pixels(20, 30), "x", index=7, time_s=1.5)
    box, sharpen = KERNELS["box"], KERNELS["sharpen"]
    result = apply(frame, (box, sharpen))
    assert np.array_equal(result.pixels, by_torch(by_torch(frame.pixels, box), sharpen))
    assert (result.source, result.index, result.time_s) == ("x", 7, 1.5)
    assert not np.array_equal(result.pixels, apply(frame, (sharpen, box)).pixels)


def test_no_filter_gives_the_frame_itself_and_a_filter_leaves_it_alone() -> None:
    pixels = random_pixels(8, 8)
    frame = Frame(pixels.copy(), "x")
    assert apply(frame, ()) is frame
    apply(frame, (KERNELS["box"],))
    assert np.array_equal(frame.pixels, pixels)


def test_an_array_goes_to_the_network_unfiltered() -> None:
    array: Floats = np.zeros((3, 4, 4), np.float32)
    frame = Frame(random_pixels(4, 4), "x", array=array)
    assert apply(frame, (KERNELS["box"],)) is frame


def test_pixels_that_are_a_view_of_others_are_filtered_right() -> None:
    whole = random_pixels(30, 40)
    view = whole[::2, 5:25][:, ::-1]
    assert np.array_equal(correlate(view, KERNELS["box"]), by_torch(view.copy(), KERNELS["box"]))
