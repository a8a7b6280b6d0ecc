"""The arithmetic place: every example with other numbers typed in, against torch; steps, text, mistakes in place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from explorer.arithmetic.case import Case
from explorer.arithmetic.inputs import random
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.written import from_json, to_json
from explorer.settings import Settings
from explorer.values import Frame
from tests.ui.arithmetic import arithmetic_place, by_torch, choose, type_cell, type_field
from tests.ui.desk import desk, key, until
from ui.places.arithmetic import ArithmeticPlace
from ui.widgets.number_grid import tint

CASES = [name for name, one in PRESETS.items() if isinstance(one.subject, Case)]


@pytest.fixture
def one(qapp: QApplication) -> Iterator[ArithmeticPlace]:
    with arithmetic_place() as place:
        yield place


def check_against_torch(one: ArithmeticPlace) -> None:
    """Check everything that is shown of the values: the maps, and each opened value where there are few."""
    work = one.work
    wanted = by_torch(work.case).numpy()
    np.testing.assert_allclose(work.output, wanted, rtol=1e-12, atol=1e-9)
    planes = one.stage.canvas._planes["output"]
    np.testing.assert_array_equal(planes.reshape(-1), work.output.reshape(-1))
    for place in {0, min(1, work.last), work.last // 2, work.last}:
        work.go(place)
        assert work.trace.result == pytest.approx(float(wanted.reshape(-1)[place]), rel=1e-12, abs=1e-9)
        terms = one.sum.terms.rows
        assert terms.trace == work.trace
        assert terms.rowCount() == len(work.trace.terms)


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


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("stride", "two", "Stride cannot be “two”"),
        ("stride", "0", "stride cannot be 0"),
        ("padding", "1,2", "Padding cannot be “1,2”"),
        ("dilation", "9", "A window of 19 cells is larger than the input of 7"),
        ("stride", "99999999", "Stride cannot be"),
        ("padding", "-1", "Padding cannot be “-1”"),
    ],
)
def test_mistakes_are_said_in_place_and_the_last_good_case_stays(
    one: ArithmeticPlace, field: str, text: str, said: str
) -> None:
    one.open("stride-1")
    good = one.work.case
    type_field(one.form.texts[field], text)
    assert said in one.form.problem.text()
    assert one.form.problem.isVisible()
    assert one.form.texts[field].property("wrong")
    assert not one.stage.problem.isVisible(), "it is said once"
    assert one.work.case is good
    type_field(one.form.texts[field], "1")
    assert not one.form.problem.isVisible()
    assert not one.form.texts[field].property("wrong")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("abc", "is “abc”: type a number"),
        ("1/0", "divides by 0"),
        ("0/0", "divides by 0"),
        ("nan", "is “nan”: type a number"),
        ("1e9", "1000000"),
    ],
)
def test_what_is_no_number_stays_to_be_mended(one: ArithmeticPlace, typed: str, said: str) -> None:
    good = one.work.case
    type_cell(one.form.grid, 1, 1, typed)
    assert said in one.form.problem.text()
    assert one.work.case is good
    QTest.keyClick(one.form.grid._field, Qt.Key.Key_Escape)
    assert not one.form.problem.isVisible()


def test_a_window_larger_than_the_input_is_refused(one: ArithmeticPlace) -> None:
    good = one.work.case
    one.form.spins["rows"].setValue(9)
    assert "larger than the input" in one.form.problem.text()
    assert one.work.case is good
    one.form.spins["h"].setValue(9)
    assert (one.work.case.input_chw, one.work.case.window_hw) == ((3, 9, 3), (9, 2))
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


def test_paste_of_a_table_and_of_planes(one: ArithmeticPlace) -> None:
    one.form.paste("1\t2\t3\n4\t5\t6\n7\t8\t9")
    assert one.work.case.input[0] == ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0))
    assert one.work.case.input_chw == (3, 3, 3)
    one.form.paste("[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]")
    assert one.work.case.input_chw == (1, 3, 4)
    check_against_torch(one)
    choose(one.form.part, 0)
    one.form.paste("1 0 -1\n2 0 -2\n1 0 -1")
    assert one.work.case.filters == ((((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0)),),)
    check_against_torch(one)
    good = one.work.case
    for text, said in (
        ("1 2\n3", "row 2 has 1 numbers and the first has 2"),
        ("1 nan\n3 4", "row 1, column 2 is “nan”"),
        ("[[1, NaN], [3, 4]]", "row 1, column 2 is “NaN”"),
        ("1 2\n0/0 4", "row 2, column 1 is “0/0”, which divides by 0"),
        ("1 2\n3 x", "row 2, column 2 is “x”"),
        ("1 2 3 4\n" * 4, "larger than the input"),
    ):
        one.form.paste(text)
        assert said in one.form.problem.text()
        assert one.work.case is good


def test_a_huge_stride_leaves_one_window_or_is_refused(one: ArithmeticPlace) -> None:
    one.open("stride-1")
    type_field(one.form.texts["stride"], "1000")
    assert one.work.case.output_chw == (1, 1, 1)
    check_against_torch(one)
    good = one.work.case
    type_field(one.form.texts["stride"], "1001")
    assert "stride cannot be 1001" in one.form.problem.text()
    assert one.work.case is good


def test_random_numbers_come_from_the_seed(one: ArithmeticPlace) -> None:
    one.form.spins["seed"].setValue(5)
    one.form.draw.click()
    first = one.work.case
    assert one.form.spins["seed"].value() == 6
    one.form.draw.click()
    assert one.work.case != first
    one.form.spins["seed"].setValue(5)
    one.form.draw.click()
    assert one.work.case == first
    check_against_torch(one)


def test_the_input_comes_from_the_picture(qapp: QApplication) -> None:
    with desk(qapp) as it:
        it.show()
        it.load()
        key(it, "Ctrl+4")
        place = it.window.arithmetic
        assert place is not None
        assert it.window.places.currentWidget() is place
        frame = it.store.frame
        assert isinstance(frame, Frame)
        place.form.cut.click()
        height, width = frame.pixels.shape[:2]
        top, left = (height - 3) // 2, (width - 3) // 2
        wanted = frame.pixels[top : top + 3, left : left + 3].transpose(2, 0, 1)
        assert place.work.case.input_array.tolist() == wanted.tolist()
        place.form.spins["c"].setValue(2)
        place.form.cut.click()
        assert "An input of 2 channels cannot come from a picture" in place.form.problem.text()


def test_where_the_picture_is_cut_is_chosen(qapp: QApplication) -> None:
    with desk(qapp) as it:
        it.show()
        it.load()
        key(it, "Ctrl+4")
        place = it.window.arithmetic
        assert place is not None
        assert it.store.frame is not None
        pixels = it.store.frame.pixels
        height, width = pixels.shape[:2]
        picker = place.form.picker

        def shown(top: int, left: int) -> bool:
            wanted = pixels[top : top + 3, left : left + 3].transpose(2, 0, 1)
            return bool(place.work.case.input_array.tolist() == wanted.tolist()) and picker.at == (top, left)

        place.form.cut.click()
        assert picker.isVisible()
        assert shown((height - 3) // 2, (width - 3) // 2)
        picker.row.setValue(2)
        picker.column.setValue(height - 3)
        assert shown(2, height - 3)
        across, down = picker.view.width() / width, picker.view.height() / height
        QTest.mouseClick(
            picker.view, Qt.MouseButton.LeftButton, pos=QPoint(round(8.5 * across), round(5.5 * down))
        )  # column 8, row 5: the part's middle
        assert shown(4, 7)
        QTest.keyClick(picker.view, Qt.Key.Key_Left)
        QTest.keyClick(picker.view, Qt.Key.Key_Down)
        assert shown(5, 6)
        QTest.mouseClick(picker.view, Qt.MouseButton.LeftButton, pos=QPoint(1, 0))
        assert shown(0, 0), "the part lies in the picture"
        QTest.keyClick(picker.view, Qt.Key.Key_Escape)
        assert not picker.isVisible()
        key(it, "Ctrl+Z")
        assert place.work.case.input_array.tolist() == pixels[5:8, 6:9].transpose(2, 0, 1).tolist()
        place.form.cut.click()
        assert shown(0, 0), "it stays where it was put"
        picker.close()


def test_a_case_goes_out_and_comes_in_as_text(one: ArithmeticPlace, tmp_path: Path) -> None:
    one.open("two-filters")
    one.stage.tools["copy"].click()
    text = QGuiApplication.clipboard().text()
    assert from_json(text) == one.work.case
    changed = json.loads(text) | {"title": "Exercise 1", "padding": 1}
    QGuiApplication.clipboard().setText(json.dumps(changed))
    one.stage.tools["paste"].click()
    assert (one.work.case.title, one.work.case.output_chw, one.work.name) == ("Exercise 1", (2, 4, 4), "")
    assert one.presets.list.current() == ""
    assert one.stage._title.text() == "Exercise 1"
    check_against_torch(one)
    file = tmp_path / "과제 1.json"
    one.stage.tools.save_file(file)
    kept = one.work.case
    one.open("stride-1")
    one.stage.tools.open_file(file)
    assert one.work.case == kept


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no case"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "is no text"),
        (b'{"kind": "conv", "input": [[1, 2]], "filters"', "is no case"),
        (b'{"kind": "conv", "input": [[1, "x"]], "filters": [[[1]]]}', "is “x”"),
        (b'{"kind": "conv", "inptu": [[1]]}', "inptu"),
    ],
)
def test_a_file_that_holds_no_case_is_said(one: ArithmeticPlace, tmp_path: Path, content: bytes, said: str) -> None:
    good, file = one.work.case, tmp_path / "case.json"
    file.write_bytes(content)
    one.stage.tools.open_file(file)
    assert said in one.stage.problem.text()
    assert one.stage.problem.isVisible()
    assert one.work.case is good
    one.stage.tools.open_file(tmp_path / "gone.json")
    assert "gone.json" in one.stage.problem.text()
    one.open("stride-1")
    assert not one.stage.problem.isVisible()
    one.stage.tools.save_file(file / "case.json")  # a file where a folder should be
    assert one.stage.problem.isVisible()


def test_an_empty_clipboard_is_said(one: ArithmeticPlace) -> None:
    QGuiApplication.clipboard().setText(" ")
    one.stage.tools["paste"].click()
    assert one.stage.problem.text() == "The clipboard holds no text: copy a case first."


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
        place = it.window.arithmetic
        assert place is not None
        for name in PRESETS:
            place.open(name)
            QApplication.processEvents()
            least = it.window.minimumSizeHint()
            assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), (name, least)


def test_the_case_survives_a_change_of_language_and_theme(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", theme="dark", place="arithmetic")) as it:
        it.show()
        place = it.window.arithmetic
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
