"""An engine with fake rooms behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from explorer.engine import Engine, feed
from tests.engine.fakes import FakeRooms, Window, running


@pytest.fixture
def fakes() -> FakeRooms:
    return FakeRooms()


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def engine(fakes: FakeRooms, window: Window) -> Iterator[Engine]:
    yield from running(fakes, window)


@pytest.fixture(autouse=True)
def no_try_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gone is tried again when the test says so, not when some time has passed."""
    monkeypatch.setattr(feed, "PAUSES_S", (3600.0,))
