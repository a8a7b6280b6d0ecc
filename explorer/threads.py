"""How many CPU threads suit this machine: tried at the first starts, a few milliseconds at a time, and remembered.

torch's threads wait for one another at every operation, so more are not always faster: on hyper-threaded cores, beside
other programs, or on few and slow cores. What was measured holds for one torch on so many cores of one processor.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from explorer import settings
from explorer.errors import ExportError

log = logging.getLogger(__name__)

ROUNDS = 8
"""Of every number of threads, in turns, so that what slows the machine slows them all."""
NEAR = 1.05
"""Fewer threads win where they take at most so many times the fastest: what they leave free is the window's."""
QUIET = 1.3
"""Where a usual time is more than so many times the shortest, others keep the machine busy: it is not remembered."""
TRIALS = 3
"""At so many starts: of each number of threads the shortest time of all of them counts."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual() -> int:
    """Return how many threads are used before anything was measured.

    One core in four stays free for the window and the camera, none of the first three.
    """
    return max(1, cores() - cores() // 4)


def candidates() -> tuple[int, ...]:
    """Return the numbers of threads that are tried: one, all cores, and some between."""
    n = cores()
    return tuple(sorted({1, min(2, n), max(1, n // 2), usual(), n}))


def remembered() -> int | None:
    """Return how many threads were found to suit this machine, with this torch; None where that is not known."""
    times = _kept()[1]
    return choice(times) if times else None


def trial(timed: Callable[[int], float] | None = None) -> Iterator[None]:
    """Try numbers of threads, one a step, and remember their times; no step after ``TRIALS`` starts.

    Args:
        timed: returns the ms that some work takes with so many threads; None for two convolutions of torch's.
    """
    trials, shortest = _kept()
    if trials >= TRIALS:
        return
    found: dict[int, list[float]] = {threads: [] for threads in candidates()}
    for _round in range(ROUNDS):
        for threads, times in found.items():
            times.append((timed or convolutions_ms)(threads))
            yield
    if any(statistics.median(times) > QUIET * min(times) for times in found.values()):
        log.info("numbers of threads cannot be compared while the machine is busy: %s", found)
        return
    best = {n: min(*times, shortest.get(n, math.inf)) for n, times in found.items()}
    kept = {"machine": _machine(), "trials": trials + 1, "ms": {str(n): round(ms, 3) for n, ms in best.items()}}
    try:
        settings.write_atomically(_file(), json.dumps(kept, indent=2).encode())
    except ExportError as error:  # it is measured again at the next start
        log.warning("%s", error)


def _kept() -> tuple[int, dict[int, float]]:
    """Return how often this machine was tried, and the shortest ms by number of threads; (0, {}) for never."""
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))
        if kept["machine"] != _machine():
            return 0, {}
        times = {int(n): float(ms) for n, ms in kept["ms"].items()}
        good = set(times) == set(candidates()) and all(0 < ms < math.inf for ms in times.values())
        return (int(kept["trials"]), times) if good else (0, {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return 0, {}


def choice(times_ms: Mapping[int, float]) -> int:
    """Return the fewest threads that are about as fast as any.

    Args:
        times_ms: the shortest time with each number of threads, for nothing makes work shorter than it is.
    """
    fastest = min(times_ms.values())
    return min(n for n, ms in times_ms.items() if ms <= NEAR * fastest)


def convolutions_ms(threads: int) -> float:
    """Return the ms of two convolutions as networks have them, early and late, with so many threads of torch's.

    The number of threads is as before afterwards.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            pairs = [
                (torch.ones(1, n, side, side).to(memory_format=torch.channels_last), torch.ones(n, n, 3, 3))
                for n, side in ((64, 56), (256, 14))
            ]
            for _turn in range(2):  # in the first the threads begin
                start_s = time.perf_counter()
                for x, weight in pairs:
                    torch.conv2d(x, weight, padding=1).relu_()
        return (time.perf_counter() - start_s) * 1000
    finally:
        torch.set_num_threads(before)


def _machine() -> str:
    import torch

    return f"torch {torch.__version__}, {cores()} cores, {platform.machine()}, {_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _file() -> Path:
    return settings.data_folder() / "threads.json"
