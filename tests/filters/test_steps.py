"""One value term by term: the lecture's numbers, and the same value as the whole picture's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.errors import PersonError
from explorer.filters.apply import respond, result, stages
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Border, Filter
from explorer.filters.kernel import Kernel
from explorer.filters.steps import LECTURE, Walk

PIXELS = np.random.default_rng(3).integers(0, 256, (17, 19, 3), np.uint8)


@pytest.mark.parametrize(
    ("x", "window", "products", "total", "scaled", "shown"),
    [
        (1, [[18, 8, 9], [19, 12, 7], [13, 14, 30]], [[0, -8, 0], [-19, 96, -7], [0, -14, 0]], 48, 12, 12),
        (2, [[8, 9, 6], [12, 7, 17], [14, 30, 12]], [[0, -9, 0], [-12, 56, -17], [0, -30, 0]], -12, -3, 0),
    ],
)
def test_the_lectures_two_windows(
    x: int, window: list[list[int]], products: list[list[int]], total: int, scaled: int, shown: int
) -> None:
    step = Walk(LECTURE, BANK["sharpen"].filter).at(1, x)
    (part,) = step.parts
    assert step.window.tolist() == window
    assert part.products.tolist() == products
    assert (part.sum, part.scale, part.value, step.value, step.result) == (total, 0.25, scaled, scaled, shown)
    assert step.clipped == (shown != scaled)
    assert (step.rows.tolist(), step.columns.tolist()) == ([0, 1, 2], [x - 1, x, x + 1])


@settings(deadline=None, max_examples=120)
@given(
    name=st.sampled_from(list(BANK)),
    border=st.sampled_from(BORDERS),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    switches=st.tuples(*[st.booleans()] * 3),
    place=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    channel=st.integers(0, 2),
    after_signed=st.booleans(),
)
def test_a_step_is_the_value_of_the_picture(
    name: str,
    border: Border,
    stride: int,
    dilation: int,
    switches: tuple[bool, bool, bool],
    place: tuple[float, float],
    channel: int,
    after_signed: bool,
) -> None:
    one = Filter(BANK[name].kernel, border, stride, dilation, *switches)
    chain = (Filter(BANK["sobel-x"].kernel, signed=True), one) if after_signed else (one,)
    *_before, pixels = stages(PIXELS, chain[:-1])
    try:
        values = respond(pixels, one)
    except PersonError:
        with pytest.raises(PersonError, match="covers"):
            Walk(pixels, one)
        return
    walk = Walk(pixels, one)
    assert walk.hw == values.shape[:2]
    assert walk.channels == (1 if one.grey else 3)
    y, x = int(place[0] * walk.hw[0]), int(place[1] * walk.hw[1])
    step = walk.at(y, x, channel)
    expected = values[y, x] if values.ndim == 2 else values[y, x, channel]
    assert step.value == pytest.approx(expected, abs=1e-6)
    for part in step.parts:
        np.testing.assert_array_equal(part.products, step.window * part.weights)
        assert part.value == part.products.sum() * part.scale + part.offset
    *_rest, last = stages(PIXELS, chain)
    if one.signed:
        assert step.result == step.value
    else:
        assert abs(step.result - float(last[y, x, channel])) <= (abs(step.value % 1 - 0.5) < 1e-6)  # but for a tie


def test_zeros_beyond_the_border_are_told_apart_from_black_pixels() -> None:
    step = Walk(PIXELS, Filter(BANK["box"].kernel, "zero")).at(0, 18)
    assert step.rows.tolist() == [-1, -1, 0, 1, 2]
    assert step.columns.tolist() == [16, 17, 18, -1, -1]
    assert (step.window[:2] == 0).all()
    assert (step.window[:, 3:] == 0).all()


def test_a_magnitude_has_two_parts() -> None:
    step = Walk(PIXELS, BANK["sobel-magnitude"].filter).at(5, 6, 1)
    x, y = (part.value for part in step.parts)
    assert step.value == pytest.approx(np.sqrt(x**2 + y**2))


def test_a_true_convolution_multiplies_with_the_turned_kernel() -> None:
    kernel = Kernel("", ((1.0, 2.0, 3.0),))
    step = Walk(PIXELS, Filter(kernel, convolve=True)).at(4, 4)
    assert step.parts[0].weights.tolist() == [[3, 2, 1]]


def test_a_half_is_rounded_to_the_even_neighbour_everywhere() -> None:
    pixels = np.full((20, 20, 3), 0, np.uint8)
    pixels[10, 10] = 1
    for side, scale in ((1, 0.5), (9, 0.5), (9, 1.5), (15, 2.5)):
        one = Filter(Kernel("", ((1.0,) * side,) * side, scale))
        shown, step = result(pixels, (one,)).pixels, Walk(pixels, one).at(10, 10)
        assert shown[10, 10, 0] == step.result == round(scale)  # Python rounds so, too
