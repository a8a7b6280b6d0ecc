"""AlexNet: the lecture's table row by row, the paper's groups and normalisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.zoo import registry
from explorer.zoo.response_norm import ResponseNorm

LECTURE = (
    ("conv1", "conv2d", (96, 55, 55), (11, 4, 0)),
    ("pool1", "max_pool2d", (96, 27, 27), (3, 2, 0)),
    ("norm1", "local_response_norm", (96, 27, 27), None),
    ("conv2", "conv2d", (256, 27, 27), (5, 1, 2)),
    ("pool2", "max_pool2d", (256, 13, 13), (3, 2, 0)),
    ("norm2", "local_response_norm", (256, 13, 13), None),
    ("conv3", "conv2d", (384, 13, 13), (3, 1, 1)),
    ("conv4", "conv2d", (384, 13, 13), (3, 1, 1)),
    ("conv5", "conv2d", (256, 13, 13), (3, 1, 1)),
    ("pool3", "max_pool2d", (256, 6, 6), (3, 2, 0)),
    ("fc6", "linear", (4096,), None),
    ("fc7", "linear", (4096,), None),
    ("fc8", "linear", (1000,), None),
)
"""The lecture's table: layer, what it is, its output, and kernel, stride, pad."""


@pytest.fixture(scope="module")
def lecture() -> tuple[nn.Module, Graph]:
    return traced("alexnet_lecture")


@pytest.fixture(scope="module")
def paper() -> tuple[nn.Module, Graph]:
    return traced("alexnet_paper")


def traced(name: str) -> tuple[nn.Module, Graph]:
    network = registry.build(registry.card(name))
    return network, trace(network, torch.zeros(1, 3, 227, 227))


def test_the_single_tower_is_the_lectures_table(lecture: tuple[nn.Module, Graph]) -> None:
    _, graph = lecture
    rows = [layer for layer in graph if layer.op not in ("input", "relu", "flatten", "dropout")]
    assert [(row.id, row.op, row.output) for row in rows] == [row[:3] for row in LECTURE]
    for row, (_, op, _, window) in zip(rows, LECTURE, strict=True):
        if window is None:
            continue
        kernel, stride, pad = window
        found = row.attributes
        assert (found["kernel"], found["stride"], found["padding"]) == ([kernel] * 2, [stride] * 2, [[pad, pad]] * 2)
        assert op != "conv2d" or found["groups"] == 1


def test_relu_follows_each_layer_with_weights_but_the_last(lecture: tuple[nn.Module, Graph]) -> None:
    _, graph = lecture
    followers = {layer.inputs[0] for layer in graph if layer.op == "relu"}
    assert followers == {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"}
    assert [layer.inputs for layer in graph if layer.op == "dropout"] == [("relu6",), ("relu7",)]


def test_the_paper_normalises_before_it_pools(paper: tuple[nn.Module, Graph]) -> None:
    _, graph = paper
    order = [layer.id for layer in graph if "norm" in layer.id or "pool" in layer.op or layer.op in ("conv2d", "relu")]
    first = order[: order.index("conv3")]
    halves = [f"norm{n}.{part}" for n in (1, 2) for part in ("local_response_norm", "local_response_norm:2", "cat")]
    kept = [name for name in first if "slice" not in name]
    assert kept == ["conv1", "relu1", *halves[:3], "pool1", "conv2", "relu2", *halves[3:], "pool2"]
    assert graph["norm1.cat"].output == (96, 55, 55)
    assert graph["pool1"].output == (96, 27, 27)


def test_the_papers_groups(paper: tuple[nn.Module, Graph]) -> None:
    # Section 3.5: kernels of layers 2, 4 and 5 see only the maps on their own card; those of layer 3 see all.
    network, graph = paper
    assert {layer.id: layer.attributes["groups"] for layer in graph if layer.op == "conv2d"} == {
        "conv1": 1, "conv2": 2, "conv3": 1, "conv4": 2, "conv5": 2,
    }  # fmt: skip
    shapes = [tuple(network.get_parameter(f"conv{n}.weight").shape[1:]) for n in range(1, 6)]
    assert shapes == [(3, 11, 11), (48, 5, 5), (256, 3, 3), (192, 3, 3), (192, 3, 3)]


@pytest.mark.parametrize(("name", "crosses"), [("alexnet_paper", False), ("alexnet_lecture", True)])
def test_whether_a_card_sees_the_others_maps_before_the_third_convolution(name: str, crosses: bool) -> None:
    network = registry.build(registry.card(name))
    assert isinstance(network, nn.Sequential)
    names = [n for n, _ in network.named_children()]
    before, after = network[: names.index("conv1") + 1], network[names.index("conv1") + 1 : names.index("conv3")]
    with torch.inference_mode():
        maps = before(torch.rand(1, 3, 227, 227, generator=torch.Generator().manual_seed(0)) * 100)
        changed = maps.clone()
        changed[:, 48:] += 10
        first, second = after(maps), after(changed)
    assert torch.equal(first[:, :128], second[:, :128]) is not crosses
    assert not torch.equal(first[:, 128:], second[:, 128:])


def response_norm(
    a: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The paper's formula, section 3.3: b_i = a_i / (k + α Σ_j a_j²)^β, j = max(0, i−n/2) … min(N−1, i+n/2)."""
    n, alpha, beta, k = 5, 1e-4, 0.75, 2.0
    b = np.empty_like(a)
    for i in range(a.shape[1]):
        first, last = max(0, i - n // 2), min(a.shape[1] - 1, i + n // 2)
        b[:, i] = a[:, i] / (k + alpha * (a[:, first : last + 1] ** 2).sum(1)) ** beta
    return b


@pytest.mark.parametrize("groups", [1, 2])
def test_response_norm_is_the_papers_formula(groups: int) -> None:
    a = np.random.default_rng(2).normal(0, 80, (2, 12, 3, 4))  # large enough for α to matter
    expected = np.concatenate([response_norm(part) for part in np.split(a, groups, axis=1)], axis=1)
    found = ResponseNorm(groups)(torch.from_numpy(a))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    torchs = nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0)(torch.from_numpy(a)).numpy()
    assert np.abs(torchs / expected - 1).max() > 0.1, "torch's own α is a fifth of the paper's"


def test_weights_begin_as_in_the_paper() -> None:
    network = registry.build(registry.card("alexnet_paper"))
    for name, tensor in network.named_parameters():
        layer, kind = name.split(".")
        if kind == "bias":
            expected = 1.0 if layer in ("conv2", "conv4", "conv5", "fc6", "fc7") else 0.0
            assert torch.equal(tensor, torch.full_like(tensor, expected)), name
        else:
            assert_normal(tensor.detach())


def assert_normal(tensor: Tensor) -> None:
    assert float(tensor.mean()) == pytest.approx(0, abs=5 * 0.01 / tensor.numel() ** 0.5)
    assert float(tensor.std()) == pytest.approx(0.01, rel=0.02)
