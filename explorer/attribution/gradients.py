"""One run of a network to a target and back: the target's value, and its gradient at the input or at chosen layers.

A layer's output is cloned, and its place in autograd's graph is remembered, at the very call that made it: a later
in-place op changes neither. Module, functional and repeated calls are reached alike, and nothing is attached to the
network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from explorer.attribution.effective import Enough, Overwritten, constants, followed_back
from explorer.attribution.methods import RELUS, Target
from explorer.capture import OtherPath, Watch
from explorer.errors import ExplorerError, ForwardError, NetworkError
from explorer.graph.trace import forward
from explorer.graph.values import INPUT, Graph, Layer
from explorer.text import N_

Rule = Callable[[Any], None]
"""Given the node of autograd's graph that a ReLU made, changes what passes it on the way back."""


_NODES = ("ReluBackward0", "HardtanhBackward0")
"""What autograd's graph calls a ReLU, and one with a ceiling."""


@dataclass(frozen=True, eq=False)
class Flow:
    """What one run gave.

    Attributes:
        value: of the target.
        maps: by layer id, float32 as the layer made them, with the batch of one.
        gradients: of the target with respect to these; where no layer was chosen with respect to the input.
    """

    value: float
    maps: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]

    @property
    def gradient(self) -> Tensor:
        """Of the target with respect to the input, float32 (1, C, H, W), where no layer was chosen."""
        return self.gradients[INPUT]


def guided(node: Any) -> None:
    """Let no negative gradient enter a ReLU from behind (Springenberg et al. 2014, section 3.4)."""
    node.register_prehook(lambda grads: tuple(None if grad is None else grad.clamp(min=0) for grad in grads))


def deconvolved(node: Any) -> None:
    """Let what is positive pass a ReLU backwards, wherever its input was negative (Zeiler and Fergus 2014)."""
    node.register_hook(lambda _before, grads: (grads[0].clamp(min=0),))


def flow(
    module: nn.Module,
    graph: Graph,
    x: Tensor,
    target: Target,
    layers: Sequence[str] = (),
    rule: Rule | None = None,
) -> Flow:
    """Run the network to the target and back.

    The parameters get no gradients, and nothing is kept.

    Args:
        module: the network, in eval mode, of any float type.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) of the traced shape, on the network's device; left untouched.
        target: of that graph, checked.
        layers: where the gradient is wanted; none: at the input. No way back is gone further than it is wanted.
        rule: what every ReLU does on the way back in place of its gradient.

    Raises:
        OtherPath: the network ran other calls than when it was traced.
        NetworkError: the target has no gradient, a layer does not lead to it, or a ReLU has no place for the rule.
        ForwardError: the network raised. DeviceError: its device has not enough memory.
    """
    with torch.inference_mode(False), torch.enable_grad():
        if rule is None and len(layers) == 1 and (start := _start(graph, graph[layers[0]])) is not None:
            with contextlib.suppress(_NoStart, NetworkError, ForwardError):  # the whole way mends it, or tells better
                return _flow(module, graph, x, target, layers, rule, start)
        try:
            return _flow(module, graph, x, target, layers, rule)
        except Overwritten:
            with torch.autograd.graph.allow_mutation_on_saved_tensors():
                return _flow(module, graph, x, target, layers, rule)


class _NoStart(ExplorerError):
    """Autograd cannot begin at a call: what it made may be held elsewhere already."""


_FRESH = frozenset(("conv2d", "linear", "batch_norm", "layer_norm", "max_pool2d", "avg_pool2d", "cat"))
"""Ops that write into no tensor that was there before."""


def _start(graph: Graph, layer: Layer) -> int | None:
    """Return the last call before a layer's that makes a tensor of its own; from it on alone autograd has to follow.

    None for the whole way. The layer's own call, and others such as a sum, may write into what others hold; from the
    one before them they all hold what is followed.
    """
    seen, todo, found = set[str](), list(layer.inputs), list[int]()
    while todo:
        name = todo.pop()
        if name == INPUT or name in seen:
            continue
        seen.add(name)
        before = graph[name]
        if before.op not in _FRESH:
            todo.extend(before.inputs)
        elif before.call[0] < layer.call[0] and _follows(graph, before):
            found.append(before.call[0])
    return max(found, default=None)


def _follows(graph: Graph, layer: Layer) -> bool:
    """Return whether a layer is made of the picture."""
    seen, todo = set[str](), [layer]
    while todo:
        for name in todo.pop().inputs:
            if name == INPUT:
                return True
            if name not in seen:
                seen.add(name)
                todo.append(graph[name])
    return False


def _flow(
    module: nn.Module,
    graph: Graph,
    x: Tensor,
    target: Target,
    layers: Sequence[str],
    rule: Rule | None,
    start: int | None = None,
) -> Flow:
    cells = x.detach().to(torch.float32, copy=True).requires_grad_(start is None)
    half = any(one.dtype in (torch.float16, torch.bfloat16) for one in module.parameters())
    watch = _Through(graph, target, layers, rule, start, half)
    with contextlib.suppress(Enough):
        forward(module, cells.clone(), watch)
    if target.layer not in watch.values:
        raise OtherPath
    value: Tensor = watch.values[target.layer]
    if not value.requires_grad:
        raise NetworkError(
            N_("{layer} has no gradient: what it gives does not follow the picture in small steps."), layer=target.layer
        )
    if late := [name for name in layers if name not in watch.marks]:
        raise _no_way(late[0], target)
    edges: dict[str, Any] = {name: watch.marks[name][1] for name in layers} or {INPUT: cells}
    with followed_back():
        found = dict(zip(edges, torch.autograd.grad(value, list(edges.values()), allow_unused=True), strict=True))
    if not layers and found[INPUT] is None:
        found = {INPUT: torch.zeros_like(cells)}
    for name, grad in found.items():
        if grad is None:
            raise _no_way(name, target)
    return Flow(float(value.detach()), {name: watch.marks[name][0] for name in layers}, found)


def _no_way(layer: str, target: Target) -> NetworkError:
    return NetworkError(
        N_("{layer} does not lead to {target}: choose a layer before it."), layer=layer, target=target.layer
    )


class _Through(Watch):
    """Takes the target's number, marks the layers on the way, puts the rule on every ReLU, and ends at the target."""

    def __init__(
        self,
        graph: Graph,
        target: Target,
        layers: Sequence[str],
        rule: Rule | None,
        start: int | None,
        half: bool,
    ) -> None:
        self.marks: dict[str, tuple[Tensor, GradientEdge]] = {}
        takers: dict[str, Callable[[Tensor], Any]] = {name: self._marker(name) for name in layers}
        ends = graph[target.layer]
        mark = takers.get(target.layer)

        def take(out: Tensor) -> Tensor:
            if mark is not None:
                mark(out)
            return picked(out, ends, target)

        super().__init__(graph, takers | {target.layer: take})
        self._target, self._rule, self._start, self._half = target.layer, rule, start, half
        self._relus = {layer.call[0] for layer in graph if layer.op in RELUS}

    def _marker(self, name: str) -> Callable[[Tensor], None]:
        def mark(out: Tensor) -> None:
            if not out.requires_grad:
                raise NetworkError(N_("{layer} does not follow the picture: choose another layer."), layer=name)
            self.marks[name] = out.detach().float().clone(), get_gradient_edge(out)

        return mark

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call without gradients of the weights."""
        before = self.count
        if self._start is not None and before <= self._start:
            return self._not_yet(func, types, args, kwargs or {})
        args, kwargs = constants(args, kwargs or {})
        out = super().__torch_function__(func, types, args, kwargs)
        if self._rule and before in self._relus and self.count > before and out.grad_fn is not None:
            if type(out.grad_fn).__name__ not in _NODES:  # it was written into a view of another tensor
                raise NetworkError(N_("A ReLU of this network writes into a part of a tensor: choose another method."))
            self._rule(out.grad_fn)
        if self._target in self.values:
            raise Enough("")
        return out

    def _not_yet(self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the call unfollowed; what the one at the start made is followed from here on, as a tensor of its own."""
        before = self.count
        if self._half:
            args, kwargs = constants(args, kwargs)
        with torch.no_grad():
            out = super().__torch_function__(func, types, args, kwargs)
        if self._target in self.values:
            raise _NoStart("")
        if self.count == before or before != self._start:
            return out
        held = not isinstance(out, Tensor) or out._is_view() or any(out is one for one in args)
        if held or not out.is_floating_point():
            raise _NoStart("")
        return out.requires_grad_().clone()


def picked(out: Tensor, layer: Layer, target: Target) -> Tensor:
    """Return the target's number, float32 with its gradient, of what its layer made with the batch of one."""
    values = out.reshape(layer.sizes(out.shape) or out.shape).float()
    values = values.select(layer.axes.index("C"), target.channel)
    if target.y is None or target.x is None:
        return values.mean()
    axes = layer.axes.replace("C", "")
    return values.movedim((axes.index("H"), axes.index("W")), (0, 1))[target.y, target.x].mean()
