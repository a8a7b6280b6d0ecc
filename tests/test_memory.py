"""Freed memory stays for the next forward, and goes back when asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from explorer import memory

_SCRIPT = """
import mmap, sys
from pathlib import Path
import numpy as np
from explorer import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

kept = memory.keep() if sys.argv[1] == "keep" else True
assert kept
before = resident()
blocks = [np.ones(2_000_000, np.uint64) for _ in range(8)]  # 16 MB each
del blocks
after = resident() - before
memory.trim()
print(after, resident() - before)
"""


def _grown(how: str) -> list[int]:
    run = subprocess.run([sys.executable, "-c", _SCRIPT, how], capture_output=True, text=True, check=True)
    return [int(word) for word in run.stdout.split()]


@pytest.mark.skipif(not sys.platform.startswith("linux") or not memory.keep(), reason="only glibc can keep it")
def test_freed_memory_is_kept_until_it_is_trimmed() -> None:
    kept, trimmed = _grown("keep")
    assert kept > 100_000_000
    assert trimmed < 20_000_000


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory.keep() is False
    memory.trim()


_COLLECTED = """
import gc, weakref
gc.disable()
from explorer.session import Session

class Held: pass
circle = [Held()]
circle.append(circle)
held = weakref.ref(circle[0])
del circle
network = Session().open("lenet5", device="cpu")
gc.enable()
print(len(gc.get_objects()), gc.get_freeze_count(), int(held() is not None))
"""


def test_the_collector_passes_over_what_was_imported() -> None:
    run = subprocess.run([sys.executable, "-c", _COLLECTED], capture_output=True, text=True, check=True)
    left, passed, held = (int(word) for word in run.stdout.split())
    assert left < 1000
    assert passed > 100_000
    assert not held, "what was let go before is freed, not kept for ever"
