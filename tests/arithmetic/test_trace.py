"""A value's terms in the lecture's notation, and numbers that say where each came from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import as_planes, random
from explorer.arithmetic.trace import trace, weight_number
from tests.arithmetic.cases import convs


def test_the_lectures_sum() -> None:
    case = random("conv", (3, 3, 3), 1, window=(2, 2))
    first, second = trace(case, (0, 0, 0)), trace(case, (0, 0, 1))
    assert first.lecture == (
        "y1 = w1x1 + w2x2 + w4x4 + w5x5 + w10x10 + w11x11 + w13x13 + w14x14 + w19x19 + w20x20 + w22x22 + w23x23"
    )
    assert second.lecture.startswith("y2 = w1x2 + w2x3 + w4x5 + w5x6 + w10x11")
    assert first.indexed.startswith("y[0,0,0] = w[0,0,0]·x[0,0,0] + w[0,0,1]·x[0,0,1] + w[0,1,0]·x[0,1,0]")
    assert second.terms[-1].weight_at == (2, 1, 1)
    assert second.terms[-1].source == (2, 1, 2)


def test_numbers_on_paper() -> None:
    """2·1 + (−1)·2 + 0·4 + 3·5 + ½, worked by hand."""
    case = Case("conv", (((1, 2, 3), (4, 5, 6)),), ((((2, -1), (0, 3)),),), bias=(0.5,))
    one = trace(case, (0, 0, 0))
    assert one.numbers == "2·1 + (−1)·2 + 0·4 + 3·5 + 0.5 = 15.5"
    assert one.lecture == "y1 = w1x1 + w2x2 + w4x4 + w5x5 + b"
    assert one.indexed.endswith(" + b[0]")
    assert one.running == (2, 0, 0, 15)
    assert (one.sum, one.bias, one.result) == (15, 0.5, 15.5)


@settings(max_examples=100, deadline=None)
@given(convs())
def test_weights_carry_the_number_of_the_x_that_they_meet_first(case: Case) -> None:
    """Without padding in front, the first window's w and x are numbered alike; and no two weights of a filter alike."""
    bare = replace(case, padding=(0, 0, 0, 0), padding_kind="zero") if _fits_bare(case) else None
    for k in range(len(case.filters)):
        numbers = [weight_number(case, k, at) for at in np.ndindex(*case.filter_array.shape[1:])]
        assert len(set(numbers)) == len(numbers)
        if bare:
            first = trace(bare, (k, 0, 0))
            assert [term.weight_number for term in first.terms] == [term.number for term in first.terms] == numbers


def _fits_bare(case: Case) -> bool:
    return all(fit.span <= fit.n for fit in case.fits)


def test_padding_is_marked() -> None:
    case = random("conv", (1, 3, 3), 1, padding=(1, 1, 1, 1))
    corner = trace(case, (0, 0, 0))
    assert [term.padded for term in corner.terms] == [True] * 4 + [False] * 2 + [True] + [False] * 2
    assert corner.terms[0].place == (0, -1, -1)
    assert corner.terms[0].source is None
    assert corner.lecture.startswith("y1 = w1·0 + w2·0 + w3·0 + w4·0 + w5x1")
    mirrored = trace(replace(case, padding_kind="reflect"), (0, 0, 0)).terms[0]
    assert (mirrored.place, mirrored.source, mirrored.number, mirrored.padded) == ((0, -1, -1), (0, 1, 1), 5, True)


def test_a_group_sees_its_own_channels() -> None:
    case = random("conv", (4, 2, 2), 1, filters=2, window=(1, 1), groups=2)
    assert trace(case, (1, 0, 0)).lecture == "y1 = w9x9 + w13x13"
    assert [term.weight_at for term in trace(case, (1, 0, 0)).terms] == [(0, 0, 0), (1, 0, 0)]


def test_a_row_of_the_matrix() -> None:
    case = random("fc", (1, 1, 3), 1, filters=2)
    assert trace(case, (1, 0, 0)).lecture == "y2 = w1x1 + w2x2 + w3x3"
    assert trace(case, (1, 0, 0)).indexed == "y[1] = w[1,0]·x[0] + w[1,1]·x[1] + w[1,2]·x[2]"


@pytest.mark.parametrize(
    ("pool", "letters", "numbers"),
    [
        ("max", "y1 = max(x1, x2, x3, x4)", "max(3, −4, 0, 12) = 12"),
        ("average", "y1 = (x1 + x2 + x3 + x4) / 4", "(3 + (−4) + 0 + 12) / 4 = 2.75"),
        ("l2", "y1 = √(x1² + x2² + x3² + x4²)", "√(3² + (−4)² + 0² + 12²) = 13"),
    ],
)
def test_poolings_in_words(pool: str, letters: str, numbers: str) -> None:
    one = trace(Case("pool", (((3, -4), (0, 12)),), pool=pool), (0, 0, 0))  # type: ignore[arg-type]
    assert (one.lecture, one.numbers) == (letters, numbers)


def test_what_takes_no_part() -> None:
    """In the corner of a padded 3×3, a maximum leaves out five cells of padding; an average counts them unless told."""
    case = random("pool", (1, 4, 4), 1, window=(3, 3), padding=(1, 1, 1, 1))
    assert len(trace(case, (0, 0, 0)).skipped) == 5
    average = replace(case, pool="average")
    assert (trace(average, (0, 0, 0)).divisor, trace(average, (0, 0, 0)).skipped) == (9, ())
    assert trace(replace(average, count_padding=False), (0, 0, 0)).divisor == 4


def test_the_largest_terms_and_the_rest() -> None:
    case = Case("conv", as_planes(np.array([[[1, -9, 4, 2]]])), (as_planes(np.ones((1, 1, 4))),))
    terms, rest = trace(case, (0, 0, 0)).largest(2)
    assert ([term.product for term in terms], rest) == ([-9, 4], 3)
