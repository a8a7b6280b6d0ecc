"""One thread that runs the jobs of its lanes, one after the other, and survives every one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from explorer.engine.lanes import Job, Lanes


class Worker:
    """A thread with lanes.

    Args:
        name: of the thread.
        order: see ``Lanes``.
        failed: gets what a job let through; jobs report what they expect themselves.
        first, last: run at the thread's beginning and end.
    """

    def __init__(
        self,
        name: str,
        *order: str,
        failed: Callable[[Exception], None],
        first: Job | None = None,
        last: Job | None = None,
    ) -> None:
        self._lanes = Lanes(*order)
        self._failed = failed
        self._first = first
        self._last = last
        self.put = self._lanes.put
        self.close = self._lanes.close
        self.waiting = self._lanes.waiting
        # a daemon: a driver or a library that hangs must not keep a closed application in memory
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def busy(self) -> bool:
        """Whether there is something to do, or being done."""
        return self._lanes.busy

    def _run(self) -> None:
        if self._first:
            self._guard(self._first)
        while job := self._lanes.take():
            self._guard(job)
            del job  # a waiting worker holds no picture and no network
        if self._last:
            self._guard(self._last)

    def _guard(self, job: Job) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 - the thread must outlive every job; ``failed`` tells the person
            self._failed(error)
