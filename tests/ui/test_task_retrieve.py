"""Retrieval in the window: an index is made, stopped and gone on with; what is near comes with the frame, as tiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog

from explorer.engine.events import Answered, Calculated, Ended, Problem, ResultReady
from explorer.errors import ExplorerError, ExportError, NetworkError
from explorer.indexing import Indexed
from explorer.questions import IndexFolder
from explorer.recipe import Nearest
from explorer.retrieval.index import Maker, Record, Writer
from explorer.retrieval.kept import Neighbours
from explorer.retrieval.search import Match
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk
from ui.indices import Indices
from ui.panels.task_retrieve import TaskRetrieve

COUNT = 5


def panel(one: Desk) -> TaskRetrieve:
    one.window._go_to("tasks")
    assert one.window.places.tasks is not None
    one.window.places.tasks.show_task("retrieve")
    found = one.window.places.tasks.panel("retrieve")
    assert isinstance(found, TaskRetrieve)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "사진"
    place.mkdir()
    for number in range(COUNT):
        Image.new("RGB", (40 + number, 30), (number, 9, 9)).save(place / f"{number}.png")
    return place


def work(one: Desk, lane: str = "index") -> None:
    """Do what the worker would do, until nothing of it waits."""
    while waiting := [each for each in one.engine.calculations if each[0] == lane]:
        one.engine.calculations.remove(waiting[-1])
        one.engine.calculations[:] = [each for each in one.engine.calculations if each[0] != lane]
        try:
            done = Calculated(lane, waiting[-1][1], waiting[-1][1]())
        except ExplorerError as error:
            done = Calculated(lane, waiting[-1][1], None, error)
        one.send(done)


def choose(one: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path) -> TaskRetrieve:
    retrieve = panel(one)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_what: str(folder))
    retrieve.folder.click()
    work(one)
    return retrieve


def asked(one: Desk) -> IndexFolder:
    question = one.engine.questions[-1]
    assert isinstance(question, IndexFolder)
    return question


def write(file: Path, folder: Path, count: int, bad: int = 0) -> Path:
    """Write an index as the fake network makes it."""
    writer = Writer(file, folder, Maker("sample", "made-up", "mean", (224, 224)), 3, {})
    for number in range(count):
        writer.add(Record(f"{number}.png", (1, 1), np.eye(3, dtype=np.float32)[number % 3]))
    for number in range(bad):
        writer.add(Record(f"bad{number}.png", (1, 1), None, "bad.png is damaged."))
    writer.close()
    return file


def give(one: Desk, found: Neighbours) -> None:
    recipe = one.store.recipe
    one.send(ResultReady(replace(samples.result(recipe, one.graph), nearest=found if recipe.nearest else None)))


def neighbours(folder: Path, count: int = COUNT) -> Neighbours:
    matches = tuple(Match(f"{number}.png", number / 10) for number in range(count))
    return Neighbours(matches, str(folder), count, Maker("sample", "made-up", "mean", (224, 224)))


def test_a_folder_is_indexed_with_progress_stopped_and_gone_on_with(
    one: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    assert retrieve.example.isVisible()
    assert not retrieve.make.isEnabled()
    choose(one, monkeypatch, folder)
    assert not retrieve.example.isVisible()
    assert "no index of this folder yet" in retrieve.empty.text()
    retrieve.make.click()
    question = asked(one)
    assert (question.network, question.folder, question.layer) == ("sample", str(folder), "mean")
    assert retrieve.bar.isVisible()
    assert not retrieve.folder.isEnabled()
    one.send(Answered(question, Indexed(2, COUNT, 0, (("x.png", "x.png is damaged."),)), 0.4))
    assert retrieve.bar.value() == 40
    assert retrieve.rate.text().startswith("2 of 5 pictures")
    assert retrieve.unread.text() == "1 file could not be read"
    told: list[str] = []
    one.controller.details_wanted.connect(told.append)
    retrieve.unread.click()
    assert told == ["x.png: x.png is damaged."]
    write(Path(question.file), folder, 2)
    retrieve.stop.click()
    assert one.engine.dropped[-1] is question
    work(one)
    assert not retrieve.bar.isVisible()
    assert retrieve.make.text() == "Go on"
    assert retrieve.facts.text().startswith("2 of 5 pictures")
    assert one.store.recipe.nearest == Nearest(question.file)
    retrieve.make.click()
    assert one.store.recipe.nearest is None, "no frame asks an index that changes"
    assert asked(one).file == question.file
    Path(question.file).unlink()
    write(Path(question.file), folder, COUNT)
    one.send(Answered(asked(one), Indexed(COUNT, COUNT, 2, ()), 1.0))
    work(one)
    assert retrieve.make.text() == "Update"
    assert retrieve.facts.text() == "5 pictures · mean of Sample Net"
    assert one.store.recipe.nearest == Nearest(question.file)


def test_what_is_near_comes_as_tiles_and_a_click_opens_one(
    one: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(write(tmp_path / "i", folder, COUNT)), ""))
    retrieve.open.click()
    work(one)
    give(one, neighbours(folder, 3))
    assert [(tile.name, tile.figure) for tile in retrieve.grid.tiles] == [
        ("0.png", "0.0000"),
        ("1.png", "0.1000"),
        ("2.png", "0.2000"),
    ]
    assert all(tile.image is None for tile in retrieve.grid.tiles), "read in a worker"
    work(one, "thumbnails")
    assert [tile.image.width() for tile in retrieve.grid.tiles if tile.image is not None] == [40, 41, 42]
    retrieve.measure.setCurrentIndex(1)
    retrieve.top.setValue(3)
    assert one.store.recipe.nearest == Nearest(str(tmp_path / "i"), "l2", 3)
    retrieve.grid.itemActivated.emit(retrieve.grid.item(1))
    assert one.store.recipe.source == Source("picture", str(folder / "1.png"))


def test_nobody_asks_while_it_is_not_seen(
    one: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    file = write(tmp_path / "i", folder, COUNT)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(file), ""))
    retrieve.open.click()
    work(one)
    assert one.store.recipe.nearest is not None
    one.window._go_to("explore")
    assert one.store.recipe.nearest is None
    panel(one)
    assert one.store.recipe.nearest == Nearest(str(file))


def test_the_index_that_was_open_last_is_open_again(one: Desk, folder: Path, tmp_path: Path) -> None:
    maker = Maker("sample", "made-up", "stem.relu", (224, 224))
    own = maker.file(folder)
    for file in (write(tmp_path / "i", folder, 3), own, tmp_path / "gone"):
        if file == own:
            Writer(own, folder, maker, 3, {}).close()
        indices = Indices(one.store, one.controller)
        indices.open_file(str(file), again=True)
        work(one)
        assert indices.problem is None
        assert indices.file == ("" if file.name == "gone" else str(file))
        assert (indices.folder, indices.layer) == ((str(folder), "stem.relu") if file == own else ("", ""))
    retrieve = panel(one)
    retrieve._indices.open_file(str(own))
    work(one)
    assert retrieve.layer.currentText() == "stem.relu"
    assert one.store.settings.index == str(own)
    assert retrieve.make.text() == "Go on"


def test_pictures_that_are_gone_are_told(
    one: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(write(tmp_path / "i", folder, COUNT)), ""))
    retrieve.open.click()
    work(one)
    (folder / "0.png").unlink()
    (folder / "2.png").write_bytes(b"no picture")
    give(one, neighbours(folder))
    work(one, "thumbnails")
    assert [tile.missing for tile in retrieve.grid.tiles] == [True, False, True, False, False]
    assert retrieve.words.text().startswith("2 of these pictures are not where they were")
    before = one.store.recipe.source
    retrieve.grid.itemActivated.emit(retrieve.grid.item(0))
    assert one.store.recipe.source == before


def test_an_index_made_in_another_way_leads_back_to_that(
    one: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(write(tmp_path / "i", folder, COUNT)), ""))
    retrieve.open.click()
    work(one)
    error = NetworkError("The index was made in another way (network other ≠ sample): …")
    give(one, Neighbours((), str(folder), COUNT, Maker("other", "some", "x", (64, 96)), error))
    assert "network other ≠ sample" in retrieve.words.text()
    retrieve.remedy.click()
    recipe = one.store.recipe
    assert (recipe.network, recipe.weights, recipe.input_hw) == ("other", "some", (64, 96))


@pytest.mark.parametrize("content", [None, b"no index"])
def test_what_is_no_index_is_said(
    content: bytes | None, one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = panel(one)
    file = tmp_path / "i"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(file), ""))
    retrieve.open.click()
    work(one)
    assert f"index “{file}”" in retrieve.words.text() or "is no index of pictures" in retrieve.words.text()
    assert one.store.recipe.nearest is None


def test_what_stops_the_making_is_said_in_place_and_another_network_ends_it(
    one: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = choose(one, monkeypatch, folder)
    retrieve.make.click()
    one.send(Problem("question", ExportError("There is no space left on the disk: …"), question=asked(one)))
    work(one)
    assert "no space left" in retrieve.words.text()
    assert not one.store.problems
    assert retrieve.make.isEnabled()
    retrieve.make.click()
    assert retrieve.words.text() == ""
    one.send(Ended(asked(one)))
    work(one)
    assert not retrieve.bar.isVisible()


def test_the_example_makes_its_index_as_soon_as_its_network_is_there(
    one: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.indices.example.NETWORK", "sample")
    monkeypatch.setattr("ui.indices.example.digits", lambda: folder)
    retrieve = panel(one)
    retrieve.example.click()
    assert one.store.recipe.source == Source("sample", "digit-7.png")
    work(one)
    assert asked(one).folder == str(folder)
