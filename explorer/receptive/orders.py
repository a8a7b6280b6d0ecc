"""What ops take of their inputs that keep parts or put positions in another order: more of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np

from explorer.graph.values import Layer
from explorer.receptive import cells, reach
from explorer.receptive.reach import Reach
from explorer.receptive.rules import LISTED, ORDER, rule, shaped, tabled
from explorer.receptive.state import APART, State, Untold, along, fitted, gathered, inserted, joined, removed

MOST = 1 << 16
"""Positions of an axis that is made of several; of larger ones the areas are joined, which is told."""


@rule("cat")
def _cat(layer: Layer, states: Sequence[State]) -> State:
    """Along channels the areas meet; along positions they follow one another."""
    axis, starts = layer.attributes["axis"], layer.attributes["starts"]
    if axis is None or len(starts) != len(states):
        raise Untold(ORDER)
    if not any(tabled(state, axis) for state in states) and layer.axes[axis] in "C?":
        shapes = [(*layer.output[:axis], layer.output[axis], *layer.output[axis + 1 :])] * len(states)
        wide = [
            replace(s, shape=(*s.shape[:axis], shape[axis], *s.shape[axis + 1 :]))
            for s, shape in zip(states, shapes, strict=True)
        ]
        return _uneven(joined(wide, layer.output), wide)
    return _in_line(layer, states, axis, starts)


def _uneven(state: State, states: Sequence[State]) -> State:
    """Return the state of channels put side by side: they see the same only if all of them did."""
    term = state.terms[0]
    even = len(state.terms) == 1 and all(
        one.even and len(one.terms) == 1 and cells.within(term, one.terms[0]) for one in states
    )
    return replace(state, even=even)


def _in_line(layer: Layer, states: Sequence[State], axis: int, starts: Sequence[int]) -> State:
    n = layer.output[axis]
    terms: list[cells.Term] = []
    for state, start in zip(states, starts, strict=True):
        size = state.shape[axis]
        places = np.arange(n)[:, None] - start
        whole = replace(state, terms=tuple(_spelt(term, axis, size) for term in state.terms))
        terms += along(whole, axis, Reach(places, Fraction(1))).terms
    kept, same = cells.pruned(terms)
    why = next((state.why for state in states if state.why), "")
    found = replace(
        states[0],
        shape=layer.output,
        terms=kept,
        why=why,
        exact=same and all(state.exact for state in states),
        even=all(state.even for state in states),
        gated=tuple(map(any, zip(*(state.gated for state in states), strict=True))),
    ).loose(same)
    for k in range(len(found.axes)):
        if any(state.axes[k].at == axis or state.axes[k] != states[0].axes[k] for state in states):
            found = fitted(found, k)
    if len(states) == 1 and not any(state.axes[k].at == axis for k in range(len(found.axes)) for state in states):
        return replace(found, axes=states[0].axes)
    return found


def _spelt(term: cells.Term, axis: int, size: int) -> cells.Term:
    """Return the term with its first array written out along ``axis`` where none depends on it."""
    if size == 1 or any(sets.shape[axis] > 1 for sets in term):
        return term
    return (np.repeat(term[0], size, axis=axis), *term[1:])


@rule("stack")
def _stack(layer: Layer, states: Sequence[State]) -> State:
    """A new axis, along which the areas meet."""
    axis = layer.attributes["axis"]
    if axis is None:
        raise Untold(ORDER)
    ready = [inserted(state, axis) for state in states]
    return _uneven(joined(ready, layer.output), ready)


@rule("permute")
def _permute(layer: Layer, states: Sequence[State]) -> State:
    """The same positions, their axes in another order."""
    state, order = states[0], layer.attributes["order"]
    terms = tuple(tuple(sets.transpose(order) for sets in term) for term in state.terms)
    axes = tuple(replace(one, at=None if one.at is None else order.index(one.at)) for one in state.axes)
    return replace(state, shape=tuple(state.shape[i] for i in order), terms=terms, axes=axes)


@rule("flatten", "reshape")
def _reshape(layer: Layer, states: Sequence[State]) -> State:
    """The same positions in the same order: axes of equal products belong together."""
    state, new = states[0], layer.output
    if state.shape == new:
        return state
    if prod(state.shape) != prod(new):
        raise Untold(ORDER)
    groups = _groups(state.shape, new)
    state = _bounded(state, groups)
    terms = tuple(tuple(_reshaped(sets, state.shape, new, groups) for sets in term) for term in state.terms)
    moves: dict[int, int | None] = {}
    mixed = False
    for before, after in groups:
        old, now = [a for a in before if state.shape[a] > 1], [a for a in after if new[a] > 1]
        same = [state.shape[a] for a in old] == [new[a] for a in now]
        moves |= dict(zip(old, now, strict=True)) if same else dict.fromkeys(old)
        mixed = mixed or (not same and _some(state, old) and len(old) > sum(tabled(state, a) for a in old))
        left = [a for a in after if new[a] == 1]
        moves |= dict(zip([a for a in before if state.shape[a] == 1], left, strict=False))
    axes = tuple(replace(one, at=None if one.at is None else moves.get(one.at)) for one in state.axes)
    found = replace(state, shape=new, terms=terms, axes=axes)
    if mixed:
        found = found.loose(state.even, APART)
    for k, (one, was) in enumerate(zip(found.axes, state.axes, strict=True)):
        if one.at is None and not one.whole and (was.at is not None or was.stride or _positions(found, k)):
            found = _flattened(found, k) if layer.axes == "C" else fitted(found, k)
    return found


def _bounded(state: State, groups: Sequence[tuple[list[int], list[int]]]) -> State:
    """Return the state with the areas joined of axes that would be written out position by position at too many."""
    large = [
        a for before, _ in groups if len(before) > 1 and prod(state.shape[a] for a in before) > MOST for a in before
    ]
    if not _some(state, large):
        return state
    return replace(gathered(state, large), shape=state.shape).loose(False)


def _flattened(state: State, k: int) -> State:
    """Return the state of a vector: its entries have no places any more, and are told as one that sees what all see."""
    found = fitted(state, k, laid_out=False)
    axis = found.axes[k]
    whole = replace(axis, whole=axis.size == state.cells[k])
    return replace(found, axes=(*found.axes[:k], whole, *found.axes[k + 1 :]))


def _some(state: State, axes: Sequence[int]) -> bool:
    return any(tabled(state, axis) for axis in axes)


def _positions(state: State, k: int) -> bool:
    return any(sets.size > 1 for sets in (term[k] for term in state.terms))


def _reshaped(
    sets: cells.Sets, old: Sequence[int], new: Sequence[int], groups: Sequence[tuple[list[int], list[int]]]
) -> cells.Sets:
    full, target = list(sets.shape), [1] * len(new)
    for before, after in groups:
        if any(sets.shape[axis] > 1 for axis in before):
            for axis in before:
                full[axis] = old[axis]
            for axis in after:
                target[axis] = new[axis]
    return cells.compressed(np.broadcast_to(sets, full).reshape(target))


def _groups(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Return the smallest runs of old and new axes of equal product, in order."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        before, after = list(range(i, min(i + 1, len(old)))), list(range(j, min(j + 1, len(new))))
        i, j = i + len(before), j + len(after)
        while (left := prod(old[a] for a in before)) != (right := prod(new[a] for a in after)):
            if left < right:
                before.append(i)
                i += 1
            else:
                after.append(j)
                j += 1
        found.append((before, after))
    return found


@rule("slice")
def _slice(layer: Layer, states: Sequence[State]) -> State:
    """The positions that are kept."""
    state, axis = states[0], 0
    for entry in layer.attributes["index"]:
        if entry == "new":
            state = inserted(state, axis)
            axis += 1
            continue
        if entry == "gather":
            if layer.attributes["index"].count("gather") > 1 or tabled(state, axis):
                raise Untold(LISTED)
            state = state.loose(state.even or state.shape[axis] == 1, APART)
            axis += 1
            continue
        one = [entry, entry + 1, 1] if isinstance(entry, int) else entry
        if one != [0, state.shape[axis], 1]:
            if not tabled(state, axis):
                state = state.loose(state.even or state.shape[axis] == 1, APART)
            state = along(state, axis, reach.sliced(*one))
        if isinstance(entry, int):
            state = removed(state, axis)
        else:
            axis += 1
    return shaped(state, layer)


@rule("gather")
def _gather(layer: Layer, states: Sequence[State]) -> State:
    """Channels by a list, whose other positions stay; of positions by a list it is not written down which."""
    state, axis = states[0], layer.attributes["axis"]
    if len(states) > 1 or axis is None or tabled(state, axis):
        raise Untold(LISTED)
    return shaped(state.loose(state.even or state.shape[axis] == 1, APART), layer)


@rule("setitem")
def _setitem(layer: Layer, states: Sequence[State]) -> State:
    """What was there and what is put there, where that is a matter of channels alone."""
    a = layer.attributes
    index = a["index"]
    if "new" in index or "gather" in index or len(states) > 2:
        raise Untold(ORDER)
    value = None if a["value"] is None else states[a["value"]]
    into = None if a["into"] is None else states[a["into"]]
    shape, ready = layer.output, [] if into is None else [into]
    for axis, entry in enumerate(index):
        if entry != [0, shape[axis], 1] and layer.axes[axis] != "C":
            raise Untold(ORDER)
    if value is not None:
        for axis, entry in enumerate(index):
            if isinstance(entry, int):
                value = inserted(value, axis)
        wide = tuple(n if layer.axes[a] == "C" else m for a, (n, m) in enumerate(zip(shape, value.shape, strict=True)))
        ready.append(replace(value, shape=wide))
    return _uneven(joined(ready, shape), ready)


@rule("roll")
def _roll(layer: Layer, states: Sequence[State]) -> State:
    """Shifted positions; what falls out comes in at the other end (Liu et al. 2021, Swin transformer)."""
    state, a = states[0], layer.attributes
    if a["axis"] is None or len(a["axis"]) != len(a["shifts"]):
        raise Untold(ORDER)
    for axis, shift in zip(a["axis"], a["shifts"], strict=True):
        if tabled(state, axis):
            state = along(state, axis, reach.shifted(state.shape[axis], shift))
    return state


@rule("flip")
def _flip(layer: Layer, states: Sequence[State]) -> State:
    """Positions counted from the end."""
    state = states[0]
    for axis in layer.attributes["axis"]:
        if tabled(state, axis):
            state = along(state, axis, reach.reversed_(state.shape[axis]))
    return state


@rule("repeat")
def _repeat(layer: Layer, states: Sequence[State]) -> State:
    """The whole again and again."""
    state = states[0]
    for axis, times in enumerate(layer.attributes["repeats"]):
        if times != 1 and tabled(state, axis):
            state = along(state, axis, reach.repeated(state.shape[axis], times))
    return shaped(state, layer)


@rule("repeat_interleave")
def _repeat_interleave(layer: Layer, states: Sequence[State]) -> State:
    """Every position again and again."""
    a, state = layer.attributes, states[0]
    if tabled(state, a["axis"]):
        state = along(state, a["axis"], reach.spread(state.shape[a["axis"]], a["repeats"]))
    return shaped(state, layer)
