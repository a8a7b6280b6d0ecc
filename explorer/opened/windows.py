"""Convolutions, linear layers and poolings: a window of the input, weighted, added up or its largest number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.graph.values import Layer
from explorer.opened.taken import Doubles, Taken, Whole, Worked, closed, listed, number, numpy
from explorer.opened.values import Step, Window
from explorer.text import N_

_CONV = N_(
    "Each of the {count} cells under the kernel times its weight, all added up. Kernel {kernel}, stride {stride}, "
    "padding {padding}, dilation {dilation}, group {group} of {groups}."
)
_TRANSPOSED = N_(
    "Each cell of the input lays its weighted kernel over the output; the {count} that reach this cell are added up. "
    "Kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}, group {group} of {groups}."
)
_LINEAR = N_("Each of the {count} inputs times its weight, all added up.")
_MAX = N_("The largest of the {count} numbers in the window.")
_MEAN = N_("The {count} numbers in the window added up, divided by {divisor}.")
_NORM = N_("The {count} numbers in the window to the power p, their mean times the window's area, and its p-th root.")


@dataclass(frozen=True, eq=False)
class Taps:
    """What a window reads along one axis.

    Attributes:
        kernel: places in the kernel, int64 (taps).
        cells: positions of the input, int64 (taps); outside of it where it is padding.
        inside: which are not padding, bool (taps).
    """

    kernel: Whole
    cells: Whole
    inside: NDArray[np.bool_]


def taps(out: int, size: int, kernel: int, stride: int, before: int, dilation: int) -> Taps:
    """Return what output ``out`` reads: out · stride − before + k · dilation (torch.nn.Conv2d)."""
    places = np.arange(kernel)
    cells = out * stride - before + places * dilation
    return Taps(places, cells, (cells >= 0) & (cells < size))


def transposed_taps(out: int, size: int, kernel: int, stride: int, before: int, dilation: int) -> Taps:
    """Return what reaches output ``out``: input i with k where i · stride − before + k · dilation = out."""
    places = np.arange(kernel)
    reached = out + before - places * dilation
    cells = reached // stride
    there = (reached % stride == 0) & (cells >= 0) & (cells < size)
    return Taps(places[there], cells[there], np.ones(int(there.sum()), bool))


def read(x: Tensor, axes: Sequence[Taps]) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return what ``x`` (C, *axes) holds under a window, float64 (C, *taps), 0 in the padding; and where that is."""
    for at, axis in enumerate(axes, 1):
        clamped = np.clip(axis.cells, 0, max(x.shape[at] - 1, 0))
        x = x.index_select(at, torch.as_tensor(clamped, device=x.device))
    inside = np.ones((1,) * len(axes), bool)
    for at, axis in enumerate(axes):
        inside = inside & axis.inside.reshape([-1 if i == at else 1 for i in range(len(axes))])
    values = np.where(inside, numpy(x), 0.0)
    return values, ~inside


def _index(first: int, values: Doubles, axes: Sequence[Taps]) -> list[Whole]:
    """Return the index in the input of each number under a window, an array an axis."""
    rank = values.ndim
    found = [(first + np.arange(len(values))).reshape([-1] + [1] * (rank - 1))]
    for at, axis in enumerate(axes, 1):
        found.append(axis.cells.reshape([-1 if i == at else 1 for i in range(rank)]))
    return found


def _window(t: Taken, first: int, values: Doubles, axes: Sequence[Taps], weights: Doubles | None) -> Window | None:
    """Return what is drawn of the input under the kernel; only of rows and columns."""
    if len(axes) != 2 or not values.size:
        return None
    rows, columns = axes
    outside = ~(rows.inside[:, None] & columns.inside[None])
    padding = outside | _put_around(t.source(), axes)
    return Window(t.source().id, first, rows.cells, columns.cells, values, weights, outside, padding)


def _put_around(source: Layer, axes: Sequence[Taps]) -> NDArray[np.bool_]:
    """Return which cells a layer of padding put around its own input, bool (*taps)."""
    found = np.zeros((1,) * len(axes), bool)
    if source.op != "pad" or source.attributes.get("mode") != "constant" or "padding" not in source.attributes:
        return found
    sizes, sides = source.output[-len(axes) :], source.attributes["padding"][-len(axes) :]
    for at, (axis, size, (before, after)) in enumerate(zip(axes, sizes, sides, strict=True)):
        put = (axis.cells < before) | (axis.cells >= size - after)
        found = found | put.reshape([-1 if i == at else 1 for i in range(len(axes))])
    return found


def conv(t: Taken) -> Worked:
    """Σ w · x + b over the kernel and the channels of the filter's group (torch.nn.Conv2d, ConvTranspose2d)."""
    a, x, transposed = t.attributes, t.x, "transpose" in t.layer.op
    weight, bias = t.numbers("weight"), t.numbers("bias")
    if weight is None or len(t.layer.inputs) != 1:
        raise closed(t.layer)
    (k, *out), groups = t.at, a["groups"]
    filters = (weight.shape[1] if transposed else weight.shape[0] // groups) or 1
    per_group = x.shape[0] // groups
    group = k // filters
    first, reads = group * per_group, transposed_taps if transposed else taps
    sizes = zip(out, x.shape[1:], a["kernel"], a["stride"], a["padding"], a["dilation"], strict=True)
    axes = [reads(o, size, kernel, stride, pad[0], dilation) for o, size, kernel, stride, pad, dilation in sizes]
    values, padding = read(x[first : first + per_group], axes)
    own = weight[first : first + per_group, k % filters] if transposed else weight[k]
    for at, axis in enumerate(axes, 1):
        own = own.index_select(at, torch.as_tensor(axis.kernel, device=own.device))
    weights = numpy(own)
    around = _put_around(t.source(), axes)
    index = _index(first, values, axes)
    terms = listed(t.source(), x.shape, values, index, weights, padding=padding, put_around=around)
    result, steps = terms.total, []
    if bias is not None:
        result += number(bias, k)
        steps.append(Step("+ b", number(bias, k), result))
    facts = {
        "count": terms.count,
        "kernel": _sizes(a["kernel"]),
        "stride": _sizes(a["stride"]),
        "padding": _sides(a["padding"]),
        "dilation": _sizes(a["dilation"]),
        "group": group + 1,
        "groups": groups,
    }
    return Worked(
        formula="y = Σ w·x" + (" + b" if bias is not None else ""),
        words=_TRANSPOSED if transposed else _CONV,
        result=result,
        terms=terms,
        total=terms.total,
        steps=tuple(steps),
        facts=facts,
        window=None if transposed else _window(t, first, values, axes, weights),
    )


def linear(t: Taken) -> Worked:
    """Σ w · x + b along the last axis."""
    x, weight, bias = t.x, t.numbers("weight"), t.numbers("bias")
    if weight is None or len(t.layer.inputs) != 1:
        raise closed(t.layer)
    *lead, k = t.at if weight.dim() == 2 else (*t.at, 0)
    values = numpy(x[tuple(lead)])
    weights = numpy(weight[k] if weight.dim() == 2 else weight)
    index = [np.full(1, i) for i in lead] + [np.arange(len(values))]
    terms = listed(t.source(), x.shape, values, index, weights)
    result, steps = terms.total, []
    if bias is not None:
        own = number(bias, k) if bias.dim() else float(bias)
        result += own
        steps.append(Step("+ b", own, result))
    return Worked(
        formula="y = Σ w·x" + (" + b" if bias is not None else ""),
        words=_LINEAR,
        result=result,
        terms=terms,
        total=terms.total,
        steps=tuple(steps),
        facts={"count": terms.count},
    )


def pool(t: Taken) -> Worked:
    """The largest number of a window, its mean or its p-norm; ceil_mode and divisors as ATen has them (Pool.h)."""
    a, x = t.attributes, t.x
    c, *out = t.at
    axes, area = [], []
    for o, size, kernel, stride, pad, dilation in zip(
        out, x.shape[1:], a["kernel"], a["stride"], a["padding"], a["dilation"], strict=True
    ):
        found = taps(o, size, kernel, stride, pad[0], dilation)
        reached = found.cells < size + pad[1]  # ceil_mode: what hangs over the padding too is not there
        axes.append(Taps(found.kernel[reached], found.cells[reached], found.inside[reached]))
        area.append(kernel)
    if t.layer.op.startswith("max"):
        return _largest(t, c, axes)
    counts_padding = t.layer.op.startswith("lp") or a["count_include_pad"]
    if not counts_padding:
        axes = [_kept(axis) for axis in axes]
    divisor = a.get("divisor_override") or math.prod(len(axis.cells) for axis in axes)
    if t.layer.op.startswith("lp"):
        return _norm(t, c, axes, divisor, math.prod(area))
    return _mean(t, c, axes, divisor)


def adaptive(t: Taken) -> Worked:
    """The mean or the largest of bins ⌊o·n/m⌋ … ⌈(o+1)·n/m⌉ (ATen, AdaptivePooling.h)."""
    x = t.x
    c, *out = t.at
    axes = []
    for o, size, outputs in zip(out, x.shape[1:], t.attributes["output_size"], strict=True):
        cells = np.arange(o * size // outputs, -(-(o + 1) * size // outputs))
        axes.append(Taps(np.arange(len(cells)), cells, np.ones(len(cells), bool)))
    if "max" in t.layer.op:
        return _largest(t, c, axes)
    return _mean(t, c, axes, math.prod(len(axis.cells) for axis in axes))


def _kept(axis: Taps) -> Taps:
    return Taps(axis.kernel[axis.inside], axis.cells[axis.inside], axis.inside[axis.inside])


def _largest(t: Taken, c: int, axes: Sequence[Taps]) -> Worked:
    kept = [_kept(axis) for axis in axes]  # padding never is the largest
    values, _padding = read(t.x[c : c + 1], kept)
    chosen = int(np.argmax(values))
    terms = listed(t.source(), t.x.shape, values, _index(c, values, kept), chosen=chosen)
    result = float(values.ravel()[chosen])
    whole, _padding = read(t.x[c : c + 1], axes)
    window = _window(t, c, whole, axes, None)
    return Worked("y = max x", _MAX, result, terms, result, "max", (), {"count": terms.count}, window)


def _mean(t: Taken, c: int, axes: Sequence[Taps], divisor: int) -> Worked:
    values, padding = read(t.x[c : c + 1], axes)
    around, index = _put_around(t.source(), axes), _index(c, values, axes)
    terms = listed(t.source(), t.x.shape, values, index, padding=padding, put_around=around)
    result = terms.total / divisor
    steps = (Step("÷ n", float(divisor), result),)
    facts = {"count": terms.count, "divisor": divisor}
    window = _window(t, c, values, axes, None)
    return Worked("y = Σ x ÷ n", _MEAN, result, terms, terms.total, "Σ", steps, facts, window, terms.size / divisor)


def _norm(t: Taken, c: int, axes: Sequence[Taps], divisor: int, area: int) -> Worked:
    p = t.attributes["norm"]
    values, padding = read(t.x[c : c + 1], axes)
    terms = listed(t.source(), t.x.shape, values, _index(c, values, axes), products=values**p, padding=padding)
    mean = terms.total / divisor
    inner = max(mean, 0.0) * area if p % 2 else mean * area
    result = float(np.float64(inner) ** (1 / p))
    steps = (Step("÷ n", float(divisor), mean), Step("· k", float(area), inner), Step("^ (1/p)", p, result))
    window, facts = _window(t, c, values, axes, None), {"count": terms.count}
    return Worked("y = (Σ xᵖ ÷ n · k)^(1/p)", _NORM, result, terms, terms.total, "Σ", steps, facts, window, abs(result))


def _sizes(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))


def _sides(padding: Sequence[Sequence[int]]) -> str:
    """Return the padding of each axis, before and after where they differ: "1×1", "0+1×0+1"."""
    return "×".join(str(p[0]) if p[0] == p[1] else f"{p[0]}+{p[1]}" for p in padding)
