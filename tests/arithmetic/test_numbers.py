"""Numbers and tables as people type and paste them."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import torch

from explorer.arithmetic.numbers import factor, number, planes, quotient, shown
from explorer.errors import PersonError

TABLE = np.array([[1, -2.5, 0], [0.25, 3, 1000]])
STACK = np.arange(8.0).reshape(2, 2, 2) - 3


@pytest.mark.parametrize(
    "text",
    [
        "1 -2.5 0\n0.25 3 1000",
        "1\t−2.5\t0\r\n1/4\t3\t1e3\r\n",
        " 1, -2.5, 0;\n 1/4, +3, 1000,\n",
        "1;-2.5;0\n.25;3.;1000",
        json.dumps(TABLE.tolist()),
        repr(TABLE),
        str(TABLE),
        f"np.{TABLE!r}",
        str(torch.tensor(TABLE)),
        "[[1, -2.5, 0], ['1/4', 3, 1000]]",
        "[1 −2.5 0; 1/4 3 1000]",
        "1 −2.5 0; 1/4 3 1000",
        "1, −2.5, 0 ;1/4, 3, 1000;",
        "1 -2.5 0;\n1/4 3 1000;\n",
        f"torch.{torch.tensor(TABLE)!r}",
        "((1, -2.5, 0), (0.25, 3, 1000))",
    ],
)
def test_a_table(text: str) -> None:
    np.testing.assert_array_equal(planes(text, "The input"), TABLE[None])


@pytest.mark.parametrize(
    "text",
    ["-3 -2\n-1 0\n\n1 2\n3 4", "-3\t-2\n-1\t0\n \n1\t2\n3\t4\n", json.dumps(STACK.tolist()), repr(STACK), str(STACK)],
)
def test_several_planes(text: str) -> None:
    np.testing.assert_array_equal(planes(text, "The input"), STACK)


def test_one_number_and_one_row() -> None:
    assert planes("7", "The input") == (((7,),),)
    assert planes("[1, 2]", "The input") == (((1, 2),),)
    assert planes("1; 2 ;3", "The input") == (((1, 2, 3),),)
    assert planes("[7]", "The input") == (((7,),),)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "The input: there are no numbers"),
        ("\n \n", "The input: there are no numbers"),
        ("[]", "The input: there are no numbers"),
        ("1 b", "The input, row 1, column 2 is “b”: type a number such as 3, −1.5 or 1/4."),
        ("1\t\t3", "The input, row 1, column 2 is “”"),
        ("1 2\n3 0/0", "The input, row 2, column 2 is “0/0”, which divides by 0"),
        ("1 2\n3 4/", "is “4/”"),
        ("1 2\n3", "The input: row 2 has 1 and the first has 2"),
        ("1 2\n\n3", "The input: plane 2 is 1 × 1 and the first is 1 × 2"),
        ("nan", "is “nan”"),
        ("inf", "is “inf”"),
        ("1e9", "is 1000000000.0: type a number from −1000000 to 1000000."),
        ("1e999", "is inf"),
        ("1_0", "is “1_0”"),
        ("٣", "is “٣”"),
        ("[[1, 2], [3, ...]]", "row 2, column 2 is “...”"),
        ("[[1, 2], [3, 4]", "its brackets do not match"),
        ("[[1, 2]], [3, 4]]", "its brackets do not match"),
        ("[" * 50_000, "its brackets do not match"),
        ("[[[1, 2]], [3, 4]]", "The input: this is no table"),
        ("1" * 3_000_000, "The input: the text is longer than 2000000 letters"),
    ],
)
def test_mistakes(text: str, part: str) -> None:
    with pytest.raises(PersonError) as caught:
        planes(text, "The input")
    told = str(caught.value)
    assert part in told
    assert len(told) < 200


def test_one_typed_number() -> None:
    assert number(" 3/8 ", "The cell") == 0.375
    assert number("−1.5", "The cell") == -1.5
    assert str(number("-0", "The cell")) == "0.0"
    for text in ("", "1/0", "a", "--1", "1 2"):
        with pytest.raises(PersonError, match=r"^The cell is "):
            number(text, "The cell")


def test_as_people_write_them() -> None:
    assert [shown(value) for value in (3.0, -2.5, 1 / 3, 1e20, 65961984)] == [
        "3",
        "−2.5",
        "0.333333",
        "1e+20",
        "65961984",
    ]
    assert [factor(value) for value in (2.0, -1.0)] == ["2", "(−1)"]
    assert [quotient(Fraction(one)) for one in ("7/3", "5", "-1/2")] == ["2.33", "5", "−0.50"]
