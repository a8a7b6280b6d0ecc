"""A case in other sizes: what stays, what is drawn, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from explorer.arithmetic.case import KINDS, Case, Kind
from explorer.arithmetic.inputs import random
from explorer.arithmetic.numbers import wholes, wholes_text
from explorer.arithmetic.reshape import laid_over, redrawn, reshaped, with_filter, with_input
from explorer.errors import PersonError

CONV = replace(random("conv", (4, 7, 6), 1, 6, (3, 2), True, groups=2, stride=(2, 1), padding=(1, 0, 0, 1)), title="A")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_sizes_are_the_same_case(kind: Kind) -> None:
    case = replace(random(kind, (2, 5, 5), 3, 4), title="A")
    assert reshaped(case, seed=9) == case


@pytest.mark.parametrize(
    ("shape", "filters", "window"), list(product([(4, 9, 3), (2, 5, 8)], [2, 8], [(2, 2), (5, 3)]))
)
def test_numbers_that_still_have_a_place_keep_it(
    shape: tuple[int, int, int], filters: int, window: tuple[int, int]
) -> None:
    found = reshaped(CONV, input_chw=shape, filters=filters, window=window)
    assert (found.input_chw, len(found.filters), found.window_hw) == (shape, filters, window)
    assert (found.groups, found.stride, found.padding, found.title) == (2, (2, 1), (1, 0, 0, 1), "A")
    c, h, w = map(min, shape, CONV.input_chw)
    assert (found.input_array[:c, :h, :w] == CONV.input_array[:c, :h, :w]).all()
    k, rows, columns = min(filters, 6), *map(min, window, CONV.window_hw)
    per_group = min(shape[0], 4) // 2
    kept = (slice(k), slice(per_group), slice(rows), slice(columns))
    assert (found.filter_array[kept] == CONV.filter_array[kept]).all()
    assert found.bias[:k] == CONV.bias[:k]


def test_another_kind_begins_with_its_usual_steps() -> None:
    pool = reshaped(CONV, "pool")
    assert (pool.window, pool.stride, pool.padding, pool.filters) == ((2, 2), (2, 2), (0, 0, 0, 0), ())
    assert pool.input == CONV.input
    dense = reshaped(CONV, "fc", filters=3)
    assert (dense.matrix.shape, dense.input) == ((3, 4 * 7 * 6), CONV.input)
    conv = reshaped(pool, "conv", filters=2)
    assert (conv.window_hw, conv.stride, len(conv.filters), conv.input) == ((3, 3), (1, 1), 2, CONV.input)
    assert reshaped(random("fc", (1, 1, 2), 0), "conv").window_hw == (1, 2), "never larger than the input"


def test_numbers_are_drawn_by_the_seed() -> None:
    assert redrawn(CONV, 5) == redrawn(CONV, 5)
    assert redrawn(CONV, 5) != redrawn(CONV, 6)
    assert redrawn(CONV, 5).output_chw == CONV.output_chw


def test_filters_follow_a_pasted_input_and_one_another() -> None:
    found = with_input(CONV, ((((1.0,) * 9,) * 8),) * 2)
    assert (found.input_chw, found.filter_array.shape) == ((2, 8, 9), (6, 1, 3, 2))
    found = with_filter(CONV, 3, (((1.0,) * 3,) * 3,) * 2)
    assert found.filter_array.shape == (6, 2, 3, 3)
    assert found.filters[3] == (((1.0,) * 3,) * 3,) * 2
    assert found.filters[2][0][0][:2] == CONV.filters[2][0][0]


def test_what_cannot_be_is_said_in_a_sentence() -> None:
    for make in (
        lambda: reshaped(CONV, window=(20, 2)),
        lambda: reshaped(CONV, input_chw=(3, 7, 6)),
        lambda: with_filter(CONV, 0, (((1.0,) * 2,) * 3,)),
        lambda: reshaped(CONV, filters=0),
    ):
        with pytest.raises(PersonError, match=r"[:,] "):
            make()


def test_planes_are_laid_over_where_both_have_a_place() -> None:
    fresh, old = (((0.0, 0.0, 0.0),),), (((1.0, 2.0), (3.0, 4.0)), ((5.0, 6.0), (7.0, 8.0)))
    assert laid_over(fresh, old) == (((1.0, 2.0, 0.0),),)


@pytest.mark.parametrize(("text", "found"), [("3", (3, 3)), ("2,1", (2, 1)), (" 2 x 1 ", (2, 1)), ("2;1", (2, 1))])
def test_whole_numbers_as_people_write_them(text: str, found: tuple[int, ...]) -> None:
    assert wholes(text, "Stride", 2) == found
    assert wholes(wholes_text(found), "Stride", 2) == found


@pytest.mark.parametrize("text", ["", "1.5", "-1", "1,2,3", "two", "٣", "1e2", "9" * 30])
def test_what_is_no_whole_number_is_said(text: str) -> None:
    with pytest.raises(PersonError, match="Stride cannot be"):
        wholes(text, "Stride", 2)


def test_a_pooling_has_no_filters_to_keep() -> None:
    pool = Case("pool", CONV.input, stride=(2, 2))
    assert reshaped(pool, input_chw=(1, 4, 4), filters=7).filters == ()
