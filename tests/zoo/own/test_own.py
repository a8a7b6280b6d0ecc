"""The one door to own networks: names, cards beside files, inspections."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision import models

from explorer import settings
from explorer.errors import ExportError, NetworkError
from explorer.zoo import own, weights
from explorer.zoo.card import Preparation
from explorer.zoo.own import class_names
from explorer.zoo.own.card import OwnCard, from_toml, to_toml

PLAIN = Preparation((3, 224, 224), 256, "bilinear", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), fit="letterbox", order="BGR")
CARD = OwnCard("내 네트워크", PLAIN, "shufflenet_v2_x0_5", activation="sigmoid", inputs=("=zeros:1x3", "mask=ones:2"))


@pytest.fixture
def network(tmp_path: Path) -> Path:
    folder = tmp_path / "폴더 ü"
    folder.mkdir()
    torch.manual_seed(0)
    torch.save(models.shufflenet_v2_x0_5(num_classes=3).state_dict(), folder / "고양이.pth")
    return folder / "고양이.pth"


def read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let nothing be written into ``folder``; the tests may run as root, whom no permission stops."""
    real = settings.fill_atomically

    def fill(path: Path, *rest: object) -> None:
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(settings, "fill_atomically", fill)


def test_importing_it_loads_no_torch() -> None:
    code = "import sys; from explorer.zoo import own; own.card('a.pth'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("name", ["a.pth", "/x/B.PT", "n.safetensors", "m.ckpt", "q.bin", "o.onnx", "p.pt2", "f.py"])
def test_names_of_own_networks(name: str) -> None:
    assert own.is_own(name)
    assert own.is_own(name + ".toml")


@pytest.mark.parametrize("name", ["resnet18", "", "resnet18.a1_in1k", "a.pth.png", "card.toml"])
def test_names_of_others(name: str) -> None:
    assert not own.is_own(name)


def test_a_card_means_its_network(network: Path) -> None:
    assert own.located(f"{network}.toml") == str(network)
    assert own.located("memory:Net") == "memory:Net"
    assert Path(own.located("x.pth")) == Path.cwd() / "x.pth"


def test_a_card_is_kept_beside_the_network_and_found_again(network: Path) -> None:
    assert own.find_card(str(network)) is None
    assert own.save(str(network), CARD) == network.with_name("고양이.pth.toml")
    assert own.find_card(str(network)) == CARD
    assert own.find_card(f"{network}.toml") == CARD
    assert own.card(str(network)).title == "내 네트워크"
    opened = own.open(f"{network}.toml")
    assert (opened.own, opened.card.activation, opened.card.preparation) == (CARD, "sigmoid", PLAIN)


def test_what_lies_in_a_read_only_folder_has_its_card_with_the_persons_data(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only(monkeypatch, network.parent)
    where = own.save(str(network), CARD)
    assert where.parent == settings.data_folder() / "cards"
    assert not Path(f"{network}.toml").exists()
    assert own.find_card(str(network)) == CARD
    copy = network.with_name("copy.pth")
    copy.write_bytes(network.read_bytes())
    assert own.find_card(str(copy)) == CARD  # it goes by the content
    copy.write_bytes(b"other")
    assert own.find_card(str(copy)) is None


def test_a_card_beside_the_network_replaces_the_one_with_the_data(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        read_only(patch, network.parent)
        own.save(str(network), CARD)
    own.save(str(network), replace(CARD, title="new"))
    assert list((settings.data_folder() / "cards").iterdir()) == []
    assert own.card(str(network)).title == "new"


def test_of_two_cards_the_newer_counts(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class's folder with a card in it, which a student may not change."""
    guessed = own.inspect(str(network)).own
    assert guessed is not None
    beside = own.save(str(network), guessed)
    os.utime(beside, (1, 1))
    read_only(monkeypatch, network.parent)
    own.save(str(network), replace(guessed, title="mine"))
    found = own.find_card(str(network))
    assert found is not None
    assert found.title == "mine"


def test_a_number_in_a_card_that_no_float_can_hold(network: Path) -> None:
    guessed = own.inspect(str(network)).own
    assert guessed is not None
    card = own.save(str(network), guessed)
    text = card.read_text("utf-8")
    card.write_text(text.replace("full = 1.0", f"full = 1{'0' * 400}"), "utf-8")
    with pytest.raises(NetworkError, match="cannot be read"):
        own.find_card(str(network))


def test_a_card_that_can_be_kept_nowhere(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settings, "fill_atomically", full)
    with pytest.raises(ExportError, match="No space left"):
        own.save(str(network), CARD)


def test_labels_move_with_the_folder(network: Path) -> None:
    labels = network.with_name("names.txt")
    labels.write_text("a\nb\nc\n", encoding="utf-8")
    own.save(str(network), replace(CARD, labels=str(labels)))
    moved = network.parent.rename(network.parent.with_name("moved"))
    assert own.open(str(moved / network.name)).own.labels == str(moved / "names.txt")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("=", "no TOML document"),
        ("titel = 'a'\n[preparation]\n", "“titel” that nobody knows; the nearest are: title"),
        ("title = 'a'", "no entry “preparation”"),
        ("preparation = 3", "preparation = 3, which cannot be"),
        pytest.param("x = " + "[" * 100_000, "no TOML document", id="deeper than Python goes"),
    ],
)
def test_cards_that_are_none(text: str, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        from_toml(text, Path("a.pth.toml"))


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ('task = "paint"', "task"),
        ("title = 3", "title"),
        ('inputs = ["x=many:3"]', "inputs"),
        ('inputs = ["x=ones:0"]', "inputs"),
        ("[preparation]\nresize = 0", r"preparation\.resize"),
        ("[preparation]\nresize = 2.5", r"preparation\.resize"),
        ("[preparation]\nresize = true", r"preparation\.resize"),
        ("[preparation]\nmean = [0.5]", r"preparation\.mean"),
        ("[preparation]\nstd = [0.5, 0.0, 0.5]", r"preparation\.std"),
        ("[preparation]\nstd = [0.5, nan, 0.5]", r"preparation\.std"),
        ("[preparation]\ninput_chw = [3, 224]", r"preparation\.input_chw"),
        ("[preparation]\ninput_chw = [3, 0, 224]", r"preparation\.input_chw"),
        ("[preparation]\ninput_chw = [3, 224, 99999999]", r"preparation\.input_chw"),
        ("[preparation]\npad = 112", r"preparation\.pad"),
        ("[preparation]\nfull = -1", r"preparation\.full"),
        ('[preparation]\nfit = "squeeze"', r"preparation\.fit"),
    ],
)
def test_cards_with_values_that_cannot_be(line: str, entry: str) -> None:
    whole = to_toml(CARD, Path("/"))
    table, _line, key = line.rpartition("\n")
    name = key.split(" = ")[0]
    start = whole.index(f"\n{name} = ") + 1
    rest = whole[start:]
    end = rest.index("\n]\n") + 3 if rest.split("\n")[0].endswith("[") else rest.index("\n") + 1
    with pytest.raises(NetworkError, match=f"says {entry} = .* which cannot be"):
        from_toml(whole[:start] + key + "\n" + rest[end:], Path("a.pth.toml"))
    assert table in ("", "[preparation]")


def test_whole_numbers_are_numbers(network: Path) -> None:
    lines = (
        "[preparation]",
        "input_chw = [1, 8, 8]",
        "resize = 8",
        "interpolation = 'bicubic'",
        "mean = [0]",
        "std = [1]",
    )
    assert from_toml("\n".join(lines), Path("a.toml")).preparation == Preparation(
        (1, 8, 8), 8, "bicubic", (0.0,), (1.0,)
    )


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (2 << 20)], ids=["no text", "huge"])
def test_a_broken_card_is_told_when_its_network_is_opened(network: Path, content: bytes) -> None:
    Path(f"{network}.toml").write_bytes(content)
    assert own.card(str(network)).title == "고양이"
    with pytest.raises(NetworkError, match="cannot be read"):
        own.open(str(network))
    problem = own.inspect(str(network)).problem
    assert "cannot be read" in str(problem)


def test_a_card_of_other_channels_is_told(network: Path) -> None:
    grey = replace(PLAIN, input_chw=(1, 224, 224), mean=(0.5,), std=(0.5,))
    own.save(str(network), replace(CARD, preparation=grey))
    with pytest.raises(NetworkError, match="prepares 1 channels, but the network takes 3"):
        own.open(str(network))


def test_an_inspection_is_a_guess_until_a_card_is_saved(network: Path) -> None:
    first = own.inspect(str(network))
    assert first.problem is None
    assert first.own is not None
    assert (first.form, first.runs_code, first.saved, first.path) == ("tensors", False, False, str(network))
    assert first.bytes == network.stat().st_size
    assert first.sha256 == own.sha256(network)
    assert (first.own.architecture, first.certainty["architecture"]) == ("shufflenet_v2_x0_5", "sure")
    own.save(str(network), replace(first.own, title="mine"))
    second = own.inspect(str(network))
    assert second.own is not None
    assert (second.saved, second.own.title) == (True, "mine")
    assert set(second.certainty.values()) == {"sure"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "There is no file"), (b"", "is empty"), (b"PK\x03\x04xx", "damaged"), (b"GIF89a", "neither")],
)
def test_a_file_that_cannot_be_opened_is_a_problem_of_its_inspection(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "a.pth"
    if content is not None:
        file.write_bytes(content)
    found = own.inspect(str(file))
    assert found.own is None
    assert words in str(found.problem)
    with pytest.raises(NetworkError, match=words):
        own.open(str(file))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.pth").mkdir()
    assert "a.pth is a folder: give the file" in str(own.inspect(str(tmp_path / "a.pth")).problem)


@pytest.mark.parametrize("suffix", own.SUFFIXES)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on POSIX alone")
def test_a_pipe_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"a{suffix}")
    assert "is empty" in str(own.inspect(str(tmp_path / f"a{suffix}")).problem)


def test_what_cannot_be_opened_still_has_no_weights_but_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.pth").mkdir()
    assert weights.best_here(own.card(str(tmp_path / "a.pth"))) == ""


def test_its_weights_are_the_file(network: Path) -> None:
    card = own.card(str(network))
    assert weights.find(card) == card.weights[0]
    assert weights.best_here(card) == ""
    assert weights.find(card, "none") is None


def test_a_stamp_follows_file_and_card(network: Path) -> None:
    first = own.stamp(str(network))
    own.save(str(network), CARD)
    second = own.stamp(str(network))
    os.utime(network, ns=(1, 1))
    assert len({first, second, own.stamp(str(network))}) == 3
    assert own.stamp("resnet18") == ()


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.txt", "one\n둘\n\n", ("one", "둘")),
        ("a.txt", "\ufeffone\r\ntwo", ("one", "two")),
        ("a.json", json.dumps(["one", "둘"]), ("one", "둘")),
        ("a.json", json.dumps({"1": "b", "0": "a"}), ("a", "b")),
        ("a.json", json.dumps({"b": 1, "a": 0}), ("a", "b")),
        ("a.json", json.dumps({"0": ["n01440764", "tench"]}), ("tench",)),
    ],
)
def test_names_of_classes(tmp_path: Path, name: str, text: str, wanted: tuple[str, ...]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert class_names.of(str(tmp_path / name)) == wanted


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"{", b"[1, 2]", b'{"a": "b"}', b'{"0": "a", "2": "b"}', b"3"])
def test_what_is_no_list_of_classes(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(NetworkError, match="no list of classes"):
        class_names.read(tmp_path / "a.json")


@pytest.mark.parametrize(("name", "words"), [("/nowhere/a.txt", "cannot be read"), ("imagenet", "There is no list")])
def test_a_list_that_is_not_there(name: str, words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        class_names.of(name)
