"""One network proved: what the graph says and what capture gives, against torch alone.

The reference runs the same network in float64 and clones, in hooks on every module, what goes in and what comes out at
each call. It knows nothing of the graph: a map is looked up by the module's path and the number of its call. A module's
input proves the functional op that made it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from explorer.capture import OtherPath, capture, clones
from explorer.graph.trace import trace
from explorer.graph.values import Graph


@dataclass(frozen=True)
class Proof:
    """What was found.

    Attributes:
        layers: rows of the graph.
        parameters: of the module.
        macs: that the graph counts.
        flops: that torch's own counter counts, without ``constant``.
        constant: flops in modules of which the graph has no row, because nothing of the picture goes in.
        proved: rows whose maps were compared.
        worst: the largest error of a map relative to the largest value of its layer, and which layer it was; NaN where
            nothing was compared.
        equal: whether the hooked output is that of the unhooked forward, bit for bit.
        left: hooks that stayed.
    """

    layers: int
    parameters: int
    macs: int
    flops: int
    constant: int
    proved: int
    worst: tuple[float, str]
    equal: bool
    left: int


def prove(module: nn.Module, x: Tensor, maps: bool = True) -> Proof:
    """Trace ``module`` on ``x``, capture all of its layers and compare.

    Args:
        module: in eval mode; in float64 afterwards if ``maps``.
        x: its input.
        maps: whether maps are compared, too. Those of detectors cannot be: float64 ranks other boxes first.
    """
    graph = trace(module, x)
    with torch.inference_mode():
        bare = module(x.clone())
    try:
        captured = capture(module, graph, x.clone(), clones(graph))
    except OtherPath:  # the first run made something that later ones keep, as Faster R-CNN's scales of its levels
        graph = trace(module, x)
        captured = capture(module, graph, x.clone(), clones(graph))
    equal = all(torch.equal(a, b) for a, b in zip(_flat(bare), _flat(captured.returned), strict=True))
    left = sum(bool(m._forward_hooks) + bool(m._forward_pre_hooks) for m in module.modules())
    del bare
    flops, constant = counted(module, x, graph)
    worst, proved = (math.nan, ""), 0
    if maps:
        worst, proved = compare(graph, dict(captured.values), module.double(), x.double())
    return Proof(
        layers=len(graph),
        parameters=sum(p.numel() for p in module.parameters()),
        macs=sum(layer.macs for layer in graph),
        flops=flops,
        constant=constant,
        proved=proved,
        worst=worst,
        equal=equal,
        left=left,
    )


def counted(module: nn.Module, x: Tensor, graph: Graph) -> tuple[int, int]:
    """Return the floating-point operations that torch counts in one forward, two for each multiply-accumulate, and how
    many more there are in modules of which ``graph`` has no row."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # fused kernels of attention, which the counter does not know
    try:
        with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            module(x.clone())
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    begun = {".".join(path) for layer in graph for path in _beginnings(layer.name)}
    constant, outer = 0, "none"
    for name, ops in sorted(counter.get_flop_counts().items()):
        path = name.partition(".")[2]
        if path and path not in begun and not path.startswith(f"{outer}."):
            constant, outer = constant + sum(ops.values()), path
    return counter.get_total_flops() - constant, constant


def _beginnings(name: str) -> list[list[str]]:
    words = name.split(".")
    return [words[:count] for count in range(1, len(words) + 1)]


def compare(graph: Graph, values: dict[str, Tensor], double: nn.Module, x: Tensor) -> tuple[tuple[float, str], int]:
    """Return the worst relative error of the ``values`` against the hooked float64 forward, its layer, and how many
    layers were compared."""
    calls = Counter[str]()
    worst, proved = (0.0, ""), set[str]()

    def check(name: str, wanted: Tensor) -> None:
        nonlocal worst
        found = values[name]
        if name in proved or found.shape != wanted.shape or not found.is_floating_point():
            return  # a module may go on after the op that bears its name: permute after a normalisation
        proved.add(name)
        scale = max(float(wanted.abs().max()), 1e-30)
        error = float((found.double() - wanted).abs().max()) / scale
        if not error <= worst[0]:  # NaN too
            worst = (error, name)

    def hook(path: str, _module: nn.Module, args: tuple[object, ...], out: object) -> None:
        calls[path] += 1
        layer = graph.by_id.get(path if calls[path] == 1 else f"{path}:{calls[path]}")
        if layer and layer.name == path and isinstance(out, Tensor):
            check(layer.id, out)

    def before(path: str, _module: nn.Module, args: tuple[object, ...]) -> None:
        layer = graph.by_id.get(f"{path}:{calls[path] + 1}" if calls[path] else path)
        if layer and layer.name == path and len(layer.inputs) == 1 and args and isinstance(args[0], Tensor):
            check(layer.inputs[0], args[0])

    handles = []
    for path, one in double.named_modules():
        if path:
            handles.append(one.register_forward_pre_hook(lambda m, a, path=path: before(path, m, a)))
            handles.append(one.register_forward_hook(lambda m, a, o, path=path: hook(path, m, a, o)))
    try:
        with torch.inference_mode():
            returned = double(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    if isinstance(returned, Tensor):
        check(graph.output.id, returned)
    return worst, len(proved)


def _flat(value: object) -> list[Tensor]:
    """Return the tensors of a network's answer, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for item in value for tensor in _flat(item)] if isinstance(value, list | tuple) else []
