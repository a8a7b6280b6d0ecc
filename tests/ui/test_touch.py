"""Ask by touching, in the window: a real network answers; what is shown is what it says to either picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer import frame_path
from explorer.engine.events import Answered, FieldsReady, NetworkInfo, NetworkReady, Problem, ResultReady
from explorer.errors import ForwardError
from explorer.pixels.touch import Touch, touched
from explorer.questions import AnswerTo, answer
from explorer.receptive.analyse import analyse
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Frame, Source
from tests.ui import samples
from ui import theme
from ui.panels.touch import KNOBS, TouchPanel
from ui.places.explore import Explore

PICTURE = Frame(np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8), "noise")


class Rig:
    """Explore with LeNet-5; ``follow`` lets it look and answer until nothing is left to do."""

    def __init__(self, network: Network) -> None:
        self.network = network
        start = Recipe(network="lenet5", source=Source("sample", "noise")).with_(layer="c3", channel=2, unit=(4, 5))
        bench = samples.Bench(start)
        self.engine, self.store, self.controller = bench.engine, bench.store, bench.controller
        self.explore = Explore(self.store, self.controller)
        self.explore.resize(1400, 900)
        self.explore.show()
        self.panel: TouchPanel = self.explore.touch
        self.explore.columns.bring_forward(self.explore._touch)
        self.view, self.done = self.explore.source.view, 0
        self.controller.on_event(
            NetworkReady(NetworkInfo(network.card, network.graph, "lenet5", True, "digits", "cpu", 1))
        )
        self.controller.on_event(FieldsReady(network.card.name, network.graph, analyse(network.graph)))
        self.follow()

    @property
    def asked(self) -> list[AnswerTo]:
        return [question for question in self.engine.questions if isinstance(question, AnswerTo)]

    def follow(self, frame: Frame = PICTURE) -> None:
        self.controller.on_event(ResultReady(frame_path.run(self.network, frame, self.store.recipe)))
        while self.done < len(self.asked):
            question = self.asked[self.done]
            self.done += 1
            found = answer(self.network, question)
            self.controller.on_event(Answered(question, found))  # type: ignore[arg-type]

    def at(self, y: float, x: float) -> QPoint:
        return self.view.rect_of(y, x, y, x).topLeft().toPoint()

    def stroke(self, *points: tuple[float, float]) -> None:
        QTest.mousePress(self.view, Qt.MouseButton.LeftButton, pos=self.at(*points[0]))
        for point in points[1:]:
            QTest.mouseMove(self.view, self.at(*point))
        QTest.mouseRelease(self.view, Qt.MouseButton.LeftButton, pos=self.at(*points[-1]))


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture
def rig(qapp: QApplication, network: Network) -> Iterator[Rig]:
    theme.apply(qapp, "dark")
    made = Rig(network)
    yield made
    made.explore.close()
    made.explore.deleteLater()


@pytest.mark.parametrize(
    ("knob", "value", "expected"),
    [
        (0, 10, Touch(shift=(0.0, 0.1))),
        (1, -20, Touch(shift=(-0.2, 0.0))),
        (2, 45, Touch(degrees=45.0)),
        (3, 20, Touch(factor=2.0)),
        (4, -30, Touch(brightness=-30.0)),
        (5, 12, Touch(noise=12.0)),
    ],
)
def test_each_slider_is_one_number_of_the_recipe_and_goes_back(
    knob: int, value: int, expected: Touch, rig: Rig
) -> None:
    slider = rig.panel.knobs[knob]
    assert not slider.reset.isEnabled()
    slider.slider.setValue(value)
    assert rig.store.recipe.touch == expected
    assert KNOBS[knob].get(expected) == pytest.approx(value)
    rig.follow()
    slider.reset.click()
    assert rig.store.recipe.touch is None
    assert rig.controller.can_undo
    rig.controller.undo()
    assert slider.slider.value() == value, "what is undone shows on the slider"


def test_both_answers_and_the_map_before_and_after_are_side_by_side(rig: Rig) -> None:
    assert rig.panel.table.isHidden()
    assert not rig.asked, "an untouched picture costs nothing"
    rig.panel.knobs[4].slider.setValue(60)
    rig.follow()
    plain = frame_path.run(rig.network, PICTURE, rig.store.recipe.with_(touch=None, top=10))
    altered = frame_path.run(
        rig.network, replace(PICTURE, pixels=touched(PICTURE.pixels, Touch(brightness=60))), plain.recipe
    )
    shown = {row.label: (row.before, row.after) for row in rig.panel.table.rows}
    for before, after in ((p, q) for p in plain.predictions for q in altered.predictions if p.index == q.index):
        if before.label in shown:
            assert shown[before.label] == (before.probability, after.probability)
    assert altered.predictions[0].label in shown
    assert plain.predictions[0].label in shown
    assert len(rig.panel.maps.pictures) == 3
    assert (altered.view.map == rig.store.result.view.map).all()  # type: ignore[union-attr]
    count = len(rig.asked)
    rig.panel.knobs[4].slider.setValue(61)
    rig.follow()
    assert len(rig.asked) == count, "the original is asked about once"
    rig.controller.change(channel=3)
    rig.follow()
    assert rig.asked[-1].map == ("c3", 3)


def test_a_drag_is_one_step(rig: Rig) -> None:
    slider = rig.panel.knobs[2].slider
    slider.setSliderDown(True)
    for value in (10, 20, 30):
        slider.setValue(value)
    slider.setSliderDown(False)
    assert rig.store.recipe.touch == Touch(degrees=30.0)
    rig.controller.undo()
    assert rig.store.recipe.touch is None


def test_the_brush_paints_where_the_mouse_is_also_on_a_moved_picture(rig: Rig) -> None:
    rig.panel.ink.setCurrentIndex(2)  # black
    rig.panel.size_of.setValue(20)
    for knob, value in ((2, 90), (3, 10), (1, 10)):
        rig.panel.knobs[knob].slider.setValue(value)
        rig.follow()
    before = rig.view.pixels
    assert before is not None
    rig.panel.paint.click()
    rig.stroke((50, 60), (52, 66))
    rig.follow()
    after = rig.view.pixels
    assert after is not None
    rows, columns = np.nonzero((before != after).any(axis=2))
    assert (rows.mean(), columns.mean()) == pytest.approx((51, 63), abs=2)
    assert 15 < np.ptp(rows) < 30, "as wide as the brush, however large the picture is"
    assert len(rig.store.recipe.touch.dabs) == 1  # type: ignore[union-attr]
    rig.panel.undo.click()
    assert rig.store.recipe.touch == Touch(shift=(0.1, 0.0), degrees=90.0, factor=2**0.5)
    rig.panel.reset.click()
    assert rig.store.recipe.touch is None


def test_only_one_brush_is_taken_up_and_paint_that_proves_needs_the_picture_as_it_came(rig: Rig) -> None:
    prove = rig.explore.prove
    rig.panel.paint.click()
    assert rig.panel.brush.taken
    prove.paint.click()
    assert prove.brush.taken
    assert not rig.panel.brush.taken
    prove.paint.click()
    rig.panel.knobs[0].slider.setValue(5)
    rig.follow()
    assert not prove.paint.isEnabled()
    assert "Touch" in prove.note.text()


def test_boxes_lie_on_the_altered_picture_and_not_on_the_original(rig: Rig) -> None:
    source = rig.explore.source
    assert source.view.outlines
    rig.panel.knobs[0].slider.setValue(20)
    rig.follow()
    np.testing.assert_array_equal(source.view.pixels, touched(PICTURE.pixels, Touch(shift=(0.0, 0.2))))
    assert source.view.outlines
    assert "boxes" in rig.panel.note.text()
    source._filtered.click()
    np.testing.assert_array_equal(source.view.pixels, PICTURE.pixels)
    assert not source.view.outlines
    source._filtered.click()
    source._unpaint.click()
    assert rig.store.recipe.touch is None


def test_what_goes_wrong_is_said_in_place_and_an_array_is_left_alone(rig: Rig) -> None:
    rig.panel.knobs[5].slider.setValue(5)
    result = frame_path.run(rig.network, PICTURE, rig.store.recipe)
    rig.controller.on_event(ResultReady(result))
    error = ForwardError("The network failed (boom).")
    rig.controller.on_event(Problem("question", error, question=rig.asked[-1]))
    assert "boom" in rig.panel.note.text()
    assert not rig.store.problems
    array = replace(PICTURE, array=np.zeros((1, 28, 28), np.float32))
    rig.controller.on_event(ResultReady(replace(result, frame=array, filtered=array)))
    assert not rig.panel.paint.isEnabled()


def test_nothing_is_asked_while_it_is_hidden(rig: Rig) -> None:
    rig.explore.columns.bring_forward(rig.explore.channel)
    rig.controller.change(touch=Touch(degrees=5))
    rig.follow()
    assert not rig.asked
    rig.explore.columns.bring_forward(rig.explore._touch)
    assert len(rig.asked) == 1


def test_of_a_moving_picture_both_answers_are_of_one_frame(rig: Rig) -> None:
    rig.controller.change(source=Source("demo", ""), touch=Touch(brightness=80.0))
    frames = [replace(PICTURE, pixels=np.roll(PICTURE.pixels, shift, axis=1)) for shift in (0, 9, 18)]
    results = [frame_path.run(rig.network, frame, rig.store.recipe) for frame in frames]
    for result in results:
        rig.controller.on_event(ResultReady(result))
    assert rig.store.live
    (first,) = rig.asked
    assert first.frame is frames[0]
    found = answer(rig.network, first)
    rig.controller.on_event(Answered(first, found))  # type: ignore[arg-type]
    assert rig.asked[-1].frame is frames[2], "of those that came meanwhile the newest"
    after = {row.label: row.after for row in rig.panel.table.rows}
    for prediction in results[0].predictions:
        assert after[prediction.label] == prediction.probability
    before = {row.label: row.before for row in rig.panel.table.rows}
    expected = frame_path.run(rig.network, frames[0], rig.store.recipe.with_(touch=None, top=10))
    assert {p.label: p.probability for p in expected.predictions if p.label in before} == before


def test_the_sliders_have_one_end_and_the_brush_its_name(rig: Rig) -> None:
    assert len({slider.slider.width() for slider in rig.panel.knobs}) == 1
    rig.panel.restyle()
    QTest.qWait(0)
    assert len({slider.slider.width() for slider in rig.panel.knobs}) == 1
    assert rig.panel.size_name.buddy() is rig.panel.size_of
    assert rig.panel.size_name.text()
