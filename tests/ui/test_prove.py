"""Prove it, in the window: a real network answers; what is shown is what torch alone computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QLabel, QToolButton

from explorer import frame_path
from explorer.engine.events import Answered, FieldsReady, NetworkInfo, NetworkReady, Problem, ResultReady
from explorer.errors import ForwardError
from explorer.proof import Proof
from explorer.questions import Prove, answer
from explorer.receptive.analyse import analyse
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Frame, Source
from tests.ui import samples
from tests.ui.desk import until
from ui import theme
from ui.panels.prove import ProvePanel
from ui.places.explore import Explore
from ui.widgets import proof_words
from ui.widgets.numbers import number
from ui.widgets.spotlight import Spotlight

PICTURE = Frame(np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8), "noise")
UNIT = (4, 5)


class Rig:
    """Explore with LeNet-5 that has seen the picture; ``reply`` lets it answer what was asked."""

    def __init__(self, network: Network, recipe: Recipe | None = None) -> None:
        self.network = network
        start = Recipe(network="lenet5", source=Source("sample", "noise")).with_(layer="c3", channel=2, unit=UNIT)
        self.bench = samples.Bench(recipe or start)
        self.engine, self.store, self.controller = self.bench.engine, self.bench.store, self.bench.controller
        self.explore = Explore(self.store, self.controller)
        self.explore.resize(1400, 900)
        self.explore.show()
        self.panel: ProvePanel = self.explore.prove
        self.view = self.explore.source.view
        weights = "lenet5" if network.trained else "none"
        info = NetworkInfo(network.card, network.graph, weights, network.trained, "digits", "cpu", 1)
        self.controller.on_event(NetworkReady(info))
        self.controller.on_event(FieldsReady(network.card.name, network.graph, analyse(network.graph)))
        self.give()

    def give(self, frame: Frame = PICTURE) -> None:
        self.controller.on_event(ResultReady(frame_path.run(self.network, frame, self.store.recipe)))

    @property
    def asked(self) -> list[Prove]:
        return [question for question in self.engine.questions if isinstance(question, Prove)]

    def reply(self) -> Proof:
        """Answer all questions of the panel, also those that follow from an answer."""
        done, found = 0, None
        while done < len(self.asked):
            question = self.asked[done]
            found = answer(self.network, question)
            assert isinstance(found, Proof)
            self.controller.on_event(Answered(question, found))
            done += 1
        assert isinstance(found, Proof)
        return found

    def at(self, y: float, x: float) -> QPoint:
        return self.view.rect_of(y, x, y, x).topLeft().toPoint()

    def stroke(self, *points: tuple[float, float]) -> None:
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(self.view, left, pos=self.at(*points[0]))
        for point in points[1:]:
            QTest.mouseMove(self.view, self.at(*point))
        QTest.mouseRelease(self.view, left, pos=self.at(*points[-1]))

    def shown(self) -> np.ndarray:
        pixels = self.view.pixels
        assert pixels is not None
        return pixels

    def plain(self, pixels: np.ndarray, layer: str = "c3") -> np.ndarray:
        """Return a convolution's output by torch alone."""
        kept: list[torch.Tensor] = []
        handle = self.network.module.get_submodule(layer).register_forward_hook(
            lambda _m, _i, o: kept.append(o.clone())
        )
        with torch.inference_mode():
            self.network.module(self.network.prepare(replace(PICTURE, pixels=pixels)).tensor)
        handle.remove()
        return kept[0][0].numpy()


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


def test_all_outside_moves_nothing_and_all_inside_does(rig: Rig) -> None:
    rig.panel.outside.click()
    rig.reply()
    value = float(rig.plain(PICTURE.pixels)[2, *UNIT])
    assert not np.array_equal(rig.shown(), PICTURE.pixels)
    assert float(rig.plain(rig.shown())[2, *UNIT]) == value
    assert rig.panel.values.numbers == (("before", number(value)), ("after", number(value)), ("difference", "0"))
    assert "does not move" in rig.panel.verdict.text()
    assert "0 that the unit sees" in rig.panel.cells.text()

    rig.panel.clear.click()
    np.testing.assert_array_equal(rig.shown(), PICTURE.pixels)
    assert not rig.panel.values.isVisible()
    rig.panel.inside.click()
    rig.reply()
    after = float(rig.plain(rig.shown())[2, *UNIT])
    assert after != value
    assert rig.panel.values.numbers[1] == ("after", number(after))
    assert number(abs(after - value)) in rig.panel.verdict.text()


def test_the_mouse_paints_and_the_units_that_see_it_light_up(rig: Rig) -> None:
    rig.panel.paint.click()
    place = rig.view.viewport
    rig.stroke((40.0, 50.0), (45.0, 60.0), (50.0, 70.0))
    assert rig.view.viewport == place  # it paints and does not pan
    assert rig.view.plate_text() == ""  # no numbers over what is painted
    proof = rig.reply()
    changed = (rig.shown() != PICTURE.pixels).any(-1)
    assert changed[45, 60]
    assert not changed[5, 5]
    before, after = rig.plain(PICTURE.pixels), rig.plain(rig.shown())
    moved = (before != after).any(0)
    np.testing.assert_array_equal(proof.moved, moved)
    assert rig.panel.lit is not None
    np.testing.assert_array_equal(rig.panel.lit, moved)
    assert str(int(moved.sum())) in rig.panel.units.text()
    assert rig.explore.light.text


def test_strokes_are_taken_back_one_by_one(rig: Rig) -> None:
    rig.panel.paint.click()
    states = [rig.shown()]
    for y in (20.0, 45.0, 70.0):
        rig.stroke((y, 40.0), (y, 80.0))
        states.append(rig.shown())
    rig.panel.undo.click()
    np.testing.assert_array_equal(rig.shown(), states[2])
    QTest.keyClick(rig.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(rig.shown(), states[1])
    QTest.keyClick(rig.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(rig.shown(), states[0])
    assert not rig.panel.undo.isEnabled()
    rig.panel.undo.click()
    assert rig.panel.lit is None


def test_escape_puts_the_brush_down_and_dragging_pans_again(rig: Rig) -> None:
    rig.panel.paint.click()
    assert rig.panel.brush.taken
    QTest.keyClick(rig.view, Qt.Key.Key_Escape)
    assert (rig.panel.brush.taken, rig.panel.paint.isChecked()) == (False, False)
    rig.panel.paint.click()
    assert rig.panel.brush.taken
    rig.panel.paint.setFocus()
    QTest.keyClick(rig.panel.paint, Qt.Key.Key_Escape)
    assert not rig.panel.brush.taken
    rig.view.zoom(4.0)
    place = rig.view.viewport
    rig.stroke((45.0, 60.0), (50.0, 70.0))
    assert rig.view.viewport != place
    np.testing.assert_array_equal(rig.shown(), PICTURE.pixels)


def test_while_an_answer_is_on_its_way_the_newest_paint_waits(rig: Rig) -> None:
    rig.panel.paint.click()
    rig.stroke((20.0, 20.0), (22.0, 40.0), (24.0, 60.0), (26.0, 80.0))
    assert len(rig.asked) == 1
    rig.reply()
    assert len(rig.asked) == 2
    np.testing.assert_array_equal(rig.asked[-1].painted, rig.shown())
    assert rig.panel.proof is not None


def test_every_ink(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_args: QColor(1, 200, 3))
    wanted = {"grey": (128, 128, 128), "black": (0, 0, 0), "white": (255, 255, 255), "own": (1, 200, 3)}
    for at in range(rig.panel.ink.count()):
        rig.panel.ink.setCurrentIndex(at)
        rig.panel.ink.activated.emit(at)
        rig.panel.inside.click()
        inks = np.unique(rig.shown()[(rig.shown() != PICTURE.pixels).all(-1)], axis=0).tolist()
        key = rig.panel.ink.itemData(at)
        if key == "noise":
            assert len(inks) > 100
        else:
            assert inks == [list(wanted[key])]
        rig.panel.clear.click()


def test_a_colour_that_is_not_chosen_stays_the_old_one(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_args: QColor())
    at = rig.panel.ink.count() - 1
    rig.panel.ink.setCurrentIndex(at)
    rig.panel.ink.activated.emit(at)
    rig.panel.inside.click()
    assert (rig.shown() == QColor("#ff4d6d").getRgb()[:3]).all(-1).any()


def test_without_a_unit_it_says_what_to_do(rig: Rig) -> None:
    rig.controller.change(unit=None)
    assert "Choose a unit" in rig.panel.note.text()
    assert not rig.panel.outside.isEnabled()
    rig.controller.change(unit=(0, 0))
    assert rig.panel.outside.isEnabled()


def test_another_unit_and_another_layer_are_proved_with_the_same_paint(rig: Rig) -> None:
    rig.panel.inside.click()
    rig.reply()
    rig.controller.change(unit=(0, 0))
    assert rig.asked[-1].unit == (0, 0)
    rig.reply()
    rig.controller.change(layer="c1", unit=(7, 9))
    rig.give()
    proof = rig.reply()
    assert (proof.layer, proof.unit) == ("c1", (7, 9))
    np.testing.assert_array_equal(proof.after, rig.plain(rig.shown(), "c1")[:, 7, 9])


def test_another_picture_takes_the_paint_away(rig: Rig) -> None:
    rig.panel.inside.click()
    rig.controller.change(source=Source("sample", "other"))
    other = Frame(PICTURE.pixels[:, ::-1].copy(), "other")
    rig.give(other)
    assert rig.view.pixels is other.pixels
    assert not rig.panel.clear.isEnabled()


def test_a_camera_is_held_while_one_paints_and_let_go_ends_it(qapp: QApplication, network: Network) -> None:
    live = Recipe(network="lenet5", source=Source("demo", "")).with_(layer="c3", channel=2, unit=UNIT)
    made = Rig(network, live)
    try:
        assert made.store.live
        made.panel.paint.click()
        assert made.engine.frozen
        assert not made.store.live
        made.stroke((40.0, 50.0), (50.0, 70.0))
        late = Frame(PICTURE.pixels[::-1].copy(), "noise", 1)
        made.give(late)  # it was on its way when the camera was held: the paint goes onto it
        painted = made.shown()
        assert painted is not late.pixels
        assert (painted != late.pixels).any()
        made.controller.freeze(False)
        made.give(Frame(PICTURE.pixels.copy(), "noise", 2))
        assert not made.panel.paint.isChecked()
        np.testing.assert_array_equal(made.shown(), PICTURE.pixels)
    finally:
        made.explore.close()
        made.explore.deleteLater()


def test_a_failure_is_told_in_its_place(rig: Rig) -> None:
    rig.panel.inside.click()
    problem = Problem("question", ForwardError("It went wrong: choose another layer."), question=rig.asked[-1])
    rig.controller.report(problem)
    assert rig.panel.note.text() == "It went wrong: choose another layer."
    assert "question" not in rig.store.problems
    rig.panel.clear.click()
    assert "Paint beside the box" in rig.panel.note.text()


def test_an_array_cannot_be_painted_on(rig: Rig) -> None:
    rig.give(replace(PICTURE, array=np.zeros((1, 32, 32), np.float32)))
    assert "array" in rig.panel.note.text()
    assert not rig.panel.paint.isEnabled()


def test_words_for_rounding_for_wrong_areas_and_for_what_is_unknown() -> None:
    before = np.array([1.0, 2.0, np.nan], np.float32)
    moves, sees = np.zeros((2, 2), np.float32), np.zeros((2, 2), bool)
    moves[1, 1] = 1e-6
    proof = Proof("conv", (0, 0), before, before.copy(), moves, None, sees, 0, 9, 1e-4)
    assert "rounded another way" in proof_words.told(proof, 0)[3]
    assert "last digit" in proof_words.told(proof, 2)[0]
    rounded = replace(proof, after=before + np.float32(1e-6), moves=moves + np.float32(1e-6))
    assert "no more than rounding" in proof_words.told(rounded, 0)[0]
    wrong = replace(proof, moves=moves + np.float32(1))
    assert "wrong" in proof_words.told(wrong, 0)[2]
    unknown = replace(proof, sees=None, inside=9, outside=0)
    assert "not known" in proof_words.told(unknown, 0)[3]
    elsewhere = replace(proof, after=np.array([1.0, 3.0, np.nan], np.float32))
    assert "in 1 other" in proof_words.told(elsewhere, 0)[0]
    assert "does not see it" in proof_words.told(replace(proof, inside=0, outside=0), 0)[1]
    single = replace(proof, moves=moves[:1, :1], sees=sees[:1, :1])
    assert proof_words.told(single, 0)[2] == ""


def test_everything_has_a_name_and_the_keyboard_reaches_it(rig: Rig) -> None:
    rig.explore.columns.bring_forward(rig.panel)
    panel = rig.panel
    for widget in (panel.paint, panel.ink, panel.size_of, panel.undo, panel.clear, panel.outside, panel.inside):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    panel.outside.setFocus()
    QTest.keyClick(panel.outside, Qt.Key.Key_Space)
    assert len(rig.asked) == 1


def test_a_click_on_the_picture_lights_the_units_that_see_the_pixel(rig: Rig) -> None:
    geometry, fields = rig.store.result.geometry, rig.store.fields  # type: ignore[union-attr]
    assert fields is not None
    pixel = (50, 61)
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, pos=rig.at(pixel[0] + 0.5, pixel[1] + 0.5))
    expected = np.zeros((10, 10), bool)
    y0, x0, y1, x1 = geometry.cells(pixel)
    for y in range(y0, y1):
        for x in range(x0, x1):
            expected |= fields.seen_by("c3", (y, x))
    units = rig.explore.pixel_units.units
    assert units is not None
    np.testing.assert_array_equal(units, expected)
    text = f"{int(expected.sum())} of 100 units of each map see the pixel x {pixel[1]}, y {pixel[0]}."
    assert rig.explore.light.text == text
    other = PICTURE.pixels.copy()  # by torch: no other unit than these moves with this very pixel
    other[pixel] = 255 - other[pixel]
    assert not ((rig.plain(PICTURE.pixels) != rig.plain(other)).any(0) & ~units).any()
    rig.give(Frame(other, "noise", 1))  # the picture moves on, the light stays
    assert rig.explore.pixel_units.units is units
    rig.controller.change(layer="c1")
    rig.give()
    assert rig.explore.pixel_units.units is not None
    assert rig.explore.pixel_units.units.shape == (28, 28)
    rig.explore.light.button.click()
    assert (rig.explore.pixel_units.units, rig.explore.light.text) == (None, "")


def test_a_pixel_that_is_cut_away_is_told(rig: Rig) -> None:
    rig.explore.pixels.choose((50, 2))
    assert rig.store.result is not None
    assert rig.store.result.geometry.crop[1] > 4
    assert "never sees" in rig.explore.light.text
    assert rig.explore.pixel_units.units is None


def test_a_layer_of_the_whole_input_sees_every_pixel(rig: Rig) -> None:
    rig.controller.change(layer="f6")
    rig.give()
    rig.explore.pixels.choose((50, 61))
    assert rig.explore.pixel_units.units is not None
    assert rig.explore.pixel_units.units.all()


def test_only_lit_units_stay_bright() -> None:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    units = np.zeros((4, 5), bool)
    units[1, 2] = units[1, 3] = True
    light, image = Spotlight(), QImage(100, 80, QImage.Format.Format_RGB32)
    assert light.set(units)
    assert not light.set(units.copy())
    image.fill(QColor(200, 200, 200))
    painter = QPainter(image)
    light.paint(painter, (4, 5), QRectF(0, 0, 100, 80))
    light.paint(painter, (5, 4), QRectF(0, 0, 100, 80))  # of another layer: nothing
    painter.end()
    for y, x in np.ndindex(4, 5):
        bright = image.pixelColor(x * 20 + 10, y * 20 + 10).red() == 200
        assert bright == units[y, x]
    assert image.pixelColor(50, 20) != QColor(200, 200, 200)  # the line around the lit ones


def test_the_button_beside_the_light_takes_the_paint_away(rig: Rig) -> None:
    rig.explore.pixels.choose((50, 61))
    rig.panel.inside.click()
    rig.reply()
    assert "without paint" in rig.explore.light.text
    rig.explore.light.button.click()
    np.testing.assert_array_equal(rig.shown(), PICTURE.pixels)
    assert "see the pixel" in rig.explore.light.text


def test_a_painted_picture_is_called_so_until_the_paint_is_taken_away(rig: Rig) -> None:
    source = rig.explore.source
    badge = next(label for label in source.findChildren(QLabel) if label.objectName() == "badge")
    clear = next(b for b in source.findChildren(QToolButton) if b.accessibleName() == "Take all paint away")
    assert not badge.isVisible()
    assert not clear.isVisible()
    rig.panel.inside.click()
    rig.controller.change(unit=None)
    assert (badge.text(), badge.isVisible()) == ("painted", True), "also where there is no proof"
    assert "without paint" in badge.toolTip()
    clear.click()
    np.testing.assert_array_equal(rig.shown(), PICTURE.pixels)
    assert not badge.isVisible()
    assert not clear.isVisible()


def test_in_a_narrow_window_a_click_leaves_the_maps_where_the_light_is(rig: Rig) -> None:
    rig.explore.resize(800, 700)
    until(lambda: rig.explore.columns.share_tabs(rig.explore.pixels, rig.explore.maps))
    rig.explore.columns.bring_forward(rig.explore.maps)
    rig.explore.source.pixel_chosen.emit((50, 61))
    assert rig.explore.maps.isVisible()
    assert rig.explore.light.isVisible()


def test_values_of_another_unit_are_not_shown_while_its_answer_is_on_its_way(rig: Rig) -> None:
    rig.panel.inside.click()
    rig.reply()
    assert rig.panel.values.isVisible() or rig.panel.values.numbers
    rig.controller.change(unit=(0, 0))
    assert rig.panel.values.isHidden()
    rig.reply()
    assert not rig.panel.values.isHidden()


def test_the_light_is_on_what_was_done_last(rig: Rig) -> None:
    rig.panel.paint.click()
    rig.stroke((40.0, 50.0), (45.0, 60.0), (50.0, 70.0))
    proof = rig.reply()
    rig.panel.paint.click()
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, pos=rig.at(5.5, 61.5))
    seeing = rig.explore.pixel_units.units
    assert seeing is not None
    assert not np.array_equal(seeing, proof.moved)
    for view in (rig.explore.maps.mosaic, rig.explore.channel.map):
        np.testing.assert_array_equal(view._light.units, seeing)
    assert "see the pixel x 61, y 5" in rig.explore.light.text
    rig.explore.light.button.click()  # the pixel goes, the paint stays
    assert rig.panel.lit is not None
    np.testing.assert_array_equal(rig.explore.maps.mosaic._light.units, proof.moved)
    QTest.mouseClick(rig.view, Qt.MouseButton.LeftButton, pos=rig.at(5.5, 61.5))
    rig.panel.undo.click()
    rig.panel.inside.click()
    proof = rig.reply()
    np.testing.assert_array_equal(rig.explore.maps.mosaic._light.units, proof.moved)
    rig.explore.light.button.click()
    np.testing.assert_array_equal(rig.shown(), PICTURE.pixels)
