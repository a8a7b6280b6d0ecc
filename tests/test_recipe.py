"""A recipe survives the round trip through JSON, and nothing that is not one gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.filters.filter import BORDERS, Filter
from explorer.filters.kernel import Kernel, Magnitude
from explorer.recipe import Beside, Finding, Nearest, Recipe, View
from explorer.values import Source

numbers = st.floats(-1e6, 1e6, allow_nan=False)
kernels = st.builds(
    Kernel,
    st.text(max_size=5),
    st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[numbers] * n), min_size=1, max_size=3).map(tuple)),
    numbers,
    numbers,
)
operators = kernels | st.builds(lambda kernel: Magnitude("both", kernel, kernel.flipped()), kernels)
filters = st.builds(
    Filter,
    operators,
    st.sampled_from(BORDERS),
    st.integers(1, 64),
    st.integers(1, 16),
    *[st.booleans()] * 4,
)
recipes = st.builds(
    Recipe,
    source=st.builds(
        Source,
        st.sampled_from(["sample", "picture", "camera", "demo", "video", "stream", "folder"]),
        st.text(st.characters(exclude_characters=":"), max_size=9),
        st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
        st.booleans(),
    ),
    filters=st.lists(filters, max_size=2).map(tuple),
    layer=st.text(max_size=9),
    channel=st.integers(0, 4096),
    unit=st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99)),
    input_hw=st.none() | st.tuples(st.integers(1, 999), st.integers(1, 999)),
    view=st.builds(View, scale=st.sampled_from(["map", "layer", "fixed"]), low=st.floats(-9, -1), high=st.floats(0, 9)),
    thumbnails=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    nearest=st.none()
    | st.builds(Nearest, st.text(min_size=1, max_size=9), st.sampled_from(["cosine", "l2"]), st.integers(1, 100)),
    beside=st.none() | st.builds(Beside, st.text(min_size=1, max_size=9), st.text(max_size=9)),
    finding=st.none() | st.builds(Finding, st.floats(0, 1), st.booleans()),
)


@given(recipes)
def test_the_round_trip_keeps_every_field(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_session_of_plain_kernels_still_reads() -> None:
    raw = json.loads(Recipe().to_json())
    raw["filters"] = [{"name": "row", "weights": [[1, 2, 1]], "scale": 0.25}]
    assert Recipe.from_json(json.dumps(raw)).filters == (Filter(Kernel("row", ((1.0, 2.0, 1.0),), 0.25)),)


def test_a_session_of_an_older_version_still_reads() -> None:
    raw = json.loads(Recipe().to_json())
    del raw["beside"], raw["finding"], raw["nearest"]
    assert Recipe.from_json(json.dumps(raw | {"task": "classify"})) == Recipe()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("source", "kind"), "telepathy"),
        (("source", "where"), 7),
        (("view", "colours"), "jet"),
        (("view", "scale"), "huge"),
        (("view", "low"), 2.0),
        (("view", "aspect"), 0),
        (("view", "high"), float("nan")),
        (("channel",), "3"),
        (("channel",), -1),
        (("top",), 0),
        (("unit",), [1]),
        (("network",), None),
        (("thumbnails",), [1]),
        (("filters",), [{"name": "", "weights": [[1, 2], [3]], "scale": 1}]),
        (("surprise",), 1),
        (("nearest",), {"index": ""}),
        (("nearest",), {"index": "a", "top": 0}),
        (("nearest",), {"index": "a", "measure": "l3"}),
        (("beside",), "lenet5"),
        (("beside",), {"network": ""}),
        (("beside",), {"network": "lenet5", "weights": None}),
        (("beside",), {"weights": "none"}),
        (("finding",), {"least": -0.1}),
        (("finding",), {"least": float("nan")}),
        (("finding",), {"before": 1}),
        (("top",), 1001),
        (("top",), True),
        (("channel",), 10**400),
        (("unit",), [-1, 0]),
        (("input_hw",), [float("inf"), 1]),
        (("input_hw",), [0, 1]),
        (("input_hw",), [-224, 224]),
        (("input_hw",), [10**400, 1]),
        (("input_hw",), "12"),
        (("view", "aspect"), 1e-300),
        (("view", "low"), -(10**400)),
        (("view",), [1]),
        (("source",), "camera"),
        (("filters",), [{"name": "", "weights": [[10**400]], "scale": 1}]),
        (("filters",), [{"name": ""}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "stride": 0}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "stride": True}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "dilation": 1.5}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "border": "telepathy"}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "signed": 1}]),
        (("filters",), [{"kernel": {"weights": [["1"]]}}]),
        (("filters",), [{"kernel": {"weights": [[1]], "offset": float("nan")}}]),
        (("filters",), [{"kernel": {"x": {"weights": [[1]]}}}]),
        (("filters",), [{"kernel": {"weights": [[1]]}, "surprise": 1}]),
        (("filters",), [{"kernel": {"weights": [[1]]}}] * 17),
        (("filters",), [[]]),
        (("filters",), 1),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_recipe_is_refused(path: tuple[str, ...], value: Any) -> None:
    raw = json.loads(Recipe().to_json())
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_json(json.dumps(raw))


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, '{"a":' * 100_000, "[]", "7", "null", "{}", "9" * 5000, "\0"], ids=lambda text: text[:5]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_json(text)


def test_a_name_that_is_not_unicode_can_be_saved() -> None:
    recipe = Recipe(source=Source("picture", "caf\udce9.png"))
    assert recipe.to_json().encode().isascii()
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_another_network_drops_what_only_made_sense_for_the_old_one() -> None:
    recipe = Recipe(layer="conv1", channel=5, unit=(1, 2), weights="x")
    assert recipe.with_(network="lenet5") == Recipe(network="lenet5")
    assert recipe.with_(layer="conv2") == Recipe(layer="conv2", weights="x")
    assert recipe.with_(network="lenet5", layer="c1").layer == "c1"
