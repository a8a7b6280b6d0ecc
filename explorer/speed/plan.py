"""Which convolutions can take what stands around them along; from the graph's values alone, without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from explorer.graph.values import Graph, Layer

NORM, ACTIVATIONS = "batch_norm", ("relu", "relu6")


@dataclass(frozen=True)
class Group:
    """A convolution and what comes right before and after it, each by its layer; nothing else reads what lies between.

    Attributes:
        convolution: a two-dimensional one.
        norm: the batch normalisation of its output; None where none follows.
        activation: of what these two make; None where none follows.
        pad: puts the zeros around its input; None where none does, or where the convolution is no depthwise one, which
            gains nothing.
    """

    convolution: Layer
    norm: Layer | None = None
    activation: Layer | None = None
    pad: Layer | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers in their order, without the pad."""
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
        pad = None if self.pad and self.pad.id in wanted else self.pad
        return Group(self.convolution, self.norm, self.activation if self.activation in layers else None, pad)


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

    def pad(layer: Layer) -> Layer | None:
        found = at.get((layer.call[0] - 1, 0))
        if found is None or found.op != "pad" or layer.inputs != (found.id,) or "unread" in found.attributes:
            return None
        alone = readers[found.id] == 1 and found.id not in graph.outputs
        return found if alone and _zeros(found) and _depthwise(layer, found.output[0]) else None

    def group(layer: Layer) -> Group:
        norm = after(layer, (NORM,))
        return Group(layer, norm, after(norm or layer, ACTIVATIONS), pad(layer))

    return tuple(group(layer) for layer in graph if layer.op == "conv2d" and "unread" not in layer.attributes)


def _zeros(pad: Layer) -> bool:
    """Whether a pad puts zeros above, below and beside maps, and cuts nothing off."""
    told, sides = pad.attributes, pad.attributes.get("padding")
    around = isinstance(sides, list) and len(sides) == 3 and sides[0] == [0, 0] and min(map(min, sides)) >= 0
    return around and told.get("mode") == "constant" and told.get("value") == 0 and pad.axes == "CHW"


def _depthwise(convolution: Layer, channels: int) -> bool:
    """Whether a convolution has a filter for each channel, and neither zeros nor gaps of its own."""
    told = convolution.attributes
    plain = told.get("padding") == [[0, 0], [0, 0]] and told.get("dilation") == [1, 1]
    return plain and told.get("groups") == channels > 1
