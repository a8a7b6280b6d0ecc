"""Stacks as values: sizes, weights and MACs as torch has them, the lecture's numbers, and every mistake a sentence."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.receptive import stack_facts
from explorer.receptive.analyse import analyse
from explorer.receptive.stack import KINDS, MOST_BLOCKS, Block, Stack
from explorer.receptive.stack_facts import differences, facts, growth, misfits
from explorer.receptive.stack_presets import PAIRS, PRESETS, preset
from explorer.receptive.stack_words import told, unfit
from explorer.text import set_language
from tests.receptive.oracle import Oracle
from tests.receptive.test_support import check
from tests.receptive.torch_stack import against_torch, module


def random_stack(rng: random.Random) -> Stack | None:
    """Return a stack of one to four blocks; None where the numbers do not run."""
    blocks = []
    for _ in range(rng.randint(1, 4)):
        kind, kernel = rng.choice(KINDS), rng.randint(1, 5)
        dilation = 1 if kind == "average pool" else rng.randint(1, 3)
        bare = Block(kind, kernel, dilation=dilation)
        groups = rng.choice((1, 1, 2))
        padding = rng.randint(0, min(bare.most_padding, 3))
        blocks.append(Block(kind, kernel, rng.randint(1, 3), padding, dilation, 4, groups, rng.random() < 0.5))
    try:
        return Stack(tuple(blocks), (4, rng.randint(9, 31), rng.randint(9, 31)))
    except NetworkError:
        return None


def name(stack: Stack) -> str:
    return f"{'+'.join(one.kind[:3] for one in stack.blocks)}-{stack.input[1]}x{stack.input[2]}"


RNG = random.Random(17)
RANDOM = [stack for stack in (random_stack(RNG) for _ in range(120)) if stack][:60]
ALL = [*(pytest.param(preset(name, (4, 20, 23)), id=name) for name in PRESETS), *RANDOM]


@pytest.mark.parametrize("stack", ALL, ids=name)
def test_against_torch(stack: Stack) -> None:
    against_torch(stack)


@pytest.mark.parametrize("stack", ALL, ids=name)
def test_its_graph_is_the_traced_one(stack: Stack) -> None:
    """Op, shape, counts and attributes as tracing the torch module tells them."""
    mine, traced = stack.graph(), trace(module(stack).eval(), torch.zeros(1, *stack.input))
    assert len(mine) == len(traced)
    for ours, theirs in zip(mine, traced, strict=True):
        assert (ours.op, ours.output, ours.axes) == (theirs.op, theirs.output, theirs.axes)
        assert (ours.parameters, ours.macs) == (theirs.parameters, theirs.macs)
        for name, value in ours.attributes.items():
            assert theirs.attributes[name] == value


@pytest.mark.parametrize("stack", RANDOM[:20], ids=name)
def test_cells_of_its_units(stack: Stack) -> None:
    oracle = Oracle(module(stack), stack.input)
    fields, rng = analyse(oracle.graph), random.Random(3)
    last = oracle.graph.layers[-1].id
    h, w = fields.map_hw(last)
    for unit in ((0, 0), (h - 1, w - 1), (rng.randrange(h), rng.randrange(w))):
        check(oracle, fields, last, unit)


@pytest.mark.parametrize("stack", RANDOM[:30], ids=name)
def test_every_level_is_what_the_blocks_above_depend_on(stack: Stack) -> None:
    """The gradient of the middle unit with regard to the map between two blocks."""
    for level in growth(stack)[1:]:
        above = Stack(stack.blocks[level.place :], stack.shapes[level.place])
        oracle = Oracle(module(above), above.input)
        h, w = stack.shapes[-1][1:]
        cells = oracle.cells(oracle.graph.layers[-1].id, (h // 2, w // 2))
        assert level.count == cells.sum()
        assert [y for y0, y1 in level.rows for y in range(y0, y1)] == sorted(set(np.nonzero(cells)[0].tolist()))


def test_a_planted_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = stack_facts.middle
    monkeypatch.setattr(stack_facts, "middle", lambda stack: (right(stack)[0] - 1, right(stack)[1]))
    with pytest.raises(AssertionError):
        against_torch(preset("two-3x3", (4, 20, 23)))


@pytest.mark.parametrize("channels", [1, 3, 16, 64])
def test_the_weights_of_the_lecture(channels: int) -> None:
    squares = {"one-3x3": 9, "one-5x5": 25, "two-3x3": 18, "one-7x7": 49, "three-3x3": 27}
    for name, n in squares.items():
        found = facts(preset(name, (channels, 32, 32)))
        assert found.squares == n
        assert found.weights == n * channels**2
        assert found.macs == found.weights * 32 * 32
    for one, more, area in (("one-5x5", "two-3x3", 5), ("one-7x7", "three-3x3", 7)):
        assert facts(preset(one)).area == facts(preset(more)).area == (area, area)


def test_dilation_has_gaps_and_doubling_has_none() -> None:
    one, two, doubled = (facts(preset(name)) for name in ("dilated-3x3", "two-dilated", "dilation-1-2-4"))
    assert (one.area, one.seen, one.gaps) == ((5, 5), 9, 16)
    assert (two.area, two.seen, two.gaps) == ((9, 9), 25, 56)
    assert (doubled.area, doubled.seen, doubled.gaps) == ((15, 15), 225, 0), "Yu and Koltun 2016: (2^4 − 1)²"


def test_what_two_3x3_gain_and_lose_against_5x5() -> None:
    found = {one.what: one.verdict for one in differences(facts(preset("one-5x5")), facts(preset("two-3x3")))}
    assert found == {
        "area": "same",
        "gaps": "same",
        "unseen": "same",
        "stride": "same",
        "weights": "gained",
        "macs": "gained",
        "nonlinearities": "gained",
        "values": "lost",
    }


def test_what_is_gained_one_way_is_lost_the_other() -> None:
    turned = {"gained": "lost", "lost": "gained", "same": "same"}
    for a, b in PAIRS:
        first, second = facts(preset(a)), facts(preset(b))
        there, back = differences(first, second), differences(second, first)
        assert [turned[one.verdict] for one in there] == [one.verdict for one in back]
        assert any(one.verdict != "same" for one in there)


def test_the_words_tell_both_figures() -> None:
    set_language("en")
    words = told(facts(preset("one-5x5", (8, 32, 32))), facts(preset("dilated-3x3", (8, 32, 32))))
    assert any("576 instead of 1,600" in sentence for sentence in words.gained)
    assert any("of 25 cells a unit sees 9" in sentence for sentence in words.lost)
    assert any("same area, 5 × 5" in sentence for sentence in words.same)


def test_seven_three_stride_three_does_not_fit() -> None:
    """The lecture's (7 − 3)/3 + 1 = 2.33."""
    set_language("en")
    stack = Stack((Block("conv", 3, 3),), (1, 7, 7))
    (found,) = misfits(stack)
    assert (found.size, found.unread, stack.shapes[-1]) == (Fraction(7, 3), 1, (1, 2, 2))
    assert "(7 − 3)/3 + 1 = 2.33" in unfit(stack.blocks[0], found)
    assert facts(stack).unseen == 49 - 36
    for stride, size in ((1, 5), (2, 3)):
        fits = Stack((Block("conv", 3, stride),), (1, 7, 7))
        assert misfits(fits) == ()
        assert fits.shapes[-1] == (1, size, size)


def test_rows_and_columns_that_do_not_fit_are_told_apart() -> None:
    found = misfits(Stack((Block("max pool", 2, 2), Block("max pool", 3, 3)), (1, 8, 9)))
    assert [(one.place, one.axis, one.n) for one in found] == [(1, 1, 9), (2, 0, 4)]


def test_a_unit_that_sees_padding_alone() -> None:
    found = facts(Stack((Block("conv", 2, 1, 8, 8),), (1, 2, 2)))
    assert (found.seen, found.box, found.gaps) == (0, 0, 0)
    assert found.area == (9, 9)


@pytest.mark.parametrize("stack", ALL, ids=name)
def test_json_there_and_back(stack: Stack) -> None:
    assert Stack.from_json(stack.to_json()) == stack


def test_padding_may_make_maps_larger_than_an_input_may_be() -> None:
    stack = Stack((Block("conv", 15, 1, 112, 8),) * 12, (1, 256, 256))
    assert stack.shapes[-1] == (1, 256 + 12 * 112, 256 + 12 * 112)
    assert facts(stack).area == (12 * 112 + 1, 12 * 112 + 1)
    assert len(growth(stack)) == 13


def test_json_by_hand() -> None:
    stack = Stack.from_json('{"blocks": [{"kind": "conv", "kernel": 3}, {"kind": "max pool", "kernel": 2}]}', (5, 9, 9))
    assert stack.shapes == ((5, 9, 9), (5, 7, 7), (5, 3, 3))
    assert stack.blocks[0].channels == 5, "as many as it is given"


def test_another_input_takes_its_convolutions_along() -> None:
    stack = preset("separable").with_input((8, 16, 16))
    assert stack == preset("separable", (8, 16, 16))
    narrow = Stack((Block(channels=3),), (16, 32, 32)).with_input((8, 32, 32))
    assert narrow.blocks[0].channels == 3


BAD_JSON = {
    "": "no stack",
    "[": "no stack",
    "[" * 50_000: "no stack",
    "x" * 200_000: "no stack",
    "3": "no stack",
    "null": "no stack",
    '{"blocks": 3}': "no stack",
    '{"blocks": []}': "0 blocks",
    '{"blocks": [3]}': "no block",
    '{"blocks": [{"kind": "conv3"}]}': "no block",
    '{"blocks": [{"kind": ["conv"]}]}': "no block",
    '{"blocks": [{"size": 3}]}': "no “size”",
    '{"blocks": [{"kernel": 0}]}': "from 1 to 15",
    '{"blocks": [{"kernel": 99}]}': "from 1 to 15",
    '{"blocks": [{"kernel": 2.5}]}': "2.5",
    '{"blocks": [{"kernel": true}]}': "true",
    '{"blocks": [{"kernel": "3"}]}': "3",
    '{"blocks": [{"kernel": NaN}]}': "NaN",
    '{"blocks": [{"kernel": 1e999}]}': "Infinity",
    '{"blocks": [{"stride": 0}]}': "from 1 to 8",
    '{"blocks": [{"channels": 1000000}]}': "from 1 to 4096",
    '{"blocks": [{"relu": 1}]}': "true or false",
    '{"blocks": [{"padding": 3}]}': "at most 2",
    '{"blocks": [{"kind": "max pool", "kernel": 3, "padding": 2}]}': "at most 1",
    '{"blocks": [{"kind": "average pool", "kernel": 3, "dilation": 2}]}': "no dilation",
    '{"blocks": [{"groups": 3}]}': "divides both",
    '{"blocks": [{"kernel": 7}], "input": [1, 5, 5]}': "larger than its input of 5 × 5",
    '{"blocks": [{}], "input": [1, 5]}': "The input cannot be",
    '{"blocks": [{}], "input": 7}': "The input cannot be",
    '{"blocks": [{}], "input": [1, 5, 100000]}': "The input cannot be",
    '{"blocks": [{}], "input": [true, 5, 5]}': "The input cannot be",
}


@pytest.mark.parametrize(("text", "part"), BAD_JSON.items(), ids=lambda text: text[:30])
def test_bad_json_is_a_sentence(text: str, part: str) -> None:
    set_language("en")
    with pytest.raises(NetworkError) as caught:
        Stack.from_json(text)
    sentence = str(caught.value)
    assert part in sentence
    assert len(sentence) < 200
    assert "\n" not in sentence


def test_too_many_blocks() -> None:
    with pytest.raises(NetworkError, match="13 blocks"):
        Stack((Block("conv", 1),) * (MOST_BLOCKS + 1), (1, 9, 9))


def test_the_nearest_preset_is_named() -> None:
    with pytest.raises(NetworkError, match="two-3x3"):
        preset("two-3x4")


def test_the_limits_of_padding_are_torchs() -> None:
    """One more is what torch refuses for a pooling, and what a convolution spends on padding alone."""
    for kernel in range(1, 8):
        for dilation in (1, 2):
            most = Block("max pool", kernel, dilation=dilation).most_padding
            nn.MaxPool2d(kernel, 1, most, dilation)(torch.zeros(1, 1, 30, 30))
            with pytest.raises(RuntimeError):
                nn.MaxPool2d(kernel, 1, most + 1, dilation)(torch.zeros(1, 1, 30, 30))
        most = Block("average pool", kernel).most_padding
        nn.AvgPool2d(kernel, 1, most)(torch.zeros(1, 1, 30, 30))
        with pytest.raises(RuntimeError):
            nn.AvgPool2d(kernel, 1, most + 1)(torch.zeros(1, 1, 30, 30))
