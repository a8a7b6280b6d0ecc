"""What frames tell together is what a plain float64 run of the same network, frame by frame, tells."""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import frame_path
from explorer.overtime import patches, series
from explorer.overtime.values import Followed
from explorer.recipe import Following, Recipe, Unit
from explorer.session import Network, Session
from explorer.values import Frame, FrameResult
from explorer.zoo.own import memory

CLASSES = ("a", "b", "c", "d", "e")
SIDE = 24


class Small(nn.Module):
    """Every kind of layer that is told of: ReLU, ReLU6, sigmoid, tanh, a bounded gate, and one without any limit."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(6, 5, 3, stride=2)
        self.relu6 = nn.ReLU6()
        self.conv3 = nn.Conv2d(5, 4, 3)
        self.gate = nn.Sigmoid()
        self.bend = nn.Tanh()
        self.clip = nn.Hardtanh(-0.5, 0.25)
        self.head = nn.Linear(4, 5)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
            self.conv1.bias[2] = -50.0  # dead
            self.conv2.weight[:] *= 6
            self.conv3.weight[1] = 0.0  # constant
            self.conv3.bias[3] = 40.0  # saturated
            self.head.weight[:] *= 3

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv3(self.relu6(self.conv2(self.relu(self.conv1(x)))))
        x = self.clip(self.bend(x) * self.gate(x))
        return self.head(x.mean((2, 3)))


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    def transform(picture: Any) -> Tensor:
        return torch.from_numpy(np.array(picture.resize((SIDE, SIDE)))).permute(2, 0, 1) / 64 - 2

    name = memory.put(Small(), transform, CLASSES)
    yield Session().open(name, input_hw=(SIDE, SIDE), device="cpu")
    memory.forget(name)


@pytest.fixture(autouse=True)
def forgets(network: Network) -> None:
    network.seen = None
    network.__dict__.pop("recorder", None)


def frames(count: int, first: int = 0, step: int = 1) -> list[Frame]:
    rng = np.random.default_rng(first + 1)
    return [
        Frame(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8), "rows", first + step * n, 10.0 + n / 30)
        for n in range(count)
    ]


def recipe_of(network: Network, **changes: Any) -> Recipe:
    found = Recipe(network=network.card.name, input_hw=(SIDE, SIDE), overtime=Following(), thumbnails=())
    return dataclasses.replace(found, **changes)


def watched(network: Network, pictures: list[Frame], recipe: Recipe) -> list[FrameResult]:
    return [frame_path.run(network, frame, recipe) for frame in pictures]


def told(result: FrameResult) -> Followed:
    assert result.overtime is not None
    return result.overtime


class Reference:
    """The same network in float64 by hooks of torch, one list of outputs a layer, and softmax by hand."""

    def __init__(self, network: Network, pictures: list[Frame]) -> None:
        module = Small().double()
        module.load_state_dict({name: value.double() for name, value in network.module.state_dict().items()})
        module.relu = nn.ReLU()
        self.maps: dict[str, list[np.ndarray[Any, Any]]] = {}
        for name, child in module.named_children():
            child.register_forward_hook(
                lambda _m, _i, out, name=name: self.maps.setdefault(name, []).append(out[0].numpy())
            )
        self.answers = []
        with torch.no_grad():
            for frame in pictures:
                x = network.prepare(frame).tensor.double()
                exponent = torch.exp(module(x)[0]).numpy()
                self.answers.append(exponent / exponent.sum())


@pytest.fixture(scope="module")
def pictures() -> list[Frame]:
    return frames(12)


def test_zeros_of_every_layer_now_and_on_average(network: Network, pictures: list[Frame]) -> None:
    reference = Reference(network, pictures)
    layers = told(watched(network, pictures, recipe_of(network, overtime=Following(every=True)))[-1]).layers
    for name, maps in reference.maps.items():
        shares = [float((one == 0).mean()) for one in maps]
        assert layers[name].frames == len(pictures)
        assert layers[name].zeros == pytest.approx(shares[-1], abs=1e-12), name
        assert layers[name].zeros_mean == pytest.approx(np.mean(shares), abs=1e-12), name
    assert 0.2 < layers["relu"].zeros < 0.9
    assert set(layers) == {layer.id for layer in network.graph if layer.id != "input"}


def test_dead_constant_and_saturated_channels(network: Network, pictures: list[Frame]) -> None:
    maps = Reference(network, pictures).maps
    layers = told(watched(network, pictures, recipe_of(network, overtime=Following(every=True)))[-1]).layers
    every = {name: np.stack(found) for name, found in maps.items()}  # (frames, C, h, w) or (frames, C)
    for name in ("relu", "relu6"):
        found = [c for c in range(every[name].shape[1]) if not (every[name][:, c] > 0).any()]
        assert list(layers[name].dead) == found
        assert layers[name].constant == ()
    assert 2 in layers["relu"].dead
    for name in ("conv1", "conv2", "conv3", "head"):
        found = [c for c in range(every[name].shape[1]) if np.ptp(every[name][:, c]) == 0]
        assert list(layers[name].constant) == found
        assert layers[name].dead == ()
    assert layers["conv3"].constant == (1,)
    ends = {"relu6": (-math.inf, 6.0), "gate": (0.01, 0.99), "bend": (-0.98, 0.98), "clip": (-0.5, 0.25)}
    for name, (low, high) in ends.items():
        at = (every[name] <= low) | (every[name] >= high)
        shares = at.mean((0, 2, 3))
        for share in (0.2, 0.5, 0.95):
            assert list(layers[name].saturated(share)) == [c for c, one in enumerate(shares) if one >= share], name
    assert 3 in layers["gate"].saturated(0.99)
    assert layers["conv1"].saturated(0.1) == ()


def test_a_dead_channel_lives_from_the_first_frame_on_in_which_it_answers(network: Network) -> None:
    dark = Frame(np.zeros((SIDE, SIDE, 3), np.uint8), "dark", 0)
    relu = told(frame_path.run(network, dark, recipe_of(network))).layers["relu"]
    later = told(watched(network, frames(3, 1), recipe_of(network))[-1]).layers["relu"]
    assert set(later.dead) < set(relu.dead)
    again = told(frame_path.run(network, dataclasses.replace(dark, index=9), recipe_of(network))).layers["relu"]
    assert again.dead == later.dead
    assert again.frames == 5


@pytest.mark.parametrize(
    ("smoothing", "count"), [("none", 1), ("exponential", 1), ("exponential", 7), ("mean", 4), ("mean", 300)]
)
def test_predictions_raw_and_smoothed(network: Network, pictures: list[Frame], smoothing: Any, count: int) -> None:
    answers = Reference(network, pictures).answers
    expected, state = [], answers[0]
    for n, answer in enumerate(answers):
        if smoothing == "none":
            state = answer
        elif smoothing == "mean":
            state = np.mean(answers[max(0, n + 1 - count) : n + 1], axis=0)
        else:
            state = state + (1 - math.exp(-1 / count)) * (answer - state)
        expected.append(state)
    recipe = recipe_of(network, overtime=Following(smoothing, count), top=5)
    result = watched(network, pictures, recipe)[-1]
    found = told(result)
    assert found.frames == len(pictures)
    for prediction in found.smoothed:
        assert prediction.probability == pytest.approx(expected[-1][prediction.index], abs=1e-6)
        assert prediction.label == CLASSES[prediction.index]
    order = [p.probability for p in found.smoothed]
    assert order == sorted(order, reverse=True)
    leaders = [one for one in found.leaders if one is not None]
    assert len(leaders) >= 3
    for leader in leaders:
        assert leader.raw == pytest.approx([answer[leader.index] for answer in answers], abs=1e-6)
        assert leader.smoothed == pytest.approx([one[leader.index] for one in expected], abs=1e-6)
    # another choice smooths the same frames anew, without a new one
    plain = told(frame_path.run(network, pictures[-1], recipe.with_(overtime=Following("none"))))
    assert plain.frames == len(pictures)
    assert [p.probability for p in plain.smoothed] == pytest.approx(sorted(answers[-1], reverse=True), abs=1e-6)


def test_units_over_time_with_the_dropped_frames_between(network: Network) -> None:
    seen = [*frames(4), *frames(3, first=40, step=2)]
    maps = Reference(network, seen).maps
    locked = Unit("conv2", 4, 3, 1), Unit("relu", 0, 23, 23), Unit("relu", 99, 0, 0)
    recipe = recipe_of(network, layer="bend", channel=1, unit=(2, 5), locked=locked)
    found = told(watched(network, seen, recipe)[-1])
    assert [one.unit for one in found.units] == [Unit("bend", 1, 2, 5), *locked]
    for one, name in zip(found.units[:3], ("bend", "conv2", "relu"), strict=True):
        unit = one.unit
        assert one.values == pytest.approx([found[unit.channel, unit.y, unit.x] for found in maps[name]], abs=1e-5)
        assert one.known.all()
    assert not found.units[3].known.any()
    assert found.indices.tolist() == [0, 1, 2, 3, 40, 42, 44]
    assert found.follows.tolist() == [False, True, True, True, False, False, False]
    # one that is locked later begins there
    late = Unit("conv1", 1, 1, 1)
    result = frame_path.run(network, seen[-1], recipe.with_(locked=(*locked[:1], late)))
    units = {one.unit: one for one in told(result).units}
    assert set(units) == {Unit("bend", 1, 2, 5), locked[0], late}
    assert units[late].known.tolist() == [False] * 6 + [True]
    assert units[late].values[-1] == pytest.approx(maps["conv1"][-1][1, 1, 1], abs=1e-5)
    assert units[locked[0]].known.all()


def test_the_same_frame_is_counted_once(network: Network, pictures: list[Frame]) -> None:
    recipe = recipe_of(network)
    watched(network, pictures[:3], recipe)
    for other in (
        recipe,
        recipe.with_(channel=3),
        recipe.with_(layer="gate"),
        recipe.with_(overtime=Following(every=True)),
    ):
        found = told(frame_path.run(network, pictures[2], other))
        assert found.frames == 3
        assert {one.frames for one in found.layers.values()} <= {1, 3}
        assert found.layers["relu"].frames == 3


def test_a_pause_takes_no_more_than_its_room_of_the_axis(network: Network, pictures: list[Frame]) -> None:
    times = [0.0, 0.1, 600.0, 600.5]
    seen = [dataclasses.replace(frame, time_s=time_s) for frame, time_s in zip(pictures, times, strict=False)]
    assert told(watched(network, seen, recipe_of(network))[-1]).axis_s == pytest.approx([-2.6, -2.5, -0.5, 0.0])


@pytest.mark.parametrize(
    "changes",
    [
        {"source": dataclasses.replace(Recipe().source, kind="camera", where="0")},
        {"filters": "sharpen"},
        {"overtime": Following(begun=1)},
    ],
)
def test_another_source_filter_or_wish_begins_anew(
    network: Network, pictures: list[Frame], changes: dict[str, Any]
) -> None:
    from explorer.filters.bank import BANK

    if changes.get("filters"):
        changes = {"filters": (BANK["sharpen"].filter,)}
    recipe = recipe_of(network, unit=(1, 1))
    watched(network, pictures[:5], recipe)
    found = told(frame_path.run(network, pictures[5], recipe.with_(**changes)))
    assert found.frames == found.patches.frames == 1
    assert len(found.indices) == len(found.units[0].values) == 1
    assert {one.frames for one in found.layers.values()} == {1}


def test_off_is_free_of_cost(network: Network, pictures: list[Frame], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr(frame_path, "Follower", never)
    monkeypatch.setattr(frame_path, "followed", never)
    assert frame_path.run(network, pictures[0], recipe_of(network, overtime=None)).overtime is None
    assert "recorder" not in network.__dict__


def test_what_is_not_looked_at_for_a_while_goes_on_with_a_gap(network: Network, pictures: list[Frame]) -> None:
    recipe = recipe_of(network)
    watched(network, pictures[:4], recipe)
    frame_path.run(network, pictures[4], recipe.with_(overtime=None))
    found = told(frame_path.run(network, pictures[5], recipe))
    assert found.frames == 5
    assert found.indices.tolist() == [0, 1, 2, 3, 5]
    assert not found.follows[-1]


def test_memory_does_not_grow(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "KEPT", 40)
    monkeypatch.setattr(patches, "APART", 2)
    recipe = recipe_of(network, unit=(2, 2), locked=(Unit("relu", 0, 1, 1),))
    rng = np.random.default_rng(0)

    def size_after(first: int, count: int) -> tuple[int, Followed]:
        for n in range(first, first + count):
            pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            result = frame_path.run(network, Frame(pixels, "long", n, n / 30), recipe)
        return len(pickle.dumps((network.recorder, told(result)))), told(result)

    before, found = size_after(0, 100)
    assert found.indices.tolist() == list(range(60, 100))
    after, found = size_after(100, 150)
    assert abs(after - before) < 1000  # patches at the border are smaller
    assert found.frames == found.layers["relu"].frames == found.patches.frames == 250


def test_nan_is_told_and_is_no_zero(network: Network, pictures: list[Frame]) -> None:
    recipe = recipe_of(network, overtime=Following(every=True), layer="relu", channel=1, unit=(0, 0))
    watched(network, pictures[:3], recipe)
    broken = dataclasses.replace(pictures[3], array=np.full((3, SIDE, SIDE), np.nan, np.float32))
    found = told(frame_path.run(network, broken, recipe))
    relu = found.layers["relu"]
    assert relu.zeros == 0
    assert relu.nan_now == 6 * SIDE * SIDE
    assert relu.broken == tuple(range(6))
    assert relu.dead == ()
    assert found.layers["conv3"].constant == found.layers["gate"].saturated(0.0) == ()
    assert np.isfinite(relu.high).all()
    assert found.unanswered == 1
    assert found.patches.nan_frames == 1
    assert math.isnan(found.units[0].values[-1])
    assert found.units[0].known[-1]
    before = {p.index: p.probability for p in found.smoothed}
    leader = next(one for one in found.leaders if one)
    assert math.isnan(leader.smoothed[-1])
    assert before[leader.index] == pytest.approx(leader.smoothed[-2], abs=1e-6)  # what was known stays
    after = told(frame_path.run(network, pictures[4], recipe))
    assert after.unanswered == 1
    assert after.layers["relu"].nan_now == 0
    assert after.layers["relu"].broken == tuple(range(6))


def test_a_network_that_names_no_classes_tells_the_rest() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    name = memory.put(module, None, ())
    opened = Session().open(name, input_hw=(16, 16), device="cpu")
    memory.forget(name)
    found = told(watched(opened, frames(2), recipe_of(opened, input_hw=(16, 16)))[-1])
    assert found.leaders == found.smoothed == ()
    assert found.frames == 2
    assert found.layers["1"].frames == 2


def test_only_what_tells_is_followed_unless_every_layer_is_asked_for(network: Network, pictures: list[Frame]) -> None:
    found = told(frame_path.run(network, pictures[0], recipe_of(network, layer="conv1")))
    assert {"relu", "relu6", "gate", "bend", "clip", "head", "conv1"} == set(found.layers)
