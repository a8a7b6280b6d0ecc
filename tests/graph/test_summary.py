"""A network's figures against those that its paper prints."""

from __future__ import annotations

import pytest

from explorer.graph import summary
from explorer.graph.values import Graph, Layer
from explorer.questions import Survey, Surveyed, answer


def surveyed(name: str) -> Graph:
    found = answer(None, Survey(name))
    assert isinstance(found, Surveyed)
    return found.graph


@pytest.mark.parametrize(
    ("name", "layers"),
    [("resnet18", 18), ("vgg16", 16), ("googlenet", 22), ("densenet121", 121)],
    ids=lambda value: str(value),
)
def test_depth_is_what_the_papers_count(name: str, layers: int) -> None:
    assert summary.depth(surveyed(name)) == layers


def test_totals_of_lenet5_are_the_hand_summed_ones() -> None:
    found = summary.totals(surveyed("lenet5"))
    weights = 6 * 26 + 16 * (6 * 25 + 1) + 120 * 401 + 84 * 121 + 10 * 85
    macs = 6 * 25 * 28**2 + 16 * 6 * 25 * 10**2 + 400 * 120 + 120 * 84 + 84 * 10
    assert (found.parameters, found.macs, found.weighted, found.depth) == (weights, macs, 5, 5)


def test_stages_of_resnet18_are_its_papers_table_1() -> None:
    """Table 1: output sizes 112, 56, 28, 14, 7 with 64, 64, 128, 256, 512 maps; the shortcut's 1×1 is one more."""
    found = summary.resolutions(surveyed("resnet18"))
    assert [(stage.size, stage.output) for stage in found] == [
        ((112, 112), (64, 112, 112)),
        ((56, 56), (64, 56, 56)),
        ((28, 28), (128, 28, 28)),
        ((14, 14), (256, 14, 14)),
        ((7, 7), (512, 7, 7)),
        ((1, 1), (512, 1, 1)),
        (None, (1000,)),
    ]
    assert [stage.weighted for stage in found] == [1, 4, 5, 5, 5, 0, 1]


def test_a_size_that_only_padding_makes_is_no_stage() -> None:
    assert (225, 225) not in {stage.size for stage in summary.resolutions(surveyed("efficientnet_lite0"))}


def test_sizes_of_two_networks_go_from_the_largest_to_the_head() -> None:
    first, second = (summary.resolutions(surveyed(name)) for name in ("lenet5", "resnet18"))
    assert summary.sizes(first, second) == (
        *((n, n) for n in (112, 56, 28, 14, 10, 7, 5, 1)),
        None,
    )


def test_a_network_of_nothing() -> None:
    graph = Graph((Layer("input", "input", "input", (), (3, 8, 8), "CHW"),))
    assert summary.totals(graph) == summary.Totals(0, 0, 0, 0, 0, 0)
    assert summary.resolutions(graph) == ()
