"""A training in the model thread: frames go between its batches, no other network ends it, a drop does at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from explorer.engine import Engine
from explorer.engine.events import Answered, Ended, NetworkReady, Problem, ResultReady
from explorer.questions import KernelsOf
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.training import digits as room
from explorer.training import lenet
from explorer.training.run import LastRun, LeNetRun, Train, TrainLast
from explorer.training.values import Learned, Plan
from explorer.values import Source
from tests.engine.fakes import Window, arrived

DEMO = Recipe(source=Source("demo", ""), network="lenet5", weights="none", layer="c3")


@pytest.fixture
def real(window: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine with the real rooms behind it, and few digits."""
    monkeypatch.setattr(lenet, "digits", lambda card: tuple(tensor[::40] for tensor in room.digits(card)))
    engine = Engine(window.notify, Settings(threads=1))
    window.engine = engine
    engine.start()
    yield engine
    assert engine.stop(30) == []


def test_frames_go_first_and_a_drop_ends_it_within_a_batch(real: Engine, window: Window) -> None:
    real.wish(DEMO)
    arrived(window, DEMO)
    run = LeNetRun(Plan(epochs=1000))
    question = Train(run)
    real.ask(question)
    window.until(Answered)
    window.until(ResultReady)
    real.wish(DEMO.with_(network="lenet5_1998"))
    window.until(NetworkReady)
    window.until(ResultReady)
    told = window.until(Answered).answer
    assert isinstance(told, Learned)
    real.drop(question)
    trainer = run._trainer
    assert trainer is not None
    done = trainer.batch
    real.ask(KernelsOf("lenet5_1998", "c1"))
    window.until(Answered, lambda event: isinstance(event.question, KernelsOf))
    assert trainer.batch <= done + 1
    assert not trainer.finished
    assert not [event for event in window.events if isinstance(event, Ended | Problem)]
    real.ask(Train(run, 1))  # and goes on where it was
    last = window.until(Answered, lambda event: event.fraction == 1 and isinstance(event.question, Train)).answer
    assert isinstance(last, Learned)
    assert last.batch in (done + 1, done + 2)


def test_why_a_last_layer_cannot_learn_is_told_with_its_question(real: Engine, window: Window) -> None:
    real.wish(DEMO)
    arrived(window, DEMO)
    question = TrainLast(LastRun(Plan("last"), "/nowhere"))
    real.ask(question)
    problem = window.until(Problem)
    assert (problem.where, problem.question) == ("question", question)
    assert "/nowhere" in str(problem.error)
