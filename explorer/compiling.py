"""Compiles a network for the CPU and ends: the other process of ``explorer.speed.compiled``. No torch at import."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.speed.compiled import Order


def compile_network(order: Order, folder: Path) -> None:
    """Write a library that runs a network into ``folder``, and ``MADE`` when it is there.

    It is torch's own ahead-of-time compiler, with freezing: weights are constants, folded and in the order that
    oneDNN wants.
    """
    import torch
    from torch.utils._pytree import tree_leaves, tree_structure, treespec_dumps

    from explorer.capture import Watch, clones
    from explorer.graph.trace import forward
    from explorer.session import Session
    from explorer.speed.compiled import MADE

    torch.set_num_threads(order.threads)
    network = Session().open(order.network, order.weights, order.input_hw, "cpu")

    class Tapped(torch.nn.Module):
        """The network, giving the leaves of its answer, and then the outputs of the layers."""

        def __init__(self) -> None:
            super().__init__()
            self.module = network.module

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            watch = Watch(network.graph, clones(network.graph, order.layers))
            leaves = tree_leaves(forward(self.module, x, watch))
            return (*leaves, *(watch.values[name] for name in order.layers))

    x = torch.zeros(1, *network.graph.input).contiguous(memory_format=torch.channels_last)
    options: dict[str, Any] = {"freezing": True, "cpp.threads": order.threads}
    options |= {"aot_inductor.output_path": str(folder / "library")}
    with torch.no_grad():
        form = treespec_dumps(tree_structure(network.module(x.clone())))
        program = torch.export.export(Tapped().eval(), (x,), strict=False)
        library = torch._inductor.aot_compile(program.module(), (x,), options=options)
    made = {"library": str(library), "layers": order.layers, "form": form, "input": list(x.shape)}
    (folder / MADE).write_text(json.dumps(made), encoding="utf-8")


def end_with_the_other(folder: Path) -> None:
    """Wait until the process that ordered this one is gone, and leave nothing behind."""
    os.read(0, 1)  # not through sys.stdin, whose lock Python wants at its end
    shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # the compiler too
    os._exit(1)


def main() -> None:
    """Compile what the command line orders, whenever nobody else wants the processor."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    order, folder = sys.argv[1], Path(sys.argv[2])
    threading.Thread(target=end_with_the_other, args=(folder,), daemon=True).start()

    from explorer.speed.compiled import Order

    compile_network(Order.read(order), folder)


if __name__ == "__main__":
    main()
