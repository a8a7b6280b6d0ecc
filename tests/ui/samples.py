"""Made-up but consistent values for tests of the window: a graph, results, and an engine that only remembers."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np

from explorer.engine.events import NetworkInfo, NetworkReady, ResultReady
from explorer.engine.transport import Command
from explorer.graph.values import Graph, Layer
from explorer.questions import Question
from explorer.recipe import Recipe, View
from explorer.render import tiles
from explorer.reproduce import Kept
from explorer.settings import Settings
from explorer.values import (
    LEVEL_NAN,
    LEVELS,
    ChannelTable,
    Frame,
    FrameResult,
    Geometry,
    LayerView,
    Prediction,
    Statistics,
    Thumbnail,
)
from explorer.zoo.card import Card, Preparation, Weights
from ui.controller import Controller
from ui.store import Store

PREPARATION = Preparation((3, 224, 224), 256, "bilinear", (127.0,) * 3, (128.0,) * 3, 255.0)
WEIGHTS = Weights("made-up", "made-up.pth", "", "", 0, "", PREPARATION, "imagenet1k", "ImageNet", "")
CARD = Card(
    "sample", "Sample Net", "sample", 2026, "a made-up network", 1000, "", (WEIGHTS,), PREPARATION, "imagenet1k"
)


class Engine:
    """Remembers what it is asked; the newest wish is last."""

    def __init__(self) -> None:
        self.wishes: list[Recipe] = []
        self.frozen = self.resting = self.busy = False
        self.reloads = 0
        self.commands: list[Command] = []
        self.exports: list[tuple[str, str]] = []
        self.questions: list[Question] = []
        self.calculations: list[tuple[str, Callable[[], object]]] = []
        self.dropped: list[Question] = []
        self.saved: list[tuple[str, bytes]] = []
        self.made_from: Kept | None = None
        self.weights: list[tuple[str, ...]] = []

    def wish(self, recipe: Recipe) -> None:
        self.wishes.append(recipe)

    def prefer(self, settings: Settings) -> None:
        self.settings = settings

    def reload(self) -> None:
        self.reloads += 1

    def freeze(self, frozen: bool) -> None:
        self.frozen = frozen

    def rest(self, resting: bool) -> None:
        self.resting = resting

    def play(self, command: Command) -> None:
        self.commands.append(command)

    def calculate(self, lane: str, work: Callable[[], object]) -> None:
        self.calculations.append((lane, work))

    def ask(self, question: Question) -> None:
        self.questions.append(question)

    def drop(self, question: Question) -> None:
        self.dropped.append(question)

    def download(self, network: str, weights: str) -> None:
        self.weights.append(("download", network, weights))

    def cancel_download(self, network: str, weights: str) -> None:
        self.weights.append(("cancel", network, weights))

    def import_weights(self, path: str, network: str = "") -> None:
        self.weights.append(("import", path, network))

    def remove_weights(self, network: str, weights: str) -> None:
        self.weights.append(("remove", network, weights))

    def save(self, path: str, fill: Callable[[BinaryIO], object], made_from: Kept | None = None) -> None:
        file = io.BytesIO()
        fill(file)
        self.saved.append((path, file.getvalue()))
        self.made_from = made_from

    def export(self, kind: str, path: str) -> None:
        self.exports.append((kind, path))


def graph(blocks: int = 6, width: int = 64) -> Graph:
    """Return conv, relu, pool, then ``blocks`` of conv, bn, relu, add, then a head; 5 + 5·blocks + 3 layers."""
    layers = [Layer("input", "input", "input", (), (3, 224, 224), "CHW")]

    def put(id: str, op: str, output: tuple[int, ...], axes: str = "CHW", **more: Any) -> None:
        more.setdefault("inputs", (layers[-1].id,))
        layers.append(Layer(id, id.split(":")[0], op, output=output, axes=axes, **more))

    def conv(id: str, output: tuple[int, ...], kernel: int, block: str) -> None:
        attributes = {"kernel": [kernel, kernel], "stride": [1, 1], "groups": 1}
        put(id, "conv2d", output, parameters=1000, macs=10**6, attributes=attributes, module="Conv2d", block=block)

    conv("stem.conv", (width, 112, 112), 7, "stem")
    put("stem.bn", "batch_norm", (width, 112, 112), parameters=128, block="stem", module="BatchNorm2d")
    put("stem.relu", "relu", (width, 112, 112), block="stem", module="ReLU")
    put("pool", "max_pool2d", (width, 56, 56), attributes={"kernel": [3, 3]}, module="MaxPool2d")
    for number in range(blocks):
        block, start = f"layer{number // 2 + 1}.{number % 2}", layers[-1].id
        hw = 56 >> min(number // 2, 3)
        conv(f"{block}.branch_with_a_long_name.conv1", (width, hw, hw), 3, block)
        put(f"{block}.bn1", "batch_norm", (width, hw, hw), parameters=128, block=block, module="BatchNorm2d")
        put(f"{block}.relu", "relu", (width, hw, hw), block=block, module="ReLU")
        put(f"{block}.add", "add", (width, hw, hw), block=block, inputs=(layers[-1].id, start))
        put(f"{block}.relu:2", "relu", (width, hw, hw), block=block, module="ReLU")
    put("mean", "mean", (width,), "C")
    put("fc", "linear", (1000,), "C", parameters=1000 * width, macs=1000 * width, module="Linear")
    return Graph(tuple(layers))


def network(of: Graph | None = None, trained: bool = True) -> NetworkInfo:
    """Return a loaded network with graph ``of``."""
    name = "made-up" if trained else "none"
    return NetworkInfo(CARD, of or graph(), name, trained, CARD.labels, "CPU", 1)


def values(count: int, hw: tuple[int, int], seed: int = 0, signed: bool = True) -> np.ndarray:
    """Return float32 (count, h, w): smooth blobs whose place and strength depend on the channel."""
    return _values(count, hw, seed, signed).copy()


@lru_cache(128)
def _values(count: int, hw: tuple[int, int], seed: int, signed: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : hw[0], 0 : hw[1]].astype(np.float32) / max(hw)
    centres = rng.random((count, 3, 2, 1, 1), dtype=np.float32)
    weights = rng.normal(size=(count, 3, 1, 1)).astype(np.float32) * (1 + np.arange(count)[:, None, None, None] % 5)
    maps = (weights * np.exp(-((y - centres[:, :, 0]) ** 2 + (x - centres[:, :, 1]) ** 2) * 30)).sum(axis=1)
    maps += rng.normal(scale=0.05, size=maps.shape)
    return np.asarray(maps if signed else np.maximum(maps, 0), np.float32)


def statistics(of: np.ndarray) -> Statistics:
    """Return the figures of ``of``."""
    finite = of[np.isfinite(of)].astype(np.float64)
    nan, inf = int(np.isnan(of).sum()), int(np.isinf(of).sum())
    if not finite.size:
        return Statistics(np.nan, np.nan, np.nan, np.nan, 0.0, nan, inf, np.zeros(64, np.int64))
    zeros, counts = float((of == 0).mean()), np.histogram(finite, 64)[0].astype(np.int64)
    low, high, mean, std = (float(f(finite)) for f in (np.min, np.max, np.mean, np.std))
    return Statistics(low, high, mean, std, zeros, nan, inf, counts, float((finite < 0).mean()))


def layer_view(layer: Layer, maps: np.ndarray, recipe: Recipe, kernel: np.ndarray | None = None) -> LayerView:
    """Return ``maps`` (C, h, w) as the view of ``layer`` that ``recipe`` wants."""
    count, view, channel = len(maps), recipe.view, min(recipe.channel, len(maps) - 1)
    finite = np.where(np.isfinite(maps), maps, 0)
    low, high = finite.min(axis=(1, 2)), finite.max(axis=(1, 2))
    if view.scale == "layer" or maps[0].size == 1:
        low, high = np.full(count, low.min()), np.full(count, high.max())
    elif view.scale == "fixed":
        low, high = np.full(count, view.low), np.full(count, view.high)
    signed = bool(finite.min() < 0)
    if signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    span = np.where(high > low, high - low, 1)[:, None, None]
    levels = np.clip(np.rint((finite - low[:, None, None]) / span * (LEVELS - 1)), 0, LEVELS - 1).astype(np.uint8)
    levels[~np.isfinite(maps)] = LEVEL_NAN
    table = ChannelTable(
        finite.min(axis=(1, 2)).astype(np.float64),
        finite.max(axis=(1, 2)).astype(np.float64),
        finite.mean(axis=(1, 2)).astype(np.float64),
        finite.std(axis=(1, 2)).astype(np.float64),
        (maps == 0).mean(axis=(1, 2)),
        np.isnan(maps).sum(axis=(1, 2)),
        np.isinf(maps).sum(axis=(1, 2)),
    )
    keys = {"channel": -np.arange(count), "mean": table.mean, "max": table.maximum, "zeros": table.zeros}
    order = np.argsort(-keys[view.sort], kind="stable")
    grid = tiles.grid(count, maps.shape[1:], view.aspect)
    return LayerView(
        layer,
        tiles.mosaic(levels, order, grid),
        grid,
        order,
        np.stack([low, high], axis=1).astype(np.float32),
        signed,
        statistics(maps),
        table,
        channel,
        maps[channel],
        levels[channel],
        statistics(maps[channel]),
        kernel,
    )


@lru_cache(32)
def _made_up(count: int, hw: tuple[int, int], signed: bool, view: View, channel: int, seed: int) -> LayerView:
    layer = Layer("made-up", "made-up", "relu", (), (count, *hw), "CHW")
    return layer_view(layer, _values(count, hw, seed, signed), Recipe(channel=channel, view=view))


def thumbnail(layer: Layer, seed: int = 0) -> Thumbnail:
    """Return a thumbnail of at most 48 px a side."""
    hw = (min(48, layer.output[1]), min(48, layer.output[2])) if len(layer.output) == 3 else (1, 48)
    level = values(1, hw, seed, signed=False)[0]
    return Thumbnail((level / (level.max() or 1) * (LEVELS - 1)).astype(np.uint8), signed=False)


def result(
    recipe: Recipe | None = None,
    of: Graph | None = None,
    *,
    maps: np.ndarray | None = None,
    kernel: np.ndarray | None = None,
    trained: bool = True,
    seed: int = 0,
) -> FrameResult:
    """Return what one frame gave; ``recipe.layer`` "" is the first convolution, its maps are made up from ``seed``."""
    recipe, of = recipe or Recipe(), of or graph()
    layer = of[recipe.layer] if recipe.layer else of.layers[1]
    if kernel is None and "kernel" in layer.attributes and layer.op == "conv2d":
        size = layer.attributes["kernel"][0]
        before = of[layer.inputs[0]].channels
        kernel = np.random.default_rng(seed).normal(scale=0.1, size=(before, size, size)).astype(np.float32)
    if maps is None:
        signed = layer.op not in ("relu", "max_pool2d")
        hw = (layer.output[1], layer.output[2]) if len(layer.output) == 3 else (1, 1)
        found = _made_up(layer.channels, hw, signed, recipe.view, recipe.channel, seed)
        view = replace(found, layer=layer, kernel=kernel)
    else:
        view = layer_view(layer, maps, recipe, kernel)
    pixels = np.random.default_rng(seed).integers(0, 256, (300, 451, 3), dtype=np.uint8)
    frame = Frame(pixels, "made-up.png", index=seed)
    wanted = [each.id for each in of] if recipe.thumbnails == ("*",) else recipe.thumbnails
    return FrameResult(
        recipe,
        frame,
        frame,
        Geometry((300, 451), (224, 224), (300 / 256, 300 / 256), (18.75, 94.25)),
        pixels[:224, :224],
        (-1.0, 1.0),
        tuple(Prediction(n, f"class {n}", p) for n, p in enumerate((0.425, 0.329, 0.242, 0.003, 0.001))),
        trained,
        {name: thumbnail(of[name], seed + n) for n, name in enumerate(wanted)},
        view,
        "CPU",
        {"read": 1.0, "filter": 0.0, "prepare": 2.0, "forward": 15.2, "render": 1.1},
    )


class Bench:
    """A store and a controller with an engine that only remembers, and what it takes to feed them."""

    def __init__(self, recipe: Recipe | None = None, of: Graph | None = None, trained: bool = True) -> None:
        self.engine, self.graph, self.trained = Engine(), of or graph(), trained
        self.store = Store(recipe or Recipe(network="sample"))
        self.controller = Controller(self.engine, self.store)

    def load(self) -> None:
        """Let the network be ready."""
        self.controller.on_event(NetworkReady(network(self.graph, self.trained)))

    def give(self, **more: Any) -> FrameResult:
        """Let a result for the current recipe arrive."""
        fresh = result(self.store.recipe, self.graph, trained=self.trained, **more)
        self.controller.on_event(ResultReady(fresh))
        return fresh

    def look(self, **changes: Any) -> None:
        """Change how maps become colours."""
        fields = {**self.store.recipe.view.__dict__, **changes}
        self.controller.change(view=View(**fields))
