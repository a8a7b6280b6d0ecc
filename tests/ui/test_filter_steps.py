"""The window that walks over the picture: every number of a step, the lecture's two windows, and its speed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.filters.bank import BANK
from explorer.filters.filter import Chain, Filter
from explorer.filters.kernel import Kernel
from explorer.filters.steps import Walk
from tests.ui.desk import until
from tests.ui.filters import OWN, FilterDesk, by_torch, filter_desk, picture, shown
from ui.panels.filter_steps import SPEEDS, FilterSteps
from ui.widgets.step_view import StepView


@pytest.fixture
def one(qapp: QApplication) -> Iterator[FilterDesk]:
    with filter_desk() as it:
        it.place.tabs.setCurrentIndex(1)
        it.show_picture(picture())
        yield it


def steps_on(one: FilterDesk, filter_: Filter) -> FilterSteps:
    """Put a filter in and return the panel that walks with it."""
    one.place.filtering.put(filter_)
    one.work()
    return one.place.steps


def type_level(one: FilterDesk, row: int, column: int, text: str) -> None:
    """Type into a cell of the numbers that are walked over."""
    grid = one.place.steps.given
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.rect_of(row, column).center().toPoint())
    QTest.keyClick(grid, Qt.Key.Key_F2)
    QTest.keyClick(grid._field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(grid._field, text)
    QTest.keyClick(grid._field, Qt.Key.Key_Return)
    one.work()


def test_the_lectures_two_windows_and_other_numbers_typed_in(one: FilterDesk) -> None:
    steps = one.place.steps
    steps.lecture.click()
    one.work()
    assert steps.step is not None
    assert steps.step.parts[0].products.tolist() == [[0, -8, 0], [-19, 96, -7], [0, -14, 0]]
    assert steps.step_view.lines() == ["Sum 48 × 1/4 = 12", "Result: 12"]
    assert str(steps.grown.rows) == "((12.0, nan),)"
    QTest.mouseClick(steps.buttons["next"], Qt.MouseButton.LeftButton)
    assert steps.step.parts[0].products.tolist() == [[0, -9, 0], [-12, 56, -17], [0, -30, 0]]
    assert steps.step_view.lines() == ["Sum −12 × 1/4 = −3", "Result: 0, clipped to 0 … 255"]
    assert steps.grown.rows == ((12.0, 0.0),)
    type_level(one, 1, 2, "200")
    numbers = np.array([[18, 8, 9, 6], [19, 12, 200, 17], [13, 14, 30, 12]], np.uint8)
    (filter_,) = one.store.recipe.filters
    expected = by_torch(numbers[:, :, None].repeat(3, 2), filter_)
    assert steps.step is not None
    assert steps.step.value == pytest.approx(expected[0, 1, 0])
    assert steps.grown.rows == (tuple(shown(expected)[0, :, 0].tolist()),)
    one.place.kernel.border.setCurrentIndex(one.place.kernel.border.findData("zero"))
    one.place.kernel.border.activated.emit(0)
    steps.jump_to(2, 3)
    expected = by_torch(numbers[:, :, None].repeat(3, 2), replace(filter_, border="zero"))
    np.testing.assert_allclose(np.array(steps.grown.rows), shown(expected)[:, :, 0])


@pytest.mark.parametrize("own", [(), (BANK["box"].filter, BANK["sobel-x"].filter)])
def test_the_lectures_numbers_only_borrow_the_place_of_the_chosen_filter(one: FilterDesk, own: Chain) -> None:
    steps, filtering = one.place.steps, one.place.filtering
    filtering.change(own, 0)
    steps.lecture.click()
    assert one.store.recipe.filters != own
    steps.lecture.click()
    assert one.store.recipe.filters == own
    steps.lecture.click()
    filtering.edit(stride=2)
    changed = one.store.recipe.filters
    steps.lecture.click()
    assert one.store.recipe.filters == changed, "what a person changed meanwhile stays"


@pytest.mark.parametrize("text", ["256", "-1", "x", "1/0"])
def test_what_is_no_pixel_is_said_and_the_last_numbers_stay(one: FilterDesk, text: str) -> None:
    steps = one.place.steps
    steps.lecture.click()
    before = steps.given.rows
    type_level(one, 0, 0, text)
    assert steps.problem.isVisible()
    assert steps.given.rows == before
    type_level(one, 0, 0, "77")
    assert not steps.problem.isVisible()
    assert steps.given.rows[0][0] == 77.0


@pytest.mark.parametrize(
    "filter_",
    [
        BANK["sharpen"].filter,
        Filter(OWN, "reflect", 2, 2, True, False, True),
        Filter(OWN, "valid", 1, 1, False, True),
        BANK["sobel-magnitude"].filter,
    ],
)
def test_every_number_of_a_step_is_torchs(one: FilterDesk, filter_: Filter) -> None:
    steps, found = steps_on(one, filter_), one.place.filtering.found
    assert found is not None
    expected = by_torch(found.frame.pixels, filter_)
    h, w = expected.shape[:2]
    for y, x in ((0, 0), (h // 2, w // 3), (h - 1, w - 1)):
        for channel in range(expected.shape[2]):
            steps.channel.setCurrentIndex(channel)
            steps.channel.activated.emit(channel)
            steps.jump_to(y, x)
            step = steps.step
            assert step is not None
            assert steps.place == (y, x)
            assert step.value == pytest.approx(expected[y, x, channel], abs=1e-9)
            for part in step.parts:
                assert part.sum == pytest.approx((step.window * part.weights).sum())
                assert part.value == pytest.approx(part.sum * part.scale + part.offset)
            told = " ".join(steps.step_view.lines())
            assert f"{step.parts[0].sum:.6g}".replace("-", "−") in told
            if filter_.signed:
                assert step.result == step.value
            else:
                assert step.result == shown(expected)[y, x, channel]


def test_where_a_half_goes_is_told(qapp: QApplication) -> None:
    walk, view = Walk(np.array([[5.0, 7.0, 9.0]]), Filter(Kernel("", ((1.0,),), 0.25))), StepView()
    told = []
    for x in range(3):
        view.show_step(walk.at(0, x, 0), False)
        told.append(view.lines()[-1])
    assert told == ["Result: 1, rounded", "Result: 2, rounded", "Result: 2, rounded"]
    walk = Walk(np.array([[5.0, 7.0]]), Filter(Kernel("", ((1.0,),), 0.5)))
    for x, result in enumerate((2, 4)):
        view.show_step(walk.at(0, x, 0), False)
        assert view.lines()[-1] == f"Result: {result}, rounded: a half goes to the even number"


def test_keys_and_mouse_move_the_window(one: FilterDesk) -> None:
    steps = steps_on(one, BANK["sharpen"].filter)
    steps.jump_to(5, 5)
    for pressed, place in (
        (Qt.Key.Key_Right, (5, 6)),
        (Qt.Key.Key_Down, (6, 6)),
        (Qt.Key.Key_Left, (6, 5)),
        (Qt.Key.Key_Up, (5, 5)),
    ):
        QTest.keyClick(steps.picture, pressed)
        assert steps.place == place
    QTest.keyClick(steps.picture, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert steps.place == (5, 15)
    box = steps.picture.rect_of(12, 20, 13, 21)
    QTest.mouseClick(steps.picture, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert steps.place == (12, 20)
    assert (steps.picture.window_box.top(), steps.picture.window_box.left()) == (11, 19)
    assert (steps.result.window_box.top(), steps.result.window_box.left()) == (12, 20)
    steps.jump_to(5, 31)
    steps.buttons["next"].click()
    assert steps.place == (6, 0), "around the end of a row"
    steps.buttons["previous"].click()
    assert steps.place == (5, 31)
    steps.slider.setValue(40)
    assert steps.place == (1, 8)
    steps.buttons["to-start"].click()
    assert steps.place == (0, 0)
    steps.buttons["previous"].click()
    assert steps.place == (0, 0)


def test_near_shows_the_window_large(one: FilterDesk) -> None:
    steps = steps_on(one, BANK["box"].filter)
    one.show_picture(picture((200, 300)))
    steps.jump_to(150, 250)
    steps.near.click()
    box = steps.picture.window_box
    rect = steps.picture.rect_of(box.top(), box.left(), box.bottom(), box.right())
    assert steps.picture.rect().contains(rect.toAlignedRect())
    assert rect.width() / 5 >= 22
    steps.near.click()
    assert steps.picture.viewport is not None
    assert steps.picture.viewport.fitted


def test_the_result_grows(one: FilterDesk) -> None:
    steps = steps_on(one, BANK["sharpen"].filter)
    steps.jump_to(10, 16)
    image = steps.result.grab().toImage()
    found = one.place.filtering.found
    assert found is not None

    def colour(y: int, x: int) -> tuple[int, ...]:
        at: QPoint = steps.result.rect_of(y, x, y + 1, x + 1).center().toPoint()
        return image.pixelColor(at).getRgb()[:3]

    assert colour(9, 31) == tuple(found.pixels[9, 31])
    assert colour(10, 10) == tuple(found.pixels[10, 10])
    blank = colour(20, 20)
    assert blank == colour(10, 20) == colour(23, 31)


def test_at_sixty_steps_a_second_none_is_left_out(one: FilterDesk) -> None:
    steps = steps_on(one, BANK["box"].filter)
    one.show_picture(picture((300, 451)))
    steps.jump_to(100, 100)
    places: list[tuple[int, int]] = []
    show = steps.step_view.show_step

    def remember(step: object, signed: bool) -> None:
        show(step, signed)  # type: ignore[arg-type]
        places.append(steps.place)

    steps.step_view.show_step = remember  # type: ignore[method-assign]
    steps.speed.setCurrentIndex(SPEEDS.index(60))
    steps.play()
    until(lambda: len(places) >= 60)
    steps.play()
    assert not steps.playing
    first = 100 * 451 + 100
    assert [y * 451 + x for y, x in places] == [first + n for n in range(1, len(places) + 1)], "none is left out"


def test_it_stops_at_the_end_and_while_nobody_looks(one: FilterDesk) -> None:
    steps = steps_on(one, BANK["sharpen"].filter)
    steps.jump_to(23, 20)
    steps.speed.setCurrentIndex(SPEEDS.index(1000))
    steps.play()
    until(lambda: not steps.playing)
    assert steps.place == (23, 31)
    steps.play()
    assert steps.place == (0, 0), "from the end it begins anew"
    assert steps.playing
    one.place.tabs.setCurrentIndex(0)
    assert not steps.playing


def test_without_a_filter_it_says_what_to_do(one: FilterDesk) -> None:
    steps = one.place.steps
    one.place.filtering.change((), 0)
    one.work()
    assert "Click a filter" in steps.picture.message
    assert not steps.buttons["play"].isEnabled()
    steps.play()
    assert not steps.playing
    steps_on(one, BANK["box"].filter)
    assert steps.picture.message == ""
    assert steps.step is not None
