"""The process that compiles: what it is told, what is taken of it, and that nothing of it stays behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils._pytree import tree_structure, treespec_dumps

from explorer.speed.compiled import MADE, Compilation, Order, compiler
from explorer.speed.merge import Unfit

ORDER = Order("lenet5", "", (32, 32), ("c1", "relu1"), 2)


def python(code: str) -> tuple[str, ...]:
    """A command that runs ``code`` with the order and the folder as its arguments."""
    return (sys.executable, "-c", "import os, pathlib, sys, time; order, folder = sys.argv[1:]; " + code)


def until(done: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_an_order_arrives_as_it_was_given() -> None:
    assert Order.read(ORDER.written()) == ORDER


FORM = treespec_dumps(tree_structure(0))
NO_LIBRARY = json.dumps({"library": "none.so", "input": [], "layers": [], "form": FORM})
BROKEN = {
    "it fails": ("sys.exit('no compiler')", "no compiler"),
    "it writes nothing": ("", "FileNotFoundError"),
    "what it writes is no JSON": (f"pathlib.Path(folder, '{MADE}').write_text('{{')", "JSONDecodeError"),
    "there is no library": (f"pathlib.Path(folder, '{MADE}').write_text({NO_LIBRARY!r})", "none.so"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_used_is_unfit_and_leaves_nothing(what: str, temporary: Path) -> None:
    code, told = BROKEN[what]
    making = Compilation(ORDER, python(code))

    def there() -> bool:
        return making.whole(torch.zeros(1)) is not None

    with pytest.raises(Unfit, match=told):
        until(there)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("let_go", [False, True])
def test_it_ends_with_whoever_ordered_it(let_go: bool, temporary: Path) -> None:
    code = "pathlib.Path(folder, 'pid').write_text(str(os.getpid())); time.sleep(600)"
    making = Compilation(ORDER, python(code))
    assert making.whole(torch.zeros(1)) is None, "nobody waits for it"
    until(lambda: any(file.read_text() for file in temporary.glob("*/pid")))
    pid = int(next(temporary.glob("*/pid")).read_text())
    if let_go:
        del making
    else:
        making.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list(temporary.iterdir())


def test_a_machine_without_a_compiler_is_told_from_one_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiler() is None
    clang = tmp_path / "clang++"
    clang.write_text("#!/bin/sh\n")
    clang.chmod(0o755)
    assert compiler() == str(clang)


def test_the_persons_folder_is_not_where_it_looks_for_modules(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path_factory.mktemp("planted")
    (planted / "json.py").write_text(f"open({str(planted / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(planted)
    making = Compilation(Order("lenet5", "", (32, 32), ("nothing",), 2))

    def there() -> bool:
        return making.whole(torch.zeros(1)) is not None

    with pytest.raises(Unfit, match="There is no layer called “nothing”"):
        until(there)
    assert not (planted / "ran").exists()


ABRUPT = """
import os, pathlib, sys, time
from explorer.speed.compiled import Compilation, Order
child = '''
import os, pathlib, sys
from explorer.compiling import end_with_the_other
folder = pathlib.Path(sys.argv[2])
(folder / "pid.new").write_text(str(os.getpid()))
(folder / "pid.new").rename(folder / "pid")
end_with_the_other(folder)
'''
making = Compilation(Order("lenet5", "", (32, 32), (), 1), (sys.executable, "-c", child))
file = making._folder / "pid"
while not file.exists():
    time.sleep(0.01)
print(file.read_text(), making._folder, flush=True)
os._exit(1)
"""


def test_it_ends_with_a_process_that_ends_abruptly() -> None:
    said = subprocess.run([sys.executable, "-c", ABRUPT], stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    pid, folder = said.stdout.split()

    def gone() -> bool:
        stat = Path(f"/proc/{pid}/stat")
        return not Path(folder).exists() and (not stat.exists() or stat.read_text().split(")")[1].split()[0] == "Z")

    until(gone)
