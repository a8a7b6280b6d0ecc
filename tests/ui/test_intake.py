"""What is dropped, pasted and opened before becomes a source, or a sentence that says why not."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget

from explorer.engine.events import FrameRead
from explorer.settings import Settings
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until


def test_recent_files_are_in_the_menu_and_open(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", recent=("/tmp/a.png", "https://example.org/b.jpg"))) as one:
        one.show()
        menu = one.window.top.menus["picture"]
        menu.aboutToShow.emit()
        menu.actions()[-1].trigger()
        assert one.store.recipe.source == Source("address", "https://example.org/b.jpg")


def test_what_was_opened_becomes_recent_but_not_what_was_pasted(one: Desk, own_home: Path) -> None:
    frame = samples.result().frame
    for source in (
        Source("picture", "/tmp/a.png"),
        Source("sample", "coffee.png"),
        Source("picture", str(own_home / "data" / "pasted" / "pasted-1")),
        Source("address", "https://example.org/b.jpg"),
        Source("picture", "/tmp/a.png"),
    ):
        one.send(FrameRead(source, frame))
    assert one.store.settings.recent == ("/tmp/a.png", "https://example.org/b.jpg")


# drop and paste


def test_what_is_dropped_with_shift_is_copied_too(one: Desk) -> None:
    """A file manager deletes what was moved."""
    mime = QMimeData()
    mime.setText("/tmp/x.npy")
    both, left = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), both, mime, left, Qt.KeyboardModifier.ShiftModifier)
    event = QDropEvent(QPointF(5, 5), both, mime, left, Qt.KeyboardModifier.ShiftModifier)
    for one_event in (enter, event):
        one_event.setDropAction(Qt.DropAction.MoveAction)
        QApplication.sendEvent(one.window, one_event)
        assert one_event.isAccepted()
        assert one_event.dropAction() == Qt.DropAction.CopyAction
    assert one.store.recipe.source == Source("array", "/tmp/x.npy")


def test_the_newest_of_two_pastes_wins_without_waiting(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture is held until the second is shown."""
    gate, done = threading.Event(), threading.Event()

    def held(data: bytes) -> Source:
        size = QImage.fromData(data).size()
        if size.width() == 3:
            gate.wait(20)
            done.set()
        return Source("picture", f"/tmp/{size.width()}")

    monkeypatch.setattr("ui.widgets.intake.keep", held)
    for side in (3, 4):
        mime = QMimeData()
        mime.setImageData(QImage(side, side, QImage.Format.Format_RGB888))
        drop(one, mime)  # never returns in time if it waits for the first
        assert not done.is_set()
    until(lambda: one.store.recipe.source == Source("picture", "/tmp/4"))
    gate.set()
    one.window.intake.wait()
    QApplication.processEvents()
    assert done.is_set()
    assert one.store.recipe.source == Source("picture", "/tmp/4")


def drop(one: Desk, mime: QMimeData, on: QWidget | None = None) -> bool:
    """Drop ``mime`` the way Qt does, and return whether it was taken."""
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), copy, mime, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(on or one.window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(5, 5), copy, mime, left, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(on or one.window, event)
    return enter.isAccepted()


def test_drop_of_a_file_an_address_and_text(one: Desk) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/고양이 1.png"), QUrl.fromLocalFile("/tmp/2.png")])
    assert drop(one, mime)
    assert one.store.recipe.source == Source("picture", "/tmp/고양이 1.png")
    one.give()  # a result does not take the words away
    assert one.window.status._times.text() == "Of 2 files the first is shown: 고양이 1.png"
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    assert drop(one, mime)
    assert one.store.recipe.source == Source("address", "https://example.org/cat.jpg")
    mime = QMimeData()
    mime.setText("  /tmp/x.npy\n")
    assert drop(one, mime)
    assert one.store.recipe.source == Source("array", "/tmp/x.npy")


def test_drop_of_nothing_is_refused(one: Desk) -> None:
    assert not drop(one, QMimeData())
    assert one.store.recipe.source == Source()


def test_dropped_pixels_are_kept_and_shown(one: Desk, own_home: Path) -> None:
    image = QImage(31, 17, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.green)
    mime = QMimeData()
    mime.setImageData(image)
    assert drop(one, mime)
    until(lambda: one.store.recipe.source.kind == "picture")
    kept = QImage(one.store.recipe.source.where)
    assert (kept.width(), kept.height(), kept.pixelColor(3, 3).name()) == (31, 17, "#00ff00")
    assert Path(one.store.recipe.source.where).is_relative_to(own_home)


def test_paste_of_a_picture_and_of_a_path(one: Desk) -> None:
    clipboard = QGuiApplication.clipboard()
    image = QImage(5, 4, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    clipboard.setImage(image)
    key(one, "Ctrl+V")
    until(lambda: one.store.recipe.source.kind == "picture")
    clipboard.setText("/tmp/pasted path.png")
    key(one, "Ctrl+V")
    assert one.store.recipe.source == Source("picture", "/tmp/pasted path.png")


def test_paste_of_nothing_says_what_to_do(one: Desk) -> None:
    QGuiApplication.clipboard().clear()
    key(one, "Ctrl+V")
    assert one.store.recipe.source == Source()
    assert said(one) == "The clipboard is empty: copy a picture, a path or an address first."
    mime = QMimeData()
    mime.setData("application/x-rows", b"1")
    QGuiApplication.clipboard().setMimeData(mime)
    key(one, "Ctrl+V")
    assert said(one).startswith("What was pasted holds no picture")


@pytest.mark.parametrize("text", ["그냥 글자", "and/or", "a.png", "~nobody-of-this-name/x.png", "x" * 5000, "a\0b"])
def test_words_that_are_pasted_become_no_path_that_nobody_typed(one: Desk, text: str) -> None:
    mime = QMimeData()
    mime.setText(text)
    one.window.intake.take(mime)
    assert one.store.recipe.source == Source()
    assert said(one).startswith(f"“{text[:79]}")
    assert len(said(one)) < 200
    assert str(Path.cwd()) not in said(one)
    buttons = (one.window.problem._retry, one.window.problem._details_button)
    assert [button.isVisible() for button in buttons] == [False, False], "neither would help"


def test_a_relative_path_that_is_there_is_taken(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").touch()
    mime = QMimeData()
    mime.setText("a.png")
    one.window.intake.take(mime)
    assert one.store.recipe.source == Source("picture", str(tmp_path / "a.png"))


def said(one: Desk) -> str:
    """Return what the problem strip says."""
    assert one.window.problem.isVisible()
    return one.window.problem._sentence.text()


def test_a_pasted_picture_has_a_name_that_a_person_knows(one: Desk, own_home: Path) -> None:
    pasted = Source("picture", str(own_home / "data" / "pasted" / "pasted-64ee01"))
    one.controller.change(source=pasted)
    one.send(FrameRead(pasted, replace(samples.result().frame, source="pasted-64ee01")))
    assert one.window.windowTitle().startswith("Pasted picture")
    assert one.window.explore.source.accessibleName() == "Pasted picture"


def test_pixels_that_cannot_be_kept_are_a_problem_in_place(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(_data: bytes) -> Source:
        raise MemoryError("no room")

    monkeypatch.setattr("ui.widgets.intake.keep", explode)
    mime = QMimeData()
    mime.setImageData(QImage(3, 3, QImage.Format.Format_RGB888))
    drop(one, mime)
    until(lambda: "source" in one.store.problems)
    assert "no room" in str(one.store.problems["source"].error)
    assert "MemoryError" in one.store.problems["source"].details
    assert one.store.recipe.source == Source()
