"""Stage times in the window: what is measured, how it is told, copied and reached; frame numbers on the panels."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.engine.events import Playing, ResultReady
from explorer.settings import Settings
from explorer.speed.values import MERGED, Speed
from explorer.values import FrameResult, Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key, until
from ui.store import Store
from ui.timing import AGE, PAINT, RECENT, Timing
from ui.turns import Turns
from ui.widgets.panel import Panel


class Clock:
    """Goes on only where it is told to."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def live(one: Desk, index: int, time_s: float, of: FrameResult | None = None, **times_ms: float) -> FrameResult:
    """Return the result of a frame of the demo feed."""
    result = of or samples.result(one.store.recipe, one.graph, seed=index)
    frame = replace(result.frame, index=index, time_s=time_s)
    return replace(result, frame=frame, filtered=frame, times_ms=result.times_ms | times_ms)


def test_a_turn_is_told_with_its_time_and_the_round_that_it_ends(qapp: QApplication, clock: Clock) -> None:
    owner, told = QObject(), list[tuple[float, bool]]()
    turns = Turns(owner)
    for ms in (3, 5):
        turns.connect(lambda ms=ms: setattr(clock, "s", clock.s + ms / 1000))
    turns.told = lambda ms, everyone: told.append((round(ms, 6), everyone))
    turns.emit()
    assert told == [(8, True)]
    told.clear()
    turns.emit(in_turns=True)
    while turns.waiting:
        QApplication.processEvents()
    assert told == [(3, False), (5, True)]


def test_painting_and_age_are_of_the_whole_round(qapp: QApplication, clock: Clock) -> None:
    """Two panels of 4 and 6 ms; the first shows the frame after 4 ms, the last after 10, which is what counts."""
    with desk(qapp) as one:
        store = Store(one.store.recipe.with_(source=Source("demo", "")))
        timing = Timing(store)
        for ms in (4, 6):
            store.result_changed.connect(lambda ms=ms: setattr(clock, "s", clock.s + ms / 1000))
        store.live, store.result = True, live(one, 7, clock.s - 0.050, forward=20.0, capture=1.5)
        store.result_changed.emit(in_turns=True)
        while store.result_changed.waiting:
            QApplication.processEvents()
        found = {stage.name: stage for stage in timing.stages()}
        assert found[PAINT].newest == pytest.approx(10)
        assert found[AGE].newest == pytest.approx(60)
        assert found["capture"].newest == 1.5
        store.deleteLater()


def test_medians_and_percentiles_over_the_last_frames(qapp: QApplication, clock: Clock) -> None:
    with desk(qapp) as one:
        store = Store(one.store.recipe.with_(source=Source("demo", "")))
        timing = Timing(store)
        store.live, made = True, live(one, 0, 0.0)
        for index in range(2 * RECENT):  # the older half, ten times as slow, is out of it
            clock.s += 0.040
            forward = (index % RECENT + 1.0) * (10 if index < RECENT else 1)
            store.result = live(one, 3 * index, clock.s, made, forward=forward)
            store.result_changed.emit()
        found = next(stage for stage in timing.stages() if stage.name == "forward")
        assert (found.median, found.count) == (pytest.approx((RECENT + 1) / 2), RECENT)
        assert found.p95 == pytest.approx(1 + 0.95 * (RECENT - 1))
        assert timing.shown_fps == pytest.approx(25)
        assert timing.source_fps == pytest.approx(75), "the source gave three frames for each that was shown"
        store.result = replace(store.result, recipe=store.result.recipe.with_(layer="relu"))
        store.result_changed.emit()
        assert next(stage for stage in timing.stages() if stage.name == "forward").count == 1, "of another layer"
        store.deleteLater()


def test_a_video_that_begins_anew_or_is_sought_in_gives_no_frames_in_between(qapp: QApplication, clock: Clock) -> None:
    with desk(qapp) as one:
        store = Store(one.store.recipe.with_(source=Source("video", "clip.mp4")))
        timing = Timing(store)
        store.live, made = True, live(one, 0, 0.0)
        store.playing = Playing(store.recipe.source, True, 0.0, 8.0, 0, 200, 25.0, 1.0, True, False)
        for index in (40, 42, 44, 46, 48, 0, 2, 4, 160, 162):
            clock.s += 0.080
            store.result = live(one, index, clock.s, made)
            store.result_changed.emit()
        assert timing.source_fps == pytest.approx(25)
        store.deleteLater()


def test_a_changed_view_is_no_new_forward(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.load()
        timing = one.window.status.timing
        before = {stage.name: stage.count for stage in timing.stages()}
        result = one.store.result
        assert result is not None
        one.send(ResultReady(replace(result, recipe=result.recipe.with_(channel=1))))
        after = {stage.name: stage.count for stage in timing.stages()}
        assert after["forward"] == before["forward"] == 1
        assert after[PAINT] == 2


def test_the_table_is_reached_with_a_key_watched_and_copied(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        key(one, "T")
        shown = one.window.status.stages
        assert shown is not None
        assert shown.isVisible()
        rows = {shown.table.topLevelItem(row).text(0): row for row in range(shown.table.topLevelItemCount())}
        assert list(rows) == ["grab", "filter", "prepare", "forward", "render", "paint"]
        one.controller.change(source=Source("demo", ""))
        assert not shown.speed.isVisible()
        speed = Speed(merged=4, convolutions=5, apart=2e-6, message=MERGED)
        result = live(one, 5, time.perf_counter() - 0.040, forward=33.25, capture=2.5)
        one.send(ResultReady(replace(result, speed=speed), 12))
        text = {shown.table.topLevelItem(row).text(0): shown.table.topLevelItem(row).text(1) for row in range(8)}
        assert text["forward"] == "33.25"
        assert text["capture"] == "2.50"
        assert float(text["grab to paint"]) >= 40
        QGuiApplication.clipboard().setText("")
        shown.table.setFocus()
        QTest.keySequence(shown.table, QKeySequence(QKeySequence.StandardKey.Copy))
        by_key = QGuiApplication.clipboard().text()
        assert "forward\t33.25\t33.25\t1" in by_key.splitlines()
        assert "frames skipped\t12" in by_key.splitlines()
        assert shown.speed.isVisible()
        assert "4 of 5 convolutions" in shown.speed.text()
        assert by_key.splitlines()[-1] == shown.speed.text() == str(speed)
        QGuiApplication.clipboard().setText("")
        shown.copy.click()
        assert QGuiApplication.clipboard().text() == by_key
        QTest.keySequence(shown.table, QKeySequence("F"))
        assert one.engine.frozen, "the window's keys work here, too"
        QTest.keyClick(shown, Qt.Key.Key_Escape)
        assert not shown.isVisible()
        one.window.activateWindow()
        until(one.window.isActiveWindow)
        key(one, "F")
        assert not one.engine.frozen, "and still there"


def test_the_bar_tells_the_newest_still_and_medians_of_a_live_source(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        assert "forward" in one.window.status._times.text()
        assert "grab to paint" not in one.window.status._times.text()
        one.controller.change(source=Source("demo", ""))
        for index in range(3):
            at_s = time.perf_counter() - 0.5
            one.send(ResultReady(live(one, 2 * index, at_s, forward=30.0 + index), 4))
        status = one.window.status
        status.timing.changed.emit()  # what is told at most twice a second
        text = status._times.text()
        assert "forward 31.0" in text
        assert "from grab to paint" in text
        assert "4 skipped" in text


def test_every_panel_tells_its_frame_when_asked_and_it_is_remembered(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        one.controller.change(source=Source("demo", ""))
        one.send(ResultReady(live(one, 41, time.perf_counter())))
        panels = [panel for panel in one.window.findChildren(Panel) if panel.isVisible()]
        assert not any(panel._number.isVisible() for panel in panels)
        key(one, "Shift+T")
        assert one.store.settings.frame_numbers
        explore = one.window.explore
        of_frames = [explore.source, explore.predictions, explore.layers, explore.maps, explore.channel]
        assert all(panel._number.isVisible() and panel._number.text() == "#41" for panel in of_frames)
        # while frames keep coming a panel that had no turn yet still shows, and tells, the frame before
        turns, result = one.store.result_changed, live(one, 42, time.perf_counter())
        one.store.result = result
        turns.emit(in_turns=True)
        seen = set[tuple[str, ...]]()
        turns.told = lambda _ms, _everyone: seen.add(tuple(panel._number.text() for panel in of_frames[1:]))
        while turns.waiting:
            QApplication.processEvents()
        assert any(len(set(texts)) == 2 for texts in seen), "in between some are of the frame before"
        assert {panel._number.text() for panel in of_frames[1:]} == {"#42"}
        key(one, "Shift+T")
        assert not any(panel._number.isVisible() for panel in panels)


def test_a_window_that_opens_with_frame_numbers_shows_them(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", theme="dark", frame_numbers=True)) as one:
        one.show()
        one.load()
        assert one.window.explore.predictions._number.isVisible()
