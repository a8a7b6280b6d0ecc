"""The thread policy is decided before torch is loaded, whichever door a person comes through."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

DOORS = {
    "engine": "from explorer.engine.rooms import Rooms; Rooms().prepare(1)",
    "command line": "import explorer.cli.opening",
    "benchmark": "from explorer import bench; next(bench._figures())",
}
WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("GOMP_SPINCOUNT"))
            sys.stdout.flush()
            os._exit(0)
sys.meta_path.insert(0, Watch())
"""


def at_torch(door: str, **more: str) -> str:
    """Return the variable's value at the moment when torch is about to be loaded."""
    clean = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"} | more
    return subprocess.run(
        [sys.executable, "-c", WATCH + DOORS[door]], env=clean, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("door", DOORS)
def test_it_is_set_before_torch(door: str) -> None:
    assert at_torch(door) == "1000"


def test_a_persons_own_choice_stays() -> None:
    assert at_torch("engine", GOMP_SPINCOUNT="123") == "123"
