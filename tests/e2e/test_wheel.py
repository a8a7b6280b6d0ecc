"""The wheel, installed in a clean environment outside the checkout, predicts and takes a Korean screenshot."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has the wheel, and beside it only this environment's libraries."""
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    ignore = shutil.ignore_patterns(".venv", ".git", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", "out")
    shutil.copytree(ROOT, source, ignore=ignore)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(work), str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = work.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(work / "env")], check=True)
    python = work / "env" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(wheel)], check=True
    )
    (site,) = (work / "env").glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (site / "libraries.pth").write_text("\n".join(libraries))
    shutil.rmtree(source)
    return python.parent


def run(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_command_line_predicts(bin_dir: Path, tmp_path: Path) -> None:
    where = run([bin_dir / "python", "-c", "import explorer; print(explorer.__file__)"], tmp_path)
    assert str(bin_dir.parent) in where.stdout, "the test must run the wheel's code, not the checkout's"
    result = run([bin_dir / "cnn-explorer-cli", "predict", "chelsea.png", "--json"], tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["predictions"][0]["label"] == "tiger cat"


@pytest.mark.slow
def test_the_window_takes_a_korean_shot(bin_dir: Path, tmp_path: Path) -> None:
    shot = tmp_path / "사진.png"
    result = run([bin_dir / "cnn-explorer", "--lang", "ko", "--size", "1280x800", "--shot", shot], tmp_path)
    assert result.returncode == 0, result.stderr
    assert struct.unpack(">II", shot.read_bytes()[16:24]) == (1280, 800)
