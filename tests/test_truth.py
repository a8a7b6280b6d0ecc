"""The sentence that decides: every op is seen, and every map is what a float64 reference says it is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.capture import capture, clones
from explorer.graph.trace import trace


class Tricky(nn.Module):
    """Functional relu, a reused module, ``out += x``, in-place relu and cat."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.first(x))
        out = self.shared(x)
        out = self.relu(out)
        out = self.shared(out)
        out += x
        out = self.relu(out)
        both = torch.cat([out, x], dim=1)
        return self.last(functional.adaptive_avg_pool2d(both, 1).flatten(1))


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 3 × 3 convolution with padding 1 in float64, as nine shifted products: no torch convolution."""
    _, h, w = x.shape
    padded = torch.zeros(x.shape[0], h + 2, w + 2, dtype=torch.float64)
    padded[:, 1:-1, 1:-1] = x
    total = torch.zeros(weight.shape[0], h, w, dtype=torch.float64)
    for i in range(3):
        for j in range(3):
            total += torch.einsum("oc,chw->ohw", weight[:, :, i, j].double(), padded[:, i : i + h, j : j + w])
    return total if bias is None else total + bias.double()[:, None, None]


def reference(network: Tricky, x: Tensor) -> dict[str, Tensor]:
    """Every map of ``Tricky`` in float64, written by hand; nothing is overwritten."""
    first = convolved(x[0].double(), network.first.weight.detach(), network.first.bias.detach())
    relu = first.clamp(min=0)
    shared = convolved(relu, network.shared.weight.detach(), None)
    in_place = torch.where(shared > 0, shared, torch.zeros_like(shared))
    shared_2 = convolved(in_place, network.shared.weight.detach(), None)
    added = shared_2 + relu
    in_place_2 = torch.where(added > 0, added, torch.zeros_like(added))
    both = torch.stack([*in_place_2, *relu])
    pooled = both.sum(dim=(1, 2)) / (both.shape[1] * both.shape[2])
    last = network.last.weight.detach().double() @ pooled + network.last.bias.detach().double()
    return {
        "input": x[0].double(),
        "first": first,
        "relu": relu,
        "shared": shared,
        "relu:2": in_place,
        "shared:2": shared_2,
        "add": added,
        "relu:3": in_place_2,
        "cat": both,
        "adaptive_avg_pool2d": pooled[:, None, None],
        "flatten": pooled,
        "last": last,
    }


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_every_op_is_seen_and_every_map_is_the_reference(memory_format: torch.memory_format) -> None:
    torch.manual_seed(1)
    network = Tricky().eval().to(memory_format=memory_format)
    x = torch.randn(1, 3, 9, 7).contiguous(memory_format=memory_format)
    expected = reference(network, x)
    graph = trace(network, torch.zeros_like(x))
    assert [layer.id for layer in graph] == list(expected)
    assert {layer.id: layer.inputs for layer in graph} == {
        "input": (),
        "first": ("input",),
        "relu": ("first",),
        "shared": ("relu",),
        "relu:2": ("shared",),
        "shared:2": ("relu:2",),
        "add": ("shared:2", "relu"),
        "relu:3": ("add",),
        "cat": ("relu:3", "relu"),
        "adaptive_avg_pool2d": ("cat",),
        "flatten": ("adaptive_avg_pool2d",),
        "last": ("flatten",),
    }
    assert graph["relu:2"].parameters == 0
    assert (graph["shared"].parameters, graph["shared:2"].parameters) == (8 * 8 * 9, 0)
    assert sum(layer.parameters for layer in graph) == sum(p.numel() for p in network.parameters())
    captured = capture(network, graph, x, clones(graph))
    for name, map_ in expected.items():
        found = captured.values[name][0]
        assert tuple(found.shape) == graph[name].output == tuple(map_.shape)
        torch.testing.assert_close(
            found.double(), map_, rtol=1e-5, atol=1e-6, msg=lambda text, at=name: f"{at}: {text}"
        )
    with torch.inference_mode():
        assert torch.equal(captured.returned, network(x))


def test_the_references_differ_where_overwriting_would_show() -> None:
    """So that a capture that kept the overwritten tensor could not pass."""
    torch.manual_seed(1)
    network = Tricky().eval()
    maps = reference(network, torch.randn(1, 3, 9, 7))
    for before, after in (("shared", "relu:2"), ("shared:2", "add"), ("add", "relu:3")):
        assert (maps[before] - maps[after]).abs().max() > 0.01


def test_a_module_used_again_under_its_functional_name_keeps_both_names_apart() -> None:
    class Clash(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return functional.relu(self.relu(x) - 1) + torch.relu(x)

    graph = trace(Clash(), torch.zeros(1, 3, 4, 4))
    assert [(layer.id, layer.name, layer.op, layer.module) for layer in graph][1:] == [
        ("relu", "relu", "relu", "ReLU"),
        ("subtract", "subtract", "subtract", ""),
        ("relu:2", "relu", "relu", ""),
        ("relu:3", "relu", "relu", ""),
        ("add", "add", "add", ""),
    ]
