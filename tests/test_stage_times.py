"""Stage times: each stage has what belongs to it, capture is told apart where it can be, and a device is waited for.

The clock is the tests' own, so that every figure is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from explorer import device, frame_path, reduce
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Frame
from tests.pretend_device import DEVICE, pretend_device

FORWARD_MS, CAPTURE_MS, LEFT_MS = 5000.0, 300.0, 70.0


class Clock:
    """Goes on only where it is told to."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms / 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Every kept layer takes ``CAPTURE_MS``."""
    clock = Clock()
    hold = reduce.hold

    def slow(*given: Any) -> object:
        reducer = hold(*given)

        def reduced(output: torch.Tensor) -> object:
            clock.ms += CAPTURE_MS
            return reducer(output)

        return reduced

    monkeypatch.setattr(reduce, "hold", slow)
    with monkeypatch.context() as patch:
        patch.setattr(time, "perf_counter", clock)
        yield clock


def opened(clock: Clock, name: str) -> Network:
    network = Session().open("lenet5", "none", device=name)
    network.module.register_forward_pre_hook(lambda *_: setattr(clock, "ms", clock.ms + FORWARD_MS))
    return network


def frame() -> Frame:
    return Frame(np.full((32, 32, 3), 128, np.uint8), "grey")


def test_capture_is_told_apart_from_the_forward(clock: Clock) -> None:
    result = frame_path.run(opened(clock, "cpu"), frame(), Recipe(network="lenet5", thumbnails=()), {"read": 2.0})
    assert result.times_ms["forward"] == pytest.approx(FORWARD_MS)
    assert result.times_ms["capture"] == pytest.approx(CAPTURE_MS)
    assert result.times_ms["read"] == 2.0
    assert sum(result.times_ms.values()) == pytest.approx(clock.ms + 2.0), "no millisecond is lost or told twice"


def test_what_a_device_still_has_to_do_belongs_to_the_stage_that_gave_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {"ms": 0.0}

    class Driver:
        @staticmethod
        def synchronize() -> None:
            clock.ms += left.pop("ms", 0.0)

    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    monkeypatch.setattr(torch, DEVICE.type, Driver, raising=False)
    with pretend_device():
        network = opened(clock, "auto")
        network.module.register_forward_hook(lambda *_: left.update(ms=LEFT_MS))
        left.clear()
        result = frame_path.run(network, frame(), Recipe(network="lenet5", thumbnails=()))
    assert result.times_ms["forward"] == pytest.approx(FORWARD_MS + CAPTURE_MS + LEFT_MS)
    assert result.times_ms["render"] == 0, "nothing of the forward is told there"
    assert "capture" not in result.times_ms
