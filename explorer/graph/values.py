"""A network's ops and edges as plain values: what every later room computes from, without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from explorer.errors import NetworkError, nearest
from explorer.text import N_

INPUT = "input"


@dataclass(frozen=True)
class Layer:
    """One op of one forward pass; each call of a reused module is a layer of its own.

    Attributes:
        id: unique in the graph: the module's path, or the scope's path and the op for a functional op;
            the n-th call of the same path carries ``:n`` from the second on (``layer1.0.relu:2``).
        name: ``id`` without the call's number.
        op: a word of ``graph.vocabulary``; module and functional form give the same word.
        inputs: ids of the layers whose outputs this op takes, in order; ``"input"`` is the network's input.
        output: shape without the batch.
        axes: one letter per entry of ``output``: C channel, H row, W column, D depth, L position in a sequence, ?
            other.
        parameters: weights this op uses, each counted at the first op that uses it.
        macs: multiply-accumulate operations for one picture (convolutions and matrix products; 0 for other ops).
        attributes: what the op was called with, as JSON values: kernel, stride, padding per side, dilation …; the
            reason as ``unread`` alone where that cannot be told truly, and nothing may be computed from it.
        module: class name of the module that ran it, or "" at the root.
        block: path of the module's parent block, for folding; "" at the root.
        call: which call of ``Graph.calls`` made it, and which of that call's outputs it is; (-1, 0) for the input.
    """

    id: str
    name: str
    op: str
    inputs: tuple[str, ...]
    output: tuple[int, ...]
    axes: str
    parameters: int = 0
    macs: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""
    block: str = ""
    call: tuple[int, int] = (-1, 0)

    def sizes(self, found: Sequence[int]) -> tuple[int, ...] | None:
        """Return the shape without the batch of what this op made in another run, where its sizes may depend on the
        picture; None where so many axes cannot be its own.

        Args:
            found: shape with the batch of one, wherever that axis stands.
        """
        if (1, *self.output) == found or [n for n in found if n != 1] == [n for n in self.output if n != 1]:
            return self.output
        shape = [int(size) for size in found]
        if len(shape) > len(self.output) and 1 in shape:
            shape.remove(1)
        return tuple(shape) if len(shape) == len(self.output) else None

    @property
    def channels(self) -> int:
        """Number of activation maps; 1 where the output has no channel axis."""
        return self.output[self.axes.index("C")] if "C" in self.axes else 1


@dataclass(frozen=True)
class Graph:
    """The layers of one network in the order in which they ran; the first is the input itself.

    Attributes:
        layers: every op.
        calls: names of all the torch functions that returned a tensor, in order: by it a later run knows that it is the
            same.
        outputs: ids of the layers that the network returned, the main one first.
    """

    layers: tuple[Layer, ...]
    calls: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Layer]:
        """Layers by id."""
        return {layer.id: layer for layer in self.layers}

    @cached_property
    def ops_of(self) -> Counter[str]:
        """How many layers bear a name: the ops of a module, and every call of it."""
        return Counter(layer.name for layer in self.layers)

    @property
    def input(self) -> tuple[int, ...]:
        """Shape of the network's input without the batch, (C, H, W)."""
        return self.layers[0].output

    @property
    def output(self) -> Layer:
        """The layer that the network returned; of several the main one."""
        return self.by_id[self.outputs[0]] if self.outputs else self.layers[-1]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, id: str) -> Layer:
        """Return the layer called ``id``.

        Raises:
            NetworkError: no layer has that id; the nearest ids are named.
        """
        try:
            return self.by_id[id]
        except KeyError:
            near = nearest(id, self.by_id)
            sentence = N_("There is no layer called “{layer}”; the nearest are: {nearest}.")
            if set(near) <= {INPUT}:  # it is like many a word, and seldom meant
                ids = list(self.by_id)
                near = list(dict.fromkeys([*near, *ids[1:3], *ids[-1:]]))
                sentence = N_("There is no layer called “{layer}”; there are, for example: {nearest}.")
            raise NetworkError(sentence, layer=id, nearest=", ".join(near)) from None
