"""What the window costs: ``python -m ui.bench WHAT`` prints JSON for ``explorer.bench``; ``main`` lists what."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from explorer.engine import Engine
from explorer.graph.values import Layer
from explorer.recipe import Recipe
from explorer.render import tiles
from explorer.settings import Settings
from explorer.values import Bytes, ChannelTable, LayerView, Source, Statistics
from ui.app import Application, qt_application
from ui.bridge import Bridge
from ui.controller import Controller
from ui.store import Store
from ui.widgets.level_image import colour_table
from ui.widgets.mosaic_view import MosaicView

MAPS_CHW = (512, 28, 28)
ROUNDS = 15
SIZE = (900, 900)
PANNED = (1280, 800)
SCALES, FRAMES = (0.0, 0.3, 0.8, 1.5), 60
"""Of the panned graph, 0 the whole; and how many frames at each."""
TICK_MS = 10
GAPS = 800
LIMIT_MS = 120_000
CLICKS, CLICK_MS = 60, 50
LOOKED_AT = Recipe(network="resnet152", weights="none", layer="layer3.20.relu:3")
LOOPED = Recipe(source=Source("demo", ""), network="vgg16", weights="none")


def main(words: list[str]) -> int:
    """Run one measurement and print its figures."""
    figures = {
        "mosaic": mosaic,
        "pan": pan,
        "area": area,
        "area_live": area_live,
        "gap": gap,
        "window_gap": window_gap,
    }[words[0]]()
    print(json.dumps(figures))
    return 0


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


def area_live() -> dict[str, float]:
    """Return the same as ``area`` while the demo feed plays, so that frames come between the clicks."""
    return area(LOOKED_AT.with_(source=Source("demo", "")))


def area(recipe: Recipe | None = None) -> dict[str, float]:
    """Return ms from a click, and from a move, on a cell of ResNet-152 to the window with its area painted."""
    app = qt_application()
    application = Application(app, recipe or LOOKED_AT, Settings(), remember=False)
    clicks = _Clicks(application)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    application.window.deleteLater()
    application.deleteLater()
    return clicks.figures()


def gap() -> dict[str, float]:
    """Return the gaps of a timer of ``TICK_MS`` while VGG-16 loops on the demo feed: engine, bridge and controller."""
    app = qt_application()
    bridge = Bridge()
    engine = Engine(bridge.notify, Settings())
    bridge.attach(engine)
    store = Store(LOOPED)
    controller = Controller(engine, store)
    bridge.arrived.connect(controller.on_event)
    ticker = _Ticker(store, app.quit)
    engine.start()
    controller.start()
    app.exec()
    engine.stop()
    return ticker.figures()


def window_gap() -> dict[str, float]:
    """Return the same with the whole window, which paints every result."""
    app = qt_application()
    application = Application(app, LOOPED, Settings(), remember=False)
    ticker = _Ticker(application.store, application.end)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    return ticker.figures()


def start(began_s: float) -> None:
    """Print the seconds from ``began_s`` (``time.perf_counter()``) to the first paint and to the first prediction."""
    app = qt_application()
    application = Application(app, Recipe(), Settings(), remember=False)
    watch = _Start(application, began_s)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    print(json.dumps(watch.seconds))


class _Ticker(QObject):
    """Counts the gaps of a timer from the second result on: then loading is over."""

    def __init__(self, store: Store, end: Callable[[], None]) -> None:
        super().__init__()
        self._store, self._end = store, end
        self.gaps_ms: list[float] = []
        self.results = 0
        self._last_s = 0.0
        self._timer, self._limit = QTimer(self), QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS)
        store.result_changed.connect(self._count)

    def figures(self) -> dict[str, float]:
        """Return what the gaps were."""
        gaps = np.array(self.gaps_ms)
        if len(gaps) < GAPS:
            raise RuntimeError(f"only {len(gaps)} gaps: {self._store.problems}")
        return {
            "p50_ms": float(np.percentile(gaps, 50)),
            "p99_ms": float(np.percentile(gaps, 99)),
            "longest_ms": float(gaps.max()),
            "results": float(self.results),
            "seconds": float(gaps.sum() / 1000),
        }

    @Slot()
    def _count(self) -> None:
        self.results += 1
        if self.results == 2:
            self._last_s = time.perf_counter()
            self._timer.start(TICK_MS)

    @Slot()
    def _tick(self) -> None:
        now_s = time.perf_counter()
        self.gaps_ms.append((now_s - self._last_s) * 1000)
        self._last_s = now_s
        if len(self.gaps_ms) == GAPS:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        self._timer.stop()
        self._limit.stop()
        self._end()


class _Clicks(QObject):
    """Clicks and points at cells of the large map once the network's areas are known."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self.click_ms: list[float] = []
        self.move_ms: list[float] = []
        self._turn = 0
        self._timer, self._limit = QTimer(self), QTimer(self)
        self._timer.timeout.connect(self._next)
        self._timer.start(CLICK_MS)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS)

    def figures(self) -> dict[str, float]:
        """Return what was measured."""
        if len(self.move_ms) < CLICKS:
            raise RuntimeError(f"only {len(self.move_ms)} clicks: {self._application.store.problems}")
        return {
            "click_p50_ms": float(np.percentile(self.click_ms, 50)),
            "click_p99_ms": float(np.percentile(self.click_ms, 99)),
            "move_p50_ms": float(np.percentile(self.move_ms, 50)),
            "move_p99_ms": float(np.percentile(self.move_ms, 99)),
            "clicks": float(len(self.click_ms)),
        }

    @Slot()
    def _next(self) -> None:
        store, explore = self._application.store, self._application.window.explore
        if store.fields is None or store.result is None:
            return
        (h, w), view = store.result.view.map.shape, explore.channel.map
        if store.result.view.layer.id != store.recipe.layer or view.viewport is None:
            return
        self._turn += 1
        before = explore.source.view.outlines
        moves = self._turn % 2
        cell = view.rect_of(*(float(at) for at in _box(self._turn * 5 % h, self._turn * 3 % w))).center()
        _settle(self._application.window)  # what a frame has changed is not the click's
        start_s = time.perf_counter()
        _mouse(view, QEvent.Type.MouseMove if moves else QEvent.Type.MouseButtonPress, cell)
        _settle(self._application.window)  # the area is there before the finger is up again
        (self.move_ms if moves else self.click_ms).append((time.perf_counter() - start_s) * 1000)
        _mouse(view, QEvent.Type.MouseButtonRelease, cell)
        if explore.source.view.outlines == before:
            raise RuntimeError(f"turn {self._turn} outlined nothing new")
        if len(self.click_ms) == CLICKS:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        self._timer.stop()
        self._limit.stop()
        self._application.end()


def _box(y: int, x: int) -> tuple[int, int, int, int]:
    return y, x, y + 1, x + 1


def _mouse(widget: QWidget, kind: QEvent.Type, place: QPointF) -> None:
    moves = kind == QEvent.Type.MouseMove
    button = Qt.MouseButton.NoButton if moves else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.LeftButton if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
    plain = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, QPointF(widget.mapToGlobal(place)), button, held, plain)
    QCoreApplication.sendEvent(widget, event)


def _settle(window: QWidget) -> None:
    """Paint at once whatever of ``window`` is to be painted."""
    QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))


class _Start(QObject):
    """Notes when the window is first painted and when it first shows predictions."""

    def __init__(self, application: Application, began_s: float) -> None:
        super().__init__()
        self._application = application
        self._began_s = began_s
        self.seconds: dict[str, float] = {}
        application.window.painted.connect(self._painted)
        application.store.result_changed.connect(self._result)
        application.store.problems_changed.connect(application.end)
        self._limit = QTimer(self)
        self._limit.timeout.connect(application.end)
        self._limit.start(LIMIT_MS)

    @Slot()
    def _painted(self) -> None:
        self.seconds["first_paint_s"] = time.perf_counter() - self._began_s

    @Slot()
    def _result(self) -> None:
        self._application.window.repaint()
        self.seconds["first_prediction_s"] = time.perf_counter() - self._began_s
        self._application.end()


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
