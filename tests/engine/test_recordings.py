"""What the engine records of a live source: every delivered result, whatever happens to source, network or window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from explorer.engine import Engine
from explorer.engine.events import Problem, ResultReady
from explorer.engine.mailbox import Outbox
from explorer.engine.recordings import Recordings
from explorer.graph.values import Graph
from explorer.recipe import Recipe
from explorer.recording import film
from explorer.recording.values import Filmed, MapsKept
from explorer.values import Bytes, FrameResult, Source
from tests.engine.fakes import FakeLive, FakeRooms, Gate, Window, running, soon

CAMERA = Recipe(source=Source("camera", "0"), network="a", layer="one")
STEP = 12
"""Of the grey that a frame's number becomes."""


class Rooms(FakeRooms):
    """Results with a layer."""

    def _run(self, *given: Any) -> Any:
        result = super()._run(*given)
        view: Any = SimpleNamespace(layer=SimpleNamespace(id=result.recipe.layer, output=(1, 2, 2)))
        return replace(result, view=view)


@pytest.fixture
def fakes() -> FakeRooms:
    return Rooms()


@pytest.fixture
def engine(fakes: FakeRooms, window: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    def page(result: FrameResult, _fields: object, _title: str) -> Bytes:
        return np.full((32, 32, 3), STEP * result.frame.index, np.uint8)

    monkeypatch.setattr(film, "page", page)
    yield from running(fakes, window)


def live(engine: Engine, fakes: FakeRooms, recipe: Recipe = CAMERA) -> FakeLive:
    count = len(fakes.lives)
    engine.wish(recipe)
    soon(lambda: len(fakes.lives) > count)
    return fakes.lives[-1]


def step(window: Window, source: FakeLive) -> None:
    index = source.reads
    source.allow.release()
    window.until(ResultReady, lambda event: event.result.frame.index == index)


def shown(path: Path) -> list[int]:
    """Return the numbers of the frames in a film."""
    with av.open(str(path)) as file:
        return [round(frame.to_ndarray(format="rgb24").mean() / STEP) for frame in file.decode(video=0)]


def test_every_result_is_recorded_across_networks_layers_and_rest(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    path, source = tmp_path / "a.mp4", live(engine, fakes)
    engine.recordings.start(str(path), "composite")
    step(window, source)
    engine.wish(CAMERA.with_(network="b", layer="two"))
    window.until(ResultReady, lambda event: event.result.recipe.network == "b")  # the held frame once more
    engine.rest(True)  # nobody sees it, and yet it is recorded
    step(window, source)
    engine.recordings.stop()
    done = window.until(Filmed, lambda event: event.state == "done")
    assert (done.pictures, done.dropped, done.path) == (3, 0, str(path))
    assert shown(path) == [0, 0, 1]


def test_each_page_has_the_title_of_its_own_network(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, pages = Gate(), list[tuple[str, str]]()

    def page(result: FrameResult, _fields: object, title: str) -> Bytes:
        drawn()
        pages.append((result.recipe.network, title))
        return np.zeros((32, 32, 3), np.uint8)

    monkeypatch.setattr(film, "page", page)
    source = live(engine, fakes)
    drawn.close()
    engine.recordings.start(str(tmp_path / "a.mp4"), "composite")
    step(window, source)
    drawn.wait_reached()
    step(window, source)
    engine.wish(CAMERA.with_(network="b"))
    window.until(ResultReady, lambda event: event.result.recipe.network == "b")
    drawn.open()
    engine.recordings.stop()
    window.until(Filmed, lambda event: event.state == "done")
    assert pages == [("a", "A"), ("a", "A"), ("b", "B")]


def test_what_the_units_of_the_network_before_see_comes_too_late() -> None:
    recordings, graphs = Recordings(Outbox(lambda: None)), [Graph(()), Graph(())]
    fields: Any = object()
    recordings.know(graphs[0], "a")
    recordings.know(graphs[1], "b")
    recordings.know(graphs[0], "a", fields)
    assert recordings._about == (graphs[1], None, "b")
    recordings.know(graphs[1], "b", fields)
    assert recordings._about == (graphs[1], fields, "b")


def test_a_source_that_ends_leaves_a_film_that_the_next_source_goes_on_with(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    fakes.make_live = lambda source: FakeLive(source, end_at=1)
    source = live(engine, fakes)
    engine.recordings.start(str(path), "composite")
    step(window, source)
    source.allow.release()
    window.until(Problem, lambda event: event.where == "source")
    fakes.make_live = FakeLive
    other = live(engine, fakes, CAMERA.with_(source=Source("camera", "1")))
    step(window, other)
    engine.recordings.stop()
    window.until(Filmed, lambda event: event.state == "done")
    assert shown(path) == [0, 0]  # each of them begins with its frame 0


def test_the_end_of_the_program_ends_the_film_and_the_maps(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    source = live(engine, fakes)
    engine.recordings.start(str(tmp_path / "a.mp4"), "composite")
    engine.recordings.keep_maps(str(tmp_path / "a.npz"), 100)
    step(window, source)
    window.until(MapsKept, lambda event: event.frames == 1)
    source.free.set()
    source.allow.release()
    assert engine.stop() == []
    assert shown(tmp_path / "a.mp4")
    with np.load(tmp_path / "a.npz") as file:
        assert len(file["maps"]) >= 1


def test_raw_maps_of_frames_that_are_stepped_through(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    path, source = tmp_path / "a.npz", live(engine, fakes)
    step(window, source)
    engine.recordings.keep_maps(str(path), 2)
    for number in (1, 2):
        step(window, source)
        if number == 1:  # the frame is held and looked at through another channel: it is no other frame
            engine.wish(CAMERA.with_(channel=1))
            window.until(ResultReady, lambda event: event.result.recipe.channel == 1)
    done = window.until(MapsKept, lambda event: event.state == "done")
    assert (done.frames, done.layer, done.why) == (2, "one", "")
    with np.load(path) as file:
        np.testing.assert_array_equal(file["maps"][:, 0, 0, 0], [1, 2])
        np.testing.assert_array_equal(file["frames"], [1, 2])


def test_another_layer_ends_the_maps_early_and_says_why(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    path, source = tmp_path / "a.npz", live(engine, fakes)
    engine.recordings.keep_maps(str(path), 5)
    step(window, source)
    engine.wish(CAMERA.with_(layer="two"))
    step(window, source)
    done = window.until(MapsKept, lambda event: event.state == "done")
    assert (done.frames, bool(done.why)) == (1, True)


def test_other_maps_that_are_wished_cancel_the_first_ones_and_it_is_told(
    engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path
) -> None:
    source = live(engine, fakes)
    paths = [str(tmp_path / name) for name in ("a.npz", "b.npz")]
    engine.recordings.keep_maps(paths[0], 5)
    step(window, source)
    engine.recordings.keep_maps(paths[1], 1)
    assert "maps for a.npz are no longer kept" in str(window.until(Problem).error)
    assert window.until(MapsKept, lambda event: event.state == "cancelled").path == paths[0]
    step(window, source)
    assert window.until(MapsKept, lambda event: event.state == "done").path == paths[1]
    assert not Path(paths[0]).exists()


def test_maps_that_cannot_be_kept_are_told(engine: Engine, fakes: FakeRooms, window: Window, tmp_path: Path) -> None:
    source = live(engine, fakes)
    engine.recordings.keep_maps(str(tmp_path / "a.npz"), 0)
    window.until(Problem, lambda event: event.where == "export" and "0 frames" in str(event.error))
    engine.recordings.keep_maps(str(tmp_path), 5)
    step(window, source)
    stopped = window.until(MapsKept, lambda event: event.state == "stopped")
    assert "is a folder" in str(stopped.error)
    step(window, source)  # and the frames go on
