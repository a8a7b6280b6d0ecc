"""A signal whose receivers take turns, so that one dear result does not hold the window's other events up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

_BUDGET_S = 0.002
"""After so long the event loop has its turn before the next receiver."""
_PAUSE_MS = 1
"""Timers of no time at all would starve the others."""


class Turns:
    """Calls its receivers in the order of their connection, each painted before the next is called.

    Receivers that wait when the signal is sent again keep their place and get the newest state once.
    """

    def __init__(self, parent: QObject) -> None:
        self._parent = parent
        self._receivers: list[_Receiver] = []
        self._waiting: deque[_Receiver] = deque()
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    def connect(self, slot: Callable[[], object]) -> None:
        """Call ``slot`` from now on, as long as the object that it belongs to lives."""
        receiver = _Receiver(self._parent)
        receiver.called.connect(slot)
        self._receivers.append(receiver)

    @property
    def waiting(self) -> bool:
        """Whether a receiver still waits for its turn."""
        return bool(self._waiting)

    def emit(self, in_turns: bool = False) -> None:
        """Call every receiver: now, or one after another, with the other events of the window between them."""
        if in_turns:
            self._waiting.extend(one for one in self._receivers if one not in self._waiting)
            if not self._timer.isActive():  # results that keep coming must not put the turns off
                self._timer.start(_PAUSE_MS)
            return
        self._waiting.clear()
        self._timer.stop()
        for receiver in self._receivers:
            receiver.called.emit()

    def _go_on(self) -> None:
        until_s = time.perf_counter() + _BUDGET_S
        while self._waiting and time.perf_counter() < until_s:
            self._waiting.popleft().called.emit()
            _paint()
        if self._waiting:
            self._timer.start(_PAUSE_MS)


class _Receiver(QObject):
    called = Signal()


def _paint() -> None:
    """Paint now what was changed: Qt would gather the changes of several turns and paint them in one."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        for window in app.topLevelWidgets():
            if window.isVisible():
                QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))
