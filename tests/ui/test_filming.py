"""Recording from the window, on the engine's real recordings: what is in the file is what another decoder finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QDesktopServices, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu

from explorer.engine.events import Event
from explorer.engine.mailbox import Outbox
from explorer.engine.recordings import Recordings
from explorer.errors import ExportError
from explorer.recording.values import Filmed
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until
from ui.filming import _pixels


@pytest.fixture
def one(qapp: QApplication) -> Iterator[Desk]:
    with desk(qapp) as made:
        outbox = Outbox(made.application.bridge.notify)
        made.engine.recordings = Recordings(outbox)  # type: ignore[attr-defined]

        def take() -> list[Event]:
            events, made.engine.events = made.engine.events, []
            return events + outbox.take()

        made.engine.take = take  # type: ignore[method-assign]
        made.show()
        made.load()
        yield made
        for thread in made.engine.recordings.close():  # type: ignore[attr-defined]
            thread.join(10)


def answer(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(path), ""))


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def begin(one: Desk, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, path)
    key(one, "R")
    until(lambda: one.window.filming.recording)


def end(one: Desk) -> None:
    key(one, "R")
    until(lambda: not one.window.filming.recording)


def test_the_same_key_records_the_window_and_ends_it(
    one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, filming = tmp_path / "창.mp4", one.window.filming
    one.controller.prefer(record="window")
    begin(one, path, monkeypatch)
    assert filming.state.isVisible()
    until(lambda: filming._filmed is not None and filming._filmed.pictures >= 2)
    end(one)
    found = frames(path)
    assert len(found) == filming._filmed.pictures
    shown = _pixels(one.window.grab().toImage())
    assert found[0].shape == shown.shape
    place = one.window.explore.maps.mapTo(one.window, one.window.explore.maps.rect().center())
    box = (slice(place.y() - 20, place.y() + 20), slice(place.x() - 20, place.x() + 20))
    assert np.abs(found[0][box].mean((0, 1)) - shown[box].mean((0, 1))).max() < 8
    assert "창.mp4" in filming.state.label.text()
    opened = list[QUrl]()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url))
    filming.state.button.click()
    assert opened == [QUrl.fromLocalFile(str(tmp_path))]
    assert not filming.state.isVisible()


def test_a_panel_is_chosen_in_the_menu(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, filming = tmp_path / "panel.mp4", one.window.filming
    filming._fill_menu()
    panels = next(menu for menu in filming._menu.findChildren(QMenu) if menu.actions())
    next(action for action in panels.actions() if action.text() == one.window.explore.maps.accessibleName()).trigger()
    begin(one, path, monkeypatch)
    until(lambda: filming._filmed is not None and filming._filmed.pictures >= 1)
    end(one)
    size = one.window.explore.maps.size()
    h, w = frames(path)[0].shape[:2]
    assert (w - size.width(), h - size.height()) in {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_every_result_becomes_a_page(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, recordings = tmp_path / "page.mp4", one.engine.recordings
    begin(one, path, monkeypatch)
    result = samples.result(one.store.recipe, one.graph)
    recordings.take(result, lambda: None)
    recordings.take(result, lambda: None)  # looked at once more
    end(one)
    assert [page.shape for page in frames(path)] == [(720, 1280, 3)] * 2


def test_a_recording_that_stops_by_itself_says_why(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, tmp_path / "none" / "a.mp4")
    key(one, "R")
    until(lambda: "export" in one.store.problems)
    assert "folder does not exist" in str(one.store.problems["export"].error)
    assert not one.window.filming.recording
    assert not one.window.filming.state.isVisible()
    one.send(Filmed("a.mp4", "window", "stopped", 7, 2, 1_000_000, 3.0, error=ExportError("Full.")))
    assert "a.mp4" in one.window.filming.state.label.text()  # what came before it plays
    assert "2 pictures left out" in one.window.filming.state.label.text()


def test_giving_up_records_nothing(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: ("", ""))
    key(one, "R")
    assert not one.window.commands["record"].isChecked()
    assert not one.window.filming.state.isVisible()


def test_a_window_that_is_minimised_and_resized_is_recorded_on_in_one_size(
    one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, window, filming = tmp_path / "a.mp4", one.window, one.window.filming
    one.controller.prefer(record="window")
    begin(one, path, monkeypatch)

    def more() -> None:
        before = filming._filmed.pictures
        until(lambda: filming._filmed.pictures > before)

    more()
    window.showMinimized()
    filming._grab()  # of which nothing is on the screen
    window.showNormal()
    more()
    window.setFixedSize(1600, 900)
    more()
    end(one)
    found = frames(path)
    assert {frame.shape for frame in found} == {(800, 1280, 3)}
    assert not one.store.problems
    grey = found[-1].astype(int)
    assert np.ptp(grey[:, :, 0]) > 50, "and the larger window is in it"


def test_closing_the_window_ends_the_file(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "closed.mp4"
    one.controller.prefer(record="window")
    begin(one, path, monkeypatch)
    until(lambda: one.window.filming._filmed.pictures >= 1)
    one.window.close()
    for thread in one.engine.recordings.close():
        thread.join(10)
    assert frames(path)


def test_raw_maps_of_the_next_frames(one: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, filming = tmp_path / "maps.npz", one.window.filming
    answer(monkeypatch, path)
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_args: (2, True))
    one.window.commands["keep_maps"].trigger()
    until(filming.maps.isVisible)
    for number in range(2):
        result = samples.result(one.store.recipe, one.graph)
        one.engine.recordings.take(result, lambda value=number: np.full((2, 3, 3), value, np.float32))
    until(lambda: filming._kept is not None and filming._kept.state == "done")
    with np.load(path) as file:
        np.testing.assert_array_equal(file["maps"][:, 0, 0, 0], [0, 1])
    assert "maps.npz" in filming.maps.label.text()
    one.window.commands["keep_maps"].trigger()
    until(lambda: filming._kept.state == "on")
    filming.maps.button.click()
    until(lambda: not filming.maps.isVisible())
    assert filming._kept.state == "cancelled"


@pytest.mark.parametrize("form", [QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied])
def test_pixels_keep_their_colours_at_odd_widths(form: QImage.Format) -> None:
    image = QImage(5, 3, form)  # rows of 15 bytes lie 16 apart
    image.fill(QColor(10, 20, 30))
    image.setPixelColor(4, 2, QColor(200, 100, 50))
    pixels = _pixels(image)
    assert pixels.shape == (3, 5, 3)
    assert pixels[2, 4].tolist() == [200, 100, 50]
    assert pixels[0, 0].tolist() == [10, 20, 30]
