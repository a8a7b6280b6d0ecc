"""Which convolutions can take what follows them into their own loop; from the graph's values alone, without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from explorer.graph.values import Graph, Layer

NORM, ACTIVATIONS = "batch_norm", ("relu", "relu6")


@dataclass(frozen=True)
class Group:
    """A convolution and what comes right after it, each by its layer; nothing else reads what lies between.

    Attributes:
        convolution: a two-dimensional one.
        norm: the batch normalisation of its output; None where none follows.
        activation: of what these two make; None where none follows.
    """

    convolution: Layer
    norm: Layer | None = None
    activation: Layer | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers in their order."""
        return tuple(layer for layer in (self.convolution, self.norm, self.activation) if layer)

    def before(self, wanted: Collection[str]) -> Group | None:
        """Return the longest beginning of the group that hides none of the ``wanted`` layers.

        None where that is the convolution without the norm that belongs to its folded weights.
        """
        layers = list(self.layers)
        while any(layer.id in wanted for layer in layers[:-1]):
            layers.pop()
        if self.norm and self.norm not in layers:
            return None
        return Group(self.convolution, self.norm, self.activation if self.activation in layers else None)


def groups(graph: Graph) -> tuple[Group, ...]:
    """Return the groups of a graph in its order.

    What follows is the very next call, takes the output before it alone, and is the only one that reads it: neither
    another layer nor whoever called the network does.
    """
    readers = Counter(name for layer in graph for name in layer.inputs)
    at = {layer.call: layer for layer in graph}

    def after(layer: Layer | None, ops: Collection[str]) -> Layer | None:
        found = at.get((layer.call[0] + 1, 0)) if layer else None
        if layer is None or found is None or found.op not in ops or found.inputs != (layer.id,):
            return None
        alone = readers[layer.id] == 1 and layer.id not in graph.outputs and found.output == layer.output
        return found if alone and "unread" not in found.attributes else None

    def group(layer: Layer) -> Group:
        norm = after(layer, (NORM,))
        return Group(layer, norm, after(norm or layer, ACTIVATIONS))

    return tuple(group(layer) for layer in graph if layer.op == "conv2d" and "unread" not in layer.attributes)
