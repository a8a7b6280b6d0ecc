"""What each op takes of its inputs: one small rule for every word of ``graph.vocabulary`` that has one.

Attributes are those of ``graph.attributes``; a word without a rule is unknown, and so is everything that takes its
output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from explorer.graph.values import Layer
from explorer.receptive import cells, reach
from explorer.receptive.reach import Reach
from explorer.receptive.state import (
    APART,
    State,
    Untold,
    along,
    gathered,
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
    return shaped(state, layer)


def shaped(state: State, layer: Layer) -> State:
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
    if not tabled(state, 0) or layer.attributes["groups"] == state.shape[0] == layer.output[0]:
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
    return shaped(state, layer)


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
        if (before or after) and (layer.axes[axis] != "C" or tabled(state, axis)):
            state = along(state, axis, reach.padded(state.shape[axis], before, after, layer.attributes["mode"]))
    return shaped(state, layer)


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
    if tabled(states[0], 0):
        raise Untold(ORDER)
    return states[0]


@rule("group_norm", "instance_norm")
def _map_norm(layer: Layer, states: Sequence[State]) -> State:
    """Mean and variance over all positions (Wu and He 2018; Ulyanov et al. 2016)."""
    state, groups = states[0], layer.attributes.get("num_groups")
    if not tabled(state, 0) or groups in (None, state.shape[0]):
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
    return replace(shaped(state, layer), even=True)


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
    return replace(found, even=state.even or any(not tabled(state, axis) for axis in axes))


def tabled(state: State, axis: int) -> bool:
    """Whether what is seen depends on the position along ``axis``."""
    return any(sets.shape[axis] > 1 for term in state.terms for sets in term)
