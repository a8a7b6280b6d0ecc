"""Kernels and filters as values: what they are turned into, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from explorer.errors import PersonError
from explorer.filters.bank import BANK
from explorer.filters.filter import MOST_DILATION, MOST_STRIDE, Filter
from explorer.filters.kernel import LARGEST, Kernel, Magnitude, kernels

WEIGHTS = ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
KERNEL = Kernel("k", WEIGHTS, 0.5, 7.0)


@pytest.mark.parametrize(
    ("turned", "numpy"),
    [
        (KERNEL.flipped(), np.rot90(WEIGHTS, 2)),
        (KERNEL.mirrored(), np.fliplr(WEIGHTS)),
        (KERNEL.upended(), np.flipud(WEIGHTS)),
        (KERNEL.rotated(), np.rot90(WEIGHTS, -1)),
    ],
    ids=["flipped", "mirrored", "upended", "rotated"],
)
def test_turned_as_numpy_turns(turned: Kernel, numpy: Any) -> None:
    assert np.array_equal(turned.weights, numpy)
    assert (turned.name, turned.scale, turned.offset) == ("", 0.5, 7.0)


def test_four_turns_are_none_and_a_turn_that_changes_nothing_keeps_the_name() -> None:
    assert KERNEL.rotated().rotated().rotated().rotated().weights == WEIGHTS
    box = BANK["box"].kernel
    assert isinstance(box, Kernel)
    assert box.rotated() is box.flipped() is box.mirrored() is box


def test_normalised() -> None:
    assert KERNEL.normalised() == Kernel("", WEIGHTS, 1 / 21, 7.0)
    for sums_to_nothing in (((1.0, -1.0),), ((0.0,),), ((1e-9,),)):
        with pytest.raises(PersonError, match="add up to"):
            Kernel("", sums_to_nothing).normalised()


def test_the_middle_of_an_even_kernel_is_below_and_right_as_opencvs() -> None:
    import cv2

    kernel = Kernel("", ((1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)))
    assert (kernel.anchor, kernel.centred, KERNEL.centred) == ((1, 2), False, False)
    assert Kernel("", ((1.0,),)).centred
    dot = np.zeros((5, 5))
    dot[2, 2] = 1.0
    assert cv2.filter2D(dot, -1, np.array(kernel.weights))[2, 2] == kernel.weights[1][2]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ((), "no cells"),
        (((),), "no cells"),
        (((1.0,), ()), "no cells"),
        (((1.0, 2.0), (3.0,)), "differ in length"),
        (((1.0,) * (LARGEST + 1),), "larger than 63"),
        (((1.0,),) * (LARGEST + 1), "larger than 63"),
        (((1.0, 2.0), (3.0, math.nan)), "Row 2, column 2"),
        (((1.0, math.inf),), "Row 1, column 2"),
        (((-1e7,),), "type a number from -1000000 to 1000000"),
    ],
    ids=str,
)
def test_what_is_no_kernel_is_refused_in_a_sentence(weights: Any, words: str) -> None:
    with pytest.raises(PersonError, match=words):
        Kernel("", weights)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e9])
def test_scales_and_offsets_that_are_none(value: float) -> None:
    with pytest.raises(PersonError, match="scale"):
        Kernel("", WEIGHTS, value)
    with pytest.raises(PersonError, match="offset"):
        Kernel("", WEIGHTS, 1.0, value)


def test_the_kernels_of_a_magnitude_have_one_shape() -> None:
    both = Magnitude("m", KERNEL, KERNEL.flipped())
    assert (both.shape, len(kernels(both)), kernels(KERNEL)) == ((2, 3), 2, (KERNEL,))
    with pytest.raises(PersonError, match="differ in size"):
        Magnitude("m", KERNEL, KERNEL.rotated())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"stride": 0}, "stride"),
        ({"stride": MOST_STRIDE + 1}, "stride"),
        ({"stride": 10**9}, "from 1 to 64"),
        ({"dilation": 0}, "dilation"),
        ({"dilation": MOST_DILATION + 1}, "from 1 to 16"),
    ],
    ids=str,
)
def test_strides_and_dilations_that_are_none(how: dict[str, int], words: str) -> None:
    with pytest.raises(PersonError, match=words):
        Filter(KERNEL, **how)  # type: ignore[arg-type]


def test_the_window_on_the_picture() -> None:
    one = Filter(KERNEL, dilation=3)
    assert (one.extent, one.anchor) == ((4, 7), (3, 3))
    assert Filter(KERNEL, dilation=3, convolve=True).anchor == (0, 3)
    rows, columns = Filter(KERNEL, "zero", stride=2).reads((4, 5))
    assert rows.tolist() == [[-1, 0], [1, 2]]
    assert columns.tolist() == [[-1, 0, 1], [1, 2, 3], [3, 4, -1]]
    assert Filter(KERNEL, "wrap").reads((2, 3))[1].tolist() == [[2, 0, 1], [0, 1, 2], [1, 2, 0]]
    assert Filter(KERNEL, "reflect").reads((2, 3))[0].tolist() == [[1, 0], [0, 1]]
