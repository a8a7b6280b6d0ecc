"""Files read back by other readers, and every way in which writing fails."""

from __future__ import annotations

import csv
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.errors import ExportError
from explorer.recipe import Recipe
from explorer.render import colours, export
from explorer.values import Frame, FrameResult, Geometry, LayerView, Prediction
from tests.render.views import view

MAPS = np.random.default_rng(3).normal(size=(6, 5, 4)).astype(np.float32)
FOUND = (Prediction(282, "tiger cat", 0.375), Prediction(281, 'tabby, "tabby" cat', 0.125))


def _result(trained: bool = True) -> FrameResult:
    frame = Frame(np.zeros((2, 2, 3), np.uint8), "chelsea.png")
    geometry = Geometry((2, 2), (2, 2), (1, 1), (0, 0))
    return FrameResult(
        Recipe(), frame, frame, geometry, frame.pixels, (0.0, 1.0), FOUND, trained, {}, view(MAPS), "cpu"
    )


WRITERS: dict[str, Callable[[Path], None]] = {
    "mosaic.png": lambda path: export.mosaic_png(view(MAPS), "viridis", path),
    "map.png": lambda path: export.map_png(view(MAPS), "viridis", path),
    "maps.npz": lambda path: export.maps_npz(MAPS, path),
    "statistics.csv": lambda path: export.statistics(view(MAPS), path),
    "statistics.json": lambda path: export.statistics(view(MAPS), path),
    "predictions.csv": lambda path: export.predictions(_result(), path),
    "predictions.json": lambda path: export.predictions(_result(), path),
}


def _holds(page: Image.Image, colour: np.ndarray) -> int:
    return int((np.asarray(page.convert("RGB")) == colour).all(axis=2).sum())


def test_a_picture_holds_every_cell_enlarged_by_a_whole_factor(tmp_path: Path) -> None:
    maps = np.zeros((1, 2, 2), np.float32)
    maps[0] = [[0, 1], [2, 3]]
    export.map_png(view(maps), "viridis", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as page:
        table = colours.table("viridis", False, (0, 0, 0))
        for level in (84, 168):  # a third and two thirds of the way: cells and a line or two of the bar
            assert 256 * 256 <= _holds(page, table[level]) <= 256 * 256 + 10 * page.width


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_the_colour_bar_spans_all_levels(tmp_path: Path, signed: bool, whole: bool) -> None:
    flat = np.ones((3, 4, 4), np.float32) if not signed else np.zeros((3, 4, 4), np.float32)
    shown = view(flat, signed, whole)
    export.mosaic_png(shown, "magma", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as page:
        table = colours.table("magma", signed, (0, 0, 0))
        assert all(_holds(page, table[level]) for level in range(0, 253, 4))


def test_numbers_and_the_untrained_note_change_the_picture(tmp_path: Path) -> None:
    shown = view(MAPS, signed=True)
    export.mosaic_png(shown, "viridis", tmp_path / "trained.png")
    export.mosaic_png(shown, "viridis", tmp_path / "untrained.png", trained=False)
    export.mosaic_png(view(MAPS, signed=True, whole=True), "viridis", tmp_path / "whole.png")
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 3


@pytest.mark.parametrize("shape", [(1, 1, 1), (1000, 1, 1), (3, 1, 900), (2, 700, 3)])
def test_odd_shapes_make_a_picture(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    shown = view(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    export.mosaic_png(shown, "cividis", tmp_path / "a.png")
    export.map_png(shown, "grey", tmp_path / "b.png")
    for name in "ab":
        with Image.open(tmp_path / f"{name}.png") as page:
            page.load()
            assert max(page.size) < 6000


def test_a_nan_is_magenta(tmp_path: Path) -> None:
    maps = MAPS.copy()
    maps[0, 0, 0] = np.nan
    export.map_png(view(maps), "viridis", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as page:
        assert _holds(page, np.array([255, 0, 255])) == (512 // 5) ** 2


def test_raw_maps_come_back_bit_for_bit(tmp_path: Path) -> None:
    maps = MAPS.copy()
    maps[0, 0, :2] = np.nan, np.inf
    export.maps_npz(maps, tmp_path / "maps.npz")
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as file:
        assert file.files == ["maps"]
        assert file["maps"].dtype == np.float32
        np.testing.assert_array_equal(file["maps"], maps)


def test_the_maps_of_several_layers_come_back_by_name(tmp_path: Path) -> None:
    maps = {"file": MAPS, "layer1.0.relu:2": MAPS[:, :1], "empty": MAPS[:, :0]}
    export.maps_npz(maps, tmp_path / "maps.npz")
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as file:
        assert file.files == list(maps)
        for name, expected in maps.items():
            np.testing.assert_array_equal(file[name], expected)


def test_statistics_as_csv_and_json_agree_with_numpy(tmp_path: Path) -> None:
    shown = view(MAPS)
    export.statistics(shown, tmp_path / "s.csv", trained=False)
    export.statistics(shown, tmp_path / "s.json", trained=False)
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    document = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert [row["channel"] for row in rows] == ["all", "0", "1", "2", "3", "4", "5"]
    assert {row["trained"] for row in rows} == {"False"}
    exact = MAPS.astype(np.float64)
    for row, values in zip(rows, [exact, *exact], strict=True):
        numbers = [float(row[name]) for name in ("minimum", "maximum", "mean", "std", "zeros")]
        np.testing.assert_allclose(numbers, [values.min(), values.max(), values.mean(), values.std(), 0], rtol=1e-12)
    assert document["layer"] == "layer1.0.conv1"
    assert document["trained"] is False
    assert sum(document["statistics"]["histogram"]) == MAPS.size
    assert [one["mean"] for one in document["channels"]] == [float(row["mean"]) for row in rows[1:]]


def test_what_is_not_a_number_is_null_in_json_and_empty_in_csv(tmp_path: Path) -> None:
    shown = view(MAPS)
    shown.channels.mean[2] = np.nan
    export.statistics(shown, tmp_path / "s.json")
    export.statistics(shown, tmp_path / "s.csv")
    assert json.loads((tmp_path / "s.json").read_text("utf-8"))["channels"][2]["mean"] is None
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file))[3]["mean"] == ""


def test_bad_values_are_counted_channel_by_channel(tmp_path: Path) -> None:
    maps = MAPS.copy()
    maps[1, 0, :3] = np.nan, np.inf, -np.inf
    maps[4, 1, 1] = np.nan
    export.statistics(view(maps), tmp_path / "s.json")
    export.statistics(view(maps), tmp_path / "s.csv")
    expected = [(0, 0), (1, 2), (0, 0), (0, 0), (1, 0), (0, 0)]
    channels = json.loads((tmp_path / "s.json").read_text("utf-8"))["channels"]
    assert [(one["nan"], one["inf"]) for one in channels] == expected
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["nan"]), int(row["inf"])) for row in rows] == [(2, 2), *expected]


@pytest.mark.parametrize("trained", [True, False])
def test_predictions_say_whether_the_weights_are_trained(tmp_path: Path, trained: bool) -> None:
    export.predictions(_result(trained), tmp_path / "p.csv")
    export.predictions(_result(trained), tmp_path / "p.json")
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    document = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert [(int(r["index"]), r["label"], float(r["probability"])) for r in rows] == [
        (one.index, one.label, one.probability) for one in FOUND
    ]
    assert {row["trained"] for row in rows} == {str(trained)}
    assert document["trained"] is trained
    assert [one["label"] for one in document["predictions"]] == [one.label for one in FOUND]


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / "고양이" / name
    path.parent.mkdir()
    path.write_bytes(b"old")
    WRITERS[name](path)
    assert path.read_bytes() != b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_says_so(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="disk is full: free some space") as caught:
        WRITERS[name](path)
    assert caught.value.exit_code == 2
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_disk_that_is_really_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode: real(Path("/dev/full"), "wb") if "x" in mode else real(path))
    with pytest.raises(ExportError, match="disk is full"):
        export.maps_npz(np.zeros((64, 100, 100), np.float32), tmp_path / "maps.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("missing/a.csv", "its folder does not exist: create it"),
        ("file/a.csv", "a part of its path is a file: choose another folder"),
        ("folder.csv", "is a folder: give the name of a file"),
        ("a" * 300 + ".csv", "is too long a name: choose a shorter one"),
        ("a.txt", "end in .csv or .json"),
        ("a", "end in .csv or .json"),
    ],
)
def test_a_wrong_place_is_named_with_the_remedy(tmp_path: Path, place: str, sentence: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ExportError, match=sentence) as caught:
        export.statistics(view(MAPS), tmp_path / place)
    assert str(tmp_path / place) in str(caught.value)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder.csv"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(_path: Path, _mode: str) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ExportError, match="no permission there: choose another folder"):
        export.maps_npz(MAPS, tmp_path / "maps.npz")


def test_an_unknown_trouble_is_told_in_the_system_s_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExportError, match=r"\(Input/output error\): choose another place"):
        export.maps_npz(MAPS, tmp_path / "maps.npz")


def test_an_interruption_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export.maps_npz(MAPS, tmp_path / "maps.npz")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_made_with_its_parents_and_a_file_in_its_way_is_named(tmp_path: Path) -> None:
    export.folder(tmp_path / "a" / "b")
    export.folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    for place in ("file", "file/below"):
        with pytest.raises(ExportError, match="a part of its path is a file"):
            export.folder(tmp_path / place)


def test_a_title_wider_than_the_maps_is_not_cut(tmp_path: Path) -> None:
    shown = view(np.ones((2, 3, 40), np.float32))
    long = LayerView(**{**vars(shown), "layer": type(shown.layer)("a" * 90, "a", "Conv2d", (), (2, 3, 40), "CHW")})
    export.mosaic_png(long, "grey", tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as page:
        ink = np.asarray(page.convert("L"))[:, -16:] < 200
        assert not ink.any()


def test_the_prepared_input_comes_back_as_it_was(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    export.input_npy(array, tmp_path / "input.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "input.npy", allow_pickle=False), array)
    with pytest.raises(ExportError, match="folder does not exist"):
        export.input_npy(array, tmp_path / "nowhere" / "input.npy")
