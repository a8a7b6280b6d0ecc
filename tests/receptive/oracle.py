"""What a unit depends on, by its gradient alone; knows nothing of the rules.

Positive weights normalised by their fan-in; every non-linearity lets its input pass, a maximum becomes the mean of its
window, a product a sum, and figures taken along axes are added as a mean. No path can cancel another: a cell matters if
and only if its float64 gradient is above 0.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from explorer.graph.trace import trace
from explorer.graph.values import Graph

_PASS = """
relu relu6 hardtanh hardswish hardsigmoid silu gelu sigmoid tanh leaky_relu elu mish clamp dropout batch_norm sqrt exp
abs pow prelu selu softplus neg square
"""
PASS = set(_PASS.split())
_SUMS = "mul div truediv add sub maximum minimum rmul radd rsub iadd imul isub"
SUMS = set(_SUMS.split())
MEANS = {"amax", "amin", "norm", "argmax", "argmin"}


class Linear(TorchFunctionMode):
    """Runs a network as the linear one; keeps what each call made, in the order of ``Graph.calls``."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[list[Tensor]] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = self._run(func, args, kwargs or {})
        if isinstance(out, Tensor):
            self.results.append([out])
        elif isinstance(out, list | tuple) and any(isinstance(t, Tensor) for t in out):
            self.results.append([t for t in out if isinstance(t, Tensor)])
        elif out is None and func is Tensor.__setitem__:
            self.results.append([args[0]])
        return out

    def _run(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "").strip("_")
        tensors = [a for a in args if isinstance(a, Tensor)]
        if name in LINEARISED:
            return LINEARISED[name](*args, **kwargs)
        if name in PASS:
            return args[0] * 1
        if name in SUMS and tensors and tensors[0].is_floating_point():
            return tensors[0] + tensors[1] if len(tensors) == 2 else tensors[0] * 1
        if name in MEANS:
            return torch.sum(args[0], *args[1:], **kwargs)
        return func(*args, **kwargs)


def _several(value: Any, n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


def _max_pool(n: int) -> Callable[..., Tensor]:
    conv: Callable[..., Tensor] = getattr(functional, f"conv{n}d")
    pool: Callable[..., Tensor] = getattr(functional, f"max_pool{n}d")

    def run(
        x: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Tensor:
        kernel, steps, pads, holes = (_several(v, n) for v in (kernel_size, stride or kernel_size, padding, dilation))
        with torch.no_grad():
            out = pool(x.detach(), kernel, steps, pads, holes, ceil_mode).shape[2:]
        sides: list[int] = []
        for o, k, s, p, d, size in zip(out, kernel, steps, pads, holes, x.shape[2:], strict=True):
            sides = [p, p + max(0, (o - 1) * s + d * (k - 1) + 1 - size - 2 * p), *sides]
        ones = x.new_full((x.shape[1], 1, *kernel), 1 / math.prod(kernel))
        found = conv(functional.pad(x, sides), ones, stride=steps, dilation=holes, groups=x.shape[1])
        return found[(..., *(slice(o) for o in out))]

    return run


def _lp_pool(n: int) -> Callable[..., Tensor]:
    def run(x: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
        return _max_pool(n)(x, kernel_size, stride, ceil_mode=ceil_mode)

    return run


def _with_mean(x: Tensor, axes: Sequence[int]) -> Tensor:
    return x + x.mean(tuple(axes), keepdim=True)


def _along(x: Tensor, dim: int | None = None, *_: Any, **__: Any) -> Tensor:
    return _with_mean(x, [-1 if dim is None else dim])


def _layer_norm(x: Tensor, shape: Sequence[int], *_: Any, **__: Any) -> Tensor:
    return _with_mean(x, range(-len(shape), 0))


def _group_norm(x: Tensor, groups: int, *_: Any, **__: Any) -> Tensor:
    grouped = x.reshape(x.shape[0], groups, -1)
    return _with_mean(grouped, [2]).reshape(x.shape)


def _instance_norm(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return _with_mean(x, range(2, x.dim()))


def _normalize(x: Tensor, p: float = 2.0, dim: int = 1, *_: Any, **__: Any) -> Tensor:
    return _with_mean(x, [dim])


def _response(x: Tensor, size: int, *_: Any, **__: Any) -> Tensor:
    flat = x.flatten(2).transpose(1, 2)
    near = functional.avg_pool1d(functional.pad(flat, (size // 2, (size - 1) // 2)), size, stride=1)
    return x + near.transpose(1, 2).reshape(x.shape)


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    return a.sum(-1, keepdim=True) + b.sum(-2, keepdim=True)


def _attention(q: Tensor, k: Tensor, v: Tensor, *_: Any, **__: Any) -> Tensor:
    found = q.sum(-1, keepdim=True) + k.sum((-2, -1), keepdim=True) + v.sum(-2, keepdim=True)
    return found.expand(*q.shape[:-1], v.shape[-1])


def _heads(q: Tensor, k: Tensor, v: Tensor, *_: Any, need_weights: bool = True, **__: Any) -> tuple[Tensor, Any]:
    found = q.sum(-1, keepdim=True) + k.sum((0, 2), keepdim=True) + v.sum((0, 2), keepdim=True)
    return found.expand(q.shape), found.mean(0) if need_weights else None


def _distances(a: Tensor, b: Tensor, **_: Any) -> Tensor:
    return a.sum(-1, keepdim=True).expand(len(a), len(b))


def _adaptive(n: int) -> Callable[..., Tensor]:
    mean: Callable[..., Tensor] = getattr(functional, f"adaptive_avg_pool{n}d")
    return lambda x, output_size, return_indices=False: mean(x, output_size)


LINEARISED: dict[str, Callable[..., Any]] = {
    **{f"max_pool{n}d": _max_pool(n) for n in (1, 2, 3)},
    **{f"lp_pool{n}d": _lp_pool(n) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _adaptive(n) for n in (1, 2, 3)},
    **dict.fromkeys(["softmax", "log_softmax"], _along),
    **dict.fromkeys(["layer_norm", "rms_norm"], _layer_norm),
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "normalize": _normalize,
    "local_response_norm": _response,
    "matmul": _matmul,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _heads,
    "cdist": _distances,
}


def narrow(module: nn.Module) -> nn.Module:
    """Return a module of convolutions with as few channels as leave every proportion; its geometry is the same."""
    convs = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    first = convs[0]
    depthwise = [m for m in convs if m.groups == m.in_channels > 1]
    counts = [m.in_channels // (1 if m in depthwise else m.groups) for m in convs if m is not first]
    counts += [m.out_channels // (1 if m in depthwise else m.groups) for m in convs if m.out_channels != 1000]
    by = math.gcd(*counts)
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            m.out_channels = max(1, m.out_channels // by)
            m.in_channels //= 1 if m is first else by
            m.groups = m.in_channels if m in depthwise else m.groups
            m.weight = nn.Parameter(torch.ones(m.out_channels, m.in_channels // m.groups, *m.kernel_size))
            m.bias = None if m.bias is None else nn.Parameter(torch.ones(m.out_channels))
        elif isinstance(m, nn.BatchNorm2d):
            _shorten(m, m.num_features // by)
        elif isinstance(m, nn.Linear):
            into, out = m.in_features // by, max(1, m.out_features // by)
            m.weight, m.bias = nn.Parameter(torch.ones(out, into)), nn.Parameter(torch.ones(out))
    return module


def _shorten(m: nn.BatchNorm2d, n: int) -> None:
    m.num_features, m.weight, m.bias = n, nn.Parameter(torch.ones(n)), nn.Parameter(torch.ones(n))
    m.running_mean, m.running_var = torch.zeros(n), torch.ones(n)


class Oracle:
    """The support of any unit of a network, for an input of shape (C, H, W).

    Args:
        least: a gradient counts above this share of its largest: where torch's own float64 weights of 0 are only
            nearly so.
    """

    def __init__(self, module: nn.Module, shape: tuple[int, int, int], least: float = 0.0) -> None:
        self.graph: Graph = trace(module.eval(), torch.ones(1, *shape))
        self.least = least
        linear = copy.deepcopy(module).double().eval()
        with torch.no_grad():
            for p in linear.parameters():
                p.fill_(1.0 / max(1, p[0].numel() if p.dim() > 1 else 1))
        self.x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
        with Linear() as mode:
            linear(self.x * 1)
        self.results = mode.results[1:]
        assert len(self.results) == len(self.graph.calls)

    def cells(self, layer_id: str, unit: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which cells (H, W) of the input a unit depends on, over all of its channels."""
        out = self._made(layer_id)
        layer = self.graph[layer_id]
        letters = layer.axes if "H" in layer.axes else {3: "CHW", 2: "HW"}[len(layer.axes)]
        picked = out[0].movedim((letters.index("H"), letters.index("W")), (0, 1))[unit]
        return self._support(picked.sum())

    def _made(self, layer_id: str) -> Tensor:
        layer = self.graph[layer_id]
        call, piece = layer.call
        out = self.x if call < 0 else self.results[call][piece]
        assert tuple(out.shape[1:]) == layer.output, f"{layer_id}: {tuple(out.shape[1:])}, {layer.output}"
        return out

    def _support(self, value: Tensor) -> NDArray[np.bool_]:
        if not value.requires_grad:
            return np.zeros(self.x.shape[2:], bool)
        (gradient,) = torch.autograd.grad(value, self.x, retain_graph=True, allow_unused=True)
        if gradient is None:
            return np.zeros(self.x.shape[2:], bool)
        sizes = gradient[0].abs().sum(0)
        found: NDArray[np.bool_] = (sizes > self.least * sizes.max()).numpy()
        return found
