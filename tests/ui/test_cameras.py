"""Which cameras are offered."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from explorer.engine.events import Calculated, Playing, Problem
from explorer.errors import SourceError
from explorer.sources.cameras import CameraInfo
from explorer.values import Source
from tests.ui.desk import Desk, key
from ui.panels.source_menus import CameraMenu

FOUND = (
    CameraInfo(0, "Integrated Camera", ((1280, 720), (640, 480))),
    CameraInfo(2, "C922 & co"),
    CameraInfo(3),
)


def menu_of(one: Desk) -> CameraMenu:
    """Return the menu of the button Camera, opened."""
    menu = one.window.top.menus["camera"]
    assert isinstance(menu, CameraMenu)
    menu.popup(QPoint(0, 0))
    return menu


def entries(menu: QMenu) -> dict[str, QAction]:
    return {entry.text().replace("&&", "&"): entry for entry in menu.actions()}


def answer(one: Desk, found: tuple[CameraInfo, ...] | None) -> None:
    """Let the worker say which cameras there are; None: it could not find out."""
    lane, work = one.engine.calculations.pop()
    assert lane == "cameras"
    error = None if found is not None else SourceError("They cannot be listed: try again.")
    one.send(Calculated(lane, work, found, error))


def test_cameras_are_looked_for_elsewhere_while_the_menu_is_open(one: Desk) -> None:
    menu = menu_of(one)
    assert not entries(menu)["Looking for cameras …"].isEnabled()
    assert len(one.engine.calculations) == 1
    answer(one, FOUND)
    assert list(entries(menu))[:4] == ["Integrated Camera", "C922 & co", "Camera 3", "Look for cameras again"]
    entries(menu)["C922 & co"].trigger()
    assert one.store.recipe.source == Source("camera", "2")
    menu = menu_of(one)
    assert entries(menu)["C922 & co"].isChecked(), "those that are known show at once"
    assert "Looking for cameras …" in entries(menu)
    answer(one, ())
    assert not entries(menu)["No camera is connected"].isEnabled()
    entries(menu)["Look for cameras again"].trigger()
    answer(one, FOUND)
    assert "Integrated Camera" in entries(menu)
    menu.close()


@pytest.mark.parametrize(("found", "opened"), [((), "0"), (FOUND[1:], "2")])
def test_the_key_opens_the_first_camera_that_there_is(one: Desk, found: tuple[CameraInfo, ...], opened: str) -> None:
    key(one, "F3")
    assert one.store.recipe.source == Source(), "nobody knows yet which there are"
    answer(one, found)
    assert one.store.recipe.source == Source("camera", opened)


def test_two_cameras_of_one_name_can_be_told_apart(one: Desk) -> None:
    menu = menu_of(one)
    answer(one, (CameraInfo(0, "HD Webcam"), CameraInfo(2, "HD Webcam")))
    assert list(entries(menu))[:2] == ["HD Webcam (0)", "HD Webcam (2)"]
    menu.close()


def test_a_search_that_fails_says_so_and_can_be_repeated(one: Desk) -> None:
    menu = menu_of(one)
    answer(one, None)
    assert one.window.problem._sentence.text() == "They cannot be listed: try again."
    assert entries(menu)["Look for cameras again"].isEnabled()
    menu.close()


def test_size_and_mirror_belong_to_the_camera_that_shows(one: Desk) -> None:
    menu = menu_of(one)
    answer(one, FOUND)
    assert [entry.isEnabled() for entry in menu.sizes.actions()] == [False]
    entries(menu)["Integrated Camera"].trigger()
    menu_of(one)
    answer(one, FOUND)
    assert list(entries(menu.sizes)) == ["The camera's own", "1280 × 720", "640 × 480"]
    entries(menu.sizes)["1280 × 720"].trigger()
    assert one.store.recipe.source == Source("camera", "0", (1280, 720))
    menu.close()
    key(one, "M")
    assert one.store.recipe.source == Source("camera", "0", (1280, 720), mirror=True)
    assert one.window.commands["mirror"].isChecked()
    menu_of(one)
    answer(one, FOUND)
    assert entries(menu.sizes)["1280 × 720"].isChecked()
    entries(menu)["C922 & co"].trigger()
    assert one.store.recipe.source == Source("camera", "2", None, mirror=True), "whoever sat there sits here"
    menu.close()
    key(one, "F2")
    key(one, "F3")
    assert one.store.recipe.source == Source("camera", "2", None, mirror=True), "back to the same one"


def test_mirror_before_there_is_a_camera_is_of_the_next_one(one: Desk) -> None:
    key(one, "M")
    assert one.store.recipe.source == Source()
    assert one.window.status._times.text() == "The camera will be mirrored"
    assert one.window.commands["mirror"].isChecked()
    assert one.store.settings.mirror, "at the next start too"
    key(one, "F3")
    answer(one, FOUND)
    assert one.store.recipe.source == Source("camera", "0", None, mirror=True)
    key(one, "M")
    assert not one.store.recipe.source.mirror
    assert not one.window.commands["mirror"].isChecked()
    one.controller.undo()
    assert one.window.commands["mirror"].isChecked()


def test_a_stopped_video_is_mirrored_where_it_is(one: Desk) -> None:
    video = Source("video", "/tmp/a.mp4")
    one.controller.change(source=video)
    one.send(Playing(video, False, 1.0, 4.0, 25, 100, 25.0, 1.0, False, False))
    assert not one.window.commands["mirror"].isChecked()
    key(one, "M")
    assert one.store.recipe.source == Source("video", "/tmp/a.mp4", mirror=True)
    assert one.window.commands["mirror"].isChecked()
    assert not one.store.settings.mirror, "that is the camera's"
    assert one.store.playing is not None
    assert one.store.playing.source == one.store.recipe.source
    assert one.controller.frozen
    key(one, "F2")
    assert one.store.playing is None
    assert not one.window.commands["mirror"].isChecked()


def test_the_key_tries_a_camera_that_is_gone_again(one: Desk) -> None:
    key(one, "F3")
    answer(one, FOUND)
    one.send(Problem("source", SourceError("There is none."), one.store.recipe))
    wishes = len(one.engine.wishes)
    key(one, "F3")
    assert one.engine.wishes[wishes:] == [one.store.recipe]
