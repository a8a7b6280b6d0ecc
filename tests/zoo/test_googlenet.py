"""GoogLeNet: its table, its counts and where its auxiliary heads are, against what the paper prints."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.zoo.googlenet import GoogLeNet

# Table 1: name, output side, output maps, 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool proj, ops in M.
TABLE_1 = (
    ("3a", 28, 256, (64, 96, 128, 16, 32, 32), 128),
    ("3b", 28, 480, (128, 128, 192, 32, 96, 64), 304),
    ("4a", 14, 512, (192, 96, 208, 16, 48, 64), 73),
    ("4b", 14, 512, (160, 112, 224, 24, 64, 64), 88),
    ("4c", 14, 512, (128, 128, 256, 24, 64, 64), 100),
    ("4d", 14, 528, (112, 144, 288, 32, 64, 64), 119),
    ("4e", 14, 832, (256, 160, 320, 32, 128, 128), 170),
    ("5a", 7, 832, (256, 160, 320, 32, 128, 128), 54),
    ("5b", 7, 1024, (384, 192, 384, 48, 128, 128), 71),
)
BRANCHES = (("one", 1), ("three_reduce", 1), ("three", 3), ("five_reduce", 1), ("five", 5), ("pool_proj", 1))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    with torch.device("meta"):
        return GoogLeNet().eval()


@pytest.fixture(scope="module")
def graph(network: nn.Module) -> Graph:
    with torch.device("meta"):
        return trace(network, torch.zeros(1, 3, 224, 224))


@pytest.mark.parametrize(("name", "side", "maps", "row", "mega"), TABLE_1)
def test_an_inception_module_is_its_row(
    graph: Graph, name: str, side: int, maps: int, row: tuple[int, ...], mega: int
) -> None:
    path = f"inception_{name}"
    convolutions = [graph[f"{path}.{branch}.conv"] for branch, _ in BRANCHES]
    assert [layer.output for layer in convolutions] == [(count, side, side) for count in row]
    assert [layer.attributes["kernel"] for layer in convolutions] == [[kernel] * 2 for _, kernel in BRANCHES]
    assert all(layer.attributes["stride"] == [1, 1] for layer in convolutions)
    joined = graph[f"{path}.cat"]
    assert joined.output == (maps, side, side)
    assert joined.inputs == tuple(f"{path}.{branch}.relu" for branch in ("one", "three", "five", "pool_proj"))
    pool = graph[f"{path}.pool"]
    assert (pool.op, pool.attributes["kernel"], pool.attributes["stride"]) == ("max_pool2d", [3, 3], [1, 1])
    assert graph[f"{path}.pool_proj.conv"].inputs == (pool.id,)
    mine = 51 if name == "5a" else mega  # the paper's 54 does not follow from the maps that it prints beside it
    assert sum(layer.macs for layer in convolutions) / 1e6 == pytest.approx(mine, abs=1)


def test_the_stem_and_the_end_are_the_tables(graph: Graph) -> None:
    rows = [
        # Table 1, and figure 3 for where the normalisations are
        ("conv1.conv", "conv2d", (64, 112, 112)),
        ("pool1", "max_pool2d", (64, 56, 56)),
        ("norm1", "local_response_norm", (64, 56, 56)),
        ("conv2_reduce.conv", "conv2d", (64, 56, 56)),
        ("conv2.conv", "conv2d", (192, 56, 56)),
        ("norm2", "local_response_norm", (192, 56, 56)),
        ("pool2", "max_pool2d", (192, 28, 28)),
        ("pool3", "max_pool2d", (480, 14, 14)),
        ("pool4", "max_pool2d", (832, 7, 7)),
        ("avg_pool", "avg_pool2d", (1024, 1, 1)),
        ("dropout", "dropout", (1024,)),
        ("linear", "linear", (1000,)),
    ]
    outside = [
        (layer.id, layer.op, layer.output)
        for layer in graph
        if not layer.id.startswith(("inception", "auxiliary")) and layer.op not in ("input", "relu", "flatten")
    ]
    assert outside == rows
    assert graph["conv1.conv"].attributes["kernel"] == [7, 7]
    assert graph["conv1.conv"].attributes["stride"] == [2, 2]
    second = [graph["conv2_reduce.conv"], graph["conv2.conv"]]
    assert sum(layer.parameters - layer.output[0] for layer in second) == 112 * 1024, "the table's 112K, no biases"
    assert sum(layer.macs for layer in second) / 1e6 == pytest.approx(360, abs=1)
    assert graph["linear"].parameters == 1000 * 1024 + 1000
    relus = sum(layer.op == "relu" for layer in graph)
    assert relus == sum(layer.op == "conv2d" for layer in graph) + 2, "after each convolution, and in each head"
    assert not any(layer.op == "batch_norm" for layer in graph)


@pytest.mark.parametrize(("name", "maps"), [("4a", 512), ("4d", 528)])
def test_auxiliary_heads_are_those_of_section_5(graph: Graph, network: nn.Module, name: str, maps: int) -> None:
    head = f"auxiliary_{name}"
    rows = [layer for layer in graph if layer.id.startswith(head)]
    assert [(row.op, row.output) for row in rows] == [
        ("avg_pool2d", (maps, 4, 4)),
        ("conv2d", (128, 4, 4)),
        ("relu", (128, 4, 4)),
        ("flatten", (2048,)),
        ("linear", (1024,)),
        ("relu", (1024,)),
        ("dropout", (1024,)),
        ("linear", (1000,)),
    ]
    assert rows[0].inputs == (f"inception_{name}.cat",)
    assert (rows[0].attributes["kernel"], rows[0].attributes["stride"]) == ([5, 5], [3, 3])
    dropout = network.get_submodule(f"{head}.dropout")
    assert isinstance(dropout, nn.Dropout)
    assert dropout.p == 0.7


def test_the_end_is_the_answer_and_the_heads_are_returned_beside_it(graph: Graph, network: nn.Module) -> None:
    assert graph.outputs == ("linear", "auxiliary_4a.fc2", "auxiliary_4d.fc2")
    dropout = network.get_submodule("dropout")
    assert isinstance(dropout, nn.Dropout)
    assert dropout.p == 0.4


def test_parameters_are_those_summed_by_hand(network: nn.Module) -> None:
    """The paper prints none to the digit: sums of (inputs × kernel² + 1) × maps."""
    total = (3 * 49 + 1) * 64 + (64 + 1) * 64 + (64 * 9 + 1) * 192
    inputs = 192
    for _, _, maps, (one, reduce3, three, reduce5, five, projected), _ in TABLE_1:
        total += (inputs + 1) * (one + reduce3 + reduce5 + projected)
        total += (reduce3 * 9 + 1) * three + (reduce5 * 25 + 1) * five
        inputs = maps
    total += (1024 + 1) * 1000
    assert total == 6_998_552
    for maps in (512, 528):
        total += (maps + 1) * 128 + (128 * 4 * 4 + 1) * 1024 + (1024 + 1) * 1000
    assert total == 13_378_280
    assert sum(p.numel() for p in network.parameters()) == total
