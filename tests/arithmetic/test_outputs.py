"""Outputs against torch, and each value's terms against the outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import random
from explorer.arithmetic.trace import output, padded, trace, traces
from explorer.errors import PersonError
from tests.arithmetic import oracle
from tests.arithmetic.cases import convs, denses, pools

MANY = settings(max_examples=300, deadline=None)


def _check(case: Case) -> None:
    found = output(case)
    wanted = oracle.output(case).numpy()
    assert found.shape == wanted.shape == case.output_chw
    largest = max(np.abs(case.input_array).max(), 1) * max(np.abs(case.filter_array).max(initial=0), 1)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13 * largest)
    opened = list(traces(case))
    assert len(opened) == found.size
    for one in opened:
        assert one.result == found[one.at], "a trace ends in the very value of the output"
        _check_terms(case, one.at)


def _check_terms(case: Case, at: tuple[int, int, int]) -> None:
    """The terms are the numbers of the padded input under the window, with the weights of their filter."""
    one = trace(case, at)
    around, (top, _bottom, left, _right) = padded(case), case.padding
    for term in one.terms:
        c, y, x = term.place
        assert around[c, y + top, x + left] == term.value
        assert term.product == term.weight * term.value
        if term.source:
            assert case.input[term.source[0]][term.source[1]][term.source[2]] == term.value
            assert case.input_array.ravel()[term.number - 1] == term.value
        else:
            assert (term.value, term.number) == (0, 0)
        if term.weight_at:
            assert case.filter_array[(at[0], *term.weight_at)] == term.weight
    window = case.window_hw[0] * case.window_hw[1] * (len(case.filters[0]) if case.filters else 1)
    assert len(one.terms) + len(one.skipped) == window
    assert one.running[-1] == one.sum


@MANY
@given(convs())
def test_convolutions(case: Case) -> None:
    _check(case)


@MANY
@given(denses())
def test_fully_connected(case: Case) -> None:
    _check(case)


@MANY
@given(pools())
def test_poolings(values: dict[str, Any]) -> None:
    kept = {name: value for name, value in values.items() if name not in ("kind", "input", "count_padding")}
    if values["pool"] == "max":
        x = torch.tensor(values["input"], dtype=torch.float64)[None]
        stand_in = type("Settings", (), kept)
        if torch.isinf(oracle.pooled(x, stand_in)).any():  # type: ignore[arg-type]
            with pytest.raises(PersonError, match="padding alone"):
                Case(**values)
            return
    _check(Case(**values))


def test_what_a_maximum_chose() -> None:
    case = Case("pool", (((3.0, 7.0), (7.0, 1.0)),))
    winner = trace(case, (0, 0, 0)).winner
    assert winner is not None
    _value, index = torch.nn.functional.max_pool2d(torch.tensor(case.input), 2, return_indices=True)
    assert winner.number - 1 == index.item()


def test_the_padding_as_torch_lays_it() -> None:
    case = random("conv", (2, 4, 5), 3, padding=(1, 2, 3, 0), padding_kind="reflect")
    wanted = torch.nn.functional.pad(torch.tensor(case.input)[None], (3, 0, 1, 2), mode="reflect")[0]
    np.testing.assert_array_equal(padded(case), wanted.numpy())


def test_a_value_that_is_not_there() -> None:
    case = random("conv", (1, 5, 5), 1)
    with pytest.raises(PersonError, match="no row 3: they are numbered from 0 to 2"):
        trace(case, (0, 3, 0))
