"""A picture and its recipe: the command line that is told makes the same file, byte for byte."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import frame_path, sources
from explorer.cli.main import main
from explorer.errors import ExportError, PersonError
from explorer.filters.bank import BANK
from explorer.recipe import Recipe, View
from explorer.render import export
from explorer.reproduce import Kept, What, beside, keep, keep_result, read
from explorer.session import Session
from explorer.text import set_language
from explorer.values import Source

WANTED = Recipe(
    Source("sample", "digit-5.png"),
    filters=(BANK["sharpen"].filter,),
    network="lenet5",
    layer="c3",
    channel=7,
    device="cpu",
    view=View(scale="fixed", low=-0.5, high=2.0, colours="magma", sort="max", aspect=1.75),
    thumbnails=("*",),
    columns=2,
)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    set_language("en")


def exported(folder: Path, what: What, wanted: Recipe = WANTED) -> Path:
    """Write a picture as the window does, and what it was made from beside it."""
    session = Session()
    network = session.open(wanted.network, wanted.weights, device="cpu")
    result = frame_path.run(network, sources.read(wanted.source), wanted)
    session.close()
    picture = folder / f"{what} 그림.png"
    write = export.mosaic_png if what == "mosaic" else export.map_png
    write(result.view, wanted.view.colours, picture, result.trained)
    keep_result(picture, what, result, "float32")
    return picture


@pytest.mark.parametrize(("what", "language"), [("mosaic", "ko"), ("map", "en")])
def test_the_told_command_makes_the_same_file(
    what: What, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_language(language)
    picture = exported(tmp_path, what)
    right = picture.read_bytes()
    told = json.loads(beside(picture).read_text(encoding="utf-8"))
    assert Recipe.from_json(json.dumps(told["recipe"])) == WANTED
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(beside(picture), moved)
    monkeypatch.chdir(moved)
    set_language("en")
    program, *words = shlex.split(told["command"])
    assert program == "cnn-explorer-cli"
    assert main(words) == 0
    assert (moved / picture.name).read_bytes() == right


def test_a_picture_beside_moves_along_and_a_live_frame_is_kept(tmp_path: Path) -> None:
    pixels = sources.read(WANTED.source).pixels
    for source in (Source("camera", "0", mirror=True), Source("picture", str(tmp_path / "mine.png"))):
        old = tmp_path / "out.png"
        files = keep(old, Kept("mosaic", WANTED.with_(source=source)), pixels)
        new = tmp_path / source.kind
        new.mkdir()
        for file in files:
            shutil.move(file, new)
        (found,) = (read(new / beside(old).name).recipe.source,)
        assert found.kind == "picture"
        assert Path(found.where).parent == new
        if source.live:
            assert (sources.read(found).pixels == pixels).all()


def test_a_picture_that_lies_elsewhere_keeps_its_place(tmp_path: Path) -> None:
    source = Source("picture", str(tmp_path / "photos" / "mine.png"))
    (file,) = keep(tmp_path / "exports.png", Kept("map", WANTED.with_(source=source)))
    assert read(file).recipe.source == source, "below, so it moves along"
    (tmp_path / "exports").mkdir()
    (file,) = keep(tmp_path / "exports" / "a.png", Kept("map", WANTED.with_(source=source)))
    assert json.loads(file.read_text(encoding="utf-8"))["recipe"]["source"]["where"] == source.where
    assert read(file).recipe.source == source


def test_the_windows_own_pictures_open_the_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept("window", WANTED, "ko", "half", "filter", "dark")
    keep(tmp_path / "a b.svg", kept)
    assert read(tmp_path / "a b.recipe.json") == kept
    assert kept.command(tmp_path / "a b.svg") == "cnn-explorer --recipe 'a b.recipe.json'"
    assert main(["redraw", str(tmp_path / "a b.recipe.json"), "--out", str(tmp_path / "x.png")]) == 2
    told = capsys.readouterr().err
    assert f"cnn-explorer --recipe '{tmp_path / 'a b.recipe.json'}'" in told, "as a shell takes it"


def test_a_file_that_runs_code_needs_consent_and_may_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import torch\n\n\ndef make() -> torch.nn.Module:\n    return torch.nn.Conv2d(3, 4, 3)\n"
    (tmp_path / "net.py").write_text(code, encoding="utf-8")
    keep(tmp_path / "a.png", Kept("map", Recipe(network=str(tmp_path / "net.py"), device="cpu")))
    words = ["redraw", str(tmp_path / "a.recipe.json"), "--out", str(tmp_path / "b.png")]
    assert main(words) == 2
    assert "--allow-code" in capsys.readouterr().err
    assert main([*words, "--allow-code"]) == 0
    assert (tmp_path / "b.png").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"what": "maps"},
        {"language": "xx"},
        {"precision": 16},
        {"place": "nowhere"},
        {"theme": None},
        {"recipe": {}},
        {"recipe": None},
        None,
    ],
)
def test_files_that_are_no_recipes(change: dict[str, Any] | None, tmp_path: Path) -> None:
    (file,) = keep(tmp_path / "a.png", Kept("map", WANTED))
    raw = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps([] if change is None else raw | change), encoding="utf-8")
    with pytest.raises(PersonError, match="no recipe"):
        read(file)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    broken = tmp_path / "b.recipe.json"
    for content in (b"", b"{", b"\xff\xfe", b"[" * 10_000, b'{"what": "map"}'):
        broken.write_bytes(content)
        with pytest.raises(PersonError, match="no recipe"):
            read(broken)
    for missing in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(PersonError):
            read(missing)
    (tmp_path / "c.recipe.json").mkdir()
    with pytest.raises(ExportError):
        keep(tmp_path / "c.png", Kept("map", WANTED))
