"""Blocks: nothing is lost by folding, lines lead forward, joins are seen, and what shows at first can be read."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from explorer.graph.blocks import MOST_BOXES, Drawn, Outline, operation
from explorer.graph.families import FAMILIES, family
from explorer.graph.values import Graph, Layer
from explorer.graph.vocabulary import WORDS
from tests.graph.courses import COURSE, OTHERS, traced

NETWORKS = (*COURSE, *(name for name in OTHERS if name not in COURSE))


def op(id: str, *inputs: str, block: str = "", op: str = "relu", **more: object) -> Layer:
    return Layer(id, id.split(":")[0], op, inputs, (8, 4, 4), "CHW", block=block, **more)  # type: ignore[arg-type]


def graph(*layers: Layer) -> Graph:
    return Graph((Layer("input", "input", "input", (), (3, 4, 4), "CHW"), *layers), outputs=(layers[-1].id,))


def folds(outline: Outline) -> list[frozenset[str]]:
    """Return the choices of what is folded that a test looks at: none, all, what is so at first, and some at random."""
    rng, ids = random.Random(0), sorted(outline.all)
    chosen = [frozenset(rng.sample(ids, len(ids) // 2)) for _ in range(3)]
    return [frozenset(), outline.all, outline.default(), *chosen]


def check(of: Graph, drawn: Drawn) -> None:
    """Whatever is folded: every op is in one box, and every edge of the network is inside one or is a line."""
    inside = [layer for node in drawn.nodes for layer in of.layers[node.start : node.stop]]
    assert sorted(layer.id for layer in inside) == sorted(layer.id for layer in of)
    assert sum(node.parameters for node in drawn.nodes) == sum(layer.parameters for layer in of)
    assert sum(node.macs for node in drawn.nodes) == sum(layer.macs for layer in of)
    assert sum(node.ops for node in drawn.nodes) == len(of)
    box = {layer.id: node.id for node in drawn.nodes for layer in of.layers[node.start : node.stop]}
    wanted = {(box[before], box[layer.id]) for layer in of for before in layer.inputs} - {(b, b) for b in box.values()}
    assert {(edge.source, edge.target) for edge in drawn.edges} == wanted
    assert len(drawn.edges) == len(wanted)
    places = {node.id: place for place, node in enumerate(drawn.nodes)}
    assert len(places) == len(drawn.nodes)
    assert all(places[edge.source] < places[edge.target] for edge in drawn.edges)
    assert {(before, node.id) for node in drawn.nodes for before in node.inputs} == wanted


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_lost_whatever_is_folded(name: str) -> None:
    outline = Outline(traced(name))
    for folded in folds(outline):
        check(outline.graph, outline.draw(folded))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_shows_at_first_can_be_read(name: str) -> None:
    outline = Outline(traced(name))
    shown, everything = len(outline.draw(outline.default()).nodes), len(outline.graph)
    assert shown <= MOST_BOXES
    assert shown == everything or everything > MOST_BOXES


def test_stages_of_resnet_152_are_its_paper_s() -> None:
    """He et al. 2016, table 1: 3, 8, 36 and 3 bottlenecks of three convolutions."""
    outline = Outline(traced("resnet152"))
    drawn = outline.draw(outline.default())
    blocks = [node for node in drawn.nodes if node.folded]
    assert Counter(node.parent for node in blocks) == {"layer1.": 3, "layer2.": 8, "layer3.": 36, "layer4.": 3}
    assert all(node.adds == 1 for node in blocks)
    stage = outline.draw(outline.all).by_id["layer3."]
    assert (stage.adds, stage.ops, stage.output[0]) == (36, 36 * 10 + 2, 1024)
    first = outline.draw(frozenset(outline.all) - {"layer1.", "layer1.0."})
    assert sum(node.family == "convolution" for node in first.nodes if node.parent == "layer1.0.") == 3


def test_residual_lines_of_resnet_50() -> None:
    """One for each of the 16 blocks, into its add; four of them come through the projection of the shortcut."""
    edges = [edge for edge in Outline(traced("resnet50")).draw(()).edges if edge.kind == "residual"]
    assert len(edges) == 16
    assert all(edge.target.endswith(".add") for edge in edges)
    assert sum("downsample" in edge.source for edge in edges) == 4


def test_an_inception_module_is_four_ways_into_a_cat() -> None:
    """Szegedy et al. 2015, figure 2b."""
    outline = Outline(traced("googlenet"))
    drawn = outline.draw(outline.default())
    ways = [edge for edge in drawn.edges if edge.kind == "concat"]
    assert len(ways) == 9 * 4
    assert set(Counter(edge.target for edge in ways).values()) == {4}
    paper = Outline(traced("googlenet_paper"))
    seen = Counter(edge.target for edge in paper.draw(paper.default()).edges if edge.kind == "concat")
    assert (len(seen), set(seen.values())) == (9, {4})
    module = outline.draw(outline.all).by_id["inception3a."]
    assert (module.concats, module.output[0]) == (1, 64 + 128 + 32 + 32)


def test_a_dense_layer_takes_all_before_it() -> None:
    """Huang et al. 2017: layer n of a block takes n maps; 6, 12, 48, 32 layers in DenseNet-201."""
    drawn = Outline(traced("densenet201")).draw(())
    into = Counter(edge.target for edge in drawn.edges if edge.kind == "concat")
    assert sum(into.values()) == sum(sum(range(2, n + 2)) for n in (6, 12, 48, 32))
    assert max(into.values()) == 49


def test_branches_are_marked_where_ways_part() -> None:
    of = graph(op("a", "input"), op("b", "a"), op("c", "a"), op("d", "b", "c", op="cat"), op("e", "d"))
    kinds = {(edge.source, edge.target): edge.kind for edge in Outline(of).draw(()).edges}
    assert kinds["input", "a"] == "plain"
    assert kinds["a", "b"] == kinds["a", "c"] == "branch"
    assert kinds["b", "d"] == kinds["c", "d"] == "concat"


def test_the_longer_way_into_an_add_is_no_shortcut_wherever_it_stands() -> None:
    of = graph(op("a", "input"), op("b", "a"), op("c", "a", "b", op="add"), op("d", "c", "c", op="add"))
    kinds = {(edge.source, edge.target): edge.kind for edge in Outline(of).draw(()).edges}
    assert kinds["a", "c"] == "residual"
    assert kinds["b", "c"] == "plain"
    assert kinds["c", "d"] == "plain"  # x + x joins nothing


def test_a_line_into_a_folded_block_is_plain_if_one_of_its_edges_is() -> None:
    of = graph(op("a", "input"), op("n.b", "a", block="n"), op("n.c", "a", "n.b", op="add", block="n"), op("z", "n.c"))
    drawn = Outline(of).draw({"n."})
    assert [(edge.source, edge.target, edge.kind) for edge in drawn.edges] == [
        ("input", "a", "plain"),
        ("a", "n.", "plain"),
        ("n.", "z", "plain"),
    ]


def test_a_module_that_runs_twice_is_two_blocks_and_closes_no_circle() -> None:
    of = graph(
        *(op("m.a", "input", block="m"), op("m.b", "m.a", block="m"), op("x", "m.b")),
        *(op("m.a:2", "x", block="m"), op("m.b:2", "m.a:2", block="m"), op("y", "m.b:2", "x")),
    )
    outline = Outline(of)
    assert sorted(outline.all) == ["m.", "m..2"]
    for folded in ({"m."}, {"m..2"}, outline.all):
        check(of, outline.draw(folded))


def test_a_block_that_is_all_of_another_and_one_of_a_single_op_are_none() -> None:
    of = graph(
        op("a.b.c.1", "input", block="a.b.c"), op("a.b.c.2", "a.b.c.1", block="a.b.c"), op("s.x", "a.b.c.2", block="s")
    )
    assert Outline(of).all == {"a."}


def test_a_module_that_runs_several_ops_by_itself_is_a_block() -> None:
    """LeNet-5's sub-sampling: a mean, times a coefficient, plus a bias (LeCun et al. 1998, section II.B)."""
    outline = Outline(traced("lenet5_1998"))
    s2 = outline.blocks["s2."]
    assert [layer.op for layer in outline.graph.layers[s2.start : s2.stop]] == ["avg_pool2d", "multiply", "add"]
    titles = [node.title for node in outline.draw(outline.all).nodes]
    assert [title for title in titles if title[:1] in "csf" and title[1:].isdigit()] == [
        "c1",
        "s2",
        "c3",
        "s4",
        "c5",
        "f6",
    ]


def test_a_module_s_op_with_its_weights_is_inside_with_the_others() -> None:
    of = graph(
        op("m.pad", "input", op="pad", block=""),
        op("m", "m.pad", op="conv2d"),
        op("m.add", "m", op="add"),
        op("z", "m.add"),
    )
    outline = Outline(of)
    assert {name: (block.start, block.stop) for name, block in outline.blocks.items()} == {"m.": (1, 4)}


def test_a_folded_block_shows_what_leaves_it() -> None:
    of = graph(
        op("b.main", "input", block="b", parameters=5, macs=7),
        Layer("b.side", "b.side", "relu", ("b.main",), (1,), "C", block="b"),
        op("z", "b.main"),
    )
    node = Outline(of).draw({"b."}).by_id["b."]
    assert (node.layer, node.output) == ("b.main", (8, 4, 4))
    assert (node.parameters, node.macs, node.ops) == (5, 7, 2)


def test_what_hides_a_layer() -> None:
    outline = Outline(traced("googlenet"))
    assert outline.around("inception3a.branch2.0.conv") == (
        "inception3a.",
        "inception3a.branch2.",
        "inception3a.branch2.0.",
    )
    assert outline.around("input") == ()
    assert outline.around("no such layer") == ()


def test_labels_begin_with_a_word() -> None:
    drawn = Outline(traced("efficientnet_b0")).draw(())
    assert all(not node.label[0].isdigit() for node in drawn.nodes)
    assert all(node.title.endswith(node.label) for node in drawn.nodes)
    resnet = Outline(traced("resnet50"))
    assert resnet.draw(resnet.default()).by_id["layer1.0."].label == "layer1.0"
    assert resnet.draw(()).by_id["layer1.0.downsample.0"].label == "downsample.0"
    assert resnet.draw(()).by_id["layer1.0.relu:2"].label == "relu:2"


def test_ids_of_no_block_fold_nothing() -> None:
    outline = Outline(traced("lenet5"))
    assert len(outline.draw({"no such block.", ""}).nodes) == len(outline.graph)


def test_a_network_of_nothing_but_its_input() -> None:
    outline = Outline(Graph((Layer("input", "input", "input", (), (3, 4, 4), "CHW"),)))
    drawn = outline.draw(outline.default())
    assert [node.id for node in drawn.nodes] == ["input"]
    assert drawn.edges == drawn.groups == ()


@pytest.mark.parametrize("word", [*WORDS, "a_word_of_tomorrow"])
def test_every_op_has_a_family(word: str) -> None:
    assert family(word, ("a", "b")) in FAMILIES


def test_families_of_a_few_ops() -> None:
    known = {
        "conv_transpose2d": "convolution",
        "adaptive_max_pool2d": "pooling",
        "local_response_norm": "normalisation",
    }
    assert {word: family(word, ("a",)) for word in known} == known
    assert family("add", ("a",)) == "other"  # a constant added
    assert family("add", ("a", "b")) == "add"
    assert family("stack", ("a", "b")) == "concat"


def test_an_operation_names_its_kernel_and_its_stride() -> None:
    assert operation(op("a", op="conv2d", attributes={"kernel": [7, 7], "stride": [2, 2]})) == "conv2d 7×7 /2"
    assert operation(op("a", op="conv2d", attributes={"kernel": [1, 5], "stride": [1, 2]})) == "conv2d 1×5 /1×2"
    assert operation(op("a", op="conv2d", attributes={"unread": "written through a view"})) == "conv2d"
