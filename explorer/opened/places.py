"""Ops that compute nothing, or little: the number comes from another place, or is mixed from some."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.opened.taken import Taken, Terms, Worked, closed, listed, number, numpy, unit_of, with_batch
from explorer.opened.values import Term
from explorer.receptive.reach import padded
from explorer.text import N_

_SAME = N_("The same number as the cell that it comes from: nothing is computed here.")
_PADDING = N_("A cell of padding that holds {value}: no cell of the input is here.")
_MIRRORED = N_("A cell of padding of the kind “{mode}”: the same number as the cell that it repeats.")
_CONSTANT = N_("A number that the network keeps, put there as it is.")
_MIXED = N_("The {count} nearest cells, weighted by how near they are ({mode}).")


def same(t: Taken) -> Worked:
    """Find where the number comes from by doing the very call to places in place of numbers."""
    tensors = _tensors(t.args) + _tensors(t.kwargs)
    known = _known(t, tensors)
    starts = [0, *np.cumsum([one.numel() for one in tensors]).tolist()]
    labels = [
        torch.arange(start, start + one.numel(), device=one.device).reshape(one.shape)
        for start, one in zip(starts, tensors, strict=False)
    ]
    left = iter(labels)
    out = t.func(*_replaced(t.args, left), **_replaced(dict(t.kwargs), left))
    pieces = [out] if isinstance(out, Tensor) else out
    place = with_batch(t)
    label = int(pieces[t.layer.call[1]][place])
    which = int(np.searchsorted(starts, label, "right")) - 1
    tensor, at = tensors[which], label - starts[which]
    value = float(tensor.reshape(-1)[at])
    source = known.get(which)
    if source is None:
        term = Term(None, value, None, value, mark="constant")
        return Worked("y = w", _CONSTANT, value, Terms((term,), 1, 0.0, 0, abs(value), value))
    layer = t.graph[source]
    x = t.plain(tensor, layer)
    index = [int(i) for i in np.unravel_index(at, tuple(x.shape))] if x.dim() else []
    term = Term(unit_of(layer, index, x.shape), value, None, value)
    return Worked("y = x", _SAME, value, Terms((term,), 1, 0.0, 0, abs(value), value))


def _tensors(value: Any) -> list[Tensor]:
    """Return the tensors of numbers among nested arguments; those of places, as an index is, are none."""
    if isinstance(value, Tensor):
        return [value] if value.is_floating_point() else []
    if isinstance(value, dict):
        value = list(value.values())
    return [one for item in value for one in _tensors(item)] if isinstance(value, list | tuple) else []


def _replaced(value: Any, labels: Any) -> Any:
    """Return nested arguments with their tensors replaced, in the order of ``_tensors``."""
    if isinstance(value, Tensor):
        return next(labels) if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _replaced(item, labels) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replaced(item, labels) for item in value) if type(value) in (list, tuple) else value
    return value


def _known(t: Taken, tensors: list[Tensor]) -> dict[int, str]:
    """Return which of the tensors among the arguments are outputs of which layers."""
    inputs = t.layer.inputs
    if len(inputs) == len(tensors):
        return dict(enumerate(inputs))
    starts = t.attributes.get("starts")
    if t.layer.op == "stack" and starts is not None:
        return dict(zip(starts, inputs, strict=True))
    if t.layer.op == "cat" and starts is not None:
        axis = int(t.bound.get("dim", t.bound.get("axis", 0)))
        begins = np.cumsum([0, *(one.shape[axis] for one in tensors)]).tolist()
        return {begins.index(start): source for start, source in zip(starts, inputs, strict=True)}
    raise closed(t.layer)


def pad(t: Taken) -> Worked:
    """A cell of the input, a mirrored or repeated one, or the number that fills."""
    x, a = t.x, t.attributes
    index, inside = [], True
    for at, size, (before, after) in zip(t.at, x.shape, a["padding"], strict=True):
        cell = int(padded(int(size), before, after, a["mode"]).taps[at, 0])
        inside &= 0 <= cell < size
        index.append(cell)
    if not inside:
        value = float(a["value"])
        term = Term(None, value, None, value, mark="padding")
        return Worked("y = p", _PADDING, value, Terms((term,), 1, 0.0, 1, abs(value), value), facts={"value": value})
    value = number(x, index)
    moved = any(at - before != cell for at, cell, (before, _after) in zip(t.at, index, a["padding"], strict=True))
    term = Term(unit_of(t.source(), index, x.shape), value, None, value, mark="padding" if moved else "")
    whole = Terms((term,), 1, 0.0, int(moved), abs(value), value)
    return Worked("y = x", _MIRRORED if moved else _SAME, value, whole, facts={"mode": a["mode"]})


def resized(t: Taken) -> Worked:
    """The cells that a resize mixes; it is linear, so its weights are the gradient of the value by them."""
    x = t.x
    c, *out = t.at
    with torch.inference_mode(False), torch.enable_grad():
        channel = torch.tensor(numpy(x[c]), dtype=torch.float64)[None, None].requires_grad_()
        made = t.func(channel, *t.args[1:], **{k: v for k, v in t.kwargs.items() if k != "input"})
        made[(0, 0, *out)].backward()
    assert channel.grad is not None
    weights = channel.grad[0, 0].numpy()
    places = np.nonzero(weights)
    values = numpy(x[c])[places]
    index = [np.full(1, c), *places]
    terms = listed(t.source(), x.shape, values, index, weights[places])
    facts = {"count": terms.count, "mode": t.attributes["mode"]}
    return Worked("y = Σ w·x", _MIXED, terms.total, terms, terms.total, facts=facts)
