"""Tables whose columns stand under one another, in a terminal's columns rather than in letters."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from explorer.cli import output
from explorer.values import Prediction


def test_korean_letters_take_two_columns_and_combining_marks_none() -> None:
    assert output.width("abc") == 3
    assert output.width("고양이") == 6
    assert output.width("e\u0301") == 1
    assert output.width("224 × 224 …") == 11


def test_columns_stand_under_one_another() -> None:
    text = output.table(("이름", "parameters"), [("a", "1"), ("resnet18", "11,689,512")], "lr")
    assert text.splitlines() == [
        "이름      parameters",
        "a                  1",
        "resnet18  11,689,512",
    ]
    ends = {output.width(line) for line in text.splitlines()}
    assert ends == {20}


def test_json_is_ascii_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.document({"label": "크레페\n"})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert printed.count("\n") == 1
    assert json.loads(printed) == {"label": "크레페\n"}


def test_json_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError):
        output.document(float("nan"))


def result(*predictions: Prediction, finite: bool = True) -> Any:
    """As much of a result as is printed."""
    return SimpleNamespace(predictions=predictions, finite=finite)


def test_answers() -> None:
    found = result(Prediction(282, "tiger cat", 0.375), Prediction(7, "cock", 0.0625))
    assert output.answers(found).splitlines() == ["1  tiger cat  37.5%", "2  cock        6.2%"]
    second = {"index": 7, "label": "cock", "probability": 0.0625}
    assert output.predictions(found)["predictions"][1] == second
    assert list(output.predictions(found)) == ["predictions"]


@pytest.mark.parametrize(("finite", "why"), [(True, "does not classify"), (False, "not finite")])
def test_no_answers(finite: bool, why: str) -> None:
    assert why in output.answers(result(finite=finite))
    found = output.predictions(result(finite=finite))
    assert found["predictions"] == []
    assert why in found["note"]
