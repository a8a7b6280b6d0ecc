"""What the panels of the filter place share: the chosen filter, and what the chain makes of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Calculated
from explorer.errors import ExplorerError, PersonError
from explorer.filters import apply
from explorer.filters.bands import Doubles
from explorer.filters.filter import MOST_FILTERS, Chain, Filter, working
from explorer.filters.impulse import Impulse, response
from explorer.filters.kernel import Operator
from explorer.filters.steps import Walk
from explorer.render.signed import Signed, signed
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame
from ui.controller import Controller
from ui.store import Store

LANE = "filter"
Want = Literal["difference", "steps"]


@dataclass(frozen=True, eq=False)
class Filtered:
    """What a chain makes of a picture.

    Attributes:
        frame: the picture as it came.
        chain: the filters; those that are switched off too.
        chosen: the place in the chain of the one that is looked at, −1 for none.
        pixels: uint8 (h, w, 3), the result, rounded and clipped.
        values: float32 (h, w, 3), the result with its sign, or None where the last filter clips.
        walk: the chosen filter's window on what goes into that filter; None where no filter is chosen.
        before, after: what goes into the chosen filter, and what comes out of it.
        shown: what stands for ``values`` on the screen, or None.
        difference: result less picture on the screen, or None where they differ in size or nobody wants it.
        pictures: what stands for ``before`` and ``after`` on the screen, uint8 (h, w, 3); None where nobody wants it.
        own, whole: the impulse responses of the chosen filter and of the chain, or None.
    """

    frame: Frame
    chain: Chain
    chosen: int
    pixels: Bytes
    values: Floats | None
    walk: Walk | None
    before: Bytes | Doubles
    after: Bytes | Doubles
    shown: Signed | None
    difference: Signed | None
    pictures: tuple[Bytes, Bytes] | None
    own: Impulse | None
    whole: Impulse | None


def find(frame: Frame, chain: Chain, chosen: int, wants: frozenset[Want] = frozenset()) -> Filtered:
    """Return what ``chain`` makes of ``frame``, and what else somebody ``wants`` to see.

    Raises:
        PersonError: a window does not fit into the picture, or filters do not apply to it.
    """
    if frame.array is not None and chain:
        raise PersonError(N_("An array goes to the network as it is: open a picture to filter it."))
    on = working(chain)
    stages: list[Any] = list(apply.stages(frame.pixels, on[:-1]))
    found = apply.result(stages[-1], on[-1:])
    stages += [found.pixels if found.values is None else found.values] if on else []
    last = stages[-1]
    fits = last.shape == frame.pixels.shape
    before, after, walk = stages[0], stages[-1], None
    if chosen >= 0:
        one, place = chain[chosen], len(working(chain[:chosen]))
        before = stages[place]
        after = stages[place + 1] if one.enabled else list(apply.stages(before, (replace(one, enabled=True),)))[-1]
        walk = Walk(before, one)
    return Filtered(
        frame=frame,
        chain=chain,
        chosen=chosen,
        pixels=found.pixels,
        values=found.values,
        walk=walk,
        before=before,
        after=after,
        shown=None if found.values is None else signed(found.values),
        difference=signed(last.astype(np.float32) - frame.pixels) if "difference" in wants and fits else None,
        pictures=(_picture(before), _picture(after)) if "steps" in wants else None,
        own=_impulse(chain[chosen : chosen + 1]) if chosen >= 0 else None,
        whole=_impulse(chain),
    )


def _picture(values: Any) -> Bytes:
    return np.asarray(values) if values.dtype == np.uint8 else signed(values.astype(np.float32)).pixels


def _impulse(chain: Chain) -> Impulse | None:
    """Return the impulse response of ``chain``, the filters that are switched off too; None where it is too large."""
    try:
        return response(tuple(replace(one, enabled=True) for one in chain) if len(chain) == 1 else chain)
    except PersonError:
        return None


class Filtering(QObject):
    """Changes the recipe's filters, and lets the light worker apply them to the newest picture while somebody looks.

    Attributes:
        found: the newest result; of the last chain that could be applied.
        error: why the wished chain cannot be applied, or None.

    Signals:
        chain_changed: the chain or the chosen place is another one.
        found_changed: ``found`` or ``error`` is another one.
    """

    chain_changed = Signal()
    found_changed = Signal()

    def __init__(self, store: Store, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._chosen = store.settings.filter_chosen
        self._watched = False
        self._wants: frozenset[Want] = frozenset()
        self._key: object = None
        self._work: Callable[[], object] | None = None
        self.found: Filtered | None = None
        self.error: ExplorerError | None = None
        self._seen: Chain = self.chain
        store.recipe_changed.connect(self._follow)
        store.frame_changed.connect(self._ask)
        controller.calculated.connect(self._take)

    @property
    def chain(self) -> Chain:
        """The recipe's filters."""
        return self._store.recipe.filters

    @property
    def chosen(self) -> int:
        """The place of the filter that is looked at and edited; −1 in an empty chain."""
        return min(self._chosen, len(self.chain) - 1)

    @property
    def filter(self) -> Filter | None:
        """The chosen filter, or None in an empty chain."""
        return self.chain[self.chosen] if self.chain else None

    @property
    def full(self) -> bool:
        """Whether no further filter can be added."""
        return len(self.chain) >= MOST_FILTERS

    def watch(self, watched: bool) -> None:
        """Apply the filters from now on, or no more."""
        self._watched = watched
        self._ask()

    def want(self, what: Want, wanted: bool) -> None:
        """Find that out as well from now on, or no more."""
        self._wants = self._wants | {what} if wanted else self._wants - {what}
        self._ask()

    def choose(self, place: int) -> None:
        """Look at the filter in ``place``."""
        if place != self.chosen and 0 <= place < len(self.chain):
            self._chosen = place
            self.chain_changed.emit()
            self._ask()

    def put(self, one: Filter, adds: bool = False) -> None:
        """Put a filter in place of the chosen one, or after it where it ``adds``; into an empty chain anyway."""
        chain, place = self.chain, self.chosen
        if not chain:
            self.change((one,), 0)
        elif not adds:
            self.change((*chain[:place], one, *chain[place + 1 :]), place)
        elif not self.full:
            self.change((*chain[: place + 1], one, *chain[place + 1 :]), place + 1)

    def edit(self, **changes: Any) -> None:
        """Change fields of the chosen filter.

        Raises:
            PersonError: a value that no filter can have.
        """
        if self.filter is not None:
            self.put(replace(self.filter, **changes))

    def edit_kernel(self, kernel: Operator) -> None:
        """Give the chosen filter another kernel; an empty chain gets a filter with it."""
        if self.filter is None:
            self.put(Filter(kernel))
        else:
            self.edit(kernel=kernel)

    def remove(self) -> None:
        """Take the chosen filter out of the chain."""
        place = self.chosen
        if place >= 0:
            self.change(self.chain[:place] + self.chain[place + 1 :], max(place - 1, 0))

    def move(self, place: int, to: int) -> None:
        """Move a filter to another place of the chain."""
        rest = list(self.chain)
        rest.insert(to, rest.pop(place))
        self.change(tuple(rest), to)

    def toggle(self, place: int) -> None:
        """Switch a filter of the chain off, or on again."""
        one = self.chain[place]
        chain = (*self.chain[:place], replace(one, enabled=not one.enabled), *self.chain[place + 1 :])
        self.change(chain, self.chosen)

    def change(self, chain: Chain, chosen: int) -> None:
        """Take another chain as one step that can be undone."""
        self._chosen = chosen
        if chain == self.chain:
            self.chain_changed.emit()
            self._ask()
        else:
            self._want(chain, min(chosen, len(chain) - 1))  # before the network begins to look
            self._controller.change(filters=chain)

    @Slot()
    def _follow(self) -> None:
        if self.chain != self._seen:
            self._seen = self.chain
            self.chain_changed.emit()
        self._ask()

    @Slot()
    def _ask(self) -> None:
        """Let the newest wish be answered, if it is another one."""
        self._want(self.chain, self.chosen)

    def _want(self, chain: Chain, chosen: int) -> None:
        frame = self._store.frame
        if not self._watched or frame is None:
            return
        key = (id(frame), chain, chosen, wants := self._wants)
        if key == self._key:
            return
        self._key = key

        def work() -> Filtered:
            return find(frame, chain, chosen, wants)

        self._work = work
        self._controller.calculate(LANE, work)

    @Slot(object)
    def _take(self, event: Calculated) -> None:
        if event.lane != LANE:
            return
        if isinstance(event.value, Filtered):
            self.found, self.error = event.value, None
        elif event.work is self._work:
            self.error = event.error
        self.found_changed.emit()
