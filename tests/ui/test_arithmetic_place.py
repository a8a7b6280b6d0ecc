"""The arithmetic place: every example with other numbers typed in, against torch; steps, text, mistakes in place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import random
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.reshape import redrawn
from explorer.arithmetic.written import to_json
from explorer.settings import Settings
from tests.ui.arithmetic import arithmetic_place, check_against_torch, choose, type_cell, type_field
from tests.ui.desk import desk, until
from ui.places.arithmetic import ArithmeticPlace
from ui.widgets.number_grid import tint

CASES = [name for name, one in PRESETS.items() if isinstance(one.subject, Case)]


@pytest.fixture
def one(qapp: QApplication) -> Iterator[ArithmeticPlace]:
    with arithmetic_place() as place:
        yield place


@pytest.mark.parametrize("name", CASES)
def test_every_example_with_other_numbers_typed_in(one: ArithmeticPlace, name: str) -> None:
    one.presets.list.choose(name)
    QTest.keyClick(one.presets.list, Qt.Key.Key_Return)
    assert (one.work.case, one.work.name, one.work.changed) == (PRESETS[name].subject, name, False)
    check_against_torch(one)
    before, form = one.work.output.copy(), one.form
    type_cell(form.grid, 0, 0, "-250")
    type_cell(form.grid, 2, 1, "777/2")
    assert (one.work.case.input[0][0][0], one.work.case.input[0][2][1]) == (-250.0, 388.5)
    if one.work.case.filters:
        last = len(one.work.case.filters) - 1
        choose(form.part, last)
        choose(form.plane, len(one.work.case.filters[0]) - 1)
        rows, columns = form.grid.rows, len(form.grid.rows[0])
        type_cell(form.grid, len(rows) - 1, columns - 1, "-1.25")
        assert one.work.case.filters[last][-1][-1][-1] == -1.25
    assert one.work.changed
    assert not form.problem.isVisible()
    check_against_torch(one)
    assert (one.work.output != before).any(), "the typed numbers change nothing"


@pytest.mark.parametrize("name", PRESETS)
def test_the_examples_show_the_lectures_figures_and_ours(one: ArithmeticPlace, name: str) -> None:
    one.open(name)
    words = one.presets.words.text().replace("\N{NO-BREAK SPACE}", " ").replace("&#x27;", "'")
    for figure in PRESETS[name].figures:
        assert figure.ours in words
        assert figure.lecture in words
        assert figure.why in words


@pytest.mark.parametrize("padding_kind", ["zero", "reflect", "replicate", "circular"])
def test_every_option_of_a_convolution_against_torch(one: ArithmeticPlace, padding_kind: str) -> None:
    form = one.form
    form.spins["c"].setValue(4)
    form.spins["h"].setValue(9)
    form.spins["w"].setValue(8)
    form.spins["filters"].setValue(6)
    form.spins["rows"].setValue(3)
    form.spins["groups"].setValue(2)
    form.flags["bias"].click()
    choose(form.padding_kind, padding_kind)
    type_field(form.texts["padding"], "2,1,1,0")
    type_field(form.texts["stride"], "2,1")
    type_field(form.texts["dilation"], "2")
    case = one.work.case
    assert (case.input_chw, len(case.filters), case.groups, case.padding_kind) == ((4, 9, 8), 6, 2, padding_kind)
    assert (case.padding, case.stride, case.dilation, case.window_hw) == ((2, 1, 1, 0), (2, 1), (2, 2), (3, 2))
    choose(form.part, -2)
    type_cell(form.grid, 0, 3, "11.5")
    assert one.work.case.bias[3] == 11.5
    check_against_torch(one)


@pytest.mark.parametrize("pool", ["max", "average", "global", "l2"])
def test_every_pooling_against_torch(one: ArithmeticPlace, pool: str) -> None:
    form = one.form
    form.spins["h"].setValue(7)
    choose(form.kind, "pool")
    assert (one.work.case.window, one.work.case.stride) == ((2, 2), (2, 2))
    choose(form.pool, pool)
    if pool != "global":
        form.flags["ceil_mode"].click()
        assert one.work.case.ceil_mode
    if pool in ("max", "average"):
        type_field(form.texts["padding"], "1")
    if pool == "average":
        form.flags["count_padding"].click()
        assert not one.work.case.count_padding
    assert one.work.case.pool == pool
    check_against_torch(one)


def test_the_seed_beside_drawn_numbers_is_theirs(one: ArithmeticPlace) -> None:
    form, first = one.form, one.work.case
    form.spins["seed"].setValue(7)
    for seed in (7, 8):
        form.draw.click()
        assert form.spins["seed"].value() == seed
        assert one.work.case == redrawn(first, seed) != first


def test_another_example_changes_the_page_and_the_case_stays(one: ArithmeticPlace) -> None:
    one.open("two-filters")
    type_cell(one.form.grid, 0, 0, "5")
    kept = one.work.case
    one.open("shift")
    one.open("small-network")
    assert not one.stage.isVisible()
    assert one.presets._badge.text() == ""
    one.open("two-filters")
    assert one.stage.isVisible()
    assert one.work.case != kept, "a click on an example brings the lecture's numbers back"


def test_a_click_on_a_value_opens_it_and_the_arrows_go_on(one: ArithmeticPlace) -> None:
    one.open("two-filters")
    canvas = one.stage.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of("output", (1, 0, 1)).center().toPoint())
    assert one.work.at == (1, 0, 1)
    assert one.sum._title.text() == "y2 = −5"
    assert "Filter 2 of 2" in canvas._title("filter", one.work.case)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert one.work.at == (1, 1, 1)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert one.work.at == (1, 1, 0)
    one.stage.buttons["to-start"].click()
    assert one.work.at == (0, 0, 0)
    one.stage.buttons["next"].click()
    one.stage.buttons["next"].click()
    one.stage.buttons["previous"].click()
    assert one.work.at == (0, 0, 1)
    one.stage.slider.setValue(7)
    assert one.work.at == (1, 1, 1)
    assert one.stage.label.text() == "8 of 8"


def test_the_sum_is_in_the_lectures_notation_and_in_programs(one: ArithmeticPlace) -> None:
    one.open("one-filter")
    text = one.sum.lecture.text().replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("y1 = w1x1 + w2x2 + w4x4 + w5x5 + w10x10 + w11x11")
    rows = one.sum.terms.rows
    first = [rows.index(0, column).data() for column in range(6)]
    assert first == ["w1x1", "w[0,0,0]·x[0,0,0]", "9", "3", "27", "27"]
    assert rows.index(11, 5).data() == "42"
    one.sum.terms.setCurrentIndex(rows.index(11, 0))
    assert one.stage.canvas._term == one.work.trace.terms[11]


def test_it_walks_on_its_own_to_the_end_and_stops_when_hidden(one: ArithmeticPlace) -> None:
    one.open("stride-3")
    choose(one.stage.speed, 60)
    QTest.keyClick(one.stage.canvas, Qt.Key.Key_Space)
    assert one.stage.playing
    until(lambda: not one.stage.playing)
    assert one.work.place == one.work.last == 3
    one.stage.play()
    assert (one.stage.playing, one.work.place) == (True, 0)
    one.stage.hide()
    assert not one.stage.playing


def test_a_click_on_a_number_leads_to_where_it_is_typed(one: ArithmeticPlace) -> None:
    canvas = one.stage.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of("input", (2, 1, 0)).center().toPoint())
    assert (one.form.part.currentData(), one.form.plane.currentData(), one.form.grid.cell) == (-1, 2, (1, 0))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect_of("filter", (1, 0, 1)).center().toPoint())
    assert (one.form.part.currentData(), one.form.plane.currentData(), one.form.grid.cell) == (0, 1, (0, 1))


def test_what_does_not_fit_is_worked_and_mended_by_a_click(one: ArithmeticPlace) -> None:
    one.open("stride-3")
    assert (one.sizes._badge.text(), one.sizes.worked.text()) == ("does not fit", "(7 − 3)/3 + 1 = 2.33")
    assert "round down to 2" in one.sizes.told.text()
    assert "cell 7 of 7" in one.sizes.told.text()
    assert [button.text() for button in one.sizes.mends] == ["Padding 1", "Padding 0 + 2"]
    one.sizes.mends[1].click()
    assert (one.work.case.padding, one.sizes._badge.text()) == ((0, 2, 0, 2), "fits")
    assert one.sizes.mends == []
    check_against_torch(one)


def test_numbers_that_still_have_a_place_stay(one: ArithmeticPlace) -> None:
    one.form.spins["w"].setValue(5)
    one.form.spins["filters"].setValue(3)
    case, old = one.work.case, PRESETS["one-filter"].subject
    assert isinstance(old, Case)
    assert case.input_array[:, :, :3].tolist() == old.input_array.tolist()
    assert case.filters[0] == old.filters[0]
    one.form.spins["w"].setValue(3)
    one.form.spins["filters"].setValue(1)
    assert one.work.case == old
    assert not one.work.changed


def test_every_number_of_the_lecture_example_is_told_under_the_pointer(one: ArithmeticPlace) -> None:
    canvas = one.stage.canvas
    for part, at, said in (
        ("input", (1, 0, 1), "x11 = x[1, 0, 1] = 8"),
        ("filter", (0, 1, 0), "w[0, 1, 0] = 3"),
        ("output", (0, 1, 1), "y[0, 1, 1] = 95"),
    ):
        QTest.mouseMove(canvas, QPoint(1, 1))
        QTest.mouseMove(canvas, canvas.rect_of(part, at).center().toPoint())  # type: ignore[arg-type]
        assert canvas.toolTip() == said


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("size", "scale"), [((1024, 640), 1.0), ((1280, 800), 1.0), ((1920, 1080), 1.5)])
def test_the_place_fits(qapp: QApplication, language: str, size: tuple[int, int], scale: float) -> None:
    settings = Settings(language=language, theme="light", font_scale=scale, place="arithmetic")
    with desk(qapp, settings=settings) as it:
        it.show(*size)
        place = it.window.places.arithmetic
        assert place is not None
        for name in PRESETS:
            place.open(name)
            QApplication.processEvents()
            least = it.window.minimumSizeHint()
            assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), (name, least)


def test_the_case_survives_a_change_of_language_and_theme(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", theme="dark", place="arithmetic")) as it:
        it.show()
        place = it.window.places.arithmetic
        assert isinstance(place, ArithmeticPlace)
        place.open("padding-1-stride-2")
        place.work.go(5)
        kept = to_json(place.work.case)
        it.controller.prefer(language="ko")
        it.controller.prefer(theme="light")
        QApplication.processEvents()
        assert (to_json(place.work.case), place.work.place) == (kept, 5)
        assert place.presets.list.current() == "padding-1-stride-2"


def test_everything_that_takes_the_focus_has_a_name(one: ArithmeticPlace) -> None:
    for name in ("one-filter", "average-pooling", "fully-connected", "small-network", "shift"):
        one.open(name)
        stops = [
            widget
            for widget in one.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        ]
        assert len(stops) > 5
        nameless = [widget for widget in stops if not (widget.accessibleName() or getattr(widget, "text", str)())]
        buddies = {label.buddy() for label in one.findChildren(QLabel)}
        assert [widget for widget in nameless if widget not in buddies] == [], name


def test_a_case_larger_than_the_window_scrolls_and_keeps_its_colours(one: ArithmeticPlace) -> None:
    large = random("conv", (12, 64, 64), 1, 8, padding=(1, 1, 1, 1))
    assert one.work.attempt(lambda: large)
    QApplication.processEvents()
    canvas = one.stage.canvas
    assert canvas.width() > one.stage.width()
    last = canvas.rect_of("output", (7, 63, 63))
    assert canvas.rect().contains(last.toAlignedRect())
    shot = canvas.grab().toImage()
    reach = np.abs(large.input_array).max()
    for at in ((0, 20, 30), (5, 40, 41), (11, 3, 60)):
        place = canvas.rect_of("input", at).center().toPoint()
        assert shot.pixelColor(place).name() == tint(large.input[at[0]][at[1]][at[2]], reach)
    one.open("one-filter")
    QApplication.processEvents()
    assert canvas.width() <= one.stage.width()


def test_what_was_typed_is_not_lost_with_another_example(one: ArithmeticPlace) -> None:
    undo, redo = one.stage.tools["undo"], one.stage.tools["redo"]
    assert (undo.isEnabled(), redo.isEnabled()) == (False, False)
    first = one.work.case
    type_cell(one.form.grid, 0, 0, "77")
    mine = one.work.case
    one.presets.list.choose("stride-3")
    QTest.keyClick(one.presets.list, Qt.Key.Key_Return)
    undo.click()
    assert (one.work.case, one.work.name, one.presets.list.current()) == (mine, "one-filter", "one-filter")
    undo.click()
    assert (one.work.case, undo.isEnabled()) == (first, False)
    redo.click()
    redo.click()
    assert (one.work.case, one.work.name, redo.isEnabled()) == (PRESETS["stride-3"].subject, "stride-3", False)
    undo.click()
    type_cell(one.form.grid, 0, 1, "5")
    assert not redo.isEnabled(), "another change has no way on"
    check_against_torch(one)
