"""What is exported, where to, and under which name."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from explorer.reproduce import Kept
from tests.ui.desk import Desk, desk
from ui.main_window import EXPORTS


@pytest.mark.parametrize(
    ("name", "kind", "suffix"),
    [
        ("export_mosaic", "mosaic", "png"),
        ("export_map", "map", "png"),
        ("export_maps", "maps", "npz"),
        ("export_input", "input", "npy"),
        ("export_statistics", "statistics", "csv"),
        ("export_predictions", "predictions", "csv"),
    ],
)
def test_exports(one: Desk, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, suffix: str) -> None:
    asked = []

    def choose(_parent: QWidget, _title: str, suggested: str, _patterns: str, chosen: str) -> tuple[str, str]:
        asked.append(suggested)
        return "/tmp/chosen", chosen

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    one.window.commands[name].trigger()
    assert one.engine.exports == [(kind, f"/tmp/chosen.{suffix}")]
    assert asked[0].endswith(f".{suffix}")
    assert "/" not in asked[0]


def test_a_picture_of_the_windows_own_goes_with_what_it_was_made_from(one: Desk) -> None:
    one.window.commands["place_arithmetic"].trigger()
    one.controller.save("/tmp/part.PNG", lambda file: file.write(b"p"))
    kept = one.engine.made_from
    assert kept == Kept("window", one.store.recipe, place="arithmetic", theme=one.store.settings.theme)
    one.controller.save("/tmp/table.csv", lambda file: file.write(b"c"))
    assert (one.engine.made_from, len(one.engine.saved)) == (None, 2)


def test_export_as_json_and_export_given_up(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("/tmp/chosen", "JSON (*.json)"))
    one.window.commands["export_predictions"].trigger()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("", ""))
    one.window.commands["export_map"].trigger()
    assert one.engine.exports == [("predictions", "/tmp/chosen.json")]


@pytest.mark.parametrize(
    ("typed", "chosen", "written"),
    [
        ("maps.csv", "JSON (*.json)", "maps.json"),  # the suggested name stays as it is in some dialogs
        ("maps.JSON", "CSV (*.csv)", "maps.JSON"),
        ("layer1.0.relu", "CSV (*.csv)", "layer1.0.relu.csv"),
        ("layer1.0.relu", "JSON (*.json)", "layer1.0.relu.json"),
        ("maps.CSV", "CSV (*.csv)", "maps.CSV"),
    ],
)
def test_an_exports_suffix(
    one: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, chosen: str, written: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / typed), chosen))
    one.window.commands["export_statistics"].trigger()
    assert one.engine.exports == [("statistics", str(tmp_path / written))]


def test_an_export_asks_before_it_replaces_a_file_that_the_filter_named(
    one: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "maps.json").touch()
    answers, asked = [(str(tmp_path / "maps.csv"), "JSON (*.json)"), ("", "")], []

    def choose(_parent: QWidget, _title: str, suggested: str, _patterns: str, chosen: str) -> tuple[str, str]:
        asked.append((suggested, chosen))
        return answers.pop(0)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    one.window.commands["export_statistics"].trigger()
    assert asked[1:] == [(str(tmp_path / "maps.json"), "JSON (*.json)")]
    assert one.engine.exports == []


def test_nothing_can_be_exported_before_there_is_a_result(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        assert not one.window.top._export.isEnabled()
        assert not one.window.commands["export_mosaic"].isEnabled()


def test_the_menu_lists_everything_that_can_be_exported(one: Desk) -> None:
    assert [action.objectName() for action in one.window.top._export_menu.actions()] == [*EXPORTS, "export_window"]
