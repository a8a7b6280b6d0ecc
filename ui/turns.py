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

    Attributes:
        told: called after every turn with the milliseconds that the receiver and its painting took, and whether by now
            every receiver had its turn since this was last so.
    """

    def __init__(self, parent: QObject) -> None:
        self._parent = parent
        self.told: Callable[[float, bool], None] = _nobody
        self._turn = 0
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
        self._turn = 0
        self._call(self._receivers)

    def _go_on(self) -> None:
        until_s = time.perf_counter() + _BUDGET_S
        while self._waiting and time.perf_counter() < until_s:
            self._call([self._waiting.popleft()])
        if self._waiting:
            self._timer.start(_PAUSE_MS)

    def _call(self, receivers: list[_Receiver]) -> None:
        start_s = time.perf_counter()
        for receiver in receivers:
            receiver.called.emit()
        _paint()
        self._turn += len(receivers)
        everyone = not self._waiting or self._turn >= len(self._receivers)
        if everyone:
            self._turn = 0
        self.told((time.perf_counter() - start_s) * 1000, everyone)


class _Receiver(QObject):
    called = Signal()


def _nobody(_ms: float, _everyone: bool) -> None:
    pass


def _paint() -> None:
    """Paint now what was changed: Qt would gather the changes of several turns and paint them in one."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        for window in app.topLevelWidgets():
            if window.isVisible():
                QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))
