"""A network that has looked once, so that any of its units is opened at once, and what the proofs ask of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from explorer import frame_path
from explorer.graph.values import Graph
from explorer.opened.open import RULES, Kept, keep, read
from explorer.opened.taken import unit_of
from explorer.opened.values import Opened
from explorer.recipe import Recipe, Unit
from explorer.session import Network, Session
from explorer.values import Floats, Frame
from explorer.zoo.own import memory

PICTURE = Frame(np.random.default_rng(0).integers(0, 256, (260, 301, 3), np.uint8), "noise")
UNITS = 100


@dataclass(frozen=True, eq=False)
class Look:
    """A network that has looked once: every layer's call, and its map as the frame's path captures it."""

    network: Network
    calls: dict[str, Kept]
    maps: dict[str, Floats]

    def open(self, unit: Unit) -> Opened:
        return read(self.network, self.network.graph[unit.layer], self.calls[unit.layer], unit)

    def value(self, unit: Unit) -> float:
        return float(self.maps[unit.layer][unit.channel, unit.y, unit.x])


def look(network: Network, frame: Frame = PICTURE) -> Look:
    layers = [layer for layer in network.graph if layer.id != "input" and layer.op in RULES]
    maps = frame_path.all_maps(network, frame, Recipe(network=network.card.name))
    return Look(network, keep(network, layers, network.prepare(frame).tensor), maps)


def some(graph: Graph, op: str, count: int, seed: int = 0) -> Iterator[Unit]:
    """Yield random units of the layers with an op, the same number of each as far as it goes."""
    rng = np.random.default_rng(seed)
    layers = [layer for layer in graph if layer.op == op]
    for n in range(count):
        layer = layers[n % len(layers)]
        yield unit_of(layer, [int(rng.integers(size)) for size in layer.output], layer.output)


@contextmanager
def shown(module: nn.Module, hw: tuple[int, int] = (13, 11)) -> Iterator[Look]:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    for buffer_name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            nn.init.uniform_(buffer, 0.5 if "var" in buffer_name else -1.0, 2.0)
    name = memory.put(module.eval())
    try:
        yield look(Session().open(name, "", hw, "cpu"))
    finally:
        memory.forget(name)


def terms_are_cells(found: Opened, seen: Look) -> None:
    """Each term names the very cell whose number it has, and only padding and weights name none."""
    layer = seen.network.graph[found.unit.layer]
    if found.op in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power"):
        assert sorted(t.cell.layer for t in found.terms if t.cell) == sorted(layer.inputs)
    elif found.op != "pad":
        assert all(term.cell or term.mark == "padding" for term in found.terms)
    for term in found.terms:
        if term.cell is not None and term.cell.layer in seen.maps:
            assert term.value == seen.value(term.cell), term
