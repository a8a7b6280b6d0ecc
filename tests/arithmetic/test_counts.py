"""Weights against torch and against what is published; layers as people write them."""

from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.arithmetic.counts import Layer, Plan, count, layer
from explorer.errors import PersonError


def module(plan: Plan) -> nn.Sequential:
    """Build the network in torch, without memory for its weights; layers with inputs of their own stand alone."""
    layers: list[nn.Module] = []
    shape = plan.input
    for one in plan.layers:
        if one.kind == "conv":
            channels = shape[0] if one.inputs is None else one.inputs
            layers.append(nn.Conv2d(channels, one.outputs, one.kernel, padding="same", bias=plan.bias, device="meta"))
            shape = (one.outputs, *shape[1:])
        elif one.kind == "fc":
            given = prod(shape) if one.inputs is None else one.inputs
            layers += [nn.Flatten(), nn.Linear(given, one.outputs, plan.bias, device="meta")]
            shape = (one.outputs, 1, 1)
        elif one.kind == "maxpool":
            layers.append(nn.MaxPool2d(2))
            shape = (shape[0], shape[1] // 2, shape[2] // 2)
        else:
            layers.append(nn.AdaptiveAvgPool2d(1))
            shape = (shape[0], 1, 1)
    return nn.Sequential(*layers)


def _plan(text: str, input: tuple[int, int, int] = (3, 224, 224), bias: bool = False) -> Plan:
    return Plan(input, tuple(map(layer, text.split())), bias)


LAYERS = st.sampled_from(["conv3-8", "conv1-5", "conv5-7", "maxpool", "conv3-3"])


@settings(max_examples=60, deadline=None)
@given(st.lists(LAYERS, max_size=5), st.booleans(), st.booleans(), st.tuples(*[st.integers(32, 70)] * 2))
def test_networks_of_all_kinds(words: list[str], head: bool, bias: bool, size: tuple[int, int]) -> None:
    plan = _plan(" ".join([*words, *(["global"] if head else []), "fc-11", "fc-4"]), (3, *size), bias)
    found, built = count(plan), module(plan)
    assert found.total == sum(weight.numel() for weight in built.parameters())
    assert found.biases == sum(weight.numel() for name, weight in built.named_parameters() if name.endswith("bias"))
    assert tuple(built(torch.empty(1, *plan.input, device="meta")).shape) == (1, 4)
    assert eval(found.worked.split(" = ")[0].replace("·", "*")) == found.weights


def test_vgg_16() -> None:
    """Configuration D has 138 million (Simonyan and Zisserman 2015, table 2); torchvision counts 138,357,544."""
    convs = "conv3-64 conv3-64 maxpool conv3-128 conv3-128 maxpool conv3-256 conv3-256 conv3-256 maxpool "
    convs += "conv3-512 conv3-512 conv3-512 maxpool conv3-512 conv3-512 conv3-512 maxpool "
    found = count(_plan(convs + "fc-4096 fc-4096 fc-1000", bias=True))
    assert found.total == 138_357_544
    assert found.rows[-4].output == (512, 7, 7)


def test_as_the_lecture_counts() -> None:
    row = count(_plan("conv3-256@1")).rows[0]
    assert (row.inputs, row.weights, row.worked) == (1, 2304, "9·256")
    row = count(_plan("fc-1000@1024")).rows[0]
    assert (row.inputs, row.weights, row.worked) == (1024, 1_024_000, "1024·1000")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("conv3-128", Layer("conv", 128, 3)),
        ("CONV5-6@3", Layer("conv", 6, 5, 3)),
        ("fc-1000", Layer("fc", 1000)),
        ("FC1000@1024", Layer("fc", 1000, 0, 1024)),
        ("maxpool", Layer("maxpool")),
        (" global ", Layer("global")),
    ],
)
def test_a_layer_as_it_is_written(text: str, wanted: Layer) -> None:
    assert layer(text) == wanted
    assert layer(wanted.text) == wanted


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("conv", "“conv” is no layer: write conv3-128"),
        ("", "“” is no layer"),
        ("conv3-a", "“conv3-a” is no layer"),
        ("pool", "is no layer"),
        ("fc-1.5", "is no layer"),
        ("fc-0", "Outputs cannot be 0: it is a whole number from 1 to 100000"),
        ("conv0-8", "Kernel cannot be 0"),
        ("conv99-8", "Kernel cannot be 99: it is a whole number from 1 to 63"),
        ("fc-999999", "Outputs cannot be 999999"),
        ("conv3-8@0", "Inputs cannot be 0"),
        ("fc-9999999999", "is no layer"),
        ("maxpool@3", "is no layer"),
    ],
)
def test_what_is_no_layer(text: str, part: str) -> None:
    with pytest.raises(PersonError) as caught:
        layer(text)
    assert part in str(caught.value)


def test_what_is_no_network() -> None:
    with pytest.raises(PersonError, match="cannot have 0 layers"):
        Plan((3, 8, 8), ())
    with pytest.raises(PersonError, match="The input cannot be 3 × 0 × 8"):
        _plan("fc-1", (3, 0, 8))
    with pytest.raises(PersonError, match="Layer 2: a 2×2 pooling does not fit into 1 × 4"):
        _plan("maxpool maxpool", (1, 2, 8))
    with pytest.raises(PersonError, match="cannot have 65 layers"):
        _plan("fc-1 " * 65)
    with pytest.raises(PersonError, match="“lstm” is no layer"):
        Layer("lstm")  # type: ignore[arg-type]
