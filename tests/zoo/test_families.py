"""A spread of torchvision's families: everything that is said of a network against torch alone; all: ``make sweep``."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.zoo import from_torchvision, registry
from tests.zoo import proof

SIDES = {
    "alexnet": 96,
    "convnext_tiny": 64,
    "densenet121": 64,
    "efficientnet_b0": 64,
    "efficientnet_v2_s": 64,
    "inception_v3": 96,
    "mnasnet0_5": 64,
    "mobilenet_v3_small": 64,
    "regnet_y_400mf": 64,
    "resnext50_32x4d": 64,
    "shufflenet_v2_x0_5": 64,
    "squeezenet1_0": 64,
    "swin_t": 64,
    "vit_b_32": 224,
}


def opened(name: str, side: int) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(5)
    return registry.build(registry.card(name)), torch.randn(1, 3, side, side)


@pytest.mark.parametrize("name", SIDES)
def test_a_network_is_what_torch_says_it_is(name: str) -> None:
    module, x = opened(name, SIDES[name])
    found = proof.prove(module, x)
    assert found.parameters == registry.card(name).parameters
    assert 2 * found.macs == found.flops
    assert not found.constant
    assert found.worst[0] < 1e-4, found.worst
    assert found.proved > 0.25 * found.layers
    assert found.equal
    assert not found.left


def test_the_spread_has_most_families() -> None:
    families = {from_torchvision.card(name).family for name in SIDES}
    every = {card.family for card in registry.everything() if card.group == "torchvision" and card.task == "classify"}
    assert len(families) >= 12
    assert len(families) > 0.7 * len(every)


def test_the_proof_sees_a_map_that_was_overwritten() -> None:
    """What a capture that keeps references would give: the value after the in-place op."""
    from explorer.capture import capture, clones
    from explorer.graph.trace import trace

    module, x = opened("alexnet", 96)
    graph = trace(module, x)
    values = dict(capture(module, graph, x, clones(graph)).values)
    assert proof.compare(graph, values, module.double(), x.double())[0][0] < 1e-4
    values["features.0"] = values["features.1"]
    assert proof.compare(graph, values, module, x.double())[0] > (0.01, "")
