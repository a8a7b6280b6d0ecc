"""Live sources: only the newest frame counts, nothing grows, and a camera that breaks is said."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from explorer.engine import Engine, feed
from explorer.engine.events import FrameRead, Problem, ResultReady
from explorer.engine.recordings import Recordings
from explorer.errors import ForwardError, SourceError
from explorer.recipe import Recipe
from explorer.values import Frame, Source
from tests.engine.fakes import FakeLive, FakeRooms, Window, running, soon

CAMERA = Recipe(source=Source("camera", "0"), network="a")
STILL = CAMERA.with_(source=Source("picture", "a.png"))


def step(window: Window, live: FakeLive) -> ResultReady:
    """Let one frame through and return its result."""
    index = live.reads
    live.allow.release()
    return window.until(ResultReady, lambda event: event.result.frame.index == index)


def started(engine: Engine, fakes: FakeRooms, window: Window) -> FakeLive:
    engine.wish(CAMERA)
    soon(lambda: bool(fakes.lives))
    return fakes.lives[-1]


def test_frames_keep_flowing(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    for index in range(20):
        assert step(window, live).result.frame.index == index
    assert live.reader
    assert live.reader.name == "grabber camera 0"


def test_a_fast_source_drops_and_nothing_grows(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    fakes.running.close()
    while fakes.running.reached.acquire(blocking=False):
        pass
    live.allow.release()
    fakes.running.wait_reached()
    for _ in range(1000):
        live.allow.release()
    soon(lambda: live.reads == 1002)
    waiting = engine._desk.feed
    assert waiting
    fakes.running.open()
    newest = window.until(ResultReady, lambda event: event.result.frame.index == 1001)
    assert newest.dropped == 999
    assert [frame.index for _recipe, frame in fakes.runs] == [0, 1, 1001]
    assert waiting.box.take() is None


def test_the_view_moves_while_the_network_loads(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    live = started(engine, fakes, window)
    for index in range(3):
        live.allow.release()
        assert window.until(FrameRead, lambda event, index=index: event.frame.index == index)  # type: ignore[misc]
    fakes.loading.open()
    assert window.until(ResultReady).result.frame.index == 2
    before = len(window.events)
    for _ in range(3):
        step(window, live)
    live.free.set()  # the last grab puts its event before the thread ends
    live.allow.release()
    assert engine.stop() == []
    assert not [event for event in window.drain()[before:] if isinstance(event, FrameRead)]


def test_frozen_frames_hold_while_wishes_are_answered(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.freeze(True)
    for _ in range(5):
        live.allow.release()
    soon(lambda: live.reads == 6)
    wish = CAMERA.with_(layer="later")
    engine.wish(wish)
    frozen = window.until(ResultReady, lambda event: event.result.recipe == wish)
    assert frozen.result.frame.index == 0
    assert frozen.dropped == 0
    engine.freeze(False)
    live.allow.release()
    assert window.until(ResultReady).result.frame.index >= 5
    assert [frame.index for _recipe, frame in fakes.runs][:2] == [0, 0]


def test_a_frozen_camera_that_broke_stays_frozen_when_it_is_tried_again(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    fakes.make_live = lambda source: FakeLive(source, raise_at=1)
    live = started(engine, fakes, window)
    step(window, live)
    engine.freeze(True)
    live.allow.release()
    assert window.until(Problem).where == "source"
    fakes.make_live = FakeLive
    engine.wish(CAMERA)
    soon(lambda: len(fakes.lives) == 2)
    again = fakes.lives[1]
    step(window, again)
    for _ in range(5):
        again.allow.release()
    soon(lambda: again.reads == 6)
    wish = CAMERA.with_(layer="later")
    engine.wish(wish)
    assert window.until(ResultReady, lambda event: event.result.recipe == wish).result.frame.index == 0
    engine.freeze(False)
    again.allow.release()
    assert window.until(ResultReady).result.frame.index >= 5


def test_another_source_is_not_frozen(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.freeze(True)
    engine.wish(CAMERA.with_(source=Source("camera", "1")))
    live.allow.release()
    soon(lambda: len(fakes.lives) == 2)
    for _ in range(3):
        step(window, fakes.lives[1])


def test_a_camera_that_hangs_is_said_when_it_is_wanted_again(
    engine: Engine, fakes: FakeRooms, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HELD_S", 0.2)
    live = started(engine, fakes, window)
    step(window, live)  # and now it hangs in read()
    engine.wish(STILL)
    window.until(ResultReady, lambda event: event.result.recipe == STILL)
    engine.wish(CAMERA)
    problem = window.until(Problem)
    assert problem.where == "source"
    assert isinstance(problem.error, SourceError)
    assert "“camera 0” is still held" in str(problem.error)
    assert len(fakes.lives) == 1
    live.allow.release()
    assert live.closed.wait(20)
    engine.wish(CAMERA)
    soon(lambda: len(fakes.lives) == 2)
    step(window, fakes.lives[1])


def test_a_camera_that_hangs_holds_up_no_other_wish(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.wish(STILL)
    engine.wish(CAMERA)
    waiting = engine._readers[-1][1]
    engine.wish(STILL)
    waiting.join(feed.HELD_S / 2)
    assert not waiting.is_alive(), "it waits for a camera that nobody wants any more"


def test_frozen_before_the_first_frame_still_shows_one(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    engine.freeze(True)
    assert step(window, live).result.frame.index == 0


def test_a_source_that_raises_on_the_hundredth_frame(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.make_live = lambda source: FakeLive(source, raise_at=99)
    live = started(engine, fakes, window)
    for _ in range(99):
        step(window, live)
    live.allow.release()
    problem = window.until(Problem)
    assert (problem.where, "the cable came off" in str(problem.error)) == ("source", True)
    assert live.closed.wait(20)
    # wishes are still answered on the last frame, and each time the person is told again that no more come
    wish = CAMERA.with_(layer="later")
    engine.wish(wish)
    assert window.until(ResultReady, lambda event: event.result.recipe == wish).result.frame.index == 98
    assert [event for event in window.events if isinstance(event, Problem)][-1] is problem
    assert len(fakes.lives) == 1
    # the same wish once more opens the source anew
    fakes.make_live = FakeLive
    engine.wish(wish)
    window.drain()
    soon(lambda: len(fakes.lives) == 2)
    assert step(window, fakes.lives[1]).result.frame.index == 0


def test_the_end_of_a_stream(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.make_live = lambda source: FakeLive(source, end_at=1)
    live = started(engine, fakes, window)
    step(window, live)
    live.allow.release()
    problem = window.until(Problem)
    assert isinstance(problem.error, SourceError)
    assert "camera 0" in str(problem.error)
    assert live.closed.wait(20)
    engine.wish(STILL)
    window.until(ResultReady, lambda event: event.result.recipe == STILL)


def test_a_camera_that_does_not_open(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    def none(source: Source) -> FakeLive:
        raise SourceError("There is no camera {index}.", index=source.where)

    fakes.make_live = none
    engine.wish(CAMERA)
    problem = window.until(Problem)
    assert (problem.where, str(problem.error)) == ("source", "There is no camera 0.")
    engine.wish(STILL)
    window.until(ResultReady, lambda event: event.result.recipe == STILL)


def test_another_source_closes_the_camera_in_its_own_thread(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.wish(STILL)
    live.allow.release()
    assert live.closed.wait(20)
    window.until(ResultReady, lambda event: event.result.recipe == STILL)
    last = [event for event in window.events if isinstance(event, ResultReady)][-1]
    assert last.result.recipe == STILL


def test_the_same_camera_is_given_back_before_it_is_opened_again(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.wish(STILL)
    closed_first: list[bool] = []

    def again(source: Source) -> FakeLive:
        closed_first.append(live.closed.is_set())
        return FakeLive(source)

    fakes.make_live = again
    engine.wish(CAMERA)
    live.allow.release()
    soon(lambda: len(fakes.lives) == 2)
    step(window, fakes.lives[1])
    assert closed_first == [True]


def test_a_forward_that_raises_live_goes_on_when_it_is_mended(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    fakes.run_error = ForwardError("too deep")
    live.allow.release()
    assert window.until(Problem).where == "frame"
    fakes.run_error = None
    step(window, live)


class Unreadable(FakeLive):
    """Its second picture is not decoded yet, and there will be no memory for it."""

    def read(self) -> Any:
        frame = super().read()
        return self if self.reads == 2 else frame

    def frame(self) -> Frame | None:
        raise MemoryError


def test_a_picture_that_cannot_be_decoded_is_a_problem_and_the_next_one_comes(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    fakes.make_live = Unreadable
    live = started(engine, fakes, window)
    step(window, live)
    live.allow.release()
    told = window.until(Problem)
    assert (told.where, told.recipe) == ("frame", CAMERA)
    step(window, live)


def test_stop_while_live_leaves_no_thread(fakes: FakeRooms, window: Window) -> None:
    for engine in running(fakes, window):
        live = started(engine, fakes, window)
        live.free.set()
        live.allow.release()
        window.until(ResultReady)
        assert engine.stop() == []
        assert live.closed.is_set()
    ours = ("model", "light", "patient", "grabber")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(ours)]


def test_exports_are_not_starved_by_a_camera(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    from explorer.engine.events import Exported

    live = started(engine, fakes, window)
    live.free.set()
    live.allow.release()
    window.until(ResultReady)
    engine.export("maps", "maps.npz")
    assert window.until(Exported).paths == ("maps.npz",)


def test_what_is_recorded_has_the_maps_that_nobody_sees(
    engine: Engine, fakes: FakeRooms, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = started(engine, fakes, window)
    engine.wish(CAMERA.with_(maps=False))
    step(window, live)
    monkeypatch.setattr(Recordings, "watching", True)
    step(window, live)
    assert [recipe.maps for recipe, _frame in fakes.runs[-2:]] == [False, True]


def test_at_rest_frames_are_shown_and_the_network_is_spared(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    live = started(engine, fakes, window)
    step(window, live)
    engine.rest(True)
    for index in (1, 2):
        live.allow.release()
        assert window.until(FrameRead, lambda event, index=index: event.frame.index == index)  # type: ignore[misc]
    assert [frame.index for _recipe, frame in fakes.runs] == [0]
    engine.rest(False)
    assert window.until(ResultReady, lambda event: event.result.frame.index == 2), "without a further frame"
