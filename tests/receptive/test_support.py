"""The sentence that decides: the real cells of a unit equal the gradient's support, cell for cell."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.errors import NetworkError
from explorer.receptive import reach, rules
from explorer.receptive.analyse import Fields, analyse
from explorer.receptive.reach import Reach
from tests.receptive.oracle import Oracle

FAMILIES = [
    "squeezenet1_1",
    "resnet18",
    "mobilenet_v2",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "regnet_x_400mf",
    "googlenet",
    "alexnet",
    "efficientnet_b0",
    "mobilenet_v3_small",
]


def check(oracle: Oracle, fields: Fields, layer_id: str, unit: tuple[int, int]) -> None:
    area, expected = fields.area(layer_id, unit), oracle.cells(layer_id, unit)
    found = np.zeros(expected.shape, bool)
    for part in area.parts:
        for y0, y1 in part.rows:
            for x0, x1 in part.columns:
                found[y0:y1, x0:x1] = True
    ys, xs = np.nonzero(expected)
    if area.exact:
        np.testing.assert_array_equal(found, expected, f"{layer_id} {unit}")
        clipped = (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) if len(ys) else None
        assert area.clipped == clipped
    else:
        assert not (expected & ~found).any(), f"{layer_id} {unit}"
    if len(ys):
        y0, x0, y1, x1 = area.box
        inside = y0 <= ys.min() and x0 <= xs.min() and y1 > ys.max() and x1 > xs.max()
        assert inside, f"box of {layer_id} {unit}"
        assert fields.seen_by(layer_id, (int(ys[0]), int(xs[0])))[unit]


def units(h: int, w: int, rng: random.Random) -> list[tuple[int, int]]:
    return [(h - 1, w - 1), (rng.randrange(h), 0), (rng.randrange(h), rng.randrange(w))]


@pytest.mark.parametrize("name", FAMILIES)
def test_torchvision(name: str) -> None:
    more = {"init_weights": False} if name == "googlenet" else {}
    oracle = Oracle(torchvision.models.get_model(name, weights=None, **more).eval(), (3, 75, 83))
    fields, rng = analyse(oracle.graph), random.Random(name)
    assert not any(field.certainty == "unknown" for _, field in fields)
    mapped = [layer.id for layer in oracle.graph if layer.axes == "CHW" and layer.output[1] > 1]
    for layer_id in rng.sample(mapped[:-1], 5) + mapped[-1:]:
        for unit in units(*fields.map_hw(layer_id), rng):
            check(oracle, fields, layer_id, unit)


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


@pytest.mark.parametrize(("name", "kind"), [("window", "conv"), ("transposed", "back"), ("bins", "bins")])
def test_a_planted_wrong_rule_is_seen(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(reach, name)
    oracle = Oracle(Small([(kind, 3, 2, 1, 1)]), (2, 19, 22))
    layer_id = oracle.graph.layers[-1].id
    check(oracle, analyse(oracle.graph), layer_id, (1, 1))
    monkeypatch.setattr(rules.reach, name, lambda *a: Reach(right(*a).taps + 1, right(*a).ratio))
    with pytest.raises(AssertionError):
        check(oracle, analyse(oracle.graph), layer_id, (1, 1))


@pytest.mark.parametrize("name", ["googlenet", "shufflenet_v2_x0_5", "resnet18"])
def test_the_units_that_see_any_of_some_cells(name: str) -> None:
    more = {"init_weights": False} if name == "googlenet" else {}
    oracle = Oracle(torchvision.models.get_model(name, weights=None, **more).eval(), (3, 75, 83))
    fields, rng = analyse(oracle.graph), np.random.default_rng(0)
    mapped = [layer.id for layer in oracle.graph if layer.axes == "CHW" and layer.output[1] > 1]
    for layer_id in mapped[:: len(mapped) // 6]:
        seen = rng.random((75, 83)) < 0.0005
        seen[int(rng.integers(75)), int(rng.integers(83))] = True
        expected = np.zeros(fields.map_hw(layer_id), bool)
        for y, x in np.argwhere(seen).tolist():
            expected |= fields.seen_by(layer_id, (y, x))
        np.testing.assert_array_equal(fields.that_see(layer_id, seen), expected, layer_id)
        for y, x in rng.permutation(np.argwhere(np.ones_like(expected)))[:4].tolist():
            assert fields.that_see(layer_id, seen)[y, x] == (oracle.cells(layer_id, (y, x)) & seen).any()
    assert not fields.that_see(layer_id, np.zeros((75, 83), bool)).any()
    with pytest.raises(NetworkError, match="75 × 83"):
        fields.that_see(layer_id, np.zeros((83, 75), bool))
