"""Levels that float32 finds faster are those that float64 sums, whatever lies near a half."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.filters import rounded as room
from explorer.filters.apply import respond, result
from explorer.filters.filter import BORDERS, Filter
from explorer.filters.kernel import Kernel

RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (90, 71, 3), dtype=np.uint8)

WEIGHTS: dict[str, Any] = {
    "halves": np.full((2, 2), 0.25),  # every second sum of four is near a half or on it
    "tenths": np.full((3, 3), 0.1),
    "whole": RNG.integers(-9, 10, (5, 5)),
    "typed": np.where(RNG.random((5, 5)) < 0.5, 0.04, RNG.integers(1, 10, (5, 5))),
    "large": RNG.normal(0, 300, (3, 3)),
    "small": RNG.normal(0, 1e-3, (4, 3)),
    "7×7": RNG.normal(0, 0.1, (7, 7)),
}


def kernel(name: str, scale: float, offset: float) -> Kernel:
    return Kernel("", tuple(map(tuple, np.array(WEIGHTS[name], float).tolist())), scale, offset)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.5, 10.0), (1 / 9, 0.5), (-0.3, 200.25)])
def test_every_level_is_the_one_of_float64(name: str, scale: float, offset: float) -> None:
    for turn, border in enumerate(BORDERS):
        one = Filter(kernel(name, scale, offset), border=border, dilation=1 + turn % 2, grey=turn == 3)
        exact = respond(PIXELS, one)
        expected = np.clip(np.rint(exact), 0, 255).astype(np.uint8)
        found = result(PIXELS, (one,)).pixels
        sure = np.abs(np.abs(exact - np.floor(exact)) - 0.5) > 1e-9  # on a half the last bit of float64 decides
        levels = found if exact.ndim == 3 else found[..., 0]
        assert np.array_equal(levels[sure], expected[sure]), border
        assert np.abs(levels.astype(int) - expected).max() <= 1


def test_float32_alone_would_be_wrong_and_few_places_are_summed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Filter(kernel("7×7", 1.0, 0.0))
    pixels = RNG.integers(0, 256, (400, 300, 3), dtype=np.uint8)
    right = result(pixels, (one,)).pixels
    counts = []

    def counted(self: Any, levels: Any) -> None:
        counts.append(sum(map(len, self._doubtful)))

    monkeypatch.setattr(room._Rounding, "mend", counted)
    wrong = np.count_nonzero(result(pixels, (one,)).pixels != right)
    assert 0 < wrong <= counts[0] < 0.01 * pixels.size
