"""The outputs of chosen layers, taken while the network runs.

An output is handed to its reducer at the very call that made it, before a later in-place op can overwrite it. The mode
that watches the calls is the one that traced them, so module, functional and repeated calls are all reached by one way,
and nothing is attached to the network. Watching costs about 10 µs a call, though: of a network whose calls are known,
layers that are modules of torch are taken by a hook on these, which is removed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.errors import ForwardError, NetworkError
from explorer.graph.trace import forward, made, main_first, name_of
from explorer.graph.values import INPUT, Graph, Layer
from explorer.text import N_

Reducer = Callable[[Tensor], Any]
"""Takes a layer's output with the batch of one, whole, as it is right now; keeps none of its memory."""

Step = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""Does a call in another way: takes the function, its arguments and its keyword arguments."""

_MB = 2**20


class OtherPath(ForwardError):
    """The network ran other calls than when it was traced: for another picture, or because it draws numbers."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The network takes another path each time it runs, even for the same picture, so its layers cannot be "
                "followed: choose another network."
            )
        )


@dataclass(frozen=True, eq=False)
class Captured:
    """What a run gave.

    Attributes:
        returned: what the network returned, as it returned it.
        values: what the reducers made, by layer id.
        shapes: without the batch, of those layers whose sizes depend on the picture and were others than when traced.
        reduced_ms: what the reducers took of the run, by the host's clock: on an accelerator, which works on
            meanwhile, the network's own calls are in it too.
    """

    returned: Any
    values: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    reduced_ms: float = 0.0

    @property
    def output(self) -> Tensor:
        """The tensor that the network returned; of several the main one.

        Raises:
            ForwardError: it returned no tensor.
        """
        found = main_first(self.returned)
        if not found:
            raise ForwardError(N_("The network returned no tensor: its forward must return what it computes."))
        return found[0]


def capture(
    module: nn.Module,
    graph: Graph,
    x: Tensor,
    wanted: Mapping[str, Reducer],
    instead: Mapping[int, Step] | None = None,
    steady: bool = False,
) -> Captured:
    """Run ``module`` on ``x`` and hand the outputs of the wanted layers to their reducers.

    Args:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) of the traced shape.
        wanted: reducer by layer id; each is called once, under ``inference_mode``.
        instead: what is done in place of a call, by its number in ``Graph.calls``; it also gets the calls just before
            it that make no tensor, and does for them what the function would.
        steady: whether the network is known to make the same calls whatever the picture. Then nothing is watched where
            all wanted layers are modules of torch, and else nothing that comes after the last of them.

    Raises:
        NetworkError: a wanted layer is not in the graph, or ``x`` has another shape than the traced input.
        OtherPath: it ran other calls than when it was traced.
        ForwardError: the network raised.
    """
    if tuple(x.shape) != (1, *graph.input):
        raise NetworkError(
            N_("This network was opened for an input of {expected}, not {shape}: open it again for that size."),
            expected=" × ".join(map(str, graph.input)),
            shape=" × ".join(map(str, x.shape[1:])),
        )
    steady = steady and not instead
    watch = Watch(graph, wanted, instead, steady)
    modules = _modules(module, graph, wanted) if steady else None
    with torch.inference_mode(), watch.unwatched:
        if INPUT in wanted:
            watch.reduce(INPUT, wanted[INPUT], x)
        returned = forward(module, x, watch if modules is None else watch.hooked(modules))
    ran = watch.left or watch.count == len(graph.calls) if modules is None else len(watch.values) == len(wanted)
    if not ran:
        raise OtherPath
    return Captured(returned, watch.values, watch.shapes, watch.reduced_s * 1000)


def _modules(module: nn.Module, graph: Graph, wanted: Iterable[str]) -> dict[str, nn.Module] | None:
    """Return the module that each of the ``wanted`` layers is, by its id; None if one is no module of torch's own, or
    one that runs more than once or in several ops, or if there is none but the input.
    """
    found = {}
    for name in wanted:
        if name == INPUT:
            continue
        layer = graph[name]
        if graph.ops_of[layer.name] != 1:
            return None
        try:
            found[name] = module.get_submodule(layer.name)
        except AttributeError:
            return None
        kind = type(found[name])
        if kind.__name__ != layer.module or not kind.__module__.startswith("torch.nn.modules."):
            return None
    return found or None


def clones(graph: Graph, layers: Iterable[str] | None = None, budget_bytes: int | None = None) -> dict[str, Reducer]:
    """Return reducers that clone ``layers`` (None: all), if they fit into ``budget_bytes``.

    Raises:
        NetworkError: an unknown layer, or they would not fit; known before anything runs.
    """
    chosen = [graph[name] for name in (graph.by_id if layers is None else layers)]
    if budget_bytes is not None:
        check_budget(chosen, budget_bytes)
    return {layer.id: Tensor.clone for layer in chosen}


def check_budget(layers: Iterable[Layer], budget_bytes: int) -> None:
    """Do nothing if the maps of ``layers`` fit into ``budget_bytes``.

    Raises:
        NetworkError: they would not; known before anything runs.
    """
    sizes = {layer.id: 4 * prod(layer.output) for layer in layers}
    need = sum(sizes.values())
    if need > budget_bytes:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        raise NetworkError(
            N_(
                "The maps of the chosen layers need {need} MB, but {budget} MB are allowed: choose fewer layers, or a "
                "smaller input. The largest are {largest}."
            ),
            need=-(-need // _MB),
            budget=budget_bytes // _MB,
            largest=", ".join(f"{name} ({-(-sizes[name] // _MB)} MB)" for name in largest),
        )


PLAIN = frozenset((int, float, bool, str, torch.Size, torch.dtype, torch.device))
"""Types of what a network asks its tensors for all the time, and which are none: told at once."""


class Watch(TorchFunctionMode):
    """Counts the calls that make tensors, and hands the wanted ones on if they are the traced ones."""

    def __init__(
        self,
        graph: Graph,
        wanted: Mapping[str, Reducer],
        instead: Mapping[int, Step] | None = None,
        leaves: bool = False,
    ) -> None:
        super().__init__()
        self.unwatched, self.left = ExitStack(), False
        """Closed when the run is over: what it ends began with the last wanted call, if ``left``, or are hooks."""
        self.values: dict[str, Any] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.count = 0
        self.reduced_s = 0.0
        self._calls = graph.calls
        self._instead = instead or {}
        self._wanted: dict[int, list[tuple[Layer, Reducer]]] = {}
        for name, reducer in wanted.items():
            layer = graph[name]
            self._wanted.setdefault(layer.call[0], []).append((layer, reducer))
        self._last = max(self._wanted, default=-1) if leaves else -1

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call; if it is a wanted one, reduce its output now."""
        call = self.count
        step = self._instead.get(call)
        out = func(*args, **(kwargs or {})) if step is None else step(func, args, kwargs or {})
        if type(out) in PLAIN:
            return out
        if results := made(func, args, out):
            self.count = call + 1
            if call >= len(self._calls) or self._calls[call] != name_of(func):
                raise OtherPath
            if call in self._wanted:
                self._take(call, results)
                if call == self._last:
                    self.left = True
                    self.unwatched.enter_context(torch._C.DisableTorchFunction())
        return out

    def _take(self, call: int, results: tuple[Tensor, ...]) -> None:
        """Hand what a call made to the reducers that want it.

        Raises:
            OtherPath: it made something else than when it was traced.
        """
        for layer, reducer in self._wanted[call]:
            piece = layer.call[1]
            shape = layer.sizes(results[piece].shape) if piece < len(results) else None
            if shape is None:
                raise OtherPath
            if shape != layer.output:
                self.shapes[layer.id] = shape
            self.reduce(layer.id, reducer, results[piece])

    def hooked(self, modules: Mapping[str, nn.Module]) -> AbstractContextManager[object]:
        """Have the wanted layers taken where their modules return, and return what to run the network under instead."""
        for call, ((layer, _),) in self._wanted.items():
            if layer.id != INPUT:
                hook = modules[layer.id].register_forward_hook(partial(self._returned, call))
                self.unwatched.callback(hook.remove)
        return nullcontext()

    def _returned(self, call: int, module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        self._take(call, made(module, args, out))

    def reduce(self, layer: str, reducer: Reducer, output: Tensor) -> None:
        """Keep what ``reducer`` makes of a layer's output, and time it."""
        start_s = time.perf_counter()
        self.values[layer] = reducer(output)
        self.reduced_s += time.perf_counter() - start_s


class _Several(Watch):
    """Sees several pictures go through the network at once; whose they are, the reducer has to tell."""

    def _take(self, call: int, results: tuple[Tensor, ...]) -> None:
        for layer, reducer in self._wanted[call]:
            if layer.call[1] >= len(results):
                raise OtherPath
            self.reduce(layer.id, reducer, results[layer.call[1]])


def several(module: nn.Module, graph: Graph, x: Tensor, layer: Layer, reducer: Callable[[Tensor], Tensor]) -> Tensor:
    """Return what ``reducer`` makes of a layer's output for several pictures at once, float (n, C, H, W).

    Raises:
        OtherPath: the network ran other calls than for one picture. ForwardError: it raised.
    """
    watch = _Several(graph, {layer.id: reducer})
    with torch.inference_mode():
        if layer.id == INPUT:
            return reducer(x)
        forward(module, x, watch)
    if watch.count != len(graph.calls):
        raise OtherPath
    found: Tensor = watch.values[layer.id]
    return found
