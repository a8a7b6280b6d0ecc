"""Ops, weights and multiply-accumulates against published figures; on the meta device, computing nothing."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
import torch
import torchvision
from torch import nn

from explorer.graph.trace import trace
from explorer.graph.values import Graph


@cache
def traced(name: str, size: int = 224, **arguments: object) -> tuple[nn.Module, Graph]:
    with torch.device("meta"):
        network = torchvision.models.get_model(name, weights=None, **arguments)
    return network, trace(network, torch.empty(1, 3, size, size, device="meta"))


@pytest.mark.parametrize(
    ("name", "parameters", "gmacs"),
    [  # torchvision's own table: num_params and _ops (GFLOPS there counts a multiply-accumulate once)
        ("alexnet", 61_100_840, 0.714),
        ("vgg16", 138_357_544, 15.470),
        ("resnet18", 11_689_512, 1.814),
        ("resnet50", 25_557_032, 4.089),
        ("densenet121", 7_978_856, 2.834),
        ("squeezenet1_1", 1_235_496, 0.349),
        ("mobilenet_v2", 3_504_872, 0.301),
        ("shufflenet_v2_x1_0", 2_278_604, 0.145),
        ("efficientnet_b0", 5_288_548, 0.386),
        ("convnext_tiny", 28_589_128, 4.456),
        ("vit_b_16", 86_567_656, 17.564),
        ("swin_t", 28_288_354, 4.491),
    ],
)
def test_parameters_and_macs_are_the_published_ones(name: str, parameters: int, gmacs: float) -> None:
    network, graph = traced(name)
    assert sum(layer.parameters for layer in graph) == parameters == sum(p.numel() for p in network.parameters())
    assert sum(layer.macs for layer in graph) / 1e9 == pytest.approx(gmacs, abs=6e-4)


def test_what_leaf_hooks_miss_is_there() -> None:
    googlenet = Counter(layer.op for layer in traced("googlenet", init_weights=False, aux_logits=False)[1])
    assert (googlenet["conv2d"], googlenet["relu"], googlenet["cat"]) == (57, 57, 9)
    densenet = Counter(layer.op for layer in traced("densenet121")[1])
    assert (densenet["conv2d"], densenet["relu"], densenet["cat"]) == (120, 121, 62)
    resnet = Counter(layer.op for layer in traced("resnet50")[1])
    assert (resnet["conv2d"], resnet["relu"], resnet["add"]) == (53, 49, 16)


def test_unused_heads_are_no_rows_and_not_counted() -> None:
    network, graph = traced("inception_v3", 299, init_weights=False)
    unused = sum(p.numel() for p in network.AuxLogits.parameters())
    assert sum(layer.parameters for layer in graph) == sum(p.numel() for p in network.parameters()) - unused
    assert not any(layer.name.startswith("AuxLogits") for layer in graph)


def test_the_main_output_of_several() -> None:
    network, graph = traced("deeplabv3_resnet50", 64, weights_backbone=None, aux_loss=True)
    assert graph.output.id == "interpolate"
    assert graph.outputs == ("interpolate", "interpolate:2")
    assert graph.output.inputs == ("classifier.4",)
    assert graph.output.output == (21, 64, 64)
    assert sum(layer.parameters for layer in graph) == sum(p.numel() for p in network.parameters())


def test_a_known_layer_word_for_word() -> None:
    _, graph = traced("resnet18")
    assert graph.input == (3, 224, 224)
    first, pool, add = graph["conv1"], graph["maxpool"], graph["layer2.0.add"]
    assert (first.op, first.output, first.axes, first.parameters, first.macs, first.module, first.block) == (
        "conv2d", (64, 112, 112), "CHW", 9408, 118_013_952, "Conv2d", ""
    )  # fmt: skip
    assert first.attributes == {
        "kernel": [7, 7], "stride": [2, 2], "dilation": [1, 1], "padding": [[3, 3], [3, 3]], "groups": 1, "bias": False
    }  # fmt: skip
    assert pool.attributes == {
        "kernel": [3, 3], "stride": [2, 2], "dilation": [1, 1], "padding": [[1, 1], [1, 1]], "ceil_mode": False
    }  # fmt: skip
    assert add.inputs == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert (add.name, add.module, add.block) == ("layer2.0.add", "BasicBlock", "layer2.0")
    assert graph["layer2.0.relu:2"].name == "layer2.0.relu"
    assert graph["layer2.0.downsample.0"].block == "layer2.0.downsample"


@pytest.mark.parametrize(
    ("name", "layer", "output", "axes"),
    [
        ("vit_b_16", "conv_proj", (768, 14, 14), "CHW"),
        ("vit_b_16", "reshape", (768, 196), "CL"),
        ("vit_b_16", "cat", (197, 768), "LC"),
        ("vit_b_16", "encoder.layers.encoder_layer_11.self_attention", (197, 768), "LC"),
        ("vit_b_16", "slice", (768,), "C"),
        ("vit_b_16", "heads.head", (1000,), "C"),
        ("convnext_tiny", "features.1.0.block.0", (96, 56, 56), "CHW"),
        ("convnext_tiny", "features.1.0.block.1", (56, 56, 96), "HWC"),
        ("convnext_tiny", "features.1.0.block.3", (56, 56, 384), "HWC"),
        ("convnext_tiny", "features.1.0.multiply", (96, 56, 56), "CHW"),
        ("convnext_tiny", "features.2.0", (56, 56, 96), "HWC"),
        ("convnext_tiny", "features.2.0.permute:2", (96, 56, 56), "CHW"),
        ("swin_t", "features.0.2", (56, 56, 96), "HWC"),
        ("swin_t", "features.1.0.attn.linear", (64, 49, 288), "?LC"),
        ("swin_t", "features.1.1.add", (56, 56, 96), "HWC"),
        ("swin_t", "features.2.reduction", (28, 28, 192), "HWC"),
        ("swin_t", "head", (1000,), "C"),
        ("shufflenet_v2_x1_0", "stage2.1.reshape", (2, 58, 28, 28), "?CHW"),
        ("shufflenet_v2_x1_0", "stage2.1.reshape:2", (116, 28, 28), "CHW"),
        ("alexnet", "flatten", (9216,), "C"),
    ],
)
def test_axes_are_followed(name: str, layer: str, output: tuple[int, ...], axes: str) -> None:
    found = traced(name)[1][layer]
    assert (found.output, found.axes) == (output, axes)
