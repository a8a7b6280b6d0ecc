"""The sentence that decides, on random graphs: the real cells of a unit equal the gradient's support, cell for cell."""

from __future__ import annotations

import random

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.receptive.analyse import analyse
from tests.receptive.checks import check, units
from tests.receptive.oracle import Oracle


class Small(nn.Module):
    def __init__(self, steps: list[tuple[str, int, int, int, int]]) -> None:
        super().__init__()
        self.steps = steps
        self.layers = nn.ModuleList([self._layer(*step) for step in steps])

    @staticmethod
    def _layer(kind: str, k: int, s: int, d: int, p: int) -> nn.Module:
        return {
            "conv": lambda: nn.Conv2d(2, 2, (k, k + 1), s, p, (d, 1)),
            "pool": lambda: nn.MaxPool2d(k, s, min(p, k // 2), d, ceil_mode=True),
            "mean": lambda: nn.AvgPool2d(k, s, min(p, k // 2), ceil_mode=True),
            "up": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
            "nearest": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
            "back": lambda: nn.ConvTranspose2d(2, 2, k + 1, s, min(p, k), dilation=d),
            "pad": lambda: nn.ZeroPad2d((p, d, 0, s)),
            "bins": lambda: nn.AdaptiveAvgPool2d((k + 2, d + 3)),
            "branch": lambda: nn.Conv2d(2, 2, (k, 1), padding=(0, p), dilation=(d, 1)),
        }[kind]()

    def forward(self, x: Tensor) -> Tensor:
        for (kind, _k, s, _d, _p), layer in zip(self.steps, self.layers, strict=True):
            if kind != "branch":
                x = layer(x)
                continue
            other = layer(x)
            h, w = min(x.shape[2], other.shape[2]), min(x.shape[3], other.shape[3])
            x, other = x[:, :, -h:, :w], other[:, :, :h, -w:]
            x = torch.relu(x + other if s == 1 else torch.cat([x[:, :1], other[:, 1:]], 1))
        return x


KINDS = ("conv", "conv", "pool", "mean", "up", "nearest", "back", "pad", "bins", "branch", "branch")
ONE = st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2))


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ONE, min_size=1, max_size=5), st.integers(0, 1000))
def test_random_graphs(steps: list[tuple[str, int, int, int, int]], seed: int) -> None:
    module = Small(steps)
    try:
        with torch.no_grad():
            out = module(torch.zeros(1, 2, 19, 22))
    except RuntimeError:
        return
    if out.numel() == 0 or max(out.shape) > 90:
        return
    oracle = Oracle(module, (2, 19, 22))
    fields, rng = analyse(oracle.graph), random.Random(seed)
    for layer_id in [layer.id for layer in oracle.graph][-2:]:
        for unit in units(*fields.map_hw(layer_id), rng):
            check(oracle, fields, layer_id, unit)
