"""What is typed becomes a value, or a sentence that says what to type."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from explorer.cli import arguments
from explorer.cli.arguments import Parser
from explorer.errors import ExplorerError, PersonError, SourceError
from explorer.settings import PRECISIONS
from explorer.values import Source


def test_a_file_an_array_an_address_and_a_sample_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "고양이.png").write_bytes(b"")
    (tmp_path / "input.NPY").write_bytes(b"")
    assert arguments.picture("고양이.png") == Source("picture", "고양이.png")
    assert arguments.picture(str(tmp_path / "input.NPY")) == Source("array", str(tmp_path / "input.NPY"))
    assert arguments.picture("HTTPS://host/a.png") == Source("address", "HTTPS://host/a.png")
    assert arguments.picture("coffee.png") == Source("sample", "coffee.png")
    assert arguments.picture("coffee") == Source("sample", "coffee.png")


def test_a_file_hides_the_sample_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coffee.png").write_bytes(b"")
    assert arguments.picture("coffee.png").kind == "picture"


def test_a_path_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"")
    assert arguments.picture("~/a.png") == Source("picture", os.path.join(str(tmp_path), "a.png"))


@pytest.mark.parametrize("name", ["", "no.png", "a\0b", "~nobody-of-that-name/a.png", "x" * 5000, "missing/dir/a.png"])
def test_a_name_of_nothing_is_answered_with_what_there_is(name: str) -> None:
    with pytest.raises(SourceError, match="There is no picture") as caught:
        arguments.picture(name)
    assert ".png" in str(caught.value)


def test_the_nearest_samples_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"example chelsea\.png"):
        arguments.picture("chelse.png")
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(SourceError, match=r"holiday\.jpg"):
        arguments.picture(str(tmp_path / "holidy.jpg"))


@pytest.mark.parametrize(
    ("text", "source"),
    [("demo", Source("demo", "")), ("camera", Source("camera", "0")), ("camera:2", Source("camera", "2"))],
)
def test_live_sources(text: str, source: Source) -> None:
    assert arguments.feed(text) == source


@pytest.mark.parametrize("text", ["", "camera:", "camera:x", "camera:-1", "webcam", "chelsea.png", "camera:٣"])
def test_no_live_source(text: str) -> None:
    with pytest.raises(SourceError, match="camera:0"):
        arguments.feed(text)


@pytest.mark.parametrize(("text", "hw"), [("224x128", (224, 128)), ("7X9", (7, 9)), ("08×1", (8, 1))])
def test_sizes(text: str, hw: tuple[int, int]) -> None:
    assert arguments.size(text) == hw


@pytest.mark.parametrize("text", ["", "224", "0x5", "5x0", "axb", "-1x5", "1x2x3", "1.5x2", "999999x1"])
def test_no_size(text: str) -> None:
    with pytest.raises(PersonError, match="224x224"):
        arguments.size(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "x", "1e9", "-" + "9" * 30])
def test_no_whole_number_is_told_with_its_option(text: str) -> None:
    parser = arguments.Parser("count", "")
    parser.how.add_argument("--size", type=arguments.whole(1))
    with pytest.raises(PersonError) as told:
        parser.read([f"--size={text}"])
    assert str(told.value) == f"--size cannot be “{text}”: it is a whole number of at least 1."


def test_a_number_of_too_many_digits_is_too_large() -> None:
    parser = arguments.Parser("count", "")
    parser.how.add_argument("--size", type=arguments.whole(1))
    with pytest.raises(PersonError) as told:
        parser.read(["--size=" + "9" * 20])
    assert str(told.value) == f"--size cannot be “{'9' * 20}”: it is at most 999999999."


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_no_duration(text: str) -> None:
    with pytest.raises(PersonError, match="seconds above 0"):
        arguments.seconds(text)


def test_numbers() -> None:
    assert arguments.whole(0)("0") == 0
    assert arguments.whole(1)("12") == 12
    assert arguments.seconds("0.5") == 0.5


def _parser() -> Parser:
    parser = Parser("try", "try it")
    parser.what.add_argument("image")
    parser.how.add_argument("--model")
    parser.how.add_argument("--out", required=True)
    parser.how.add_argument("--json", action="store_true")
    return parser


def test_options_are_read_in_any_order() -> None:
    options = _parser().read(["--json", "--out=x", "a.png", "--model", "m"])
    assert (options.image, options.model, options.out, options.json) == ("a.png", "m", "x", True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "image, --out are missing: see “cnn-explorer-cli try --help”."),
        (["a"], "--out is missing: see “cnn-explorer-cli try --help”."),
        (["a", "--out"], "--out needs a value: see “cnn-explorer-cli try --help”."),
        (["a", "--out", "--json"], "--out needs a value: see “cnn-explorer-cli try --help”."),
        (["a", "--out", "x", "--json=1"], "--json takes no value: see “cnn-explorer-cli try --help”."),
        (["a", "--out", "x", "b"], "“b” is one argument too many: see “cnn-explorer-cli try --help”."),
        (["a", "--out", "x", "--modle", "m"], "There is no option “--modle”; the nearest are: --model."),
        (["a", "--out", "x", "--mod=m"], "There is no option “--mod”; the nearest are: --model, --out."),
        (
            ["a", "--out", "x", "-z"],
            "There is no option “-z”; the options are: --help, --lang, --model, --out, --json.",
        ),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(PersonError) as caught:
        _parser().read(words)
    assert str(caught.value) == sentence


def test_what_argparse_may_say_one_day_is_still_a_sentence() -> None:
    with pytest.raises(ExplorerError, match=r"\(something new\): see “cnn-explorer-cli try --help”"):
        _parser().error("something new")


@pytest.mark.parametrize("word", ["float32", "tf32", "half"])
def test_precisions(word: str) -> None:
    assert arguments.one_of("--precision", PRECISIONS)(word) == word


@pytest.mark.parametrize("word", ["", "float64", "Half", "bf16"])
def test_another_precision_is_told_with_those_there_are(word: str) -> None:
    with pytest.raises(PersonError, match=r"--precision cannot be .*float32, tf32, half"):
        arguments.one_of("--precision", PRECISIONS)(word)
