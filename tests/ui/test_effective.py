"""The effective receptive field in the window: asked for the chosen unit, painted where its cells came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from torch import nn

from explorer.attribution.effective import influence
from explorer.attribution.values import Effective
from explorer.engine.events import Answered, Ended, FieldsReady, NetworkReady, Problem, ResultReady
from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.questions import EffectiveField, Question, Survey
from explorer.receptive.analyse import analyse
from explorer.recipe import Recipe
from explorer.values import FrameResult, Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key
from ui.panels.effective import EffectiveRow

UNIT = (20, 30)
HOT = (100, 104)
"""A cell of the network's input."""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return trace(nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.Conv2d(8, 8, 3, 2, 1)).eval(), torch.zeros(1, 3, 224, 224))


@pytest.fixture
def one(qapp: QApplication, graph: Graph) -> Iterator[Desk]:
    with desk(qapp, recipe=Recipe(network="sample", layer="1")) as it:
        it.graph = graph
        it.show(1600, 1000)
        it.send(NetworkReady(samples.network(graph)))
        it.give()
        it.send(FieldsReady("sample", graph, analyse(graph)))
        yield it


def row(one: Desk) -> EffectiveRow:
    return one.window.explore.effective


def again(one: Desk) -> FrameResult:
    """Let the result of the same picture for the newest wish arrive, as the engine gives it."""
    before = one.store.result
    assert before is not None
    result = replace(samples.result(one.store.recipe, one.graph), frame=before.frame, filtered=before.filtered)
    one.send(ResultReady(result))
    return result


def choose(one: Desk, unit: tuple[int, int] = UNIT) -> None:
    one.controller.change(unit=unit)
    again(one)


def asked(one: Desk) -> list[EffectiveField]:
    return [question for question in one.engine.questions if isinstance(question, EffectiveField)]


def dropped(one: Desk) -> list[Question]:
    return one.engine.dropped


def answer(one: Desk, cells: int = 4, pictures: int = 4, question: Question | None = None) -> None:
    """Answer the newest question: a square of cells holds everything."""
    heat = np.zeros((224, 224), np.float32)
    heat[HOT[0] : HOT[0] + cells, HOT[1] : HOT[1] + cells] = 1
    clipped = (90, 90, 110, 130)
    found = Effective("1", UNIT, heat, (90, 90, 110, 130), clipped, "exact", "", pictures)  # type: ignore[arg-type]
    one.send(Answered(question or asked(one)[-1], found, pictures / 16))


def colour(one: Desk, y: float, x: float) -> QColor:
    """Return what is painted of the picture over a place of the network's input."""
    view = one.window.explore.source.view
    s = 300 / 256
    top, left = 18.75 + y * s, 94.25 + x * s
    place = view.rect_of(top, left, top, left).topLeft()
    return view.grab().toImage().pixelColor(QPoint(round(place.x()), round(place.y())))


def test_nothing_is_asked_before_it_is_wanted(one: Desk) -> None:
    assert not row(one).switch.isEnabled()
    choose(one)
    assert row(one).switch.isEnabled()
    assert asked(one) == []


def test_the_switch_asks_for_the_chosen_unit_on_this_picture(one: Desk) -> None:
    choose(one)
    QTest.mouseClick(row(one).switch, Qt.MouseButton.LeftButton)
    (question,) = asked(one)
    assert one.store.result is not None
    assert (question.network, question.layer, question.unit) == ("sample", "1", UNIT)
    assert question.frame is one.store.result.filtered
    assert row(one).bar.isVisibleTo(row(one))
    assert "Measuring" in row(one).words.text()


def test_of_a_layer_without_rows_and_columns_the_whole_output_is_asked_for(qapp: QApplication) -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)).eval()
    graph = trace(module, torch.zeros(1, 3, 224, 224))
    for layer, place in (("3", None), ("1", (0, 0))):
        with desk(qapp, recipe=Recipe(network="sample", layer=layer)) as one:
            one.graph = graph
            one.show(1600, 1000)
            one.send(NetworkReady(samples.network(graph)))
            one.give()
            one.send(FieldsReady("sample", graph, analyse(graph)))
            choose(one, (0, 0))
            row(one).toggle()
            (question,) = asked(one)
            assert (question.layer, question.unit) == (layer, place)
            assert influence(module, graph, torch.rand(1, 3, 224, 224), graph[layer], question.unit).any()


def test_partial_answers_show_with_how_far_they_are(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    answer(one, pictures=4)
    assert row(one).bar.value() == 25
    assert "95 % of the influence comes from 2.0 % of the area" in row(one).words.text()  # 16 of 20 × 40 cells
    assert "4 inputs" in row(one).words.toolTip()
    answer(one, pictures=16)
    assert not row(one).bar.isVisibleTo(row(one))
    assert not row(one).stop.isVisibleTo(row(one))
    assert "16 inputs" in row(one).words.toolTip()
    again(one)
    assert len(asked(one)) == 1


def test_the_heat_lies_where_its_cells_came_from(one: Desk) -> None:
    choose(one)
    one.controller.change(unit=UNIT)
    hot, cold = (HOT[0] + 2.0, HOT[1] + 2.0), (HOT[0] - 3.0, HOT[1] + 2.0)
    before = colour(one, *hot), colour(one, *cold)
    row(one).toggle()
    answer(one, pictures=16)
    after = colour(one, *hot), colour(one, *cold)
    assert after[1] == before[1]
    assert after[0].lightness() > 180  # the light end of the colour map, whatever the picture is there
    row(one).toggle()
    assert (colour(one, *hot), colour(one, *cold)) == before


def test_another_unit_is_asked_for_in_its_place(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    answer(one)
    one.controller.change(unit=(1, 2))
    again(one)
    first, second = asked(one)
    assert dropped(one) == [first]
    assert second.unit == (1, 2)
    assert row(one).found is None
    answer(one, question=first)  # it was on its way
    assert row(one).found is None


def test_another_channel_asks_nothing_anew(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    one.controller.change(channel=3)
    again(one)
    assert len(asked(one)) == 1


def test_another_picture_is_asked_for_once_it_is_seen(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    one.controller.change(source=Source("sample", "coffee.png"))
    assert len(asked(one)) == 1
    one.give()
    assert len(asked(one)) == 2
    assert one.store.result is not None
    assert asked(one)[-1].frame is one.store.result.filtered


def test_frames_of_a_camera_ask_nothing_anew(one: Desk) -> None:
    one.controller.change(source=Source("demo", ""), unit=UNIT)
    one.give()
    row(one).toggle()
    assert len(asked(one)) == 1
    answer(one)
    for _ in range(3):
        one.give()
    assert len(asked(one)) == 1
    assert row(one).found is not None


def test_stop_keeps_what_is_known(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    answer(one)
    QTest.mouseClick(row(one).stop, Qt.MouseButton.LeftButton)
    assert dropped(one) == asked(one)
    assert row(one).found is not None
    assert "95 %" in row(one).words.text()
    assert not row(one).bar.isVisibleTo(row(one))
    again(one)
    assert len(asked(one)) == 1


def test_stop_before_anything_is_known_switches_it_off(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    QTest.mouseClick(row(one).stop, Qt.MouseButton.LeftButton)
    assert not row(one).switch.isChecked()
    assert dropped(one) == asked(one)


def test_what_cannot_be_measured_is_told_in_its_place(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    why = NetworkError("It has no gradient: choose a layer before it.")
    one.send(Problem("question", why, question=Survey("other")))
    assert "Measuring" in row(one).words.text()
    one.send(Problem("question", why, question=asked(one)[-1]))
    assert row(one).words.text() == str(why)
    assert "question" not in one.store.problems, "it is told twice"
    assert not row(one).bar.isVisibleTo(row(one))
    again(one)
    assert len(asked(one)) == 1


def test_it_is_asked_again_of_a_network_that_came_back(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    one.send(Ended(asked(one)[-1]))
    assert len(asked(one)) == 2


def test_a_key_switches_it(one: Desk) -> None:
    choose(one)
    key(one, "E")
    assert row(one).switch.isChecked()
    key(one, "E")
    assert not row(one).switch.isChecked()


def test_without_a_unit_it_says_what_to_do(one: Desk) -> None:
    choose(one)
    row(one).toggle()
    one.controller.change(unit=None)
    again(one)
    assert "Click a cell of a map" in row(one).words.text()
    assert row(one).switch.isEnabled()
