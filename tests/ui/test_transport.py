"""A video below its picture: where it is, what the person asks of it, and a source that is gone."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.engine.events import FrameRead, Playing, Problem, ResultReady, Retrying
from explorer.engine.transport import Loop, Play, Seek, Speed, Step, Transport
from explorer.errors import SourceError
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, key, until
from ui.widgets.transport import TransportBar, clock

VIDEO = Source("video", "/tmp/street.mp4")
STREAM = Source("stream", "http://admin:secret@10.0.0.7/video")
PLAYING = Playing(VIDEO, True, 12.48, 63.0, 312, 1575, 25.0, 1.0, False, False)


@pytest.fixture
def film(one: Desk) -> Desk:
    """A window on a video that plays."""
    one.controller.change(source=VIDEO)
    one.send(PLAYING)
    one.give()
    return one


def badge(one: Desk) -> str:
    return one.window.explore.source._badge.text()


def bar(one: Desk) -> TransportBar:
    return one.window.explore.source.playback.bar


def test_it_shows_for_what_has_a_place_in_time_only(one: Desk) -> None:
    assert not bar(one).isVisible()
    one.controller.change(source=VIDEO)
    one.send(PLAYING)
    assert bar(one).isVisible()
    assert (bar(one).slider.value(), bar(one).slider.maximum()) == (12_480, 63_000)
    assert bar(one)._time.text() == "0:12 / 1:03"
    key(one, "F4")
    assert not bar(one).isVisible()


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ("F", Play(False)),
        ("Ctrl+Left", Step(-1)),
        ("Ctrl+Right", Step(1)),
        ("Ctrl+Up", Speed(2.0)),
        ("Ctrl+Down", Speed(0.5)),
        ("Ctrl+R", Loop(True)),
    ],
)
def test_every_part_has_a_key(film: Desk, keys: str, command: object) -> None:
    key(film, keys)
    assert film.engine.commands == [command]
    assert not film.engine.frozen, "a video has a place to go on from"


def test_the_buttons_ask_for_the_same(film: Desk) -> None:
    for button in (bar(film).back, bar(film).play, bar(film).on, bar(film).loop):
        button.click()
    assert film.engine.commands == [Step(-1), Play(False), Step(1), Loop(True)]


def test_space_on_the_picture_stops_and_on_a_button_presses_it(film: Desk) -> None:
    film.window.explore.source.view.setFocus()
    QTest.keyClick(film.window.explore.source.view, Qt.Key.Key_Space)
    assert film.engine.commands.pop() == Play(False)
    bar(film).loop.setFocus()
    QTest.keyClick(bar(film).loop, Qt.Key.Key_Space)
    assert film.engine.commands == [Loop(True)]


def test_the_slider_by_keys(film: Desk) -> None:
    slider = bar(film).slider
    for pressed in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_PageUp, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(slider, pressed)
    assert film.engine.commands == [Step(1), Step(-1), Seek(22.48), Seek(63.0), Seek(0.0)]


def test_a_held_handle_stays_in_the_hand_and_only_its_last_place_is_gone_to(film: Desk) -> None:
    slider = bar(film).slider
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, middle))
    assert slider.isSliderDown(), "it jumps to where it is pressed"
    for x in range(slider.width() // 2, slider.width(), 3):
        QTest.mouseMove(slider, QPoint(x, middle))
    place = slider.value()
    film.send(replace(PLAYING, position_s=3.0))
    assert slider.value() == place
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, middle))
    film.send(replace(PLAYING, position_s=3.0))
    assert slider.value() == 3000
    waiting = Transport()
    for command in film.engine.commands:
        waiting.put(command)
    assert waiting.wait(0) == [Seek(place / 1000)], "none waits behind another"


def test_unknown_length_is_explained(film: Desk) -> None:
    film.send(replace(PLAYING, duration_s=None, count=None))
    assert not bar(film).slider.isEnabled()
    assert "no going to a time" in bar(film).slider.toolTip()
    assert bar(film)._time.text() == "0:12"


def test_a_stopped_and_an_ended_video_say_so(film: Desk) -> None:
    assert badge(film).startswith("LIVE")
    film.send(replace(PLAYING, playing=False))
    assert badge(film) == "stopped"
    assert bar(film).play.toolTip() == "Go on (F)"
    assert film.window.commands["freeze"].isChecked()
    film.send(replace(PLAYING, playing=False, ended=True))
    assert badge(film) == "at the end"
    key(film, "F")
    assert film.engine.commands == [Play(True)]


def test_what_a_file_lacks_is_in_the_tool_tip(film: Desk) -> None:
    film.send(replace(PLAYING, skipped=3, unreadable=("a.txt",)))
    told = bar(film)._frame.toolTip()
    assert "3 frames were passed over" in told
    assert "a.txt" in told


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.99, "0:59"), (3599.0, "59:59"), (3600.0, "1:00:00"), (86400.5, "24:00:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def gone(again_in_s: float, tries: int = 1) -> Retrying:
    return Retrying(STREAM, SourceError("It sends no video: check it."), again_in_s, tries, time.perf_counter())


def test_a_source_that_is_gone_counts_down_below_its_old_picture(one: Desk) -> None:
    panel = one.window.explore.source
    one.controller.change(source=STREAM)
    one.give()
    retrying = gone(9.5)
    one.send(retrying, Problem("source", retrying.error or SourceError("")))
    assert panel.playback.sentence.text() == "It sends no video: check it."
    assert badge(one) == "gone"
    when = panel.playback.when
    assert when.text() == "trying again in 10 s"
    assert not one.window.problem.isVisible(), "said once, where it belongs"
    until(lambda: panel.old)
    one.send(replace(retrying, told_s=retrying.told_s - 5.0))
    assert when.text() == "trying again in 5 s"
    one.send(replace(retrying, told_s=retrying.told_s - 60.0))
    assert when.text() == "trying again …"
    wishes = len(one.engine.wishes)
    panel.playback.again.click()
    assert one.engine.wishes[wishes:] == [one.store.recipe]
    one.send(Retrying(STREAM, None, 0.0, 0))
    one.give()
    assert not panel.playback.isVisible()
    assert badge(one).startswith("LIVE")
    assert not panel.old


def test_elsewhere_it_is_said_above_the_place(one: Desk) -> None:
    one.controller.change(source=STREAM)
    one.give()
    one.send(gone(5.0), Problem("source", SourceError("It sends no video: check it.")))
    key(one, "Ctrl+3")
    assert one.window.problem.isVisible()
    assert one.window.problem._retry.isVisible()


def test_another_source_ends_the_countdown(one: Desk) -> None:
    one.controller.change(source=STREAM)
    one.send(gone(5.0))
    assert one.window.explore.source.playback.isVisible()
    key(one, "F4")
    assert not one.window.explore.source.playback.isVisible()
    assert not one.window.explore.source.playback._tick.isActive()


def test_names_and_passwords_of_an_address_are_not_shown(one: Desk) -> None:
    one.controller.change(source=STREAM)
    one.send(FrameRead(STREAM, replace(samples.result().frame, source=STREAM.shown)))
    assert "secret" not in one.window.windowTitle()
    assert one.store.settings.recent[0] == f"stream:{STREAM.where}"
    menu = one.window.top.menus["video"]
    menu.aboutToShow.emit()
    assert menu.actions()[-1].text() == "http://10.0.0.7/video"
    one.controller.change(source=Source())
    menu.actions()[-1].trigger()
    assert one.store.recipe.source == STREAM


def test_minimised_the_network_rests_and_the_stream_goes_on(one: Desk) -> None:
    key(one, "F4")
    one.give()
    one.window.showMinimized()
    QApplication.processEvents()
    assert one.engine.resting
    assert not one.engine.frozen
    one.window.showNormal()
    QApplication.processEvents()
    assert not one.engine.resting
    key(one, "Ctrl+4")
    assert one.engine.resting, "nobody sees maps there"
    key(one, "Ctrl+1")
    assert not one.engine.resting
    one.send(ResultReady(samples.result(one.store.recipe, one.graph)))
    assert one.store.live
