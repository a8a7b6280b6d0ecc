"""The real window and engine on live sources: faults in the middle, a source faster than everything, a window that is
minimised, resized and closed meanwhile, and the whole way from a stream to the screen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from explorer import frame_path
from explorer.bench import numbered, stream
from explorer.engine import Engine
from explorer.engine.rooms import Rooms
from explorer.recipe import Recipe
from explorer.session import Network
from explorer.settings import Settings
from explorer.values import Frame, FrameResult, Source
from tests.ui.desk import until
from ui.app import Application
from ui.bench import live
from ui.bench.live import Screen

LIVE = Recipe(source=Source("camera", "0"), network="lenet5", weights="none")


class Fast:
    """Gives frames as fast as Python can make them."""

    def __init__(self) -> None:
        self.given, self.closed = 0, False

    def read(self) -> Frame | None:
        self.given += 1
        return Frame(np.full((48, 64, 3), self.given % 256, np.uint8), "fast", self.given, time.perf_counter())

    def close(self) -> None:
        self.closed = True


@contextmanager
def windowed(qapp: QApplication, recipe: Recipe, rooms: Rooms | None = None) -> Iterator[Application]:
    def make(notify: Callable[[], None]) -> Engine:
        return Engine(notify, Settings(threads=1), rooms)

    settings = Settings(language="en", theme="dark", threads=1)
    application = Application(qapp, recipe, settings, remember=False, make_engine=make, ends_loop=False)
    application.window.resize(1280, 800)
    application.window.show()
    try:
        yield application
    finally:
        application.window.close()
        application.window.deleteLater()
        application.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert application.left == []


def shown(application: Application) -> int:
    result = application.store.result
    return -1 if result is None else result.frame.index


def test_a_network_that_raises_on_the_hundredth_frame_is_told_and_goes_on(qapp: QApplication) -> None:
    runs: list[int] = []

    def run(network: Network, *arguments: object) -> FrameResult:
        if not runs:
            network.module.register_forward_pre_hook(raising)
        return frame_path.run(network, *arguments)  # type: ignore[arg-type]

    def raising(*_: object) -> None:
        runs.append(threading.get_ident())
        if len(runs) == 100:
            raise ValueError("the hundredth")

    told: list[str] = []
    with windowed(qapp, LIVE, Rooms(open_live=lambda _source: Fast(), run=run)) as application:
        store = application.store
        store.problems_changed.connect(lambda: told.extend(str(one.error) for one in store.problems.values()))
        until(lambda: len(runs) > 110 and "frame" not in store.problems)
        assert any("the hundredth" in sentence for sentence in told)
        after = shown(application)
        until(lambda: shown(application) > after)
    assert len(set(runs)) == 1, "all of them in the model thread"


def test_a_source_faster_than_everything_is_skipped_and_in_order(qapp: QApplication) -> None:
    source, order = Fast(), list[int]()
    with windowed(qapp, LIVE, Rooms(open_live=lambda _source: source)) as application:
        application.store.result_changed.connect(lambda: order.append(shown(application)))
        until(lambda: len(order) > 30)
        assert application.store.dropped > 30
        application.window.status.timing.changed.emit()
        assert "skipped" in application.window.status._times.text()
    assert order == sorted(order)
    assert source.closed


def test_minimised_resized_and_closed_while_frames_flow(qapp: QApplication) -> None:
    source = Fast()
    with windowed(qapp, LIVE, Rooms(open_live=lambda _source: source)) as application:
        window = application.window
        until(lambda: shown(application) >= 0)
        for change in (
            window.showMinimized,
            window.showNormal,
            lambda: window.resize(1024, 640),
            lambda: window.resize(1900, 1000),
            window.showMaximized,
            window.showNormal,
        ):
            change()
            before = source.given
            until(lambda before=before: source.given > before)  # type: ignore[misc]
            QApplication.processEvents()
        after = shown(application)
        until(lambda: shown(application) > after)
        assert application.store.problems == {}
        names = {thread.name for thread in threading.enumerate()}
        assert any(name.startswith("grabber") for name in names)
    assert source.closed
    assert not any(thread.name.startswith("grabber") for thread in threading.enumerate())


@pytest.fixture
def address() -> Iterator[str]:
    server = stream.Server(100.0, count=64)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.address
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_numbers_on_the_screen_are_those_that_the_stream_sent(qapp: QApplication, address: str) -> None:
    recipe = Recipe(source=Source("stream", address), network="lenet5", weights="none")
    with windowed(qapp, recipe) as application:
        screen = Screen(application.window.explore.source.view)
        until(lambda: len(screen.shown) > 12)
        sent = stream.sent(address)
        numbers = [number % numbered.COUNT for number, _at_s in screen.shown]
        assert all(0 <= number < 64 for number in numbers)
        first, at_s = screen.shown[0]
        assert sent[first] < at_s, "painted after it was sent"
        assert application.store.result is not None


def test_a_live_frame_is_measured_beside_the_bare_forward(
    qapp: QApplication, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ROUNDS": 2, "LIVE_S": 0.4, "BARE_S": 0.2, "SETTLE_S": 0.1}.items():
        monkeypatch.setattr(live, name, value)
    found = live.live(address, "lenet5", "relu1")
    assert found["shown"] >= 2
    assert found["disorder"] == 0
    assert found["bare_ms"] > 0
    assert found["forward_ms"] < found["frame_ms"]
    assert 0 < found["age_p50_ms"] <= found["age_p95_ms"]
    assert 0 < found["gap_p99_ms"] <= found["gap_longest_ms"]
