"""The shipped window on a stream of numbered pictures: what a frame costs, and how old it is when it is painted.

The numbers are read from the screen, after the window has painted, and each is looked up among the times at which the
stream sent them. The bare forward is measured beside it, in turns, on the same machine and with the same threads.
"""

from __future__ import annotations

import statistics
import threading
import time

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from explorer.bench import numbered, stream
from explorer.bench.live import IN_ONE_PIECE, growth
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.speed.values import COMPILED
from explorer.values import FrameResult, Source
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS
from ui.widgets.picture_view import PictureView

ROUNDS, LIVE_S, BARE_S = 6, 2.0, 2.0
"""Rounds of some seconds live and some seconds of bare forwards."""
SETTLE_S = 3.0
"""So long the window runs before anything counts."""
PIECE_S = 120.0
"""So long it waits at most until the network runs in one piece, if it is one that can be compiled here."""
TICK_MS = 10


class Screen(QObject):
    """Reads the number of the picture that is on the screen each time the view was painted.

    Attributes:
        shown: (number, seconds) of every picture that appeared, in this order.
        unread: paintings on which no number could be read.
    """

    def __init__(self, view: PictureView) -> None:
        super().__init__(view)
        self._view = view
        self.shown: list[tuple[int, float]] = []
        self.unread = 0
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look once the painting that begins now is on the screen."""
        if event.type() == QEvent.Type.Paint:
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))
        return False

    def customEvent(self, event: QEvent) -> None:
        """Look now."""
        at_s, code = time.perf_counter(), self.code()
        if code is None:
            self.unread += 1
            return
        last = self.shown[-1][0] if self.shown else -1
        if last < 0 or code != last % numbered.COUNT:
            self.shown.append((numbered.after(max(last, 0), code), at_s))

    def code(self) -> int | None:
        """Return the number, modulo ``numbered.COUNT``, that is on the screen; None where there is none."""
        view = self._view
        if view.viewport is None or not view.isVisible():
            return None
        window = view.window()
        places = [view.mapTo(window, view.rect_of(y, x, y, x).topLeft()) for y, x in numbered.middles()]
        left, top = min(p.x() for p in places), min(p.y() for p in places)
        right, bottom = max(p.x() for p in places), max(p.y() for p in places)
        size = int(right - left) + 2, int(bottom - top) + 2
        seen = window.screen().grabWindow(window.winId(), int(left), int(top), *size).toImage()
        seen = seen.convertToFormat(QImage.Format.Format_Grayscale8)
        corner = QPointF(int(left), int(top))
        return numbered.number([seen.pixelColor((place - corner).toPoint()).red() for place in places])


class _Bare(threading.Thread):
    """Bare channels-last forwards of a network of its own, with the threads that torch has, some seconds at a time."""

    def __init__(self, network: str) -> None:
        super().__init__(name="bare", daemon=True)
        self._network = network
        self._go, self.ready = threading.Event(), threading.Event()
        self._done: Bare | None = None
        self._ended = False
        self.ms: list[float] = []
        self.start()

    def once(self, done: Bare) -> None:
        """Measure for ``BARE_S``, then tell ``done``."""
        self._done = done
        self._go.set()

    def end(self) -> None:
        """Measure no more, and wait for the end of it."""
        self._ended = True
        self._go.set()
        self.join()

    def run(self) -> None:
        """Wait to be told, and measure."""
        import torch

        from explorer.bench.forward import example
        from explorer.session import Session

        network = Session().open(self._network, "none", device="cpu")
        x = example(network)
        torch.set_num_threads(torch.get_num_threads())  # OpenMP keeps the number by thread
        self.ready.set()
        while self._go.wait() and not self._ended:
            self._go.clear()
            times, until_s = list[float](), time.perf_counter() + BARE_S
            with torch.inference_mode():
                network.module(x)
                while time.perf_counter() < until_s:
                    start_s = time.perf_counter()
                    network.module(x)
                    times.append((time.perf_counter() - start_s) * 1000)
            self.ms.append(statistics.median(times))
            assert self._done is not None
            self._done.over.emit()


class Bare(QObject):
    """Tells the window's thread that a round of bare forwards is over."""

    over = Signal()


class Watch(QObject):
    """Takes down what the window does with the stream.

    Args:
        application: its recipe's source is the stream.
        seconds: so long it is watched; 0 for ``ROUNDS`` rounds in turns with bare forwards.
    """

    def __init__(self, application: Application, seconds: float) -> None:
        super().__init__()
        self._application, self._store = application, application.store
        self._seconds, self._began_s = seconds, 0.0
        self.screen = Screen(application.window.explore.source.view)
        self.frame_ms: list[list[float]] = []
        self.intervals_ms: list[float] = []
        self.forward_ms: list[float] = []
        self.gaps_ms: list[float] = []
        self.grabbed: list[float] = []
        self.disorder = self.rounds = 0
        self.windows: list[tuple[float, float]] = []
        self._live = False
        self._last: tuple[int, float] | None = None
        self._ticked_s = 0.0
        network = self._store.recipe.network
        self._bare = None if seconds else _Bare(network)
        self._compiles = network in IN_ONE_PIECE
        self._told = Bare(self)
        self._told.over.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        self._tick, self._turn, self._limit = QTimer(self), QTimer(self), QTimer(self)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.timeout.connect(self._count_gap)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._end_of_turn)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS + round(1000 * (seconds + PIECE_S)))
        self._store.result_changed.connect(self._take)
        self._store.problems_changed.connect(self._look_for_problem)

    @Slot()
    def _take(self) -> None:
        result, now_s = self._store.result, time.perf_counter()
        assert result is not None
        if not self._began_s:
            self._began_s = now_s
            QTimer.singleShot(round(SETTLE_S * 1000), self._begin)
        if not self._live:
            return
        if self._last is not None:
            self.disorder += result.frame.index < self._last[0]
            self.intervals_ms.append((now_s - self._last[1]) * 1000)
        self._last = result.frame.index, now_s
        self.frame_ms[-1].append(_costs(result))
        self.forward_ms.append(result.times_ms["forward"])

    @Slot()
    def _begin(self) -> None:
        if self._bare is not None and not (self._bare.ready.is_set() and self._in_one_piece()):
            QTimer.singleShot(100, self._begin)
            return
        self.frame_ms.append([])
        self._live, self._last = True, None
        self.windows.append((time.perf_counter(), 0.0))
        self._ticked_s = time.perf_counter()
        self._tick.start(TICK_MS)
        self._turn.start(round((self._seconds or LIVE_S) * 1000))

    def _in_one_piece(self) -> bool:
        result = self._store.result
        assert result is not None
        over = time.perf_counter() - self._began_s > (PIECE_S if self._compiles else 0)
        return over or (result.speed is not None and result.speed.message == COMPILED)

    @Slot()
    def _end_of_turn(self) -> None:
        self._live = False
        self._tick.stop()
        self.windows[-1] = self.windows[-1][0], time.perf_counter()
        if self._bare is None:
            self._finish()
            return
        self._application.controller.freeze(True)
        self._bare.once(self._told)

    @Slot()
    def _go_on(self) -> None:
        self.rounds += 1
        if self.rounds == ROUNDS:
            self._finish()
            return
        self._application.controller.freeze(False)
        QTimer.singleShot(300, self._begin)

    @Slot()
    def _count_gap(self) -> None:
        now_s = time.perf_counter()
        self.gaps_ms.append((now_s - self._ticked_s) * 1000)
        self._ticked_s = now_s

    @Slot()
    def _look_for_problem(self) -> None:
        if self._store.problems:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        for timer in (self._tick, self._turn, self._limit):
            timer.stop()
        if self._bare is not None:
            self._bare.end()
        self._application.end()

    def figures(self, sent: list[float]) -> dict[str, float]:
        """Return what was measured; ``sent``: when the stream sent each number.

        Raises:
            RuntimeError: too little was.
        """
        if len(self.forward_ms) < 2 or len(self.screen.shown) < 2:
            told = "; ".join(str(one.error) for one in self._store.problems.values())
            raise RuntimeError(f"only {len(self.screen.shown)} numbers: {told}")
        ages = self._ages(sent)
        ms = np.array([age for _at, age in ages])
        costs = [statistics.median(one) for one in self.frame_ms if one]
        found = {
            "frame_ms": statistics.median(costs),
            "forward_ms": statistics.median(self.forward_ms),
            "interval_ms": statistics.median(self.intervals_ms),
            "age_p50_ms": float(np.percentile(ms, 50)),
            "age_p95_ms": float(np.percentile(ms, 95)),
            "gap_p99_ms": float(np.percentile(self.gaps_ms, 99)),
            "gap_longest_ms": max(self.gaps_ms),
            "shown": float(len(ages)),
            "unread": float(self.screen.unread),
            "disorder": float(self.disorder),
        }
        if self._bare is not None:
            pairs = zip(costs, self._bare.ms, strict=False)
            found |= {"bare_ms": statistics.median(self._bare.ms)}
            found |= {"ratio": statistics.median(cost / bare for cost, bare in pairs)}
        if self._seconds:
            found |= growth(ages)
        return found

    def _ages(self, sent: list[float]) -> list[tuple[float, float]]:
        """Return (seconds, ms from sending to painting) of every number that appeared while it counted."""
        return [
            (at_s, (at_s - sent[number]) * 1000)
            for number, at_s in self.screen.shown
            if number < len(sent) and any(begin <= at_s <= end for begin, end in self.windows)
        ]


def live(address: str, network: str, layer: str, seconds: str = "0") -> dict[str, float]:
    """Return what the window makes of the stream at ``address``: see ``Watch``."""
    app = qt_application()
    recipe = Recipe(source=Source("stream", address), network=network, weights="none", layer=layer)
    application = Application(app, recipe, Settings(one_piece=True), remember=False)
    watch = Watch(application, float(seconds))
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    application.window.deleteLater()
    application.deleteLater()
    return watch.figures(stream.sent(address))


def _costs(result: FrameResult) -> float:
    """Return the ms that the model thread took for a frame: all but waiting for the source."""
    return sum(ms for stage, ms in result.times_ms.items() if stage != "read")
