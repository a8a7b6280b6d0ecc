"""Boxes between threads that cannot grow: the newest frame, and the events that wait for the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from explorer.engine.events import Answered, Calculated, DownloadChanged, Ended, Event, Exported, Problem
from explorer.recording.values import Filmed, MapsKept

T = TypeVar("T")
MOST_EXPORTS = 64


class Latest(Generic[T]):
    """Holds one value; a newer one takes the place of one that nobody took.

    Attributes:
        dropped: how many values were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self.dropped = 0

    def put(self, value: T) -> bool:
        """Leave ``value``; return whether the box was empty before."""
        with self._lock:
            was_empty = self._value is None
            self._value = value
            self.dropped += not was_empty
            return was_empty

    def take(self) -> T | None:
        """Return the value and leave the box empty; None where it was empty already."""
        with self._lock:
            value, self._value = self._value, None
            return value


class Outbox:
    """The events that wait for the window: of each kind only the newest, in the order in which they arrived.

    Args:
        notify: called from the thread that puts, once whenever the box goes from empty to full. A call for every event
            would starve the window: its event loop would serve nothing else.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._lock = threading.Lock()
        self._events: dict[object, Event] = {}
        self._closed = False

    def put(self, *events: Event) -> None:
        """Leave ``events``, all of them in one go; nothing happens once the box is closed."""
        with self._lock:
            if self._closed or not events:
                return
            was_empty = not self._events
            for event in events:
                key = _key(event)
                self._events.pop(key, None)
                self._events[key] = event
            files = [key for key, event in self._events.items() if isinstance(event, Exported)]
            for key in files[:-MOST_EXPORTS]:
                del self._events[key]
        if was_empty:
            self._notify()

    def take(self) -> list[Event]:
        """Return the events since the last call, the oldest first."""
        with self._lock:
            events = list(self._events.values())
            self._events.clear()
            return events

    def close(self) -> None:
        """Drop what is there and whatever still comes."""
        with self._lock:
            self._closed = True
            self._events.clear()


def _key(event: Event) -> object:
    """Return what a newer event replaces: every export says something of its own, as does every place of a problem and
    every kind of question, whose asker waits for it.
    """
    match event:
        case Problem():
            return type(event), event.where, type(event.question)
        case Exported():
            return event.paths
        case Filmed() | MapsKept():
            return type(event), event.path
        case Calculated():
            return type(event), event.lane
        case DownloadChanged():
            return type(event), event.network, event.weights
        case Answered() | Ended():
            return Answered, type(event.question)
        case _:
            return type(event)
