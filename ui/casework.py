"""The exercise that a person works on, the value of a case that is opened, and the example that it began with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from PySide6.QtCore import QObject, Signal

from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.counts import Plan
from explorer.arithmetic.presets import PRESETS, Subject
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.trace import At, Trace, output, trace
from explorer.errors import ExplorerError

FIRST = "one-filter"
"""The example that the place begins with."""
_REMEMBERED = 100
"""Exercises that can be gone back to."""


class Casework(QObject):
    """Keeps the last exercise that can be; the panels show it and change it through here.

    Signals:
        subject_changed: another exercise of any kind, or another example.
        case_changed: another case, or another example of one; before ``subject_changed``.
        at_changed: another value is opened, or the case is another.
        refused: the sentence about an exercise that cannot be, "" once there is a good one again.
    """

    subject_changed = Signal()
    case_changed = Signal()
    at_changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = FIRST
        case, plan, shift = (PRESETS[name].subject for name in (FIRST, "small-network", "shift"))
        assert isinstance(case, Case)
        assert isinstance(plan, Plan)
        assert isinstance(shift, Shift)
        self._worked, self._plan, self._shift = _Worked(case), plan, shift
        self._shown: _Shown = self._worked
        self._place = 0
        self._past: list[tuple[str, _Shown]] = []
        self._future: list[tuple[str, _Shown]] = []

    @property
    def subject(self) -> Subject:
        """The exercise: a case, a network whose weights are counted, or a picture that moves."""
        return _subject(self._shown)

    @property
    def plan(self) -> Plan:
        """The network whose weights were counted last."""
        return self._plan

    @property
    def shift(self) -> Shift:
        """The picture that moved last."""
        return self._shift

    @property
    def case(self) -> Case:
        """The case; the last one where another kind of exercise is shown."""
        return self._worked.case

    @property
    def output(self) -> Doubles:
        """Its output, float64 (K, rows, columns)."""
        return self._worked.output

    @property
    def name(self) -> str:
        """The example that the exercise began with, "" for none."""
        return self._name

    @property
    def changed(self) -> bool:
        """Whether the exercise is not the example's any more."""
        return self._name not in PRESETS or self.subject != PRESETS[self._name].subject

    @property
    def place(self) -> int:
        """Which value of the output is opened, from 0, map by map and row by row."""
        return self._place

    @property
    def last(self) -> int:
        """The last place."""
        return int(self.output.size) - 1

    @property
    def at(self) -> At:
        """The opened value's map, row and column, from 0."""
        k, y, x = np.unravel_index(self._place, self.case.output_chw)
        return int(k), int(y), int(x)

    @property
    def trace(self) -> Trace:
        """The opened value term by term."""
        at = self.at
        if self._worked.trace is None or self._worked.trace.at != at:
            self._worked.trace = trace(self.case, at)
        return self._worked.trace

    def open(self, name: str) -> None:
        """Show an example as it is."""
        self._go_on(name, _shown(PRESETS[name].subject))

    def attempt(self, make: Callable[[], Subject], named: bool = True) -> bool:
        """Take the exercise that ``make`` gives; where none can be, say why and keep the one that is.

        Args:
            make: gives the exercise or raises.
            named: whether it still is the example's, with other numbers.
        """
        try:
            shown = _shown(make())
            if isinstance(shown, _Worked):
                shown.output  # noqa: B018  # reckoned here, so that nothing half done is shown
        except ExplorerError as error:
            self.refused.emit(str(error))
            return False
        self._go_on(self._name if named else "", shown)
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there was another exercise before."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether an exercise was taken back."""
        return bool(self._future)

    def undo(self) -> None:
        """Show the exercise that was before."""
        if self._past:
            self._future.append((self._name, self._shown))
            self._name, shown = self._past.pop()
            self._take(shown)

    def redo(self) -> None:
        """Show the exercise that was taken back."""
        if self._future:
            self._past.append((self._name, self._shown))
            self._name, shown = self._future.pop()
            self._take(shown)

    def go(self, place: int) -> None:
        """Open a value by its place, or the nearest that there is."""
        place = min(max(place, 0), self.last)
        if place != self._place:
            self._place = place
            self.at_changed.emit()

    def go_to(self, at: At) -> None:
        """Open a value by its map, row and column."""
        self.go(int(np.ravel_multi_index(at, self.case.output_chw)))

    def _go_on(self, name: str, shown: _Shown) -> None:
        """Take an exercise as a step that can be undone, unless nothing is changed by it."""
        if name != self._name or _subject(shown) != self.subject:
            self._future.clear()
            self._past = [*self._past[1 - _REMEMBERED :], (self._name, self._shown)]
        self._name = name
        self._take(shown)

    def _take(self, shown: _Shown) -> None:
        self._shown = shown
        if isinstance(shown, _Worked):
            old, shape = self.at, self.case.output_chw
            self._worked = shown
            kept = shown.case.output_chw == shape
            self._place = int(np.ravel_multi_index(old, shape)) if kept else 0
        elif isinstance(shown, Plan):
            self._plan = shown
        else:
            self._shift = shown
        self.refused.emit("")
        if isinstance(shown, _Worked):
            self.case_changed.emit()
            self.at_changed.emit()
        self.subject_changed.emit()


class _Worked:
    """A case and what is worked from it once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.trace: Trace | None = None

    @cached_property
    def output(self) -> Doubles:
        return output(self.case)


_Shown = _Worked | Plan | Shift


def _shown(subject: Subject) -> _Shown:
    return _Worked(subject) if isinstance(subject, Case) else subject


def _subject(shown: _Shown) -> Subject:
    return shown.case if isinstance(shown, _Worked) else shown
