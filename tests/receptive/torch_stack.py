"""A stack built in torch: what it weighs, what it takes, and by its gradient what its units see."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.receptive.analyse import analyse
from explorer.receptive.stack import Stack
from explorer.receptive.stack_facts import Facts, facts, growth
from tests.receptive.oracle import Oracle


def module(stack: Stack) -> nn.Sequential:
    """Build the stack in torch."""
    layers: list[nn.Module] = []
    channels = stack.input[0]
    for one in stack.blocks:
        if one.kind == "conv":
            wide = (one.kernel, one.stride, one.padding, one.dilation, one.groups)
            layers.append(nn.Conv2d(channels, one.channels, *wide))
            channels = one.channels
        elif one.kind == "max pool":
            layers.append(nn.MaxPool2d(one.kernel, one.stride, one.padding, one.dilation))
        else:
            layers.append(nn.AvgPool2d(one.kernel, one.stride, one.padding))
        if one.relu:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def against_torch(stack: Stack) -> Facts:
    """Check every figure of a stack against torch, and its areas against the gradient."""
    net, found = module(stack), facts(stack)
    x, shapes = torch.zeros(1, *stack.input), [stack.input]
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        for layer in net:
            x = layer(x)
            if not isinstance(layer, nn.ReLU):
                shapes.append(tuple(x.shape[1:]))
    assert list(stack.shapes) == shapes
    assert found.output == tuple(x.shape[1:])
    assert found.macs == flops.get_total_flops() // 2
    assert found.weights == sum(p.numel() for p in net.parameters() if p.dim() > 1)
    assert found.biases == sum(p.numel() for p in net.parameters() if p.dim() == 1)
    assert found.nonlinearities == sum(isinstance(layer, nn.ReLU | nn.MaxPool2d) for layer in net)
    assert found.values == sum(int(np.prod(shape)) for shape in shapes[1:])

    oracle, fields, last = Oracle(net, stack.input), analyse(stack.graph()), stack.graph().output.id
    traced = oracle.graph.layers[-1].id
    h, w = found.output[1:]
    middle = oracle.cells(traced, (h // 2, w // 2))
    lowest = growth(stack)[-1]
    mine = np.zeros_like(middle)
    for y0, y1 in lowest.rows:
        for x0, x1 in lowest.columns:
            mine[y0:y1, x0:x1] = True
    np.testing.assert_array_equal(mine, middle)
    assert found.seen == middle.sum()
    ys, xs = np.nonzero(middle)
    if len(ys):
        assert found.box == (np.ptp(ys) + 1) * (np.ptp(xs) + 1)
    every = np.zeros_like(middle)
    for unit in [(y, x) for y in range(h) for x in range(w)] if h * w <= 64 else [(0, 0), (h - 1, w - 1)]:
        every |= oracle.cells(traced, unit)
        area = fields.area(last, unit)
        assert (area.clipped is not None) == bool(oracle.cells(traced, unit).any())
    if h * w <= 64:
        assert found.unseen == (~every).sum()
    return found
