"""``filter``, ``kernels`` and ``learn-filter``: what they write and print, and a sentence for each mistake."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from explorer import settings, sources
from explorer.cli.main import main
from explorer.filters import own
from explorer.filters.bank import BANK
from explorer.filters.kernel import Kernel
from explorer.values import Source

Run = Callable[..., str]
SHARPEN = "[[0, -1, 0], [-1, 8, -1], [0, -1, 0]]"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path / "home"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that succeeds, and return what it prints."""

    def one(*words: object) -> str:
        code = main(["--lang", "en", *map(str, words)])
        printed = capsys.readouterr()
        assert (code, printed.err) == (0, "")
        return printed.out

    return one


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that a person got wrong, and return its one sentence."""

    def one(*words: object) -> str:
        code = main(["--lang", "en", *map(str, words)])
        printed = capsys.readouterr()
        assert (code, printed.out) == (2, "")
        assert len(printed.err.strip().splitlines()) == 1
        return printed.err

    return one


def chelsea() -> np.ndarray:
    return sources.read(Source("sample", "chelsea.png")).pixels


def opencv(border: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    weights = np.array(json.loads(SHARPEN), float) / 4
    return np.asarray(cv2.filter2D(chelsea(), -1, weights, borderType=border))


@pytest.mark.parametrize("kernel", ["sharpen", f"1/4 * {SHARPEN}", "¼·[0 −1 0; −1 8 −1; 0 −1 0]"])
def test_a_picture_is_written(kernel: str, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "결과.png"
    assert "451 × 300" in run("filter", "chelsea.png", "--kernel", kernel, "--out", file)
    assert np.array_equal(np.asarray(Image.open(file)), opencv())


def test_every_option(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "a.bmp"
    how = ("--scale", "0.25", "--border", "reflect", "--stride", 3)
    run("filter", "chelsea", "--kernel", SHARPEN, *how, "--out", file)
    assert np.array_equal(np.asarray(Image.open(file)), opencv(cv2.BORDER_REFLECT_101)[::3, ::3])
    assert "445 × 294" in run(
        "filter", "chelsea", "--kernel", "sharpen", "--border", "valid", "--dilation", 3, "--out", file
    )


def test_signed_numbers_and_their_picture(tmp_path: Path, run: Run) -> None:
    array, shown = tmp_path / "a.npy", tmp_path / "a.png"
    run("filter", "chelsea.png", "--kernel", "sobel-x", "--signed", "--border", "reflect", "--out", array)
    values = np.load(array)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, cv2.Sobel(chelsea(), cv2.CV_64F, 1, 0), atol=1e-4)
    run("filter", "chelsea.png", "--kernel", "sobel-x", "--signed", "--out", shown)
    pixels, mean = np.asarray(Image.open(shown)).astype(int), values.mean(axis=2)
    red, blue = (pixels[..., 0] - pixels[..., 2])[mean > 100], (pixels[..., 0] - pixels[..., 2])[mean < -100]
    assert red.min() > 0 > blue.max()
    run("filter", "chelsea.png", "--kernel", "sharpen", "--out", array)
    assert np.array_equal(np.load(array), opencv())


def test_the_scale_goes_to_both_kernels_of_a_magnitude(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "a.npy"
    run("filter", "chelsea.png", "--kernel", "sobel-magnitude", "--scale", "1/8", "--signed", "--out", file)
    x, y = (cv2.Sobel(chelsea(), cv2.CV_64F, *axes, borderType=cv2.BORDER_REPLICATE) for axes in ((1, 0), (0, 1)))
    np.testing.assert_allclose(np.load(file), np.hypot(x, y) / 8, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k.txt", "0\t-1\t0\n-1\t8\t-1\n0\t-1\t0\n"),
        ("k.csv", "\ufeff0,-1,0\n-1,8,-1\n0,-1,0\n"),
        ("커널.json", '{"weights": [[0, -1, 0], [-1, 8, -1], [0, -1, 0]]}'),
        ("k.toml", '[[kernel]]\nname = "s"\nweights = [[0, -1, 0], [-1, 8, -1], [0, -1, 0]]\n'),
    ],
)
def test_a_kernel_from_a_file(name: str, text: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    file = tmp_path / "a.png"
    run("filter", "chelsea.png", "--kernel", tmp_path / name, "--scale", "1/4", "--out", file)
    assert np.array_equal(np.asarray(Image.open(file)), opencv())


def test_a_kernel_of_ones_own(tmp_path: Path, run: Run) -> None:
    own.save([Kernel("내 것", tuple(map(tuple, json.loads(SHARPEN))), 0.25)])
    file = tmp_path / "a.png"
    run("filter", "chelsea.png", "--kernel", "내 것", "--out", file)
    assert np.array_equal(np.asarray(Image.open(file)), opencv())
    assert "your own" in run("kernels")


def test_a_broken_bank_of_ones_own_is_said_and_nothing_stops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.file().parent.mkdir()
    own.file().write_text("[[kernel]")
    assert main(["--lang", "en", "kernels"]) == 0
    printed = capsys.readouterr()
    assert "was broken" in printed.err
    assert "sharpen" in printed.out
    assert own.file().with_name("kernels.toml.broken").read_text() == "[[kernel]"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"--kernel": "shrpen"}, "nearest are: sharpen"),
        ({"--kernel": "qqqq"}, "There is no kernel “qqqq”"),
        ({"--kernel": ""}, "There is no kernel “”"),
        ({"--kernel": "[[1, a]]"}, "column 2 is “a”"),
        ({"--kernel": "[[1, 2], [3]]"}, "row 2"),
        ({"--kernel": "[[0/0]]"}, "divides by 0"),
        ({"--kernel": "FOLDER"}, "cannot be read"),
        ({"--kernel": "\0"}, "There is no kernel"),
        ({"--scale": "x"}, "The scale is “x”"),
        ({"--border": "mirror"}, "zero, reflect, replicate, wrap, valid"),
        ({"--stride": "0"}, "whole number of at least 1"),
        ({"--stride": "65"}, "stride cannot be 65"),
        ({"--dilation": "17"}, "dilation cannot be 17"),
        ({"--out": "a.gif"}, "end in .png"),
        ({"--out": "FOLDER/none/a.png"}, "folder does not exist"),
        ({"--out": "FOLDER/folder.png"}, "is a folder"),
    ],
    ids=str,
)
def test_mistakes(how: dict[str, str], words: str, tmp_path: Path, refused: Run) -> None:
    (tmp_path / "folder.png").mkdir()
    options = {"--kernel": "box", "--out": str(tmp_path / "a.png")} | how
    said = refused(
        "filter",
        "chelsea.png",
        *(f"{name}={value.replace('FOLDER', str(tmp_path))}" for name, value in options.items()),
    )
    assert words in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder.png"]


def test_more_mistakes(tmp_path: Path, refused: Run) -> None:
    out = f"--out={tmp_path / 'a.png'}"
    assert "--kernel, --out are missing" in refused("filter", "chelsea.png")
    wide = f"[{[1] * 63}]"
    assert "covers" in refused("filter", "digit-2.png", f"--kernel={wide}", "--border=reflect", out)
    np.save(tmp_path / "array.npy", np.zeros((3, 32, 32), np.float32))
    assert "no filter is applied" in refused("filter", tmp_path / "array.npy", "--kernel=box", out)
    two = tmp_path / "two.toml"
    own.write(two, [Kernel("a", ((1.0,),)), Kernel("b", ((1.0,),))])
    assert "holds 2 kernels (a, b)" in refused("filter", "chelsea.png", f"--kernel={two}", out)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\x00\xff")
    assert "is no text" in refused("filter", "chelsea.png", f"--kernel={tmp_path / 'bytes.txt'}", out)
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(2 << 20)
    assert "too large" in refused("filter", "chelsea.png", f"--kernel={tmp_path / 'huge.txt'}", out)
    (tmp_path / "words.txt").write_text("not a kernel")
    assert "words.txt is no kernel: The kernel, row 1, column 1 is “not”" in refused(
        "filter", "chelsea.png", f"--kernel={tmp_path / 'words.txt'}", out
    )
    assert not (tmp_path / "a.png").exists()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, refused: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"before")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "disk is full" in refused("filter", "chelsea.png", "--kernel=box", f"--out={file}")
    assert file.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


def test_the_list_of_kernels(run: Run) -> None:
    text = run("kernels")
    assert [line.split()[0] for line in text.splitlines()[1:]] == list(BANK)
    listed = json.loads(run("kernels", "--json"))["kernels"]
    assert [one["name"] for one in listed] == list(BANK)
    sharpen = listed[3]
    assert (sharpen["weights"], sharpen["scale"], sharpen["size"]) == (json.loads(SHARPEN), 0.25, [3, 3])
    assert all(one["note"] and one["source"] and one["group"] for one in listed)


def test_a_kernel_is_found_again(run: Run) -> None:
    found = json.loads(run("learn-filter", "coffee.png", "--kernel", "sharpen", "--steps", 150, "--json"))
    learned = np.array(found["found"]["weights"])
    truth = np.zeros((5, 5))
    truth[1:4, 1:4] = np.array(json.loads(SHARPEN)) / 4
    assert np.abs(learned - truth).max() == pytest.approx(found["distance"])
    assert found["distance"] <= 1e-2
    assert [one["step"] for one in found["history"]] == [0, 1, 2, 5, 10, 20, 50, 100, 150]
    losses = [one["loss"] for one in found["history"]]
    assert losses == sorted(losses, reverse=True)
    text = run("learn-filter", "coffee.png", "--kernel", "box", "--steps", 30)
    assert text.splitlines()[0].split() == ["step", "loss", "distance"]
    assert len(text.strip().splitlines()[-5:][0].split()) == 5


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("chelsea.png", "--kernel", "sobel-magnitude"), "magnitude"),
        (("chelsea.png", "--kernel", f"[{[1] * 33}]"), "cannot be searched for"),
        (("chelsea.png", "--kernel", "box", "--steps", "0"), "at least 1"),
        (("chelsea.png", "--kernel", "box", "--steps", "100001"), "too many"),
        (("chelsea.png", "--kernel", "[[0]]"), "0 or 255"),
        (("chelsea.png",), "--kernel is missing"),
        (("nothing.png", "--kernel", "box"), "no picture “nothing.png”"),
    ],
    ids=str,
)
def test_searches_that_cannot_be(words: tuple[Any, ...], part: str, refused: Run) -> None:
    assert part in refused("learn-filter", *words)


def test_none_of_them_loads_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from explorer.cli.main import main\n"
        "assert main(['learn-filter', 'chelsea.png', '--kernel', 'box', '--steps', '2']) == 0\n"
        "assert main(['kernels']) == 0\n"
        "assert 'torch' not in sys.modules, 'torch'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
