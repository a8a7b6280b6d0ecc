"""The nearest pictures of an index come with the frame, from its one run; against features taken apart from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer import frame_path
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.indexing import features, indexing
from explorer.recipe import Nearest, Recipe
from explorer.retrieval import kept as keeping
from explorer.retrieval.index import Index
from explorer.session import Network, Session
from explorer.sources import read
from explorer.values import Frame, FrameResult, Source
from tests.retrieval.pictures import write_digits

BLUR = (Filter(Kernel("", ((1.0, 1.0), (1.0, 1.0)), 0.25)),)


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(tmp_path_factory.mktemp("숫자"), 40, 249)


@pytest.fixture(scope="module")
def file(network: Network, folder: Path) -> Path:
    *_steps, _last = indexing(network, folder, folder.parent / "index", "c3")
    return folder.parent / "index"


def shown(network: Network, folder: Path, recipe: Recipe, place: int = 7) -> FrameResult:
    return frame_path.run(network, picture(folder, place), recipe)


def picture(folder: Path, place: int) -> Frame:
    return read(Source("picture", str(sorted(folder.iterdir())[place])))


def wish(file: Path, **more: object) -> Recipe:
    return Recipe(network="lenet5", nearest=Nearest(str(file), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [Source("picture", "x.png"), Source("demo", "")], ids=["still", "live"])
@pytest.mark.parametrize("measure", ["cosine", "l2"])
@pytest.mark.parametrize("layer", ["", "c3", "relu6"])
def test_it_is_brute_force_over_features_taken_one_by_one(
    network: Network, folder: Path, file: Path, measure: str, layer: str, source: Source
) -> None:
    paths = sorted(folder.iterdir())
    rows = [features(network, read(Source("picture", str(path))), "c3").astype(np.float64) for path in paths]
    recipe = replace(wish(file, measure=measure, top=6), layer=layer, source=source)
    for _twice in range(2):  # a live run is merged from the second frame on
        result = shown(network, folder, recipe)
    q = rows[7]
    if measure == "l2":
        distances = [float(np.linalg.norm(row - q)) for row in rows]
    else:
        distances = [1 - float(row @ q) / float(np.linalg.norm(row) * np.linalg.norm(q)) for row in rows]
    expected = sorted(range(len(rows)), key=lambda place: distances[place])[:6]
    assert result.nearest is not None
    assert (result.nearest.error, result.nearest.pictures) == (None, 40)
    assert [Path(result.nearest.folder, one.path) for one in result.nearest.matches] == [paths[i] for i in expected]
    scale = float(np.linalg.norm(q)) if measure == "l2" else 1.0
    told = [one.distance for one in result.nearest.matches]
    np.testing.assert_allclose(told, [distances[i] for i in expected], rtol=1e-3, atol=1e-4 * scale)


def test_one_run_gives_it_and_another_measure_needs_none(
    network: Network, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[object] = []
    inner = frame_path.capture
    monkeypatch.setattr(frame_path, "capture", lambda *what, **how: runs.append(what) or inner(*what, **how))
    frame = picture(folder, 3)
    results = [
        frame_path.run(network, frame, recipe)
        for recipe in (wish(file), wish(file, measure="l2"), wish(file, top=3), Recipe(network="lenet5"))
    ]
    assert len(runs) == 1
    assert [None if one.nearest is None else len(one.nearest.matches) for one in results] == [12, 12, 3, None]
    frame_path.run(network, frame, Recipe(network="lenet5"))
    frame_path.run(network, frame, Recipe(network="lenet5", layer="c5"))
    assert len(runs) == 2
    assert frame_path.run(network, frame, replace(wish(file), layer="c5")).nearest is not None
    assert len(runs) == 3, "what was seen without the index's features is looked at again"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nearest": Nearest("nowhere")}, "There is no index “nowhere”"),
        ({"filters": BLUR}, "made in another way (filters"),
        ({"nearest": Nearest("{broken}")}, "is no index of pictures"),
    ],
)
def test_an_index_that_cannot_be_asked_fails_no_frame(
    network: Network, folder: Path, file: Path, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    (tmp_path / "broken").write_bytes(b"{}")
    recipe = replace(wish(file), **changes)  # type: ignore[arg-type]
    if recipe.nearest and recipe.nearest.index == "{broken}":
        recipe = replace(recipe, nearest=Nearest(str(tmp_path / "broken")))
    result = shown(network, folder, recipe)
    assert len(result.predictions) == 5
    assert result.nearest is not None
    assert words in str(result.nearest.error)


def test_an_index_of_another_network_says_which(folder: Path, file: Path) -> None:
    other = Session().open("lenet5", "none", device="cpu")
    result = shown(other, folder, wish(file))
    assert result.nearest is not None
    assert str(result.nearest.error).count("≠") == 1
    assert "weights digits ≠ none" in str(result.nearest.error)
    assert result.nearest.maker is not None
    assert result.nearest.maker.weights == "digits"


def test_an_index_stays_in_memory_while_somebody_holds_it_and_a_huge_one_never(
    network: Network, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = keeping.kept(file)
    assert keeping.kept(file) is held
    opened: list[Path] = []
    monkeypatch.setattr(keeping, "Kept", lambda path: opened.append(path))
    small = shown(network, folder, wish(file)).nearest
    assert not opened
    monkeypatch.undo()
    monkeypatch.setattr(keeping, "MOST_BYTES", 0)
    q = features(network, picture(folder, 7), "c3")
    huge = keeping.Kept(file)
    assert huge._chunks is None
    found = huge.neighbours(q, Nearest(str(file)))
    assert small is not None
    assert [one.path for one in found.matches] == [one.path for one in small.matches]
    assert len(list(Index(file))) == huge.pictures
