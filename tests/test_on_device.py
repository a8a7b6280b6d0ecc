"""On an accelerator a layer's maps stay there: little crosses, in one copy; what is painted is what the CPU paints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer import device, frame_path, held, on_device, parcel, reduce
from explorer.errors import DeviceError, NetworkError
from explorer.graph.trace import trace
from explorer.graph.values import Layer
from explorer.held import DeviceMaps, HostMaps
from explorer.parcel import Parcel
from explorer.recipe import Finding, Following, Recipe, Unit, View
from explorer.session import Network, Session
from explorer.tasks.segment import classes
from explorer.values import ChannelTable, Frame, FrameResult, LayerView, Source, Statistics
from explorer.zoo import registry
from tests.pretend_device import DEVICE, crossings, pretend_device
from tests.render.test_measure import KINDS, sample

SIDE = 64
VIEWS = [View(), View(scale="layer", sort="mean"), View(scale="fixed", low=-0.3, high=1.7, sort="zeros")]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    with pretend_device() as pretended:
        yield pretended


def frames(count: int) -> list[Frame]:
    random = np.random.default_rng(4)
    return [Frame(random.integers(0, 256, (70, 90, 3)).astype(np.uint8), "noise", at) for at in range(count)]


def same_figures(found: Statistics | ChannelTable, expected: Statistics | ChannelTable, rel: float = 1e-12) -> None:
    for field in fields(found):
        one, other = np.asarray(getattr(found, field.name)), np.asarray(getattr(expected, field.name))
        if field.name == "histogram":
            assert one.sum() == other.sum()
            assert np.abs(np.cumsum(one) - np.cumsum(other)).max() <= 3, "values on an edge between two bins"
        else:
            np.testing.assert_allclose(one, other, rtol=rel, atol=rel * 1e-3, err_msg=field.name)


def same_view(found: LayerView, expected: LayerView) -> None:
    np.testing.assert_array_equal(found.mosaic, expected.mosaic)
    np.testing.assert_array_equal(found.order, expected.order)
    np.testing.assert_array_equal(found.ranges, expected.ranges)
    np.testing.assert_array_equal(found.map, expected.map)
    np.testing.assert_array_equal(found.map_levels, expected.map_levels)
    assert (found.signed, found.channel, found.grid) == (expected.signed, expected.channel, expected.grid)
    same_figures(found.statistics, expected.statistics)
    same_figures(found.map_statistics, expected.map_statistics)
    same_figures(found.channels, expected.channels)


# A frame of a live source


def live(layer: str, **more: Any) -> Recipe:
    return Recipe(
        source=Source("demo"),
        network="resnet18",
        weights="none",
        input_hw=(SIDE, SIDE),
        layer=layer,
        channel=3,
        thumbnails=("layer2.0.relu", "layer4.1.conv2"),
        **more,
    )


def all_of(layer: str) -> Recipe:
    """Everything that is asked of a frame beside the maps."""
    locked = (Unit("layer1.0.conv1", 2, 3, 4), Unit(layer, 5, 0, 0), Unit("fc", 7, 0, 0))
    return live(layer, columns=3, locked=locked, overtime=Following(), unit=(0, 0))


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("layer", ["conv1", "layer4.1.bn2", "fc"])
def test_a_live_frame_brings_over_levels_and_little_else_in_one_copy(layer: str) -> None:
    network = Session().open("resnet18", "none", (SIDE, SIDE))
    first, second, third = frames(3)
    for frame in (first, second):  # the fast form is proved, and the overview has a frame before
        frame_path.run(network, frame, all_of(layer))
    with crossings() as crossed:
        result = frame_path.run(network, third, all_of(layer))
    maps = network.seen and network.seen.maps
    assert isinstance(maps, DeviceMaps)
    c, h, w = maps.shape
    followed = result.overtime.layers.values() if result.overtime else ()
    rest = {
        "the chosen map": 4 * h * w,
        "figures by map, two histograms": 6 * 8 * c + 2 * 8 * 64,
        "the picture that went in, its ends": 3 * SIDE * SIDE + 8,
        "the answer": 4 * 1000,
        "thumbnails": sum(4 * one.levels.size for one in result.thumbnails.values()),
        "the overview: levels, ends, channels": sum(
            one.levels.size + 8 + 8 for column in result.columns.values() for _channel, one in column
        ),
        "followed layers": sum(5 * 4 * len(span.high) for span in followed),
        "locked units": 3 * 4,
    }
    assert sum(crossed) <= c * h * w + sum(rest.values())
    assert len(crossed) == 1, "it is waited for once"
    assert len(result.columns) > 2
    assert len(result.locked) == 3


@pytest.mark.usefixtures("there")
def test_where_only_the_maps_are_looked_at_it_is_far_under_their_floats() -> None:
    network = Session().open("resnet18", "none", (SIDE, SIDE))
    for frame in frames(3):
        with crossings() as crossed:
            frame_path.run(network, frame, live("conv1").with_(thumbnails=()))
    c, h, w = 64, 32, 32
    picture, answer, map_and_thumbnail, figures = 3 * SIDE * SIDE + 8, 4 * 1000, 2 * 4 * h * w, 6 * 8 * c + 2 * 8 * 64
    assert sum(crossed) == c * h * w + picture + answer + map_and_thumbnail + figures < 4 * c * h * w / 2.6


def frames_of(recipe: Recipe, name: str) -> list[FrameResult]:
    network = Session().open("resnet18", "none", (SIDE, SIDE), name)
    return [frame_path.run(network, frame, recipe) for frame in frames(3)]


@pytest.mark.parametrize("layer", ["conv1", "layer4.1.bn2", "fc"])
def test_what_is_painted_and_told_is_what_the_cpu_paints_and_tells(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = all_of(layer).with_(view=View(scale="map", sort="mean"))
    expected = frames_of(recipe, "cpu")
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    with pretend_device():
        found = frames_of(recipe, "auto")
    for one, other in zip(found, expected, strict=True):
        assert one.device != other.device
        np.testing.assert_array_equal(one.prepared, other.prepared)
        assert one.prepared_range == other.prepared_range
        view, reference = one.view, other.view
        scale = float(np.abs(reference.map).max())
        np.testing.assert_allclose(view.map, reference.map, rtol=1e-4, atol=1e-5 * scale)
        assert np.abs(view.mosaic.astype(int) - reference.mosaic).max() <= 1
        assert sorted(view.order) == sorted(reference.order)
        assert (np.diff(reference.channels.mean[view.order]) <= 1e-5 * scale).all(), "the same order, up to rounding"
        assert view.signed == reference.signed
        np.testing.assert_allclose(view.channels.mean, reference.channels.mean, rtol=1e-4, atol=1e-5 * scale)
        np.testing.assert_allclose(view.channels.std, reference.channels.std, rtol=1e-4, atol=1e-5 * scale)
        assert view.statistics.zeros == pytest.approx(reference.statistics.zeros, abs=1e-4)
        assert (view.kernel is None) == (reference.kernel is None)
        if view.kernel is not None:
            np.testing.assert_array_equal(view.kernel, reference.kernel)
        assert [p.index for p in one.predictions] == [p.index for p in other.predictions]
        assert one.locked == pytest.approx(other.locked, rel=1e-3, abs=1e-5 * scale)
        alike(one.thumbnails, other.thumbnails)
        assert one.columns.keys() == other.columns.keys()
        for name, column in one.columns.items():
            alike(dict(column), dict(other.columns[name]))
        assert one.overtime
        assert other.overtime
        assert one.overtime.layers.keys() == other.overtime.layers.keys()
        for name, span in one.overtime.layers.items():
            np.testing.assert_allclose(span.high, other.overtime.layers[name].high, rtol=1e-3, atol=1e-4)
        patches, wanted = one.overtime.patches.found, other.overtime.patches.found
        assert [(p.unit, p.box, p.index) for p in patches] == [(p.unit, p.box, p.index) for p in wanted]
        for unit, told in zip(one.overtime.units, other.overtime.units, strict=True):
            np.testing.assert_allclose(unit.values, told.values, rtol=1e-3, atol=1e-4)


def alike(found: Any, expected: Any) -> None:
    """Thumbnails by name."""
    assert found.keys() == expected.keys()
    for name, thumbnail in found.items():
        assert thumbnail.signed == expected[name].signed
        assert np.abs(thumbnail.levels.astype(int) - expected[name].levels).max() <= 1


# A still picture whose view is changed


@pytest.mark.usefixtures("there")
def test_a_still_is_shown_otherwise_from_the_maps_that_stayed() -> None:
    network = Session().open("lenet5", "none")
    frame, recipe = frames(1)[0], Recipe(network="lenet5", weights="none", thumbnails=())
    frame_path.run(network, frame, recipe)
    seen = network.seen
    c, h, w = 6, 28, 28

    def again(**changes: Any) -> tuple[FrameResult, int]:
        with crossings() as crossed:
            result = frame_path.run(network, frame, recipe.with_(**changes))
        assert network.seen is seen, "another forward"
        assert result.view.kernel is not None
        others = [size for size in crossed if size != result.view.kernel.nbytes]  # a new channel's weights come too
        assert len(others) <= 1
        return result, sum(others)

    assert again()[1] == again(view=View(sort="max", aspect=3.0))[1] == 0
    shown = [again(channel=2), again(view=View(scale="layer"), channel=4), again(unit=(3, 4), channel=4)]
    assert [crossed for _result, crossed in shown] == [
        4 * h * w + 8 * 64,
        c * h * w + 4 * h * w + 8 * 64,
        c * h * w,  # back to the first scale
    ]
    with crossings() as crossed:
        assert seen is not None
        values = [seen.reading(Unit(seen.layer.id, channel, 3, 5)) for channel in (4, 1)]
        assert seen.reading(Unit(seen.layer.id, 0, h, 0)) is None
    assert crossed == [4], "one value of another map, none of the map that is here"
    with crossings() as crossed:
        raw = frame_path.raw_maps(network, frame, recipe)
    assert crossed == [4 * c * h * w]
    assert values == [raw[4, 3, 5], raw[1, 3, 5]]
    for (result, _crossed), view in zip(shown, (View(), View(scale="layer"), View()), strict=True):
        host = HostMaps(raw)
        same_view(result.view, reduce.show(host, host.figures(), seen.layer, result.view.channel, view, None))


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("name", ["auto", "pretend"])
def test_where_another_view_finds_no_memory_the_cpu_looks_again_or_it_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = device.choose
    monkeypatch.setattr(device, "choose", lambda one="auto": DEVICE if one == "pretend" else chosen(one))
    network = Session().open("lenet5", "none", device=name)
    frame, recipe = frames(1)[0], Recipe(network="lenet5", weights="none", thumbnails=())
    frame_path.run(network, frame, recipe)

    def no_room(*_: object, **__: object) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(on_device, "levels", no_room)
    other = recipe.with_(view=View(scale="layer"))
    if name == "auto":
        result = frame_path.run(network, frame, other)
        assert (result.device, network.device.type) == ("cpu", "cpu")
        assert network.moved is not None
        expected = Session().open("lenet5", "none", device="cpu")
        np.testing.assert_array_equal(result.view.mosaic, frame_path.run(expected, frame, other).view.mosaic)
    else:
        with pytest.raises(DeviceError, match="meta has not enough memory"):
            frame_path.run(network, frame, other)
        assert network.device == DEVICE


# Layers of every kind


def layer(output: tuple[int, ...], axes: str) -> Layer:
    return Layer("x", "x", "relu", ("input",), output, axes)


def shown(maps: held.Held, of: Layer, view: View, channel: int = 1) -> LayerView:
    return reduce.show(maps, maps.figures(), of, channel, view, None)


@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 90, 301), (300, 1, 1), (70, 31, 33)], ids=str)
@pytest.mark.parametrize("kind", [*KINDS, "zero", "one constant", "positive", "narrow"])
def test_odd_layers_too(kind: str, shape: tuple[int, int, int]) -> None:
    values = sample(kind, shape)
    match kind:
        case "zero":
            values[:] = 0
        case "one constant":
            values[1], values[0, 0] = 0.75, -0.0
        case "positive":
            values = np.abs(values) + np.float32(0.5)
        case "narrow":  # neighbouring numbers: far more of them than of levels are between none
            values = np.where(values > 0, np.float32(3), np.nextafter(np.float32(3), np.float32(4)))
    of = layer(shape, "CHW")
    with pretend_device():
        maps = reduce.hold(of, Parcel(), 1, View())(torch.from_numpy(values)[None].to(DEVICE))
        assert isinstance(maps, DeviceMaps)
        for view in (*VIEWS, View(scale="fixed", low=3e35, high=-3e35)):
            with np.errstate(over="ignore"):
                same_view(shown(maps, of, view), shown(HostMaps(values), of, view))


@pytest.mark.parametrize("shape", [(5, 1, 1), (64, 33, 31), (3, 200, 200)], ids=str)
@pytest.mark.parametrize("kind", ["signed", "relu", "far", "positive"])
def test_where_the_hardware_has_no_float64(
    kind: str, shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = sample(kind, shape) if kind != "positive" else np.abs(sample("signed", shape)) + np.float32(0.5)
    of = layer(shape, "CHW")
    monkeypatch.setattr(on_device, "widest", lambda _place: torch.float32)
    with pretend_device():
        maps = reduce.hold(of, Parcel(), 1, View())(torch.from_numpy(values)[None].to(DEVICE))
        assert isinstance(maps, DeviceMaps)
        for view in VIEWS:
            if view.sort == "mean":  # means that lie closer than float32 tells may change places
                keys = HostMaps(values).figures().table.mean[shown(maps, of, view).order]
                assert (np.diff(keys) <= 1e-6 * np.abs(keys).max()).all()
                view = replace(view, sort="channel")
            found, expected = shown(maps, of, view), shown(HostMaps(values), of, view)
            assert np.abs(found.mosaic.astype(int) - expected.mosaic).max() <= 1
            np.testing.assert_array_equal(found.ranges, expected.ranges)
            for which in ("statistics", "map_statistics"):
                one, other = getattr(found, which), getattr(expected, which)
                assert one.mean == pytest.approx(other.mean, rel=1e-6, abs=1e-7)
                assert one.std == pytest.approx(other.std, rel=1e-5)
                assert (one.minimum, one.maximum, one.zeros) == (other.minimum, other.maximum, other.zeros)


def test_which_hardware_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Arc:
        has_fp64 = False

    monkeypatch.setattr(torch.xpu, "get_device_properties", lambda _place: Arc)
    kinds = [device.widest(torch.device(name)) for name in ("cuda:0", "mps", "xpu:0")]
    assert kinds == [torch.float64, torch.float32, torch.float32]


@pytest.mark.parametrize(
    ("output", "axes"), [((4, 5, 6), "CHW"), ((5, 6, 4), "HWC"), ((4,), "C"), ((9, 4), "LC"), ((3, 7), "?L"), ((), "")]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.complex64])
def test_any_axes_and_number_types_are_kept_as_on_the_cpu(
    output: tuple[int, ...], axes: str, dtype: torch.dtype
) -> None:
    tensor = (torch.randn(1, *output, generator=torch.Generator().manual_seed(1)) * 9).to(dtype)
    of = layer(output, axes)
    expected = reduce.keep(of)(tensor)
    with pretend_device():
        given = tensor.to(DEVICE)
        maps = reduce.hold(of, Parcel(), 0, View())(given)
        given.zero_()
        assert isinstance(maps, DeviceMaps)
        same_view(shown(maps, of, View()), shown(HostMaps(expected), of, View()))
        np.testing.assert_array_equal(maps.raw, expected)


def test_a_layer_without_values_is_told() -> None:
    of = layer((3, 0, 5), "CHW")
    with pretend_device():
        maps = reduce.hold(of, Parcel(), 0, View())(torch.zeros(1, 3, 0, 5).to(DEVICE))
        with pytest.raises(NetworkError, match=r"x makes no values"):
            reduce.check_values(maps, of)


@pytest.mark.parametrize("kind", [*KINDS, "one", "grey"])
def test_the_picture_that_went_in(kind: str) -> None:
    values = sample(kind if kind in KINDS else "signed", (1 if kind == "grey" else 4, 9, 11))
    tensor = torch.from_numpy(values[:, :1, :1] if kind == "one" else values)[None]
    expected, limits = reduce.picture(tensor)
    with pretend_device():
        found = reduce.pictured(given := tensor.to(DEVICE), parcel := Parcel())
        given.zero_()
        with crossings() as crossed:
            parcel.open()
            picture, ends = found()
    assert len(crossed) == 1
    assert np.abs(picture.astype(int) - expected).max() <= (kind in ("huge", "tiny"))  # in float64 there
    np.testing.assert_array_equal(ends, limits)


def test_of_an_overview_with_broken_maps_numpy_makes_the_levels() -> None:
    values = torch.from_numpy(sample("nan", (6, 9, 8)))[None]
    of = layer((6, 9, 8), "CHW")

    def columns(tensor: Tensor) -> Any:
        overview = reduce.Overview(4)
        overview.beside({}, [of])["x"](tensor)
        return overview.columns()["x"]

    expected = columns(values)
    with pretend_device():
        found = columns(values.to(DEVICE))
    assert [channel for channel, _map in found] == [channel for channel, _map in expected]
    for (_c, one), (_d, other) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.levels, other.levels)


# An answer whose numbers nobody is told


class Segments(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Conv2d(1, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x)


def test_of_a_label_map_the_labels_come_over_and_not_the_scores() -> None:
    torch.manual_seed(3)
    card, module = registry.card("lenet5"), Segments().eval()
    card = replace(card, task="segment")
    recipe = Recipe(network="lenet5", weights="none", layer="head", thumbnails=(), finding=Finding())
    labels = []
    for place in (torch.device("cpu"), DEVICE):
        with pretend_device(), crossings() as crossed:
            moved = module.to(place)
            graph = trace(moved, torch.zeros(1, 1, 32, 32, device=place))
            network = Network(card, None, moved, graph, card.preparation, (), place, (32, 32))
            crossed.clear()
            found = frame_path.run(network, frames(1)[0], recipe).found
        assert found is not None
        assert found.segmented is not None
        labels.append(found.segmented.classes)
    np.testing.assert_array_equal(*labels)
    mosaic, one, figures, picture, small, answer = 5 * 1024, 4 * 1024, 5 * 48 + 1024, 1024 + 8, 4 * 1024, 1024 + 1
    assert sum(crossed) == mosaic + one + figures + picture + small + answer + 4 * 9, "and the chosen kernel"


def test_more_classes_than_a_byte_holds() -> None:
    scores = torch.zeros(1, 300, 1, 2)
    scores[0, 299, 0, 0] = scores[0, 256, 0, 1] = 1
    assert classes(scores).tolist() == [[299, 256]]


# The parcel


def test_all_that_was_put_in_comes_in_one_copy() -> None:
    kinds = (torch.uint8, torch.float64, torch.bool, torch.float16, torch.int64, torch.bfloat16, torch.float32)
    given = [torch.arange(n + 3).to(kind) for n, kind in enumerate(kinds)]
    given += [torch.tensor(7.5), torch.zeros(0, 4), torch.arange(12.0).reshape(3, 4).T]
    box = Parcel()
    with pretend_device():
        arriving = [box.put(tensor.to(DEVICE)) for tensor in given]
        here = box.put(given[0])
        with crossings() as crossed:
            found = [one() for one in arriving]
        assert len(crossed) == 1
        later = box.put(given[1].to(DEVICE))
        assert torch.equal(later(), given[1])
    assert here() is given[0]
    for one, other in zip(found, given, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other)


def test_from_a_card_it_comes_into_pinned_memory_and_its_stream_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    class Card:
        """A tensor on a card that is not there."""

        device, shape, dtype = torch.device("cuda:1"), (4,), torch.uint8

    class Stream:
        def synchronize(self) -> None:
            done.append("waited")

    class Pinned:
        def copy_(self, other: object, non_blocking: bool = False) -> None:
            done.append(("copied", other, non_blocking))

    def empty(shape: tuple[int, ...], dtype: torch.dtype, pin_memory: bool) -> Pinned:
        done.append((shape, dtype, pin_memory))
        return Pinned()

    def stream(place: torch.device) -> Stream:
        assert place == Card.device
        return Stream()

    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch.cuda, "current_stream", stream)
    there: Any = Card()
    assert isinstance(parcel.arrived(there), Pinned)
    assert done == [((4,), torch.uint8, True), ("copied", there, True), "waited"]
