"""Every mistake in the command line: exit code 2, nothing on stdout, one sentence that says what to do."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.cli.main import COMMANDS, INTERRUPTED, TRACEBACK, main
from explorer.errors import ForwardError

PREDICT, INSPECT = "predict chelsea.png", "inspect chelsea.png --model lenet5"


def _huge_png() -> bytes:
    """Return a valid PNG whose header promises 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _png() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, full of bad pictures."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "directory").mkdir()
    files = {
        "empty.png": b"",
        "cut.png": _png()[:200],
        "huge.png": _huge_png(),
        "renamed.png": b"%PDF-1.4 not a picture",
        "renamed.npy": _png(),
        "shape.npy": _npy(np.zeros((5, 5), np.float32)),
        "channels.npy": _npy(np.zeros((7, 224, 224), np.float32)),
        "pickle.npy": _npy(np.array([{}], dtype=object)),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a command line that is a person's mistake, and return the sentence."""

    def run(line: str) -> str:
        code = main(line.split())
        printed = capsys.readouterr()
        assert (code, printed.out) == (2, ""), printed.err
        assert printed.err.count("\n") == 1, printed.err
        assert "Traceback" not in printed.err
        assert printed.err.rstrip().endswith("."), printed.err
        return printed.err

    return run


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("predcit chelsea.png", "predict"),
        ("predict2", "the nearest are: predict."),
        ("--json", f"the commands are: {', '.join(COMMANDS)}."),
        ("foo", f"the commands are: {', '.join(COMMANDS)}."),
        (f"{PREDICT} --xyzzy", "the options are: --"),
        (f"{PREDICT} --model xyzzy", "choose another, for example efficientnet_lite0, "),
        (f"{INSPECT} --out x --layer xyzzy", "there are, for example: c1, "),
        ("predict", "IMAGE"),
        ("inspect chelsea.png --out x", "--layer"),
        ("inspect chelsea.png --layer x", "--out"),
        ("layers", "MODEL"),
        ("live", "SOURCE"),
        (f"{PREDICT} --tpo 3", "--top"),
        (f"{PREDICT} --top", "--top"),
        (f"{PREDICT} --top 0", "at least 1"),
        (f"{PREDICT} --top many", "“many”"),
        (f"{PREDICT} --json=yes", "--json"),
        (f"{PREDICT} second.png", "second.png"),
        (f"{PREDICT} --lang fr", "en, ko"),
        (f"{PREDICT} --lang", "en, ko"),
        (f"{PREDICT} --model resnet81", "resnet18"),
        (f"{PREDICT} --model=", "“”"),
        (f"{PREDICT} --weights imagenet", "imagenet"),
        (f"{PREDICT} --model resnet18", "--weights none"),
        (f"{PREDICT} --model lenet5 --device gpu", "cpu"),
        (f"{PREDICT} --model lenet5 --device cuda:99", "cpu"),
        ("layers lenet6", "lenet5"),
        ("layers lenet5 --input 32", "224x224"),
        ("layers lenet5 --input 0x32", "224x224"),
        ("layers lenet5 --input 1x1", "1"),
        ("layers lenet5 --input 99999x99999", "smaller input"),
        ("layers lenet5 --weights zeros", "digits, none"),
        ("layers resnet18 --weights imagenet1k_v1", "--weights none"),
        ("layers squeezenet1_1 --input 2x2", "2"),
        (f"{INSPECT} --out x --layer c11", "c1"),
        (f"{INSPECT} --out x --layer c1 --channel 600", "600"),
        (f"{INSPECT} --out x --layer c1 --channel -1", "at least 0"),
        (f"{INSPECT} --out x --layer c1 --channel one", "“one”"),
        (f"{INSPECT} --out empty.png --layer c1", "empty.png"),
        (f"{INSPECT} --out empty.png/below --layer c1", "below"),
        ("live webcam", "camera:0"),
        ("live camera:99", "99"),
        ("live demo --seconds 0", "above 0"),
        ("live demo --seconds soon", "“soon”"),
        ("live demo --model lenet", "lenet5"),
        ("predict chelse.png", "chelsea.png"),
        ("predict empty.png", "empty.png"),
        ("predict cut.png", "cut.png"),
        ("predict huge.png", "huge.png"),
        ("predict renamed.png", "renamed.png"),
        ("predict renamed.npy", "renamed.npy"),
        ("predict shape.npy", "shape.npy"),
        ("predict channels.npy", "7"),
        ("predict pickle.npy", "pickle.npy"),
        ("predict directory", "directory"),
        ("predict http://127.0.0.1:9/a.png", "127.0.0.1"),
        ("predict http://", "http"),
    ],
)
def test_mistakes(folder: Path, say: Callable[[str], str], line: str, words: str) -> None:
    assert words in say(line)
    assert not (folder / "x").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs a system with permissions like Unix's")
def test_no_permission(folder: Path, say: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "closed").mkdir(mode=0o500)
    (folder / "closed.png").write_bytes(_png())
    (folder / "closed.png").chmod(0)
    assert main(f"{INSPECT} --layer c1 --out open".split()) == 0  # everything is loaded before rights are given up
    capsys.readouterr()
    with _nobody():
        assert "no permission" in say(f"{INSPECT} --layer c1 --out closed")
        assert "no permission" in say(f"{INSPECT} --layer c1 --out closed/below")
        assert "closed.png" in say("predict closed.png")
    assert not list((folder / "closed").iterdir())


@contextmanager
def _nobody() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_network_that_raises_is_a_sentence(say: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ForwardError("The network raised: choose another.")

    monkeypatch.setattr("explorer.frame_path.run", fail)
    assert say(f"{PREDICT} --model lenet5") == "The network raised: choose another.\n"


def test_our_own_mistakes_are_exit_1_with_the_traceback_only_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("explorer.sources.read", fail)
    assert main(PREDICT.split()) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("CNN Explorer itself failed (ZeroDivisionError: a b)")
    assert printed.err.count("\n") == 1

    monkeypatch.setenv(TRACEBACK, "1")
    assert main(PREDICT.split()) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_outside_live_is_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("explorer.sources.read", interrupt)
    assert main(PREDICT.split()) == INTERRUPTED == 130
    assert capsys.readouterr() == ("", "Stopped.\n")


@pytest.mark.parametrize("words", [["--lang", "ko", "predict"], ["predict", "--lang=ko"], ["predict", "--lang", "ko"]])
def test_the_language_may_stand_anywhere(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert any("가" <= letter <= "힣" for letter in capsys.readouterr().err)


def test_a_name_that_looks_like_an_option_after_two_dashes(say: Callable[[str], str]) -> None:
    assert "“--lang”" in say("predict -- --lang")


@pytest.mark.parametrize("code", [0, 1])
def test_bench_passes_on_whether_every_figure_is_within_its_limit(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked = []
    monkeypatch.setattr("explorer.bench.run", lambda json, say, against: asked.append(json) or code)
    assert main(["bench", "--json"]) == code
    assert asked == [True]
