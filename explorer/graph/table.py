"""The architecture as a table: a row an op, as text for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from explorer.graph.blocks import operation
from explorer.graph.values import Graph, Layer

COLUMNS = ("layer", "op", "output", "parameters", "macs", "inputs", "block")
_FORMULAS = "=+-@\t\r"
"""What begins with one of these a spreadsheet takes for a formula; a network's names are its author's."""


def row(layer: Layer) -> tuple[str, ...]:
    """Return an op's cells in the order of ``COLUMNS``: ``64×56×56``, and its inputs joined by spaces."""
    output = "×".join(map(str, layer.output))
    cells = layer.id, operation(layer), output, str(layer.parameters), str(layer.macs), " ".join(layer.inputs)
    return tuple(map(_plain, (*cells, layer.block)))


def as_csv(graph: Graph) -> str:
    """Return every op of a network as comma-separated values, the totals in the last row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(row, graph))
    parameters, macs = sum(layer.parameters for layer in graph), sum(layer.macs for layer in graph)
    writer.writerow(("total", "", "", parameters, macs, "", ""))
    return out.getvalue()


def as_text(layers: Iterable[Layer]) -> str:
    """Return these ops as lines of cells with tabs between, as the clipboard of a spreadsheet has them."""
    return "\n".join("\t".join(row(layer)[:-1]) for layer in layers)


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] and cell[0] in _FORMULAS else cell
