"""The window drawn into a file: exact size, exit codes, never a hang."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from explorer.engine.events import Problem, Progress, ResultReady
from explorer.errors import DeviceError, ExplorerError, NetworkError
from tests.ui import samples
from tests.ui.desk import Desk, answer_until, desk
from ui.shot import Shot


def shot(one: Desk, path: Path, limit_ms: int = 60_000) -> Shot:
    taken = Shot(one.application, path, limit_ms)
    taken.setParent(one.application)
    return taken


def test_is_taken_once_everything_has_arrived(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "그림" / "shot.png"
    path.parent.mkdir()
    with desk(qapp) as one:
        taken = shot(one, path)
        one.show(1001, 703)
        one.send(ResultReady(samples.result(one.store.recipe, one.graph)))
        assert not taken._complete()  # the network is not known yet
        one.load()
        assert taken._complete()
        one.send(Progress("Loading …"))
        assert not taken._complete()
        one.send(Progress(""))
        one.controller.change(layer="pool")
        assert not taken._complete()  # the result is of an older wish
        answer_until(one, lambda: one.engine.stopped > 0)
        assert taken.exit_code == 0
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1001, 703)
    assert len({image.pixel(x, y) for x in range(0, 1001, 7) for y in range(0, 703, 7)}) > 50


def test_waits_until_the_panels_have_asked_for_what_they_want(qapp: QApplication, tmp_path: Path) -> None:
    """The mosaic's shape follows its place: the first result is not yet the one to show."""
    path = tmp_path / "shot.png"
    with desk(qapp) as one:
        taken = shot(one, path)
        one.show()
        one.load()
        one.controller.change(layer="pool")
        taken._take()
        assert (path.exists(), one.engine.stopped) == (False, 0)
        answer_until(one, lambda: one.engine.stopped > 0)
        assert path.exists()


def test_smaller_than_the_window_can_be(qapp: QApplication, tmp_path: Path) -> None:
    with desk(qapp) as one:
        shot(one, tmp_path / "shot.png")
        one.show(320, 200)
        one.load()
        answer_until(one, lambda: one.engine.stopped > 0)
    image = QImage(str(tmp_path / "shot.png"))
    assert (image.width(), image.height()) == (320, 200)


@pytest.mark.parametrize(("error", "code"), [(NetworkError("no weights"), 2), (ExplorerError("ours"), 1)])
def test_a_problem_ends_it_with_its_sentence_and_code(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], error: ExplorerError, code: int
) -> None:
    with desk(qapp) as one:
        taken = shot(one, tmp_path / "shot.png")
        one.show()
        one.send(Problem("network", error, details="Traceback"))
        assert (taken.exit_code, one.engine.stopped) == (code, 1)
    assert capsys.readouterr().err == f"{error}\n"
    assert not (tmp_path / "shot.png").exists()


def test_a_network_that_went_to_the_cpu_is_no_failure(qapp: QApplication, tmp_path: Path) -> None:
    with desk(qapp) as one:
        taken = shot(one, tmp_path / "shot.png")
        one.show()
        one.send(Problem("device", DeviceError("It runs on the CPU.")))
        one.load()
        answer_until(one, lambda: one.engine.stopped > 0)
        assert taken.exit_code == 0
    assert (tmp_path / "shot.png").exists()


def test_never_hangs(qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with desk(qapp) as one:
        taken = shot(one, tmp_path / "shot.png", limit_ms=1)
        one.show()
        answer_until(one, lambda: one.engine.stopped > 0)
        assert taken.exit_code == 1
    assert "not complete" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["file/shot.png", "missing/shot.png"])
def test_a_file_that_cannot_be_written(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    with desk(qapp) as one:
        taken = shot(one, tmp_path / name)
        one.show()
        one.load()
        answer_until(one, lambda: one.engine.stopped > 0)
        assert taken.exit_code == 2
    assert str(tmp_path / name) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="needs permissions like Unix's")
def test_the_file_has_a_files_ordinary_permissions(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with desk(qapp) as one:
        shot(one, tmp_path / "shot.png")
        one.show()
        one.load()
        answer_until(one, lambda: one.engine.stopped > 0)
    assert (tmp_path / "shot.png").stat().st_mode == (tmp_path / "other").stat().st_mode
