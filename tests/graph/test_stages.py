"""The columns of the overview: against the papers' tables of shapes, and every path found one by one."""

from __future__ import annotations

import random
from collections import OrderedDict
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.graph import stages as module
from explorer.graph.stages import MOST_STAGES, stages
from explorer.graph.trace import trace
from explorer.graph.values import Graph, Layer
from explorer.zoo import registry

SHAPES = {
    "lenet5": [(1, 32, 32), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (10,)],
    "vgg16": [(3, 224, 224), (64, 224, 224), (128, 112, 112), (256, 56, 56), (512, 28, 28), (512, 14, 14), (1000,)],
    "googlenet": [(3, 224, 224), (64, 112, 112), (192, 56, 56), (480, 28, 28), (832, 14, 14), (1024, 7, 7), (1000,)],
    "resnet152": [(3, 224, 224), (64, 112, 112), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7), (1000,)],
}
"""Picture, stages, answer: LeCun 1998 figure 2, Simonyan 2014 table 1 (D), Szegedy 2014 table 1, He 2015 table 1."""


@cache
def traced(name: str) -> Graph:
    card = registry.card(name)
    return trace(registry.skeleton(card), torch.empty(1, *card.preparation.input_chw, device="meta"))


@pytest.mark.parametrize("name", SHAPES)
def test_the_columns_are_the_stages_of_the_paper(name: str) -> None:
    assert [stage.layer.output for stage in stages(traced(name))] == SHAPES[name]


def test_a_residual_network_has_a_column_a_block() -> None:
    titles = [stage.title for stage in stages(traced("resnet18"))]
    blocks = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert titles == ["input", "conv1", "maxpool", *blocks, "fc"]


def test_a_stage_ends_after_its_activation_and_before_a_block_that_goes_on() -> None:
    found = stages(traced("lenet5"))
    assert [stage.layer.id for stage in found] == ["input", "relu1", "s2", "relu3", "s4", "output"]
    assert [stage.pools for stage in found] == [False, False, True, False, True, False]
    ends = [stage.layer.id for stage in stages(traced("efficientnet_lite0"))]
    assert "blocks.0.bn2" in ends, "blocks.1 widens at this size, but goes on in the next"
    assert not any("pad" in end for end in ends), "padding belongs to what follows"


@pytest.mark.parametrize("most", [3, 4, 6, 12, 40])
def test_there_are_never_more_columns_than_wanted(most: int) -> None:
    found = stages(traced("googlenet"), most)
    assert 3 <= len(found) <= most
    assert found[0].layer.id == "input"
    assert found[-1].layer.id == "fc"
    order = [layer.id for layer in traced("googlenet")]
    places = [order.index(stage.layer.id) for stage in found]
    assert places == sorted(set(places)), "in the order in which they run, none twice"


def test_more_room_shows_every_inception_module() -> None:
    ids = [stage.layer.id for stage in stages(traced("googlenet"), 20)]
    assert [name for name in ids if name.endswith(".cat")] == [
        f"inception{module}.cat" for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    ]


def test_a_network_without_convolutions_has_picture_and_answer() -> None:
    layers = (
        Layer("input", "input", "input", (), (1, 8, 8), "CHW"),
        Layer("flatten", "flatten", "flatten", ("input",), (64,), "C"),
        Layer("fc", "fc", "linear", ("flatten",), (10,), "C", macs=640),
    )
    assert [stage.layer.id for stage in stages(Graph(layers))] == ["input", "fc"]


def _random_graph(size: int, seed: int) -> Graph:
    rng = random.Random(seed)
    layers = [Layer("input", "input", "input", (), (4, 8, 8), "CHW")]
    for place in range(1, size):
        near = list(range(max(0, place - 4), place))
        inputs = rng.sample(near, rng.randint(0 if place < size - 1 else 1, min(2, len(near))))
        layers.append(
            Layer(f"x{place}", f"x{place}", "add", tuple(layers[k].id for k in inputs), (4, 8, 8), "CHW", macs=1)
        )
    return Graph(tuple(layers))


def _paths(graph: Graph) -> list[set[str]]:
    """Every path from the input to the answer, one by one."""
    after: dict[str, list[str]] = {layer.id: [] for layer in graph}
    for layer in graph:
        for before in layer.inputs:
            after[before].append(layer.id)
    found: list[set[str]] = []

    def walk(at: str, gone: tuple[str, ...]) -> None:
        if at == graph.output.id:
            found.append({*gone, at})
        for following in after[at]:
            walk(following, (*gone, at))

    walk("input", ())
    return found


@given(st.integers(2, 11), st.integers(0, 10_000))
def test_the_trunk_is_what_all_paths_share(size: int, seed: int) -> None:
    graph = _random_graph(size, seed)
    paths = _paths(graph)
    wanted = set.intersection(*paths) if paths else set()
    assert {layer.id for layer, _since in module._trunk(graph)} == wanted


def test_the_limit_is_what_a_window_can_show() -> None:
    for name in ("alexnet", "densenet201", "mobilenet_v2", "squeezenet1_1"):
        assert 3 < len(stages(traced(name))) <= MOST_STAGES


def test_an_op_without_a_name_is_called_after_its_module() -> None:
    titles = [stage.title for stage in stages(traced("lenet5_1998"))]
    assert titles == ["input", "c1", "s2", "c3", "s4", "output"], "figure 2 of LeCun 1998"


def test_no_two_columns_have_one_title() -> None:
    class Body(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.nn.functional.max_pool2d(x, 2)
            return torch.nn.functional.avg_pool2d(x, 2)

    network = torch.nn.Sequential(OrderedDict(body=Body(), head=torch.nn.Flatten()))
    titles = [stage.title for stage in stages(trace(network.eval(), torch.zeros(1, 3, 32, 32)))]
    assert len(set(titles)) == len(titles)
    assert "body.max_pool2d" in titles
