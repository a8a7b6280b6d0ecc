"""The whole window on an engine that only remembers, for tests of what holds it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.engine.events import Calculated, Catalogue, Event, NetworkReady, ResultReady
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.zoo.card import WeightState
from tests.ui import samples
from ui.app import Application

PATIENCE_MS = 20_000


class Engine(samples.Engine):
    """Remembers also that it was started and stopped, and gives the events it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.started = self.stopped = 0
        self.preferred: list[Settings] = []

    def start(self) -> None:
        self.started += 1

    def prefer(self, settings: Settings) -> None:
        self.preferred.append(settings)

    def take(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def stop(self, timeout_s: float = 5.0) -> list[str]:
        self.stopped += 1
        return []


class Desk:
    """An application whose window is not shown yet."""

    def __init__(
        self,
        qapp: QApplication,
        recipe: Recipe | None = None,
        settings: Settings | None = None,
        engine: Callable[[Callable[[], None]], Any] | None = None,
        **more: Any,
    ) -> None:
        self.engine, self.graph = Engine(), samples.graph()
        recipe, settings = recipe or Recipe(network="sample"), settings or Settings(language="en", theme="dark")
        self.application = Application(
            qapp, recipe, settings, make_engine=engine or cast(Any, lambda _notify: self.engine), **more
        )
        self.store, self.controller = self.application.store, self.application.controller
        self.window = self.application.window

    def show(self, width: int = 1280, height: int = 800) -> None:
        """Show the window and wait until it has painted."""
        self.window.setFixedSize(width, height)
        self.window.show()
        until(lambda: self.engine.started > 0)

    def send(self, *events: Event) -> None:
        """Let the engine say something, the way it really does."""
        self.engine.events += events
        self.application.bridge.notify()
        QCoreApplication.sendPostedEvents()
        QCoreApplication.processEvents()
        while self.application.store.result_changed.waiting:
            QCoreApplication.processEvents()

    def load(self) -> None:
        """Let catalogue, network and a first result arrive."""
        other = samples.CARD.__class__(**{**samples.CARD.__dict__, "name": "other", "title": "Other Net"})
        cards = ((samples.CARD, WeightState.EMBEDDED), (other, WeightState.DOWNLOADABLE))
        self.send(Catalogue(cards, (("cpu", "CPU"),)), NetworkReady(samples.network(self.graph)))
        self.give()

    def give(self) -> None:
        """Let a result for the newest wish arrive."""
        self.send(ResultReady(samples.result(self.store.recipe, self.graph)))


class LayoutRequests(QObject):
    """Notes which widgets are asked to lay out their children anew."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.names.append(type(watched).__name__)
        return False


def answer_until(one: Desk, true: Callable[[], bool]) -> None:
    """Answer every wish, as the engine does, until ``true()``."""

    def answered() -> bool:
        if one.store.result is not None and one.store.result.recipe != one.store.recipe and not true():
            one.give()
        return true()

    until(answered)


def until(true: Callable[[], bool], patience_ms: int = PATIENCE_MS) -> None:
    """Let the event loop run until ``true()``."""
    deadline = QDeadlineTimer(patience_ms)
    while not true():
        assert not deadline.hasExpired(), "it never came true"
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


def key(one: Desk, keys: str) -> None:
    """Type a shortcut into the window."""
    QTest.keySequence(one.window, QKeySequence(keys))


def open_camera(one: Desk) -> None:
    """Press the key for the camera, of which there is none that could be listed."""
    key(one, "F3")
    if one.engine.calculations and one.engine.calculations[-1][0] == "cameras":
        lane, work = one.engine.calculations.pop()
        one.send(Calculated(lane, work, ()))


@contextmanager
def desk(qapp: QApplication, **more: Any) -> Iterator[Desk]:
    """Give a desk and put everything of it away afterwards."""
    one = Desk(qapp, **more)
    try:
        yield one
    finally:
        one.window.close()
        one.window.deleteLater()
        one.application.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
