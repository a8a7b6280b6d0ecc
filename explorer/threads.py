"""How many CPU threads suit this machine: tried once, a few milliseconds at a time, and remembered.

torch's threads wait for one another at every operation, so more are not always faster: on hyper-threaded cores, beside
other programs, or on few and slow cores. What was measured holds for one torch on so many cores of one processor.
"""

from __future__ import annotations

import json
import logging
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
QUIET = 2.0
"""Where the usual time is more than so many times the shortest, others keep the machine busy: nothing is remembered."""


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
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))
        threads = kept["threads"] if kept["machine"] == _machine() else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return threads if type(threads) is int and 1 <= threads <= cores() else None


def trial(timed: Callable[[int], float] | None = None) -> Iterator[None]:
    """Try numbers of threads, one a step, and remember what suits; no step where that is known.

    Args:
        timed: returns the ms that some work takes with so many threads; None for two convolutions of torch's.
    """
    if remembered() is not None:
        return
    found: dict[int, list[float]] = {threads: [] for threads in candidates()}
    for _round in range(ROUNDS):
        for threads, times in found.items():
            times.append((timed or convolutions_ms)(threads))
            yield
    chosen = choice(found)
    if chosen is None:
        log.info("numbers of threads cannot be compared while the machine is busy: %s", found)
        return
    kept = {"machine": _machine(), "threads": chosen, "ms": {str(n): round(min(ms), 3) for n, ms in found.items()}}
    try:
        settings.write_atomically(_file(), json.dumps(kept, indent=2).encode())
    except ExportError as error:  # it is measured again at the next start
        log.warning("%s", error)


def choice(times_ms: Mapping[int, list[float]]) -> int | None:
    """Return the fewest threads that are about as fast as any; None where the times do not tell.

    Args:
        times_ms: of each number of threads; the shortest counts, for nothing makes work shorter than it is.
    """
    fastest = min(min(times) for times in times_ms.values())
    threads = min(n for n, times in times_ms.items() if min(times) <= NEAR * fastest)
    steady = statistics.median(times_ms[threads]) <= QUIET * min(times_ms[threads])
    return threads if steady else None


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
