"""Long questions go step by step: frames go first, whoever asked can stop, and what is answered is the newest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from explorer.attribution.values import Effective
from explorer.engine import Engine
from explorer.engine.events import Answered, Ended, Exported, NetworkReady, Problem, ResultReady
from explorer.errors import DeviceError, NetworkError
from explorer.influence import Step
from explorer.questions import EffectiveCurve, EffectiveField, Question, Survey
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Source
from tests.engine.fakes import FakeRooms, Gate, Window, arrived, soon

ASKED = EffectiveField("a", "conv", pictures=4)
STILL = Recipe(source=Source("picture", "a.png"), network="a")
CAMERA = Recipe(source=Source("camera", "0"), network="a")


class Steps:
    """Answers questions in so many steps, each of which waits at a gate; remembers which were gone."""

    def __init__(self, fakes: FakeRooms) -> None:
        self.gate = Gate()
        self.gone: list[tuple[Question, int]] = []
        self.frames: list[int] = []
        self.failure: Exception | None = None
        self._fakes = fakes

    def __call__(self, _network: Any, question: Any) -> Any:
        if isinstance(question, Survey):
            return question
        return self._steps(question)

    def _steps(self, question: Any) -> Iterator[Step]:
        for number in range(1, question.pictures + 1):
            self.gate()
            self.gone.append((question, number))
            self.frames.append(len(self._fakes.runs))
            if self.failure:
                raise self.failure
            yield Step(number, number, question.pictures)  # type: ignore[arg-type]

    def count(self, question: Question) -> int:
        return sum(one is question for one, _number in self.gone)


@pytest.fixture
def steps(fakes: FakeRooms) -> Steps:
    return Steps(fakes)


@pytest.fixture
def asked(fakes: FakeRooms, window: Window, steps: Steps) -> Iterator[Engine]:
    engine = Engine(window.notify, Settings(), replace(fakes.rooms(), answer=steps))
    window.engine = engine
    engine.start()
    engine.wish(STILL)
    arrived(window, STILL)
    yield engine
    steps.gate.open()
    for live in fakes.lives:
        live.free.set()
        live.allow.release()
    assert engine.stop() == []


def test_every_step_is_an_answer_and_the_last_one_is_whole(asked: Engine, window: Window, steps: Steps) -> None:
    asked.ask(ASKED)
    window.until(Answered, lambda event: event.fraction == 1)
    assert [number for _question, number in steps.gone] == [1, 2, 3, 4]
    told = [(event.answer, event.fraction) for event in window.events if isinstance(event, Answered)]
    assert told[-1] == (4, 1.0)
    assert all(fraction == answer / 4 for answer, fraction in told)  # type: ignore[operator]


def test_partial_answers_reach_the_window_before_the_next_step(asked: Engine, window: Window, steps: Steps) -> None:
    seen = []
    steps.gate.close()
    asked.ask(ASKED)
    for number in range(1, 5):
        steps.gate.wait_reached()
        if number > 1:
            seen.append(window.until(Answered).fraction)
        if number < 4:
            _pass(steps)
    steps.gate.open()
    assert [*seen, window.until(Answered).fraction] == [0.25, 0.5, 0.75, 1]


def _pass(steps: Steps) -> None:
    """Let exactly the step through that waits at the gate."""
    before = len(steps.gone)
    old, steps.gate = steps.gate, Gate()
    steps.gate.close()
    old.open()
    soon(lambda: len(steps.gone) == before + 1)


def test_between_any_two_steps_a_waiting_frame_goes(
    asked: Engine, window: Window, steps: Steps, fakes: FakeRooms
) -> None:
    asked.wish(CAMERA)
    soon(lambda: bool(fakes.lives))
    live = fakes.lives[-1]
    live.allow.release()
    window.until(ResultReady, lambda event: event.result.frame.source == "0")
    steps.gate.close()
    asked.ask(ASKED)
    for _ in range(3):
        steps.gate.wait_reached()
        runs = len(fakes.runs)
        live.allow.release()
        soon(lambda: "frame" in asked._model.worker.waiting())
        _pass(steps)
        steps.gate.wait_reached()
        assert len(fakes.runs) == runs + 1, "the next step went before the frame"
        steps.gate.reached.release()
    steps.gate.open()
    window.until(Answered, lambda event: event.fraction == 1)


def test_a_source_that_never_rests_starves_no_question(
    asked: Engine, window: Window, steps: Steps, fakes: FakeRooms
) -> None:
    asked.wish(CAMERA)
    soon(lambda: bool(fakes.lives))
    fakes.lives[-1].free.set()
    fakes.lives[-1].allow.release()
    window.until(ResultReady, lambda event: event.result.frame.source == "0")
    asked.ask(ASKED)
    window.until(Answered, lambda event: event.fraction == 1)


def test_other_questions_and_exports_do_not_wait_for_its_end(asked: Engine, window: Window, steps: Steps) -> None:
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.ask(Survey("b"))
    asked.export("maps", "maps.npz")
    _pass(steps)
    window.until(Answered, lambda event: event.question == Survey("b"))
    window.until(Exported)
    assert len(steps.gone) == 1
    steps.gate.open()


def test_a_newer_one_of_its_kind_takes_its_place(asked: Engine, window: Window, steps: Steps) -> None:
    newer = replace(ASKED, unit=(1, 1), pictures=2)
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.ask(newer)
    steps.gate.open()
    window.until(Answered, lambda event: event.question is newer and event.fraction == 1)
    assert (steps.count(ASKED), steps.count(newer)) == (1, 2)
    assert not [event for event in window.events if isinstance(event, Answered) and event.question is ASKED]


def test_two_kinds_go_on_beside_each_other(asked: Engine, window: Window, steps: Steps) -> None:
    curve = EffectiveCurve("a", ("conv",), pictures=4)
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.ask(curve)
    steps.gate.open()
    for question in (ASKED, curve):
        window.until(Answered, lambda event, question=question: event.question is question and event.fraction == 1)  # type: ignore[misc]
        window._seen = 0
    assert [question is curve for question, _number in steps.gone[:4]] == [False, True, False, True]


def test_a_dropped_one_ends_and_says_nothing_more(asked: Engine, window: Window, steps: Steps) -> None:
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.drop(ASKED)
    steps.gate.open()
    asked.ask(Survey("b"))
    window.until(Answered, lambda event: event.question == Survey("b"))
    assert steps.count(ASKED) == 1
    assert not [event for event in window.events if isinstance(event, Answered) and event.question is ASKED]
    asked.ask(ASKED)  # and can be asked again
    window.until(Answered, lambda event: event.question is ASKED and event.fraction == 1)


def test_one_that_waits_is_dropped_before_its_first_step(asked: Engine, window: Window, steps: Steps) -> None:
    waits = EffectiveCurve("a", ("conv",))
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.ask(waits)
    asked.drop(waits)
    steps.gate.open()
    window.until(Answered, lambda event: event.question is ASKED and event.fraction == 1)
    assert steps.count(waits) == 0


def test_dropping_an_older_one_leaves_the_newer(asked: Engine, window: Window, steps: Steps) -> None:
    newer = replace(ASKED, unit=(1, 1))
    asked.ask(newer)
    asked.drop(ASKED)
    window.until(Answered, lambda event: event.question is newer and event.fraction == 1)


def test_another_network_ends_it(asked: Engine, window: Window, steps: Steps) -> None:
    steps.gate.close()
    asked.ask(ASKED)
    steps.gate.wait_reached()
    asked.wish(STILL.with_(network="b"))
    steps.gate.open()
    window.until(NetworkReady)
    assert window.until(Ended).question is ASKED
    assert steps.count(ASKED) == 1
    assert not [event for event in window.events if isinstance(event, Problem)]


@pytest.mark.parametrize("error", [NetworkError("no such unit"), DeviceError("no memory"), RuntimeError("ours")])
def test_a_step_that_fails_is_told_with_its_question(
    asked: Engine, window: Window, steps: Steps, error: Exception
) -> None:
    steps.failure = error
    asked.ask(ASKED)
    problem = window.until(Problem)
    assert (problem.where, problem.question) == ("question", ASKED)
    assert str(error) in str(problem.error)
    assert steps.count(ASKED) == 1
    steps.failure = None
    asked.ask(ASKED)
    window.until(Answered, lambda event: event.fraction == 1)


def test_the_end_of_the_program_ends_it(fakes: FakeRooms, window: Window, steps: Steps) -> None:
    engine = Engine(window.notify, Settings(), replace(fakes.rooms(), answer=steps))
    window.engine = engine
    engine.start()
    steps.gate.close()
    engine.ask(ASKED)
    steps.gate.wait_reached()
    engine._desk.stopped = True
    steps.gate.open()
    assert engine.stop() == []
    assert steps.count(ASKED) == 1


@pytest.fixture
def real(window: Window) -> Iterator[Engine]:
    """An engine with the real rooms behind it."""
    engine = Engine(window.notify, Settings(threads=1))
    window.engine = engine
    engine.start()
    yield engine
    assert engine.stop(30) == []


def test_a_real_network_goes_on_with_its_frames_meanwhile(real: Engine, window: Window) -> None:
    recipe = Recipe(source=Source("demo", ""), network="lenet5", weights="none", layer="c3", unit=(4, 4))
    real.wish(recipe)
    first = arrived(window, recipe).result
    real.ask(EffectiveField("lenet5", "c3", (4, 4), first.filtered, pictures=40))
    window.until(Answered)
    window.until(ResultReady)
    last = window.until(Answered, lambda event: event.fraction == 1).answer
    assert isinstance(last, Effective)
    assert (last.pictures, last.outside, last.clipped) == (40, 0, (8, 8, 22, 22))
    real.ask(EffectiveField("lenet5", "c3", (10, 4)))
    assert "c3 has no unit 10 4" in str(window.until(Problem).error)
