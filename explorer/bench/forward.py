"""What capture costs on top of a bare forward, and what the whole path costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from explorer import frame_path, reduce, sources
from explorer.bench import process
from explorer.bench.figures import Figure, interleaved
from explorer.capture import capture, clones
from explorer.graph.blocks import Outline
from explorer.graph.layout import layout
from explorer.graph.values import Layer
from explorer.prepare import prepare
from explorer.receptive.analyse import Fields, analyse
from explorer.recipe import Recipe, View
from explorer.render import measure
from explorer.session import Network, Session

NETWORKS = {"resnet18": 40, "vgg16": 15}
"""Each with its rounds."""
LIMITS = {"first": 1.25, "middle": 1.10, "last": 1.10}
"""Of a still picture, which runs by the network's own calls, and of a frame of a live source."""
ALL_LIMIT = 1.40
COLUMNS, OVERVIEW_LIMIT = 6, 1.25
"""Maps of every stage, and what they may cost."""
LAYOUT_LIMIT, LAYOUT_ROUNDS = 5.0, 10
AREAS_LIMIT, AREAS_ROUNDS = 2.0, 10


def figures() -> Iterator[Figure]:
    """Yield the figures of both networks."""
    session = Session()
    for name, rounds in NETWORKS.items():
        network = session.open(name, "none", device="cpu")
        yield from _of(network, rounds, process.bare_forward_ms(name, rounds + 3))
    yield _layout(session.open("densenet201", "none", device="cpu"))
    yield _areas(session.open("resnet152", "none", device="cpu"))


def calibration_ms(rounds: int = 15) -> float:
    """Return the median ms of a bare forward of ResNet-18: how fast this machine is now."""
    network = Session().open("resnet18", "none", device="cpu")
    x = example(network)
    return interleaved({"bare": _bare(network, x)}, rounds).median("bare")


def _of(network: Network, rounds: int, defaults_ms: float) -> Iterator[Figure]:
    x = example(network)
    convolutions = [layer for layer in network.graph if layer.op == "conv2d"]
    chosen = {
        "first": convolutions[0],
        "middle": convolutions[len(convolutions) // 2],
        "last": convolutions[-1],
    }
    bare = _bare(network, x)
    everything = clones(network.graph)
    frame, whole = sources.read(Recipe().source), Recipe(network=network.card.name, weights="none", thumbnails=())

    def path(recipe: Recipe = whole) -> None:
        network.seen = None
        frame_path.run(network, frame, recipe)

    times = interleaved(
        {
            "bare": bare,
            **{name: _captured(network, x, layer, live=True) for name, layer in chosen.items()},
            **{f"{name}_still": _captured(network, x, layer, live=False) for name, layer in chosen.items()},
            "all": lambda: capture(network.module, network.graph, x, everything),
            "path": path,
            "overview": lambda: path(whole.with_(columns=COLUMNS)),
        },
        rounds,
    )
    calibration = times.median("bare") if network.card.name == "resnet18" else calibration_ms()

    def figure(what: str, key: str, limit: float | None) -> Figure:
        absolute = {f"{key}_ms": times.median(key), "bare_ms": times.median("bare")}
        return Figure(
            f"{network.card.name}: {what} ÷ bare forward", times.ratio(key, "bare"), limit, absolute, calibration
        )

    for name, layer in chosen.items():
        what = f"{name} convolution ({layer.id}) captured and rendered"
        yield figure(f"{what}, live", name, LIMITS[name])
        yield figure(f"{what}, still", f"{name}_still", LIMITS[name])
    yield figure("all layers cloned, not rendered", "all", ALL_LIMIT)
    yield figure("the whole path of a frame, first convolution", "path", None)
    yield Figure(
        f"{network.card.name}: the whole path with the overview ÷ without",
        times.ratio("overview", "path"),
        OVERVIEW_LIMIT,
        {"overview_ms": times.median("overview"), "path_ms": times.median("path")},
        calibration,
    )
    for key in ("first", "middle", "last", "all"):
        yield Figure(
            f"{network.card.name}: {key} ÷ a bare forward in a fresh process with torch's own defaults",
            times.median(key) / defaults_ms,
            None,
            {f"{key}_ms": times.median(key), "defaults_ms": defaults_ms},
            calibration,
        )


def _layout(network: Network) -> Figure:
    """Return what it costs to lay out a drawing of every op."""
    bare = _bare(network, example(network))
    times = interleaved({"bare": bare, "layout": lambda: layout(Outline(network.graph).draw(()))}, LAYOUT_ROUNDS)
    return Figure(
        f"{network.card.name}: graph of every op laid out ÷ bare forward",
        times.ratio("layout", "bare"),
        LAYOUT_LIMIT,
        {"layout_ms": times.median("layout"), "bare_ms": times.median("bare"), "ops": float(len(network.graph))},
        calibration_ms(),
    )


def _areas(network: Network) -> Figure:
    """Return what the receptive fields of every layer cost once the graph is there, and a click on the last maps."""

    def every() -> Fields:
        fields = analyse(network.graph)
        assert all(field.path for _, field in fields)
        return fields

    bare, fields = _bare(network, example(network)), every()
    layer = next(one for one in reversed(network.graph.layers) if one.axes == "CHW" and one.output[1] > 1)

    def click() -> None:
        fields.area(layer.id, (3, 3))

    times = interleaved({"bare": bare, "areas": every, "click": click}, AREAS_ROUNDS)
    return Figure(
        f"{network.card.name}: receptive fields of all layers ÷ bare forward",
        times.ratio("areas", "bare"),
        AREAS_LIMIT,
        {f"{key}_ms": times.median(key) for key in ("areas", "bare", "click")} | {"layers": float(len(network.graph))},
        calibration_ms(),
    )


def example(network: Network) -> Tensor:
    """Return a sample picture as the network's input, float32 (1, C, h, w)."""
    return prepare(sources.read(Recipe().source), network.preparation, network.device, network.input_hw).tensor


def _bare(network: Network, x: Tensor) -> Callable[[], object]:
    def run() -> object:
        with torch.inference_mode():
            return network.module(x)

    return run


def _captured(network: Network, x: Tensor, layer: Layer, live: bool) -> Callable[[], object]:
    """Return what captures one layer, as the path of a frame does, and makes it into what the window paints."""
    view, wanted = View(), {layer.id: reduce.keep(layer)}

    def run() -> object:
        if live:
            maps = network.fast.capture(x, wanted, layer.id).values[layer.id]
        else:
            maps = capture(network.module, network.graph, x, wanted, steady=network.steady).values[layer.id]
        return reduce.show(maps, measure.figures(maps), layer, 0, view, network.kernel(layer, 0))

    return run
