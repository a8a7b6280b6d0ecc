"""Which layers are followed from frame to frame, and what a dead or a saturated channel of each is. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.graph.families import family
from explorer.graph.values import INPUT, Graph, Layer

NEAR = 0.01
"""Of the range of a bounded activation: so near to its bound a cell counts as being at it."""


@dataclass(frozen=True)
class Rule:
    """How the values of an op are limited.

    A channel of an op that clips at zero is dead over n frames if none of its cells was above zero in any of them (Lu
    et al., "Dying ReLU and Initialization", 2019, section 1). One of any other op is called constant if all of its
    cells had one and the same value in at least two frames. Of a bounded activation a cell is saturated at or beyond
    ``low`` or ``high``: near the asymptotes, where the slope vanishes (Glorot and Bengio, "Understanding the difficulty
    of training deep feedforward neural networks", 2010, section 3); at the bound itself where the op clips there.

    Attributes:
        clips: whether it makes zeros of what is below zero.
        low, high: from where on a cell is saturated, or None.
    """

    clips: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether cells can be saturated."""
        return self.low is not None or self.high is not None


_RULES: Mapping[str, Rule] = {
    "relu": Rule(clips=True),
    "relu6": Rule(clips=True, high=6.0),
    "sigmoid": Rule(low=NEAR, high=1 - NEAR),
    "hardsigmoid": Rule(low=0.0, high=1.0),
    "tanh": Rule(low=2 * NEAR - 1, high=1 - 2 * NEAR),  # 2 · sigmoid(2x) − 1
}


def rule(layer: Layer) -> Rule:
    """Return how the values of ``layer`` are limited."""
    if layer.op in ("hardtanh", "clamp") and "unread" not in layer.attributes:
        ends = ("min_val", "max_val") if layer.op == "hardtanh" else ("min", "max")
        low, high = (layer.attributes.get(end) for end in ends)
        return Rule(low == 0, None if low == 0 else low, high)
    return _RULES.get(layer.op, Rule())


def followed(graph: Graph, chosen: str, every: bool = False) -> tuple[Layer, ...]:
    """Return the layers that are followed, in their order.

    Usually these are the activations, and what has weights and goes into no normalisation or activation: the other
    layers only hand on or join what those made, and looking at them too would take longer than the network.

    Args:
        graph: the network's.
        chosen: id of the chosen layer, which always is among them.
        every: whether all layers are.
    """
    users: dict[str, list[str]] = {}
    for layer in graph:
        for name in layer.inputs:
            users.setdefault(name, []).append(family(layer.op, layer.inputs))

    def tells(layer: Layer) -> bool:
        if layer.id == chosen or every or family(layer.op, layer.inputs) == "activation":
            return True
        return layer.parameters > 0 and not set(users.get(layer.id, ())) & {"normalisation", "activation"}

    return tuple(layer for layer in graph if layer.id != INPUT and tells(layer))
