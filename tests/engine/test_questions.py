"""Questions beside the frames: an answer, or the problem of this very question, and no frame waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from explorer.engine import Engine
from explorer.engine.events import Answered, Catalogue, NetworkReady, Problem
from explorer.errors import DeviceError, NetworkError
from explorer.questions import Everything, Question, Survey, Zoo
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from explorer.zoo.card import WeightState
from tests.engine.fakes import FakeRooms, Gate, Window, arrived, card, soon


class Answers:
    """Answers questions, and remembers them."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.gate = Gate()
        self.cards = ["a"]

    def __call__(self, network: Any, question: Question) -> Any:
        self.asked.append(question)
        self.gate()
        if question == Survey("large"):
            network.device, network.moved = "elsewhere", DeviceError("No room there: it runs on the CPU.")
        if question == Survey("broken"):
            raise NetworkError("It is broken: choose another.")
        if isinstance(question, Everything):
            self.cards = ["a", "b"]
            return Zoo(("tiny",))
        return question


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def asked(fakes: FakeRooms, window: Window, answers: Answers) -> Iterator[Engine]:
    rooms = replace(
        fakes.rooms(),
        answer=answers,
        cards=lambda: tuple((card(name), WeightState.NONE) for name in answers.cards),
    )
    engine = Engine(window.notify, Settings(), rooms)
    window.engine = engine
    engine.start()
    yield engine
    answers.gate.open()
    engine.stop()


def test_an_answer_comes_with_its_question(asked: Engine, window: Window) -> None:
    asked.ask(Survey("a"))
    assert window.until(Answered).question == Survey("a")


def test_a_problem_says_of_which_question_it_is(asked: Engine, window: Window) -> None:
    asked.ask(Survey("broken"))
    problem = window.until(Problem)
    assert (problem.where, problem.question) == ("question", Survey("broken"))
    assert str(problem.error) == "It is broken: choose another."


def test_of_questions_of_one_kind_that_wait_the_newest_is_answered(
    asked: Engine, window: Window, answers: Answers
) -> None:
    answers.gate.close()
    asked.ask(Survey("a"))
    soon(lambda: answers.asked == [Survey("a")])
    asked.ask(Survey("b"))
    asked.ask(Survey("c"))
    answers.gate.open()
    soon(lambda: answers.asked == [Survey("a"), Survey("c")])


def test_after_the_question_for_everything_the_catalogue_is_whole(asked: Engine, window: Window) -> None:
    asked.ask(Everything())
    answer = window.until(Answered)
    assert answer.answer == Zoo(("tiny",))
    newest = [event for event in window.events if isinstance(event, Catalogue)][-1]
    assert [one.name for one, _state in newest.cards] == ["a", "b"]


def test_a_network_that_moves_for_an_answer_is_told_of(asked: Engine, window: Window) -> None:
    recipe = Recipe(source=Source("picture", "a.png"), network="a")
    asked.wish(recipe)
    arrived(window, recipe)
    asked.ask(Survey("large"))
    assert window.until(NetworkReady, lambda event: event.network.device == "elsewhere")
    assert window.until(Problem).where == "device"
    assert window.until(Answered).question == Survey("large")
