"""The whole network as one picture: its maps against numpy on the raw ones, and what is remembered of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from explorer import device, frame_path, reduce, sources
from explorer.capture import capture as real_capture
from explorer.filters.bank import BANK
from explorer.graph.trace import trace
from explorer.graph.values import Layer
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import LEVEL_NAN, LEVELS, Frame, Source
from explorer.zoo import registry
from tests.pretend_device import DEVICE, pretend_device

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def opened() -> Session:
    return Session()


@pytest.fixture
def network(opened: Session) -> Network:
    found = opened.open("lenet5", device="cpu")
    found.seen = None
    return found


@pytest.fixture(scope="module")
def digit() -> Frame:
    return sources.read(Source("sample", "digit-5.png"))


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    runs: list[int] = []

    def counted(*arguments: Any, **how: Any) -> Any:
        runs.append(1)
        return real_capture(*arguments, **how)

    monkeypatch.setattr(frame_path, "capture", counted)
    return runs


def recipe(**more: Any) -> Recipe:
    return Recipe(network="lenet5", thumbnails=(), columns=4).with_(**more)


def test_a_column_holds_the_most_active_maps(network: Network, digit: Frame) -> None:
    found = frame_path.run(network, digit, recipe()).columns
    assert list(found) == ["relu1", "s2", "relu3", "s4"]
    raw = frame_path.all_maps(network, digit, recipe())
    for name, column in found.items():
        activity = np.abs(raw[name].astype(np.float64)).mean((1, 2))
        assert [channel for channel, _map in column] == list(np.argsort(-activity, kind="stable")[:4])
        for channel, thumbnail in column:
            values = raw[name][channel].astype(np.float64)
            low, high = values.min(), values.max()
            assert not thumbnail.signed
            wanted = (values - low) / (high - low) * (LEVELS - 1)
            assert np.abs(thumbnail.levels - wanted).max() <= 0.5 + 1e-3


def test_without_columns_there_is_no_overview(network: Network, digit: Frame) -> None:
    assert frame_path.run(network, digit, recipe(columns=0)).columns == {}


def test_it_changes_nothing_else(network: Network, digit: Frame) -> None:
    with_it = frame_path.run(network, digit, recipe(layer="relu3", thumbnails=("s2",)))
    network.seen = None
    without = frame_path.run(network, digit, recipe(layer="relu3", thumbnails=("s2",), columns=0))
    np.testing.assert_array_equal(with_it.view.map, without.view.map)
    np.testing.assert_array_equal(with_it.view.mosaic, without.view.mosaic)
    np.testing.assert_array_equal(with_it.thumbnails["s2"].levels, without.thumbnails["s2"].levels)
    assert with_it.predictions == without.predictions


def test_a_still_picture_is_seen_once(network: Network, digit: Frame, forwards: list[int]) -> None:
    first = frame_path.run(network, digit, recipe())
    for changed in (recipe(channel=2), recipe(top=3), recipe(columns=0), recipe()):
        again = frame_path.run(network, digit, changed)
        assert again.columns == (first.columns if changed.columns else {})
    assert len(forwards) == 1
    frame_path.run(network, digit, recipe(columns=5))
    assert len(forwards) == 2, "more maps were not kept"
    frame_path.run(network, digit, recipe(columns=5, filters=(BANK["sharpen"].filter,)))
    assert len(forwards) == 3


def layer(count: int, h: int, w: int) -> Layer:
    return Layer("x", "x", "relu", ("input",), (count, h, w), "CHW")


def column(values: np.ndarray, count: int, before: tuple[int, ...] = ()) -> tuple[Any, ...]:
    """Let a layer of ``values`` (C, h, w) run past."""
    overview, one = reduce.Overview(count, {"x": before}), layer(*values.shape)
    reducers = overview.beside({}, [one])
    reducers["x"](torch.from_numpy(values)[None])
    return overview.columns()["x"]


def flat(*activities: float) -> np.ndarray:
    return np.stack([np.full((3, 3), value, np.float32) for value in activities])


def test_a_shown_map_stays_unless_another_is_a_quarter_stronger() -> None:
    def channels(*activities: float, before: tuple[int, ...]) -> list[int]:
        return [channel for channel, _map in column(flat(*activities), 2, before)]

    assert channels(1, 2, 3, before=()) == [2, 1]
    assert channels(1, 2, 3, before=(1, 0)) == [1, 2], "1 keeps its place, 0 was beaten and 2 takes its place"
    assert channels(1, 1.2, 1.1, before=(0, 2)) == [0, 2]
    assert channels(1, 1.3, 1.1, before=(0, 2)) == [1, 2]
    assert channels(1, 2, 3, before=(7, 9)) == [2, 1], "of another network"


def test_negative_values_make_a_column_diverging() -> None:
    values = np.array([[[-4.0, 0.0]], [[1.0, 2.0]]], np.float32)
    found = dict(column(values, 2))
    assert all(thumbnail.signed for thumbnail in found.values())
    assert found[0].levels.tolist() == [[0, 126]]
    assert found[1].levels.tolist() == [[189, 252]]


def test_a_large_map_becomes_the_means_of_its_areas() -> None:
    values = np.abs(RNG.normal(size=(3, 240, 160))).astype(np.float32)
    ((channel, thumbnail),) = column(values, 1)
    means = values[channel].astype(np.float64).reshape(80, 3, 80, 2).mean((1, 3))
    wanted = (means - means.min()) / (means.max() - means.min()) * (LEVELS - 1)
    assert thumbnail.levels.shape == (80, 80)
    assert np.abs(thumbnail.levels - wanted).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_map_is_shown_first_and_marked(bad: float) -> None:
    values = flat(5, 1, 3)
    values[1, 0, 0] = bad
    (channel, thumbnail), *_rest = column(values, 2)
    assert channel == 1
    assert (thumbnail.levels == LEVEL_NAN).sum() == 1


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 3)])
def test_a_layer_without_values_has_no_maps(shape: tuple[int, int, int]) -> None:
    assert column(np.zeros(shape, np.float32), 3) == ()


def test_a_live_picture_keeps_its_channels(network: Network) -> None:
    """Frames that differ by a little noise must not shuffle the maps."""
    rng = np.random.default_rng(0)
    base = sources.read(Source("sample", "digit-3.png")).pixels.astype(np.int16)
    seen = []
    for index in range(6):
        noisy = np.clip(base + rng.integers(-12, 13, base.shape), 0, 255).astype(np.uint8)
        result = frame_path.run(network, Frame(noisy, "camera 0", index), recipe(source=Source("camera", "0")))
        seen.append({name: [channel for channel, _map in found] for name, found in result.columns.items()})
    assert seen == [seen[0]] * 6
    other = frame_path.run(network, sources.read(Source("sample", "digit-7.png")), recipe())
    network.seen = None
    assert other.columns.keys() == seen[0].keys()
    fresh = frame_path.run(network, other.frame, recipe())
    assert [c for c, _map in other.columns["relu3"]] == [c for c, _map in fresh.columns["relu3"]], "another source"


def test_it_is_made_on_the_networks_device(monkeypatch: pytest.MonkeyPatch, digit: Frame) -> None:
    """A forgotten move raises on the pretend device; what it gives is what the CPU gives, the second frame too."""
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    noisy = Frame(255 - digit.pixels, digit.source, 1)

    def columns(name: str) -> list[Any]:
        one = Session().open("lenet5", device=name)
        return [frame_path.run(one, frame, recipe()).columns for frame in (digit, noisy)]

    on_cpu = columns("cpu")
    with pretend_device():
        there = columns("auto")
    for expected, found in zip(on_cpu, there, strict=True):
        assert expected.keys() == found.keys()
        for name in expected:
            assert [channel for channel, _map in expected[name]] == [channel for channel, _map in found[name]]
            for (_c, a), (_d, b) in zip(expected[name], found[name], strict=True):
                assert np.abs(a.levels.astype(int) - b.levels).max() <= 1


def test_in_half_precision(digit: Frame) -> None:
    one = Session().open("lenet5", device="cpu", precision="half")
    found = frame_path.run(one, digit, recipe()).columns
    assert list(found) == ["relu1", "s2", "relu3", "s4"]
    assert all(thumbnail.levels.max() == LEVELS - 1 for column in found.values() for _channel, thumbnail in column)


def test_a_network_of_any_kind_has_an_overview(digit: Frame) -> None:
    """More stages than are shown, an answer with positions, and no convolution at all."""

    class Segments(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = torch.nn.Sequential(*(torch.nn.Conv2d(1 if n == 0 else 4, 4, 3, 2, 1) for n in range(3)))
            self.head = torch.nn.Conv2d(4, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(self.head(self.body(x)), size=(32, 32))

    card = registry.card("lenet5")
    for module, wanted in (
        (Segments(), ["body.0", "body.1", "body.2", "head", "interpolate"]),
        (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 10)), []),
    ):
        graph = trace(module.eval(), torch.zeros(1, 1, 32, 32))
        one = Network(card, None, module, graph, card.preparation, (), torch.device("cpu"), (32, 32))
        assert list(frame_path.run(one, digit, recipe()).columns) == wanted
