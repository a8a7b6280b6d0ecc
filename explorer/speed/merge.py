"""A convolution with what follows it, as one operation in place of several; learned from the network's own calls.

The network is not touched: while it runs, ``capture`` lets the operation stand for the convolution's call, and the
calls after it pass on what they are given. The network's modules, weights, hooks and attributes stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.capture import OtherPath, Step
from explorer.graph.call import bind
from explorer.graph.trace import made, name_of
from explorer.graph.values import Layer
from explorer.speed.plan import Group
from explorer.speed.values import FLOOR, SHARE

Operation = Callable[[Tensor], Tensor]
HARMLESS = frozenset(("dim", "size", "__get__", "numel", "stride", "is_contiguous", "is_floating_point", "__len__"))
"""Functions that tell of a tensor what the merged operation keeps as it is: everything but its values."""
_FUSED = {"relu": ("relu", [], ""), "relu6": ("hardtanh", [0.0, 6.0], "")}
"""Of oneDNN's convolution: what it does with each value before it leaves the cache."""


class Unfit(Exception):
    """A group cannot be merged; the argument says why, for the log."""


_NOT_THIS_WAY = (Unfit, RuntimeError, ValueError, TypeError, KeyError, AttributeError, MemoryError)
"""What building or trying an operation raises where it cannot be used."""


def apart(plain: Tensor, other: Tensor) -> tuple[float, float]:
    """Return the largest difference of ``other`` from ``plain``, as a share of the whole range and of what is allowed.

    A map of one cell has no range of its own; the layer's stands for it.

    Args:
        plain, other: (C, ...), float32, on one device.
    """
    if plain.shape != other.shape:
        return math.inf, math.inf
    if not plain.numel():
        return 0.0, 0.0
    across = tuple(range(1, plain.dim()))
    difference = (plain - other).abs().amax(across)
    if not torch.isfinite(difference.sum()):  # NaN or infinity: where one has them, so must the other
        finite = plain.isfinite()
        alike = torch.equal(
            torch.where(finite, 0, plain).nan_to_num(7), torch.where(other.isfinite(), 0, other).nan_to_num(7)
        )
        if not alike or not finite.any():
            return (0.0, 0.0) if alike else (math.inf, math.inf)
        return apart(plain.where(finite, plain[finite][0]), other.where(finite, plain[finite][0]))
    low, high = plain.amin(across), plain.amax(across)
    whole = high.max() - low.min()
    ranges = high - low if plain[0].numel() > 1 else whole
    share, of_allowed = difference / whole, difference / (SHARE * ranges + FLOOR * whole)
    return float(share.nan_to_num(0, math.inf).max()), float(of_allowed.nan_to_num(0, math.inf).max())


@dataclass(frozen=True, eq=False)
class _Given:
    """One call as it was made: the function, and its arguments but the first."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def again(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        """Whether these arguments are the same objects, or equal numbers."""
        if len(args) - 1 != len(self.args) or len(kwargs) != len(self.kwargs):
            return False
        for a, b in zip(args[1:], self.args, strict=True):
            if a is not b and not _same(a, b):
                return False
        for name, a in kwargs.items():
            b = self.kwargs.get(name, _Given)
            if a is not b and not _same(a, b):
                return False
        return True

    def bound(self) -> dict[str, Any]:
        """Return the arguments by name."""
        return bind(name_of(self.func), (None, *self.args), dict(self.kwargs))

    def tensors(self) -> list[Tensor]:
        """Return the tensors among the arguments."""
        return [value for value in (*self.args, *self.kwargs.values()) if isinstance(value, Tensor)]


def _same(a: Any, b: Any) -> bool:
    return not isinstance(a, Tensor) and not isinstance(b, Tensor) and bool(a == b)


@dataclass(eq=False)
class Merged:
    """A group that was seen running, and the operation that stands for it.

    Attributes:
        group: its layers.
        given: their calls, in their order.
        apart: how far it was from the group's own calls, as a share of a map's range.
    """

    group: Group
    given: tuple[_Given, ...]
    apart: float
    _operation: Callable[[str | None], Operation | None]

    def steps(self, wanted: Collection[str]) -> dict[int, Step]:
        """Return what stands for each call of a run in which the ``wanted`` layers are looked at; {} for nothing."""
        part = self.group.before(wanted)
        if part is None:
            return {}
        operation = self._operation(part.activation.op if part.activation else None)
        if operation is None:  # without the activation then
            part = Group(part.convolution, part.norm)
            operation = self._operation(None)
        if operation is None:
            return {}
        taken = [self.given[self.group.layers.index(layer)] for layer in part.layers]
        head = _Convolve(taken[0], operation)
        steps: list[Step] = [head, *(_Pass(given, head, last=given is taken[-1]) for given in taken[1:])]
        return {layer.call[0]: step for layer, step in zip(part.layers, steps, strict=True)}

    def tensors(self) -> list[Tensor]:
        """Return the network's tensors from which the operation was made."""
        return [tensor for given in self.given for tensor in given.tensors()]


@dataclass(eq=False, slots=True)
class _Convolve:
    """Stands for the convolution's call."""

    given: _Given
    operation: Operation
    out: Tensor | None = None

    def __call__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func is not self.given.func:  # a question that makes no tensor, on the way there
            return func(*args, **kwargs)
        if not self.given.again(args, kwargs):
            raise OtherPath
        self.out = self.operation(args[0])
        return self.out


@dataclass(eq=False, slots=True)
class _Pass:
    """Stands for a call whose work is done already."""

    given: _Given
    head: _Convolve
    last: bool

    def __call__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func is not self.given.func:
            return func(*args, **kwargs)
        if args[0] is not self.head.out or not self.given.again(args, kwargs):
            raise OtherPath
        if self.last:
            self.head.out = None
        return args[0]


@dataclass(eq=False)
class Lesson:
    """Learns a group while the network runs by its own calls, and compares what the operation makes of the same input.

    Args:
        group: whose calls are watched.
        module: the network.

    Attributes:
        unfit: why the group keeps its own calls; "" where nothing speaks against it.
    """

    group: Group
    module: nn.Module
    unfit: str = ""
    _given: list[_Given] = field(default_factory=list)
    _apart: float = 0.0
    _x: Tensor | None = None
    _out: Tensor | None = None
    _operation: Callable[[str | None], Operation | None] | None = None

    def steps(self) -> dict[int, Step]:
        """Return what stands for each call of the group: the call itself, watched."""

        def step(layer: Layer) -> Step:
            return lambda func, args, kwargs: self._step(layer, func, args, kwargs)

        return {layer.call[0]: step(layer) for layer in self.group.layers}

    def merged(self) -> Merged | None:
        """Return what was learned; None where the group keeps its own calls."""
        self._x = self._out = None
        if self.unfit or self._operation is None:
            return None
        return Merged(self.group, tuple(self._given), self._apart, self._operation)

    def _step(self, layer: Layer, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if self.unfit:
            return out
        try:
            if made(func, args, out):
                self._learn(layer, func, args, kwargs, out)
            elif self._out is not None and name_of(func) not in HARMLESS and any(a is self._out for a in args):
                raise Unfit(f"{name_of(func)} reads what {layer.id} is given")
        except _NOT_THIS_WAY as error:
            self.unfit = f"{type(error).__name__}: {error}"
            self._x = self._out = None
        return out

    def _learn(
        self, layer: Layer, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        if not args or not isinstance(args[0], Tensor) or not isinstance(out, Tensor):
            raise Unfit(f"{layer.id} was called in another form")
        given = _Given(func, args[1:], dict(kwargs))
        if layer is self.group.convolution:
            if func is not torch.conv2d:
                raise Unfit(f"{layer.id} is another function")
            self._x = args[0]
        elif args[0] is not self._out:
            raise Unfit(f"{layer.id} takes something else")
        self._given.append(given)
        self._out = out
        assert self._x is not None
        if layer is self.group.activation:
            self._compare(layer.op, out)
        elif layer is (self.group.norm or self.group.convolution):
            self._choose(self._x, out)
        if layer is self.group.layers[-1]:
            self._x = self._out = None

    def _choose(self, x: Tensor, out: Tensor) -> None:
        """Take the fastest operation that makes ``out`` of ``x``."""
        for packed in dict.fromkeys((packs(x), False)):
            try:
                self._operation = operations(self._given, x, self.module, packed)
                self._compare(None, out)
                return
            except _NOT_THIS_WAY as error:
                failed = error
        raise failed

    def _compare(self, activation: str | None, out: Tensor) -> None:
        assert self._operation is not None
        assert self._x is not None
        operation = self._operation(activation)
        if operation is None:
            return
        found = operation(self._x)
        if found.dtype != out.dtype or found.stride() != out.stride():
            raise Unfit("the result lies otherwise in memory")
        share, of_allowed = apart(out[0], found[0])
        if of_allowed > 1:
            raise Unfit(f"the result differs by {share:.2g} of its range")
        self._apart = max(self._apart, share)


def operations(
    given: list[_Given], x: Tensor, module: nn.Module, packed: bool
) -> Callable[[str | None], Operation | None]:
    """Return what gives, by the word of the activation after it (None: without), the operation for a convolution.

    It is None where nothing would be gained by it.

    Args:
        given: the call of the convolution, and of its norm where there is one.
        x: what the convolution was given.
        module: the network, whose own these weights must be.
        packed: whether oneDNN keeps the weights.

    Raises:
        Unfit: they cannot be merged.
    """
    own = {id(tensor) for tensor in (*module.parameters(), *module.buffers())}
    for tensor in (tensor for one in given for tensor in one.tensors()):
        if id(tensor) not in own or tensor.is_inference():
            raise Unfit("its weights are computed while it runs")
    bound = given[0].bound()
    weight, bias = bound["weight"].detach(), bound.get("bias")
    bias = None if bias is None else bias.detach()
    stride, padding, dilation = (_pair(bound.get(name), by) for name, by in zip(_GEOMETRY, (1, 0, 1), strict=True))
    parts = int(bound.get("groups", 1))
    if len(given) > 1:
        weight, bias = folded(weight, bias, given[1])
    if packed:
        held = torch.ops.mkldnn._reorder_convolution_weight(weight, padding, stride, dilation, parts, list(x.shape))
        convolve = torch.ops.mkldnn._convolution_pointwise.default

        def fused(activation: str | None) -> Operation | None:
            word, numbers, algorithm = _FUSED[activation] if activation else ("none", [], "")
            return lambda x: convolve(x, held, bias, padding, stride, dilation, parts, word, numbers, algorithm)

        return fused
    if len(given) == 1:
        raise Unfit("nothing follows that it could take along")

    def convolution(x: Tensor) -> Tensor:
        return torch.conv2d(x, weight, bias, stride, padding, dilation, parts)

    return lambda activation: None if activation else convolution


_GEOMETRY = ("stride", "padding", "dilation")


def _pair(value: Any, default: int) -> list[int]:
    if isinstance(value, str):
        raise Unfit(f"padding {value}")
    found = default if value is None else value
    return [int(found)] * 2 if isinstance(found, int) else [int(n) for n in found]


def packs(x: Tensor) -> bool:
    """Return whether oneDNN can keep weights for inputs like ``x`` in its own order and do more than one op at a time.

    torch turns the weights into that order at every call otherwise: a quarter of ResNet-18's time for one picture.
    """
    ready = torch.backends.mkldnn.is_available() and torch._C._get_mkldnn_enabled()  # type: ignore[no-untyped-call]
    return (
        ready
        and type(x) is Tensor
        and x.device.type == "cpu"
        and x.dtype is torch.float32
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    )


def folded(weight: Tensor, bias: Tensor | None, norm: _Given) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the convolution that does the norm's work too.

    With mean μ, variance σ², weight γ and bias β of the norm: W' = W γ / √(σ² + ε), b' = (b − μ) γ / √(σ² + ε) + β
    (Ioffe and Szegedy 2015, algorithm 2, put after a linear map). Computed in float64.

    Raises:
        Unfit: the norm takes its figures from the picture, or is of another form.
    """
    bound = norm.bound()
    if norm.func is not functional.batch_norm or bound.get("training"):
        raise Unfit("the norm takes its figures from the picture")
    mean, variance = bound["running_mean"], bound["running_var"]
    if mean is None or variance is None:
        raise Unfit("the norm has no figures of its own")

    def wide(tensor: Tensor | None, default: float) -> Tensor:
        return torch.full((), default, dtype=torch.float64) if tensor is None else tensor.detach().cpu().double()

    scale = wide(bound.get("weight"), 1) / (wide(variance, 1) + float(bound.get("eps", 1e-5))).sqrt()
    moved = (wide(bias, 0) - wide(mean, 0)) * scale + wide(bound.get("bias"), 0)
    whole = (weight.cpu().double() * scale.reshape(-1, 1, 1, 1)).to(weight.dtype)
    layout = torch.channels_last if weight.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    return whole.to(weight.device).contiguous(memory_format=layout), moved.to(weight.dtype).to(weight.device)
