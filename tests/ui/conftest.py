"""Qt tests fail on Qt's own warnings and on widgets, timers and threads that they leave behind, and name them."""

from __future__ import annotations

import gc
import sys
import traceback
import weakref
from collections.abc import Iterator
from functools import cache

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from explorer import sources
from tests.ui.desk import Desk, desk
from ui.widgets import gallery

HARMLESS = (
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)

_warnings: list[str] = []
_timers: weakref.WeakSet[QTimer] = weakref.WeakSet()
_start = QTimer.start


def _remember(kind: QtMsgType, _context: object, message: str) -> None:
    if kind != QtMsgType.QtDebugMsg and kind != QtMsgType.QtInfoMsg and not message.startswith(HARMLESS):
        _warnings.append(message)


def _start_and_remember(timer: QTimer, *args: object) -> None:
    _timers.add(timer)
    _start(timer, *args)


QTimer.start = _start_and_remember  # type: ignore[method-assign,assignment]


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The one application of the test run."""
    return QApplication.instance() or QApplication(["cnn-explorer-tests"])


@pytest.fixture(scope="session", autouse=True)
def samples_decoded_once(qapp: QApplication) -> Iterator[None]:
    """Every window of the run shows the same sample pictures; those of the person's own are read each time."""
    decode, once = gallery.thumbnail, cache(gallery.thumbnail)
    shipped = {str(sample.path()) for sample in sources.samples()}
    gallery.thumbnail = lambda path, side: (once if path in shipped else decode)(path, side)
    yield
    gallery.thumbnail = decode
    once.cache_clear()


@pytest.fixture
def one(qapp: QApplication) -> Iterator[Desk]:
    """A window that is shown and has its first result."""
    with desk(qapp) as it:
        it.show()
        it.load()
        yield it


def settle() -> None:
    """Deliver what is posted, deferred deletions too."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


@pytest.fixture(autouse=True)
def clean_qt(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail on exceptions in slots, on warnings of Qt and on what is left behind."""
    widgets_before = set(map(id, QApplication.topLevelWidgets()))
    timers_before = {id(t) for t in _timers}
    _warnings.clear()
    previous = qInstallMessageHandler(_remember)
    raised: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda *what: raised.append("".join(traceback.format_exception(*what))))
    yield
    settle()
    left = [w for w in QApplication.topLevelWidgets() if id(w) not in widgets_before]
    if left:
        gc.collect()
        settle()
        left = [w for w in QApplication.topLevelWidgets() if id(w) not in widgets_before]
    running = []
    for timer in list(_timers):
        try:
            if id(timer) not in timers_before and timer.isActive() and not timer.isSingleShot():
                running.append(
                    f"{type(timer.parent()).__name__}/{timer.objectName() or 'QTimer'} {timer.interval()} ms"
                )
        except RuntimeError:  # its C++ half is gone, so it does not run
            continue
    names = [f"{type(w).__name__} {w.objectName()}" for w in left]
    for widget in left:
        widget.close()
        widget.deleteLater()
    settle()
    qInstallMessageHandler(previous)
    assert not raised, "raised in a slot, where nobody catches it:\n" + "\n".join(raised)
    assert not _warnings, f"Qt warned: {_warnings}"
    assert not names, f"top-level widgets left: {names}"
    assert not running, f"timers left running: {running}"
