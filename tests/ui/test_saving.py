"""Where a file is to go: its suffix, its folder, and what is not replaced unasked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from ui.widgets import saving


class Dialog:
    """Stands for the dialog: gives these answers, and remembers what it was asked."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, str, str, str]]()

    def __call__(self, _parent: QWidget, title: str, name: str, kinds: str, chosen: str) -> tuple[str, str]:
        self.asked.append((title, name, kinds, chosen))
        return self.answers.pop(0)


@pytest.fixture
def window(qapp: QApplication) -> Iterator[QWidget]:
    widget = QWidget()
    QWidget(widget).setObjectName("inside")
    yield widget
    widget.deleteLater()


def given(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, str]) -> Dialog:
    dialog = Dialog(*answers)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
    return dialog


def test_a_name_is_suggested_that_every_system_can_have(window: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = given(monkeypatch, ("", ""))
    assert saving.ask_where(window, "Drawing (SVG)…", "a/b: 신경망 1.5", "svg", "png") == ""
    assert dialog.asked == [("Drawing (SVG)", "a_b__신경망_1.5.svg", "SVG (*.svg);;PNG (*.png)", "SVG (*.svg)")]


def test_the_folder_is_remembered_for_the_whole_window(
    window: QWidget, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog = given(monkeypatch, (str(tmp_path / "폴더" / "a"), ""), ("", ""), ("", ""))
    inside = window.findChild(QWidget, "inside")
    assert inside is not None
    assert saving.ask_where(inside, "", "a", "csv") == str(tmp_path / "폴더" / "a.csv")
    saving.ask_where(window, "", "b", "png")
    saving.ask_where(window, "", "c", "png")
    assert [name for _title, name, *_ in dialog.asked[1:]] == [str(tmp_path / "폴더" / f"{n}.png") for n in "bc"]


def test_what_the_added_suffix_names_is_not_replaced_unasked(
    window: QWidget, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").touch()
    whole = str(tmp_path / "a.csv")
    dialog = given(monkeypatch, (str(tmp_path / "a"), ""), (whole, ""))
    assert saving.ask_where(window, "", "x", "csv") == whole, "now the dialog has asked"
    assert dialog.asked[1][1] == whole


def test_a_picture_s_file(window: QWidget) -> None:
    image, file = QImage(3, 2, QImage.Format.Format_RGB32), io.BytesIO()
    image.fill(QColor(10, 20, 30))
    saving.picture(image)(file)
    found = QImage.fromData(file.getvalue())
    assert (found.width(), found.height()) == (3, 2)
    assert found.pixelColor(2, 1) == QColor(10, 20, 30)
    saving.content(b"more")(file)
    assert file.getvalue().endswith(b"more")
