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

from explorer.engine.events import Answered
from explorer.filters import own
from explorer.filters.bank import BANK
from explorer.filters.filter import BORDERS, Filter
from explorer.filters.kernel import Kernel, Magnitude
from explorer.questions import AnswerFound, AnswerTo
from explorer.settings import Settings
from explorer.values import Prediction
from tests.ui.desk import Desk, desk, key
from tests.ui.filters import FilterDesk, by_torch, filter_desk, picture, shown, type_text
from ui.places.filter import FilterPlace
from ui.widgets.filter_rows import box_of

OWN = Kernel("", ((1.0, 2.0, -3.0), (0.5, 4.0, 0.0), (0.0, -1.0, 1.0)), 0.25, 10.0)


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


def check_against_torch(one: FilterDesk) -> None:
    """Check what the result shows against torch, for a chain of one."""
    (filter_,), found = one.store.recipe.filters, one.place.filtering.found
    assert found is not None
    assert found.chain == (filter_,)
    expected = by_torch(found.frame.pixels, filter_)
    np.testing.assert_array_equal(one.place.filtering.found.pixels, shown(expected))  # type: ignore[union-attr]
    if filter_.signed:
        assert found.values is not None
        wanted = expected if expected.shape[2] == 3 else np.repeat(expected, 3, axis=2)
        np.testing.assert_allclose(found.values, wanted, atol=1e-3)
        assert one.place.result.bar.isVisible()
        assert one.place.result.result.pixels is found.shown.pixels  # type: ignore[union-attr]
    else:
        assert one.place.result.result.pixels is found.pixels


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


def test_correlation_and_convolution_are_said(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(OWN))
    assert "as in the lecture and in PyTorch" in one.place.kernel.note.text()
    one.place.filtering.edit(convolve=True)
    assert "turned by 180°" in one.place.kernel.note.text()


def test_the_chain_is_ordered_switched_and_undone(one: FilterDesk) -> None:
    place, box, sharpen, sobel = one.place, *(BANK[name].filter for name in ("box", "sharpen", "sobel-x"))
    place.bank.list.choose("box")
    QTest.keyClick(place.bank.list, Qt.Key.Key_Return)
    for name in ("sharpen", "sobel-x"):
        place.bank.list.choose(name)
        QTest.keyClick(place.bank.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert one.store.recipe.filters == (box, sharpen, sobel)
    assert place.filtering.chosen == place.chain.list.currentRow() == 2
    QTest.keyClick(place.chain.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert one.store.recipe.filters == (box, sobel, sharpen)
    assert place.filtering.chosen == 1
    QTest.keyClick(place.chain.list, Qt.Key.Key_Space)
    assert one.store.recipe.filters == (box, replace(sobel, enabled=False), sharpen)
    rect = box_of(place.chain.list.visualItemRect(place.chain.list.item(0)))
    QTest.mouseClick(place.chain.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert [each.enabled for each in one.store.recipe.filters] == [False, False, True]
    one.work()
    found = place.filtering.found
    assert found is not None
    np.testing.assert_array_equal(found.pixels, shown(by_torch(found.frame.pixels, sharpen)))
    place.chain.list.setCurrentRow(1)
    QTest.keyClick(place.chain.list, Qt.Key.Key_Delete)
    assert one.store.recipe.filters == (replace(box, enabled=False), sharpen)
    for _n in range(4):
        one.controller.undo()
    assert one.store.recipe.filters == (box, sharpen, sobel)
    assert place.chain.list.count() == 3
    one.controller.redo()
    assert one.store.recipe.filters == (box, sobel, sharpen)
    place.chain.clear.click()
    assert one.store.recipe.filters == ()
    assert place.chain.empty.isVisible()


def test_a_chain_is_dragged_into_another_order(one: FilterDesk) -> None:
    chain = tuple(BANK[name].filter for name in ("box", "sharpen", "sobel-x"))
    one.place.filtering.change(chain, 0)
    model = one.place.chain.list.model()
    assert model.moveRow(one.place.chain.list.rootIndex(), 0, one.place.chain.list.rootIndex(), 3)
    QTest.qWait(20)
    assert one.store.recipe.filters == (*chain[1:], chain[0])


def test_a_chain_goes_as_text_and_as_a_file(one: FilterDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chain = (Filter(OWN, "wrap", 2, 3, True, True, True, False), BANK["sobel-magnitude"].filter)
    panel = one.place.chain
    one.place.filtering.change(chain, 0)
    QTest.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "für alle"), ""))
    panel.save.click()
    path, content = one.engine.saved[-1]
    assert path.endswith("für alle.json")
    panel.clear.click()
    assert one.store.recipe.filters == ()
    panel.paste.click()
    assert one.store.recipe.filters == chain
    panel.clear.click()
    file = tmp_path / "chain ä.json"
    file.write_bytes(content)
    panel.open_file(file)
    assert one.store.recipe.filters == chain
    for bad in (b"", b"[", b"\xff\xfe", b'[{"kernel": 3}]', b"{}"):
        file.write_bytes(bad)
        panel.open_file(file)
        assert panel.problem.isVisible()
        assert one.store.recipe.filters == chain
    panel.open_file(tmp_path / "gone.json")
    assert "gone.json" in panel.problem.text()


def test_the_filter_after_another_gets_what_that_gives(one: FilterDesk) -> None:
    box, sobel = BANK["box"].filter, BANK["sobel-x"].filter
    one.place.filtering.change((box, sobel), 1)
    one.work()
    found = one.place.filtering.found
    assert found is not None
    blurred = shown(by_torch(found.frame.pixels, box))
    np.testing.assert_array_equal(found.before, blurred)
    np.testing.assert_allclose(found.after, by_torch(blurred, sobel), atol=1e-3)
    whole = one.place.impulse.whole.impulse
    assert whole is not None
    assert whole.values.shape == (7, 7)
    own_response = one.place.impulse.own.impulse
    assert own_response is not None
    np.testing.assert_allclose(own_response.values, np.array(BANK["sobel-x"].kernel.weights)[::-1, ::-1])  # type: ignore[union-attr]


def test_own_kernels_are_kept_shared_and_thrown_away(one: FilterDesk, tmp_path: Path) -> None:
    bank = one.place.bank
    one.place.filtering.put(Filter(OWN))
    bank.name.setText("Mein Kernel ä")
    QTest.keyClick(bank.name, Qt.Key.Key_Return)
    assert own.load()[0] == {"Mein Kernel ä": own.named(OWN, "Mein Kernel ä")}
    assert bank.list.current() == "own:Mein Kernel ä"
    for name, told in (("Mein Kernel ä", "already"), ("sharpen", "already"), (" ", "cannot be called")):
        bank.name.setText(name)
        bank.keep.click()
        assert told in bank.problem.text()
    shared = tmp_path / "für alle.toml"
    bank.save_file(shared)
    assert list(own.read(shared)) == ["Mein Kernel ä"]
    bank.list.choose("own:Mein Kernel ä")
    QTest.keyClick(bank.list, Qt.Key.Key_Delete)
    assert own.load()[0] == {}
    bank.open_file(shared)
    assert list(own.load()[0]) == ["Mein Kernel ä"]
    one.place.filtering.put(BANK["box"].filter)
    bank.put("own:Mein Kernel ä", False)
    one.work()
    assert one.store.recipe.filters[0].kernel == own.named(OWN, "Mein Kernel ä")
    check_against_torch(one)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[[kernel]]\nname = 'a'\n", b"kernel = 3", b"{"])
def test_a_broken_file_of_kernels_is_said(one: FilterDesk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kernels.toml"
    path.write_bytes(content)
    one.place.bank.open_file(path)
    assert str(path) in one.place.bank.problem.text()
    assert own.load()[0] == {}
    one.place.bank.open_file(tmp_path / "gone.toml")
    assert "not there" in one.place.bank.problem.text()
    one.place.bank.save_file(path / "in a file.toml")
    assert one.place.bank.problem.isVisible()


def test_sigma_makes_a_gaussian(one: FilterDesk) -> None:
    bank = one.place.bank
    bank.list.choose("gaussian")
    assert [spin.isVisible() for spin in bank.numbers] == [True, False]
    bank.numbers[0].setValue(2.0)
    one.work()
    kernel = one.store.recipe.filters[0].kernel
    assert isinstance(kernel, Kernel)
    assert kernel.shape == (13, 13)
    weights = np.array(kernel.weights)
    assert weights[6, 4] / weights[6, 6] == pytest.approx(np.exp(-0.5))
    check_against_torch(one)


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
        assert one.window.filter is None, "it is made when it is first wanted"
        key(one, "Ctrl+3")
        place = one.window.filter
        assert isinstance(place, FilterPlace)
        assert one.window.places.currentWidget() is place
        assert one.window._rail["place_filter"].isChecked()
        assert one.store.settings.place == "filter"
        place.result.maps.click()
        assert one.window.places.currentWidget() is one.window.explore


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("size", "scale"), [((1024, 640), 1.0), ((1280, 800), 1.0), ((1280, 800), 1.25), ((1920, 1080), 1.75)]
)
def test_the_place_fits(qapp: QApplication, language: str, size: tuple[int, int], scale: float) -> None:
    settings = Settings(language=language, theme="dark", font_scale=scale, place="filter")
    with desk(qapp, settings=settings) as one:
        one.show(*size)
        one.load()
        place = one.window.filter
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
