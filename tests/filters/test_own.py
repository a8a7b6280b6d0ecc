"""A person's own bank: kept whole, shared as a file, and never lost to a broken file, a full disk or permissions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from explorer import settings
from explorer.errors import ExportError, PersonError
from explorer.filters import own
from explorer.filters.bank import BANK
from explorer.filters.kernel import Kernel, Magnitude

MINE = Kernel("mine", ((1.0, -2.5), (1 / 3, 1e-7)), 0.25, 12.0)
BOTH = Magnitude("내 필터", MINE, MINE.flipped())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path / "집"))
    return tmp_path / "집"


def test_what_is_saved_is_loaded() -> None:
    assert own.load() == ({}, None)
    own.save([MINE, BOTH])
    assert own.load() == ({"mine": MINE, "내 필터": BOTH}, None)
    own.save([])
    assert own.load() == ({}, None)


def test_a_shared_file_opens_the_same_way(tmp_path: Path) -> None:
    shared = tmp_path / "나눔.toml"
    own.write(shared, [BOTH])
    assert own.read(shared) == {"내 필터": BOTH}
    with pytest.raises(FileNotFoundError):
        own.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "[[kernel]]"),
        ("kernel = 3", "[[kernel]]"),
        ("[[kernel]]\nname = 'a'\nweights = [[1.0]]\n[other]", "[[kernel]]"),
        ("[[kernel]\n", "no TOML file"),
        ("[[kernel]]\nname = 'a'", "weights cannot be None"),
        ("[[kernel]]\nweights = [[1.0]]", "name of 1 to 60"),
        ("[[kernel]]\nname = ' '\nweights = [[1.0]]", "name of 1 to 60"),
        (f"[[kernel]]\nname = '{'x' * 61}'\nweights = [[1.0]]", "name of 1 to 60"),
        ('[[kernel]]\nname = "a\\nb"\nweights = [[1.0]]', "name of 1 to 60"),
        ("[[kernel]]\nname = 'a'\nweights = [[1.0], [2.0, 3.0]]", "differ in length"),
        ("[[kernel]]\nname = 'a'\nweights = [[nan]]", "Row 1, column 1"),
        ("[[kernel]]\nname = 'a'\nweights = [['1']]", "weights cannot be 1"),
        ("[[kernel]]\nname = 'a'\nweights = [[true]]", "weights cannot be True"),
        ("[[kernel]]\nname = 3\nweights = [[1.0]]", "name cannot be 3"),
        ("[[kernel]]\nname = 'a'\nweights = [[1.0]]\nsacle = 2", "nearest are: scale"),
        ("[[kernel]]\nname = 'a'\nweights = [[1.0]]\n[[kernel]]\nname = 'a'\nweights = [[2.0]]", "already"),
        ("[[kernel]]\nname = 'a'\nx = {weights = [[1.0]]}\ny = {weights = [[1.0, 2.0]]}", "differ in size"),
        ("a = " + "[" * 5000, "no TOML file"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_file_is_said_and_set_aside(home: Path, text: str, words: str) -> None:
    home.mkdir()
    own.file().write_text(text, encoding="utf-8")
    with pytest.raises(PersonError) as caught:
        own.read(own.file())
    assert words in str(caught.value)
    kernels, problem = own.load()
    assert kernels == {}
    assert "was broken" in str(problem)
    assert (home / "kernels.toml.broken").read_text(encoding="utf-8") == text
    assert own.load() == ({}, None)
    own.save([MINE])
    assert own.load()[0] == {"mine": MINE}


def test_a_file_that_is_no_text_and_one_that_is_huge(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    own.file().write_bytes(b"\xff\xfe\x00")
    assert "was broken" in str(own.load()[1])
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(PersonError, match="too large"):
        own.read(huge)
    with pytest.raises(PersonError, match="cannot be read"):
        own.read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_without_permission_stays_where_it_is() -> None:
    own.save([MINE])
    own.file().chmod(0)
    try:
        kernels, problem = own.load()
        assert kernels == {}
        assert "cannot be read" in str(problem)
    finally:
        own.file().chmod(0o600)
    assert own.load()[0] == {"mine": MINE}


def test_a_file_that_cannot_be_read_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    own.save([MINE])

    def refused(*_words: Any, **_how: Any) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refused)
        assert "cannot be read (Permission denied)" in str(own.load()[1])
    assert own.load()[0] == {"mine": MINE}


def test_a_full_disk_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    own.save([MINE])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ExportError, match="No space left"):
            own.save([BOTH])
    assert own.load()[0] == {"mine": MINE}
    assert [one.name for one in own.file().parent.iterdir()] == ["kernels.toml"]


def test_what_could_not_be_read_again_is_not_written() -> None:
    own.save([MINE])
    for wrong in ([MINE, MINE], [Kernel("", ((1.0,),))], [Kernel(f"k{n}", ((1.0,),)) for n in range(501)]):
        with pytest.raises(PersonError):
            own.save(wrong)
    assert own.load()[0] == {"mine": MINE}


def test_names_that_are_taken() -> None:
    own.check_name("new", ["old"])
    for name in ("old", next(iter(BANK))):
        with pytest.raises(PersonError, match="already"):
            own.check_name(name, ["old"])
    assert own.named(MINE, "x") == Kernel("x", MINE.weights, 0.25, 12.0)
    assert own.named(BOTH, "x") == Magnitude("x", BOTH.x, BOTH.y)


def test_a_kernel_that_a_later_bank_has_too_is_still_ones_own() -> None:
    box = Kernel("box", ((2.0,),))
    own.save([box])
    assert own.load() == ({"box": box}, None)
