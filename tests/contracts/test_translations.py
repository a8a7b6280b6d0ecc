"""The translation gate is green for the project and red for each fault that is planted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations_tool", ROOT / "tools" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


tool = _load()


def test_the_catalogues_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.check() == 0, capsys.readouterr().out


def test_strings_of_core_window_and_main_are_all_seen() -> None:
    places = {place.split("/")[0] for message in tool.extract() for place, _line in message.locations}
    assert places >= {"explorer", "ui", "main.py"}


def one(id: str, string: str | None = None, fuzzy: bool = False) -> Catalog:
    catalogue = Catalog(locale="ko", fuzzy=False)
    catalogue.add(id, string, flags=["fuzzy"] if fuzzy else [])
    return catalogue


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (one("Other {n}", "다른 {n}"), "not translated"),
        (one("Open {file}"), "not translated"),
        (one("Open {file}", "{file} 열기", fuzzy=True), "fuzzy"),
        (one("Open {file}", "{path} 열기"), "placeholders differ"),
        (one("Open {file}", "열기"), "placeholders differ"),
    ],
)
def test_a_planted_fault_is_named(ours: Catalog, said: str) -> None:
    assert any(said in line for line in tool.faults(one("Open {file}"), ours, "ko"))


def test_a_stale_translation_is_named() -> None:
    ours = one("Open {file}", "{file} 열기")
    assert tool.faults(one("Open {file}"), ours, "ko") == []
    ours.add("Close", "닫기")
    assert any("no longer used" in line for line in tool.faults(one("Open {file}"), ours, "ko"))


def test_an_f_string_inside_the_mark_is_named(tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "bad.py").write_text('x = _(f"Hello {name}")\ny = _("fine {name}")\n')
    assert tool.f_strings(tmp_path) == ["ui/bad.py:1: an f-string inside _()"]
