"""Which pixels go into which: found out by changing all others, and by changing one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.errors import PersonError
from explorer.filters.apply import respond, stages
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Filter
from explorer.filters.footprint import IN_PLACE, goes_into, made_of, output_hw, placement
from explorer.filters.kernel import Kernel

HW = (23, 29)
PIXELS = np.random.default_rng(0).integers(0, 256, (*HW, 3), np.uint8)


def _ones(rows: int, columns: int) -> Kernel:
    return Kernel("", ((1.0,) * columns,) * rows)


FILTERS = st.builds(
    Filter,
    st.builds(_ones, st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(BORDERS),
    st.integers(1, 3),
    st.integers(1, 2),
    st.booleans(),
    signed=st.just(True),
)


@settings(deadline=None, max_examples=80)
@given(
    chain=st.lists(FILTERS, min_size=1, max_size=3).map(tuple), place=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99))
)
def test_a_value_hangs_on_its_box_and_a_pixel_reaches_its_lines(
    chain: tuple[Filter, ...], place: tuple[float, float]
) -> None:
    try:
        height, width = output_hw(chain, HW)
    except PersonError:
        return  # a window that does not fit, which apply says as well
    *_before, values = stages(PIXELS, chain)
    assert values.shape[:2] == (height, width)
    y, x = int(place[0] * height), int(place[1] * width)
    y0, x0, y1, x1 = made_of((y, x, y + 1, x + 1), chain, HW)
    outside = 255 - PIXELS
    outside[y0:y1, x0:x1] = PIXELS[y0:y1, x0:x1]
    *_before, changed = stages(outside, chain)
    np.testing.assert_allclose(changed[y, x], values[y, x])
    py, px = int(place[0] * HW[0]), int(place[1] * HW[1])
    touched = PIXELS.copy()
    touched[py, px] += 100
    *_before, changed = stages(touched, chain)
    rows, columns = goes_into((py, px), chain, HW)
    moved = np.abs(changed - values).max(axis=2) > 1e-6  # all weights are above 0: nothing cancels
    np.testing.assert_array_equal(moved, rows[:, None] & columns)


@pytest.mark.parametrize("name", BANK)
def test_the_box_of_every_kernel_of_the_bank(name: str) -> None:
    one, box = BANK[name].filter, (12, 13, 20, 25)
    y0, x0, y1, x1 = made_of(box, (one,), HW)
    outside = 255 - PIXELS
    outside[y0:y1, x0:x1] = PIXELS[y0:y1, x0:x1]
    part = np.s_[box[0] : box[2], box[1] : box[3]]
    np.testing.assert_allclose(respond(outside, one)[part], respond(PIXELS, one)[part])


def test_an_empty_box_and_filters_that_are_off() -> None:
    assert made_of((3, 3, 3, 9), (BANK["box"].filter,), HW) == (3, 3, 3, 9)
    assert made_of((3, 4, 5, 9), (Filter(BANK["box"].kernel, enabled=False),), HW) == (3, 4, 5, 9)


@settings(deadline=None, max_examples=60)
@given(chain=st.lists(FILTERS, min_size=1, max_size=3).map(tuple))
def test_a_result_lies_around_the_middle_of_what_it_is_made_of(chain: tuple[Filter, ...]) -> None:
    """Odd windows on a ramp: a mean over a window is the value, and so the place, of its middle."""
    odd = tuple(
        replace(one, kernel=_mean(one.kernel.shape[0] | 1, one.kernel.shape[1] | 1), border="valid") for one in chain
    )
    y, x = np.mgrid[:210, :230] + 0.5  # the middles of the pixels; three of the widest strides leave room for a window
    *_before, values = stages(np.stack([y, x, x], axis=2), odd)
    (top, left), (high, wide) = placement(odd)
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]] + 0.5
    np.testing.assert_allclose(values[:, :, 0], top + high * rows, atol=1e-6)
    np.testing.assert_allclose(values[:, :, 1], left + wide * columns, atol=1e-6)


def test_filters_that_keep_the_size_lie_in_place() -> None:
    assert placement(()) == placement((BANK["box"].filter, BANK["sharpen"].filter)) == IN_PLACE


def _mean(rows: int, columns: int) -> Kernel:
    return replace(_ones(rows, columns), scale=1 / (rows * columns))
