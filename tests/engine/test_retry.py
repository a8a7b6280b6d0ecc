"""A camera or stream that is gone is said once, tried again after growing pauses, and comes back by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.engine import Engine, feed
from explorer.engine.events import FrameRead, Playing, Problem, ResultReady, Retrying
from explorer.engine.feed import Feed, Grabber, Listener
from explorer.engine.transport import Seek, Step
from explorer.errors import HopelessError, SourceError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.sources import open_live
from explorer.values import Frame, Source
from tests.engine.fakes import PATIENCE_S, FakeLive, FakeRooms, Window, running, soon
from tests.streams import FakeCamera, FakeFile, number_of, write_video

CAMERA = Recipe(source=Source("camera", "0"), network="a")


def gone(source: Source) -> FakeLive:
    raise SourceError("gone")


def started(engine: Engine, fakes: FakeRooms, window: Window, wish: Recipe = CAMERA) -> FakeLive:
    """Return an open live source of which one frame went through the network."""
    engine.wish(wish)
    soon(lambda: bool(fakes.lives))
    fakes.lives[-1].allow.release()
    window.until(ResultReady)
    return fakes.lives[-1]


def test_pauses_grow_and_begin_anew_once_it_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAUSES_S", (0.001, 0.002, 0.003))
    pauses: list[tuple[int, float]] = []
    happened: list[str] = []
    done = threading.Event()

    def open_it(source: Source) -> FakeLive:
        if len(pauses) not in (5, 6):
            return gone(source)
        live = FakeLive(source, end_at=1)
        live.free.set()
        return live

    def troubled(one: Feed, problem: Problem, retrying: Retrying | None) -> None:
        assert retrying is not None
        assert retrying.error is problem.error
        pauses.append((retrying.tries, retrying.again_in_s))
        if len(pauses) == 8:
            one.close()
            done.set()

    listener = Listener(
        lambda _feed, _frame, _was_empty: happened.append("frame"), troubled, lambda _feed: happened.append("back")
    )
    grabber = Grabber(Feed(CAMERA.source), open_it, listener)
    grabber.thread.start()
    assert done.wait(PATIENCE_S)
    grabber.thread.join(PATIENCE_S)
    assert pauses == [(1, 0.001), (2, 0.002), (3, 0.003), (4, 0.003), (5, 0.003), (1, 0.001), (1, 0.001), (2, 0.002)]
    assert happened == ["back", "frame"] * 2


def test_what_is_told_while_it_is_gone(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    live.raise_at = 1
    live.allow.release()
    retrying = window.until(Retrying)
    problem = window.until(Problem)
    assert (problem.where, problem.error) == ("source", retrying.error)
    assert (retrying.source, retrying.tries, retrying.again_in_s) == (CAMERA.source, 1, 3600.0)
    wish = CAMERA.with_(layer="later")  # is answered on the last picture, and it is told again that it is old
    engine.wish(wish)
    window.until(ResultReady, lambda event: event.result.recipe == wish)
    assert window.until(Retrying) == retrying
    assert window.until(Problem) == problem
    assert len(fakes.lives) == 1


def test_a_persons_try_is_made_at_once_and_frames_flow_again(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    live.end_at = 1
    live.allow.release()
    window.until(Problem)
    engine.wish(CAMERA)  # once more
    soon(lambda: len(fakes.lives) == 2)
    assert live.closed.is_set()
    fakes.lives[1].allow.release()
    back = window.until(Retrying, lambda event: event.tries == 0)
    assert (back.source, back.error) == (CAMERA.source, None)
    wish = CAMERA.with_(layer="later")
    engine.wish(wish)
    window.until(ResultReady, lambda event: event.result.recipe == wish)
    assert [event for event in window.drain() if isinstance(event, Problem | Retrying)][-1] is back


def test_it_recovers_while_it_is_frozen_and_the_held_picture_stays(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    live = started(engine, fakes, window)
    engine.freeze(True)
    live.end_at = 1
    live.allow.release()
    window.until(Problem)
    engine.wish(CAMERA)
    soon(lambda: len(fakes.lives) == 2)
    fakes.lives[1].allow.release()
    assert window.until(Retrying, lambda event: event.tries == 0)
    assert {id(frame) for _recipe, frame in fakes.runs} == {id(fakes.runs[0][1])}


@pytest.mark.parametrize("recipe", [CAMERA, CAMERA.with_(source=Source("stream", "http://a.b/c"))])
def test_closing_ends_the_pause_at_once(recipe: Recipe, fakes: FakeRooms, window: Window) -> None:
    fakes.make_live = gone
    for engine in running(fakes, window):
        engine.wish(recipe)
        window.until(Problem)
        assert engine.stop() == []  # names what does not end, and the pause is an hour


def test_another_source_ends_the_tries(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.make_live = gone
    engine.wish(CAMERA)
    window.until(Problem)
    reader = engine._readers[-1][1]
    engine.wish(CAMERA.with_(source=Source("picture", "a.png")))
    window.until(ResultReady)
    reader.join(PATIENCE_S)
    assert not reader.is_alive()


@pytest.mark.parametrize("source", [Source("video", "a.mp4"), Source("folder", "a"), Source("demo", "")])
def test_what_does_not_come_back_is_not_tried_again(
    source: Source, engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    fakes.make_live = gone
    engine.wish(CAMERA.with_(source=source))
    window.until(Problem)
    engine._readers[-1][1].join(PATIENCE_S)
    assert not engine._readers[-1][1].is_alive()
    assert not [event for event in window.drain() if isinstance(event, Retrying)]
    fakes.make_live = FakeLive
    engine.wish(CAMERA.with_(source=source))  # but a person may
    soon(lambda: len(fakes.lives) == 1)


def test_a_wrong_address_is_not_tried_again(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    def wrong(source: Source) -> FakeLive:
        raise HopelessError("no address")

    fakes.make_live = wrong
    engine.wish(CAMERA)
    assert str(window.until(Problem).error) == "no address"
    engine._readers[-1][1].join(PATIENCE_S)
    assert not [event for event in window.drain() if isinstance(event, Retrying)]


def test_a_mirror_turns_the_pictures_and_opens_nothing_anew(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    fakes.runs[-1][1].pixels[:, 0] = 99
    wish = CAMERA.with_(source=replace(CAMERA.source, mirror=True))
    engine.wish(wish)
    held = window.until(ResultReady, lambda event: event.result.recipe == wish).result.frame
    assert (held.pixels[0, 0, 0], held.pixels[0, -1, 0]) == (0, 99)
    live.allow.release()
    window.until(ResultReady, lambda event: event.result.frame.index == 1)
    engine.wish(CAMERA)
    window.until(ResultReady, lambda event: event.result.recipe == CAMERA)
    assert len(fakes.lives) == 1


def test_another_size_of_the_same_camera_waits_until_it_is_given_back(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    live = started(engine, fakes, window)
    closed_before: list[bool] = []

    def again(source: Source) -> FakeLive:
        closed_before.append(live.closed.is_set())
        return FakeLive(source)

    fakes.make_live = again
    engine.wish(CAMERA.with_(source=replace(CAMERA.source, size_wh=(1280, 720))))
    live.allow.release()
    soon(lambda: len(fakes.lives) == 2)
    assert closed_before == [True]


@pytest.fixture
def real(fakes: FakeRooms, window: Window, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with real sources; the network is still a fake."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(feed, "PAUSES_S", (0.01,))
    engine = Engine(window.notify, Settings(), replace(fakes.rooms(), open_live=open_live))
    window.engine = engine
    engine.start()
    return engine


def test_a_stream_that_comes_back_with_another_size(real: Engine, window: Window) -> None:
    with FakeCamera(fps=None, count=3, sizes_hw=((64, 512), (96, 640))) as fake:
        real.wish(Recipe(source=Source("stream", fake.url), network="a"))
        shapes = {window.until(ResultReady).result.frame.pixels.shape}
        while (96, 640, 3) not in shapes:
            shapes.add(window.until(ResultReady).result.frame.pixels.shape)
        assert window.until(Retrying)
        assert real.stop() == []
    assert shapes == {(64, 512, 3), (96, 640, 3)}


def test_of_a_stream_that_is_faster_than_everything_the_newest_frame_counts(
    real: Engine, fakes: FakeRooms, window: Window
) -> None:
    with FakeCamera(fps=None, stepped=True, sizes_hw=((64, 512),)) as fake:
        assert fake.allow
        fakes.running.close()
        real.wish(Recipe(source=Source("stream", fake.url), network="a"))
        fake.allow.release()
        fakes.running.wait_reached()
        fake.allow.release(100)
        box = real._desk.feed
        assert box
        soon(lambda: box.box.dropped == 99)
        fakes.running.open()
        newest = window.until(ResultReady, lambda event: event.result.frame.index == 100)
        assert number_of(newest.result.frame.pixels) == 100
        assert newest.dropped == 99
        assert [frame.index for _recipe, frame in fakes.runs] == [0, 100]
        assert real.stop() == []


def test_a_video_at_an_address_that_was_not_there_at_first(real: Engine, window: Window, tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 50)
    server = FakeFile((tmp_path / "a.mp4").read_bytes())
    real.wish(Recipe(source=Source("stream", f"http://127.0.0.1:{server.port}/none.mp4"), network="a"))
    server.closed_to = 2
    with server:
        window.until(Retrying)
        window.until(Retrying, lambda event: event.tries == 0)
        assert number_of(window.until(ResultReady).result.frame.pixels) == 0
        assert window.until(Playing).count is not None
        assert real.stop() == []


def test_a_video_is_stopped_stepped_and_sought_in_the_window(real: Engine, window: Window, tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 50)
    wish = Recipe(source=Source("video", str(tmp_path / "a.mp4")), network="a")
    real.wish(wish)
    window.until(ResultReady)
    real.freeze(True)
    assert not window.until(Playing, lambda event: not event.playing).ended

    def at(number: int) -> Frame:
        """Return the frame with that number, once the network has seen it and its place was told."""
        frame = window.until(ResultReady, lambda event: event.result.frame.index == number).result.frame
        soon(lambda: any(isinstance(one, Playing) and one.index == number for one in window.drain()))
        return frame

    real.play(Seek(1.01))
    assert number_of(at(25).pixels) == 25
    real.play(Step(-1))
    assert at(24).position_s == pytest.approx(0.96)
    later = wish.with_(layer="later")  # wishes go on to be answered on the held frame
    real.wish(later)
    assert window.until(ResultReady, lambda event: event.result.recipe == later).result.frame.index == 24
    real.play(Step(99))
    at(49)
    assert [event for event in window.events if isinstance(event, Playing)][-1].ended
    assert real.stop() == []


def test_the_view_of_a_packed_picture_while_the_network_loads(real: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    with FakeCamera(fps=None, count=None) as fake:
        source = Source("stream", fake.url)
        real.wish(Recipe(source=source, network="a"))
        read = window.until(FrameRead)
        assert (read.source, read.frame.pixels.shape) == (source, (480, 640, 3))
        fakes.loading.open()
        window.until(ResultReady)
        assert real.stop() == []
