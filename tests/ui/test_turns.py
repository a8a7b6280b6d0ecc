"""Receivers of a live result: one after another, none twice, none lost."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from ui.turns import Turns


def _wait(app: QApplication, until_all: list[str], count: int) -> None:
    end_s = time.monotonic() + 10
    while len(until_all) < count and time.monotonic() < end_s:
        app.processEvents()


def _dear(calls: list[str], name: str) -> None:
    calls.append(name)
    time.sleep(0.004)


def test_at_once_everyone_is_called_in_order(qapp: QApplication) -> None:
    owner, calls = QObject(), list[str]()
    turns = Turns(owner)
    for name in "abc":
        turns.connect(lambda name=name: calls.append(name))
    turns.emit()
    assert calls == ["a", "b", "c"]


def test_between_dear_receivers_the_window_lives(qapp: QApplication) -> None:
    owner, calls = QObject(), list[str]()
    turns = Turns(owner)
    for name in "abc":
        turns.connect(lambda name=name: _dear(calls, name))
    timer = QTimer(owner)
    timer.timeout.connect(lambda: calls.append("tick"))
    timer.start(1)
    turns.emit(in_turns=True)
    assert calls == []
    _wait(qapp, calls, 9)
    timer.stop()
    order = [call for call in calls if call != "tick"]
    assert order == ["a", "b", "c"]
    assert "tick" in calls[calls.index("a") : calls.index("b")]
    assert "tick" in calls[calls.index("b") : calls.index("c")]


def test_who_waits_keeps_its_place_and_is_called_once(qapp: QApplication) -> None:
    owner, calls = QObject(), list[str]()
    turns = Turns(owner)
    turns.connect(lambda: (_dear(calls, "a"), turns.emit(in_turns=True) if len(calls) == 1 else None))
    turns.connect(lambda: _dear(calls, "b"))
    turns.emit(in_turns=True)
    _wait(qapp, calls, 3)
    for _ in range(20):
        qapp.processEvents()
    assert calls == ["a", "b", "a"]


def test_at_once_takes_the_turns_of_those_who_wait(qapp: QApplication) -> None:
    owner, calls = QObject(), list[str]()
    turns = Turns(owner)
    turns.connect(lambda: calls.append("a"))
    turns.emit(in_turns=True)
    turns.emit()
    for _ in range(5):
        time.sleep(0.002)
        qapp.processEvents()
    assert calls == ["a"]
