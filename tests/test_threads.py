"""The thread policy is decided before torch is loaded, whichever door a person comes through."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from itertools import cycle

import pytest
import torch

from explorer import device, settings, threads

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


def tried(ms: dict[int, list[float]]) -> None:
    """Let the trial find these times, round after round."""
    times = {threads: cycle(given) for threads, given in ms.items()}
    for _step in threads.trial(lambda n: next(times[n])):
        pass


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(4)), raising=False)


@pytest.mark.usefixtures("four_cores")
def test_what_suits_the_machine_is_measured_at_three_starts_and_used() -> None:
    assert threads.candidates() == (1, 2, 3, 4)
    assert threads.remembered() is None
    assert device.set_threads() == 3  # one core in four stays free until more is known
    tried({1: [9.0], 2: [5.1, 5.2], 3: [5.0], 4: [9.5]})
    assert threads.remembered() == 2  # nearly as fast as three, and one core is left
    assert device.set_threads() == 2
    assert device.set_threads(4) == 4
    tried({1: [9.0], 2: [6.0], 3: [6.0], 4: [4.0]})  # something else slowed it at the first start
    assert threads.remembered() == 4
    tried({1: [20.0], 2: [20.0], 3: [20.0], 4: [20.0]})
    assert threads.remembered() == 4
    assert list(threads.trial(lambda n: pytest.fail("it is known"))) == []


@pytest.mark.usefixtures("four_cores")
def test_a_busy_machine_tells_nothing() -> None:
    tried({1: [9.0], 2: [5.0, 60.0, 70.0], 3: [50.0, 80.0, 90.0], 4: [200.0]})
    assert threads.remembered() is None


@pytest.mark.usefixtures("four_cores")
def test_another_torch_or_fewer_cores_are_measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    tried({1: [9.0], 2: [5.0], 3: [6.0], 4: [6.0]})
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "99.0")
        assert threads.remembered() is None
    with monkeypatch.context() as patch:
        patch.setattr("os.sched_getaffinity", lambda _pid: {0}, raising=False)
        assert threads.remembered() is None
    assert threads.remembered() == 2


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize("text", ["", "[]", "{", '{"threads": 2}', "null", "\xff", "[" * 5000])
def test_a_broken_file_is_measured_over(text: str) -> None:
    file = settings.data_folder() / "threads.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="latin-1")
    assert threads.remembered() is None
    tried({n: [float(n)] for n in (1, 2, 3, 4)})
    assert threads.remembered() == 1


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    "wrong",
    [
        {"ms": {}},
        {"ms": [1, 2]},
        {"ms": {"1": 1.0}},
        {"ms": dict.fromkeys("1234", "x")},
        {"ms": dict.fromkeys("1234", -1.0)},
        {"ms": dict.fromkeys("1234", math.nan)},
        {"trials": "many"},
        {"trials": math.inf},
    ],
)
def test_times_that_cannot_be_are_not_used(wrong: dict[str, object]) -> None:
    tried({n: [float(n)] for n in (1, 2, 3, 4)})
    assert threads.remembered() == 1
    file = settings.data_folder() / "threads.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | wrong))
    assert threads.remembered() is None


@pytest.mark.usefixtures("four_cores")
def test_a_folder_that_cannot_be_written_is_no_fault() -> None:
    settings.data_folder().parent.mkdir(parents=True, exist_ok=True)
    settings.data_folder().write_text("in the way")
    tried({n: [float(n)] for n in (1, 2, 3, 4)})
    assert threads.remembered() is None


def test_the_work_that_is_timed_leaves_the_number_as_it_was() -> None:
    before = torch.get_num_threads()
    assert threads.convolutions_ms(before + 1) > 0
    assert torch.get_num_threads() == before
