"""PySide6 6.12.0 loses a reference to None at every void call on Python 3.10 and 3.11; refuse such a build early."""

from __future__ import annotations

import sys

import pytest

QtCore = pytest.importorskip("PySide6.QtCore", exc_type=ImportError)


def test_void_calls_keep_the_references_to_none_and_true() -> None:
    class Emitter(QtCore.QObject):
        fired = QtCore.Signal()

    emitter, obj = Emitter(), QtCore.QObject()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(500):
        emitter.fired.emit()
        obj.setObjectName("x")
    after = sys.getrefcount(None), sys.getrefcount(True)
    immortal = sys.version_info >= (3, 12)
    assert immortal or all(abs(a - b) < 250 for a, b in zip(after, before, strict=True)), (before, after)
