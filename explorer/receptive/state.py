"""What is known of a layer while the graph is walked, and the moves that the rules are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from explorer.receptive import cells
from explorer.receptive.cells import Term, depends
from explorer.receptive.reach import Reach
from explorer.text import N_

UNEVEN = N_("Its units see areas of different sizes or distances; the box holds the largest.")
STRIDES = N_("Branches of different strides meet; the box holds the area of every unit.")
LAID_OUT = N_("Its positions are not laid out as rows and columns; the box holds the areas of all of them.")
APART = N_("Channels that see different areas are taken apart; the box holds them all.")
JOINED = N_("Areas are joined into the box that holds them.")


class Untold(Exception):
    """No rule tells what an op takes; the message says why, in English and marked for translation."""


@dataclass(frozen=True)
class Axis:
    """How the areas lie along one spatial axis of the input, without gates.

    Attributes:
        at: the tensor's axis that carries the positions, or None.
        size, stride, start: as in ``values.Path``.
        whole: whether every unit sees all of it.
    """

    at: int | None
    size: Fraction
    stride: Fraction
    start: Fraction
    whole: bool = False


@dataclass(frozen=True, eq=False)
class State:
    """What the positions of one layer's output see.

    Attributes:
        shape: of the output without the batch.
        terms: the cells, exactly.
        axes: one an axis of the input that is spatial.
        gated: whether gates or statistics take the whole of that axis in.
        cells: size of each of those axes.
        why: why the boxes are upper bounds, or "".
        exact: whether the cells are the very ones.
        even: whether all channels of a position see the same.
    """

    shape: tuple[int, ...]
    terms: tuple[Term, ...]
    axes: tuple[Axis, ...]
    gated: tuple[bool, ...]
    cells: tuple[int, ...]
    why: str = ""
    exact: bool = True
    even: bool = True

    def loose(self, exact: bool, why: str = JOINED) -> State:
        """Return the state as an upper bound, unless ``exact``."""
        return self if exact else replace(self, exact=False, why=self.why or why)


def first(shape: Sequence[int], spatial: Sequence[int]) -> State:
    """Return the state of the network's input.

    Args:
        shape: without the batch.
        spatial: which of its axes are rows, columns …
    """
    term = tuple(cells.single(shape[axis], len(shape), axis) for axis in spatial)
    one, nothing = Fraction(1), Fraction(0)
    return State(
        tuple(shape),
        (term,),
        tuple(Axis(axis, one, one, nothing) for axis in spatial),
        (False,) * len(spatial),
        tuple(shape[axis] for axis in spatial),
    )


def along(state: State, axis: int, reach: Reach) -> State:
    """Return what the outputs of an op see that takes positions along one axis as ``reach`` has it."""
    n = state.shape[axis]
    real = (reach.taps >= 0) & (reach.taps < n)
    taps = np.where(real, reach.taps, 0)
    seen: NDArray[np.bool_] = np.asarray(real.any(1))
    exact, terms = True, []
    for term in state.terms:
        varying = [k for k, sets in enumerate(term) if sets.shape[axis] > 1]
        exact = exact and (len(varying) < 2 or reach.taps.shape[1] == 1)
        made = list(term)
        for k in varying:
            made[k] = _taken(term[k], axis, taps, real)
        if not varying and not seen.all():  # windows of padding alone see nothing
            made[0] = term[0] * _aligned(seen, axis, term[0].ndim)
        terms.append(tuple(made))
    even, axes = True, []
    for one in state.axes:
        uniform = True
        if one.at == axis and not one.whole:
            one, uniform = _moved(one, reach)
        axes.append(one)
        even = even and uniform
    sizes = (*state.shape[:axis], len(reach), *state.shape[axis + 1 :])
    moved = replace(state, shape=sizes, terms=tuple(terms), axes=tuple(axes))
    return replace(moved.loose(exact), why=moved.why or (JOINED if not exact else "" if even else UNEVEN))


def _taken(sets: cells.Sets, axis: int, taps: NDArray[np.int64], real: NDArray[np.bool_]) -> cells.Sets:
    """Return the union over the taps of each output, those in padding left out."""
    found = np.zeros(1, object)
    for k in range(taps.shape[1]):
        one = sets.take(taps[:, k], axis=axis)
        found = found | (one if real[:, k].all() else one * _aligned(real[:, k], axis, sets.ndim))
    return found


def _aligned(flags: NDArray[np.bool_], axis: int, rank: int) -> cells.Sets:
    """Return flags along ``axis`` as 0 and 1, to be multiplied with sets."""
    shape = [1] * rank
    shape[axis] = len(flags)
    return flags.astype(int).astype(object).reshape(shape)


def _moved(axis: Axis, reach: Reach) -> tuple[Axis, bool]:
    low, high, even = reach.offsets()
    if axis.stride < 0:
        low, high = high, low
    start = axis.start + axis.stride * low
    size = axis.start + axis.size + axis.stride * high - start
    return replace(axis, size=size, stride=axis.stride * reach.ratio, start=start), even


def gathered(state: State, axes: Sequence[int]) -> State:
    """Return what the positions along ``axes`` see together, those axes kept with size 1."""
    axes = sorted(set(axes))
    if not axes:
        return state
    exact, terms = True, []
    for term in state.terms:
        made, same = cells.united(term, axes)
        terms.append(made)
        exact = exact and same
    kept, same = cells.pruned(terms)
    shape = tuple(1 if axis in axes else n for axis, n in enumerate(state.shape))
    before = [
        k for k, one in enumerate(state.axes) if one.at in axes or any(depends(term[k], axes) for term in state.terms)
    ]
    found = replace(state, shape=shape, terms=kept).loose(exact and same)
    for k in before:
        found = _over(found, k, axes)
    return found


def _over(state: State, k: int, axes: Sequence[int]) -> State:
    """Return the state whose positions along input axis ``k`` were taken together, all of them or in groups."""
    axis = state.axes[k]
    if any(depends(term[k], range(len(state.shape))) for term in state.terms):
        return fitted(state, k)
    low, high = cells.hull(np.array([cells.union(term[k]) for term in state.terms], object))
    whole = bool(state.cells[k] - (high - low) < max(abs(axis.stride), Fraction(1)))
    at = axis.at
    if whole:
        low, high = 0, state.cells[k]
    new = Axis(at, Fraction(high - low), Fraction(0), Fraction(low), whole)
    return replace(state, axes=(*state.axes[:k], new, *state.axes[k + 1 :]))


def fitted(state: State, k: int, laid_out: bool = True) -> State:
    """Return the state with a box along input axis ``k`` that holds what every position sees of it.

    The positions lie along one axis of the tensor, or are not laid out; the distance is that of equal shares.
    """
    axes = {a for term in state.terms for a in range(len(state.shape)) if term[k].shape[a] > 1}
    at = next(iter(axes)) if len(axes) == 1 and laid_out else None
    if at is None:
        low, high = cells.hull(np.array([cells.union(term[k]) for term in state.terms], object))
        new = Axis(None, Fraction(high - low), Fraction(0), Fraction(low))
        why = LAID_OUT if axes else state.why
    else:
        n = state.shape[at]
        stride = Fraction(state.cells[k], n)
        spans = [cells.hull(np.array([term[k].take(i, axis=at) for term in state.terms], object)) for i in range(n)]
        ends = [(low - stride * i, high - stride * i) for i, (low, high) in enumerate(spans) if high]
        start = min((low for low, _ in ends), default=Fraction(0))  # none: they see padding alone
        end = max((high for _, high in ends), default=start)
        new, why = Axis(at, end - start, stride, start), UNEVEN
    changed = replace(state, axes=(*state.axes[:k], new, *state.axes[k + 1 :]))
    return replace(changed, why=why or changed.why)


def statistics(state: State, axes: Sequence[int]) -> State:
    """Return the state of an op that takes each position and figures of all positions along ``axes``."""
    every = gathered(state, axes)
    terms, same = cells.pruned([*every.terms, *state.terms])
    gated = list(state.gated)
    found = replace(state, terms=terms, exact=state.exact and every.exact and same)
    for k, (before, after) in enumerate(zip(state.axes, every.axes, strict=True)):
        if before == after:
            continue
        if after.whole:
            gated[k] = True
        else:
            found = fitted(found, k)
    return replace(found, gated=tuple(gated))


def removed(state: State, axis: int) -> State:
    """Return the state without an axis of size 1."""
    shape = state.shape[:axis] + state.shape[axis + 1 :]
    terms = tuple(tuple(sets.squeeze(axis) for sets in term) for term in state.terms)
    return replace(state, shape=shape, terms=terms, axes=_shift(state.axes, axis, -1))


def inserted(state: State, axis: int) -> State:
    """Return the state with a new axis of size 1 before ``axis``."""
    shape = (*state.shape[:axis], 1, *state.shape[axis:])
    terms = tuple(tuple(np.expand_dims(sets, axis) for sets in term) for term in state.terms)
    return replace(state, shape=shape, terms=terms, axes=_shift(state.axes, axis, 1))


def _shift(axes: tuple[Axis, ...], where: int, by: int) -> tuple[Axis, ...]:
    def moved(at: int | None) -> int | None:
        if at is None or at < where:
            return at
        return None if by < 0 and at == where else at + by

    return tuple(replace(one, at=moved(one.at)) for one in axes)


def joined(states: Sequence[State], shape: Sequence[int]) -> State:
    """Return the state of an op that takes the same position of all its inputs, broadcast to ``shape``.

    Raises:
        Untold: an input cannot be broadcast so.
    """
    ready = [_broadcast(state, shape) for state in states]
    if len(ready) == 1:
        return ready[0]
    found = ready[0]
    terms, same = cells.pruned([term for state in ready for term in state.terms])
    why = next((state.why for state in ready if state.why), "")
    exact = same and all(state.exact for state in ready)
    found = replace(found, terms=terms, exact=exact, why=why, even=all(state.even for state in ready))
    return _meet(found.loose(same), ready)


def _meet(found: State, states: Sequence[State]) -> State:
    """Return ``found`` with the smallest boxes that hold those of all ``states``."""
    axes, gated, lost, why = [], [], [], found.why
    for k in range(len(found.axes)):
        every = [state.axes[k] for state in states]
        some = [one for one in every if not one.whole] or every[:1]
        gated.append(any(state.gated[k] for state in states) or (len(some) < len(every) and not some[0].whole))
        places = {one.at for one in some if one.stride}
        if len(places) > 1:
            lost.append(k)
        axis, even = _union(some, found.shape)
        axes.append(axis)
        why = why or ("" if even else STRIDES)
    found = replace(found, axes=tuple(axes), gated=tuple(gated), why=why)
    for k in lost:
        found = fitted(found, k)
    return found


def _union(axes: Sequence[Axis], shape: Sequence[int]) -> tuple[Axis, bool]:
    if len({(one.size, one.stride, one.start) for one in axes}) == 1:
        return next((one for one in axes if one.at is not None), axes[0]), True
    main = max(axes, key=lambda one: (one.at is not None, abs(one.stride)))
    ends = (0,) if main.at is None else (0, shape[main.at] - 1)
    start = min(one.start + (one.stride - main.stride) * i for one in axes for i in ends)
    end = max(one.start + one.size + (one.stride - main.stride) * i for one in axes for i in ends)
    even = len({one.stride for one in axes}) == 1
    return replace(main, size=end - start, start=start), even


def _broadcast(state: State, shape: Sequence[int]) -> State:
    for _ in range(len(shape) - len(state.shape)):
        state = inserted(state, 0)
    if len(state.shape) != len(shape) or any(a not in (1, b) for a, b in zip(state.shape, shape, strict=True)):
        raise Untold(N_("The shapes of its inputs and output do not tell how positions meet."))
    axes = tuple(
        replace(one, stride=Fraction(0)) if one.at is not None and state.shape[one.at] != shape[one.at] else one
        for one in state.axes
    )
    return replace(state, shape=tuple(shape), axes=axes)
