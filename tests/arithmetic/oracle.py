"""The same cases worked by torch, which knows nothing of this project."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.arithmetic.case import Case

_MODES = {"zero": "zeros", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def output(case: Case) -> Tensor:
    """Return what torch makes of the case in float64, (K, h, w); −inf where a maximum has nothing to choose from."""
    x = torch.tensor(case.input, dtype=torch.float64)[None]
    if case.kind == "fc":
        bias = torch.tensor(case.bias, dtype=torch.float64) if case.bias else None
        weight = torch.tensor(case.filters, dtype=torch.float64).flatten(1)
        return functional.linear(torch.flatten(x, 1), weight, bias)[0, :, None, None]
    return (_conv(case, x) if case.kind == "conv" else pooled(x, case))[0]


def _conv(case: Case, x: Tensor) -> Tensor:
    top, bottom, left, right = case.padding
    weight = torch.tensor(case.filters, dtype=torch.float64)
    bias = torch.tensor(case.bias, dtype=torch.float64) if case.bias else None
    if (top, left) == (bottom, right):
        layer = nn.Conv2d(
            x.shape[1],
            len(weight),
            weight.shape[2:],
            case.stride,
            (top, left),
            case.dilation,
            case.groups,
            bias is not None,
            _MODES[case.padding_kind],
            dtype=torch.float64,
        )
        state = {"weight": weight} | ({} if bias is None else {"bias": bias})
        layer.load_state_dict(state)
        return layer(x).detach()
    mode = {"zero": "constant"}.get(case.padding_kind, case.padding_kind)
    padded = functional.pad(x, (left, right, top, bottom), mode=mode)
    return functional.conv2d(padded, weight, bias, case.stride, 0, case.dilation, case.groups)


def pooled(x: Tensor, case: Case) -> Tensor:
    """Return torch's pooling of x (N, C, H, W); where sides of padding differ, what one has more is added before.

    With ceil mode that is the same only where it is added at the top and left.
    """
    top, bottom, left, right = case.padding
    if case.pool == "global":
        return functional.adaptive_avg_pool2d(x, 1)
    if case.pool == "l2":
        return functional.lp_pool2d(x, 2.0, case.window, case.stride, case.ceil_mode)
    padding = min(top, bottom), min(left, right)
    sides = left - padding[1], right - padding[1], top - padding[0], bottom - padding[0]
    assert not case.ceil_mode or sides[1] == sides[3] == 0
    if case.pool == "max":
        x = functional.pad(x, sides, value=-torch.inf)
        return functional.max_pool2d(x, case.window, case.stride, padding, case.dilation, case.ceil_mode)
    steps = (case.window, case.stride, padding, case.ceil_mode)
    if case.count_padding or not any(sides):
        return functional.avg_pool2d(functional.pad(x, sides), *steps, case.count_padding)
    cells = functional.avg_pool2d(functional.pad(torch.ones_like(x), sides), *steps)
    return functional.avg_pool2d(functional.pad(x, sides), *steps) / cells
