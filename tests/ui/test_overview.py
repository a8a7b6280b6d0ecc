"""The overview: it asks only while it is seen, paints its columns, chooses and saves."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget

from explorer.engine.events import NetworkReady, Problem, ResultReady
from explorer.errors import ForwardError
from explorer.graph.stages import stages
from explorer.graph.values import Graph
from explorer.recipe import MOST_COLUMNS, Recipe
from explorer.values import FrameResult, Prediction, Source, Thumbnail
from tests.ui import samples
from tests.ui.desk import LayoutRequests, until
from ui import theme
from ui.panels.overview import Overview
from ui.widgets import overview_view
from ui.widgets.overview_view import FEWEST

SIZE = (900, 520)


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench()


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[Overview]:
    shown = Overview(bench.store, bench.controller)
    shown.resize(*SIZE)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def thumbnail(seed: int) -> Thumbnail:
    return Thumbnail(np.random.default_rng(seed).integers(0, 253, (40, 40), dtype=np.uint8), bool(seed % 2))


def give(bench: samples.Bench, **more: Any) -> FrameResult:
    """Let a result with what its wish asks for arrive."""
    recipe = bench.store.recipe
    columns = {
        stage.layer.id: tuple((11 * place % 64, thumbnail(place)) for place in range(recipe.columns))
        for stage in stages(bench.graph)[1:-1]
    }
    made = samples.result(recipe, bench.graph, trained=bench.trained)
    result = replace(made, columns=columns if recipe.columns else {}, **more)
    bench.controller.on_event(ResultReady(result))
    return result


def texts(panel: Overview) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def ready(bench: samples.Bench, panel: Overview) -> FrameResult:
    bench.load()
    panel._ask()
    return give(bench)


def test_it_asks_only_while_it_is_seen(bench: samples.Bench, panel: Overview) -> None:
    bench.load()
    wanted = bench.store.recipe.columns
    assert 1 <= wanted <= MOST_COLUMNS
    panel.hide()
    assert bench.store.recipe.columns == 0
    panel.show()
    assert bench.store.recipe.columns > 0
    assert not bench.controller.can_undo, "no step of the person's"


def test_a_session_that_ended_in_it_does_not_pay_for_it(qapp: QApplication) -> None:
    bench = samples.Bench(Recipe(network="sample", columns=5))
    panel = Overview(bench.store, bench.controller)
    until(lambda: bench.store.recipe.columns == 0)
    panel.deleteLater()


def test_a_step_that_is_taken_back_leaves_the_overview(bench: samples.Bench, panel: Overview) -> None:
    panel.hide()
    bench.load()
    bench.controller.change(channel=3)
    panel.show()
    bench.controller.change(layer="pool")
    bench.controller.undo()
    bench.controller.undo()
    assert bench.store.recipe.columns == 0
    until(lambda: bench.store.recipe.columns > 0)


def test_the_columns_are_the_stages(bench: samples.Bench, panel: Overview) -> None:
    result = ready(bench, panel)
    found = stages(bench.graph)
    columns = panel.view.columns
    assert [column.layer for column in columns] == [stage.layer.id for stage in found]
    assert columns[0].picture is result.prepared
    assert columns[0].detail == "3×224×224"
    assert columns[-1].answers == result.predictions
    for column in columns[1:-1]:
        assert column.maps == result.columns[column.layer]
    assert panel.view.message == ""


def test_more_room_shows_more_maps(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    before = bench.store.recipe.columns
    panel.resize(900, 900)
    until(lambda: bench.store.recipe.columns > before)
    panel.resize(2400, 240)
    until(lambda: bench.store.recipe.columns <= before)


def test_there_are_five_maps_or_more_where_there_is_room_for_large_ones(bench: samples.Bench, panel: Overview) -> None:
    bench.load()
    for height in range(330, 700, 7):
        panel.resize(1800, height)
        QApplication.processEvents()
        assert panel.view.fitting(len(stages(bench.graph))) >= FEWEST


def test_everything_lies_inside(bench: samples.Bench, panel: Overview) -> None:
    for size in ((700, 420), (946, 500), (1200, 640), (1800, 960)):
        panel.resize(*size)
        QApplication.processEvents()
        ready(bench, panel)
        last = -1.0
        for number, column in enumerate(panel.view.columns):
            cells = [panel.view.cell_rect(number, place) for place in range(len(column.channels))]
            shown = [cell for cell in cells if not cell.isNull()]
            assert shown
            assert len(shown) == len(cells), "no more maps are asked for than fit"
            for cell in shown:
                assert panel.view.rect().toRectF().contains(cell)
                assert cell.left() > last
            assert all(a.bottom() <= b.top() + 1e-6 for a, b in pairwise(shown))
            last = shown[0].right()


def test_a_click_chooses_layer_and_channel(bench: samples.Bench, panel: Overview) -> None:
    result = ready(bench, panel)
    column = panel.view.columns[2]
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=panel.view.cell_rect(2, 1).center().toPoint())
    recipe = bench.store.recipe
    assert (recipe.layer, recipe.channel) == (column.layer, column.maps[1][0])
    answer = panel.view.cell_rect(len(panel.view.columns) - 1, 2).center().toPoint()
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=answer)
    assert bench.store.recipe.layer == bench.graph.output.id
    assert bench.store.recipe.channel == result.predictions[2].index
    before = len(bench.engine.wishes)
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(2, panel.view.height() - 2))
    assert len(bench.engine.wishes) == before


def test_by_keyboard(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    column = panel.view.columns[1]
    assert (bench.store.recipe.layer, bench.store.recipe.channel) == (column.layer, column.maps[1][0])
    assert column.layer in panel.view.accessibleDescription()
    for _ in range(40):
        QTest.keyClick(panel.view, Qt.Key.Key_Right)
        QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert bench.store.recipe.layer == bench.graph.output.id


def test_the_maps_are_painted_in_their_place(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    image = panel.view.grab().toImage()
    cell = panel.view.cell_rect(1, 0)
    inside = {QColor(image.pixel(int(cell.left() + k), int(cell.center().y()))).name() for k in range(3, 40)}
    assert len(inside) > 10
    beside = QColor(image.pixel(int(cell.right() + 2), int(cell.top() + 3))).name()
    assert beside == theme.DARK.panel


def test_what_lies_under_the_pointer(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    column = panel.view.columns[1]
    assert panel.view.describe((1, 1)) == f"{column.layer}\nchannel {column.maps[1][0]}"
    assert panel.view.describe((0, 0)) == "what the network sees"
    assert panel.view.place_at(QPointF(1, 1)) is None
    QTest.mouseMove(panel.view, panel.view.cell_rect(1, 1).center().toPoint())
    assert panel.view.cursor().shape() == Qt.CursorShape.PointingHandCursor


def test_untrained_weights_are_labelled(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    assert not any("untrained" in text for text in texts(panel))
    bench.trained = False
    give(bench)
    assert "untrained: random weights" in texts(panel)


def test_before_there_is_anything_it_says_so(bench: samples.Bench, panel: Overview) -> None:
    assert "as soon as the network" in panel.view.message
    assert not panel.export.isEnabled()
    error = ForwardError("It failed.")
    bench.controller.on_event(Problem("frame", error))
    assert panel.view.message == "It failed."


def test_another_network_takes_the_maps_away(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    bench.controller.change(network="other")
    assert panel.view.message != ""


def test_a_result_of_before_it_was_asked_for_shows_nothing_wrong(bench: samples.Bench, panel: Overview) -> None:
    bench.load()
    bench.controller.adjust(columns=0)
    give(bench)
    assert panel.view.columns == ()
    assert panel.view.message != ""


def test_a_network_that_does_not_classify(bench: samples.Bench, panel: Overview) -> None:
    bench.load()
    panel._ask()
    give(bench, predictions=())
    assert "Explore" in panel.view.columns[-1].note
    give(bench, predictions=(), finite=False)
    assert "NaN" in panel.view.columns[-1].note
    panel.grab()


def test_scores_of_which_nobody_says_how_they_become_shares(bench: samples.Bench, panel: Overview) -> None:
    bench.load()
    panel._ask()
    give(bench, predictions=(Prediction(0, "first", math.nan, 12.5), Prediction(1, "second", math.nan, -3.0)))
    place = len(panel.view.columns) - 1
    assert [panel.view.describe((place, n)) for n in (0, 1)] == ["first   12.5", "second   -3"]
    cell, image = panel.view.cell_rect(place, 0), panel.view.grab().toImage()
    column = [QColor(image.pixel(int(cell.center().x()), y)).name() for y in range(int(cell.top()), int(cell.bottom()))]
    assert theme.DARK.accent not in column, "a bar would claim a share"


def test_it_is_dimmed_while_another_picture_is_looked_at(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    bench.controller.change(source=Source("sample", "coffee.png"))
    assert not panel.old, "what is replaced at once need not flicker"
    until(lambda: panel.old)
    give(bench)
    until(lambda: not panel.old)


def test_it_is_saved_with_what_it_is(
    bench: samples.Bench, panel: Overview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.trained = False
    ready(bench, panel)
    asked = []

    def choose(_parent: QWidget, _title: str, name: str, _kinds: str, _chosen: str) -> tuple[str, str]:
        asked.append(name)
        return str(tmp_path / "개요"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    panel.export.click()
    assert asked == ["Sample_Net-overview.png"]
    ((path, data),) = bench.engine.saved
    assert path == str(tmp_path / "개요.png")
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == 2 * (panel.view.width() + 24)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    panel.export.click()
    assert len(bench.engine.saved) == 1


def test_the_way_to_explore(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    opened: list[str] = []
    panel.opened.connect(opened.append)
    panel.explore.click()
    assert opened == ["stem.conv"]


def test_of_a_live_result_each_map_that_fits_is_coloured_once(
    bench: samples.Bench, panel: Overview, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.controller.change(source=Source("camera", "0"))
    ready(bench, panel)
    until(lambda: not bench.store.result_changed.waiting)
    wished, coloured = len(bench.engine.wishes), list[object]()
    colour = overview_view.small_image
    monkeypatch.setattr(overview_view, "small_image", lambda *of: (coloured.append(of[0]), colour(*of))[1])
    panel.view.repaint()
    fit, asked = len(coloured), LayoutRequests()
    assert 0 < fit <= len(panel.view.columns) * panel.view.fitting(len(panel.view.columns))
    QApplication.instance().installEventFilter(asked)
    for _ in range(10):
        give(bench)
        until(lambda: not bench.store.result_changed.waiting)
    QApplication.instance().removeEventFilter(asked)
    assert len(coloured) == 11 * fit
    assert asked.names == []
    assert len(bench.engine.wishes) == wished


def test_words_names_and_colours(bench: samples.Bench, panel: Overview, qapp: QApplication) -> None:
    ready(bench, panel)
    for control in (panel.view, panel.explore, panel.export):
        assert control.accessibleName()
        assert control.focusPolicy() != Qt.FocusPolicy.NoFocus
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    theme.apply(qapp, "light")
    image = panel.view.grab().toImage()
    assert QColor(image.pixel(5, 5)).name() == theme.LIGHT.panel
    theme.apply(qapp, "dark")


def test_a_move_of_the_network_asks_for_nothing_new(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    until(lambda: not panel._settle.isActive())
    shown = panel.view.columns
    bench.controller.on_event(NetworkReady(samples.network(Graph(bench.graph.layers))))
    assert not panel._settle.isActive()
    assert [column.layer for column in panel.view.columns] == [column.layer for column in shown]
    bench.controller.on_event(NetworkReady(samples.network(Graph(bench.graph.layers[:-1]))))
    assert panel._settle.isActive(), "another answer is another column"


def test_what_the_colours_stand_for(bench: samples.Bench, panel: Overview) -> None:
    ready(bench, panel)
    unsigned, signed = panel.view.legends()
    assert (unsigned[1], signed[1]) == (
        "from the smallest to the largest value of each map",
        "white is 0, blue below, red above",
    )
    image = panel.view.grab().toImage()
    y = image.height() - 13
    line = np.array([image.pixelColor(x, y).getRgb()[:3] for x in range(image.width())])
    for table, _words in (unsigned, signed):
        ends = [QColor(table[level]).getRgb()[:3] for level in (10, 240)]
        apart = [np.abs(line - end).sum(1) for end in ends]
        assert max(one.min() for one in apart) < 20, "the colours are there"
        assert apart[0].argmin() < apart[1].argmin(), "the smaller value at the left"
