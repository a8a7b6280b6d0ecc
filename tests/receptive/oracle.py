"""What a unit depends on, by its gradient alone; knows nothing of the rules.

Positive weights normalised by their fan-in; every non-linearity lets its input pass, a maximum becomes the mean of its
window, a product a sum. No path can cancel another: a cell matters if and only if its float64 gradient is above 0.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from explorer.graph.trace import trace
from explorer.graph.values import Graph

PASS = {
    "relu",
    "relu_",
    "relu6",
    "hardtanh",
    "hardtanh_",
    "hardswish",
    "hardswish_",
    "hardsigmoid",
    "hardsigmoid_",
    "silu",
    "silu_",
    "gelu",
    "sigmoid",
    "sigmoid_",
    "tanh",
    "leaky_relu",
    "elu",
    "mish",
    "clamp",
    "dropout",
    "batch_norm",
    "local_response_norm",
    "softmax",
}
PRODUCTS = {"mul", "mul_", "__mul__", "__rmul__", "__imul__"}


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
        return out

    def _run(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "")
        if name in PASS:
            return args[0] * 1
        if "max_pool2d" in name:
            return _mean_pool(*args, **kwargs)
        if name in PRODUCTS and len(args) == 2 and all(isinstance(a, Tensor) for a in args):
            return args[0] + args[1]
        if name in ("add_", "__iadd__"):
            return args[0] + args[1]
        return func(*args, **kwargs)


def _two(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _mean_pool(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = map(_two, (kernel_size, stride or kernel_size, padding, dilation))
    with torch.no_grad():
        h, w = functional.max_pool2d(x.detach(), kernel_size, stride, padding, dilation, ceil_mode).shape[2:]
    bottom = max(0, (h - 1) * sh + dh * (kh - 1) + 1 - x.shape[2] - 2 * ph)
    right = max(0, (w - 1) * sw + dw * (kw - 1) + 1 - x.shape[3] - 2 * pw)
    padded = functional.pad(x, (pw, pw + right, ph, ph + bottom))
    ones = padded.new_full((x.shape[1], 1, kh, kw), 1 / (kh * kw))
    return functional.conv2d(padded, ones, stride=(sh, sw), dilation=(dh, dw), groups=x.shape[1])[:, :, :h, :w]


class Oracle:
    """The support of any unit of a network, for an input of shape (C, H, W)."""

    def __init__(self, module: nn.Module, shape: tuple[int, int, int]) -> None:
        self.graph: Graph = trace(module.eval(), torch.zeros(1, *shape))
        linear = copy.deepcopy(module).double().eval()
        with torch.no_grad():
            for p in linear.parameters():
                p.fill_(1.0 / max(1, p[0].numel() if p.dim() > 1 else 1))
        self.x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
        with Linear() as mode:
            linear(self.x)
        self.results = mode.results
        assert len(mode.results) == len(self.graph.calls)

    def cells(self, layer_id: str, unit: tuple[int, int]) -> NDArray[np.bool_]:
        layer = self.graph[layer_id]
        call, piece = layer.call
        out = self.x if call < 0 else self.results[call][piece]
        assert tuple(out.shape[1:]) == layer.output
        picked = out[0].movedim((layer.axes.index("H"), layer.axes.index("W")), (0, 1))[unit]
        (gradient,) = torch.autograd.grad(picked.sum(), self.x, retain_graph=True, allow_unused=True)
        if gradient is None:
            return np.zeros(self.x.shape[2:], bool)
        found: NDArray[np.bool_] = (gradient[0].sum(0) > 0).numpy()
        return found
