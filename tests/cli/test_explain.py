"""``explain``: what it prints and writes, and what it says where nothing can be explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.cli.main import main


def explained(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    code = main(["explain", *map(str, words), "--json"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    return json.loads(printed.out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    code = main(["explain", *map(str, words)])
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert printed.err.count("\n") == 1
    return printed.err


def test_the_class_that_predict_names_is_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["predict", "coffee.png", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["predictions"][0]
    file = tmp_path / "왜.png"
    found = explained(capsys, "coffee.png", "--method", "grad-cam", "--out", file)
    assert found["target"]["label"] == best["label"] == "espresso"
    assert found["target"]["channel"] == best["index"]
    assert found["layer"]
    with Image.open(file) as page:
        pixels = np.asarray(page.convert("RGB")).astype(int)
    assert (np.ptp(pixels, axis=2) > 60).mean() > 0.05, "coloured where it counts, over a picture in grey"


def test_a_unit_by_its_place_and_a_class_by_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "out.png"
    words = ("digit-7.png", "--model", "lenet5", "--out", file)
    digits = explained(capsys, *words, "--method", "saliency", "--target", "7")
    assert digits["target"] == {"layer": digits["target"]["layer"], "channel": 7, "unit": None, "label": "7"}
    unit = explained(capsys, *words, "--method", "saliency", "--target", "c1@2,5,6")
    assert (unit["target"]["layer"], unit["target"]["channel"], unit["target"]["unit"]) == ("c1", 2, [5, 6])
    shuffled = explained(capsys, *words, "--method", "saliency", "--target", "7", "--randomised")
    assert shuffled["value"] != digits["value"]
    assert shuffled["randomised"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--method", "gradcam"], "There is no method “gradcam”"),
        (["--method", "saliency", "--target", "12"], "There is no class 12"),
        (["--method", "saliency", "--target", "nonsense"], "“nonsense” is no target"),
        (["--method", "saliency", "--target", "c9@0"], "There is no layer called “c9”"),
        (["--method", "saliency", "--target", "c1@0,99,0"], "has no unit 99 0"),
        (["--method", "guided-backprop"], "this network has none ("),
        (["--method", "grad-cam", "--layer", "f6"], "f6 has no maps"),
        (["--method", "occlusion", "--patch", "40"], "does not fit into an input of 32 × 32"),
        (["--method", "occlusion", "--patch", "0"], "--patch cannot be “0”: it is a whole number"),
    ],
)
def test_what_cannot_be_explained_is_said(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = "lenet5_1998" if "guided-backprop" in words else "lenet5"
    file = tmp_path / "out.png"
    assert sentence in refused(capsys, "digit-7.png", "--model", model, "--out", file, *words)
    assert not file.exists()


def test_a_file_that_cannot_be_is_told_before_anything_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("digit-7.png", "--model", "lenet5", "--method", "saliency", "--out")
    assert "let it end in .png" in refused(capsys, *words, tmp_path / "out.jpg")
    assert "folder does not exist" in refused(capsys, *words, tmp_path / "none" / "out.png")


def test_channels_off_and_each_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ablate", "digit-7.png", "--model", "lenet5", "--layer", "c3"]
    assert main([*words, "--channels", "0-15", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["channels"] == list(range(16))
    assert found["predictions_before"][0]["label"] == "7"
    assert main([*words, "--json"]) == 0
    effects = json.loads(capsys.readouterr().out)["effects"]
    best = effects[0]["channel"]
    assert main([*words, "--channels", str(best), "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["before"] - one["after"] == pytest.approx(effects[0]["fall"])
    assert main([*words, "--channels", str(best)]) == 0
    assert "1 channel of c3 is switched off." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--layer", "c3", "--channels", "5-2"], "“5-2” are no channels"),
        (["--layer", "c3", "--channels", "99"], "c3 has no channel 99"),
        (["--layer", "c9"], "There is no layer called “c9”"),
        (["--layer", "c3", "--how", "gone"], "--how cannot be “gone”"),
        (["--layer", "c3", "--how", "scale", "--factor", "nan"], "“nan” is not a number"),
        (["--layer", "c3", "--target", "10"], "There is no class 10"),
        (["--layer", "input"], "input has no channels"),
    ],
)
def test_what_cannot_be_switched_off_is_said(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ablate", "digit-7.png", "--model", "lenet5", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "--method", "saliency", "--out", "OUT"),
        ("explain", "--method", "saliency", "--target", "7", "--out", "OUT", "--json"),
        ("ablate", "--layer", "c1", "--channels", "0"),
        ("ablate", "--layer", "c1", "--json"),
    ],
)
def test_an_answer_that_is_not_finite_is_neither_explained_nor_printed(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    array, file = tmp_path / "nan.npy", tmp_path / "out.png"
    np.save(array, np.full((1, 32, 32), np.nan, np.float32))
    command, *more = (str(file) if word == "OUT" else word for word in words)
    assert main([command, str(array), "--model", "lenet5", *more]) == 2
    printed = capsys.readouterr()
    assert "not finite" in printed.err
    assert printed.out == ""
    assert not file.exists()
