"""The filter place: every preset with other numbers typed in, against torch; options, chain, own bank and mistakes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from explorer import settings as preferences
from explorer.engine.events import Answered
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, MOST_STRIDE, Filter
from explorer.filters.kernel import Kernel, Magnitude
from explorer.questions import AnswerFound, AnswerTo
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import Prediction
from tests.ui.desk import Desk, desk, key
from tests.ui.filters import OWN, FilterDesk, check_against_torch, filter_desk, picture, type_text
from ui.places.filter import FilterPlace


@pytest.fixture
def one(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilterDesk]:
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(tmp_path / "home"))
    with filter_desk() as it:
        it.show_picture(picture())
        yield it


def type_weight(one: FilterDesk, row: int, column: int, text: str) -> None:
    """Choose a cell of the kernel and type into it."""
    grid = one.place.kernel.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.rect_of(row, column).center().toPoint())
    QTest.keyClicks(grid, text[0])
    QTest.keyClicks(grid._field, text[1:])
    QTest.keyClick(grid._field, Qt.Key.Key_Return)
    one.work()


@pytest.mark.parametrize("name", BANK)
def test_every_preset_with_other_numbers_typed_in(one: FilterDesk, name: str) -> None:
    one.place.bank.list.choose(name)
    QTest.keyClick(one.place.bank.list, Qt.Key.Key_Return)
    one.work()
    assert one.store.recipe.filters == (BANK[name].filter,)
    check_against_torch(one)
    kernel = BANK[name].kernel
    rows, columns = kernel.shape
    type_weight(one, 0, 0, "-3")
    type_weight(one, rows - 1, columns - 1, "7/2")
    type_text(one.place.kernel.scale, "1/8")
    type_text(one.place.kernel.offset, "20")
    if isinstance(kernel, Magnitude):
        one.place.kernel.parts[1].click()
        type_weight(one, rows - 1, 0, "1.5")
    one.work()
    edited = one.store.recipe.filters[0].kernel
    of_x = edited.x if isinstance(edited, Magnitude) else edited
    assert (of_x.weights[0][0], of_x.weights[-1][-1]) in ((-3.0, 3.5), (3.5, 3.5))
    assert (of_x.scale, of_x.offset) == (0.125, 20.0)
    if isinstance(edited, Magnitude):
        assert edited.y.weights[-1][0] == 1.5
    check_against_torch(one)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(
    ("stride", "dilation", "convolve", "grey", "signed"),
    [(1, 1, True, False, False), (2, 1, False, True, True), (3, 2, True, False, True)],
)
def test_every_option_against_torch(
    one: FilterDesk, border: str, stride: int, dilation: int, convolve: bool, grey: bool, signed: bool
) -> None:
    panel = one.place.kernel
    one.place.filtering.put(Filter(OWN))
    for chooser, value in (
        (panel.border, border),
        (panel.turns, convolve),
        (panel.colours, grey),
        (panel.keeps, signed),
    ):
        chooser.setCurrentIndex(chooser.findData(value))
        chooser.activated.emit(chooser.currentIndex())
    panel.stride.setValue(stride)
    panel.dilation.setValue(dilation)
    one.work()
    wanted = Filter(OWN, border, stride, dilation, convolve, grey, signed)  # type: ignore[arg-type]
    assert one.store.recipe.filters == (wanted,)
    check_against_torch(one)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("two", "“two”: type a number"),
        ("0/0", "divides by 0"),
        ("nan", "“nan”: type a number"),
        ("1e9", "1000000"),
        ("3..5", "type a number"),
    ],
)
def test_what_is_no_weight_is_said_in_place_and_the_last_kernel_stays(one: FilterDesk, text: str, told: str) -> None:
    one.place.filtering.put(Filter(OWN))
    one.work()
    before, panel = one.place.filtering.found, one.place.kernel
    type_weight(one, 1, 1, text)
    assert told in panel.problem.text()
    assert panel.problem.isVisible()
    assert panel.grid.typing, "what was typed stays, to be mended"
    assert one.store.recipe.filters == (Filter(OWN),)
    assert one.place.filtering.found is before
    type_text(panel.grid._field, "¼")
    one.work()
    assert not panel.problem.isVisible()
    assert one.store.recipe.filters[0].kernel.weights[1][1] == 0.25  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["x", "0/0", "1/0", ""])
def test_what_is_no_scale_is_said_in_place(one: FilterDesk, text: str) -> None:
    one.place.filtering.put(Filter(OWN))
    one.work()
    panel = one.place.kernel
    type_text(panel.scale, text or " ")
    assert "scale" in panel.problem.text().lower()
    assert panel.scale.property("wrong") is True
    assert one.store.recipe.filters == (Filter(OWN),)
    type_text(panel.scale, "½")
    assert not panel.problem.isVisible()
    assert one.store.recipe.filters[0].kernel.scale == 0.5  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "weights", "scale"),
    [
        ("0\t-1\t0\n-1\t8\t-1\n0\t-1\t0\n", ((0.0, -1.0, 0.0), (-1.0, 8.0, -1.0), (0.0, -1.0, 0.0)), 1.0),
        ("array([[1., 2.],\n       [3., 4.]])", ((1.0, 2.0), (3.0, 4.0)), 1.0),
        ("1/4 * [[0, 1], [2, 3]]", ((0.0, 1.0), (2.0, 3.0)), 0.25),
        ('{"weights": [[1, 2, 3]], "scale": 0.5}', ((1.0, 2.0, 3.0),), 0.5),
    ],
)
def test_kernels_are_pasted(one: FilterDesk, text: str, weights: object, scale: float) -> None:
    QGuiApplication.clipboard().setText(text)
    QTest.keyClick(one.place.kernel.grid, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    one.work()
    kernel = one.store.recipe.filters[0].kernel
    assert isinstance(kernel, Kernel)
    assert (kernel.weights, kernel.scale) == (weights, scale)
    check_against_torch(one)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 2 3\n4 5", "row 2"),
        ("[[1, 2], [3]]", "row 2"),
        ("", "no text"),
        ("1 " * 16, "at most 15"),
        ("[[1, nan]]", "nan"),
        ("{", "JSON"),
    ],
)
def test_what_is_no_kernel_is_not_pasted(one: FilterDesk, text: str, told: str) -> None:
    one.place.filtering.put(Filter(OWN))
    QGuiApplication.clipboard().setText(text)
    one.place.kernel.tools["paste"].click()
    assert told in one.place.kernel.problem.text()
    assert one.store.recipe.filters == (Filter(OWN),)


def test_a_copied_kernel_is_pasted_as_it_was(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(replace(OWN, scale=1.0, offset=0.0)))
    one.place.kernel.tools["copy"].click()
    before = one.store.recipe.filters
    one.place.filtering.put(BANK["box"].filter)
    one.place.kernel.paste(QGuiApplication.clipboard().text())
    assert one.store.recipe.filters == before


def test_a_kernel_larger_than_the_picture_is_said_and_the_last_result_stays(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    before = one.place.filtering.found
    one.place.filtering.edit(border="valid", dilation=7)
    one.work()
    assert "use a smaller kernel" in one.place.chain.problem.text()
    assert one.place.filtering.found is before
    one.place.filtering.edit(dilation=1)
    one.work()
    assert not one.place.chain.problem.isVisible()
    check_against_torch(one)


def test_the_kernel_is_resized_around_its_middle_and_turned(one: FilterDesk) -> None:
    panel = one.place.kernel
    one.place.filtering.put(Filter(Kernel("", ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)))))
    panel.rows.setValue(5)
    assert panel.kernel.weights[0] == panel.kernel.weights[4] == (0.0, 0.0, 0.0)
    panel.rows.setValue(1)
    assert panel.kernel.weights == ((4.0, 5.0, 6.0),)
    for tool, wanted in (
        ("flip-horizontal", ((6.0, 5.0, 4.0),)),
        ("rotate", ((6.0,), (5.0,), (4.0,))),
        ("flip-vertical", ((4.0,), (5.0,), (6.0,))),
    ):
        panel.tools[tool].click()
        assert panel.kernel.weights == wanted
    panel.tools["normalise"].click()
    assert panel.kernel.scale == pytest.approx(1 / 15)
    one.place.filtering.put(BANK["laplacian"].filter)
    panel.tools["normalise"].click()
    assert "add up to 0" in panel.problem.text()
    assert one.store.recipe.filters == (BANK["laplacian"].filter,)


def test_an_even_kernel_says_where_its_result_lies(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(OWN))
    assert "even" not in one.place.kernel.note.text()
    one.place.kernel.columns.setValue(4)
    one.work()
    assert "An even side has no middle" in one.place.kernel.note.text()
    check_against_torch(one)


def test_a_huge_stride_leaves_a_pixel_and_no_larger_one_can_be_chosen(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(OWN))
    panel = one.place.kernel
    panel.stride.setValue(100_000)
    one.work()
    assert panel.stride.value() == MOST_STRIDE == one.store.recipe.filters[0].stride
    assert one.place.filtering.found is not None
    assert one.place.filtering.found.pixels.shape == (1, 1, 3)
    check_against_torch(one)


@pytest.mark.parametrize("border", BORDERS)
def test_an_even_kernel_at_every_border(one: FilterDesk, border: str) -> None:
    one.place.filtering.put(Filter(Kernel("", ((1.0, -2.0), (3.0, 4.0)), 0.25), border))  # type: ignore[arg-type]
    one.work()
    check_against_torch(one)


def test_correlation_and_convolution_are_said(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(OWN))
    assert "as in the lecture and in PyTorch" in one.place.kernel.note.text()
    one.place.filtering.edit(convolve=True)
    assert "turned by 180°" in one.place.kernel.note.text()


def test_split_difference_and_export(one: FilterDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = one.place.result
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    found = one.place.filtering.found
    assert found is not None
    result.modes["split"].click()
    line = QPoint(int(result.split._line()), result.split.height() // 2)
    QTest.mousePress(result.split, Qt.MouseButton.LeftButton, pos=line)
    QTest.mouseMove(result.split, QPoint(result.split.width() // 2 - 100, line.y()))
    QTest.mouseRelease(result.split, Qt.MouseButton.LeftButton, pos=line)
    assert result.split.share < 0.5
    share = result.split.share
    QTest.keyClick(result.split, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert result.split.share > share
    result.modes["difference"].click()
    one.work()
    found = one.place.filtering.found
    assert found is not None
    assert found.difference is not None
    expected = found.pixels.astype(int) - found.frame.pixels.astype(int)
    np.testing.assert_array_equal(found.difference.values, expected)
    assert result.difference.pixels is found.difference.pixels
    assert result.bar.isVisible()
    one.place.filtering.edit(stride=2)
    one.work()
    assert "another size" in result.difference.message
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "result"), ""))
    result.export.click()
    path, content = one.engine.saved[-1]
    assert path == str(tmp_path / "result.png")
    found = one.place.filtering.found
    assert found is not None
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), found.pixels)


def test_both_pictures_move_together(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["sharpen"].filter)
    one.work()
    result = one.place.result
    result.original.zoom(3.0)
    assert result.result.viewport == result.original.viewport
    result.result.fit()
    assert result.original.viewport is not None
    assert result.original.viewport.fitted


def test_a_newer_wish_wins_and_nothing_is_reckoned_twice(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.place.filtering.put(BANK["sharpen"].filter)
    assert len({id(work) for _lane, work in one.engine.calculations}) == 2
    one.work()
    found = one.place.filtering.found
    assert found is not None
    assert found.chain == (BANK["sharpen"].filter,)
    one.controller.change(channel=3)
    assert not one.engine.calculations
    one.place.hide()
    one.place.filtering.put(BANK["box"].filter)
    assert not one.engine.calculations, "nobody looks"
    one.place.show()
    one.work()
    check_against_torch(one)


def test_the_answers_to_both_pictures_are_beside_each_other(one: FilterDesk) -> None:
    one.load()
    one.place.filtering.put(BANK["box"].filter)
    one.give()
    (question,) = (each for each in one.engine.questions if isinstance(each, AnswerTo))
    assert question.frame is one.store.frame
    one.give()
    asked = [each for each in one.engine.questions if isinstance(each, AnswerTo)]
    assert asked == [question], "while one is on its way no other is asked for"
    before = (Prediction(7, "class 7", 0.9), Prediction(0, "class 0", 0.05))
    one.controller.on_event(Answered(question, AnswerFound(before)))
    rows = one.place.answers.table.rows
    assert [(row.label, row.before, row.after) for row in rows][:2] == [
        ("class 0", 0.05, 0.425),
        ("class 1", None, 0.329),
    ]
    assert (rows[-1].label, rows[-1].before, rows[-1].after) == ("class 7", 0.9, None)
    assert "from “class 7” to “class 0”" in one.place.answers.note.text()
    assert len([each for each in one.engine.questions if isinstance(each, AnswerTo)]) == 2, "a newer picture came"


def test_without_filters_both_answers_are_one(one: FilterDesk) -> None:
    one.load()
    one.give()
    assert not [each for each in one.engine.questions if isinstance(each, AnswerTo)]
    first = one.place.answers.table.rows[0]
    assert (first.before, first.after) == (0.425, 0.425)


def test_the_place_is_in_the_rail_and_leads_to_explore(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        assert one.window.places.filter is None, "it is made when it is first wanted"
        key(one, "Ctrl+3")
        place = one.window.places.filter
        assert isinstance(place, FilterPlace)
        assert one.window.places.currentWidget() is place
        assert one.window._rail["place_filter"].isChecked()
        assert one.store.settings.place == "filter"
        place.result.maps.click()
        assert one.window.places.currentWidget() is one.window.explore


def test_the_tab_and_the_chosen_filter_are_there_after_a_restart(qapp: QApplication) -> None:
    recipe = Recipe(network="sample", filters=(BANK["sharpen"].filter, BANK["identity"].filter))
    with desk(qapp, recipe=recipe, settings=Settings(language="en", place="filter")) as one:
        one.show()
        first = one.window.places.filter
        assert first is not None
        assert (first.tabs.currentIndex(), first.filtering.chosen) == (0, 0)
        first.tabs.setCurrentIndex(2)
        first.filtering.choose(1)
    kept, problem = preferences.load()
    assert problem is None
    with desk(qapp, recipe=recipe, settings=kept) as one:
        one.show()
        again = one.window.places.filter
        assert again is not None
        assert again.learn.isVisible()
        assert again.tabs.currentIndex() == 2
        assert again.filtering.filter == BANK["identity"].filter
        again.filtering.remove()
        assert one.store.settings.filter_chosen == 0
    with desk(qapp, recipe=recipe.with_(filters=()), settings=kept) as one:  # its chain is gone meanwhile
        one.show()
        assert one.window.places.filter is not None
        assert one.window.places.filter.filtering.filter is None


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("size", "scale"), [((1024, 640), 1.0), ((1280, 800), 1.0), ((1280, 800), 1.25), ((1920, 1080), 1.75)]
)
def test_the_place_fits(qapp: QApplication, language: str, size: tuple[int, int], scale: float) -> None:
    settings = Settings(language=language, theme="dark", font_scale=scale, place="filter")
    with desk(qapp, settings=settings) as one:
        one.show(*size)
        one.load()
        place = one.window.places.filter
        assert place is not None
        check_fits(one, place, size)


def check_fits(one: Desk, place: FilterPlace, size: tuple[int, int]) -> None:
    for page in range(place.tabs.count()):
        place.tabs.setCurrentIndex(page)
        QApplication.processEvents()
        least = one.window.minimumSizeHint()
        assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), (page, least)
        for title in place.findChildren(QLabel, "title"):
            if title.isVisible():
                assert title.width() >= title.sizeHint().width(), title.text()
