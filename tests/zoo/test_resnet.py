"""ResNet: its table, both places of the stride, and torchvision's networks as another opinion."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.zoo import registry
from explorer.zoo.resnet import ResNet, StrideIn

# Table 1: building blocks in each stage, and multiply-adds in 10⁹ (cut or rounded to a digit).
TABLE_1 = {
    18: ((2, 2, 2, 2), 1.8),
    34: ((3, 4, 6, 3), 3.6),
    50: ((3, 4, 6, 3), 3.8),
    101: ((3, 4, 23, 3), 7.6),
    152: ((3, 8, 36, 3), 11.3),
}


def traced(depth: int, stride_in: StrideIn = "1x1") -> Graph:
    with torch.device("meta"):
        return trace(ResNet(depth, stride_in).eval(), torch.zeros(1, 3, 224, 224))


@pytest.mark.parametrize("depth", TABLE_1)
def test_a_column_of_table_1(depth: int) -> None:
    graph = traced(depth)
    blocks, giga = TABLE_1[depth]
    assert graph["conv1"].output == (64, 112, 112)
    assert graph["pool1"].output == (64, 56, 56)
    widen = 1 if depth < 50 else 4
    for stage, (count, width, side) in enumerate(zip(blocks, (64, 128, 256, 512), (56, 28, 14, 7), strict=True), 2):
        adds = [layer for layer in graph if layer.op == "add" and layer.id.startswith(f"conv{stage}_")]
        assert [layer.output for layer in adds] == [(width * widen, side, side)] * count
        for n in range(1, count + 1):
            inside = [row for row in graph if row.id.startswith(f"conv{stage}_{n}.conv") and row.op == "conv2d"]
            kernels = [row.attributes["kernel"][0] for row in inside]
            assert kernels == ([3, 3] if depth < 50 else [1, 3, 1])
            assert [row.output[0] for row in inside] == ([width] * 2 if depth < 50 else [width, width, 4 * width])
    main = [row for row in graph if row.op in ("conv2d", "linear") and "projection" not in row.id]
    assert len(main) == depth
    assert graph["avg_pool"].output == (512 * widen, 1, 1)
    assert graph.output.output == (1000,)
    assert sum(layer.macs for layer in graph) / 1e9 == pytest.approx(giga, abs=0.07)


@pytest.mark.parametrize("stride_in", get_args(StrideIn))
@pytest.mark.parametrize("depth", [50, 101, 152])
def test_where_a_bottleneck_halves_the_size(depth: int, stride_in: StrideIn) -> None:
    graph = traced(depth, stride_in)
    strided = {row.id for row in graph if row.op == "conv2d" and row.attributes["stride"] == [2, 2]}
    place = "conv1" if stride_in == "1x1" else "conv2"
    halving = {f"conv{stage}_1.{name}" for stage in (3, 4, 5) for name in (place, "projection.conv")}
    assert strided == {"conv1", *halving}
    for stage in (3, 4, 5):
        assert graph[f"conv{stage}_1.{place}"].attributes["kernel"] == ([1, 1] if stride_in == "1x1" else [3, 3])


@pytest.mark.parametrize("depth", [18, 34])
def test_smaller_ones_halve_in_the_first_3x3(depth: int) -> None:
    graph = traced(depth)
    strided = {row.id for row in graph if row.op == "conv2d" and row.attributes["stride"] == [2, 2]}
    assert strided == {"conv1", *(f"conv{s}_1.{name}" for s in (3, 4, 5) for name in ("conv1", "projection.conv"))}


def test_only_where_the_shape_changes_the_shortcut_is_projected() -> None:
    assert [row.id for row in traced(50) if row.id.endswith("projection.conv")] == [
        f"conv{stage}_1.projection.conv" for stage in (2, 3, 4, 5)
    ]
    assert [row.id for row in traced(34) if row.id.endswith("projection.conv")] == [
        f"conv{stage}_1.projection.conv" for stage in (3, 4, 5)
    ]


def test_normalisation_follows_each_convolution_and_the_sum_is_rectified() -> None:
    graph = traced(50)
    normalised = {row.inputs[0] for row in graph if row.op == "batch_norm"}
    assert normalised == {row.id for row in graph if row.op == "conv2d"}
    assert graph["conv3_1.add"].inputs == ("conv3_1.norm3", "conv3_1.projection.norm")
    assert graph["conv3_2.add"].inputs == ("conv3_2.norm3", "conv3_1.relu3")
    assert {row.inputs[0] for row in graph if row.op == "relu"} >= {row.id for row in graph if row.op == "add"}


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_with_torchvisions_tensors_it_answers_as_torchvisions_does(depth: int) -> None:
    torch.manual_seed(1)
    official = models.get_model(f"resnet{depth}").eval()
    state = official.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith("running_mean"):
            tensor.normal_(0, 0.1)
    own = ResNet(depth, "3x3").eval()
    own.load_state_dict(state, assign=True)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = official(picture)
        assert torch.equal(own(picture), expected)
        paper = ResNet(depth).eval()
        paper.load_state_dict(state, assign=True)
        assert torch.equal(paper(picture), expected) is (depth < 50), "tensors do not tell where the stride is"


def test_only_what_is_the_same_network_offers_torchvisions_weights() -> None:
    assert {depth: bool(registry.card(f"resnet{depth}_paper").weights) for depth in TABLE_1} == {
        18: True, 34: True, 50: False, 101: False, 152: False,
    }  # fmt: skip


def test_tensors_of_another_depth_are_refused() -> None:
    with torch.device("meta"):
        network: nn.Module = ResNet(18)
        with pytest.raises(RuntimeError, match=r"Unexpected key.*conv2_3"):
            network.load_state_dict(models.resnet34().state_dict(), assign=True)
