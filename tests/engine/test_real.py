"""The engine with the real rooms behind it: pictures, the demo feed and files, from a wish to an event."""

from __future__ import annotations

import gc
import itertools
import json
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.engine import Engine
from explorer.engine.events import Catalogue, Exported, FrameRead, NetworkReady, Problem, Progress, ResultReady
from explorer.engine.rooms import Rooms
from explorer.recipe import Recipe
from explorer.reproduce import beside
from explorer.session import Network
from explorer.settings import Settings
from explorer.values import Frame, Source
from tests.engine.fakes import Window, soon
from tests.test_paths import Fork, opened

SMALL = Recipe(network="lenet5", weights="none")


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def engine(window: Window) -> Iterator[Engine]:
    engine = Engine(window.notify, Settings(threads=1))
    window.engine = engine
    engine.start()
    yield engine
    assert engine.stop(30) == []


def arrived(window: Window, recipe: Recipe) -> ResultReady:
    return window.until(ResultReady, lambda event: event.result.recipe == recipe)


def test_from_a_picture_to_a_result_and_files(engine: Engine, window: Window, tmp_path: Path) -> None:
    recipe = Recipe()
    engine.wish(recipe)
    result = arrived(window, recipe).result
    assert "cat" in result.predictions[0].label
    assert result.trained
    assert result.view.layer.op == "conv2d"
    assert {"read", "prepare", "forward", "render"} <= set(result.times_ms)
    soon(lambda: any(isinstance(e, Catalogue) and e.devices for e in window.drain()))
    kinds = [type(event) for event in window.events]
    assert kinds.index(FrameRead) < kinds.index(NetworkReady) < kinds.index(ResultReady)
    stages = [event.stage.format(**event.values) for event in window.events if isinstance(event, Progress)]
    assert stages[-1] == ""
    paths = {kind: str(tmp_path / f"{kind}.{end}") for kind, end in EXPORTS.items()}
    for kind, path in paths.items():
        engine.export(kind, path)
        made_from = (str(beside(Path(path))),) if kind in ("map", "mosaic") else ()
        assert window.until(Exported).paths == (path, *made_from)
    with np.load(paths["maps"]) as archive:
        maps = archive["maps"]
    assert maps.shape == (result.view.layer.channels, *result.view.map.shape)
    np.testing.assert_array_equal(maps[result.view.channel], result.view.map)
    answers = json.loads(Path(paths["predictions"]).read_text())["predictions"]
    assert answers[0]["label"] == result.predictions[0].label
    engine.export("predictions", str(tmp_path / "missing" / "p.csv"))
    assert window.until(Problem).where == "export"


EXPORTS = {"map": "png", "mosaic": "png", "maps": "npz", "statistics": "csv", "predictions": "json"}


def test_mistakes_are_told_and_the_next_wish_works(engine: Engine, window: Window, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    for wrong, where in (
        (SMALL.with_(source=Source("picture", str(empty))), "source"),
        (SMALL.with_(source=Source("picture", str(tmp_path))), "source"),
        (SMALL.with_(network="lenet6"), "network"),
        (Recipe(network="resnet18", weights="imagenet-of-nobody"), "network"),
        (SMALL.with_(device="cuda:99"), "network"),
        (SMALL.with_(layer="conv99"), "frame"),
    ):
        engine.wish(wrong)
        problem = window.until(Problem, lambda event, where=where: event.where == where)  # type: ignore[misc]
        assert str(problem.error).count("\n") == 0
        assert "inside the program" not in str(problem.error), problem.details
    engine.wish(SMALL)
    arrived(window, SMALL)


def test_the_demo_feed_flows_and_freezes(engine: Engine, window: Window) -> None:
    demo = SMALL.with_(source=Source("demo", ""))
    engine.wish(demo)
    indices = [arrived(window, demo).result.frame.index for _ in range(3)]
    assert indices == sorted(set(indices))
    engine.freeze(True)
    other = demo.with_(channel=1)
    engine.wish(other)
    first = arrived(window, other).result
    third = demo.with_(channel=2)
    engine.wish(third)
    assert arrived(window, third).result.frame is first.frame


class OneNetwork:
    """A session that always has the same network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def open(self, *_: object, **__: object) -> Network:
        return self._network

    def close(self) -> None:
        pass


def test_the_window_is_told_of_the_path_that_a_picture_takes(window: Window, tmp_path: Path) -> None:
    pictures = {}
    for name, value in (("dark", 0), ("bright", 255)):
        Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(tmp_path / f"{name}.png")
        pictures[name] = Recipe(source=Source("picture", str(tmp_path / f"{name}.png")), network="mine")
    network = opened(Fork())
    engine = Engine(window.notify, Settings(threads=1), replace(Rooms(), session=lambda: OneNetwork(network)))
    window.engine = engine
    engine.start()
    try:
        for name in ("dark", "bright", "dark"):
            engine.wish(pictures[name])
            result = arrived(window, pictures[name]).result
            told = [event.network.graph for event in window.events if isinstance(event, NetworkReady)][-1]
            assert name in told.by_id
            assert set(result.thumbnails) == set(told.by_id)
        engine.wish(pictures["dark"].with_(layer="bright"))
        problem = window.until(Problem, lambda event: event.where == "frame")
        assert "bright did not run" in str(problem.error)
        gone = pictures["bright"].with_(layer="bright")
        engine.wish(gone)
        assert arrived(window, gone).result.view.layer.id == "bright"
    finally:
        assert engine.stop(30) == []


class Blinking:
    """A live source, dark and bright by turns: a frame each time that one is allowed."""

    def __init__(self) -> None:
        self.allow = threading.Semaphore(0)
        self._frames = itertools.count()

    def read(self) -> Frame | None:
        if not self.allow.acquire(timeout=60):
            return None
        index = next(self._frames)
        return Frame(np.full((8, 8, 3), 255 * (index % 2), np.uint8), "blinking", index)

    def close(self) -> None:
        pass


def test_a_live_source_that_changes_the_path_at_every_frame_flows_on(window: Window) -> None:
    network, live = opened(Fork()), Blinking()
    rooms = replace(Rooms(), session=lambda: OneNetwork(network), open_live=lambda _source: live)
    engine = Engine(window.notify, Settings(threads=1), rooms)
    window.engine = engine
    engine.start()
    recipe = Recipe(source=Source("camera", "0"), network="mine", layer="stem")
    try:
        engine.wish(recipe)
        for index in range(8):
            live.allow.release()
            result = window.until(ResultReady, lambda event, index=index: event.result.frame.index == index).result
            told = [event.network.graph for event in window.events if isinstance(event, NetworkReady)][-1]
            assert ("bright" in told.by_id) == bool(index % 2)
            assert set(result.thumbnails) == set(told.by_id)
            assert result.view.layer is told["stem"]
        other = recipe.with_(channel=1)
        engine.wish(other)
        assert arrived(window, other).result.frame.index == 7
        assert not [event for event in window.events if isinstance(event, Problem)]
    finally:
        live.allow.release()
        assert engine.stop(30) == []


def test_a_network_that_was_replaced_leaves_the_memory(engine: Engine, window: Window) -> None:
    engine.wish(SMALL)
    arrived(window, SMALL)
    network = engine._model._network
    assert network
    old = weakref.ref(network.module)
    del network
    other = Recipe(network="squeezenet1_1", weights="none", input_hw=(64, 64))
    engine.wish(other)
    assert arrived(window, other).result.prepared.shape == (64, 64, 3)
    gc.collect()
    assert old() is None
