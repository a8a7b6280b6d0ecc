"""What is followed is part of the recipe: it survives a file, and a file that was tampered with is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from explorer.overtime.values import anew
from explorer.recipe import Following, Recipe
from explorer.values import Source


def test_it_survives_a_file() -> None:
    for wish in (None, Following(), Following("mean", 300, every=True, begun=4)):
        recipe = Recipe(overtime=wish)
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_session_of_before_follows_nothing() -> None:
    raw = json.loads(Recipe().to_json())
    del raw["overtime"]
    assert Recipe.from_json(json.dumps(raw)).overtime is None


@pytest.mark.parametrize(
    "wish",
    [
        {"smoothing": "median"},
        {"frames": 0},
        {"frames": 301},
        {"frames": 2.5},
        {"begun": -1},
        {"every": 1},
        {"window": 3},
        "yes",
        [3],
    ],
)
def test_what_no_window_could_have_set_is_refused(wish: Any) -> None:
    raw = json.loads(Recipe().to_json()) | {"overtime": wish}
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_json(json.dumps(raw))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source": Source("demo", "")}, "source"),
        ({"network": "lenet5"}, "network"),
        ({"weights": "none"}, "weights"),
        ({"input_hw": (99, 99)}, "input"),
        ({"overtime": Following(begun=1)}, "asked"),
        ({"overtime": Following("mean", 3)}, ""),
        ({"layer": "a", "channel": 3, "top": 9}, ""),
    ],
)
def test_why_frames_are_not_told_together(changes: dict[str, Any], why: str) -> None:
    recipe = Recipe(overtime=Following())
    assert anew(recipe, recipe.with_(**changes)) == why
