"""The most probable classes."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.tasks.classify import classify

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("batched", [False, True])
def test_softmax_and_order(dtype: torch.dtype, batched: bool) -> None:
    logits = torch.tensor([1.0, 3.0, -2.0, 2.0], dtype=dtype)
    total = sum(math.exp(x) for x in (1, 3, -2, 2))
    predictions = classify(logits[None] if batched else logits, "abcd", 3)
    assert [(p.index, p.label) for p in predictions] == [(1, "b"), (3, "d"), (0, "a")]
    assert [p.probability for p in predictions] == pytest.approx([math.exp(x) / total for x in (3, 2, 1)], rel=1e-12)


def test_great_logits_do_not_overflow() -> None:
    (first, second) = classify(torch.tensor([3e38, 0.0]), "ab", 2)
    assert (first.probability, second.probability) == (1.0, 0.0)


def test_equal_classes_come_in_their_own_order() -> None:
    assert [p.index for p in classify(torch.zeros(1000), (), 5)] == [0, 1, 2, 3, 4]


def test_top_is_at_most_all() -> None:
    assert len(classify(torch.zeros(3), "abc", 10)) == 3
    assert classify(torch.zeros(3), "abc", 0) == ()


def test_labels_of_another_network_are_not_used() -> None:
    assert [p.label for p in classify(torch.tensor([0.0, 1.0]), "abc", 2)] == ["class 1", "class 0"]


@pytest.mark.parametrize("values", [[0.0, NAN, 1.0], [0.0, INF, 1.0], [NAN] * 3, [-INF] * 3, [INF, NAN, 0.0]])
def test_no_probability_is_made_up_where_there_is_none(values: list[float]) -> None:
    assert classify(torch.tensor(values), "abc", 3) == ()


def test_a_masked_class_has_probability_zero() -> None:
    predictions = classify(torch.tensor([0.0, -INF, 0.0]), "abc", 3)
    assert [(p.label, p.probability) for p in predictions] == [("a", 0.5), ("c", 0.5), ("b", 0.0)]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,), (2, 10), (1, 10, 7, 7), (1, 3, 8)])
def test_what_is_no_vector_of_classes_has_no_classes(shape: tuple[int, ...]) -> None:
    assert classify(torch.ones(shape), (), 5) == ()


def test_the_gradient_is_left_alone() -> None:
    logits = torch.zeros(4, requires_grad=True)
    assert len(classify(logits, "abcd", 1)) == 1


def test_sigmoid_is_of_each_class_by_itself() -> None:
    predictions = classify(torch.tensor([0.5, -2.0, 3.0]), "abc", 2, "sigmoid")
    assert [p.label for p in predictions] == ["c", "a"]
    assert [p.probability for p in predictions] == pytest.approx([1 / (1 + math.exp(-x)) for x in (3, 0.5)], rel=1e-12)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ((), [(1, "class 1"), (0, "class 0")]),
        (("cat", "dog"), [(1, "dog"), (0, "cat")]),
        (("dog",), [(0, "dog")]),
    ],
)
def test_one_logit_tells_two_classes_unless_only_one_has_a_name(
    labels: tuple[str, ...], wanted: list[tuple[int, str]]
) -> None:
    predictions = classify(torch.tensor([[1.5]]), labels, 5, "sigmoid")
    likely = 1 / (1 + math.exp(-1.5))
    assert [(p.index, p.label) for p in predictions] == wanted
    assert [p.probability for p in predictions] == pytest.approx([likely, 1 - likely][: len(wanted)], rel=1e-12)


def test_probabilities_stay_as_they_are_where_nothing_is_to_be_done() -> None:
    predictions = classify(torch.tensor([0.25, 0.75]), "ab", 2, "none")
    assert [(p.label, p.probability, p.score, p.figure) for p in predictions] == [
        ("b", 0.75, None, "75.0%"),
        ("a", 0.25, None, "25.0%"),
    ]


def test_scores_are_no_probabilities() -> None:
    predictions = classify(torch.tensor([-1.5, 12.0]), "ab", 2, "none")
    assert [(p.label, p.score, p.figure) for p in predictions] == [("b", 12.0, "12"), ("a", -1.5, "-1.5")]
    assert all(math.isnan(p.probability) for p in predictions)
    assert classify(torch.tensor([NAN, 1.0]), "ab", 2, "none") == ()
