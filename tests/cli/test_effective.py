"""``effective``: the heat as a file, its figures, and a sentence for whatever does not fit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.cli.main import main
from explorer.influence import NOISES
from explorer.sources import samples


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "사진"
    folder.mkdir()
    for sample in samples()[:2]:
        (folder / sample.file).write_bytes(sample.path().read_bytes())
    (folder / "notes.txt").write_text("no picture")
    (folder / "cut.png").write_bytes(samples()[0].path().read_bytes()[:200])
    (folder / "more").mkdir()
    return folder


def lenet(tmp_path: Path, *words: object, layer: str = "c3") -> list[str]:
    return ["effective", "lenet5", "--layer", layer, "--out", str(tmp_path / "heat.png"), *map(str, words)]


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code = main([*words, "--json"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert printed.out.count("\n") == 1
    found: dict[str, Any] = json.loads(printed.out)
    return found


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = main(list(words))
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert printed.err.count("\n") == 1
    return printed.err


def test_the_figures_of_the_middle_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *lenet(tmp_path))
    assert (found["model"], found["layer"], found["unit"]) == ("lenet5", "c3", [5, 5])
    assert found["box"] == [10, 10, 24, 24]  # 14 cells, 2 apart: LeNet-5 is 5×5, 2×2 /2, 5×5
    assert found["clipped"] == [10, 10, 24, 24]
    assert (found["certainty"], found["mass_inside"]) == ("exact", 1)
    assert (found["pictures"], found["noise"]) == (NOISES, True)
    assert "skipped" not in found
    assert found["share_95"] == pytest.approx(found["cells_95"] / 14**2)
    assert found["diameter_95"] ** 2 == pytest.approx(found["cells_95"])
    page = np.asarray(Image.open(found["out"]))
    assert page.min() == 0
    assert page.shape[0] > 500


def test_a_folder_of_pictures(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *lenet(tmp_path, "--images", pictures, "--unit", 0, 9))
    assert (found["pictures"], found["skipped"], found["noise"]) == (2, 2, False)
    assert found["unit"] == [0, 9]
    assert found["mass_inside"] == 1


def test_it_says_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, *lenet(tmp_path)) == answer(capsys, *lenet(tmp_path))


def test_a_layer_without_maps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *lenet(tmp_path, layer="f6"))
    assert (found["unit"], found["certainty"], found["clipped"]) == (None, "whole input", [0, 0, 32, 32])


def test_the_same_in_words(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(lenet(tmp_path, "--images", pictures)) == 0
    said = capsys.readouterr()
    assert said.err == "", "progress is for terminals"
    assert "95 % of the influence comes from" in said.out
    assert "2 pictures; 2 files were no pictures" in said.out
    assert str(tmp_path / "heat.png") in said.out


def test_a_terminal_sees_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(lenet(tmp_path, "--json")) == 0
    said = capsys.readouterr()
    assert f"\r{NOISES} of {NOISES} inputs\n" in said.err
    assert json.loads(said.out)["pictures"] == NOISES


def test_folders_that_give_nothing(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, only = tmp_path / "empty", tmp_path / "only"
    empty.mkdir()
    only.mkdir()
    (only / "a.txt").write_text("text")
    said = [
        refused(capsys, *lenet(tmp_path, "--images", folder))
        for folder in (empty, only, tmp_path / "missing", pictures / "notes.txt")
    ]
    assert "is empty" in said[0]
    assert "No file in the folder" in said[1]
    assert "There is no folder" in said[2]
    assert "is a file" in said[3]
    assert not (tmp_path / "heat.png").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--unit", "10", "0"), "its rows are 0 to 9, its columns 0 to 9"),
        (("--unit", "-1", "0"), "--unit cannot be “-1”: it is a whole number of at least 0"),
        (("--unit", "1"), "--unit needs 2 values"),
        (("--layer", "c4"), "There is no layer called “c4”"),
        (("--layer", "f6", "--unit", "0", "0"), "leave the unit out"),
        (("--out", "heat.jpg"), "let it end in .png"),
        (("--out", "no/such/folder/heat.png"), "its folder does not exist"),
        (("--device", "abacus"), "There is no device “abacus”"),
        (("--weights", "gold"), "gold"),
        (("--input", "8x8"), "The network stopped while it ran"),
    ],
)
def test_mistakes_are_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(capsys, *lenet(tmp_path, *words))
    assert not (tmp_path / "heat.png").exists()


def test_a_folder_in_the_place_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "heat.png").mkdir()
    assert "is a folder" in refused(capsys, *lenet(tmp_path))


def test_what_is_wrong_with_the_files_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.cli.effective._measured", lambda *_: pytest.fail("it was measured"))
    refused(capsys, *lenet(tmp_path, "--out", "a.gif"))
    refused(capsys, *lenet(tmp_path, "--images", tmp_path / "missing"))
