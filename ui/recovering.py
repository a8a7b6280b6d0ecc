"""A search for a kernel in the patient worker, some steps at a time, so that they can be watched and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Calculated
from explorer.errors import ExplorerError, PersonError
from explorer.filters import apply
from explorer.filters.bands import grey
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.filters.learn import Progress, Recovery, Search
from explorer.text import N_
from explorer.values import Bytes
from ui.controller import Controller

LANE = "learn"
_PACE = 50
"""After so many steps two are made at once, after twice as many three."""
_SLICE_S = 0.03
"""So long it goes on before it is shown."""
_STILL = 1e-9
"""A search has arrived where no weight moves more between two answers: a share of the largest one times the rate."""


@dataclass(frozen=True, eq=False)
class Pair:
    """What a kernel is looked for in.

    Attributes:
        before, after: uint8 (H, W, 3) or (H, W).
        truth: the kernel that was applied, where it is known.
    """

    before: Bytes
    after: Bytes
    truth: Kernel | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """How far a search is.

    Attributes:
        progress: as the search tells it.
        windows: how many are learned from.
        result: what the kernel makes of the picture that is shown now, uint8 (h, w, 3).
        losses: loss after each step since the last answer.
        arrived: whether these steps changed nothing any more.
    """

    progress: Progress
    windows: int
    result: Bytes
    losses: tuple[tuple[int, float], ...]
    arrived: bool


def pair_of(pixels: Bytes, one: Filter) -> Pair:
    """Return a picture before and after a filter, clipped as a picture is.

    Raises:
        PersonError: the result has another size than the picture.
    """
    if one.stride != 1 or one.border == "valid":
        raise PersonError(N_("The result must be as large as the picture: choose stride 1 and a border."))
    before = grey(pixels) if one.grey else pixels
    after = apply.result(pixels, (replace(one, enabled=True),)).pixels
    return Pair(before, after[:, :, 0] if one.grey else after, _truth(one))


def _truth(one: Filter) -> Kernel | None:
    """Return what a window is multiplied with, its cells as far apart as they lie; None of a magnitude."""
    if not isinstance(one.kernel, Kernel):
        return None
    spread = np.zeros(one.extent)
    spread[:: one.dilation, :: one.dilation] = one.weights[0]
    return Kernel("", tuple(map(tuple, spread.tolist())), one.kernel.scale, one.kernel.offset)


class Recovering(QObject):
    """One search at a time.

    Attributes:
        running: whether it goes on by itself.
        error: why it cannot, or None.

    Signals:
        found_changed: a ``Found``, or None where nothing is searched for any more.
        state_changed: ``running`` or ``error`` is another one.
    """

    found_changed = Signal(object)
    state_changed = Signal()

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._search: _Search | None = None
        self._work: Callable[[], object] | None = None
        self.running = False
        self.error: ExplorerError | None = None
        controller.calculated.connect(self._take)

    @property
    def begun(self) -> bool:
        """Whether there is a search."""
        return self._search is not None

    def begin(self, make: Callable[[], Pair], search: Search, picture: Callable[[], Bytes | None]) -> None:
        """Begin anew, without a step; ``make`` and what is reckoned run in the patient worker.

        Args:
            make: the pictures before and after.
            search: how.
            picture: what the kernel is applied to, asked before each answer.
        """
        self._search = _Search(make, search, picture)
        self.error = None

    def go_on(self, running: bool) -> None:
        """Make steps until stopped, or one."""
        self.running = running
        self.error = None
        self._ask(0 if running else 1)
        self.state_changed.emit()

    def show(self) -> None:
        """Tell anew how far it is: another picture is shown."""
        if self._search is not None and not self.running:
            self._ask(-1)

    def stop(self) -> None:
        """Make no more steps."""
        if self.running:
            self.running = False
            self.state_changed.emit()

    def drop(self) -> None:
        """Forget the search."""
        self._search, self._work = None, None
        self.running, self.error = False, None
        self.found_changed.emit(None)
        self.state_changed.emit()

    def _ask(self, steps: int) -> None:
        search = self._search
        if search is None:
            return

        def work() -> Found:
            return search.go_on(steps)

        self._work = work
        self._controller.calculate(LANE, work)

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.work is not self._work:
            return
        if isinstance(event.value, Found):
            self.found_changed.emit(event.value)
            if event.value.arrived:
                self.stop()
            if self.running:
                self._ask(0)
        elif event.error is not None:
            self.running, self.error = False, event.error
            self.state_changed.emit()


class _Search:
    """What lives in the patient worker alone, but for its making."""

    def __init__(self, make: Callable[[], Pair], search: Search, picture: Callable[[], Bytes | None]) -> None:
        self._make, self._how, self._picture = make, search, picture
        self._recovery: Recovery | None = None
        self._shown: Bytes | None = None

    def go_on(self, steps: int) -> Found:
        """Make ``steps`` steps; 0 for as many as there is time for, -1 for none."""
        if self._recovery is None:
            pair = self._make()
            self._shown = pair.before
            self._recovery = Recovery(pair.before, pair.after, self._how, pair.truth)
        recovery, losses = self._recovery, []
        until_s = time.perf_counter() + _SLICE_S
        began = recovery.progress()
        at = began.step
        # so that the first steps can be watched and the thousandth need not be waited for
        for _turn in range({0: 1 + at // _PACE, -1: 0}.get(steps, steps)):
            recovery.advance()
            now = recovery.progress()
            losses.append((now.step, now.loss))
            if steps == 0 and time.perf_counter() > until_s:
                break
        now = recovery.progress()
        pixels = self._picture()
        shown = self._shown if pixels is None else pixels
        assert shown is not None
        result = apply.result(shown if shown.ndim == 3 else np.repeat(shown[:, :, None], 3, 2), (Filter(now.kernel),))
        old, new = np.array(began.kernel.weights), np.array(now.kernel.weights)
        arrived = now.step > at and bool(np.abs(new - old).max() <= _STILL * self._how.rate * np.abs(new).max())
        return Found(now, recovery.windows, result.pixels, tuple(losses) or ((now.step, now.loss),), arrived)
