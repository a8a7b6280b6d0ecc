"""Every kind of question, many times over, against torch; answers in whatever way a person writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import PersonError
from explorer.lesson.question import Question, Score
from explorer.lesson.questions import KINDS, OF_NETWORK, ask, question
from explorer.lesson.values import Ask, Words
from explorer.text import LANGUAGES, set_language
from explorer.zoo.own.card import Remark

INSTANCES = 200


def values(asked: Question) -> dict[str, Any]:
    assert isinstance(asked.text, Remark)
    return dict(asked.text.values)


def tables(asked: Question) -> list[Tensor]:
    return [torch.tensor(one.rows, dtype=torch.float64) for one in asked.numbers]


def output_size(asked: Question) -> str:
    v = values(asked)
    made = nn.Conv2d(
        v["channels"], v["filters"], v["kernel"], v["stride"], v["padding"], v.get("dilation", 1), device="meta"
    )
    _n, k, h, w = made(torch.empty(1, v["channels"], v["n"], v["n"], device="meta")).shape
    return f"{h}x{w}x{k}"


def weights(asked: Question) -> str:
    v, bias = values(asked), "parameters" in str(asked.text)
    if "kernel" in v:
        made: nn.Module = nn.Conv2d(v["inputs"], v["outputs"], v["kernel"], bias=bias, device="meta")
    else:
        hidden = nn.Linear(v["side"] ** 2 * v["inputs"], v["hidden"], bias=bias, device="meta")
        made = nn.Sequential(hidden, nn.Linear(v["hidden"], v["outputs"], bias=bias, device="meta"))
    return str(sum(one.numel() for one in made.parameters()))


def pooled_cell(asked: Question) -> str:
    v, (plane,) = values(asked), tables(asked)
    pool = functional.max_pool2d if "max" in str(asked.text) else functional.avg_pool2d
    return str(float(pool(plane[None, None], v["window"], v["stride"])[0, 0, v["row"] - 1, v["column"] - 1]))


def convolution_cell(asked: Question) -> str:
    v, planes = values(asked), tables(asked)
    x, w = torch.stack(planes[: len(planes) // 2]), torch.stack(planes[len(planes) // 2 :])
    found = functional.conv2d(x[None], w[None], stride=v["stride"], padding=v["padding"])
    return str(float(found[0, 0, v["row"] - 1, v["column"] - 1]))


def receptive_field(asked: Question) -> str:
    """Where the gradient of one unit reaches; without padding, so that nothing is cut off."""
    x = torch.zeros(1, 1, 200, 200, dtype=torch.float64, requires_grad=True)
    y: Tensor = x
    for line in asked.lines:
        assert isinstance(line, Remark)
        v = line.values
        kernel: Any = v["kernel"]
        if str(line.message).startswith("max"):
            y = functional.avg_pool2d(y, kernel, v["stride"])  # type: ignore[arg-type]  # sees what max pooling may choose from
        else:
            ones = torch.ones(1, 1, kernel, kernel, dtype=torch.float64)
            y = functional.conv2d(y, ones, stride=v["stride"], dilation=v["dilation"])  # type: ignore[arg-type]
    (gradient,) = torch.autograd.grad(y[0, 0, y.shape[2] // 2, y.shape[3] // 2], x)
    sides = [np.flatnonzero(gradient[0, 0].abs().sum(axis).numpy()) for axis in (1, 0)]
    return "x".join(str(places[-1] - places[0] + 1) for places in sides)


ORACLES: dict[str, Callable[[Question], str]] = {
    "output-size": output_size,
    "weights": weights,
    "pooled-cell": pooled_cell,
    "convolution-cell": convolution_cell,
    "receptive-field": receptive_field,
}


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_torchs(kind: str) -> None:
    answers = set()
    for seed in range(INSTANCES):
        asked = question(kind, seed)
        right = ORACLES[kind](asked)
        assert asked.check(right), (seed, str(asked.text), asked.answer, right)
        assert asked.check(asked.answer)
        wrong = re.sub(r"\d+", lambda match: str(int(match[0]) + 1), right, count=1)
        assert not asked.check(wrong), (seed, asked.answer, wrong)
        assert asked.answer.split("×")[0] in str(asked.working[-1])
        answers.add(asked.answer)
    assert len(answers) > 20  # other numbers each time


def test_a_level_asks_no_more_than_it_says() -> None:
    for seed in range(40):
        one, two, three = (values(question("output-size", seed, level)) for level in (1, 2, 3))
        assert (one["stride"], one["padding"], two["padding"]) == (1, 0, 0)
        assert {one["dilation"], two["dilation"], three["dilation"]} == {1}
        assert "parameters" not in str(question("weights", seed, 1).text)
        pooled = values(question("pooled-cell", seed, 1))
        assert (pooled["window"], pooled["stride"]) == (2, 2)
        assert len(question("convolution-cell", seed, 1).numbers) == 2
        assert values(question("convolution-cell", seed, 2))["padding"] == 0
        lines = [str(line) for line in question("receptive-field", seed, 1).lines]
        assert all("stride 1, dilation 1" in line for line in lines)
        assert not any("dilation 2" in str(line) for line in question("receptive-field", seed, 2).lines)
        for kind, made in KINDS.items():
            for level in range(1, made.levels + 1):
                asked = question(kind, seed, level)
                assert asked.check(ORACLES[kind](asked))


def test_a_level_asks_what_it_says() -> None:
    def asked(kind: str, level: int, name: str) -> set[Any]:
        return {values(question(kind, seed, level)).get(name, 1) for seed in range(60)}

    for kind, level, name in (
        *(("output-size", 2, "stride"), ("output-size", 3, "padding"), ("output-size", 4, "dilation")),
        *(("pooled-cell", 2, "window"), ("pooled-cell", 2, "stride")),
        *(("convolution-cell", 3, "stride"), ("convolution-cell", 3, "padding")),
    ):
        assert len(asked(kind, level, name)) > 1, (kind, level, name)
    assert {question("weights", seed, 2).text.message.count("bias a") for seed in range(60)} == {0, 1}  # type: ignore[union-attr]
    overlapping = [values(question("pooled-cell", seed, 2)) for seed in range(60)]
    assert any(one["stride"] < one["window"] for one in overlapping)


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_is_one_question_and_no_brace_is_left_open(kind: str) -> None:
    for seed in range(30):
        asked, again = question(kind, seed), question(kind, seed)
        texts = [str(one) for one in (asked.text, *asked.lines, *asked.working, *(t.title for t in asked.numbers))]
        assert [str(asked.text), asked.answer] == [str(again.text), again.answer]
        assert not any(set("{}") & set(text) for text in texts)


def test_the_answer_of_no_padding_is_never_read_as_an_input() -> None:
    """The lecture's own cases, by the formula and with the answers that it shows."""
    for size, right in (("28x28x6", True), ("28×28×6", True), ("(28, 28, 6)", True), ("6 x 28 x 28", True)):
        assert Question("", "", "size", "28×28×6", ()).check(size) is right
    assert Question("", "", "size", "55×55×96", ()).check("55 55 96")
    assert not Question("", "", "size", "28×28×6", ()).check("28x28")
    assert Question("", "", "size", "28×28×1", ()).check("28 by 28")
    assert Question("", "", "size", "5×5", ()).check("5")
    assert not Question("", "", "size", "5×7", ()).check("5")


@pytest.mark.parametrize(
    ("answer", "given", "right"),
    [
        ("1,032,064", "1032064", True),
        ("1,032,064", "1 032 064", True),
        ("1,032,064", "1032065", False),
        ("36.5", "36,5", True),
        ("36.5", "73/2", True),
        ("36.5", "36", False),
        ("2.3333333", "2.33", True),
        ("2.3333333", "2.3", False),
        ("−12", "-12", True),
        ("−12", "= −12", True),
        ("−12", "12", False),
        ("5", "5 cells", True),
        ("5", "5개", True),
        ("5", "5.001", False),
        ("0.2", ".2", True),
    ],
)
def test_numbers_as_people_write_them(answer: str, given: str, right: bool) -> None:
    assert Question("", "", "number", answer, ()).check(given) is right


def test_choices_by_number_letter_or_text() -> None:
    asked = Question("", "", "choice", "2", (), options=("it stays", Words("it moves", "움직입니다")))
    assert [asked.check(given) for given in ("2", "b", "(B)", "it moves", "1", "a", "It Stays")] == [True] * 4 + [
        False
    ] * 3
    assert asked.told == "it moves"
    set_language("ko")
    try:
        assert asked.check("움직입니다")
        assert asked.told == "움직입니다"
    finally:
        set_language("en")


@pytest.mark.parametrize(
    ("form", "given"),
    [
        *(("number", given) for given in ("", "abc", "1/0", "3x3", "١٢", "--3", "3 or 4", "∞", "x" * 10_000)),
        *(("size", given) for given in ("", "abc", "5x", "5xx5", "5x5x5x5x5", "-5x5", "5.5x5", "9" * 5000)),
        *(("choice", given) for given in ("", "0", "3", "c", "maybe", "2.0")),
    ],
)
def test_what_is_no_answer_costs_nothing_and_is_told(form: Any, given: str) -> None:
    asked = Question("", "", form, "2", (), options=("a", "b"))
    with pytest.raises(PersonError) as raised:
        asked.check(given)
    assert len(str(raised.value)) < 200


def test_written_questions_find_their_form() -> None:
    for answer, form in (("30,720", "number"), ("5x5x6", "size"), ("ReLU", "word"), ("0.2", "number")):
        asked = ask(Ask(words=Words("?", "?"), answer=answer), 0)
        assert (asked.form, asked.check(answer)) == (form, True)
    chosen = ask(Ask(words=Words("?", "?"), answer="1", options=(Words("a", "가"), Words("b", "나"))), 0)
    assert (chosen.form, chosen.check("a"), chosen.check("2")) == ("choice", True, False)
    assert ask(Ask("weights"), 7).answer == question("weights", 7).answer


def test_a_network_has_to_be_asked_for_some() -> None:
    for kind in (*OF_NETWORK, "sizes"):
        with pytest.raises(PersonError, match="output-size"):
            question(kind, 0)


def test_the_score_counts_what_was_right() -> None:
    assert Score().after(True).after(False).after(True) == Score(2, 3)


def test_titles_are_marked_once() -> None:
    assert len({one.title for one in (*KINDS.values(), *OF_NETWORK.values())}) == len(KINDS) + len(OF_NETWORK)
    assert set(LANGUAGES) == {"en", "ko"}  # what ``Words`` has
