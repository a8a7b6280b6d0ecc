"""How long the window's other events wait while a dear network looks at a live source."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Slot

from explorer.engine import Engine
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS
from ui.bridge import Bridge
from ui.controller import Controller
from ui.panels.train_digits import TrainDigits
from ui.store import Store
from ui.turns import Turns

TICK_MS = 10
GAPS = 800
LOOPED = Recipe(source=Source("demo", ""), network="vgg16", weights="none")


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


def training_gap() -> dict[str, float]:
    """Return the gaps while a LeNet-5 learns in the whole window, which shows curves, filters, maps and mistakes."""
    app = qt_application()
    application = Application(app, Recipe(network="lenet5"), Settings(place="networks"), remember=False)
    window = application.window
    window.resize(1280, 800)
    window.show()
    networks = window.places.networks
    assert networks is not None
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.training))
    panel = networks.training.digits.widget
    assert isinstance(panel, TrainDigits)
    panel.fields.epochs.setValue(1000)
    ticker = _Ticker(application.store, application.end, panel.training.learned_changed)
    application.store.result_changed.connect(panel.start.click)  # once: it is a still picture
    app.exec()
    return ticker.figures()


class _Ticker(QObject):
    """Counts the gaps of a timer from the second result on: then loading is over.

    Args:
        store: of the window.
        end: called when there are enough.
        counted: a signal that takes the place of results.
    """

    def __init__(self, store: Store, end: Callable[[], None], counted: Turns | None = None) -> None:
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
        (counted or store.result_changed).connect(self._count)

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
