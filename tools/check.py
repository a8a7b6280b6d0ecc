"""Everything that ``make test`` checks, in order; the first failure ends it with its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
WITHOUT_WINDOW = ["--ignore=tests/ui", "--ignore=tests/e2e", "--ignore=tests/contracts"]
STEPS: list[tuple[str, list[str], dict[str, str]]] = [
    ("lint", [sys.executable, "-m", "ruff", "check", "."], {}),
    ("format", [sys.executable, "-m", "ruff", "format", "--check", "."], {}),
    ("types", [sys.executable, "-m", "mypy"], {}),
    ("rooms (R1, R3, R4)", [str(BIN / "lint-imports")], {}),
    ("translations", [sys.executable, "tools/translations.py", "check"], {}),
    ("the core without Qt", [*PYTEST, *WITHOUT_WINDOW], {"CNN_EXPLORER_TESTS_WITHOUT_QT": "1"}),
    ("tests", [*PYTEST, "--durations=10"], {}),
]


def main() -> int:
    """Run the steps and return the first exit code that is not 0."""
    for name, command, extra in STEPS:
        print(f"── {name}", flush=True)
        start = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **extra}, check=False).returncode
        print(f"   {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
