"""What it takes from a click on a unit to its area on the picture."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS

CLICKS, CLICK_MS = 60, 50
LOOKED_AT = Recipe(network="resnet152", weights="none", layer="layer3.20.relu:3")


def area_live() -> dict[str, float]:
    """Return the same as ``area`` while the demo feed plays, so that frames come between the clicks."""
    return area(LOOKED_AT.with_(source=Source("demo", "")))


def area(recipe: Recipe | None = None) -> dict[str, float]:
    """Return ms from a click, and from a move, on a cell of ResNet-152 to the window with its area painted."""
    app = qt_application()
    application = Application(app, recipe or LOOKED_AT, Settings(), remember=False)
    clicks = _Clicks(application)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    application.window.deleteLater()
    application.deleteLater()
    return clicks.figures()


class _Clicks(QObject):
    """Clicks and points at cells of the large map once the network's areas are known."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self.click_ms: list[float] = []
        self.move_ms: list[float] = []
        self._turn = 0
        self._timer, self._limit = QTimer(self), QTimer(self)
        self._timer.timeout.connect(self._next)
        self._timer.start(CLICK_MS)
        self._limit.timeout.connect(self._finish)
        self._limit.start(LIMIT_MS)

    def figures(self) -> dict[str, float]:
        """Return what was measured."""
        if len(self.move_ms) < CLICKS:
            raise RuntimeError(f"only {len(self.move_ms)} clicks: {self._application.store.problems}")
        return {
            "click_p50_ms": float(np.percentile(self.click_ms, 50)),
            "click_p99_ms": float(np.percentile(self.click_ms, 99)),
            "move_p50_ms": float(np.percentile(self.move_ms, 50)),
            "move_p99_ms": float(np.percentile(self.move_ms, 99)),
            "clicks": float(len(self.click_ms)),
        }

    @Slot()
    def _next(self) -> None:
        store, explore = self._application.store, self._application.window.explore
        if store.fields is None or store.result is None:
            return
        (h, w), view = store.result.view.map.shape, explore.channel.map
        if store.result.view.layer.id != store.recipe.layer or view.viewport is None:
            return
        self._turn += 1
        before = explore.source.view.outlines
        moves = self._turn % 2
        cell = view.rect_of(*(float(at) for at in _box(self._turn * 5 % h, self._turn * 3 % w))).center()
        _settle(self._application.window)  # what a frame has changed is not the click's
        start_s = time.perf_counter()
        _mouse(view, QEvent.Type.MouseMove if moves else QEvent.Type.MouseButtonPress, cell)
        _settle(self._application.window)  # the area is there before the finger is up again
        (self.move_ms if moves else self.click_ms).append((time.perf_counter() - start_s) * 1000)
        _mouse(view, QEvent.Type.MouseButtonRelease, cell)
        if explore.source.view.outlines == before:
            raise RuntimeError(f"turn {self._turn} outlined nothing new")
        if len(self.click_ms) == CLICKS:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        self._timer.stop()
        self._limit.stop()
        self._application.end()


def _box(y: int, x: int) -> tuple[int, int, int, int]:
    return y, x, y + 1, x + 1


def _mouse(widget: QWidget, kind: QEvent.Type, place: QPointF) -> None:
    moves = kind == QEvent.Type.MouseMove
    button = Qt.MouseButton.NoButton if moves else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.LeftButton if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
    plain = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, QPointF(widget.mapToGlobal(place)), button, held, plain)
    QCoreApplication.sendEvent(widget, event)


def _settle(window: QWidget) -> None:
    """Paint at once whatever of ``window`` is to be painted."""
    QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))
