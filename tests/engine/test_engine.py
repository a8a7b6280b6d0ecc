"""Still pictures, networks and the end: the newest wish wins and nothing is swallowed."""

from __future__ import annotations

from typing import Any

import pytest

from explorer.engine import Engine
from explorer.engine.desk import Desk
from explorer.engine.events import (
    Catalogue,
    FrameRead,
    NetworkReady,
    Problem,
    Progress,
    ResultReady,
)
from explorer.engine.feed import Feed
from explorer.engine.mailbox import Outbox
from explorer.engine.model_thread import ModelThread
from explorer.errors import ExplorerError, ForwardError, NetworkError, SourceError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import FrameResult, Source
from tests.engine.fakes import FakeRooms, Window, arrived, frame, running, soon

A = Recipe(source=Source("picture", "a.png"), network="a")


def test_a_wish_becomes_a_picture_a_network_and_a_result(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    result = arrived(window, A).result
    kinds = [type(event) for event in window.events]
    assert kinds.index(FrameRead) < kinds.index(ResultReady)
    assert kinds.index(NetworkReady) < kinds.index(ResultReady)
    assert result.frame is next(event for event in window.events if isinstance(event, FrameRead)).frame
    assert set(result.times_ms) == {"read"}
    assert [recipe for recipe, _frame in fakes.runs] == [A], "the frame went through the network once"
    assert fakes.threads_seen == {"model"}
    ready = next(event for event in window.events if isinstance(event, NetworkReady)).network
    assert (ready.card.name, ready.weights, ready.trained, ready.threads) == ("a", "none", False, 2)


def test_the_picture_comes_while_torch_and_network_still_load(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    engine.wish(A)
    assert window.until(FrameRead).source == A.source
    fakes.loading.wait_reached()
    other = A.with_(source=Source("picture", "b.png"))
    engine.wish(other)
    assert window.until(FrameRead).source == other.source
    assert not fakes.runs
    fakes.loading.open()
    arrived(window, other)
    assert [recipe for recipe, _frame in fakes.runs] == [other]
    assert fakes.opened == [("a", "auto")]


def test_progress_has_words_and_ends(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    engine.wish(A)
    fakes.loading.wait_reached()
    building = window.until(Progress, lambda event: event.fraction is not None)
    assert building.stage.format(**building.values) == "Building A …"
    fakes.loading.open()
    window.until(Progress, lambda event: event.stage == "")


def test_the_catalogue_comes_first_without_then_with_devices(fakes: FakeRooms, window: Window) -> None:
    fakes.preparing.close()
    for engine in running(fakes, window):
        assert window.until(Catalogue).devices == ()
        assert engine
        fakes.preparing.open()
        assert window.until(Catalogue).devices == (("cpu", "CPU"),)


def test_of_a_burst_the_newest_wish_wins_and_few_are_computed(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.running.close()
    wishes = [A.with_(channel=n) for n in range(1, 101)]
    for wish in wishes:
        engine.wish(wish)
    fakes.running.open()
    arrived(window, wishes[-1])
    assert len(fakes.runs) <= 4
    assert fakes.reads == [A.source], "the picture was read once"


def test_a_burst_of_sources_reads_few_and_ends_at_the_last(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.reading.close()
    wishes = [A.with_(source=Source("picture", f"{n}.png")) for n in range(100)]
    for wish in wishes:
        engine.wish(wish)
    fakes.reading.open()
    arrived(window, wishes[-1])
    assert len(fakes.reads) <= 3
    results = [event.result.recipe for event in window.events if isinstance(event, ResultReady)]
    assert results == [wishes[-1]]


def test_a_result_for_an_older_picture_is_not_delivered(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.running.close()
    while fakes.running.reached.acquire(blocking=False):
        pass
    slow = A.with_(channel=3)
    engine.wish(slow)
    fakes.running.wait_reached()
    newer = A.with_(source=Source("picture", "b.png"))
    engine.wish(newer)
    window.until(FrameRead, lambda event: event.source == newer.source)
    fakes.running.open()
    arrived(window, newer)
    assert slow not in [event.result.recipe for event in window.events if isinstance(event, ResultReady)]


def test_results_arrive_in_the_order_of_wishes(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    for n in range(300):
        engine.wish(A.with_(channel=n))
        window.drain()
    arrived(window, A.with_(channel=299))
    seen = [event.result.recipe.channel for event in window.events if isinstance(event, ResultReady)]
    assert seen == sorted(seen)


def test_notified_once_however_much_happens(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    window.drain()
    before = window.notified
    fakes.running.close()
    for n in range(5):
        engine.wish(A.with_(channel=n))
        engine.export("map", f"{n}.png")
    fakes.running.open()
    for _ in range(5):
        fakes.writing.wait_reached()
    # nobody took anything: the box went from empty to full once
    assert window.notified - before == 1
    assert engine.take()


def test_a_view_reuses_picture_and_network(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    first = arrived(window, A).result
    wish = A.with_(layer="b", channel=2)
    engine.wish(wish)
    second = arrived(window, wish).result
    assert second.frame is first.frame
    assert fakes.opened == [("a", "auto")]
    other = A.with_(network="b")
    engine.wish(other)
    assert arrived(window, other).result.frame is first.frame
    assert fakes.reads == [A.source]


def test_a_newer_network_ends_the_loading_of_the_older(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    engine.wish(A)
    fakes.loading.wait_reached()
    other = A.with_(network="b")
    engine.wish(other)
    fakes.loading.open()
    arrived(window, other)
    ready = [event.network.card.name for event in window.events if isinstance(event, NetworkReady)]
    assert ready == ["b"]
    assert not [event for event in window.events if isinstance(event, Problem)]


def test_there_and_back_while_loading(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.loading.close()
    engine.wish(A)
    fakes.loading.wait_reached()
    engine.wish(A.with_(network="b"))
    engine.wish(A)
    fakes.loading.open()
    arrived(window, A)
    assert fakes.opened == [("a", "auto")]


def test_a_picture_that_cannot_be_read(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.read_errors["a.png"] = SourceError("“{path}” is empty.", path="a.png")
    engine.wish(A)
    problem = window.until(Problem)
    assert (problem.where, str(problem.error)) == ("source", "“a.png” is empty.")
    assert problem.recipe is not None
    assert problem.recipe.source.where == "a.png", "the window can tell an older wish's"
    assert "Traceback" in problem.details
    fine = A.with_(source=Source("picture", "b.png"))
    engine.wish(fine)
    arrived(window, fine)
    fakes.read_errors.clear()
    engine.wish(A)
    arrived(window, A)


def test_the_same_wish_once_more_tries_again(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.read_errors["a.png"] = OSError("disk gone")
    fakes.load_errors["a"] = NetworkError("missing weights")
    engine.wish(A)
    window.until(Problem, lambda event: event.where == "network")
    soon(lambda: any(isinstance(event, Problem) and event.where == "source" for event in window.drain()))
    unforeseen = next(event for event in window.events if isinstance(event, Problem) and event.where == "source")
    assert "OSError: disk gone" in str(unforeseen.error)
    assert isinstance(unforeseen.error, ExplorerError)
    fakes.read_errors.clear()
    fakes.load_errors.clear()
    engine.wish(A)
    arrived(window, A)


def test_a_network_that_cannot_be_loaded_leaves_the_rest_usable(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.load_errors["b"] = NetworkError("wrong hash")
    engine.wish(A.with_(network="b"))
    problem = window.until(Problem)
    assert (problem.where, problem.recipe) == ("network", A.with_(network="b"))
    engine.wish(A)
    window.until(NetworkReady, lambda event: event.network.card.name == "a")
    arrived(window, A)
    assert [recipe for recipe, _frame in fakes.runs] == [A, A]


@pytest.mark.parametrize("error", [ForwardError("out of cells"), ValueError("shapes"), MemoryError()])
def test_a_forward_that_raises(engine: Engine, fakes: FakeRooms, window: Window, error: Exception) -> None:
    fakes.run_error = error
    engine.wish(A)
    problem = window.until(Problem)
    assert (problem.where, problem.recipe) == ("frame", A)
    assert type(error).__name__ in problem.details
    fakes.run_error = None
    engine.wish(A)
    arrived(window, A)


def test_torch_that_cannot_be_loaded_is_tried_again(fakes: FakeRooms, window: Window) -> None:
    fakes.prepare_error = ImportError("libtorch.so: no such file")
    for engine in running(fakes, window):
        problem = window.until(Problem)
        assert problem.where == "network"
        assert "libtorch.so" in str(problem.error)
        fakes.prepare_error = None
        engine.wish(A)
        arrived(window, A)


def test_preferences_apply_at_once(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    engine.prefer(Settings(device="cuda:0", threads=3))
    window.until(NetworkReady, lambda event: event.network.device == "cuda:0")
    window.until(ResultReady)
    assert fakes.threads_asked == [0, 3]
    assert fakes.opened == [("a", "auto"), ("a", "cuda:0")]


def test_a_device_that_is_chosen_and_taken_back_while_a_frame_runs(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    engine.wish(A)
    arrived(window, A)
    fakes.running.close()
    while fakes.running.reached.acquire(blocking=False):
        pass
    while fakes.ran.reached.acquire(blocking=False):
        pass
    wish = A.with_(channel=1)
    engine.wish(wish)
    fakes.running.wait_reached()
    engine.prefer(Settings(device="cuda:0"))
    fakes.ran.close()
    fakes.running.open()
    fakes.ran.wait_reached()  # the frame has seen that it is not wanted …
    engine.prefer(Settings())  # … and now it is
    fakes.ran.open()
    arrived(window, wish)
    assert fakes.opened == [("a", "auto")]
    assert len(fakes.runs) == 3


def test_a_result_that_was_not_wanted_for_a_moment_is_computed_again(fakes: FakeRooms, window: Window) -> None:
    desk = Desk(Outbox(window.notify), Settings())
    model = ModelThread(desk, fakes.rooms(), lambda: None, lambda _network: None, lambda: None)
    model._begin()
    desk.recipe, desk.wishes, desk.feed = A, 1, Feed(A.source)
    desk.feed.offer(frame(A.source), 1.0)
    original = fakes.rooms().run

    def leave(*arguments: Any) -> FrameResult:
        result = original(*arguments)
        desk.settings = Settings(device="cuda:0")
        return result

    object.__setattr__(model._rooms, "run", leave)
    model._load()
    assert (desk.result, len(fakes.runs)) == (None, 1)
    object.__setattr__(model._rooms, "run", original)
    desk.settings = Settings()
    model._frame()
    assert desk.result
    assert len(fakes.runs) == 2
    model._frame()
    assert len(fakes.runs) == 2, "nothing has changed since"


def test_a_network_that_failed_is_not_tried_again_for_every_wish(
    engine: Engine, fakes: FakeRooms, window: Window
) -> None:
    fakes.load_errors["a"] = NetworkError("wrong hash")
    for channel in range(10):
        engine.wish(A.with_(channel=channel))
        told = window.until(
            Problem,
            lambda event, channel=channel: event.recipe == A.with_(channel=channel),  # type: ignore[misc]
        )
        assert (told.where, str(told.error)) == ("network", "wrong hash")
    assert len(fakes.opened) == 1
    engine.prefer(Settings(recent=("a.png",)))
    engine.wish(A.with_(channel=9))  # the same once more
    window.until(Problem)
    assert len(fakes.opened) == 2
    engine.prefer(Settings(threads=3))
    window.until(Problem)
    assert len(fakes.opened) == 3
    engine.wish(A.with_(network="b"))
    window.until(ResultReady)
    fakes.load_errors.clear()
    engine.wish(A)
    arrived(window, A)


def test_stop_while_loading_reports_who_hangs_then_ends(fakes: FakeRooms, window: Window) -> None:
    for engine in running(fakes, window):
        fakes.loading.close()
        engine.wish(A)
        fakes.loading.wait_reached()
        assert engine.stop(0.5) == ["model"]
        fakes.loading.open()
        assert engine.stop() == []
        assert fakes.session.closed
        assert engine.take() == []
        engine.wish(A.with_(network="b"))
    assert fakes.opened == [("a", "auto")]


def test_stop_before_start(fakes: FakeRooms, window: Window) -> None:
    engine = Engine(window.notify, Settings(), fakes.rooms())
    engine.wish(A)
    assert engine.stop() == []


def test_a_slow_address_does_not_hold_up_a_local_picture(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    fakes.slow_address.close()
    engine.wish(A.with_(source=Source("address", "http://slow.example/a.png")))
    engine.wish(A)
    arrived(window, A)
    assert fakes.reads[-1].kind == "picture"
    fakes.slow_address.open()


def test_a_network_whose_file_changed_is_opened_again(engine: Engine, fakes: FakeRooms, window: Window) -> None:
    engine.wish(A)
    arrived(window, A)
    runs = len(fakes.runs)
    engine.reload()
    window.until(NetworkReady)
    window.until(ResultReady)
    assert fakes.opened == [("a", "auto"), ("a", "auto")]
    assert len(fakes.runs) == runs + 1
    engine.wish(A.with_(channel=1))
    window.until(ResultReady, lambda event: event.result.recipe.channel == 1)
    assert len(fakes.opened) == 2, "only once"
