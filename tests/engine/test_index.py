"""Indices in the real engine: ten that are stopped leave nothing running, and the last one goes on where they were."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.engine import Engine
from explorer.engine.events import Answered, ResultReady
from explorer.indexing import Indexed
from explorer.questions import IndexFolder
from explorer.recipe import Nearest, Recipe
from explorer.retrieval.index import Index
from explorer.settings import Settings
from explorer.values import Source
from tests.engine.fakes import Window, soon
from tests.retrieval.pictures import write_digits

RECIPE = Recipe(source=Source("sample", "digit-7.png"), network="lenet5")


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def engine(window: Window) -> Iterator[Engine]:
    engine = Engine(window.notify, Settings(threads=1))
    window.engine = engine
    engine.start()
    engine.wish(RECIPE)
    window.until(ResultReady)
    yield engine
    assert engine.stop(30) == []


def test_ten_that_are_stopped_leave_nothing_running(engine: Engine, window: Window, tmp_path: Path) -> None:
    folder, file = write_digits(tmp_path / "digits", 300, 33), tmp_path / "index"
    (folder / "broken.png").write_bytes(b"no picture")
    before = threading.active_count()
    told: list[int] = []
    for _time in range(10):
        question = IndexFolder("lenet5", str(folder), str(file))
        engine.ask(question)
        event = window.until(Answered, lambda event, question=question: event.question is question)  # type: ignore[misc]
        engine.drop(question)
        assert isinstance(event.answer, Indexed)
        told.append(event.answer.done)
        soon(lambda: not engine._model.worker.waiting() and threading.active_count() == before)
    assert told == sorted(told)
    assert told[0] < 301, "stopped on its way"
    assert told[-1] <= len(list(Index(file)))
    question = IndexFolder("lenet5", str(folder), str(file))
    engine.ask(question)
    event = window.until(Answered, lambda event: event.question is question and event.fraction == 1)
    assert isinstance(event.answer, Indexed)
    assert event.answer.done == 301
    assert event.answer.kept >= told[-1]
    assert [name for name, _why in event.answer.unreadable] == ["broken.png"]
    assert sorted(one.path for one in Index(file)) == sorted(path.name for path in folder.iterdir())
    recipe = RECIPE.with_(nearest=Nearest(str(file), top=5))
    engine.wish(recipe)
    found = window.until(ResultReady, lambda event: event.result.recipe == recipe).result.nearest
    assert found is not None
    assert [one.path[4] for one in found.matches].count("7") >= 3
