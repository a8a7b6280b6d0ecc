"""Indices and searches: against brute force, on digits that a network of this project knows, through every mishap."""

from __future__ import annotations

import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import indexing as making
from explorer.cli import streams
from explorer.cli.main import INTERRUPTED, main
from explorer.errors import ExportError, NetworkError, SourceError
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.indexing import features, indexing, maker
from explorer.retrieval.index import Index, Maker, Record, Writer
from explorer.retrieval.search import chunks, nearest
from explorer.session import Network, Session
from explorer.sources import read
from explorer.values import Frame, Source

MAKER = Maker("lenet5", "digits", "f6", (32, 32))


def records(n: int, length: int, seed: int = 0) -> list[Record]:
    rows = np.random.default_rng(seed).normal(size=(n, length)).astype(np.float32)
    return [Record(f"{i}.png", (i, i), row) for i, row in enumerate(rows)]


@pytest.mark.parametrize("measure", ["cosine", "l2"])
@pytest.mark.parametrize("n", [3, 1024, 1025, 3000])
def test_nothing_nearer_is_missed(n: int, measure: Any) -> None:
    found = records(n, 7)
    rows = np.array([one.features for one in found], np.float64)
    q = np.random.default_rng(9).normal(size=7).astype(np.float32)
    if measure == "l2":
        distances = [float(np.sqrt(((row - q) ** 2).sum())) for row in rows]
    else:
        distances = [1 - float(row @ q) / (np.linalg.norm(row) * np.linalg.norm(q)) for row in rows]
    expected = sorted(range(n), key=lambda i: distances[i])[:5]
    matches = nearest(chunks(found), q, 5, measure)
    assert [one.path for one in matches] == [f"{i}.png" for i in expected]
    np.testing.assert_allclose([one.distance for one in matches], [distances[i] for i in expected], rtol=1e-6)


@pytest.mark.parametrize("measure", ["cosine", "l2"])
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e3, 1e18], ids=str)
def test_what_float32_cannot_tell_apart_is_told_apart(scale: float, measure: Any) -> None:
    """Features that differ in their last digit, and far larger ones among them; the answer is that of float64."""
    rng = np.random.default_rng(4)
    q = (rng.normal(size=50) * scale).astype(np.float32)
    rows = np.nextafter(np.tile(q, (400, 1)), rng.choice([-1, 1], (400, 50)).astype(np.float32) * np.float32(np.inf))
    rows[::3] *= rng.choice([1, 1e-3, 1e3], (134, 1)).astype(np.float32)
    exact, wanted = rows.astype(np.float64), q.astype(np.float64)
    if measure == "l2":
        distances = np.sqrt(((exact - wanted) ** 2).sum(1))
    else:
        sizes = np.linalg.norm(exact, axis=1) * np.linalg.norm(wanted)
        distances = np.clip(1 - (exact * wanted).sum(1) / sizes, 0, 2)
    found = nearest(chunks(Record(str(i), (0, 0), row) for i, row in enumerate(rows)), q, 20, measure)
    expected = np.argsort(distances, kind="stable")[:20]
    assert [int(one.path) for one in found] == expected.tolist()
    assert [one.distance for one in found] == distances[expected].tolist()


def test_equally_near_ones_come_in_their_order_and_unreadable_ones_not_at_all() -> None:
    same = [Record(str(i), (0, 0), np.ones(3, np.float32)) for i in range(9)]
    bad = [Record("bad", (0, 0), None, "broken"), Record("nan", (0, 0), np.full(3, np.nan, np.float32))]
    found = nearest(chunks([*bad, *same]), np.ones(3, np.float32), 4)
    assert [one.path for one in found] == ["0", "1", "2", "3"]
    with pytest.raises(NetworkError, match="all zero"):
        nearest(chunks(same), np.zeros(3, np.float32), 4)


@pytest.fixture(scope="module")
def lenet() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 400 of the shipped digits as files whose names tell the class."""
    folder = tmp_path_factory.mktemp("숫자")
    with np.load(str(resources.files("resources") / "digits" / "digits.npz")) as data:
        names = sorted(data.files)
        pictures = next(data[name] for name in names if data[name].ndim == 3)
        labels = next(data[name] for name in names if data[name].ndim == 1 and len(data[name]) == len(pictures))
    for i in range(400):
        Image.fromarray(np.asarray(pictures[i], np.uint8)).save(folder / f"{i:03d}-{labels[i]}.png")
    return folder


def last(steps: Iterator[Any]) -> Any:
    *_others, found = steps
    return found


def test_digits_find_digits_of_their_class(lenet: Network, digits: Path, tmp_path: Path) -> None:
    """Of 100 digits that are asked for, in how many are most of the five nearest others of the same class?"""
    file = tmp_path / "index"
    assert last(indexing(lenet, digits, file)).done == 400
    index = Index(file)
    assert index.maker.layer == "relu6", "what the last linear layer reads"
    good = 0
    for path in sorted(digits.iterdir())[:100]:
        others = [one for one in index if one.path != path.name]
        found = nearest(chunks(others), features(lenet, read(Source("picture", str(path))), ""), 5)
        good += sum(one.path[4] == path.name[4] for one in found) >= 3
    assert good >= 95


def test_features_are_each_maps_mean(lenet: Network, digits: Path) -> None:
    frame = read(Source("picture", str(digits / sorted(os.listdir(digits))[0])))
    import torch

    with torch.no_grad():
        x = lenet.prepare(frame).tensor.double()
        expected = lenet.module.double().get_submodule("c1")(x).mean((2, 3))[0]
    lenet.module.float()
    np.testing.assert_allclose(features(lenet, frame, "c1"), expected.numpy(), rtol=1e-4, atol=1e-6)


def test_it_goes_on_where_it_was_stopped_and_sees_what_changed(
    lenet: Network, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = tmp_path / "pictures", tmp_path / "index"
    folder.mkdir()
    for path in sorted(digits.iterdir())[:12]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.png").write_bytes(b"no picture")
    steps = indexing(lenet, folder, file)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    with file.open("ab") as stream:  # killed while it wrote
        stream.write(b"\x40\x00\x00\x00{half")
    assert len(list(Index(file))) == 2

    looked: list[str] = []
    inner = making._Looking._filtered

    def noted(self: making._Looking, path: Path) -> Frame:
        looked.append(path.name)
        return inner(self, path)

    monkeypatch.setattr(making._Looking, "_filtered", noted)
    found = last(indexing(lenet, folder, file))
    assert (found.done, found.kept, len(looked)) == (13, 2, 11)
    assert [name for name, _error in found.unreadable] == ["broken.png"]

    looked.clear()
    first, second = sorted(folder.glob("*-*.png"))[:2]
    first.unlink()
    second.write_bytes((digits / sorted(os.listdir(digits))[50]).read_bytes())
    found = last(indexing(lenet, folder, file))
    assert (len(looked), found.of) == (1, 12)
    assert [name for name, _error in found.unreadable] == ["broken.png"], "told again"
    index = list(Index(file))
    assert sorted(one.path for one in index) == sorted(path.name for path in folder.iterdir())
    (changed,) = [one.features for one in index if one.path == second.name]
    np.testing.assert_allclose(changed, features(lenet, read(Source("picture", str(second))), ""), rtol=1e-6)


def test_a_picture_that_may_be_read_again_or_is_too_small_for_a_filter_stops_nothing(
    lenet: Network, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of permissions changes neither size nor time of a file: it is tried again all the same."""
    folder, file = tmp_path / "pictures", tmp_path / "index"
    folder.mkdir()
    for path in sorted(digits.iterdir())[:3]:
        (folder / path.name).write_bytes(path.read_bytes())
    Image.new("RGB", (2, 2)).save(folder / "small.png")
    filters = (Filter(Kernel("mean", ((1.0,) * 3,) * 3), border="valid"),)
    closed, opened = min(folder.iterdir()), making.sources.read

    def refused(source: Source) -> Frame:
        if source.where == str(closed):
            raise SourceError("{name} may not be read", name=closed) from PermissionError(13, "Permission denied")
        return opened(source)

    monkeypatch.setattr(making.sources, "read", refused)
    found = last(indexing(lenet, folder, file, filters=filters))
    assert [name for name, _error in found.unreadable] == [closed.name, "small.png"]
    monkeypatch.undo()
    found = last(indexing(lenet, folder, file, filters=filters))
    ((name, why),) = found.unreadable
    assert (name, found.kept) == ("small.png", 3)
    assert "3 × 3" in why
    assert "2 × 2" in why
    assert sum(one.features is not None for one in Index(file)) == 3


def test_an_index_of_nothing_is_not_kept_and_what_was_kept_stays(
    lenet: Network, digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, file = tmp_path / "pictures", tmp_path / "index"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"no picture")
    assert main(["index", str(folder), "--model", "lenet5", "--out", str(file)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n"), file.exists()) == ("", 1, False)
    assert "broken.png" in printed.err
    good = folder / "good.png"
    good.write_bytes(min(digits.iterdir()).read_bytes())
    assert last(indexing(lenet, folder, file)).done == 2
    assert last(indexing(lenet, folder, file)).kept == 2


def test_features_that_are_no_numbers_are_told_after_a_few_pictures(digits: Path, tmp_path: Path) -> None:
    import torch

    network = Session().open("lenet5", device="cpu")
    with torch.no_grad():
        next(network.module.parameters()).fill_(float("nan"))
    steps = []
    with pytest.raises(SourceError, match="not finite"):
        steps.extend(indexing(network, digits, tmp_path / "index"))
    assert len(steps) < 20
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "line", [b"[]", b'{"path": "a", "size": Infinity, "time_ns": 1}', b"[" * 100_000], ids=["list", "endless", "deep"]
)
def test_a_record_that_nobody_here_wrote_ends_the_index(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "index"
    writer = Writer(file, tmp_path, MAKER, 2, {})
    writer.add(Record("a", (1, 1), np.ones(2, np.float32)))
    writer.close()
    whole = file.stat().st_size
    with file.open("ab") as stream:
        stream.write(len(line).to_bytes(4, "little") + line + bytes(8))
    assert [one.path for one in Index(file)] == ["a"]
    assert Index(file).whole() == whole


def test_memory_is_flat_in_the_number_of_pictures(tmp_path: Path) -> None:
    peaks = []
    for n in (1000, 4000):
        file = tmp_path / str(n)
        writer = Writer(file, tmp_path, MAKER, 1280, {})
        row = np.random.default_rng(0).normal(size=1280).astype(np.float32)
        for i in range(n):
            writer.add(Record(f"{i}.png", (i, i), row + i % 7))
        writer.close()
        tracemalloc.start()
        nearest(chunks(Index(file)), row, 5)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_another_maker_folder_or_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "index"
    Writer(file, tmp_path, MAKER, 84, {}).close()
    before = file.read_bytes()
    for maker_, folder, length, words in (
        (Maker("lenet5", "digits", "c3", (32, 32)), tmp_path, 84, "layer f6 ≠ c3"),
        (MAKER, tmp_path / "other", 84, "another folder"),
        (MAKER, tmp_path, 85, "84 ≠ 85"),
    ):
        with pytest.raises(ExportError, match=words):
            Writer(file, folder, maker_, length, {})
        assert file.read_bytes() == before
    picture = tmp_path / "thesis.txt"
    picture.write_text("two years of work")
    with pytest.raises(ExportError, match="no index"):
        Writer(picture, tmp_path, MAKER, 84, {})
    assert picture.read_text() == "two years of work"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\x00" * 50,
        b'{"kind": "cnn-explorer-index"}\n',
        b"[1, 2]\n",
        b'{"kind": "cnn-explorer-index", "version": 1, "maker": 3}\n',
        b'{"kind": "cnn-explorer-index", "version": 1, "length": Infinity, "folder": "", "maker": {"network": "", '
        b'"weights": "", "layer": "", "input_hw": [1, 1], "stamp": [], "filters": ""}}\n',
        b'{"kind": "cnn-explorer-index", "version": 1, "length": 1, "folder": "", "maker": {"network": 5, '
        b'"weights": "", "layer": "", "input_hw": [1, 1], "stamp": [], "filters": ""}}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_no_index_is_said(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(SourceError, match="no index"):
        Index(file)


def test_ten_that_are_ended_early_leave_no_thread(lenet: Network, digits: Path, tmp_path: Path) -> None:
    for number in range(10):  # a fixture of every test names the threads that are left
        steps = indexing(lenet, digits, tmp_path / str(number))
        next(steps)
        steps.close()  # type: ignore[attr-defined]
        assert len(list(Index(tmp_path / str(number)))) == 2


def test_from_the_command_line(capsys: pytest.CaptureFixture[str], digits: Path, tmp_path: Path) -> None:
    folder, file = tmp_path / "some", tmp_path / "index"
    (folder / "inner").mkdir(parents=True)
    for place, path in enumerate(sorted(digits.iterdir())[:6]):
        (folder / ("inner" if place % 2 else ".") / path.name).write_bytes(path.read_bytes())
    (folder / "broken.jpg").write_bytes(b"")
    assert main(["index", str(folder), "--model", "lenet5", "--out", str(file), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["pictures"], made["layer"]) == (7, "relu6")
    assert [one["file"] for one in made["unreadable"]] == ["broken.jpg"]
    asked = folder / sorted(digits.iterdir())[0].name
    assert main(["search", str(asked), "--index", str(file), "--top", "3", "--measure", "l2", "--json"]) == 0
    matches = json.loads(capsys.readouterr().out)["matches"]
    assert len(matches) == 3
    assert matches[0] == {"file": str(asked.resolve()), "distance": 0}
    assert main(["search", str(asked), "--index", str(file)]) == 0
    assert asked.name in capsys.readouterr().out


def test_ctrl_c_leaves_an_index_that_goes_on_and_no_thread(
    capsys: pytest.CaptureFixture[str], digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["index", str(digits), "--model", "lenet5", "--out", str(tmp_path / "index"), "--json"]
    before = set(threading.enumerate())
    told = streams.told

    def stopped(steps: Iterator[Any], words: Any) -> Iterator[Any]:
        for number, step in enumerate(told(steps, words)):
            if number == 1:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(streams, "told", stopped)
    assert main(command) == INTERRUPTED
    assert capsys.readouterr() == ("", "Stopped: the same command goes on from here.\n")
    assert set(threading.enumerate()) <= before
    monkeypatch.setattr(streams, "told", told)
    assert main(command) == 0
    assert 0 < json.loads(capsys.readouterr().out)["kept"] < len(list(digits.iterdir()))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["index", "nowhere", "--out", "x"], "There is no folder “nowhere”"),
        (["index", "{empty}", "--out", "x"], "holds no pictures"),
        (["index", "{file}", "--out", "x"], "is a file: give a folder"),
        (["search", "digit-7.png", "--index", "nowhere"], "There is no index “nowhere”"),
        (["search", "digit-7.png", "--index", "{file}"], "is no index"),
        (["search", "digit-7.png", "--index", "{empty}"], "is a folder"),
        (["search", "digit-7.png", "--index", "{other}"], "There is no network"),
        (["search", "digit-7.png", "--index", "{old}", "--measure", "l3"], "--measure cannot be “l3”"),
        (["search", "digit-7.png", "--index", "{old}"], "input_hw (40, 40) ≠ (32, 32)"),
    ],
)
def test_what_cannot_be_found_is_said(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    places = {name: tmp_path / name for name in ("empty", "file", "other", "old")}
    places["empty"].mkdir()
    places["file"].write_text("no index")
    Writer(places["other"], tmp_path, Maker("lenet55", "digits", "f6", (32, 32)), 84, {}).close()
    Writer(places["old"], tmp_path, Maker("lenet5", "digits", "f6", (40, 40)), 84, {}).close()
    if "≠" in sentence:  # made for a size that the network has no more: as by an older program
        raw = places["old"].read_bytes().replace(b"[40, 40]", b"[32, 32]").replace(b'"stamp": []', b'"stamp": [7]')
        places["old"].write_bytes(raw)
        sentence = "stamp (7,) ≠ ()"
    assert main([word.format(**places) for word in words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err


def test_the_maker_is_of_the_loaded_network(lenet: Network) -> None:
    assert maker(lenet, "f6") == MAKER
