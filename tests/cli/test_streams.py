"""What the command line says where its streams lead to a full disk, to nothing, or take few letters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, TiffImagePlugin

from explorer.cli import streams
from explorer.cli.main import main

COMMAND = [sys.executable, "-m", "explorer"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("고양이  é.png", "고양이  é.png"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u2028b", "a\\u2028b"),
        ("\udce9", "\\udce9"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert streams.one_line(text) == line


def test_a_name_with_a_newline_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "a\nb.png"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_picture_whose_name_has_a_newline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from explorer import sources

    if sys.platform == "win32":
        pytest.skip("no such names there")
    path = tmp_path / "a\nb.png"
    path.write_bytes(Path(sources.sample("moon.png").path()).read_bytes())
    assert main(["predict", str(path), "--model", "lenet5"]) == 0
    assert capsys.readouterr().out.startswith("a\\nb.png  ·  ")


def test_few_letters() -> None:
    """Korean on a terminal that knows ASCII alone."""
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words, code in ((["kernels", "--lang", "ko"], 0), (["predict", "없다.png", "--lang", "ko"], 2)):
        done = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        assert (done.stdout if code == 0 else done.stderr).isascii()
        assert b"Traceback" not in done.stderr


def test_the_libraries_own_words_about_a_damaged_picture_stay_away(tmp_path: Path) -> None:
    """Pillow logs this one as an error, which Python writes on standard error where nobody listens."""
    file = tmp_path / "many.tif"
    Image.new("RGB", (4, 4)).save(file)
    content = file.read_bytes()
    where = content.index(TiffImagePlugin.SAMPLESPERPIXEL.to_bytes(2, "little") + b"\x03\0\1\0\0\0")
    file.write_bytes(content[: where + 8] + (4000).to_bytes(2, "little") + content[where + 10 :])
    done = subprocess.run([*COMMAND, "predict", str(file)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("many.tif is ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["kernels"], ["kernels", "--json"], ["layers", "lenet5"], ["--help"]])
def test_a_full_disk_behind_the_output(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("The output cannot be written (No space left on device)")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_the_errors() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "predict", "no.png"], stdout=subprocess.PIPE, stderr=full, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell like Unix's")
@pytest.mark.parametrize("program", ["-m explorer predict no.png", "main.py no.png"])
def test_errors_never_go_to_the_output(program: str) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        f"'{sys.executable}' {program} 2>&-", shell=True, cwd=root, stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
