"""The architecture as lines of cells, as the clipboard of a spreadsheet has them."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.graph.blocks import operation
from explorer.graph.values import Layer


def as_text(layers: Iterable[Layer]) -> str:
    """Return a line an op with tabs between id, op, output (``64×56×56``), parameters, MACs and inputs."""
    return "\n".join("\t".join(_cells(layer)) for layer in layers)


def _cells(layer: Layer) -> tuple[str, ...]:
    output = "×".join(map(str, layer.output))
    return layer.id, operation(layer), output, str(layer.parameters), str(layer.macs), " ".join(layer.inputs)
