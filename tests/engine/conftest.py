"""An engine with fake rooms behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from explorer.engine import Engine
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
