"""What each op takes of its inputs: one small rule for every word of ``graph.vocabulary`` that has one.

Attributes are those of ``graph.attributes``; a word without a rule is unknown, and so is everything that takes its
output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from explorer.graph.values import Layer
from explorer.receptive import cells, reach
from explorer.receptive.reach import Reach
from explorer.receptive.state import (
    APART,
    State,
    Untold,
    along,
    fitted,
    gathered,
    inserted,
    joined,
    removed,
    statistics,
)
from explorer.text import N_

Rule = Callable[[Layer, Sequence[State]], State]
RULES: dict[str, Rule] = {}
"""Word → its rule."""
ORDER = N_("How its positions come from those of its input cannot be told.")

LISTED = N_("Its positions are chosen by a list that is not written down.")


def rule(*words: str) -> Callable[[Rule], Rule]:
    """Enter a function as the rule of ``words``."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(words, function))
        return function

    return enter


def _over(state: State, layer: Layer, reaches: Sequence[Reach]) -> State:
    """Return what ``layer`` sees that takes positions along its last axes; its channels are another number."""
    lead = len(state.shape) - len(reaches)
    for i, one in enumerate(reaches):
        state = along(state, lead + i, one)
    return _shaped(state, layer)


def _shaped(state: State, layer: Layer) -> State:
    """Return the state with the layer's sizes along the axes on which no set depends."""
    if len(state.shape) != len(layer.output):
        raise Untold(ORDER)
    wrong = [axis for axis, (a, b) in enumerate(zip(state.shape, layer.output, strict=True)) if a != b]
    if any(cells.depends(sets, wrong) for term in state.terms for sets in term):
        raise Untold(ORDER)
    return replace(state, shape=layer.output)


def _dims(layer: Layer) -> int:
    return int(layer.op.rstrip("d")[-1])


@rule("conv1d", "conv2d", "conv3d")
def _conv(layer: Layer, states: Sequence[State]) -> State:
    """A window an axis (Dumoulin and Visin 2016); groups only tell which channels meet."""
    a, n = layer.attributes, _dims(layer)
    found = _over(_meeting(states[0], layer), layer, _windows(layer, n, a["padding"], a["dilation"]))
    return replace(found, even=found.even or a["groups"] == 1)


def _meeting(state: State, layer: Layer) -> State:
    """Return the state whose channels, where they are positions of the picture, meet as the groups let them."""
    if not _tabled(state, 0) or layer.attributes["groups"] == state.shape[0] == layer.output[0]:
        return state
    if layer.attributes["groups"] > 1:
        raise Untold(ORDER)
    return gathered(state, [0])


def _windows(layer: Layer, n: int, padding: Any, dilation: Any) -> list[Reach]:
    a, sizes = layer.attributes, layer.output[-n:]
    return [reach.window(sizes[i], a["kernel"][i], a["stride"][i], padding[i][0], dilation[i]) for i in range(n)]


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(layer: Layer, states: Sequence[State]) -> State:
    """The positions whose kernels reach an output (Dumoulin and Visin 2016, section 4)."""
    a, n = layer.attributes, _dims(layer)
    sizes = layer.output[-n:]
    found = _over(
        _meeting(states[0], layer),
        layer,
        [
            reach.transposed(sizes[i], a["kernel"][i], a["stride"][i], a["padding"][i][0], a["dilation"][i])
            for i in range(n)
        ],
    )
    return replace(found, even=found.even or a["groups"] == 1)


@rule(*(f"{kind}_pool{n}d" for kind in ("max", "avg", "lp") for n in (1, 2, 3)))
def _pool(layer: Layer, states: Sequence[State]) -> State:
    """A window an axis; with ceil_mode the last may end outside (torch.nn.MaxPool2d)."""
    n = _dims(layer)
    return _over(states[0], layer, _windows(layer, n, layer.attributes["padding"], layer.attributes["dilation"]))


@rule(*(f"adaptive_{kind}_pool{n}d" for kind in ("max", "avg") for n in (1, 2, 3)))
def _adaptive(layer: Layer, states: Sequence[State]) -> State:
    """Bins; where there is one, everything is taken together (Lin et al. 2014, Network in network)."""
    state, n = states[0], _dims(layer)
    lead = len(state.shape) - n
    together = [lead + i for i in range(n) if layer.output[lead + i] == 1]
    state = gathered(state, together)
    for axis in range(lead, lead + n):
        if axis not in together:
            state = along(state, axis, reach.bins(state.shape[axis], layer.output[axis]))
    return _shaped(state, layer)


@rule("max_pool_indices")
def _indices(layer: Layer, states: Sequence[State]) -> State:
    """What the pooling takes whose places they are."""
    a = layer.attributes
    n = len(a.get("kernel") or a["output_size"])
    return RULES[f"max_pool{n}d" if "kernel" in a else f"adaptive_max_pool{n}d"](_pooling(layer, n), states)


def _pooling(layer: Layer, n: int) -> Layer:
    """Return the layer as the pooling that it belongs to."""
    return replace(layer, op=f"max_pool{n}d" if "kernel" in layer.attributes else f"adaptive_max_pool{n}d")


@rule("interpolate")
def _interpolate(layer: Layer, states: Sequence[State]) -> State:
    """ATen's source positions; a neighbour with the weight 0 is not taken."""
    a, state = layer.attributes, states[0]
    n = len(a["output_size"])
    factors = a["scale_factor"] or [None] * n
    try:
        found = [
            reach.resized(size, out, a["mode"], a["align_corners"], a["antialias"], factor)
            for size, out, factor in zip(state.shape[-n:], a["output_size"], factors, strict=True)
        ]
    except KeyError:
        raise Untold(ORDER) from None
    return _over(state, layer, found)


@rule("pad")
def _pad(layer: Layer, states: Sequence[State]) -> State:
    """Shifted; cells that are copies of others see what those see."""
    state = states[0]
    for axis, (before, after) in enumerate(layer.attributes["padding"]):
        if (before or after) and (layer.axes[axis] != "C" or _tabled(state, axis)):
            state = along(state, axis, reach.padded(state.shape[axis], before, after, layer.attributes["mode"]))
    return _shaped(state, layer)


@rule("pixel_shuffle")
def _pixel_shuffle(layer: Layer, states: Sequence[State]) -> State:
    """Every position becomes factor × factor (Shi et al. 2016)."""
    state, factor = states[0], int(layer.attributes["factor"])
    found = _over(state, layer, [reach.spread(n, factor) for n in state.shape[-2:]])
    return replace(found.loose(state.even, APART), even=True)


@rule("pixel_unshuffle")
def _pixel_unshuffle(layer: Layer, states: Sequence[State]) -> State:
    """factor × factor positions become channels of one."""
    state, factor = states[0], int(layer.attributes["factor"])
    return replace(_over(state, layer, [reach.gathered(n, factor) for n in state.shape[-2:]]), even=False)


_POINTWISE = """
batch_norm dropout cast relu relu6 leaky_relu prelu elu selu gelu silu mish sigmoid hardsigmoid
hardswish hardtanh tanh softplus add subtract multiply divide power maximum minimum negate clamp where masked_fill
expand sqrt rsqrt exp log abs
"""


@rule(*_POINTWISE.split())
def _pointwise(layer: Layer, states: Sequence[State]) -> State:
    """The same position of all inputs, broadcast; the batch's figures are not taken outside training."""
    return joined(states, layer.output)


@rule("local_response_norm")
def _response(layer: Layer, states: Sequence[State]) -> State:
    """Divided by the activity of neighbouring channels (Krizhevsky et al. 2012, section 3.3)."""
    if _tabled(states[0], 0):
        raise Untold(ORDER)
    return states[0]


@rule("group_norm", "instance_norm")
def _map_norm(layer: Layer, states: Sequence[State]) -> State:
    """Mean and variance over all positions (Wu and He 2018; Ulyanov et al. 2016)."""
    state, groups = states[0], layer.attributes.get("num_groups")
    if not _tabled(state, 0) or groups in (None, state.shape[0]):
        return statistics(state, range(1, len(state.shape)))
    if groups > 1:
        raise Untold(ORDER)
    return statistics(state, range(len(state.shape)))


@rule("layer_norm", "rms_norm", "softmax", "log_softmax", "normalize")
def _norm(layer: Layer, states: Sequence[State]) -> State:
    """Figures along its own axes (Ba et al. 2016)."""
    axis = layer.attributes["axis"]
    axes = [axis] if isinstance(axis, int) else axis or []
    return replace(statistics(states[0], axes), even=states[0].even or _channels_in(layer, axes))


def _channels_in(layer: Layer, axes: Sequence[int]) -> bool:
    return any(layer.axes[axis : axis + 1] == "C" for axis in axes)


@rule("linear")
def _linear(layer: Layer, states: Sequence[State]) -> State:
    """Every output takes the whole last axis."""
    state = gathered(states[0], [len(states[0].shape) - 1])
    return replace(_shaped(state, layer), even=True)


@rule("cdist")
def _distances(layer: Layer, states: Sequence[State]) -> State:
    """Every distance of a vector to given ones takes all of its entries."""
    if len(states) > 1 or len(states[0].shape) > 1:
        raise Untold(ORDER)
    return _linear(layer, states)


@rule("matmul")
def _matmul(layer: Layer, states: Sequence[State]) -> State:
    """Cell (i, j) takes row i of the left and column j of the right."""
    if "equation" in layer.attributes or len(states) != 2 or min(len(s.shape) for s in states) < 2:
        raise Untold(ORDER)
    left, right = states
    parts = [gathered(left, [len(left.shape) - 1]), gathered(right, [len(right.shape) - 2])]
    rank, n = len(layer.output), layer.output[-2:]
    shapes = [(*parts[0].shape[:-2], n[0], 1), (*parts[1].shape[:-2], 1, n[1])]
    if rank < 2 or any(a.shape != b for a, b in zip(parts, shapes, strict=True)):
        raise Untold(ORDER)
    return replace(joined(parts, layer.output), even=True)


@rule("attention")
def _attention(layer: Layer, states: Sequence[State]) -> State:
    """Every query takes all keys and values (Vaswani et al. 2017)."""
    query = states[0]
    if query.shape[:-1] != layer.output[:-1] or len(query.shape) < 2:
        raise Untold(ORDER)
    channels = len(query.shape) - 1
    parts = [gathered(query, [channels])]
    parts += [gathered(one, [channels - 1, channels]) for one in states[1:] or states]
    if len(states) == 1:
        parts[1:] = [gathered(query, [channels - 1, channels])]
    return replace(joined(parts, layer.output), even=True)


@rule("mean", "sum", "amax", "amin", "argmax", "argmin", "norm")
def _reduce(layer: Layer, states: Sequence[State]) -> State:
    """All positions along its axes; with a number of positions that stays they are kept with size 1."""
    a, state = layer.attributes, states[0]
    if state.shape == layer.output and a["axis"] not in ([], None) and prod(state.shape) > 1 and not a["keepdim"]:
        raise Untold(ORDER)
    axes = [a["axis"]] if isinstance(a["axis"], int) else a["axis"] or []
    found = gathered(state, axes)
    if not a["keepdim"]:
        for axis in sorted(axes, reverse=True):
            found = removed(found, axis)
    return replace(found, even=state.even or any(not _tabled(state, axis) for axis in axes))


def _tabled(state: State, axis: int) -> bool:
    """Whether what is seen depends on the position along ``axis``."""
    return any(sets.shape[axis] > 1 for term in state.terms for sets in term)


# Parts, and other orders


@rule("cat")
def _cat(layer: Layer, states: Sequence[State]) -> State:
    """Along channels the areas meet; along positions they follow one another."""
    axis, starts = layer.attributes["axis"], layer.attributes["starts"]
    if axis is None or len(starts) != len(states):
        raise Untold(ORDER)
    if not any(_tabled(state, axis) for state in states) and layer.axes[axis] in "C?":
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
    terms = tuple(tuple(_reshaped(sets, state.shape, new, groups) for sets in term) for term in state.terms)
    moves: dict[int, int | None] = {}
    mixed = False
    for before, after in groups:
        old, now = [a for a in before if state.shape[a] > 1], [a for a in after if new[a] > 1]
        same = [state.shape[a] for a in old] == [new[a] for a in now]
        moves |= dict(zip(old, now, strict=True)) if same else dict.fromkeys(old)
        mixed = mixed or (not same and _some(state, old) and len(old) > sum(_tabled(state, a) for a in old))
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


def _flattened(state: State, k: int) -> State:
    """Return the state of a vector: its entries have no places any more, and are told as one that sees what all see."""
    found = fitted(state, k, laid_out=False)
    axis = found.axes[k]
    whole = replace(axis, whole=axis.size == state.cells[k])
    return replace(found, axes=(*found.axes[:k], whole, *found.axes[k + 1 :]))


def _some(state: State, axes: Sequence[int]) -> bool:
    return any(_tabled(state, axis) for axis in axes)


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
            if layer.attributes["index"].count("gather") > 1 or _tabled(state, axis):
                raise Untold(LISTED)
            state = state.loose(state.even or state.shape[axis] == 1, APART)
            axis += 1
            continue
        one = [entry, entry + 1, 1] if isinstance(entry, int) else entry
        if one != [0, state.shape[axis], 1]:
            if not _tabled(state, axis):
                state = state.loose(state.even or state.shape[axis] == 1, APART)
            state = along(state, axis, reach.sliced(*one))
        if isinstance(entry, int):
            state = removed(state, axis)
        else:
            axis += 1
    return _shaped(state, layer)


@rule("gather")
def _gather(layer: Layer, states: Sequence[State]) -> State:
    """Channels by a list, whose other positions stay; of positions by a list it is not written down which."""
    state, axis = states[0], layer.attributes["axis"]
    if len(states) > 1 or axis is None or _tabled(state, axis):
        raise Untold(LISTED)
    return _shaped(state.loose(state.even or state.shape[axis] == 1, APART), layer)


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
        if _tabled(state, axis):
            state = along(state, axis, reach.shifted(state.shape[axis], shift))
    return state


@rule("flip")
def _flip(layer: Layer, states: Sequence[State]) -> State:
    """Positions counted from the end."""
    state = states[0]
    for axis in layer.attributes["axis"]:
        if _tabled(state, axis):
            state = along(state, axis, reach.reversed_(state.shape[axis]))
    return state


@rule("repeat")
def _repeat(layer: Layer, states: Sequence[State]) -> State:
    """The whole again and again."""
    state = states[0]
    for axis, times in enumerate(layer.attributes["repeats"]):
        if times != 1 and _tabled(state, axis):
            state = along(state, axis, reach.repeated(state.shape[axis], times))
    return _shaped(state, layer)


@rule("repeat_interleave")
def _repeat_interleave(layer: Layer, states: Sequence[State]) -> State:
    """Every position again and again."""
    a, state = layer.attributes, states[0]
    if _tabled(state, a["axis"]):
        state = along(state, a["axis"], reach.spread(state.shape[a["axis"]], a["repeats"]))
    return _shaped(state, layer)
