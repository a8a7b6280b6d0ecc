"""VGG: the paper's table of configurations, row by row, and torchvision's tensors in our names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.graph.trace import trace
from explorer.zoo import registry
from explorer.zoo.vgg import VGG

# Table 1 as the lecture prints it: a column a configuration, a row a stage.
COLUMNS = ("A", "A-LRN", "B", "C", "D", "E")
LAYERS = (11, 11, 13, 16, 16, 19)
ROWS = (
    ("64", "64 LRN", "64 64", "64 64", "64 64", "64 64"),
    ("128", "128", "128 128", "128 128", "128 128", "128 128"),
    ("256 256", "256 256", "256 256", "256 256 1-256", "256 256 256", "256 256 256 256"),
    ("512 512", "512 512", "512 512", "512 512 1-512", "512 512 512", "512 512 512 512"),
    ("512 512", "512 512", "512 512", "512 512 1-512", "512 512 512", "512 512 512 512"),
)
SIDES = (224, 112, 56, 28, 14)


@pytest.mark.parametrize("configuration", COLUMNS)
def test_a_column_of_table_1(configuration: str) -> None:
    column = COLUMNS.index(configuration)
    expected: list[tuple[Any, ...]] = []
    for row, side in zip(ROWS, SIDES, strict=True):
        for word in row[column].split():
            if word == "LRN":
                expected.append(("local_response_norm", 64, side))
                continue
            kernel, _, maps = word.rpartition("-")
            expected += [("conv2d", int(maps), side, int(kernel or 3), 1), ("relu", int(maps), side)]
        expected.append(("max_pool2d", int(expected[-1][1]), side // 2, 2, 2))
    expected += [("linear", 4096), ("relu", 4096), ("dropout", 4096)] * 2 + [("linear", 1000)]
    with torch.device("meta"):
        network = VGG(configuration).eval()
        graph = trace(network, torch.zeros(1, 3, 224, 224))
    found: list[tuple[Any, ...]] = []
    for layer in graph:
        if layer.op in ("input", "flatten"):
            continue
        about = layer.attributes
        window = (about["kernel"][0], about["stride"][0]) if "kernel" in about else ()
        found.append((layer.op, *layer.output[:2], *window))
        if layer.op == "conv2d":
            assert about["padding"] == [[about["kernel"][0] // 2] * 2] * 2
    assert found == expected
    weighted = [layer for layer in graph if layer.op in ("conv2d", "linear")]
    assert len(weighted) == LAYERS[column]


TORCHVISIONS = {"A": "vgg11", "B": "vgg13", "D": "vgg16", "E": "vgg19"}


@pytest.mark.parametrize("configuration", TORCHVISIONS)
def test_torchvisions_tensors_go_where_they_belong(configuration: str) -> None:
    with torch.device("meta"):
        own = VGG(configuration)
        official = models.get_model(TORCHVISIONS[configuration])
    state = {name: torch.tensor(float(i)).expand(t.shape) for i, (name, t) in enumerate(official.state_dict().items())}
    own.load_state_dict(dict(reversed(state.items())), assign=True)  # their order in the file does not count
    layers = [[n for n, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)] for net in (own, official)]
    assert len(layers[0]) == len(layers[1]) > 10
    found = own.state_dict()
    for mine, theirs in zip(*layers, strict=True):
        for kind in ("weight", "bias"):
            assert found[f"{mine}.{kind}"].flatten()[0] == state[f"{theirs}.{kind}"].flatten()[0], mine


def test_with_torchvisions_tensors_it_answers_as_torchvisions_does() -> None:
    torch.manual_seed(1)
    official = models.vgg11(init_weights=False).eval()
    own = registry.build(registry.card("vgg_a"), official.state_dict())
    picture = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(own(picture), official(picture))


def test_tensors_of_a_network_of_another_depth_are_refused() -> None:
    with torch.device("meta"):
        state = models.vgg13().state_dict()
        with pytest.raises(RuntimeError, match=r"Missing key.*conv1_1"):
            VGG("A").load_state_dict(state, assign=True)


def test_random_weights_are_glorots() -> None:
    network = registry.build(registry.card("vgg_a"))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fans = (module.weight[0].numel(), module.weight[:, 0].numel())
            assert float(module.weight.detach().std()) == pytest.approx((2 / sum(fans)) ** 0.5, rel=0.05)
            assert module.bias is not None
            assert not module.bias.any()
