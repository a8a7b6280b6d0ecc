"""Rooms that a test opens and closes with gates, and a window that waits for events; no torch, no Qt, no sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import numpy as np

from explorer.engine.engine import Engine
from explorer.engine.events import Event, ResultReady
from explorer.engine.rooms import Rooms
from explorer.errors import Cancelled
from explorer.graph.values import Graph, Layer
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Frame, FrameResult, Geometry, Source
from explorer.zoo.card import Card, Preparation, WeightState

E = TypeVar("E")
PATIENCE_S = 20
PREPARATION = Preparation((3, 8, 8), 8, "bilinear", (0.0,), (1.0,))


def card(name: str) -> Card:
    return Card(name, name.title(), "fake", 2024, "", 0, "", (), PREPARATION, "digits")


def frame(source: Source, index: int = 0) -> Frame:
    return Frame(np.full((4, 4, 3), index % 256, np.uint8), source.where, index)


class Gate:
    """A place where a worker waits until the test lets it through; open at first."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self._open = threading.Event()
        self._open.set()

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def wait_reached(self) -> None:
        assert self.reached.acquire(timeout=PATIENCE_S), "nobody came to the gate"

    def __call__(self) -> None:
        self.reached.release()
        assert self._open.wait(PATIENCE_S), "the gate stayed closed"


class FakeLive:
    """A live source: one frame a ``release`` of ``allow``, or as fast as it is asked where ``free``."""

    def __init__(self, source: Source, raise_at: int | None = None, end_at: int | None = None) -> None:
        self.source = source
        self.raise_at, self.end_at = raise_at, end_at
        self.free = threading.Event()
        self.allow = threading.Semaphore(0)
        self.reads = 0
        self.closed = threading.Event()
        self.reader: threading.Thread | None = None

    def read(self) -> Frame | None:
        assert not self.closed.is_set()
        self.reader = self.reader or threading.current_thread()
        assert self.reader is threading.current_thread()
        if not self.free.is_set():
            self.allow.acquire(timeout=PATIENCE_S)
        if self.reads == self.raise_at:
            raise OSError("the cable came off")
        if self.reads == self.end_at:
            return None
        self.reads += 1
        return frame(self.source, self.reads - 1)

    def close(self) -> None:
        assert threading.current_thread() is (self.reader or threading.current_thread())
        self.closed.set()


class FakeSession:
    def __init__(self, rooms: FakeRooms) -> None:
        self._rooms = rooms
        self.closed = False

    def open(
        self,
        network: str,
        weights: str = "",
        input_hw: tuple[int, int] | None = None,
        device: str = "auto",
        progress: Callable[[str, float | None], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        precision: str = "float32",
    ) -> Any:
        rooms = self._rooms
        rooms.threads_seen.add(threading.current_thread().name)
        rooms.opened.append((network, device))
        assert progress
        assert cancelled
        progress("Building {network} …", 0.5)
        rooms.loading()
        if cancelled():
            raise Cancelled("cancelled")
        if error := rooms.load_errors.get(network):
            raise error
        layer = Layer("input", "input", "input", (), (3, 8, 8), "CHW")
        return SimpleNamespace(
            card=card(network),
            weights=None,
            graph=Graph((layer,)),
            trained=False,
            labels=(),
            device=device,
            moved=None,
            remarks=(),
            number_type="torch.float32",
            transform=None,
            in_one_piece=lambda wanted: None,
        )

    def close(self) -> None:
        self.closed = True


class FakeRooms:
    """Counts and gates; ``rooms()`` is what the engine gets."""

    def __init__(self) -> None:
        self.preparing, self.loading, self.reading = Gate(), Gate(), Gate()
        self.slow_address, self.running, self.ran, self.writing = Gate(), Gate(), Gate(), Gate()
        self.opened: list[tuple[str, str]] = []
        self.reads: list[Source] = []
        self.runs: list[tuple[Recipe, Frame]] = []
        self.written: list[tuple[str, str, Any, Any]] = []
        self.lives: list[FakeLive] = []
        self.threads_asked: list[int] = []
        self.load_errors: dict[str, Exception] = {}
        self.read_errors: dict[str, Exception] = {}
        self.run_error: Exception | None = None
        self.write_error: Exception | None = None
        self.prepare_error: Exception | None = None
        self.make_live: Callable[[Source], FakeLive] = FakeLive
        self.threads_seen: set[str] = set()
        self.session = FakeSession(self)

    def rooms(self) -> Rooms:
        return Rooms(
            cards=lambda: ((card("a"), WeightState.NONE),),
            stock=dict,
            prepare=self._prepare,
            threads=lambda: 2,
            trial=lambda: iter(()),
            devices=lambda: (("cpu", "CPU"),),
            session=lambda: self.session,
            read=self._read,
            open_live=self._open_live,
            run=self._run,
            raw_maps=lambda network, frame, recipe: np.full((1, 2, 2), frame.index, np.float32),
            raw_input=lambda network, frame, recipe: np.full((3, 2, 2), frame.index, np.float32),
            write=self._write,
            keep=lambda kind, path, result, precision: (),
        )

    def _prepare(self, threads: int) -> None:
        self.threads_asked.append(threads)
        self.preparing()
        if self.prepare_error:
            raise self.prepare_error

    def _read(self, source: Source) -> Frame:
        self.reads.append(source)
        (self.slow_address if source.kind == "address" else self.reading)()
        if error := self.read_errors.get(source.where):
            raise error
        return frame(source)

    def _open_live(self, source: Source) -> FakeLive:
        live = self.make_live(source)
        self.lives.append(live)
        return live

    def _run(self, network: Any, frame: Frame, recipe: Recipe, times_ms: dict[str, float], cancelled: Any) -> Any:
        self.threads_seen.add(threading.current_thread().name)
        self.runs.append((recipe, frame))
        self.running()
        stale = cancelled()
        self.ran()
        if stale:
            raise Cancelled("cancelled")
        if self.run_error:
            raise self.run_error
        assert network.card.name == recipe.network
        box = Geometry((4, 4), (8, 8), (1.0, 1.0), (0.0, 0.0))
        none = cast(Any, None)
        return FrameResult(recipe, frame, frame, box, none, (0.0, 1.0), (), False, {}, none, "cpu", dict(times_ms))

    def _write(self, kind: str, path: str, result: Any, maps: Any) -> None:
        self.writing()
        if self.write_error:
            raise self.write_error
        self.written.append((kind, path, result, maps))


class Window:
    """Drains the engine whenever it is told to, and waits for events."""

    def __init__(self) -> None:
        self.notified = 0
        self.events: list[Event] = []
        self.engine: Engine | None = None
        self._full = threading.Event()
        self._seen = 0

    def notify(self) -> None:
        self.notified += 1
        self._full.set()

    def drain(self) -> list[Event]:
        assert self.engine
        self.events += self.engine.take()
        return self.events

    def until(self, kind: type[E], test: Callable[[E], bool] = lambda event: True) -> E:
        """Return the next event of ``kind`` that passes ``test``; what came before it does not count any more."""
        while True:
            self._full.clear()
            for place, event in enumerate(self.drain()[self._seen :], self._seen):
                if isinstance(event, kind) and test(event):
                    self._seen = place + 1
                    return event
            assert self._full.wait(PATIENCE_S), f"no {kind.__name__}: {[type(e).__name__ for e in self.events]}"


def arrived(window: Window, recipe: Recipe) -> ResultReady:
    return window.until(ResultReady, lambda event: event.result.recipe == recipe)


def soon(true: Callable[[], bool]) -> None:
    """Wait until ``true()``; other threads run meanwhile."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0)


def running(fakes: FakeRooms, window: Window, settings: Settings | None = None) -> Iterator[Engine]:
    """Yield a started engine and stop it; every gate is opened first."""
    engine = Engine(window.notify, settings or Settings(), fakes.rooms())
    window.engine = engine
    engine.start()
    yield engine
    for gate in (value for value in vars(fakes).values() if isinstance(value, Gate)):
        gate.open()
    for live in fakes.lives:
        live.free.set()
        live.allow.release()
    assert engine.stop() == []
