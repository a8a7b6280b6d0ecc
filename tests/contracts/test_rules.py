"""The design's rules R1–R5, each with a planted violation that must turn it red."""

from __future__ import annotations

import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

PLANTED = {
    "R1": ("explorer/pixels/planted.py", "import PySide6.QtCore\n"),
    "R3": ("explorer/render/planted.py", "import torch\n"),
    "R4: one way down in the core": ("explorer/sources/planted.py", "import explorer.session\n"),
    "R4: one way down in the window": ("ui/widgets/planted.py", "import ui.main_window\n"),
    "R4: panels": ("ui/panels/planted.py", "import ui.panels.source\n"),
}


def code_lines(file: Path) -> int:
    """Count the lines that hold code: no blank ones, comments or docstrings standing alone."""
    lines: set[int] = set()
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    previous = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline):
        docstring = token.type == tokenize.STRING and previous in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type not in skip and not docstring:
            lines.update(range(token.start[0], token.end[0] + 1))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            previous = token.type
    return len(lines)


def too_long(root: Path) -> list[str]:
    """Return the Python files under ``root`` that break R5."""
    files = [f for part in ("explorer", "ui", "tests", "tools") for f in sorted((root / part).rglob("*.py"))]
    return [
        f"{f.relative_to(root)}: {n}"
        for f in [*files, root / "main.py"]
        if f.exists() and (n := code_lines(f)) > MOST_LINES
    ]


def run_lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINT, "--config", str(root / "pyproject.toml")], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the Python sources that a violation can be planted in."""
    for file in subprocess.check_output(
        ["git", "ls-files", "*.py", "pyproject.toml"], cwd=ROOT, text=True
    ).splitlines():
        if file.startswith(("explorer/", "ui/", "resources/", "pyproject")) and (ROOT / file).exists():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    return tmp_path


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_import_turns_its_rule_red(rule: str, copy: Path) -> None:
    file, line = PLANTED[rule]
    (copy / file).write_text(line)
    result = run_lint(copy)
    assert result.returncode != 0
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(rule in row for row in broken), result.stdout


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted({{'torch', 'torchvision', 'cv2'}} & set(sys.modules)))"
    return set(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split())


def test_r2_the_window_is_imported_without_torch() -> None:
    pytest.importorskip("PySide6", exc_type=ImportError)
    assert imported_by("import ui.app") == set()
    assert imported_by("import explorer.prepare") >= {"torch"}, "the probe itself must see torch"


def test_r5_no_file_has_two_reasons() -> None:
    assert too_long(ROOT) == []


def test_r5_sees_a_planted_long_file(tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "long.py").write_text('"""Docstring."""\n' + "x = 1\n" * (MOST_LINES + 1))
    (tmp_path / "ui" / "short.py").write_text('"""Docstring."""\n\n# comment\n' + "x = 1\n" * MOST_LINES)
    assert too_long(tmp_path) == [f"ui/long.py: {MOST_LINES + 1}"]
