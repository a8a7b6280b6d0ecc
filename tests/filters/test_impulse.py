"""Impulse responses against convolutions in float64, and against what really becomes of one bright pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.errors import PersonError
from explorer.filters.apply import stages
from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.filters.impulse import response
from explorer.filters.kernel import Kernel

kernels = st.integers(0, 999).map(
    lambda seed: Kernel(
        "",
        tuple(map(tuple, np.random.default_rng(seed).normal(0, 1, ((seed % 4) + 1, (seed // 4 % 4) + 1)).tolist())),
        0.5,
    )
)
filters = st.builds(
    Filter,
    kernels,
    border=st.just("zero"),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    convolve=st.booleans(),
    signed=st.just(True),
)


def full(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The full convolution of two planes, float64, by torch."""
    (h, w), x = b.shape, torch.from_numpy(np.ascontiguousarray(a))[None, None]
    flipped = torch.from_numpy(np.ascontiguousarray(b[::-1, ::-1]))[None, None]
    return torch.nn.functional.conv2d(x, flipped, padding=(h - 1, w - 1))[0, 0].numpy()


@pytest.mark.parametrize("name", [name for name in BANK if "magnitude" not in name])
def test_one_kernel_answers_with_itself(name: str) -> None:
    kernel = BANK[name].kernel
    assert isinstance(kernel, Kernel)
    weights = np.array(kernel.weights) * kernel.scale
    for convolve in (False, True):
        found = response((Filter(kernel, convolve=convolve),))
        np.testing.assert_allclose(found.values, weights if convolve else weights[::-1, ::-1])
        h, w = kernel.shape
        assert found.anchor == (kernel.anchor if convolve else (h - 1 - h // 2, w - 1 - w // 2))
        assert (found.linear, found.stride) == (True, 1)


def test_a_chain_answers_with_the_convolution_of_its_kernels() -> None:
    box, sharpen = (np.array(BANK[name].kernel.weights) * BANK[name].kernel.scale for name in ("box", "sharpen"))  # type: ignore[union-attr]
    found = response((BANK["box"].filter, Filter(BANK["emboss"].kernel, enabled=False), BANK["sharpen"].filter))
    np.testing.assert_allclose(found.values, full(box, sharpen[::-1, ::-1]), atol=1e-15)
    assert (found.values.shape, found.anchor) == ((7, 7), (3, 3))


def test_a_filter_after_a_stride_is_as_one_dilated() -> None:
    kernel = Kernel("", ((1.0, 2.0, 3.0),))
    found = response((Filter(kernel, stride=2), Filter(kernel)))
    assert found.values.tolist() == full(np.array([[3.0, 2, 1]]), np.array([[3.0, 0, 2, 0, 1]])).tolist()
    assert found.stride == 2


@settings(deadline=None, max_examples=80)
@given(chain=st.lists(filters, min_size=1, max_size=3).map(tuple))
def test_it_is_what_becomes_of_one_bright_pixel(chain: tuple[Filter, ...]) -> None:
    found, middle, side = response(chain), 48, 97
    dark = np.zeros((side, side, 3))
    dark[middle, middle] = 1.0
    *_before, result = stages(dark, chain)
    expected = np.zeros((side, side))
    top, left = middle - found.anchor[0], middle - found.anchor[1]
    h, w = found.values.shape
    expected[top : top + h, left : left + w] = found.values
    np.testing.assert_allclose(result[:, :, 0], expected[:: found.stride, :: found.stride], atol=1e-9)


def test_a_magnitude_is_not_linear_and_scales_count_but_offsets_do_not() -> None:
    found = response((BANK["sobel-magnitude"].filter,))
    x, y = (np.array(BANK[f"sobel-{axis}"].kernel.weights) for axis in "xy")  # type: ignore[union-attr]
    np.testing.assert_allclose(found.values, np.sqrt(x**2 + y**2)[::-1, ::-1])
    assert not found.linear
    assert response((Filter(Kernel("", ((2.0,),), 0.5, 9.0)),)).values.tolist() == [[1.0]]


def test_nothing_answers_with_the_pixel_itself() -> None:
    assert response(()).values.tolist() == [[1.0]]


def test_a_response_too_large_to_draw_is_refused() -> None:
    wide = Filter(Kernel("", ((1.0,) * 63,) * 63), dilation=16, stride=64)
    with pytest.raises(PersonError, match="too large"):
        response((wide, wide))
