"""A call of a layer with the tensors it was given, and what every op needs to list them as terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.errors import NetworkError
from explorer.graph.values import Graph, Layer
from explorer.opened.values import MOST_TERMS, Mark, Step, Term, Window
from explorer.recipe import Unit
from explorer.text import N_

Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]


def closed(layer: Layer) -> NetworkError:
    """Return what is told of an op whose arithmetic cannot be opened."""
    return NetworkError(
        N_("How {layer} ({op}) computes this value is not opened term by term: choose a unit of another layer."),
        layer=layer.id,
        op=layer.op,
    )


@dataclass(frozen=True, eq=False)
class Taken:
    """One call as the network made it.

    Attributes:
        graph, layer: which.
        at: index of the value in the layer's output, without the batch.
        func, args, kwargs: the torch function and what it was given; activations as they were before the call.
        bound: the arguments by name.
        out: what it made, with the batch.
    """

    graph: Graph
    layer: Layer
    at: tuple[int, ...]
    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    bound: Mapping[str, Any]
    out: Tensor

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What the op was called with, as ``graph.attributes`` tells it."""
        return self.layer.attributes

    def source(self, at: int = 0) -> Layer:
        """Return the layer that an input is the output of."""
        return self.graph[self.layer.inputs[at]]

    @property
    def x(self) -> Tensor:
        """The first input, without the batch."""
        found = self.bound.get("input", self.args[0] if self.args else None)
        if not isinstance(found, Tensor) or not self.layer.inputs:
            raise closed(self.layer)
        return self.plain(found, self.source())

    def plain(self, tensor: Tensor, of: Layer) -> Tensor:
        """Return the output of a layer without the batch of one.

        Raises:
            NetworkError: it is no output of that layer, or complex.
        """
        shape = of.sizes(tensor.shape)
        if shape is None or tensor.is_complex():
            raise closed(self.layer)
        return tensor.reshape(shape)

    def numbers(self, name: str) -> Tensor | None:
        """Return a weight, or None where there is none."""
        found = self.bound.get(name)
        return found if isinstance(found, Tensor) else None


def numpy(tensor: Tensor) -> Doubles:
    """Return the numbers of a tensor in float64; every number of the network's own type is one."""
    found: Doubles = tensor.detach().to("cpu").to(torch.float64).numpy()
    return found


def number(tensor: Tensor, at: Sequence[int] | int) -> float:
    """Return one number of a tensor."""
    return float(tensor[tuple(at) if isinstance(at, Sequence) else at])


def index_of(unit: Unit, shape: Sequence[int], axes: str) -> tuple[int, ...]:
    """Return the index of a unit in its layer's output without the batch, laid out as ``reduce.maps`` does.

    Raises:
        IndexError: there is no such unit.
    """
    at = axes.index("C") if "C" in axes else None
    rest = [size for i, size in enumerate(shape) if i != at]
    height, width = (math.prod(rest[:-1]), rest[-1]) if rest else (1, 1)
    channels = 1 if at is None else shape[at]
    if not (0 <= unit.channel < channels and 0 <= unit.y < height and 0 <= unit.x < width):
        raise IndexError
    inside = [int(i) for i in np.unravel_index(unit.y * width + unit.x, rest)] if rest else []
    if at is not None:
        inside.insert(at, unit.channel)
    return tuple(inside)


def unit_of(layer: Layer, index: Sequence[int], shape: Sequence[int]) -> Unit:
    """Return the unit at an index of a layer's output without the batch; the way back of ``index_of``."""
    at = layer.axes.index("C") if "C" in layer.axes else None
    rest = [(int(i), size) for k, (i, size) in enumerate(zip(index, shape, strict=True)) if k != at]
    width = rest[-1][1] if rest else 1
    flat = 0
    for i, size in rest:
        flat = flat * size + i
    return Unit(layer.id, 0 if at is None else int(index[at]), flat // width, flat % width)


def with_batch(t: Taken) -> tuple[int, ...]:
    """Return the value's place in what the call made, the batch of one too."""
    shape = t.layer.sizes(t.out.shape)
    assert shape is not None
    flat = int(np.ravel_multi_index(t.at, shape)) if shape else 0
    return tuple(int(i) for i in np.unravel_index(flat, tuple(t.out.shape)))


@dataclass(frozen=True, eq=False)
class Terms:
    """All the terms of a value, and those that are listed.

    Attributes:
        terms: the listed ones.
        count, rest, padded, size: as in ``Opened``.
        total: the sum of the products.
    """

    terms: tuple[Term, ...]
    count: int
    rest: float
    padded: int
    size: float
    total: float


def listed(
    layer: Layer,
    shape: Sequence[int],
    values: Doubles,
    index: Sequence[Whole],
    weights: Doubles | None = None,
    products: Doubles | None = None,
    padding: NDArray[np.bool_] | None = None,
    put_around: NDArray[np.bool_] | None = None,
    chosen: int | None = None,
) -> Terms:
    """Return a value's terms.

    Args:
        layer: whose output the numbers are.
        shape: of that output without the batch.
        values: the numbers, any shape.
        index: of each number in the output, an array an axis, each of that shape or one that broadcasts to it.
        weights: of that shape; None where there are none.
        products: of that shape; None for weight × value.
        padding: which numbers lie beside the output, in the padding, bool; None for none.
        put_around: which cells of the output are padding that its own layer put there, bool; None for none.
        chosen: which number, counted in the order of ``values``, is the result.
    """
    made = (values if weights is None else values * weights) if products is None else products
    flat, size = made.ravel(), float(np.abs(made).sum())
    nothing = np.zeros(1, bool)
    outside, around = (
        np.broadcast_to(nothing if mask is None else mask, values.shape).ravel() for mask in (padding, put_around)
    )
    pads = outside | around
    order: Whole = np.arange(flat.size)
    if flat.size > MOST_TERMS or weights is not None:
        order = np.lexsort((np.arange(flat.size), pads, -np.abs(flat)))
    if chosen is not None:
        order = np.concatenate(([chosen], order[order != chosen]))
    shown, others = order[:MOST_TERMS], order[MOST_TERMS:]
    cells = [np.broadcast_to(axis, values.shape) for axis in index]
    terms = []
    for i in map(int, shown):
        place = tuple(int(k) for k in np.unravel_index(i, values.shape))
        mark: Mark = "padding" if pads[i] else "chosen" if i == chosen else ""
        terms.append(
            Term(
                cell=None if outside[i] else unit_of(layer, [axis[place] for axis in cells], shape),
                value=float(values[place]),
                weight=None if weights is None else float(weights[place]),
                product=float(flat[i]),
                place=place,
                mark=mark,
            )
        )
    rest, total = math.fsum(flat[others]), math.fsum(flat)
    return Terms(tuple(terms), flat.size, rest, int(pads.sum()), size, total)


NO_TERMS = Terms((), 0, 0.0, 0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Worked:
    """What the rule of an op finds.

    Attributes:
        formula, words, facts, steps, window, sign: as in ``Opened``.
        result: in float64.
        terms: what takes part.
        total: what they come to; None where they are not added up.
        reach: as large as the numbers become from which the network rounds its own; None for what terms and steps tell.
    """

    formula: str
    words: str
    result: float
    terms: Terms = NO_TERMS
    total: float | None = None
    sign: str = "Σ"
    steps: tuple[Step, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    window: Window | None = None
    reach: float | None = None
