"""Kernels as people paste them, and everything that is none: a sentence each that says what is wrong."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import PersonError
from explorer.filters import parse
from explorer.filters.kernel import Kernel
from explorer.filters.written import kernel_values

SHARPEN = ((0.0, -1.0, 0.0), (-1.0, 8.0, -1.0), (0.0, -1.0, 0.0))
tables = st.integers(1, 15).flatmap(
    lambda n: st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * n), min_size=1, max_size=15).map(tuple)
)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("0\t-1\t0\n-1\t8\t-1\n0\t-1\t0", 1),
        ("0\t-1\t0\r\n-1\t8\t-1\r\n0\t-1\t0\r\n", 1),
        (" 0 -1  0\n-1  8 -1\n 0 -1  0\n", 1),
        ("0,-1,0\n-1,8,-1\n0,-1,0", 1),
        ("0;-1;0\n-1;8;-1\n0;-1;0", 1),
        ("[[0, -1, 0], [-1, 8, -1], [0, -1, 0]]", 1),
        ("[0 −1 0; −1 8 −1; 0 −1 0]", 1),
        ("0 −1 0; −1 8 −1; 0 −1 0", 1),
        ("0,-1,0;-1,8,-1;0,-1,0", 1),
        ("¼·[0 −1 0; −1 8 −1; 0 −1 0]", 0.25),
        ("1/4 * torch.tensor([[0., -1., 0.], [-1., 8., -1.], [0., -1., 0.]])", 0.25),
        ("numpy.array([[0, -1, 0], [-1, 8, -1], [0, -1, 0]])", 1),
        ("1/4 * [[0, -1, 0], [-1, 8, -1], [0, -1, 0]]", 0.25),
        ("0.25*np.array([[0, -1, 0], [-1, 8, -1], [0, -1, 0]])", 0.25),
        ("np.array([[0, -1, 0], [-1, 8, -1], [0, -1, 0]]) / 4", 0.25),
        ("[[0, -1, 0], [-1, 8, -1], [0, -1, 0]] * 0.5", 0.5),
        (repr(np.array(SHARPEN)), 1),
        (repr(np.array(SHARPEN, np.float32)), 1),
        (str(np.array(SHARPEN)), 1),
        (str(np.array(SHARPEN, int)), 1),
        (json.dumps(kernel_values(Kernel("x", SHARPEN, 0.25))), 0.25),
    ],
)
def test_the_same_kernel_written_in_many_ways(text: str, scale: float) -> None:
    assert parse.kernel(text) == Kernel("", SHARPEN, scale)


@given(tables)
def test_what_is_copied_can_be_pasted(weights: Any) -> None:
    kernel = Kernel("", weights)
    assert parse.kernel(parse.copied(kernel)) == kernel
    assert parse.kernel(json.dumps(weights)) == kernel
    assert parse.kernel(repr(weights)) == kernel


def test_fractions_and_decimals_in_cells() -> None:
    assert parse.kernel("¼ 1/2 .5 1e-3 −½").weights == ((0.25, 0.5, 0.5, 0.001, -0.5),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no numbers"),
        (" \n\t\n", "no numbers"),
        ("a b\nc d", "row 1, column 1 is “a”"),
        ("1 2\n3 x", "row 2, column 2 is “x”"),
        ("1 2\n3 0/0", "row 2, column 2 is “0/0”, which divides by 0"),
        ("1/0", "divides by 0"),
        ("nan", "“nan”"),
        ("[[1, NaN]]", "column 2 is “NaN”"),
        ("[[1, Infinity]]", "column 2"),
        ("[[1e400]]", "type a number from"),
        ("9999999", "type a number from"),
        ("1 2\n3", "row 2 has 1"),
        ("[[1, 2], [3]]", "row 2 has 1"),
        ("1\t\t2\n1\t\t2", "row 1, column 2 is empty"),
        ("1\t2\n\t2", "row 2, column 1 is empty"),
        ("[[1, 2", "brackets"),
        ("[" * 5000, "brackets"),
        ("{", "no JSON"),
        ("{" * 5000, "no JSON"),
        ('{"weights": 7}', "weights cannot be 7"),
        ('{"weights": [["a"]]}', "weights cannot be a"),
        ('{"weights": [[1]], "scale": "1/4"}', "scale cannot be 1/4"),
        ('{"weigths": [[1]]}', "nearest are: weights"),
        ('{"x": {"weights": [[1]]}, "y": {"weights": [[1]]}}', "magnitude"),
        ("[[1]] / 0", "divided by 0"),
        ("[[[1]], [[2]]]", "2 tables"),
        ("1 2\n\n3 4", "2 tables"),
        ("1 " * 16, "1 rows and 16 columns"),
        ("1\n" * 16, "16 rows and 1 columns"),
        ("1" * 3_000_000, "longer than"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_kernel_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(PersonError) as caught:
        parse.kernel(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["array(", "))))", "[1 2]]", "1 2 [3]", "np.", "* [[1]]", "\0", "[[1]](", "１", "1_0", "/"]
)
def test_no_text_fails_but_in_a_sentence(text: str) -> None:
    with pytest.raises(PersonError):
        parse.kernel(text)


@given(st.text(alphabet="0123456789.,;[](){}/*·−-+eE \n\t¼aN\"'", max_size=40))
def test_any_text_is_a_kernel_or_a_sentence(text: str) -> None:
    with contextlib.suppress(PersonError):
        assert np.isfinite(parse.kernel(text).weights).all()


def test_larger_ones_where_they_may_be() -> None:
    text = "\n".join(["1 " * 20] * 20)
    assert parse.kernel(text, 63).shape == (20, 20)


@pytest.mark.parametrize(
    ("text", "value"), [("¼", 0.25), ("1/4", 0.25), ("0.25", 0.25), (".25", 0.25), ("-1/3", -1 / 3), ("−2", -2.0)]
)
def test_scales(text: str, value: float) -> None:
    assert parse.scale(text) == value


@pytest.mark.parametrize("text", ["", "x", "0/0", "1/0", "nan", "inf", "1e9", "1//4", "1/4/2"])
def test_scales_that_are_none(text: str) -> None:
    with pytest.raises(PersonError, match="The scale"):
        parse.scale(text)
    with pytest.raises(PersonError, match="The weight"):
        parse.weight(text)
    with pytest.raises(PersonError, match="The offset"):
        parse.offset(text)


@pytest.mark.parametrize(
    ("value", "text"), [(1 / 25, "1/25"), (0.25, "1/4"), (1.0, "1"), (-0.5, "-1/2"), (2.5, "5/2"), (0.0, "0")]
)
def test_a_scale_is_written_as_a_fraction(value: float, text: str) -> None:
    assert parse.scale_text(value) == text


@given(st.floats(-1e6, 1e6))
def test_a_written_scale_reads_as_itself(value: float) -> None:
    assert parse.scale(parse.scale_text(value)) == pytest.approx(value, rel=1e-9, abs=1e-30)
