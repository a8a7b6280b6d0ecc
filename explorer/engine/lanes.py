"""Waiting jobs, one a lane: a newer job takes the place of the one that still waits there."""

from __future__ import annotations

import threading
from collections.abc import Callable

Job = Callable[[], None]


class Lanes:
    """Jobs by lane, for one worker.

    Args:
        order: lanes that go first, the most urgent first; any other lane waits behind them in the order of arrival.
    """

    def __init__(self, *order: str) -> None:
        self._order = {lane: place for place, lane in enumerate(order)}
        self._ready = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._last = ""
        self._closed = False

    def put(self, lane: str, job: Job) -> None:
        """Let ``job`` wait in ``lane`` in place of whatever waits there; nothing happens once the lanes are closed."""
        with self._ready:
            if not self._closed:
                self._jobs[lane] = job
                self._ready.notify()

    def take(self) -> Job | None:
        """Wait for a job and return it; None once the lanes are closed.

        The lane that ran last lets another one go first, so that a live source never starves an export nor the reverse.
        """
        with self._ready:
            self._ready.wait_for(lambda: self._jobs or self._closed)
            if self._closed:
                return None
            waiting = sorted(self._jobs, key=lambda lane: self._order.get(lane, len(self._order)))
            lane = next((lane for lane in waiting if lane != self._last), waiting[0])
            self._last = lane
            return self._jobs.pop(lane)

    def close(self) -> None:
        """Forget every job; ``take`` returns None from now on."""
        with self._ready:
            self._closed = True
            self._jobs.clear()
            self._ready.notify_all()
