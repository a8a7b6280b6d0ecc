"""Filters on a picture against PyTorch, against OpenCV and against the sum by hand."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from explorer.errors import PersonError
from explorer.filters.apply import apply, respond, result, stages
from explorer.filters.bands import Doubles, grey
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Border, Filter
from explorer.filters.footprint import output_hw
from explorer.filters.kernel import Kernel, Magnitude, kernels
from explorer.values import Bytes, Floats, Frame

TORCH = {"zero": "constant", "reflect": "reflect", "replicate": "replicate", "wrap": "circular"}
OPENCV = {"zero": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}

shapes = st.tuples(st.integers(1, 7), st.integers(1, 7))
borders = st.sampled_from(BORDERS)
switches = st.booleans()


def random_pixels(height: int, width: int, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def random_kernel(shape: tuple[int, int], seed: int, scale: float = 1.0, offset: float = 0.0) -> Kernel:
    """Whole weights, so that a sum is exact whatever the order of its terms."""
    weights = np.random.default_rng(seed).integers(-9, 10, shape).astype(float)
    return Kernel("", tuple(map(tuple, weights.tolist())), scale, offset)


def by_torch(pixels: Any, one: Filter) -> Doubles:
    """The same by conv2d in float64 on a picture that was padded before."""
    found = []
    x = torch.from_numpy(np.array(pixels, np.float64)).permute(2, 0, 1)[:, None]
    for kernel in kernels(one.kernel):
        (kh, kw), d = kernel.shape, one.dilation
        weights = torch.tensor(kernel.weights, dtype=torch.float64)
        top, left = kh // 2, kw // 2
        if one.convolve:
            weights, top, left = weights.flip(0, 1), kh - 1 - top, kw - 1 - left
        pads = (left * d, (kw - 1 - left) * d, top * d, (kh - 1 - top) * d)
        padded = x if one.border == "valid" else torch.nn.functional.pad(x, pads, mode=TORCH[one.border])
        y = torch.nn.functional.conv2d(padded, weights[None, None], stride=one.stride, dilation=d)
        found.append(y[:, 0].permute(1, 2, 0).numpy() * kernel.scale + kernel.offset)
    return found[0] if len(found) == 1 else np.sqrt(found[0] ** 2 + found[1] ** 2)


def as_bytes(values: Any) -> Bytes:
    return torch.from_numpy(np.ascontiguousarray(values)).round().clamp(0, 255).to(torch.uint8).numpy()


def by_hand(pixels: Bytes, kernel: Kernel) -> Bytes:
    """The same, a window at a time, with the outermost pixels repeated."""
    kh, kw = kernel.shape
    weights = np.array(kernel.weights)
    before, after = (kh // 2, kw // 2), (kh - 1 - kh // 2, kw - 1 - kw // 2)
    padded = np.pad(pixels.astype(float), ((before[0], after[0]), (before[1], after[1]), (0, 0)), mode="edge")
    out = np.empty(pixels.shape)
    for y, x, c in np.ndindex(*pixels.shape):
        out[y, x, c] = (padded[y : y + kh, x : x + kw, c] * weights).sum() * kernel.scale + kernel.offset
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


def shown(pixels: Bytes, kernel: Kernel | Magnitude, **how: Any) -> Bytes:
    return result(pixels, (Filter(kernel, **how),)).pixels


@settings(deadline=None, max_examples=200)
@given(
    shape=shapes,
    size=st.tuples(st.integers(1, 24) | st.integers(40, 110), st.integers(1, 24)),
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1.0, 0.25, 0.5, -1.0, -2.0]),
    offset=st.sampled_from([0.0, 128.0, -3.5]),
    border=borders,
    stride=st.integers(1, 5),
    dilation=st.integers(1, 4),
    convolve=switches,
    doubles=switches,
    two=switches,
)
def test_any_filter_equals_torch(
    shape: tuple[int, int],
    size: tuple[int, int],
    seed: int,
    scale: float,
    offset: float,
    border: Border,
    stride: int,
    dilation: int,
    convolve: bool,
    doubles: bool,
    two: bool,
) -> None:
    kernel = random_kernel(shape, seed, scale, offset)
    operator = Magnitude("", kernel, random_kernel(shape, seed + 1)) if two else kernel
    one = Filter(operator, border, stride, dilation, convolve)
    pixels: Any = random_pixels(*size, seed=seed)
    if doubles:
        pixels = pixels - 99.5
    try:
        expected = by_torch(pixels, one)
    except RuntimeError:  # torch refuses: the window or the border does not fit
        with pytest.raises(PersonError, match="covers"):
            respond(pixels, one)
        return
    found = respond(pixels, one)
    assert found.shape[:2] == one.output_hw(size)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-8)
    if not doubles and not two:
        assert np.array_equal(result(pixels, (one,)).pixels, as_bytes(expected))


@settings(deadline=None, max_examples=80)
@given(
    shape=shapes,
    size=st.tuples(st.integers(8, 24), st.integers(8, 24)),
    seed=st.integers(0, 1000),
    border=st.sampled_from(list(OPENCV)),
    stride=st.integers(1, 4),
    convolve=switches,
)
def test_any_filter_equals_opencv(
    shape: tuple[int, int], size: tuple[int, int], seed: int, border: Border, stride: int, convolve: bool
) -> None:
    pixels, kernel = random_pixels(*size, seed=seed), random_kernel(shape, seed, 0.25)
    weights, anchor = np.array(kernel.weights) * kernel.scale, (-1, -1)
    if convolve:  # as OpenCV's documentation of filter2D says
        weights = cv2.flip(weights, -1).reshape(kernel.shape)
        anchor = (shape[1] - shape[1] // 2 - 1, shape[0] - shape[0] // 2 - 1)
    opencv = cv2.filter2D(pixels, -1, weights, anchor=anchor, borderType=OPENCV[border])
    found = result(pixels, (Filter(kernel, border, stride, convolve=convolve),)).pixels
    assert np.array_equal(found, opencv[::stride, ::stride])


@settings(deadline=None, max_examples=40)
@given(shape=shapes, size=shapes, seed=st.integers(0, 1000), scale=st.sampled_from([1.0, 0.25, -1.0]))
def test_any_kernel_equals_the_sum_by_hand(
    shape: tuple[int, int], size: tuple[int, int], seed: int, scale: float
) -> None:
    pixels, kernel = random_pixels(*size, seed=seed), random_kernel(shape, seed, scale)
    assert np.array_equal(shown(pixels, kernel), by_hand(pixels, kernel))


@pytest.mark.parametrize("name", BANK)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_bank_equals_torch(name: str, seed: int) -> None:
    pixels, one = random_pixels(61, 83, seed), BANK[name].filter
    np.testing.assert_allclose(respond(pixels, one), by_torch(pixels, one), rtol=1e-12, atol=1e-8)


def test_a_kernel_of_the_largest_size_equals_torch() -> None:
    weights = np.random.default_rng(5).normal(0, 0.05, (63, 63))
    one = Filter(Kernel("", tuple(map(tuple, weights.tolist()))))
    pixels = random_pixels(70, 66)
    np.testing.assert_allclose(respond(pixels, one), by_torch(pixels, one), rtol=1e-10, atol=1e-8)


def test_the_emboss_is_pillows() -> None:
    pixels = random_pixels(40, 50)
    pillow = np.asarray(Image.fromarray(pixels).filter(ImageFilter.EMBOSS))
    inside = np.s_[1:-1, 1:-1]  # Pillow leaves the outermost pixels as they are, and its rows go upwards
    upside_down = Kernel("", tuple(reversed(BANK["emboss"].kernel.weights)), 1.0, 128.0)  # type: ignore[union-attr]
    ours = [shown(pixels, kernel)[inside] for kernel in (BANK["emboss"].kernel, upside_down)]
    assert any(np.array_equal(one, pillow[inside]) for one in ours)


def test_correlation_does_not_flip_and_convolution_does() -> None:
    pixels = np.zeros((3, 3, 3), np.uint8)
    pixels[1, 1] = 10
    kernel = Kernel("", ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)))
    assert shown(pixels, kernel)[:, :, 0].tolist() == [[90, 80, 70], [60, 50, 40], [30, 20, 10]]
    assert shown(pixels, kernel, convolve=True)[:, :, 0].tolist() == [[10, 20, 30], [40, 50, 60], [70, 80, 90]]


def test_the_blurs_blur_in_their_own_direction_only() -> None:
    stripes = np.zeros((20, 20, 3), np.uint8)
    stripes[:, ::2] = 255  # vertical stripes
    level, upright = BANK["blur-horizontal"].kernel, BANK["blur-vertical"].kernel
    assert np.array_equal(shown(stripes, upright), stripes)
    assert np.ptp(shown(stripes, level)[:, 4:16]) < 60
    turned = stripes.transpose(1, 0, 2).copy()
    assert np.array_equal(shown(turned, level), turned)


def test_filters_apply_in_order() -> None:
    frame = Frame(random_pixels(20, 30), "x", index=7, time_s=1.5)
    box, sharpen = BANK["box"].filter, BANK["sharpen"].filter
    found = apply(frame, (box, sharpen))
    assert np.array_equal(found.pixels, as_bytes(by_torch(as_bytes(by_torch(frame.pixels, box)), sharpen)))
    assert (found.source, found.index, found.time_s) == ("x", 7, 1.5)
    assert not np.array_equal(found.pixels, apply(frame, (sharpen, box)).pixels)


def test_a_filter_that_is_off_does_nothing() -> None:
    frame = Frame(random_pixels(20, 30), "x")
    box, off = BANK["box"].filter, Filter(BANK["sharpen"].kernel, enabled=False)
    assert np.array_equal(apply(frame, (off, box, off)).pixels, apply(frame, (box,)).pixels)
    assert apply(frame, (off,)) is frame
    assert len(list(stages(frame.pixels, (off, box)))) == 2


def test_a_signed_filter_hands_its_values_on_and_shows_them() -> None:
    pixels = random_pixels(20, 30)
    slope, back = BANK["sobel-x"].kernel, Kernel("", ((-0.5,),), 1.0, 100.0)
    found = result(pixels, (Filter(slope, signed=True),))
    expected = by_torch(pixels, Filter(slope))
    assert found.values is not None
    assert found.values.dtype == np.float32
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert np.array_equal(found.pixels, as_bytes(expected))
    assert found.values.min() < 0
    chained = result(pixels, (Filter(slope, signed=True), Filter(back)))
    assert chained.values is None
    assert np.array_equal(chained.pixels, as_bytes(expected * -0.5 + 100))
    clipped = result(pixels, (Filter(slope), Filter(back)))
    assert not np.array_equal(clipped.pixels, chained.pixels)


def test_grey_is_pillows_and_goes_to_all_channels() -> None:
    pixels = random_pixels(40, 50)
    pillow = np.asarray(Image.fromarray(pixels).convert("L")).astype(int)
    assert np.abs(grey(pixels).astype(int) - pillow).max() <= 1  # two integer roundings of one formula
    np.testing.assert_allclose(grey(pixels.astype(float)), pixels @ np.array([0.299, 0.587, 0.114]))
    found = result(pixels, (Filter(BANK["sobel-x"].kernel, grey=True, signed=True),))
    assert found.values is not None
    plane = np.repeat(grey(pixels)[:, :, None], 3, axis=2)
    np.testing.assert_allclose(found.values, by_torch(plane, BANK["sobel-x"].filter), rtol=1e-6)
    assert np.array_equal(found.pixels[:, :, 0], found.pixels[:, :, 2])


def test_huge_numbers_stay_numbers() -> None:
    huge = Filter(Kernel("", ((1e6,) * 15,) * 15, 1e6), signed=True)
    found = result(random_pixels(9, 9), (huge,) * 16)
    assert found.values is not None
    assert np.isfinite(found.values).all()
    assert found.pixels.min() == 255


@pytest.mark.parametrize(
    ("one", "hw"),
    [
        (Filter(BANK["box"].kernel, "valid"), (4, 9)),
        (Filter(BANK["box"].kernel, "reflect"), (9, 2)),
        (Filter(BANK["box"].kernel, "wrap", dilation=4), (9, 7)),
    ],
)
def test_what_does_not_fit_is_said_and_what_fits_just_so_is_done(one: Filter, hw: tuple[int, int]) -> None:
    with pytest.raises(PersonError, match=r"covers \d+ × \d+ pixels and the picture has only \d+ × \d+"):
        apply(Frame(random_pixels(*hw), "x"), (one,))
    larger = (max(hw[0], 5), max(hw[1], 3 if one.border == "reflect" else 8))
    assert apply(Frame(random_pixels(*larger), "x"), (one,)).pixels.shape[:2] == output_hw((one,), larger)


def test_a_stride_larger_than_the_picture_leaves_one_pixel() -> None:
    pixels = random_pixels(5, 7)
    assert np.array_equal(shown(pixels, BANK["identity"].kernel, stride=64), pixels[:1, :1])


def test_no_filter_gives_the_frame_itself_and_a_filter_leaves_it_alone() -> None:
    pixels = random_pixels(8, 8)
    frame = Frame(pixels.copy(), "x")
    assert apply(frame, ()) is frame
    apply(frame, (BANK["box"].filter,))
    assert np.array_equal(frame.pixels, pixels)


def test_an_array_goes_to_the_network_unfiltered() -> None:
    array: Floats = np.zeros((3, 4, 4), np.float32)
    frame = Frame(random_pixels(4, 4), "x", array=array)
    assert apply(frame, (BANK["box"].filter,)) is frame


@pytest.mark.parametrize("border", BORDERS)
def test_pixels_that_are_a_view_of_others_are_filtered_right(border: Border) -> None:
    whole = random_pixels(30, 40)
    view, one = whole[::2, 5:25][:, ::-1], Filter(BANK["box"].kernel, border)
    assert np.array_equal(result(view, (one,)).pixels, as_bytes(by_torch(view.copy(), one)))
