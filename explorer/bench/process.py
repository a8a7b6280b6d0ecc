"""Measurements that need a process of their own: how torch starts, what it does by itself, and the window."""

from __future__ import annotations

import json
import os
import subprocess
import sys

LIMIT_S = 600
POLICY = ("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_")
"""Beginnings of the environment variables that decide about threads."""

_IMPORT = """
import time
began = time.perf_counter()
import torch, torchvision
print(time.perf_counter() - began)
"""
_BARE = """
import statistics, sys, time
import torch, torchvision
torch.manual_seed(0)
model = torchvision.models.get_model(sys.argv[1], weights=None).eval()
x = torch.rand(1, 3, 224, 224)
times = []
with torch.no_grad():
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        model(x)
        times.append((time.perf_counter() - start) * 1000)
print(statistics.median(times[3:]))
"""
_START = """
import time
began = time.perf_counter()
from ui.bench import start
start.start(began)
"""


def import_torch_s() -> float:
    """Return the seconds that ``import torch, torchvision`` takes in a fresh process."""
    return float(_python("-c", _IMPORT))


def bare_forward_ms(network: str, rounds: int) -> float:
    """Return the median ms of a forward of torchvision's ``network`` in a fresh process with torch's own defaults."""
    return float(_python("-c", _BARE, network, str(rounds)))


def window_start_s() -> dict[str, float]:
    """Return the seconds to the window's first paint and first prediction, in a fresh process."""
    return _json(_python("-c", _START))


def window(what: str, *words: str) -> dict[str, float]:
    """Return the figures of ``python -m ui.bench`` ``what``, with the words that it takes."""
    return _json(_python("-m", "ui.bench", what, *words))


def memory(what: str) -> dict[str, float]:
    """Return the figures of ``python -m explorer.bench.memory`` ``what``."""
    return _json(_python("-m", "explorer.bench.memory", what))


def _python(*words: str) -> str:
    """Run Python offscreen, without what this process decided about threads, and return the last line it printed.

    The first run keeps the bytecode of what it imports, as installing does.
    """
    left_out = (*POLICY, "PYTHONDONTWRITEBYTECODE")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    done = subprocess.run(
        [sys.executable, *words],
        env=clean | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:2])}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


def _json(line: str) -> dict[str, float]:
    figures: dict[str, float] = json.loads(line)
    return figures
