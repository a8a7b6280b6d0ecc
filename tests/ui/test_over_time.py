"""The panel "Over time": asks only while it is seen, shows what was found, and goes where a person points."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget

from explorer.engine.events import ResultReady
from explorer.engine.transport import Seek
from explorer.overtime.rules import Rule
from explorer.overtime.values import Followed, LayerFrame, LayerSpan, Leader, Patch, Patches, UnitSeries
from explorer.recipe import Following, Recipe, Unit
from explorer.values import Prediction, Source
from tests.ui import samples
from tests.ui.desk import desk, key
from ui import theme
from ui.panels.over_time import OverTimePanel
from ui.widgets.strip_chart import Line, StripChart

VIDEO = Source("video", "clip.mp4")
UNIT = Unit("stem.relu", 3, 1, 2)


def found(frames: int = 4, seed: int = 0) -> Followed:
    """What four frames of a made-up network tell, one of them after a gap."""
    rng = np.random.default_rng(seed)
    raw = np.array([0.1, 0.5, 0.7, 0.9])
    span = LayerSpan.first(
        "stem.relu",
        Rule(clips=True, high=6.0),
        LayerFrame(400, 100, np.array([0, 0, 0, 5]), np.array([1.0, 0.0, 7.0, 2.0]), None, np.array([0, 0, 99, 0])),
    )
    head = LayerSpan.first("fc", Rule(), LayerFrame(2, 0, np.zeros(2, np.int64), np.ones(2), np.zeros(2)))
    patches = tuple(
        Patch(
            9.0 - n,
            replace(UNIT, y=n),
            10 * n,
            n / 3,
            n / 3,
            rng.integers(0, 256, (20, 30, 3), np.uint8),
            (0, 0, 20, 30),
            n != 1,
        )
        for n in range(3)
    )
    return Followed(
        frames=frames,
        indices=np.array([3, 4, 5, 9]),
        times_s=np.array([1.0, 1.1, 1.2, 1.6]),
        leaders=(Leader(7, "cat", raw, raw / 2), Leader(8, "dog", 1 - raw, 1 - raw), None, None, None, None),
        scores=False,
        smoothed=(Prediction(7, "cat", 0.45),),
        unanswered=0,
        units=(UnitSeries(UNIT, np.array([0.0, np.nan, 2.0, 3.0]), np.array([False, True, True, True])),),
        patches=Patches("stem.relu", 3, frames, 0, patches, True),
        layers={"stem.relu": span, "fc": head},
    )


class Bench(samples.Bench):
    """The panel alone, on an engine that only remembers."""

    def __init__(self) -> None:
        super().__init__(Recipe(network="sample", source=VIDEO))
        self.load()
        self.panel = OverTimePanel(self.store, self.controller)
        self.panel._later.setInterval(10**6)

    def tell(self, overtime: Followed) -> None:
        """Let a result arrive that tells ``overtime``."""
        result = samples.result(self.store.recipe, self.graph)
        self.controller.on_event(ResultReady(replace(result, overtime=overtime)))

    def show(self, overtime: Followed | None = None) -> OverTimePanel:
        """Let a result arrive, and show it now."""
        self.tell(overtime or found())
        self.panel._show()
        return self.panel


@pytest.fixture
def bench(qapp: QApplication) -> Iterator[Bench]:
    one = Bench()
    one.panel.resize(420, 640)
    one.panel.show()
    yield one
    one.panel.close()
    one.panel.deleteLater()


def test_nothing_is_asked_before_it_is_seen_nor_after(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        explore = one.window.explore
        assert explore._over_time.made is None
        assert all(wish.overtime is None for wish in one.engine.wishes)
        key(one, "V")
        assert one.engine.wishes[-1].overtime == Following()
        assert explore.over_time.tabs.tabBar().hasFocus()
        key(one, "V")
        assert explore.maps.isVisible()
        assert one.engine.wishes[-1].overtime is None
        explore.over_time.goes_on.setChecked(True)
        assert one.engine.wishes[-1].overtime == Following()
        assert one.controller.session.overtime is None  # no session begins with it
        explore.over_time.goes_on.setChecked(False)
        assert one.engine.wishes[-1].overtime is None


def test_a_step_taken_back_does_not_switch_it_off(bench: Bench) -> None:
    bench.controller.change(channel=2)
    bench.controller.change(layer="fc")
    bench.show()
    bench.controller.undo()
    QApplication.processEvents()
    assert bench.store.recipe.layer == ""
    assert bench.engine.wishes[-1].overtime == Following()


def test_facts_and_what_began(bench: Bench) -> None:
    panel = bench.show()
    assert panel.facts.text() == "4 frames · 3 left out between"
    assert not panel.message.isVisible()
    panel.anew.click()
    assert bench.engine.wishes[-1].overtime == Following(begun=1)
    bench.show(replace(found(), frames=1))
    assert panel.facts.text() == "1 frame · since you began anew · 3 left out between"


def test_a_still_picture_says_what_to_do(bench: Bench) -> None:
    bench.controller.change(source=Source())
    panel = bench.show()
    assert panel.message.isVisible()
    assert "start the camera" in panel.message.text()


def test_smoothing_is_wished_for(bench: Bench) -> None:
    panel = bench.show()
    panel.answers.frames.setValue(25)
    assert bench.engine.wishes[-1].overtime == Following(frames=25)
    panel.answers.kind.setCurrentIndex(panel.answers.kind.findData("mean"))
    panel.answers.kind.activated.emit(panel.answers.kind.currentIndex())
    assert bench.engine.wishes[-1].overtime == Following("mean", 25)
    panel.layers.every.setChecked(True)
    assert bench.engine.wishes[-1].overtime == Following("mean", 25, every=True)


def test_answers_and_units_in_words(bench: Bench) -> None:
    page = bench.show().answers
    assert [(one.name, one.value, one.faint) for one in page.legend.entries] == [
        ("cat", "45 %", False),
        ("dog", "10.0 %", True),
    ]
    assert [(one.name, one.value) for one in page.unit_legend.entries] == [("stem.relu · 3 · y 1, x 2", "3.000")]
    assert page.chart.reading == "#9: cat 45.0 %, dog 10.0 %"
    QTest.keyClick(page.units, Qt.Key.Key_Left)
    assert page.units.reading == "#5: stem.relu · 3 · y 1, x 2 2.000"


def test_layers_and_the_way_to_a_channel(bench: Bench) -> None:
    panel = bench.show()
    panel.tabs.setCurrentWidget(panel.layers)
    counts = panel.layers.counts
    rows = {
        counts._model.item(row, 0).text(): [counts._model.item(row, column).text() for column in range(1, 7)]
        for row in range(counts._model.rowCount())
    }
    assert rows == {
        "stem.relu": ["25.0 %", "25.0 %", "1", "–", "1", "1"],
        "fc": ["0 %", "0 %", "–", "0", "–", "0"],
    }
    counts.table.setCurrentIndex(counts._rows["stem.relu"][0].index())
    items = [counts.list.item(at).text() for at in range(counts.list.count())]
    assert items == ["3 NaN", "1 dead", "2 saturated"]
    choose(counts.list, 2)
    assert (bench.store.recipe.layer, bench.store.recipe.channel) == ("stem.relu", 2)
    panel.layers._share.setValue(100)
    assert [counts.list.item(at).text() for at in range(counts.list.count())] == ["3 NaN", "1 dead"]


def choose(of: QListWidget, row: int) -> None:
    of.setCurrentRow(row)
    QTest.keyClick(of, Qt.Key.Key_Return)


def test_a_patch_of_a_video_is_gone_to_and_one_of_a_camera_shown(bench: Bench) -> None:
    panel = bench.show()
    panel.tabs.setCurrentWidget(panel.patches)
    grid = panel.patches.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert bench.engine.commands == []
    assert panel.patches.large._patch is grid.patches[1]
    assert "unknown" in panel.patches.caption.text()
    QTest.keyClick(grid, Qt.Key.Key_Return)
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid._tile(2).center().toPoint())
    assert bench.engine.commands == [Seek(1 / 3), Seek(2 / 3)]
    assert "Frame 20" in panel.patches.caption.text()
    bench.controller.change(source=Source("camera", "0"))
    bench.show()
    assert not panel.patches.go.isVisible()
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid._tile(0).center().toPoint())
    assert len(bench.engine.commands) == 2
    assert panel.patches.large._patch is grid.patches[0]


def test_results_that_keep_coming_are_shown_now_and_then(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = bench.show()
    shows: list[Followed] = []
    monkeypatch.setattr(panel.answers, "show_found", lambda told, _recipe: shows.append(told))
    for n in range(20):
        bench.tell(last := found(seed=n))
    assert not shows
    assert panel._later.isActive()
    panel._later.timeout.emit()
    assert shows == [last]
    panel._later.stop()
    panel.hide()
    bench.tell(found())
    assert not panel._later.isActive()


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_everything_goes_into_a_file(bench: Bench, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    panel = bench.show()
    path = f"/nowhere/told.{suffix}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (path, f"{suffix.upper()} (*.{suffix})"))
    panel.export.click()
    ((where, data),) = bench.engine.saved
    assert where == path
    if suffix == "csv":
        rows = list(csv.reader(io.StringIO(data.decode())))
        assert rows[0] == [
            "frame",
            "time_s",
            "cat raw",
            "cat smoothed",
            "dog raw",
            "dog smoothed",
            "stem.relu c3 y1 x2",
        ]
        assert rows[1] == ["3", "1.000000", "0.1", "0.05", "0.9", "0.9", ""]
        assert rows[2][-1] == "NaN"
        assert len(rows) == 5
    else:
        told = json.loads(data)
        assert told["series"]["frame"] == [3, 4, 5, 9]
        assert told["series"]["units"][0]["values"] == [None, None, 2.0, 3.0]
        assert told["layers"][0]["dead"] == [1]
        assert told["layers"][0]["with_nan"] == [3]
        assert told["patches"]["found"][0] == {
            "value": 9.0,
            "frame": 0,
            "y": 0,
            "x": 2,
            "box_yxyx_px": [0, 0, 20, 30],
        }


def test_no_line_joins_frames_between_which_some_were_dropped(qapp: QApplication) -> None:
    chart = StripChart(shares=True)
    chart.resize(300, 120)
    values = np.full(4, 0.5)
    axis = np.array([0.0, 1.0, 2.0, 3.0])

    def row(follows: list[bool]) -> list[bool]:
        chart.show_lines([Line("a", "#ff0000", values)], axis, np.arange(4), np.array(follows))
        image = QImage(chart.size(), QImage.Format.Format_RGB32)
        image.fill(QColor(theme.current().panel))
        chart.render(image, QPoint())
        room = chart._room()
        y = round(room.top() + room.height() / 2)
        middles = [round(room.left() + room.width() * (n + 0.5) / 3) for n in range(3)]
        return [any(QColor(image.pixel(x, y + d)).red() > 200 for d in (-1, 0, 1)) for x in middles]

    assert row([False, True, True, True]) == [True, True, True]
    assert row([False, True, False, True]) == [True, False, True]
    assert row([False] * 4) == [False, False, False]
    chart.deleteLater()


def test_another_network_leaves_nothing_of_the_old_one(bench: Bench) -> None:
    panel = bench.show()
    bench.controller.open_network("other")
    panel._show()
    assert not panel.tabs.isVisible()
    assert panel.message.isVisible()
