"""Frames that a person keeps: in the gallery at once and at the next start, until they are removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer import sources
from explorer.engine.events import Calculated, FrameRead, ResultReady
from explorer.errors import ExplorerError
from explorer.filters.bank import BANK
from explorer.sources import snapshots
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key
from ui.shelf import Shelf

SAMPLES = len(sources.samples())


def work(one: Desk) -> None:
    """Do what the patient worker would."""
    while one.engine.calculations:
        lane, do = one.engine.calculations.pop(0)
        assert lane.startswith("export "), "the end waits for it"
        try:
            done = Calculated(lane, do, do())
        except ExplorerError as error:
            done = Calculated(lane, do, None, error)
        one.send(done)


def shelf(one: Desk) -> Shelf:
    return one.window.explore.source.shelf


def test_the_unfiltered_frame_of_a_live_source_is_kept_and_can_be_looked_at(one: Desk, own_home: Path) -> None:
    key(one, "F4")
    one.controller.change(filters=(next(iter(BANK.values())).filter,))
    result = samples.result(one.store.recipe, one.graph)
    one.send(ResultReady(replace(result, filtered=replace(result.frame, pixels=255 - result.frame.pixels))))
    key(one, "G")
    key(one, "G")
    work(one)
    kept = snapshots.snapshots()
    assert len(kept) == 2, "none takes another's place"
    assert kept[0].is_relative_to(own_home)
    assert (sources.read(Source("picture", str(kept[0]))).pixels == result.frame.pixels).all()
    assert one.store.recipe.source.kind == "demo", "it goes on"
    assert one.window.status._times.text().startswith("In the gallery: Kept 20")
    gallery = shelf(one).gallery
    assert gallery.count() == SAMPLES + 2
    gallery.itemClicked.emit(gallery.item(0))
    assert one.store.recipe.source == Source("picture", str(kept[0]))
    one.send(FrameRead(one.store.recipe.source, result.frame))
    assert one.store.settings.recent == (), "it is in the gallery"
    assert one.window.windowTitle().startswith("Kept 20")
    assert gallery.current_key() == str(kept[0])


def test_it_is_there_at_the_next_start_and_can_be_removed(qapp: QApplication, own_home: Path) -> None:
    path = snapshots.keep(np.zeros((8, 9, 3), np.uint8), snapshots.folder() / "20260302-103000-000000.png")
    with desk(qapp) as one:
        one.show()
        one.load()
        gallery = shelf(one).gallery
        assert gallery.count() == SAMPLES + 1
        assert gallery.item(0).toolTip() == "Kept 2026-03-02 10:30:00"
        one.controller.change(source=Source("picture", str(path)))
        gallery.setFocus()
        gallery.setCurrentRow(1)
        QTest.keyClick(gallery, Qt.Key.Key_Delete)
        assert one.engine.calculations == [], "a sample stays"
        gallery.setCurrentRow(0)
        QTest.keyClick(gallery, Qt.Key.Key_Delete)
        work(one)
        assert not path.exists()
        assert gallery.count() == SAMPLES
        assert one.store.recipe.source == Source(), "else the next start would look for it"


def test_no_permission_is_one_sentence(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("explorer.sources.snapshots.fill_atomically", refuse)
    key(one, "G")
    work(one)
    assert "cannot be kept" in one.window.problem._sentence.text()
    assert "Permission denied" in one.window.problem._sentence.text()
    assert shelf(one).gallery.count() == SAMPLES
    monkeypatch.undo()
    key(one, "G")
    assert not one.window.problem.isVisible()


def test_an_array_has_no_picture_to_keep(one: Desk) -> None:
    source = Source("array", "/tmp/a.npy")
    one.controller.change(source=source)
    one.send(FrameRead(source, replace(samples.result().frame, array=np.zeros((3, 4, 4), np.float32))))
    assert not shelf(one).snapshot.isEnabled()
    assert "an array goes to the network as it is" in shelf(one).snapshot.toolTip()
    key(one, "G")
    assert one.engine.calculations == []
