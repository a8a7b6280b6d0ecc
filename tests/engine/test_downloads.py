"""Weights on their way: two at once, never behind a forward, cancelled, resumed, and ended with the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from explorer.engine import Engine
from explorer.engine.downloads import MOST_AT_ONCE
from explorer.engine.events import Catalogue, DownloadChanged, Problem
from explorer.engine.rooms import Rooms
from explorer.errors import Cancelled, NetworkError, OfflineError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from explorer.zoo import registry, weights
from explorer.zoo.card import Stock, WeightState
from tests.engine.fakes import PATIENCE_S, FakeRooms, Gate, Window, arrived, running, soon
from tests.faulty_server import serving

A = Recipe(source=Source("picture", "a.png"), network="a")
Told = tuple[str, int, int]


class FakeDownload:
    """Comes as far as its gate; ``cancel`` ends it there."""

    def __init__(self, progress: Callable[[int, int], None], error: Exception | None) -> None:
        self.gate, self.over = threading.Event(), threading.Event()
        self.progress, self.error = progress, error
        self.began = threading.Event()
        self.kept = 7

    def run(self) -> None:
        self.progress(10, 100)
        self.began.set()
        assert self.gate.wait(PATIENCE_S)
        if self.over.is_set():
            raise Cancelled("cancelled")
        if self.error:
            raise self.error
        self.progress(100, 100)

    def cancel(self) -> None:
        self.over.set()
        self.gate.set()


class FakeStore(FakeRooms):
    """Rooms with weights to get."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = 0
        self.making = Gate()
        self.downloads: dict[str, FakeDownload] = {}
        self.errors: dict[str, Exception] = {}
        self.imported: list[tuple[str, str]] = []
        self.removed: list[tuple[str, str]] = []
        self.fails: Exception | None = None

    def rooms(self) -> Rooms:
        return replace(
            super().rooms(),
            stock=self._stock,
            download=self._download,
            import_weights=self._import,
            remove_weights=self._remove,
        )

    def _stock(self) -> dict[tuple[str, str], Stock]:
        self.counting += 1
        return {("a", "w"): Stock(WeightState.DOWNLOADABLE, self.counting)}

    def _download(self, network: str, name: str, progress: Callable[[int, int], None]) -> FakeDownload | None:
        self.making()
        if name == "here":
            return None
        if name == "unknown":
            raise NetworkError("There are no such weights.")
        one = self.downloads[name] = FakeDownload(progress, self.errors.get(name))
        return one

    def _import(self, path: str, network: str) -> tuple[str, str]:
        if self.fails:
            raise self.fails
        self.imported.append((path, network))
        return "a", "w"

    def _remove(self, network: str, name: str) -> None:
        if self.fails:
            raise self.fails
        self.removed.append((network, name))


@pytest.fixture
def fakes() -> FakeStore:
    return FakeStore()


@pytest.fixture
def engine(fakes: FakeStore, window: Window) -> Iterator[Engine]:
    yield from running(fakes, window)


def begun(fakes: FakeStore, name: str) -> FakeDownload:
    soon(lambda: name in fakes.downloads and fakes.downloads[name].began.is_set())
    return fakes.downloads[name]


def told(window: Window, name: str, state: str) -> DownloadChanged:
    return window.until(DownloadChanged, lambda event: (event.weights, event.state) == (name, state))


def recounted(window: Window, more_than: int) -> Catalogue:
    return window.until(Catalogue, lambda event: event.stock["a", "w"].bytes > more_than)


def test_a_download_tells_how_far_it_is_and_what_is_here_afterwards(
    engine: Engine, fakes: FakeStore, window: Window
) -> None:
    recounted(window, 0)
    engine.download("a", "w")
    assert told(window, "w", "running").network == "a"
    one = begun(fakes, "w")
    window.until(DownloadChanged, lambda event: (event.done, event.total) == (10, 100))
    before = fakes.counting
    one.gate.set()
    soon(lambda: any(isinstance(event, DownloadChanged) and event.state == "done" for event in window.drain()))
    soon(lambda: any(isinstance(e, Catalogue) and e.stock["a", "w"].bytes > before for e in window.drain()))


def test_a_download_does_not_wait_for_a_network_nor_a_network_for_it(
    engine: Engine, fakes: FakeStore, window: Window
) -> None:
    fakes.running.close()
    engine.wish(A)
    fakes.running.wait_reached()
    engine.download("a", "w")
    one = begun(fakes, "w")
    engine.download("a", "second")
    second = begun(fakes, "second")
    fakes.running.open()
    arrived(window, A)
    for each in (one, second):
        each.gate.set()
    told(window, "second", "done")


def test_two_come_at_once_and_the_others_wait_their_turn(engine: Engine, fakes: FakeStore, window: Window) -> None:
    names = [f"w{number}" for number in range(4)]
    for name in names:
        engine.download("a", name)
    first, second = begun(fakes, "w0"), begun(fakes, "w1")
    told(window, "w2", "waiting")
    assert set(fakes.downloads) == {"w0", "w1"}
    assert MOST_AT_ONCE == 2
    second.gate.set()
    third = begun(fakes, "w2")
    assert "w3" not in fakes.downloads
    for one in (first, third):
        one.gate.set()
    begun(fakes, "w3").gate.set()
    told(window, "w3", "done")


def test_the_same_one_is_not_got_twice(engine: Engine, fakes: FakeStore, window: Window) -> None:
    for _each in range(3):
        engine.download("a", "w")
    begun(fakes, "w")
    assert [thread.name for thread in threading.enumerate()].count("download") == 1
    fakes.downloads["w"].gate.set()
    told(window, "w", "done")


def test_a_cancelled_one_says_how_much_is_kept_and_can_be_taken_up(
    engine: Engine, fakes: FakeStore, window: Window
) -> None:
    engine.download("a", "w")
    begun(fakes, "w")
    engine.cancel_download("a", "w")
    event = told(window, "w", "stopped")
    assert (event.done, event.total, event.error) == (7, 100, None)
    old = fakes.downloads.pop("w")
    soon(lambda: not any(thread.name == "download" for thread in threading.enumerate()))
    engine.download("a", "w")
    assert begun(fakes, "w") is not old
    fakes.downloads["w"].gate.set()
    told(window, "w", "done")


def test_one_that_waits_is_cancelled_without_having_begun(engine: Engine, fakes: FakeStore, window: Window) -> None:
    for name in ("w0", "w1", "w2"):
        engine.download("a", name)
    one, other = begun(fakes, "w0"), begun(fakes, "w1")
    engine.cancel_download("a", "w2")
    told(window, "w2", "stopped")
    for each in (one, other):
        each.gate.set()
    soon(lambda: not any(thread.name == "download" for thread in threading.enumerate()))
    assert "w2" not in fakes.downloads
    engine.cancel_download("a", "never heard of")


def test_one_is_cancelled_while_it_is_still_made(engine: Engine, fakes: FakeStore, window: Window) -> None:
    fakes.making.close()
    engine.download("a", "w")
    fakes.making.wait_reached()
    engine.cancel_download("a", "w")
    fakes.making.open()
    told(window, "w", "stopped")


def test_weights_that_are_here_are_done_at_once(engine: Engine, window: Window) -> None:
    engine.download("a", "here")
    told(window, "here", "done")


@pytest.mark.parametrize("error", [OfflineError("There is no network."), NetworkError("No."), ValueError("odd")])
def test_one_that_fails_says_why_and_lets_the_others_come(
    engine: Engine, fakes: FakeStore, window: Window, error: Exception
) -> None:
    fakes.errors["w"] = error
    engine.download("a", "w")
    begun(fakes, "w").gate.set()
    event = told(window, "w", "failed")
    assert (event.done, event.total) == (7, 100)
    assert str(error) in str(event.error)
    engine.download("a", "unknown")
    assert "no such weights" in str(told(window, "unknown", "failed").error)
    engine.download("a", "other")
    begun(fakes, "other").gate.set()
    told(window, "other", "done")


def test_an_imported_file_is_told_and_counted(engine: Engine, fakes: FakeStore, window: Window) -> None:
    recounted(window, 0)
    before = fakes.counting
    engine.import_weights("some.pth", "a")
    assert told(window, "w", "done").network == "a"
    assert fakes.imported == [("some.pth", "a")]
    soon(lambda: fakes.counting > before)
    fakes.fails = NetworkError("This is another file.")
    engine.import_weights("other.pth", "")
    problem = window.until(Problem)
    assert (problem.where, str(problem.error)) == ("weights", "This is another file.")


def test_removed_weights_are_counted_and_a_failure_is_told(engine: Engine, fakes: FakeStore, window: Window) -> None:
    recounted(window, 0)
    before = fakes.counting
    engine.remove_weights("a", "w")
    recounted(window, before)
    assert fakes.removed == [("a", "w")]
    fakes.fails = NetworkError("They come with the program.")
    engine.remove_weights("a", "w")
    assert window.until(Problem).where == "weights"


def test_another_shared_folder_is_looked_in(engine: Engine, fakes: FakeStore, window: Window) -> None:
    recounted(window, 0)
    before = fakes.counting
    engine.prefer(Settings(shared_weights="/class"))
    recounted(window, before)


def test_the_end_stops_what_comes_and_what_waits(fakes: FakeStore, window: Window) -> None:
    for engine in running(fakes, window):
        for name in ("w0", "w1", "w2"):
            engine.download("a", name)
        begun(fakes, "w0")
        begun(fakes, "w1")
    assert all(fakes.downloads[name].over.is_set() for name in ("w0", "w1"))
    assert "w2" not in fakes.downloads
    engine.download("a", "late")
    engine.import_weights("late", "")
    engine.remove_weights("a", "late")
    assert "late" not in fakes.downloads


def test_one_that_does_not_end_is_named(fakes: FakeStore, window: Window) -> None:
    engine = Engine(window.notify, Settings(), fakes.rooms())
    engine.start()
    engine.download("a", "w")
    one = begun(fakes, "w")
    one.cancel = lambda: None  # type: ignore[method-assign]
    assert engine.stop(0.2) == ["download"]
    one.gate.set()


def test_with_a_real_server_the_part_is_kept_at_the_end(
    window: Window, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    content = bytes(range(256)) * 4000
    monkeypatch.setenv("no_proxy", "*")
    with serving(content) as server:
        card = registry.card("lenet5")
        made_up: Any = replace(
            card.weights[0],
            name="made-up",
            package="",
            file="made-up.pth",
            url=f"{server.base}/made-up.pth",
            sha256=sha256(content).hexdigest()[:8],
        )
        with_it = replace(card, weights=(made_up,))
        monkeypatch.setattr(registry, "card", lambda name: with_it)
        server.faults = ["stall:100000"]
        engine = window.engine = Engine(window.notify, Settings())
        engine.download("lenet5", "made-up")
        server.wait_until_silent()
        target = weights.cache_folder() / "made-up.pth"
        soon(lambda: target.with_name("made-up.pth.part").exists())
        soon(lambda: target.with_name("made-up.pth.part").stat().st_size >= 100_000)
        assert [name for name in engine.stop() if name == "download"] == []
        again = window.engine = Engine(window.notify, Settings())
        again.download("lenet5", "made-up")
        told(window, "made-up", "done")
        assert target.read_bytes() == content
        assert server.asked[1][1] == "bytes=100000-"
        assert again.stop() == []
