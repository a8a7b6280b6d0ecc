"""Waiting jobs, one a lane: a newer job takes the place of the one that still waits there."""

from __future__ import annotations

import threading
from collections.abc import Callable

Job = Callable[[], None]


class Lanes:
    """Jobs by lane, for one worker.

    Args:
        order: the urgent lanes, the most urgent first. Any other lane holds what a person asked for and waits for, a
            file to write: its turn comes in the order of arrival.
    """

    def __init__(self, *order: str) -> None:
        self._order = order
        self._ready = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._last = ""
        self._patient_next = False
        self._closed = self._taken = False

    def put(self, lane: str, job: Job) -> None:
        """Let ``job`` wait in ``lane`` in place of whatever waits there; urgent ones are refused once closed."""
        with self._ready:
            if not self._closed or lane not in self._order:
                self._jobs[lane] = job
                self._ready.notify()

    def take(self) -> Job | None:
        """Wait for a job and return it; None once the lanes are closed and empty.

        Urgent lanes and the others take turns, and of the urgent ones the lane that ran last lets another one go first:
        so neither a live source nor a slider that is dragged starves an export, nor the reverse.
        """
        with self._ready:
            self._taken = False
            self._ready.wait_for(lambda: self._jobs or self._closed)
            if not self._jobs:
                return None
            urgent = [lane for lane in self._order if lane in self._jobs]
            patient = next((lane for lane in self._jobs if lane not in self._order), None)
            if patient is not None and (self._patient_next or not urgent):
                lane, self._patient_next = patient, False
            else:
                lane, self._patient_next = next((lane for lane in urgent if lane != self._last), urgent[0]), True
                self._last = lane
            self._taken = True
            return self._jobs.pop(lane)

    @property
    def busy(self) -> bool:
        """Whether a job waits, or the one that was taken last goes on."""
        with self._ready:
            return self._taken or bool(self._jobs)

    def close(self) -> None:
        """Forget the urgent jobs and take no more of them; the others are still to be done."""
        with self._ready:
            self._closed = True
            for lane in self._order:
                self._jobs.pop(lane, None)
            self._ready.notify_all()

    def waiting(self) -> list[str]:
        """Return the lanes in which a job waits."""
        with self._ready:
            return list(self._jobs)
