"""Everything that ``make test`` checks, in order; a failure ends it with its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
WITHOUT_WINDOW = ["--ignore=tests/ui", "--ignore=tests/e2e", "--ignore=tests/contracts"]
Step = tuple[str, list[str], dict[str, str]]
STEPS: list[Step] = [
    ("lint", [sys.executable, "-m", "ruff", "check", "."], {}),
    ("format", [sys.executable, "-m", "ruff", "format", "--check", "."], {}),
    ("types", [sys.executable, "-m", "mypy"], {}),
    ("rooms (R1, R3, R4)", [str(BIN / "lint-imports")], {}),
    ("translations", [sys.executable, "tools/translations.py", "check"], {}),
]
TESTS: Step = ("tests", [*PYTEST, "--durations=10"], {})
BESIDE: Step = ("the core without Qt", [*PYTEST, *WITHOUT_WINDOW], {"CNN_EXPLORER_TESTS_WITHOUT_QT": "1"})


def main() -> int:
    """Run the steps and return the first exit code that is not 0; the core's run without Qt goes beside the tests."""
    for step in STEPS:
        if code := run(step):
            return code
    name, command, extra = BESIDE
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        start = time.monotonic()
        beside = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **extra}, stdout=said, stderr=said)
        try:
            code = run(TESTS)
            code_beside = beside.wait()
        finally:
            beside.kill()
        print(f"── {name}", flush=True)
        said.seek(0)
        print(said.read(), end="")
        tell(code_beside, start)
    return code or code_beside


def run(step: Step) -> int:
    """Run a step and return its exit code."""
    name, command, extra = step
    print(f"── {name}", flush=True)
    start = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **extra}, check=False).returncode
    tell(code, start)
    return code


def tell(code: int, start: float) -> None:
    """Print how a step ended."""
    print(f"   {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
