"""Chains as text: what is written is read, and nothing that is no chain gets through."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import PersonError
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Filter
from explorer.filters.kernel import Kernel
from explorer.filters.written import from_json, to_json

filters = st.builds(
    Filter,
    st.sampled_from([one.kernel for one in BANK.values()]),
    st.sampled_from(BORDERS),
    st.integers(1, 64),
    st.integers(1, 16),
    *[st.booleans()] * 4,
)


@given(st.lists(filters, max_size=16).map(tuple))
def test_the_round_trip(chain: tuple[Filter, ...]) -> None:
    assert from_json(to_json(chain)) == chain


def test_one_filter_a_line_for_people() -> None:
    text = to_json((BANK["box"].filter, BANK["sobel-x"].filter))
    assert len(text.splitlines()) == 4
    assert text.isascii()
    assert json.loads(text)[1]["kernel"]["name"] == "sobel-x"


def test_what_is_left_out_is_as_usual() -> None:
    assert from_json('[{"kernel": {"weights": [[1, 2]]}, "border": "wrap"}]') == (
        Filter(Kernel("", ((1.0, 2.0),)), "wrap"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "These are no filters"),
        ("[" * 9999, "These are no filters"),
        ("{}", "a list of them"),
        ("7", "a list of them"),
        ("[7]", "“7” is no kernel"),
        ("[{}]", "weights cannot be None"),
        ('[{"kernel": {"weights": [[1]]}, "strde": 2}]', "nearest are: stride"),
        ('[{"kernel": {"weights": [[1]]}, "stride": 1e9}]', "stride cannot be"),
        ('[{"kernel": {"weights": [[1]]}, "stride": 1000}]', "stride cannot be 1000"),
        ('[{"kernel": {"weights": [[1]]}, "border": []}]', "border cannot be"),
        ('[{"kernel": {"weights": [[1]]}, "grey": "yes"}]', "grey cannot be yes"),
        ('[{"kernel": {"weights": "' + "9" * 999 + '"}}]', "…"),
        (json.dumps([{"weights": [[1]]}] * 17), "at most 16"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_chain_is_said(text: str, words: str) -> None:
    with pytest.raises(PersonError) as caught:
        from_json(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kernel", "weights", "name", "stride", "border", "x", "y"]), inner, max_size=4
            )
        ),
    )
)
def test_any_json_is_a_chain_or_a_sentence(raw: Any) -> None:
    with contextlib.suppress(PersonError):
        found = from_json(json.dumps(raw))
        assert from_json(to_json(found)) == found
