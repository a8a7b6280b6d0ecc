"""What it takes from a typed weight to the painted result, in the filter place of the whole window."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from explorer.engine import Engine
from explorer.engine.rooms import Rooms
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Bytes, Frame, Source
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS

HW, SIDE = (720, 1280), 5
TYPED, WARM, PAUSE_MS = 60, 5, 120
FRAME_MS, TIMES = 16.0, 4.0
"""The limit: so many times OpenCV's filter2D alone, and one frame of the screen."""
_KERNEL = Filter(Kernel("", ((0.04,) * SIDE,) * SIDE, 0.5, 10.0))
STILL = Recipe(filters=(_KERNEL,))


def typed() -> dict[str, float]:
    """Return ms from Enter in a kernel's cell to the painted result, on a still picture; and of filter2D alone."""
    with tempfile.TemporaryDirectory() as folder:
        from explorer.cv import cv2

        path = Path(folder) / "picture.png"
        path.write_bytes(cv2.imencode(".png", scene())[1].tobytes())
        return _measured(STILL.with_(source=Source("picture", str(path))), Rooms())


def typed_live() -> dict[str, float]:
    """Return the same while VGG-16 looks at the demo feed, its frames as large as the picture."""
    recipe = Recipe(source=Source("demo", ""), network="vgg16", weights="none", filters=(_KERNEL,))
    return _measured(recipe, Rooms(open_live=lambda _source: _Wide()))


def _measured(recipe: Recipe, rooms: Rooms) -> dict[str, float]:
    app = qt_application()
    base_ms = _filter2d_ms()  # alone: no engine runs yet
    settings = Settings(place="filter")
    application = Application(
        app, recipe, settings, remember=False, make_engine=lambda notify: Engine(notify, settings, rooms)
    )
    typist = _Typist(application)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    application.window.deleteLater()
    application.deleteLater()
    return {"opencv_ms": base_ms, "limit_ms": TIMES * base_ms + FRAME_MS, **typist.figures()}


class _Typist(QObject):
    """Types digits into the kernel, one after the other, once the network answers."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self._place = application.window.places.filter
        assert self._place is not None
        self.ms: list[float] = []
        self._began_s = 0.0
        self._frames: set[int] = set()
        self._timer, self._limit = QTimer(self), QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._type)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS)
        self._place.filtering.found_changed.connect(self._found)  # after the panels of the place
        self._timer.start(PAUSE_MS)

    def figures(self) -> dict[str, float]:
        """Return what was measured."""
        if len(self.ms) < WARM + TYPED:
            raise RuntimeError(f"only {len(self.ms)} kernels typed: {self._application.store.problems}")
        ms = self.ms[WARM:]
        return {
            "typed_ms": statistics.median(ms),
            "typed_p95_ms": float(np.percentile(ms, 95)),
            "kernels": float(len(ms)),
            "frames": float(len(self._frames)),
        }

    @Slot()
    def _type(self) -> None:
        store, place = self._application.store, self._place
        assert place is not None
        if store.result is None or place.filtering.found is None or place.filtering.found.frame.pixels.shape[:2] != HW:
            self._timer.start(PAUSE_MS)
            return
        grid, turn = place.kernel.grid, len(self.ms)
        grid.choose(turn // SIDE % SIDE, turn % SIDE)
        _key(grid, Qt.Key(Qt.Key.Key_1 + turn % 9), f"{1 + turn % 9}")
        field = QApplication.focusWidget() or grid
        QCoreApplication.sendEvent(self._application.window, QEvent(QEvent.Type.UpdateRequest))
        before = store.recipe.filters
        self._began_s = time.perf_counter()
        _key(field, Qt.Key.Key_Return)
        if store.recipe.filters == before:
            raise RuntimeError("the typed number changed nothing")

    @Slot()
    def _found(self) -> None:
        place, store = self._place, self._application.store
        assert place is not None
        found = place.filtering.found
        if found is not None:
            self._frames.add(id(found.frame))
        if not self._began_s or found is None or found.chain != store.recipe.filters:
            return
        QCoreApplication.sendEvent(self._application.window, QEvent(QEvent.Type.UpdateRequest))  # painted at once
        self.ms.append((time.perf_counter() - self._began_s) * 1000)
        self._began_s = 0.0
        if place.result.result.pixels is not found.pixels:
            raise RuntimeError("another result was painted")
        if len(self.ms) == WARM + TYPED:
            self._finish()
        else:
            self._timer.start(PAUSE_MS)

    @Slot()
    def _finish(self) -> None:
        self._timer.stop()
        self._limit.stop()
        self._application.end()


class _Wide:
    """The demo feed in the size of the picture."""

    def __init__(self) -> None:
        from explorer.sources.demo import Demo

        self._demo = Demo()

    def read(self) -> Frame | None:
        """Return the next frame."""
        from explorer.cv import cv2

        frame = self._demo.read()
        return frame and Frame(np.asarray(cv2.resize(frame.pixels, HW[::-1])), frame.source, frame.index, frame.time_s)

    def close(self) -> None:
        """End the demo feed."""
        self._demo.close()


def scene() -> Bytes:
    """Return a picture that is not flat."""
    from explorer.cv import cv2
    from explorer.sources.demo import Demo

    return np.asarray(cv2.resize(Demo().pixels(0), HW[::-1]))


def _filter2d_ms() -> float:
    """Return the median ms of OpenCV's filter2D with a kernel of that size on the picture."""
    from explorer.cv import cv2

    pixels, weights = scene(), np.random.default_rng(0).normal(0, 0.2, (SIDE, SIDE))
    times = []
    for _turn in range(WARM + TYPED):
        start_s = time.perf_counter()
        cv2.filter2D(pixels, -1, weights)
        times.append((time.perf_counter() - start_s) * 1000)
    return statistics.median(times[WARM:])


def _key(widget: QWidget, key: Qt.Key, text: str = "") -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QCoreApplication.sendEvent(widget, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))
