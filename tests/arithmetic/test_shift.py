"""A picture that moves: which inputs change, and that the map of a convolution only moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explorer.arithmetic.numbers import planes
from explorer.arithmetic.presets import FOUR, LINE
from explorer.arithmetic.shift import Shift, moved
from explorer.arithmetic.words import told_move
from explorer.errors import PersonError


def _four(by: tuple[int, int]) -> Shift:
    return Shift(planes(FOUR, "")[0], planes(LINE, "")[0], by)


@pytest.mark.parametrize(("by", "changed"), [((0, 1), 14), ((0, -1), 14), ((0, 0), 0), ((1, 0), 5), ((0, 2), 7)])
def test_how_many_inputs_change(by: tuple[int, int], changed: int) -> None:
    """Counted on paper, row by row: 4 + 4 + 2 + 2 + 2 by one column, 2 + 0 + 1 + 2 + 0 by a row, 1 + 1 + 3 + 1 + 1."""
    assert len(_four(by).changed) == changed


def test_what_stays_where_it_was_is_told_without_a_count() -> None:
    assert told_move(_four((0, 0)))[1] == "Nothing moves yet."
    assert "but for 3 values" in told_move(_four((0, 1)))[1]


def test_the_map_moves_with_it() -> None:
    shift = _four((0, 1))
    assert shift.map_before.tolist() == [[3, 1, 3], [2, 1, 3], [1, 1, 3]]
    assert shift.map_after[:, 1:].tolist() == [[3, 1], [2, 1], [1, 1]]
    assert shift.entered == ((0, 0), (1, 0), (2, 0))
    assert shift.only_moved


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_picture(data: st.DataObject) -> None:
    """Against torch's own moving and convolving, and against slices of the maps."""
    draw = data.draw
    h, w = draw(st.integers(2, 8)), draw(st.integers(2, 8))
    kh, kw = draw(st.integers(1, h)), draw(st.integers(1, w))
    down, right = draw(st.integers(1 - h, h - 1)), draw(st.integers(1 - w, w - 1))
    state = np.random.RandomState(draw(st.integers(0, 2**31)))
    picture, window = state.randint(0, 3, (h, w)), state.randint(-3, 4, (kh, kw))
    shift = Shift(tuple(map(tuple, picture.tolist())), tuple(map(tuple, window.tolist())), (down, right))
    wanted = functional.pad(torch.tensor(picture), (right, -right, down, -down))
    np.testing.assert_array_equal(shift.after, wanted.numpy())
    assert set(shift.changed) == {(y, x) for y in range(h) for x in range(w) if picture[y, x] != wanted[y, x]}
    kernel = torch.tensor(window, dtype=torch.float64)[None, None]
    map_after = functional.conv2d(wanted.double()[None, None], kernel)[0, 0].numpy()
    np.testing.assert_array_equal(shift.map_after, map_after)
    assert shift.only_moved
    oh, ow = shift.map_before.shape
    assert len(shift.entered) == oh * ow - max(0, oh - abs(down)) * max(0, ow - abs(right))
    assume(abs(down) < oh and abs(right) < ow)
    top, left = max(down, 0), max(right, 0)
    stayed = shift.map_before[max(-down, 0) : oh - top, max(-right, 0) : ow - left]
    np.testing.assert_array_equal(map_after[top : oh + min(down, 0), left : ow + min(right, 0)], stayed)


def test_a_map_that_has_changed_is_not_told_as_moved() -> None:
    shift = _four((0, 1))
    shift.__dict__["map_after"] = shift.map_before
    assert not shift.only_moved


def test_moved_further_than_it_is_wide() -> None:
    assert moved(np.ones((2, 3)), (5, 0)).tolist() == [[0, 0, 0]] * 2
    assert moved(np.ones((2, 3)), (0, -4)).tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize(
    ("by", "part"),
    [((5, 0), "cannot be moved by 5: it has 5 cells"), ((0, -7), "moved by -7"), ((0, 0.5), "moved by 0.5")],
)
def test_mistakes(by: tuple[int, int], part: str) -> None:
    with pytest.raises(PersonError) as caught:
        _four(by)
    assert part in str(caught.value)


def test_a_window_that_is_larger_than_the_picture() -> None:
    with pytest.raises(PersonError, match="A window of 3 cells is larger than the input of 2"):
        Shift(((1, 2), (3, 4)), planes(LINE, "")[0])
