"""What comes of a question reaches whoever asked, once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest

from explorer.engine.events import Answered, Ended, Problem
from explorer.engine.problems import problem
from explorer.errors import NetworkError
from explorer.questions import Survey, Surveyed
from tests.ui import samples
from tests.ui.desk import Desk
from tests.ui.zoo import CARDS
from ui.asking import Asking
from ui.dialogs.details import Details

FIRST, SECOND = Survey("first"), Survey("second")


@pytest.fixture
def told() -> list[object]:
    return []


@pytest.fixture
def asking(one: Desk, told: list[object]) -> Asking:
    made = Asking(one.store, one.controller, QObject(one.application))
    for signal in (made.answered, made.failed):
        signal.connect(told.append)
    made.ended.connect(lambda: told.append("ended"))
    return made


def _answer(question: Survey, fraction: float = 1.0) -> Answered:
    return Answered(question, Surveyed(CARDS[0][0], samples.graph(2)), fraction)


def _problem(question: Survey) -> Problem:
    return Problem("question", NetworkError("It cannot be built: choose another one."), question=question)


def test_a_long_question_is_out_until_its_last_answer(one: Desk, asking: Asking, told: list[object]) -> None:
    asking.ask(FIRST)
    half, whole = _answer(FIRST, 0.5), _answer(FIRST)
    one.send(half)
    assert asking.question is FIRST
    one.send(whole)
    assert asking.question is None
    one.send(_answer(FIRST))  # nobody waits for it
    assert told == [half, whole]


def test_the_answer_that_was_begun_before_a_newer_question_is_told_too(
    one: Desk, asking: Asking, told: list[object]
) -> None:
    asking.ask(FIRST)
    asking.ask(SECOND)
    one.send(_answer(FIRST))
    assert asking.question is SECOND
    one.send(_answer(SECOND))
    assert [event.question for event in told if isinstance(event, Answered)] == [FIRST, SECOND]


def test_of_a_question_that_was_dropped_or_that_another_asked_nothing_is_told(
    one: Desk, asking: Asking, told: list[object]
) -> None:
    asking.ask(FIRST)
    asking.drop()
    one.send(_answer(FIRST), _answer(SECOND), Ended(FIRST))
    one.send(_problem(SECOND))
    assert told == []
    assert one.store.problems["question"].question is SECOND, "it is whoever asked that takes it"


def test_a_problem_is_told_where_it_was_asked_and_nowhere_else(one: Desk, asking: Asking, told: list[object]) -> None:
    asking.ask(FIRST)
    one.send(_problem(FIRST))
    assert [event.question for event in told if isinstance(event, Problem)] == [FIRST]
    assert "question" not in one.store.problems
    assert asking.question is None


def test_a_question_whose_network_is_gone_is_out_no_more(one: Desk, asking: Asking, told: list[object]) -> None:
    asking.ask(FIRST)
    one.send(Ended(FIRST))
    assert told == ["ended"]
    assert asking.question is None


@pytest.mark.parametrize(
    ("error", "offered"), [(ZeroDivisionError("the program's"), True), (NetworkError("the person's"), False)]
)
def test_only_what_the_sentence_does_not_say_is_offered_as_details(one: Desk, error: Exception, offered: bool) -> None:
    prove = one.window.explore.prove
    button = prove.details
    button.show_problem(problem("question", error))
    assert button.isHidden() != offered
    if offered:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        (dialog,) = one.window.findChildren(Details)
        assert "ZeroDivisionError: the program's" in dialog.text.toPlainText()
        dialog.close()
    button.show_problem(None)
    assert button.isHidden()
