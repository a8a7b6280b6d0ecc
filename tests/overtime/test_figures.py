"""A layer's figures are numpy's own, however its output lies in memory, and the same on an accelerator's way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.graph.values import Layer
from explorer.overtime import figures
from explorer.overtime.rules import Rule, rule
from explorer.overtime.values import LayerFrame
from tests.pretend_device import DEVICE, pretend_device

RULES = [Rule(), Rule(clips=True, high=1.5), Rule(low=-0.5, high=0.75), Rule(high=0.25)]


def outputs(c: int, h: int, w: int) -> torch.Tensor:
    """Every kind of value: zeros of both signs, NaN, infinities; a channel of NaN alone, and one of one value."""
    x = torch.randn(1, c, h, w, generator=torch.Generator().manual_seed(c * h))
    x[x.abs() < 0.3] = 0.0
    x[0, 0][x[0, 0] == 0] = -0.0
    x[0, c // 2, h // 2, w // 2] = torch.nan
    x[0, c // 3, 0, 0] = torch.inf
    x[0, c - 1] = torch.nan
    x[0, c - 2] = 0.125
    return x


def check(found: LayerFrame, x: torch.Tensor, limits: Rule) -> None:
    values = x[0].double().numpy().reshape(x.shape[1], -1)
    broken = np.isnan(values)
    assert found.cells == values.size
    assert found.zeros == sum(float(value) == 0.0 for value in values.flat)
    assert found.nan.tolist() == broken.sum(1).tolist()
    for channel, row in enumerate(values):
        real = row[~np.isnan(row)]
        assert found.high[channel] == (real.max() if len(real) else -np.inf)
        if found.low is not None:
            assert found.low[channel] == (real.min() if len(real) else np.inf)
        if found.saturated is not None:
            at = sum(
                (limits.high is not None and value >= limits.high) or (limits.low is not None and value <= limits.low)
                for value in real
            )
            assert found.saturated[channel] == at
    assert (found.low is None) == limits.clips
    assert (found.saturated is None) == (not limits.bounded)


@pytest.mark.parametrize("limits", RULES)
@pytest.mark.parametrize("shape", [(4, 6, 8), (96, 4, 7), (700, 3, 5), (5, 1, 1), (3, 1, 9)])
def test_the_same_as_numpy(shape: tuple[int, int, int], limits: Rule) -> None:
    x = outputs(*shape)
    for layout in (torch.contiguous_format, torch.channels_last):
        laid = x.to(memory_format=layout)
        check(figures.figures(laid[0], limits), x, limits)
        check(figures._fetched(figures._there(laid[0], limits).numpy(), shape[1] * shape[2], limits), x, limits)


def test_on_a_device_all_layers_are_fetched_at_once() -> None:
    layers = [Layer(name, name, "relu6", (), (4, 3, 5), "CHW") for name in ("one", "two")]
    x = {layer.id: outputs(4, 3, 5).roll(n, 2) for n, layer in enumerate(layers)}
    with pretend_device():
        follower = figures.Follower(layers)
        reducers = follower.beside({})
        for name, output in x.items():
            assert reducers[name](output.to(DEVICE)) is None
        found = follower.frames()
    assert list(found) == ["one", "two"]
    for layer in layers:
        check(found[layer.id], x[layer.id], rule(layer))


def test_bounds_of_what_clamps_are_read_from_the_call() -> None:
    def of(op: str, **attributes: float | str | None) -> Rule:
        return rule(Layer("x", "x", op, (), (1, 1, 1), "CHW", attributes=attributes))

    assert of("hardtanh", min_val=-0.5, max_val=0.25) == Rule(low=-0.5, high=0.25)
    assert of("clamp", min=0.0, max=None) == of("relu") == Rule(clips=True)
    assert of("clamp", min=0.0, max=6.0) == of("relu6")
    assert of("clamp", unread="…") == of("gelu") == of("hardswish") == Rule()
