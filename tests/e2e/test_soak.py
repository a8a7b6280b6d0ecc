"""The short form of ``make soak``: the real window, live, while everything is switched; and what it must notice."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
MB = 2**20


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("soak_tool", ROOT / "tools" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_everything_is_switched_while_frames_come() -> None:
    """Three rounds of switches of half a second, in place of five; the long form is in docs/soak.md."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "soak.py"), "--seconds", "16", "--every", "0.5", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["faults"], done.returncode, done.stderr) == ([], 0, "")
    assert told["rounds"] >= 3
    assert told["switches"] >= 36
    assert told["frames"] > 36


def record(tool: ModuleType, *sizes: int, threads: int = 9, **more: object) -> object:
    rounds = [tool.Round([size * MB] * 5, threads, frames=100) for size in sizes]
    return tool.Record(rounds, **more)


def test_what_is_as_it_should_be_is_no_fault(tool: ModuleType) -> None:
    assert record(tool, 300, 500, 500, 509).faults() == []  # the first round warms up


def test_each_planted_fault_is_told(tool: ModuleType) -> None:
    def only(found: list[str]) -> str:
        (one,) = found
        return one

    assert "grew by 2.2%" in only(record(tool, 300, 500, 505, 511).faults())
    assert "frame 41 came after frame 42" in only(record(tool, 5, 5, 5, disorder=[(42, 41)]).faults())
    assert "did not end: grabber demo" in only(record(tool, 5, 5, 5, left=["grabber demo"]).faults())
    assert only(record(tool, 5, 5, 5, problems=["It is broken."]).faults()) == "It is broken."
    assert "only 2 rounds" in only(record(tool, 5, 5).faults())
    leaking = record(tool, 5, 5, 5)
    leaking.rounds[-1].threads += 1
    assert "10 threads, 9 at first" in only(leaking.faults())
    still = record(tool, 5, 5, 5)
    still.rounds[1].frames = 0
    assert "round 2 showed no frame" in only(still.faults())
