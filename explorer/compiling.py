"""Compiles a network for the CPU and ends: the other process of ``explorer.speed.compiled``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_structure, treespec_dumps

from explorer.capture import Watch, clones
from explorer.graph.trace import forward
from explorer.graph.values import Graph
from explorer.session import Session
from explorer.speed.compiled import MADE, Order


class _Tapped(nn.Module):
    """A network that gives the leaves of its answer, and then the outputs of some layers."""

    def __init__(self, module: nn.Module, graph: Graph, layers: tuple[str, ...]) -> None:
        super().__init__()
        self.module, self._graph, self._layers = module, graph, layers

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        watch = Watch(self._graph, clones(self._graph, self._layers))
        return (*tree_leaves(forward(self.module, x, watch)), *(watch.values[name] for name in self._layers))


def compile_network(order: Order, folder: Path) -> None:
    """Write a library that runs a network into ``folder``, and ``MADE`` when it is there.

    It is torch's own ahead-of-time compiler, with freezing: weights are constants, folded and in the order that
    oneDNN wants.
    """
    torch.set_num_threads(order.threads)
    network = Session().open(order.network, order.weights, order.input_hw, "cpu")
    tapped = _Tapped(network.module, network.graph, order.layers).eval()
    x = torch.zeros(1, *network.graph.input).contiguous(memory_format=torch.channels_last)
    options: dict[str, Any] = {"freezing": True, "cpp.threads": order.threads}
    options |= {"aot_inductor.output_path": str(folder / "library")}
    with torch.no_grad():
        form = treespec_dumps(tree_structure(network.module(x.clone())))
        program = torch.export.export(tapped, (x,), strict=False)
        library = torch._inductor.aot_compile(program.module(), (x,), options=options)
    made = {"library": str(library), "layers": order.layers, "form": form}
    (folder / MADE).write_text(json.dumps(made), encoding="utf-8")


def main() -> None:
    """Compile what the command line orders, whenever nobody else wants the processor."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    order, folder = sys.argv[1:]
    compile_network(Order.read(order), Path(folder))


if __name__ == "__main__":
    main()
