"""``lesson``: what it lists, and what it says of a deck that cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer.cli.main import main

DECK = (
    '[[scene]]\nid = "own"\ntitle = { en = "Mine", ko = "나의" }\n'
    'say = [{ en = "a" }]\nplace = "explore"\n[scene.recipe]\n'
)


def test_the_courses_scenes(answer: Callable[..., Any], out: Callable[..., str]) -> None:
    scenes = answer("lesson")
    assert [len(scenes), *map(set, scenes)] == [25, *[{"id", "title", "place"}] * 25]
    assert scenes[10] == {"id": "stride", "title": "Stride", "place": "arithmetic"}
    assert answer("lesson", "--lang", "ko")[10]["title"] == "Stride(보폭)"
    assert len(out("lesson").splitlines()) == 26


def test_the_courses_deck_begins_ones_own(answer: Callable[..., Any], out: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(out("lesson", "--toml"), encoding="utf-8")
    assert answer("lesson", "--deck", file) == answer("lesson")


def test_a_deck_of_ones_own(answer: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "나.toml"
    file.write_text(DECK + 'network = "lenet5"\nlayer = "c3"\nchannel = 15\n', encoding="utf-8")
    assert answer("lesson", "--deck", file) == [{"id": "own", "title": "Mine", "place": "explore"}]


@pytest.mark.parametrize(
    ("recipe", "line", "told"),
    [
        ('network = "lenet6"', 7, "lenet5"),
        ('network = "lenet5"\nlayer = "c9"', 8, "c9"),
        ('network = "lenet5"\nlayer = "c3"\nchannel = 16', 8, "0 to 15"),
        ("chanel = 3", 7, "channel"),
        ("channel = 3 3", 7, "TOML"),
    ],
)
def test_a_broken_deck_says_which_line(
    recipe: str, line: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "d.toml"
    file.write_text(DECK + recipe + "\n", encoding="utf-8")
    assert main(["lesson", "--deck", str(file), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{file}, line {line}: " in printed.err
    assert told in printed.err
    assert printed.err.count("\n") == 1
