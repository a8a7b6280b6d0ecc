"""The case of arithmetic that a person works on, the value that is opened, and the example that it began with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from PySide6.QtCore import QObject, Signal

from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.trace import At, Trace, output, trace
from explorer.errors import ExplorerError

FIRST = "one-filter"
"""The example that the place begins with."""
_REMEMBERED = 100
"""Cases that can be gone back to."""


class Casework(QObject):
    """Keeps the last case that can be; the panels show it and change it through here.

    Signals:
        case_changed: another case, or another example.
        at_changed: another value is opened, or the case is another.
        refused: the sentence about a case that cannot be, "" once there is a good one again.
    """

    case_changed = Signal()
    at_changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = FIRST
        self._worked = _Worked(_case(FIRST))
        self._place = 0
        self._past: list[tuple[str, _Worked]] = []
        self._future: list[tuple[str, _Worked]] = []

    @property
    def case(self) -> Case:
        """The case."""
        return self._worked.case

    @property
    def output(self) -> Doubles:
        """Its output, float64 (K, rows, columns)."""
        return self._worked.output

    @property
    def name(self) -> str:
        """The example that the case began with, "" for none."""
        return self._name

    @property
    def changed(self) -> bool:
        """Whether the case is not the example's any more."""
        return self._name not in PRESETS or self.case != PRESETS[self._name].subject

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
        self._remember()
        self._name = name
        self._take(_Worked(_case(name)))

    def attempt(self, make: Callable[[], Case], named: bool = True) -> bool:
        """Take the case that ``make`` gives; where none can be, say why and keep the one that is.

        Args:
            make: gives the case or raises.
            named: whether it still is the example's, with other numbers.
        """
        try:
            case = make()
            worked = _Worked(case)
            worked.output  # noqa: B018  # reckoned here, so that nothing half done is shown
        except ExplorerError as error:
            self.refused.emit(str(error))
            return False
        self._remember()
        if not named:
            self._name = ""
        self._take(worked)
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there was another case before."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a case was taken back."""
        return bool(self._future)

    def undo(self) -> None:
        """Show the case that was before."""
        if self._past:
            self._future.append((self._name, self._worked))
            self._name, worked = self._past.pop()
            self._take(worked)

    def redo(self) -> None:
        """Show the case that was taken back."""
        if self._future:
            self._past.append((self._name, self._worked))
            self._name, worked = self._future.pop()
            self._take(worked)

    def go(self, place: int) -> None:
        """Open a value by its place, or the nearest that there is."""
        place = min(max(place, 0), self.last)
        if place != self._place:
            self._place = place
            self.at_changed.emit()

    def go_to(self, at: At) -> None:
        """Open a value by its map, row and column."""
        self.go(int(np.ravel_multi_index(at, self.case.output_chw)))

    def _remember(self) -> None:
        """Keep the case, unless nothing was changed since it was last kept."""
        self._future.clear()
        if not self._past or self._past[-1][1].case != self.case:
            self._past = [*self._past[1 - _REMEMBERED :], (self._name, self._worked)]

    def _take(self, worked: _Worked) -> None:
        old, shape = self.at, self.case.output_chw
        self._worked = worked
        kept = worked.case.output_chw == shape
        self._place = int(np.ravel_multi_index(old, shape)) if kept else 0
        self.refused.emit("")
        self.case_changed.emit()
        self.at_changed.emit()


class _Worked:
    """A case and what is worked from it once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.trace: Trace | None = None

    @cached_property
    def output(self) -> Doubles:
        return output(self.case)


def _case(name: str) -> Case:
    subject = PRESETS[name].subject
    assert isinstance(subject, Case)
    return subject
