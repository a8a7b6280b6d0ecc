"""``predict --beside``: a second network answers as it does alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answer = Callable[..., Any]


def test_the_second_answers_as_it_does_alone(answer: Answer) -> None:
    alone = answer("predict", "moon", "--model", "lenet5", "--top", 3)
    both = answer("predict", "moon", "--model", "lenet5_1998", "--weights", "none", "--beside", "lenet5", "--top", 3)
    assert (both["model"], both["beside"]["model"], both["beside"]["weights"]) == ("lenet5_1998", "lenet5", "digits")
    assert both["beside"]["predictions"] == alone["predictions"]
    assert both["beside"]["times_ms"].keys() == {"prepare", "forward"}
    assert "beside" not in alone


def test_without_weights_here_it_says_untrained(out: Callable[..., str]) -> None:
    printed = out("predict", "moon", "--model", "lenet5", "--beside", "squeezenet1_1").splitlines()
    second = next(line for line in printed if "SqueezeNet" in line)
    assert "untrained: random weights, the answers mean nothing" in second
