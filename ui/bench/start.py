"""How soon the window is painted and predicts."""

from __future__ import annotations

import json
import time

from PySide6.QtCore import QObject, QTimer, Slot

from explorer.recipe import Recipe
from explorer.settings import Settings
from ui.app import Application, qt_application
from ui.bench import LIMIT_MS


def start(began_s: float) -> None:
    """Print the seconds from ``began_s`` (``time.perf_counter()``) to the first paint and to the first prediction."""
    app = qt_application()
    application = Application(app, Recipe(), Settings(), remember=False)
    watch = _Start(application, began_s)
    application.window.resize(1280, 800)
    application.window.show()
    app.exec()
    print(json.dumps(watch.seconds))


class _Start(QObject):
    """Notes when the window is first painted and when it first shows predictions."""

    def __init__(self, application: Application, began_s: float) -> None:
        super().__init__()
        self._application = application
        self._began_s = began_s
        self.seconds: dict[str, float] = {}
        application.window.painted.connect(self._painted)
        application.store.result_changed.connect(self._result)
        application.store.problems_changed.connect(application.end)
        self._limit = QTimer(self)
        self._limit.timeout.connect(application.end)
        self._limit.start(LIMIT_MS)

    @Slot()
    def _painted(self) -> None:
        self.seconds["first_paint_s"] = time.perf_counter() - self._began_s

    @Slot()
    def _result(self) -> None:
        self._application.window.repaint()
        self.seconds["first_prediction_s"] = time.perf_counter() - self._began_s
        self._application.end()
