"""Where a case's numbers come from: typed, pasted, drawn, cut from a picture, from files; and what is none of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.arithmetic.case import Case
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.written import from_json
from explorer.values import Frame
from tests.ui.arithmetic import arithmetic_place, check_against_torch, choose, type_cell, type_field
from tests.ui.desk import desk, key
from ui.places.arithmetic import ArithmeticPlace

CASES = [name for name, one in PRESETS.items() if isinstance(one.subject, Case)]


@pytest.fixture
def one(qapp: QApplication) -> Iterator[ArithmeticPlace]:
    with arithmetic_place() as place:
        yield place


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("stride", "two", "Stride cannot be “two”"),
        ("stride", "0", "Stride cannot be 0"),
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
        ("1 2\n3", "row 2 has 1 and the first has 2"),
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
    assert "Stride cannot be 1001" in one.form.problem.text()
    assert one.work.case is good


def test_random_numbers_come_from_the_seed(one: ArithmeticPlace) -> None:
    one.form.spins["seed"].setValue(5)
    one.form.draw.click()
    first = one.work.case
    assert one.form.spins["seed"].value() == 5  # of the numbers that show
    one.form.draw.click()
    assert one.form.spins["seed"].value() == 6
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
        place = it.window.places.arithmetic
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
        place = it.window.places.arithmetic
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
