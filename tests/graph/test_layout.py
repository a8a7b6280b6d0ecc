"""The layout by geometry: boxes never overlap, lines never cross boxes, the main way is straight, always the same."""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from itertools import pairwise

import pytest
import torch
import torchvision

from explorer.graph.blocks import Drawn, Outline
from explorer.graph.layout import Box, Layout, layout, strokes, titles
from explorer.graph.values import Graph, Layer
from tests.graph.courses import COURSE, OTHERS, traced

NETWORKS = (*COURSE, *(name for name in OTHERS if name not in COURSE))
OPEN = frozenset[str]()


class Rows:
    """The boxes of a drawing, quickly found by where they lie."""

    def __init__(self, boxes: dict[str, Box]) -> None:
        self._sorted = sorted(boxes.values(), key=lambda box: box.top)
        self._tops = [box.top for box in self._sorted]
        self._highest = max(box.height for box in self._sorted)

    def between(self, top: float, bottom: float) -> list[Box]:
        """Return the boxes that share a height with [top, bottom], their edges not counted."""
        first, last = bisect_left(self._tops, top - self._highest), bisect_left(self._tops, bottom)
        return [box for box in self._sorted[first:last] if box.bottom > top + 1e-9 and box.top < bottom - 1e-9]


def check(drawn: Drawn, laid: Layout) -> None:
    """Nothing overlaps, nothing crosses, nothing leaves the drawing."""
    boxes, rows = dict(laid.boxes), Rows(dict(laid.boxes))
    assert set(boxes) == {node.id for node in drawn.nodes}
    for box in boxes.values():
        assert 0 <= box.left < box.right <= laid.width
        assert 0 <= box.top < box.bottom <= laid.height
        assert [other for other in rows.between(box.top, box.bottom) if other.meets(box)] == [box]
    assert set(laid.paths) == {(edge.source, edge.target) for edge in drawn.edges}
    for (source, target), points in laid.paths.items():
        start, end = boxes[source], boxes[target]
        assert start.left < points[0][0] < start.right
        assert points[0][1] == start.bottom
        assert end.left < points[-1][0] < end.right
        assert points[-1][1] == end.top
        for (x0, y0), (x1, y1) in pairwise(points):
            assert y0 <= y1
            assert 0 <= min(x0, x1) <= max(x0, x1) <= laid.width
            # a swing stays between its ends, so its rectangle holds it; of a straight line the rectangle is the line
            assert not [b for b in rows.between(y0, y1) if b.left < max(x0, x1) and min(x0, x1) < b.right], (
                source,
                target,
            )
    for frame in laid.frames.values():
        assert 0 <= frame.left < frame.right <= laid.width
        assert 0 <= frame.top < frame.bottom <= laid.height
    for group in drawn.groups:
        if group.id in laid.frames:
            inside = {node for node, box in boxes.items() if laid.frames[group.id].meets(box)}
            assert inside == set(group.nodes), group.id


@pytest.mark.parametrize("name", NETWORKS)
def test_geometry(name: str) -> None:
    outline = Outline(traced(name))
    rng, ids = random.Random(1), sorted(outline.all)
    for folded in (OPEN, outline.default(), outline.all, frozenset(rng.sample(ids, len(ids) // 2))):
        drawn = outline.draw(folded)
        check(drawn, layout(drawn))


@pytest.mark.parametrize("seed", range(30))
def test_geometry_of_any_acyclic_graph(seed: int) -> None:
    rng = random.Random(seed)
    layers = [Layer("input", "input", "input", (), (1,), "C")]
    for number in range(rng.randint(1, 60)):
        inputs = tuple(rng.sample([layer.id for layer in layers], min(rng.randint(1, 4), len(layers))))
        if rng.random() < 0.05:
            inputs = ()  # a constant
        block = rng.choice(["", "a", "a.b", "a.c", "d"])
        op, macs = rng.choice(["add", "cat", "relu", "conv2d"]), rng.randint(0, 3)
        layers.append(Layer(f"{block}.{number}", "", op, inputs, (1,), "C", block=block, macs=macs))
    outline = Outline(Graph(tuple(layers), outputs=(rng.choice(layers).id,)))
    for folded in (OPEN, outline.all):
        drawn = outline.draw(folded)
        check(drawn, layout(drawn))


@pytest.mark.parametrize("name", ["resnet152", "densenet201", "googlenet", "vgg16"])
def test_the_main_way_is_one_straight_column_from_input_to_answer(name: str) -> None:
    drawn = Outline(traced(name)).draw(OPEN)
    laid = layout(drawn)
    depth: dict[str, int] = {}
    for node in drawn.nodes:  # in an order in which lines lead forward
        depth[node.id] = 1 + max((depth[before] for before in node.inputs), default=0)
    middle = laid.boxes[drawn.output].middle[0]
    column = [node for node in drawn.nodes if laid.boxes[node.id].middle[0] == middle]
    assert column[0].id == "input"
    assert len(column) == depth[drawn.output]  # the longest way there is
    assert all(before.id in after.inputs for before, after in pairwise(column))
    for before, after in pairwise(column):
        assert {x for x, _y in laid.paths[before.id, after.id]} == {middle}


def test_branches_of_an_inception_module_stand_side_by_side_in_the_paper_s_order() -> None:
    outline = Outline(traced("googlenet"))
    drawn = outline.draw(outline.default())
    laid = layout(drawn)
    branches = [laid.boxes[f"inception3a.branch{n}."] for n in (1, 2, 3, 4)]
    assert len({box.top for box in branches}) == 1
    assert [box.left for box in branches] == sorted(box.left for box in branches)


def test_a_frame_in_a_frame_does_not_repeat_its_path() -> None:
    drawn = Outline(traced("googlenet")).draw(OPEN)
    heads = titles(drawn, layout(drawn))
    assert heads["inception3a."] == "inception3a"
    assert heads["inception3a.branch2."] == "branch2"
    assert heads["inception3a.branch2.0."] == "branch2.0"  # a number alone would say nothing


def test_a_shortcut_goes_around_the_boxes_beside_them() -> None:
    drawn = Outline(traced("resnet50")).draw(OPEN)
    laid = layout(drawn)
    points = laid.paths["layer1.0.relu:3", "layer1.1.add"]
    column = laid.boxes["layer1.1.conv2"]
    lane = [x for x, _y in points if x > column.right or x < column.left]
    assert lane
    assert min(abs(x - column.middle[0]) for x in lane) < column.width  # near, not far out


def test_lines_of_one_box_share_a_lane() -> None:
    drawn = Outline(traced("densenet201")).draw(OPEN)
    laid = layout(drawn)
    pieces = sum(map(len, strokes(drawn, laid).values()))
    assert pieces < 5 * len(drawn.edges)
    assert laid.width < 5 * 190  # 49 ways lie beside one column of boxes
    sources = {edge.source for edge in drawn.edges}
    lanes: dict[float, set[str]] = {}
    for (source, _target), points in laid.paths.items():
        for (x0, y0), (x1, y1) in pairwise(points):
            if x0 == x1 and y1 - y0 > 300:
                lanes.setdefault(x0, set()).add(source)
    assert len(lanes) <= len(sources)


def test_every_piece_of_every_line_is_drawn_once_and_none_is_missing() -> None:
    drawn = Outline(traced("resnet50")).draw(OPEN)
    laid = layout(drawn)
    drawn_pieces = [piece for pieces in strokes(drawn, laid).values() for piece in pieces]
    assert len(drawn_pieces) == len(set(drawn_pieces))
    assert set(drawn_pieces) == {piece for points in laid.paths.values() for piece in pairwise(points)}


@pytest.mark.parametrize("name", ["googlenet", "densenet201"])
def test_the_same_drawing_lies_the_same(name: str) -> None:
    first, second = (layout(Outline(traced(name)).draw(OPEN)) for _ in range(2))
    assert first == second


def test_the_largest_layout_costs_less_than_five_forwards() -> None:
    """As the benchmark's figure has it: five forwards at the usual size; here in time of the processor."""
    module = torchvision.models.densenet201(weights=None).eval()
    example = torch.zeros(1, 3, 224, 224)
    with torch.inference_mode():
        module(example)
        began = time.process_time()
        module(example)
    forward_s = time.process_time() - began
    graph = traced("densenet201")
    began = time.process_time()
    layout(Outline(graph).draw(OPEN))
    assert time.process_time() - began <= 5 * forward_s


def test_one_box_alone() -> None:
    outline = Outline(Graph((Layer("input", "input", "input", (), (1,), "C"),)))
    laid = layout(outline.draw(()))
    assert list(laid.boxes) == ["input"]
    assert laid.paths == {}
    assert laid.width > laid.boxes["input"].width
