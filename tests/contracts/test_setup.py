"""The set-up names, or installs, what is missing, and never ends in a traceback."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def setup_tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_tool", ROOT / "tools" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    return module


@pytest.fixture
def ran(setup_tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the tool would have run; each succeeds."""
    commands: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(setup_tool.subprocess, "run", run)
    monkeypatch.setattr(setup_tool.shutil, "which", lambda name: f"/usr/bin/{name}")
    return commands


def without(setup_tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    monkeypatch.setattr(setup_tool, "loads", lambda library: library not in missing)


def test_where_nothing_is_missing_nothing_is_installed(
    setup_tool: ModuleType, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(setup_tool, monkeypatch)
    setup_tool.see_to_libraries()
    assert ran == []


def test_a_person_gets_the_exact_line(
    setup_tool: ModuleType,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without(setup_tool, monkeypatch, "libEGL.so.1", "libGL.so.1")
    monkeypatch.setattr(setup_tool.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as caught:
        setup_tool.see_to_libraries()
    assert caught.value.code == 2
    assert "sudo apt-get install -y --no-install-recommends libgl1 libegl1\n" in capsys.readouterr().err
    assert ran == []


def test_root_gets_the_packages(setup_tool: ModuleType, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    without(setup_tool, monkeypatch, "libxkbcommon.so.0")
    monkeypatch.setattr(setup_tool.os, "geteuid", lambda: 0)
    setup_tool.see_to_libraries()
    assert ran[-1] == ["apt-get", "install", "-y", "--no-install-recommends", "libxkbcommon0"]


def test_an_x_window_needs_more(setup_tool: ModuleType, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    without(setup_tool, monkeypatch, "libxcb-cursor.so.0")
    monkeypatch.setattr(setup_tool.os, "geteuid", lambda: 0)
    setup_tool.see_to_libraries()
    assert ran == [], "no X window is wanted, so its library is not missed"
    monkeypatch.setenv("DISPLAY", ":0")
    setup_tool.see_to_libraries()
    assert ran[-1][-1] == "libxcb-cursor0"


def test_another_system_is_told_what_debian_calls_them(
    setup_tool: ModuleType,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without(setup_tool, monkeypatch, "libGL.so.1")
    monkeypatch.setattr(setup_tool.shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit):
        setup_tool.see_to_libraries()
    assert "libgl1" in capsys.readouterr().err


def test_a_set_up_that_is_newer_than_the_project_is_left_alone(
    setup_tool: ModuleType, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".ready-run").touch()
    monkeypatch.setattr(setup_tool, "ROOT", tmp_path)
    monkeypatch.setattr(setup_tool, "VENV", tmp_path)
    monkeypatch.setattr(setup_tool.sys, "argv", ["setup.py", "run"])
    setup_tool.main()
    assert ran == []
