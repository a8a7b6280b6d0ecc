"""The window's own calculations: apart from the networks, the newest of a lane, whatever the networks do meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from explorer.engine import Engine
from explorer.engine.events import Calculated, Problem
from explorer.errors import PersonError
from explorer.filters.bank import BANK
from explorer.recipe import Recipe
from tests.engine.fakes import PATIENCE_S, FakeRooms, Gate, Window, arrived, soon

A = Recipe(network="a")


def test_a_value_comes_with_the_work_that_gave_it(engine: Engine, window: Window) -> None:
    def work() -> str:
        return threading.current_thread().name

    engine.calculate("filter", work)
    done = window.until(Calculated)
    assert (done.lane, done.work, done.value, done.error) == ("filter", work, "light", None)


def test_a_mistake_of_the_persons_is_told_beside_the_work_alone(engine: Engine, window: Window) -> None:
    def work() -> None:
        raise PersonError("The kernel has no cells: type one.")

    engine.calculate("filter", work)
    done = window.until(Calculated)
    assert str(done.error) == "The kernel has no cells: type one."
    assert not any(isinstance(event, Problem) for event in window.events)


def test_a_mistake_of_the_programs_is_told_to_the_person_too(engine: Engine, window: Window) -> None:
    engine.calculate("filter", lambda: 1 // 0)
    problem = window.until(Problem)
    assert problem.where == "engine"
    assert window.until(Calculated).error is problem.error


def test_of_what_waits_in_a_lane_the_newest_is_done(engine: Engine, window: Window) -> None:
    gate, done = Gate(), []
    gate.close()
    engine.calculate("filter", gate)
    gate.wait_reached()
    engine.calculate("filter", lambda: done.append("old"))
    engine.calculate("filter", lambda: done.append("new"))
    gate.open()
    soon(lambda: bool(done))
    assert done == ["new"]


@pytest.mark.parametrize("what", ["learn", "file"])
def test_a_typed_kernel_waits_neither_for_learning_nor_for_a_file(
    engine: Engine, window: Window, tmp_path: Path, what: str
) -> None:
    gate = Gate()
    gate.close()
    if what == "learn":
        engine.calculate("learn", gate)
    else:
        engine.save(str(tmp_path / "map.png"), lambda _file: gate())
    gate.wait_reached()
    engine.calculate("filter", lambda: "filtered")
    assert window.until(Calculated).value == "filtered"
    gate.open()


def test_the_network_looks_after_the_picture_of_a_typed_kernel_is_made(
    engine: Engine, fakes: FakeRooms, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.engine.engine._MOMENT_S", PATIENCE_S)
    engine.wish(A)
    arrived(window, A)
    gate = Gate()
    order: list[int] = []
    gate.close()

    class Waited(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            gate.open()  # the filter goes on only once the network waits for it
            return super().wait(timeout)

    monkeypatch.setattr(engine, "_filtered", Waited())

    def work() -> None:
        gate()
        order.append(len(fakes.runs))

    engine.calculate("filter", work)
    gate.wait_reached()
    typed = A.with_(filters=(BANK["box"].filter,))
    before = len(fakes.runs)
    engine.wish(typed)
    arrived(window, typed)
    assert order == [before], "the network looked first"
