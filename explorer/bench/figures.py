"""A figure: a ratio of two times (or sizes) of one run, its limit, and the absolute values beside a calibration."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Times:
    """What ``interleaved`` measured: ms of every action, by name, in the order of the rounds."""

    ms: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """Return the median ms of an action."""
        return statistics.median(self.ms[name])

    def ratio(self, name: str, base: str) -> float:
        """Return the median over the rounds of one action's time ÷ another's in the same round."""
        return statistics.median(a / b for a, b in zip(self.ms[name], self.ms[base], strict=True))


@dataclass(frozen=True)
class Figure:
    """One line of the benchmark.

    Attributes:
        name: what was compared, in English; JSON and the table share it.
        value: the ratio; for a figure that is no ratio, the value in ``unit``.
        limit: the most it may be, or None where it is only told.
        unit: "" for a ratio.
        absolute: the absolute values it comes from, each name with its unit as suffix; never judged.
        calibration_ms: a bare ResNet-18 forward at about the same time: how fast the machine was just then.
    """

    name: str
    value: float
    limit: float | None
    absolute: Mapping[str, float]
    calibration_ms: float
    unit: str = ""

    @property
    def verdict(self) -> str:
        """ "pass", "over", or "" where there is no limit."""
        return "" if self.limit is None else "pass" if self.value <= self.limit else "over"

    def as_json(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit or "ratio",
            "limit": self.limit,
            "verdict": self.verdict or None,
            "absolute": {name: round(value, 3) for name, value in self.absolute.items()},
            "calibration_ms": round(self.calibration_ms, 3),
        }


def interleaved(actions: Mapping[str, Callable[[], object]], rounds: int, warm: int = 3, rest_s: float = 0.0) -> Times:
    """Run every action once a round, in turns, so that what slows the machine slows them all.

    Args:
        actions: what to time, by name.
        rounds: how many rounds count.
        warm: rounds before them, which do not count.
        rest_s: so long nothing is done before each action: threads of the one before may still spin.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(warm + rounds):
        for name, action in actions.items():
            time.sleep(rest_s)
            start_s = time.perf_counter()
            action()
            if turn >= warm:
                times[name].append((time.perf_counter() - start_s) * 1000)
    return Times(times)
