"""Activations, normalisations and sums of branches: what is done to a cell by itself, or with a set of others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.opened.taken import (
    Doubles,
    Taken,
    Terms,
    Whole,
    Worked,
    closed,
    listed,
    number,
    numpy,
    unit_of,
    with_batch,
)
from explorer.opened.values import Step, Term
from explorer.text import N_

_ACTIVATION = N_("One number goes in: the formula is worked for it alone.")
_BATCH_NORM = N_(
    "The channel's running mean is taken away, the rest divided by its running standard deviation, then scaled and "
    "shifted: which is one scale and one shift, {scale} · x {shift}."
)
_NORM = N_("The mean of these {count} numbers is taken away, the rest divided by their standard deviation.")
_RMS = N_("The number is divided by the root of the mean square of these {count} numbers.")
_RESPONSE = N_("The number is divided by the activity of the same cell in {size} neighbouring channels.")
_SOFTMAX = N_("e to the power of each of the {count} numbers, and this one's share of their sum.")
_UNIT_NORM = N_("The number is divided by the norm of these {count} numbers.")
_BRANCHES = N_("The same cell of both branches.")
_WITH_NUMBER = N_("The cell and a number that the network keeps.")
_REDUCED = N_("All {count} cells along the axes that go away.")
_DISTANCE = N_(
    "The distance of these {count} numbers to a centre that stands fixed: their differences, squared, added up."
)
_PRODUCT = N_("Each of the {count} numbers of the row times the one of the column, all added up.")

Formula = Callable[[float, Mapping[str, Any]], list[tuple[str, float]]]


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _sigmoid(x: float) -> float:
    return 1 / (1 + _exp(-x)) if x >= 0 else _exp(x) / (1 + _exp(x))


def _softplus(x: float, a: Mapping[str, Any]) -> float:
    beta, threshold = a.get("beta", 1.0), a.get("threshold", 20.0)
    return x if beta * x > threshold else math.log1p(_exp(beta * x)) / beta


def _gelu(x: float, a: Mapping[str, Any]) -> list[tuple[str, float]]:
    if a.get("approximate") == "tanh":
        inner = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return [("tanh(√(2/π)·(x + 0.044715·x³))", inner), ("x·(1 + tanh)/2", x * (1 + inner) / 2)]
    phi = math.erfc(-x / math.sqrt(2)) / 2
    return [("Φ(x)", phi), ("x·Φ(x)", x * phi)]


def _selu(x: float) -> float:
    """Klambauer et al. 2017, equation 2."""
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return scale * (x if x > 0 else alpha * math.expm1(x))


def _clamp(x: float, low: float | None, high: float | None) -> float:
    x = x if low is None else max(x, low)
    return x if high is None else min(x, high)


ACTIVATIONS: dict[str, tuple[str, Formula]] = {
    "relu": ("y = max(0, x)", lambda x, a: [("max(0, x)", max(0.0, x))]),
    "relu6": ("y = min(max(0, x), 6)", lambda x, a: [("min(max(0, x), 6)", _clamp(x, 0, 6))]),
    "leaky_relu": (
        "y = x > 0 ? x : s·x",
        lambda x, a: [("x > 0 ? x : s·x", x if x > 0 else a["negative_slope"] * x)],
    ),
    "elu": ("y = x > 0 ? x : α·(eˣ − 1)", lambda x, a: [("α·(eˣ − 1)", x if x > 0 else a["alpha"] * math.expm1(x))]),
    "selu": ("y = λ·(x > 0 ? x : α·(eˣ − 1))", lambda x, a: [("λ·(…)", _selu(x))]),
    "gelu": ("y = x·Φ(x)", _gelu),
    "silu": ("y = x·σ(x)", lambda x, a: [("σ(x)", _sigmoid(x)), ("x·σ(x)", x * _sigmoid(x))]),
    "mish": (
        "y = x·tanh(ln(1 + eˣ))",
        lambda x, a: [("ln(1 + eˣ)", _softplus(x, {})), ("x·tanh(…)", x * math.tanh(_softplus(x, {})))],
    ),
    "sigmoid": ("y = 1 ÷ (1 + e⁻ˣ)", lambda x, a: [("σ(x)", _sigmoid(x))]),
    "hardsigmoid": (
        "y = min(max(0, x + 3), 6) ÷ 6",
        lambda x, a: [("min(max(0, x + 3), 6)", _clamp(x + 3, 0, 6)), ("÷ 6", _clamp(x + 3, 0, 6) / 6)],
    ),
    "hardswish": (
        "y = x·min(max(0, x + 3), 6) ÷ 6",
        lambda x, a: [("min(max(0, x + 3), 6)", _clamp(x + 3, 0, 6)), ("x·… ÷ 6", x * _clamp(x + 3, 0, 6) / 6)],
    ),
    "hardtanh": (
        "y = min(max(a, x), b)",
        lambda x, a: [("min(max(a, x), b)", _clamp(x, a["min_val"], a["max_val"]))],
    ),
    "clamp": ("y = min(max(a, x), b)", lambda x, a: [("min(max(a, x), b)", _clamp(x, a.get("min"), a.get("max")))]),
    "tanh": ("y = tanh(x)", lambda x, a: [("tanh(x)", math.tanh(x))]),
    "softplus": ("y = ln(1 + e^(β·x)) ÷ β", lambda x, a: [("ln(1 + e^(β·x)) ÷ β", _softplus(x, a))]),
    "negate": ("y = −x", lambda x, a: [("−x", -x)]),
    "exp": ("y = eˣ", lambda x, a: [("eˣ", _exp(x))]),
    "abs": ("y = |x|", lambda x, a: [("|x|", abs(x))]),
    "sqrt": ("y = √x", lambda x, a: [("√x", float(np.sqrt(np.float64(x))))]),
}
"""Formula and steps of each, with torch's constants; x is the number, a the call's attributes."""


def _single(t: Taken, x: Tensor, index: tuple[int, ...] | None = None) -> tuple[float, Terms]:
    """Return the number of the first input at the value's own place, and the term that it is."""
    at = t.at if index is None else index
    value = number(x, at)
    term = Term(unit_of(t.source(), at, x.shape), value, None, value)
    return value, Terms((term,), 1, 0.0, 0, abs(value), value)


def activation(t: Taken) -> Worked:
    """A function of one number."""
    formula, steps_of = ACTIVATIONS[t.layer.op]
    x, terms = _single(t, t.x)
    if math.isnan(x):
        return Worked(formula, _ACTIVATION, math.nan, terms)
    steps = [Step(symbol, None, value) for symbol, value in steps_of(x, t.attributes)]
    result = steps[-1].result
    return Worked(formula, _ACTIVATION, result, terms, steps=tuple(steps), reach=abs(x) + abs(result))


def prelu(t: Taken) -> Worked:
    """``x`` where it is positive, else a learned slope times ``x``; one slope, or one a channel."""
    x, terms = _single(t, t.x)
    weight = t.numbers("weight")
    weight = t.args[1] if weight is None else weight
    slope = float(weight.ravel()[t.at[0] if weight.numel() > 1 else 0])
    result = x if x > 0 else slope * x
    return Worked("y = x > 0 ? x : s·x", _ACTIVATION, result, terms, steps=(Step("s·x", slope, result),))


def batch_norm(t: Taken) -> Worked:
    """(x − μ) ÷ √(σ² + ε) · γ + β with the running statistics (Ioffe and Szegedy 2015, algorithm 2)."""
    mean, variance = t.numbers("running_mean"), t.numbers("running_var")
    if mean is None or variance is None or t.bound.get("training"):
        raise closed(t.layer)
    x, terms = _single(t, t.x)
    c = t.at[0]
    mu, var, eps = number(mean, c), number(variance, c), t.attributes["eps"]
    weight, bias = t.numbers("weight"), t.numbers("bias")
    gamma = 1.0 if weight is None else number(weight, c)
    beta = 0.0 if bias is None else number(bias, c)
    deviation = math.sqrt(var + eps)
    steps = _normalised(x, mu, deviation, gamma, beta)
    scale, result = gamma / deviation, steps[-1].result
    shift = beta - mu * scale
    return Worked(
        "y = (x − μ) ÷ √(σ² + ε) · γ + β",
        _BATCH_NORM,
        result,
        terms,
        steps=steps,
        facts={
            "scale": f"{scale:.6g}".replace("-", "−"),
            "shift": f"{'−' if shift < 0 else '+'} {abs(shift):.6g}".replace("e-", "e−"),
        },
        reach=(abs(x) + abs(mu)) * abs(scale) + abs(beta),
    )


def _normalised(x: float, mu: float, deviation: float, gamma: float, beta: float) -> tuple[Step, ...]:
    centred = x - mu
    divided = centred / deviation if deviation else math.nan
    return (
        Step("− μ", mu, centred),
        Step("÷ √(σ² + ε)", deviation, divided),
        Step("· γ", gamma, divided * gamma),
        Step("+ β", beta, divided * gamma + beta),
    )


def normalised(t: Taken) -> Worked:
    """Layer, group, instance and RMS normalisation: the statistics are those of the numbers themselves."""
    x, op = t.x, t.layer.op
    if op in ("layer_norm", "rms_norm"):
        rank = x.dim() - len(t.attributes["axis"])
        fixed: tuple[int | slice, ...] = t.at[:rank]
        own = t.at[rank:]
    elif op == "group_norm":
        size = x.shape[0] // t.attributes["num_groups"]
        first = t.at[0] // size * size
        fixed, own = (slice(first, first + size),), (t.at[0],)
    elif t.bound.get("use_input_stats", True):
        fixed, own = t.at[:1], t.at[:1]
    else:
        raise closed(t.layer)
    values = numpy(x[(*fixed,)])
    index = _rest(x, fixed)
    terms = listed(t.source(), x.shape, values, index)
    value = number(x, t.at)
    mu = 0.0 if op == "rms_norm" else float(values.mean())
    variance, eps = float(((values - mu) ** 2).mean()), t.attributes["eps"]
    if eps is None:  # rms_norm's own
        eps = torch.finfo(x.dtype).eps
    deviation = math.sqrt(variance + eps)
    weight, bias = t.numbers("weight"), t.numbers("bias")
    gamma, beta = (empty if w is None else number(w, own) for w, empty in ((weight, 1.0), (bias, 0.0)))
    steps = _normalised(value, mu, deviation, gamma, beta)
    if op == "rms_norm":
        steps = (Step("÷ √(Σx² ÷ n + ε)", deviation, value / deviation), Step("· γ", gamma, steps[2].result))
    reach = (abs(value) + terms.size / max(terms.count, 1)) / deviation * abs(gamma) + abs(beta)
    formula = "y = x ÷ √(Σx² ÷ n + ε) · γ" if op == "rms_norm" else "y = (x − μ) ÷ √(σ² + ε) · γ + β"
    words = _RMS if op == "rms_norm" else _NORM
    result = steps[-1].result
    return Worked(formula, words, result, terms, terms.total, "Σ", (Step("x", value, value), *steps), _count(terms),
                  reach=reach)  # fmt: skip


def _rest(x: Tensor, fixed: Sequence[int | slice]) -> list[Whole]:
    """Return the index of each number of ``x[fixed]``, an array an axis."""
    ranges = []
    for at, size in enumerate(x.shape):
        one = fixed[at] if at < len(fixed) else slice(None)
        ranges.append(np.arange(size)[one if isinstance(one, slice) else slice(one, one + 1)])
    grid = np.meshgrid(*ranges, indexing="ij", sparse=False)
    kept = tuple(slice(None) if not isinstance(one, int) else 0 for one in fixed)
    return [axis[kept] for axis in grid]


def response_norm(t: Taken) -> Worked:
    """x ÷ (k + α · Σ x² ÷ n)^β over n neighbouring channels (torch.nn.LocalResponseNorm: its α is divided by n)."""
    x, a = t.x, t.attributes
    c, *place = t.at
    size = a["size"]
    first, last = max(c - size // 2, 0), min(c + (size - 1) // 2, x.shape[0] - 1)
    channels: tuple[int | slice, ...] = (slice(first, last + 1), *place)
    values = numpy(x[channels])
    index = [np.arange(first, last + 1), *(np.full(1, i) for i in place)]
    terms = listed(t.source(), x.shape, values, index, products=values * values)
    value = number(x, t.at)
    mean = terms.total / size
    inner = a["k"] + a["alpha"] * mean
    result = value / inner ** a["beta"]
    steps = (
        Step("÷ n", float(size), mean),
        Step("· α + k", a["alpha"], inner),
        Step("^ β", a["beta"], inner ** a["beta"]),
        Step("x ÷ …", value, result),
    )
    formula = "y = x ÷ (k + α·Σ x² ÷ n)^β"
    return Worked(formula, _RESPONSE, result, terms, terms.total, "Σ", steps, {"size": terms.count}, reach=abs(result))


def softmax(t: Taken) -> Worked:
    """eˣ ÷ Σ eˣ along an axis, and its logarithm; the largest is taken away first, which changes nothing."""
    x, axis = t.x, t.attributes["axis"]
    if axis is None:
        raise closed(t.layer)
    values, index = _line(t, x, axis)
    largest = float(values.max())
    powers: Doubles = np.exp(values - largest)
    terms = listed(t.source(), x.shape, values, index, products=powers)
    value = number(x, t.at)
    share = math.exp(value - largest) / terms.total
    steps = [Step("e^(x − max)", value, math.exp(value - largest)), Step("÷ Σ", terms.total, share)]
    if t.layer.op == "softmax":
        return Worked("y = e^(x − max) ÷ Σ e^(x − max)", _SOFTMAX, share, terms, terms.total, "Σ", tuple(steps),
                      _count(terms), reach=share * (1 + abs(value) + abs(largest)))  # fmt: skip
    result = value - largest - math.log(terms.total)
    steps.append(Step("ln", None, result))
    reach = abs(value) + abs(largest) + abs(result)
    return Worked("y = ln(e^(x − max) ÷ Σ e^(x − max))", _SOFTMAX, result, terms, terms.total, "Σ", tuple(steps),
                  _count(terms), reach=reach)  # fmt: skip


def unit_norm(t: Taken) -> Worked:
    """x ÷ max(‖x‖, ε) along an axis (torch.nn.functional.normalize)."""
    x, axis, p = t.x, t.attributes["axis"], t.attributes["p"]
    if axis is None:
        raise closed(t.layer)
    values, index = _line(t, x, axis)
    terms = listed(t.source(), x.shape, values, index, products=np.abs(values) ** p)
    value, norm = number(x, t.at), max(terms.total ** (1 / p), float(t.bound.get("eps", 1e-12)))
    steps = (Step("^ (1/p)", p, norm), Step("x ÷ …", value, value / norm))
    return Worked("y = x ÷ (Σ |x|ᵖ)^(1/p)", _UNIT_NORM, value / norm, terms, terms.total, "Σ", steps, _count(terms),
                  reach=abs(value / norm))  # fmt: skip


def _line(t: Taken, x: Tensor, axis: int) -> tuple[Doubles, list[Whole]]:
    """Return the numbers along an axis through the value's place, and their index."""
    place: list[int | slice] = list(t.at)
    place[axis] = slice(None)
    index = [np.arange(x.shape[axis]) if i == axis else np.full(1, at) for i, at in enumerate(t.at)]
    return numpy(x[tuple(place)]), index


def reduction(t: Taken) -> Worked:
    """The mean, sum, largest or smallest along axes."""
    x, axes, op = t.x, t.attributes["axis"], t.layer.op
    gone = sorted(a % x.dim() for a in ([axes] if isinstance(axes, int) else axes or ()))
    kept = iter(t.at)
    place: list[int | slice] = []
    for axis in range(x.dim()):
        if axis in gone:
            place.append(slice(None))
            if t.attributes["keepdim"]:
                next(kept)
        else:
            place.append(next(kept))
    values = numpy(x[tuple(place)])
    index = [axis.reshape(values.shape) for axis in _rest(x, tuple(place))]
    if op in ("amax", "amin"):
        chosen = int(values.argmax() if op == "amax" else values.argmin())
        terms, result = listed(t.source(), x.shape, values, index, chosen=chosen), float(values.ravel()[chosen])
        return Worked(f"y = {op[1:]} x", _REDUCED, result, terms, result, op[1:], (), _count(terms))
    terms = listed(t.source(), x.shape, values, index)
    if op == "sum":
        return Worked("y = Σ x", _REDUCED, terms.total, terms, terms.total, facts=_count(terms))
    result = terms.total / terms.count
    steps = (Step("÷ n", float(terms.count), result),)
    return Worked("y = Σ x ÷ n", _REDUCED, result, terms, terms.total, "Σ", steps, _count(terms),
                  reach=terms.size / terms.count)  # fmt: skip


_SIGNS = {
    "add": ("y = a + b", "+"),
    "subtract": ("y = a − b", "−"),
    "multiply": ("y = a · b", "·"),
    "divide": ("y = a ÷ b", "÷"),
    "power": ("y = aᵇ", "^"),
    "maximum": ("y = max(a, b)", "max"),
    "minimum": ("y = min(a, b)", "min"),
}


def binary(t: Taken) -> Worked:
    """Two branches, or a branch and a number, cell by cell; an axis of size 1 is repeated."""
    op, alpha = t.layer.op, float(t.bound.get("alpha") or 1)
    a, b = t.bound.get("input"), t.bound.get("other", 2 if op == "power" else None)
    if t.func.__name__.strip("_") in ("rsub", "rdiv", "rtruediv", "rpow"):
        a, b = b, a
    known = list(t.layer.inputs)
    tensors = [one for one in (a, b) if isinstance(one, Tensor)]
    if len(known) > len(tensors) or (a is None or b is None):
        raise closed(t.layer)
    both = len(known) == len(tensors)
    first = int(bool(t.attributes.get("reversed")))
    terms: list[Term] = []
    for one in (a, b):
        if isinstance(one, Tensor):
            layer_made = both or len(terms) == first
            terms.append(_branch(t, one, known.pop(0) if layer_made else ""))
        else:
            terms.append(Term(None, float(one), None, float(one), mark="constant"))
    left, right = terms[0].value, terms[1].value
    formula, sign = _SIGNS[op]
    steps: tuple[Step, ...] = ()
    if op in ("add", "subtract"):
        factor = alpha if op == "add" else -alpha
        if factor != 1:
            terms[0] = Term(terms[0].cell, left, 1.0, left, mark=terms[0].mark)
            terms[1] = Term(terms[1].cell, right, factor, factor * right, mark=terms[1].mark)
        total = left + factor * right
        whole = Terms(tuple(terms), 2, 0.0, 0, abs(left) + abs(factor * right), total)
        return Worked(formula, _words(terms), total, whole, total)
    with np.errstate(all="ignore"):
        x, y = np.float64(left), np.float64(right)
        result = float(
            {"multiply": x * y, "divide": x / y, "maximum": max(x, y), "minimum": min(x, y)}.get(op, x)
            if op != "power"
            else x**y
        )
    if op in ("maximum", "minimum"):
        terms = [Term(o.cell, o.value, None, o.value, mark="chosen" if o.value == result else o.mark) for o in terms]
    else:
        steps = (Step(f"a {sign} b", None, result),)
    whole = Terms(tuple(terms), 2, 0.0, 0, abs(left) + abs(right), result)
    return Worked(formula, _words(terms), result, whole, None, steps=steps, reach=abs(result))


def _words(terms: list[Term]) -> str:
    return _BRANCHES if all(term.cell for term in terms) else _WITH_NUMBER


def _branch(t: Taken, tensor: Tensor, source: str) -> Term:
    """Return the number that one side of a sum takes at the value's place; of no layer for a weight."""
    if source:
        layer = t.graph[source]
        x, out = t.plain(tensor, layer), t.plain(t.out, t.layer)
    else:
        x, out = tensor, t.out
    flat = torch.arange(x.numel(), device=x.device).reshape(x.shape)
    # Where the value lies in what it made, with the batch or without; what is missing in front is repeated.
    whole = out.shape
    place = t.at if len(whole) == len(t.at) else with_batch(t)
    at = int(torch.broadcast_to(flat, whole)[place])
    value = float(x.reshape(-1)[at])
    index = [int(i) for i in np.unravel_index(at, x.shape)] if x.dim() else []
    cell = unit_of(t.graph[source], index, x.shape) if source else None
    return Term(cell, value, None, value, mark="" if source else "constant")


def matmul(t: Taken) -> Worked:
    """Σ a · b along the row of the one and the column of the other."""
    a, b = t.bound.get("input"), t.bound.get("other")
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or t.bound.get("equation") or "bias" in t.bound:
        raise closed(t.layer)
    place = with_batch(t)
    if min(a.dim(), b.dim()) < 2 or len(t.layer.inputs) not in (1, 2):
        raise closed(t.layer)
    *lead, i, j = place
    values, weights = numpy(_row(a, lead)[i]), numpy(_row(b, lead)[:, j])
    second = len(t.layer.inputs) == 1 and bool(t.attributes.get("reversed"))
    if second:
        raise closed(t.layer)
    source = t.source()
    x = t.plain(a, source)
    flat = _row(torch.arange(a.numel(), device=a.device).reshape(a.shape), lead)[i]
    index = list(np.unravel_index(flat.cpu().numpy(), tuple(x.shape)))
    terms = listed(source, x.shape, values, index, weights)
    return Worked("y = Σ a·b", _PRODUCT, terms.total, terms, terms.total, facts=_count(terms))


def distance(t: Taken) -> Worked:
    """√ Σ (a − b)² from a row to a fixed centre (torch.cdist with p = 2), as a radial basis has it."""
    x, centres = t.x, t.numbers("other")
    centres = t.args[1] if centres is None else centres
    if centres.dim() != 2 or len(t.layer.inputs) != 1 or t.kwargs.get("p", t.args[2] if len(t.args) > 2 else 2.0) != 2:
        raise closed(t.layer)
    *lead, k = t.at
    values, centre = numpy(x[tuple(lead)]), numpy(centres[k])
    index = [*(np.full(1, i) for i in lead), np.arange(len(values))]
    terms = listed(t.source(), x.shape, values, index, centre, products=(values - centre) ** 2)
    result = math.sqrt(terms.total)
    # |a|² + |b|² − 2·a·b, as torch computes it, loses what a and b have in common
    reach = float((values**2).sum() + (centre**2).sum()) / max(result, 1e-30)
    return Worked("y = √ Σ (x − w)²", _DISTANCE, result, terms, terms.total, "Σ", (Step("√", None, result),),
                  _count(terms), reach=reach)  # fmt: skip


def _row(tensor: Tensor, lead: list[int]) -> Tensor:
    """Return the matrix of a stack of matrices at ``lead``; a stack of fewer is repeated."""
    places = lead[len(lead) - (tensor.dim() - 2) :] if tensor.dim() > 2 else []
    return tensor[tuple(0 if size == 1 else at for at, size in zip(places, tensor.shape, strict=False))]


def _count(terms: Terms) -> dict[str, int]:
    return {"count": terms.count}
