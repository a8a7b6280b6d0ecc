"""Whether a filter's window that walks over a picture at 60 steps a second paints every step in its own tick."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Slot

from explorer.filters.bank import BANK
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS
from ui.bench.typing import scene
from ui.panels.filter_steps import SPEEDS

TICKS, SPEED = 300, 60
PAUSE_MS = 200
WALKED = Recipe(network="lenet5", weights="none", filters=(BANK["sharpen"].filter,))


def stepped() -> dict[str, float]:
    """Return how many of ``TICKS`` ticks were missed in the whole window on a picture 1280×720, and the longest gap."""
    from explorer.cv import cv2

    app = qt_application()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(cv2.imencode(".png", scene())[1].tobytes())
        settings = Settings(place="filter", filter_tab="steps")
        recipe = WALKED.with_(source=Source("picture", str(path)))
        application = Application(app, recipe, settings, remember=False)
        walker = _Walker(application)
        application.window.resize(1280, 800)
        application.window.show()
        app.exec()
    application.window.deleteLater()
    application.deleteLater()
    return walker.figures()


def figures(painted_s: Sequence[tuple[int, float]], ticks: int, speed: int) -> dict[str, float]:
    """Return the ticks that were missed, and the longest time from a painted step to the next, ms.

    A step that is due at n / speed seconds has missed its tick where it is not painted before the next one is due.

    Args:
        painted_s: step, from 1, and when it was painted, in seconds from the start; in their order.
        ticks: how many steps were due.
        speed: steps a second.
    """
    first: dict[int, float] = {}
    for step, at_s in painted_s:
        first.setdefault(step, at_s)
    times = [0.0, *(at_s for step, at_s in sorted(first.items()) if step <= ticks)]
    gaps = [after - before for before, after in pairwise(times)]
    missed = sum(step not in first or first[step] > (step + 1) / speed for step in range(1, ticks + 1))
    return {"missed": float(missed), "ticks": float(ticks), "longest_gap_ms": max(gaps, default=0.0) * 1000}


class _Walker(QObject):
    """Starts the walk once the network has answered and nothing else goes on, and notes when each step is painted."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        place = application.window.places.filter
        assert place is not None
        self._steps = place.steps
        self._painted: list[tuple[int, float]] = []
        self._start_s = 0.0
        self._waiting, self._limit = QTimer(self), QTimer(self)
        self._waiting.timeout.connect(self._begin)
        self._waiting.start(PAUSE_MS)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS)
        self._steps.step_view.installEventFilter(self)

    def figures(self) -> dict[str, float]:
        """Return what was measured."""
        if not self._painted or self._painted[-1][0] < TICKS:
            raise RuntimeError(f"only {len(self._painted)} steps painted: {self._application.store.problems}")
        return figures(self._painted, TICKS, SPEED)

    @property
    def _place(self) -> int:
        return self._steps.slider.value()

    @Slot()
    def _begin(self) -> None:
        if self._application.store.result is None or self._steps.step is None:
            return
        self._waiting.stop()
        self._steps.speed.setCurrentIndex(SPEEDS.index(SPEED))
        self._steps.play()
        self._start_s = time.perf_counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a step that is painted now, once the window's painting is done."""
        if event.type() == QEvent.Type.Paint and self._start_s:
            QTimer.singleShot(0, partial(self._note, self._place))
        return super().eventFilter(watched, event)

    def _note(self, step: int) -> None:
        self._painted.append((step, time.perf_counter() - self._start_s))
        if step >= TICKS and self._steps.playing:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        self._waiting.stop()
        self._limit.stop()
        if self._steps.playing:
            self._steps.play()
        self._application.end()
