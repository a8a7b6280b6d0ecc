"""A convolution with what follows it, as one operation in place of several; learned from the network's own calls.

The network is not touched: while it runs, ``capture`` lets the operation stand for the convolution's call, and the
calls after it pass on what they are given. The network's modules, weights, hooks and attributes stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
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
Builder = Callable[[str | None], Operation | None]
"""Gives, by the word of the activation after it (None: without), the operation for a convolution."""
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
        pad: the call of the pad before them, if the operation can do that too.
    """

    group: Group
    given: tuple[_Given, ...]
    apart: float
    _operation: Builder
    pad: _Given | None = None
    _with_pad: Builder | None = None

    def steps(self, wanted: Collection[str]) -> dict[int, Step]:
        """Return what stands for each call of a run in which the ``wanted`` layers are looked at; {} for nothing."""
        part = self.group.before(wanted)
        if part is None:
            return {}
        pad = _Unpadded(self.pad) if part.pad and self.pad else None
        build = self._with_pad if pad and self._with_pad else self._operation
        operation = build(part.activation.op if part.activation else None)
        if operation is None:  # without the activation then
            part = Group(part.convolution, part.norm, None, part.pad)
            operation = build(None)
        if operation is None:
            return {}
        taken = [self.given[self.group.layers.index(layer)] for layer in part.layers]
        head = _Convolve(taken[0], operation, pad)
        steps: list[Step] = [head, *(_Pass(given, head, last=given is taken[-1]) for given in taken[1:])]
        before: dict[int, Step] = {part.pad.call[0]: pad} if part.pad and pad else {}
        return before | {layer.call[0]: step for layer, step in zip(part.layers, steps, strict=True)}

    def tensors(self) -> list[Tensor]:
        """Return the network's tensors from which the operation was made."""
        return [tensor for given in self.given for tensor in given.tensors()]


@dataclass(eq=False, slots=True)
class _Unpadded:
    """Stands for the call of a pad whose zeros the convolution adds."""

    given: _Given
    out: Tensor | None = None

    def __call__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func is not self.given.func:
            return func(*args, **kwargs)
        if not self.given.again(args, kwargs):
            raise OtherPath
        self.out = args[0]
        return self.out


@dataclass(eq=False, slots=True)
class _Convolve:
    """Stands for the convolution's call."""

    given: _Given
    operation: Operation
    pad: _Unpadded | None = None
    out: Tensor | None = None

    def __call__(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        asked = func is not self.given.func  # a question that makes no tensor, on the way there
        if self.pad is not None and asked == any(a is self.pad.out for a in args):
            raise OtherPath  # a question about what was not padded, or a convolution of something else
        if asked:
            return func(*args, **kwargs)
        if self.pad is not None:
            self.pad.out = None
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
    _operation: Builder | None = None
    _pad: _Given | None = None
    _bare: Tensor | None = None
    _with_pad: Builder | None = None

    def steps(self) -> dict[int, Step]:
        """Return what stands for each call of the group: the call itself, watched."""

        def step(layer: Layer) -> Step:
            return lambda func, args, kwargs: self._step(layer, func, args, kwargs)

        watched = (self.group.pad, *self.group.layers)
        return {layer.call[0]: step(layer) for layer in watched if layer}

    def merged(self) -> Merged | None:
        """Return what was learned; None where the group keeps its own calls."""
        self._x = self._out = self._bare = None
        if self.unfit or self._operation is None:
            return None
        pad = self._pad if self._with_pad else None
        return Merged(self.group, tuple(self._given), self._apart, self._operation, pad, self._with_pad)

    def _step(self, layer: Layer, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if self.unfit:
            return out
        try:
            if made(func, args, out):
                self._learn(layer, func, args, kwargs, out)
            elif self._out is not None and any(a is self._out for a in args):
                if not self._given:
                    self._pad = None  # somebody asks for what would not be padded
                elif name_of(func) not in HARMLESS:
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
        if layer is self.group.pad:
            self._pad, self._bare, self._out = given, args[0], out
            return
        if layer is self.group.convolution:
            if func is not torch.conv2d:
                raise Unfit(f"{layer.id} is another function")
            if args[0] is not self._out:
                self._pad = None
            self._x = args[0]
        elif args[0] is not self._out:
            raise Unfit(f"{layer.id} takes something else")
        self._given.append(given)
        self._out = out
        assert self._x is not None
        if layer is self.group.activation:
            assert self._operation is not None
            self._compare(self._operation(layer.op), self._x, out)
            if self._with_pad and self._bare is not None:
                self._compare(self._with_pad(layer.op), self._bare, out)
        elif layer is (self.group.norm or self.group.convolution):
            self._choose(self._x, out)
            self._try_with_pad(out)
        if layer is self.group.layers[-1]:
            self._x = self._out = self._bare = None

    def _choose(self, x: Tensor, out: Tensor) -> None:
        """Take the fastest operation that makes ``out`` of ``x``."""
        for packed in dict.fromkeys((packs(x), False)):
            try:
                self._operation = operations(self._given, x, self.module, packed)
                self._compare(self._operation(None), x, out)
                return
            except _NOT_THIS_WAY as error:
                failed = error
        raise failed

    def _try_with_pad(self, out: Tensor) -> None:
        """Let the operation add the pad's zeros, if oneDNN keeps the weights and it then makes the same."""
        if self._pad is None or self._bare is None or not packs(self._bare):
            return
        try:
            build = operations(self._given, self._bare, self.module, True, self._pad)
            self._compare(build(None), self._bare, out)
            self._with_pad = build
        except _NOT_THIS_WAY:
            self._pad = None

    def _compare(self, operation: Operation | None, x: Tensor, out: Tensor) -> None:
        if operation is None:
            return
        found = operation(x)
        if found.dtype != out.dtype or found.stride() != out.stride():
            raise Unfit("the result lies otherwise in memory")
        share, of_allowed = apart(out[0], found[0])
        if of_allowed > 1:
            raise Unfit(f"the result differs by {share:.2g} of its range")
        self._apart = max(self._apart, share)


def operations(given: list[_Given], x: Tensor, module: nn.Module, packed: bool, pad: _Given | None = None) -> Builder:
    """Return what gives, by the word of the activation after it (None: without), the operation for a convolution.

    It is None where nothing would be gained by it.

    Args:
        given: the call of the convolution, and of its norm where there is one.
        x: what the convolution was given.
        module: the network, whose own these weights must be.
        packed: whether oneDNN keeps the weights.
        pad: the call that put zeros around what the convolution was given, which is then ``x`` without them.

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
    if pad:
        weight, padding = _wide(weight, pad.bound()["pad"])
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


def _wide(weight: Tensor, sides: Sequence[int]) -> tuple[Tensor, list[int]]:
    """Return weights and padding, as much on both sides, that do what ``weight`` does behind a pad.

    Where the pad puts fewer zeros on one side than on the other, the weights get zeros there instead.

    Args:
        weight: float (C_out, C_in per group, kh, kw).
        sides: zeros left, right, above and below.
    """
    left, right, above, below = (int(side) for side in sides)
    high, wide = max(above, below), max(left, right)
    return functional.pad(weight, (wide - left, wide - right, high - above, high - below)), [high, wide]


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
