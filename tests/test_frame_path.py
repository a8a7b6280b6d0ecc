"""From a picture to what the window paints, and what is remembered on the way."""

from __future__ import annotations

import dataclasses
import gc
import json
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer import frame_path, reduce, session, sources
from explorer.capture import capture as real_capture
from explorer.errors import Cancelled, DeviceError, ForwardError, NetworkError
from explorer.filters.bank import BANK
from explorer.graph.trace import trace
from explorer.prepare import prepare
from explorer.recipe import Following, Recipe, View
from explorer.session import Network, Session
from explorer.values import Frame, FrameResult, Source
from explorer.zoo import registry


@pytest.fixture(scope="module")
def opened() -> Session:
    return Session()


@pytest.fixture
def network(opened: Session) -> Network:
    found = opened.open("efficientnet_lite0", device="cpu")
    found.seen = None
    return found


@pytest.fixture(scope="module")
def chelsea() -> Frame:
    return sources.read(Source("sample", "chelsea.png"))


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the network ran: one entry a forward."""
    runs: list[int] = []

    def counted(*arguments: Any, **how: Any) -> Any:
        runs.append(1)
        return real_capture(*arguments, **how)

    monkeypatch.setattr(frame_path, "capture", counted)
    return runs


def plain(value: Any, seen: set[int] | None = None) -> bool:
    """Whether nothing in ``value`` is a tensor or holds one."""
    seen = seen if seen is not None else set()
    if id(value) in seen:
        return True
    seen.add(id(value))
    if isinstance(value, torch.Tensor | nn.Module):
        return False
    if dataclasses.is_dataclass(value):
        return all(plain(getattr(value, f.name), seen) for f in dataclasses.fields(value))
    if isinstance(value, dict):
        return all(plain(v, seen) for v in value.values())
    if isinstance(value, list | tuple):
        return all(plain(v, seen) for v in value)
    return True


def test_a_picture_through_the_whole_path(network: Network, chelsea: Frame) -> None:
    recipe = Recipe(thumbnails=("*",))
    result = frame_path.run(network, chelsea, recipe, {"read": 1.5})
    assert isinstance(result, FrameResult)
    assert [(p.label, round(p.probability, 2)) for p in result.predictions[:2]] == [
        ("tiger cat", 0.38),
        ("Egyptian cat", 0.37),
    ]
    assert len(result.predictions) == recipe.top
    assert result.trained
    assert result.device == "cpu"
    assert set(result.times_ms) == {"read", "filter", "prepare", "forward", "capture", "render"}
    assert result.times_ms["read"] == 1.5
    assert set(result.thumbnails) == {layer.id for layer in network.graph}
    assert result.view.layer.op == "conv2d"
    assert result.view.layer is network.layer("")
    assert result.prepared.shape == (224, 224, 3)
    assert (result.prepared.min(), result.prepared.max()) == (0, 255)
    assert result.filtered is result.frame is chelsea
    assert plain(result)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_output_without_a_value_is_no_missing_answer(network: Network, chelsea: Frame, value: float) -> None:
    array = np.zeros((3, 224, 224), np.float32)
    assert frame_path.run(network, dataclasses.replace(chelsea, array=array), Recipe()).finite
    array[0, 100, 100] = value
    result = frame_path.run(network, dataclasses.replace(chelsea, array=array), Recipe())
    assert (result.predictions, result.finite) == ((), False)


def test_the_maps_are_the_networks(network: Network, chelsea: Frame) -> None:
    layer = next(layer for layer in network.graph if layer.op == "relu6")
    recipe = Recipe(layer=layer.id, channel=5, thumbnails=())
    maps = frame_path.raw_maps(network, chelsea, recipe)
    x = prepare(chelsea, network.preparation, network.device).tensor
    kept: list[torch.Tensor] = []
    handle = network.module.get_submodule(layer.name).register_forward_hook(
        lambda _m, _i, out: kept.append(out.clone())
    )
    with torch.inference_mode():
        network.module(x)
    handle.remove()
    np.testing.assert_array_equal(maps, kept[0][0].numpy())
    view = frame_path.run(network, chelsea, recipe).view
    np.testing.assert_array_equal(view.map, maps[5])
    assert view.statistics.maximum == maps.max()


def test_a_convolution_shows_its_kernel_and_others_none(network: Network, chelsea: Frame) -> None:
    first = network.layer("")
    view = frame_path.run(network, chelsea, Recipe(channel=3, thumbnails=())).view
    weight = network.module.get_submodule(first.name).weight
    assert view.kernel is not None
    np.testing.assert_array_equal(view.kernel, weight[3].detach().numpy())
    other = next(layer for layer in network.graph if layer.op == "relu6")
    assert frame_path.run(network, chelsea, Recipe(layer=other.id, thumbnails=())).view.kernel is None


def test_a_change_of_the_view_needs_no_forward(network: Network, chelsea: Frame, forwards: list[int]) -> None:
    recipe = Recipe(thumbnails=())
    first = frame_path.run(network, chelsea, recipe)
    for changed in (
        recipe.with_(channel=7),
        recipe.with_(view=View(scale="layer", sort="mean", aspect=2)),
        recipe.with_(top=3),
        recipe.with_(unit=(1, 2)),
        recipe.with_(layer=first.view.layer.id),
    ):
        result = frame_path.run(network, chelsea, changed)
        assert result.recipe == changed
        assert set(result.times_ms) == {"filter", "prepare", "forward", "capture", "render"}
    assert len(forwards) == 1
    assert frame_path.raw_maps(network, chelsea, recipe) is frame_path.raw_maps(network, chelsea, recipe)
    assert len(forwards) == 1


def test_maps_that_nobody_sees_are_neither_kept_nor_rendered(
    network: Network, chelsea: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, keep = list[str](), reduce.keep
    monkeypatch.setattr(reduce, "keep", lambda layer: kept.append(layer.id) or keep(layer))
    recipe = Recipe(layer=network.layer("").id)
    seen = frame_path.run(network, chelsea, recipe)
    unseen = frame_path.run(network, chelsea, recipe.with_(maps=False))
    assert kept == [recipe.layer, network.graph.output.id]
    assert unseen.view.mosaic.size < seen.view.mosaic.size / 10
    assert unseen.predictions == seen.predictions
    again = frame_path.run(network, chelsea, recipe)  # and they come back
    np.testing.assert_array_equal(again.view.mosaic, seen.view.mosaic)
    followed = recipe.with_(maps=False, overtime=Following())
    assert frame_path.run(network, chelsea, followed).view.layer.id == recipe.layer


def test_another_picture_layer_filter_or_thumbnail_does(network: Network, chelsea: Frame, forwards: list[int]) -> None:
    recipe = Recipe(thumbnails=())
    frame_path.run(network, chelsea, recipe)
    frame_path.run(network, dataclasses.replace(chelsea), recipe)
    last = network.graph.output
    frame_path.run(network, chelsea, recipe.with_(layer=last.id))
    blurred = frame_path.run(network, chelsea, recipe.with_(filters=(BANK["blur-horizontal"].filter,)))
    assert blurred.filtered is not blurred.frame
    assert (blurred.filtered.pixels != chelsea.pixels).any()
    assert frame_path.run(network, chelsea, recipe).filtered is chelsea, "the filter alone has changed"
    shown = frame_path.run(network, chelsea, recipe.with_(thumbnails=(last.id, "not of this network")))
    assert set(shown.thumbnails) == {last.id, shown.view.layer.id}
    assert len(forwards) == 6


def test_an_unknown_layer_is_told(network: Network, chelsea: Frame) -> None:
    with pytest.raises(NetworkError, match="no layer called “conv_stm”; the nearest are: conv_stem"):
        frame_path.run(network, chelsea, Recipe(layer="conv_stm"))


def test_cancelled_between_stages(network: Network, chelsea: Frame, forwards: list[int]) -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        frame_path.run(network, chelsea, Recipe(thumbnails=()), cancelled=lambda: next(answers))
    assert forwards == []
    assert network.seen is None


def test_an_array_goes_unprepared(network: Network) -> None:
    array = np.random.default_rng(1).standard_normal((3, 224, 224)).astype(np.float32)
    frame = Frame(np.zeros((224, 224, 3), np.uint8), "array", array=array)
    result = frame_path.run(network, frame, Recipe(layer="input", thumbnails=()))
    np.testing.assert_array_equal(result.view.map, array[0])
    assert result.prepared_range == (float(array.min()), float(array.max()))


@pytest.mark.parametrize(("layer_op", "maps"), [("linear", (1000, 1, 1)), ("flatten", (1280, 1, 1))])
def test_layers_without_positions(network: Network, chelsea: Frame, layer_op: str, maps: tuple[int, ...]) -> None:
    layer = next(layer for layer in network.graph if layer.op == layer_op)
    recipe = Recipe(layer=layer.id, thumbnails=())
    assert frame_path.raw_maps(network, chelsea, recipe).shape == maps
    view = frame_path.run(network, chelsea, recipe).view
    assert view.grid.count == maps[0]
    assert view.map.shape == (1, 1)


def test_nan_on_the_way_is_shown_not_raised(chelsea: Frame) -> None:
    network = Session().open("lenet5", "none", device="cpu")
    with torch.no_grad():
        next(network.module.parameters())[0] = torch.nan
    result = frame_path.run(network, chelsea, Recipe(network="lenet5"))
    assert result.view.statistics.nan > 0
    assert result.predictions == ()
    assert not result.trained


# The session


def test_the_same_network_is_instant_and_another_replaces_it() -> None:
    opened = Session()
    told: list[tuple[str, float | None]] = []
    first = opened.open("lenet5", "none", device="cpu", progress=lambda stage, share: told.append((stage, share)))
    assert [share for _, share in told] == sorted(share for _, share in told if share is not None)
    assert all("{network}" in stage for stage, _ in told)
    assert opened.open("lenet5", "none", device="cpu") is first
    assert not first.trained
    assert first.input_hw == (32, 32)
    gone = weakref.ref(first.module)
    del first
    second = opened.open("squeezenet1_1", "none", (64, 72), "cpu")
    gc.collect()
    assert gone() is None, "the network before is still in memory"
    assert second.graph.input == (3, 64, 72)


def test_the_network_before_is_let_go_without_the_garbage_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Session()
    gone = weakref.ref(opened.open("lenet5", "none", device="cpu").module)
    alive: list[bool] = []
    build = registry.build
    monkeypatch.setattr(registry, "build", lambda *a: (alive.append(gone() is not None), build(*a))[1])
    gc.disable()
    try:
        opened.open("lenet5", "", device="cpu")
    finally:
        gc.enable()
    assert alive == [False], "two networks lay in memory at once"


def test_random_weights_are_the_same_every_time() -> None:
    one, two = (Session().open("lenet5", "none", device="cpu").module for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("lenet6",), NetworkError, "lenet5"),
        (("lenet5", "imagenet"), NetworkError, "none"),
        (("resnet18",), NetworkError, "--weights none"),
        (("lenet5", "none", None, "toaster"), DeviceError, "toaster"),
        (("lenet5", "none", (4, 4), "cpu"), ForwardError, "RuntimeError"),
        (("lenet5", "none", (10_955, 10_955), "cpu"), NetworkError, "more than 120 million cells.* smaller input"),
    ],
)
def test_what_cannot_be_opened_is_told_and_nothing_is_kept(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    opened = Session()
    good = opened.open("lenet5", "none", device="cpu")
    with pytest.raises(error, match=message):
        opened.open(*arguments)
    assert opened.open("lenet5", "none", device="cpu") is not good


def test_opening_is_cancelled_between_stages() -> None:
    for stop in range(4):
        asked = iter([False] * stop + [True] * 9)
        with pytest.raises(Cancelled):
            Session().open("lenet5", "none", device="cpu", cancelled=lambda it=asked: next(it))


def test_too_little_memory_on_the_fastest_device_goes_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Injected: the meta device stands for a card without room."""
    monkeypatch.setattr(session.devices, "choose", lambda name: torch.device("meta"))

    def full(module: nn.Module, example: torch.Tensor) -> Any:
        if example.device.type == "meta":
            raise torch.OutOfMemoryError("no room")
        return trace(module, example)

    monkeypatch.setattr(session, "trace", full)
    monkeypatch.setattr(nn.Module, "to", lambda self, *_a, **_k: self)
    told: list[str] = []
    network = Session().open("lenet5", "none", progress=lambda stage, _: told.append(stage))
    assert network.device == torch.device("cpu")
    assert "Not enough memory" in told[-1]
    with pytest.raises(DeviceError, match="meta has not enough memory"):
        Session().open("lenet5", "none", device="meta")


def test_an_input_for_which_there_is_no_memory_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_CELLS", 2**60)
    with pytest.raises(DeviceError, match=r"cpu has not enough memory.* smaller input"):
        Session().open("lenet5", "none", (2**25, 2**24), device="cpu")


def test_every_network_of_the_zoo_opens_and_its_graph_is_plain_json() -> None:
    opened = Session()
    for card in registry.cards():
        if card.parameters > 12_000_000:
            continue  # many random numbers; tests/zoo/test_course.py and tests/test_capture.py run them
        network = opened.open(card.name, "none", device="cpu")
        assert sum(layer.parameters for layer in network.graph) == card.parameters
        assert network.graph.output.output == (len(network.labels),)
        for layer in network.graph:
            json.dumps(dict(layer.attributes), allow_nan=False)
            assert len(layer.axes) == len(layer.output)
            assert layer.op == "input" or set(layer.inputs) <= network.graph.by_id.keys()
