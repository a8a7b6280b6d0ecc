"""How many threads suit the machine is measured between the frames, and used at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from explorer.engine import Engine
from explorer.engine.events import NetworkReady
from explorer.engine.rooms import Rooms
from explorer.settings import Settings
from tests.engine.fakes import FakeRooms, Window, arrived, running
from tests.engine.test_engine import A

STEPS = 4


class Trying(FakeRooms):
    """Whose trial has steps, and wishes another view meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.ran_at: list[int] = []

    def rooms(self) -> Rooms:
        return replace(super().rooms(), trial=self._trial, threads=lambda: 2 if len(self.threads_asked) == 1 else 5)

    def _trial(self) -> Iterator[None]:
        for step in range(STEPS):
            self.ran_at.append(len(self.runs))
            if step == 1:
                assert self.engine
                self.engine.wish(A.with_(channel=1))
            yield


@pytest.fixture
def fakes() -> Trying:
    return Trying()


def test_a_frame_goes_first_and_the_number_is_told(engine: Engine, fakes: Trying, window: Window) -> None:
    fakes.engine = engine
    engine.wish(A)
    told = window.until(NetworkReady, lambda event: event.network.threads == 5)
    assert told.network.opened == 1
    assert fakes.ran_at[:2] == [1, 1]
    assert fakes.ran_at[3] == 2, "no more than one step comes before it"
    assert fakes.threads_asked == [0, 0]


def test_a_persons_own_number_is_not_measured(window: Window) -> None:
    fakes = Trying()
    for engine in running(fakes, window):
        engine.prefer(Settings(threads=3))
        engine.wish(A)
        arrived(window, A)
        engine.wish(A.with_(channel=1))
        arrived(window, A.with_(channel=1))
    assert fakes.ran_at == []
