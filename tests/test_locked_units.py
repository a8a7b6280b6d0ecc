"""Locked units: their values are those of the network's own maps, of any layer; they survive a file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from explorer import frame_path, sources
from explorer.recipe import Recipe, Unit
from explorer.session import Network, Session
from explorer.values import Source


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", "none", device="cpu")


def test_values_are_those_of_the_layers_own_maps(network: Network) -> None:
    frame = sources.read(Source())
    recipe = Recipe(network="lenet5", weights="none", thumbnails=())
    maps = frame_path.all_maps(network, frame, recipe)
    spread = [layer.id for layer in network.graph if layer.id != network.layer("").id and maps[layer.id].shape[0] > 1]
    rng = np.random.default_rng(1)
    names = [network.layer("").id, *spread[1:6]]
    locked = tuple(Unit(name, *(int(rng.integers(n)) for n in maps[name].shape)) for name in names)
    result = frame_path.run(network, frame, recipe.with_(locked=locked))
    assert result.locked == tuple(float(maps[u.layer][u.channel, u.y, u.x]) for u in locked)
    assert frame_path.run(network, frame, recipe.with_(locked=locked[::-1])).locked == result.locked[::-1]


def test_a_lock_on_the_chosen_layer_needs_no_forward_and_on_another_one_does(network: Network) -> None:
    frame = sources.read(Source())
    recipe = Recipe(network="lenet5", weights="none", thumbnails=())
    frame_path.run(network, frame, recipe)
    seen = network.seen
    frame_path.run(network, frame, recipe.with_(locked=(Unit(network.layer("").id, 1, 2, 3),)))
    assert network.seen is seen
    other = Unit(network.graph.output.id, 0, 0, 0)
    assert None not in frame_path.run(network, frame, recipe.with_(locked=(other,))).locked
    assert network.seen is not seen


def test_units_that_are_not_there_have_no_value(network: Network) -> None:
    frame = sources.read(Source())
    first = network.layer("").id
    locked = (
        Unit(first, 0, 500, 0),
        Unit(first, 999, 0, 0),
        Unit(network.graph.output.id, 0, 0, 1),
        Unit("gone", 0, 0, 0),
    )
    recipe = Recipe(network="lenet5", weights="none", locked=locked)
    assert frame_path.run(network, frame, recipe).locked == (None,) * 4


def test_a_recipe_keeps_them_and_another_network_does_not() -> None:
    recipe = Recipe(network="lenet5", locked=(Unit("conv1", 1, 2, 3), Unit("conv2", 0, 0, 0)))
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert recipe.with_(layer="conv2").locked == recipe.locked
    assert recipe.with_(network="alexnet").locked == ()


def test_a_session_of_before_has_none() -> None:
    raw = json.loads(Recipe().to_json())
    del raw["locked"]
    assert Recipe.from_json(json.dumps(raw)) == Recipe()


@pytest.mark.parametrize(
    "locked",
    [
        [{"layer": "a", "channel": -1, "y": 0, "x": 0}],
        [{"layer": "a", "channel": 0, "y": 1 << 40, "x": 0}],
        [{"layer": 3, "channel": 0, "y": 0, "x": 0}],
        [{"layer": "a", "channel": 0, "y": 0.5, "x": 0}],
        [{"layer": "a"}],
        [{"layer": "a", "channel": 0, "y": 0, "x": 0}] * 7,
        "abc",
        None,
    ],
)
def test_a_broken_file_is_no_recipe(locked: object) -> None:
    raw = json.loads(Recipe().to_json()) | {"locked": locked}
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_json(json.dumps(raw))
