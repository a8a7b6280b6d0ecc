"""A network in a few figures: its totals, its depth, and its shapes by the size of its maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.graph.values import INPUT, Graph, Layer

WEIGHTED = ("conv", "linear", "attention")
"""Ops that multiply learned weights; papers count these when they say how deep a network is."""
Size = tuple[int, int]


@dataclass(frozen=True)
class Totals:
    """What a network has and does for one picture.

    Attributes:
        ops: how many, without the input.
        weighted: how many of them multiply learned weights.
        depth: the most weighted layers on one path from the input to the answer.
        parameters, macs: the sums over all ops.
        cells: of all outputs together: what all activation maps take, as numbers.
    """

    ops: int
    weighted: int
    depth: int
    parameters: int
    macs: int
    cells: int


@dataclass(frozen=True)
class Resolution:
    """What a network does with maps of one size.

    Attributes:
        size: height and width, or None for what has no maps any more: the head.
        output: shape of the last output of that size.
        weighted: layers with learned weights that give it.
        parameters, macs: of all ops that give it.
    """

    size: Size | None
    output: tuple[int, ...]
    weighted: int
    parameters: int
    macs: int


def totals(graph: Graph) -> Totals:
    """Return the figures of the whole network."""
    ops = _ops(graph)
    return Totals(
        ops=len(ops),
        weighted=sum(map(_weighted, ops)),
        depth=depth(graph),
        parameters=sum(layer.parameters for layer in ops),
        macs=sum(layer.macs for layer in ops),
        cells=sum(_product(layer.output) for layer in ops),
    )


def depth(graph: Graph) -> int:
    """Return the most weighted layers that lie on one path: 18 of ResNet-18, 22 of GoogLeNet, 121 of DenseNet-121."""
    longest: dict[str, int] = {}
    for layer in graph:
        before = max((longest.get(name, 0) for name in layer.inputs), default=0)
        longest[layer.id] = before + _weighted(layer)
    return max(longest.values(), default=0)


def resolutions(graph: Graph) -> tuple[Resolution, ...]:
    """Return the network by the size of its maps, the largest first and the head last.

    A size that only padding makes on the way to a convolution is none of its own.
    """
    groups: dict[Size | None, list[Layer]] = {}
    for layer in _ops(graph):
        groups.setdefault(size(layer), []).append(layer)
    works = {key for key, layers in groups.items() if any(map(_works, layers))}
    return tuple(_resolution(key, groups[key]) for key in _in_order(works))


def sizes(*networks: Sequence[Resolution]) -> tuple[Size | None, ...]:
    """Return the sizes that any of ``networks`` has, the largest first and the head last."""
    return tuple(_in_order({one.size for network in networks for one in network}))


def size(layer: Layer) -> Size | None:
    """Return height and width of a layer's maps, or None where it has none."""
    if not {"H", "W"} <= set(layer.axes):
        return None
    height, width = (layer.output[layer.axes.index(axis)] for axis in "HW")
    return height, width


def _resolution(key: Size | None, layers: Sequence[Layer]) -> Resolution:
    return Resolution(
        size=key,
        output=layers[-1].output,
        weighted=sum(map(_weighted, layers)),
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
    )


def _in_order(found: Iterable[Size | None]) -> list[Size | None]:
    return sorted(found, key=lambda key: (key is None, [-side for side in key or ()]))


def _ops(graph: Graph) -> list[Layer]:
    return [layer for layer in graph if layer.op != INPUT]


def _weighted(layer: Layer) -> bool:
    return layer.op.startswith(WEIGHTED)


def _works(layer: Layer) -> bool:
    return bool(layer.parameters) or _weighted(layer) or "_pool" in layer.op


def _product(output: tuple[int, ...]) -> int:
    cells = 1
    for side in output:
        cells *= side
    return cells
