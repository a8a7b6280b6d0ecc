"""What painting costs: the mosaic of a layer's maps, and the graph of a network that is panned."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from explorer.graph.values import Layer
from explorer.render import tiles
from explorer.values import Bytes, ChannelTable, LayerView, Statistics
from ui.app import qt_application
from ui.widgets.level_image import colour_table
from ui.widgets.mosaic_view import MosaicView

MAPS_CHW = (512, 28, 28)
ROUNDS = 15
SIZE = (900, 900)
PANNED = (1280, 800)
SCALES, FRAMES = (0.0, 0.3, 0.8, 1.5), 60
"""Of the panned graph, 0 the whole; and how many frames at each."""


def mosaic() -> dict[str, float]:
    """Return ms from new maps to painted ones: our mosaic, and one pyqtgraph ImageItem a map, in turns."""
    app = qt_application()
    rng = np.random.default_rng(0)
    data = [rng.integers(0, 253, MAPS_CHW, dtype=np.uint8) for _ in range(ROUNDS)]
    views = [_layer_view(levels) for levels in data]
    table = colour_table("viridis", False, "#000000")
    ours = MosaicView()
    theirs, items = _image_items()
    for widget in (ours, theirs):
        widget.resize(*SIZE)
        widget.show()
    app.processEvents()

    def paint_ours(turn: int) -> None:
        ours.show_maps(views[turn], table)
        ours.repaint()

    def paint_theirs(turn: int) -> None:
        for item, levels in zip(items, data[turn], strict=True):
            item.setImage(levels, autoLevels=False)
        theirs.viewport().repaint()

    times: dict[str, list[float]] = {"mosaic_ms": [], "image_items_ms": []}
    for turn in range(ROUNDS):
        times["mosaic_ms"].append(_ms(paint_ours, turn))
        times["image_items_ms"].append(_ms(paint_theirs, turn))
    ours.close()
    theirs.close()
    return {name: statistics.median(ms[2:]) for name, ms in times.items()}


def pan() -> dict[str, float]:
    """Return ms from a wish to pan the graph of every op of ResNet-50 to its painted frame, at several sizes."""
    from explorer.session import Session  # loads torch
    from ui.widgets.graph_view import GraphView  # not the start's to load

    app = qt_application()
    view = GraphView()
    view.resize(*PANNED)
    view.show()
    view.show_graph(Session().open("resnet50", "none", device="cpu").graph)
    view.fold_to(frozenset())
    app.processEvents()

    def pan_and_paint(turn: int) -> None:
        view.pan(-PANNED[1] / 20, 6 if turn % 2 else -6)
        view.repaint()

    frames: list[float] = []
    for scale in SCALES:
        view.fit()
        if scale and view.viewport is not None:
            view.zoom(scale / view.viewport.scale)
        view.repaint()
        frames += [_ms(pan_and_paint, turn) for turn in range(FRAMES)]
    view.close()
    return {"median_ms": statistics.median(frames), "longest_ms": max(frames), "frames": float(len(frames))}


def _ms(action: Callable[[int], None], turn: int) -> float:
    start_s = time.perf_counter()
    action(turn)
    return (time.perf_counter() - start_s) * 1000


def _image_items() -> tuple[Any, list[Any]]:
    """Return a pyqtgraph view with one item for each map, laid out as our mosaic is."""
    import pyqtgraph

    widget = pyqtgraph.GraphicsView()
    box = pyqtgraph.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
    widget.setCentralItem(box)
    count, h, w = MAPS_CHW
    grid = tiles.grid(count, (h, w), 1.0)
    colours = pyqtgraph.colormap.get("viridis").getLookupTable(nPts=256)
    items = []
    for position in range(count):
        item = pyqtgraph.ImageItem(axisOrder="row-major", levels=(0, 255), lut=colours)
        y, x = grid.corner(position)
        item.setPos(x, y)
        box.addItem(item)
        items.append(item)
    box.setRange(xRange=(0, grid.shape[1]), yRange=(0, grid.shape[0]), padding=0)
    return widget, items


def _layer_view(levels: Bytes) -> LayerView:
    count, h, w = levels.shape
    order = np.arange(count)
    grid = tiles.grid(count, (h, w), 1.0)
    nothing, none = np.zeros(count), np.zeros(count, np.int64)
    figures = Statistics(0.0, 1.0, 0.0, 0.0, 0.0, 0, 0, np.zeros(1, np.int64))
    return LayerView(
        layer=Layer("maps", "maps", "conv2d", (), levels.shape, "CHW"),
        mosaic=tiles.mosaic(levels, order, grid),
        grid=grid,
        order=order,
        ranges=np.tile(np.array([0, 1], np.float32), (count, 1)),
        signed=False,
        statistics=figures,
        channels=ChannelTable(nothing, nothing, nothing, nothing, nothing, none, none),
        channel=0,
        map=np.zeros((h, w), np.float32),
        map_levels=levels[0],
        map_statistics=figures,
        kernel=None,
    )
