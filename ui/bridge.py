"""The only place where engine events become Qt signals; lives on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from explorer.engine.events import Event


class EventSource(Protocol):
    """What the bridge drains: the engine."""

    def take(self) -> list[Event]:
        """Return the events since the last call, oldest first, with at most one result."""
        ...


class Bridge(QObject):
    """Turns a notification from any thread into one drain on the GUI thread."""

    arrived = Signal(object)
    _full = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: EventSource | None = None
        self._full.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def attach(self, source: EventSource) -> None:
        """Drain ``source`` from now on."""
        self._source = source

    @property
    def notify(self) -> Callable[[], None]:
        """What the engine calls, from any thread, when its box goes from empty to full."""
        return self._full.emit

    @Slot()
    def _drain(self) -> None:
        if self._source is not None:
            for event in self._source.take():
                self.arrived.emit(event)
