"""Videos, folders and addresses: from the dialogs, dropped, and by the button Video."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from explorer.engine.events import FrameRead, Problem
from explorer.errors import MovesError
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, key
from ui.dialogs.address import AddressDialog


def choose(monkeypatch: pytest.MonkeyPatch, path: str) -> list[str]:
    """Let the person choose ``path`` in any dialog; return the folders and files at which those begin."""
    began: list[str] = []

    def file(_parent: object, _title: str, where: str, _kinds: str) -> tuple[str, str]:
        began.append(where)
        return path, ""

    def folder(_parent: object, _title: str, where: str) -> str:
        began.append(where)
        return path

    monkeypatch.setattr(QFileDialog, "getOpenFileName", file)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    return began


def test_the_button_video_asks_once_and_then_goes_back(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    began = choose(monkeypatch, "/tmp/강의.mp4")
    key(one, "F6")
    assert one.store.recipe.source == Source("video", "/tmp/강의.mp4")
    assert one.window.commands["video"].isChecked()
    key(one, "F6")
    assert one.window.commands["video"].isChecked()
    key(one, "F2")
    assert one.store.recipe.source == Source()
    key(one, "F6")
    assert one.store.recipe.source == Source("video", "/tmp/강의.mp4")
    assert len(began) == 1
    one.window.commands["open_folder"].trigger()
    assert began[1] == "/tmp"


def test_giving_up_changes_nothing(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "")
    for name in ("open", "open_folder", "video"):
        one.window.commands[name].trigger()
    assert one.store.recipe.source == Source()
    assert one.window.commands["picture"].isChecked()
    assert not one.window.commands["video"].isChecked()


def test_a_folder_and_a_video_are_dropped_and_remembered(one: Desk, tmp_path: Path) -> None:
    folder, film = tmp_path / "사진", tmp_path / "a b.webm"
    folder.mkdir()
    for path, kind in ((folder, "folder"), (film, "video")):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        one.window.intake.take(mime)
        assert one.store.recipe.source.kind == kind
        one.send(FrameRead(one.store.recipe.source, samples.result().frame))
    menu = one.window.top.menus["video"]
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions()[-2:]] == [str(film), str(folder)]
    menu.actions()[-1].trigger()
    assert one.store.recipe.source == Source("folder", str(folder))
    pictures = one.window.top.menus["picture"]
    pictures.aboutToShow.emit()
    assert str(film) not in [entry.text() for entry in pictures.actions()]


def dialog(one: Desk) -> AddressDialog:
    key(one, "Ctrl+L")
    return next(found for found in one.window.findChildren(AddressDialog) if found.isVisible())


def test_an_address_is_typed(one: Desk) -> None:
    QGuiApplication.clipboard().setText("no address")
    shown = dialog(one)
    assert not shown.yes.isEnabled()
    QTest.keyClicks(shown.address, "http://10.0.0.7:8080/video")
    assert shown.moving.isChecked()
    QTest.keyClick(shown.address, Qt.Key.Key_Return)
    assert one.store.recipe.source == Source("stream", "http://10.0.0.7:8080/video")


def test_a_copied_address_is_there_already_and_a_picture_is_known_by_its_name(one: Desk) -> None:
    QGuiApplication.clipboard().setText(" https://example.org/고양이.jpg?w=3 ")
    shown = dialog(one)
    assert shown.still.isChecked()
    shown.yes.click()
    assert one.store.recipe.source == Source("address", "https://example.org/고양이.jpg?w=3")
    shown = dialog(one)
    shown.moving.click()
    shown.address.setText("https://example.org/b.jpg")
    assert shown.moving.isChecked(), "what the person said stays"
    shown.yes.click()
    assert one.store.recipe.source == Source("stream", "https://example.org/b.jpg")
    QGuiApplication.clipboard().clear()


def test_rtsp_never_is_one_picture(one: Desk) -> None:
    shown = dialog(one)
    shown.address.setText("rtsp://10.0.0.7/a.jpg")
    shown.still.click()
    shown.yes.click()
    assert one.store.recipe.source == Source("stream", "rtsp://10.0.0.7/a.jpg")


def test_a_pasted_address_whose_server_says_that_it_moves_is_opened_as_a_stream(one: Desk) -> None:
    mime = QMimeData()
    mime.setText("http://10.0.0.7:8080/video")
    one.window.intake.take(mime)
    assert one.store.recipe.source.kind == "address"
    one.send(Problem("source", MovesError("It moves."), one.store.recipe))
    assert one.store.recipe.source == Source("stream", "http://10.0.0.7:8080/video")
    assert not one.window.problem.isVisible()
    one.controller.undo()
    assert one.store.recipe.source == Source(), "one step, however it was found out"
