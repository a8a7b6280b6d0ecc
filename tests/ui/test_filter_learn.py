"""The machine finds the filter: from the chosen one, from files, with bad numbers; and a filter from marked places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.filters.bank import BANK
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.sources import samples
from explorer.sources.picture import read
from explorer.values import Bytes
from tests.ui.filters import FilterDesk, by_torch, filter_desk, shown, type_text
from ui.panels.filter_detect import FilterDetect
from ui.panels.filter_learn import FilterLearn
from ui.widgets.loss_curve import thinned
from ui.widgets.number_grid import fitted

LECTURE = ("blur-horizontal", "blur-vertical", "box", "sharpen")


def sample(name: str) -> Bytes:
    return read(next(one.path() for one in samples() if one.file == name)).pixels


@pytest.fixture
def one(qapp: QApplication) -> Iterator[FilterDesk]:
    with filter_desk() as it:
        it.place.tabs.setCurrentIndex(2)
        it.show_picture(sample("chelsea.png"))
        yield it


def search(one: FilterDesk, answers: int) -> FilterLearn:
    """Start, let so many answers come, and stop."""
    learn = one.place.learn
    learn.start.click()
    for _n in range(answers):
        pending = one.engine.calculations[:]
        assert pending or not learn.recovering.running
        one.work(1)
    if learn.recovering.running:
        learn.start.click()
    one.work()
    return learn


def test_before_the_first_answer_it_says_what_it_does(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["sharpen"].filter)
    one.work()
    learn = one.place.learn
    asked = learn.view._empty_text
    learn.start.click()
    assert learn.view._empty_text != asked
    assert "first step" in learn.view._empty_text


@pytest.mark.parametrize("name", LECTURE)
def test_the_lectures_kernels_are_found_from_noise(one: FilterDesk, name: str) -> None:
    one.place.filtering.put(BANK[name].filter)
    one.work()
    learn = search(one, 160)
    found = learn._found
    assert found is not None
    assert found.progress.distance is not None
    assert found.progress.distance < 1e-2
    true, got = np.zeros((5, 5)), np.array(found.progress.kernel.weights)
    kernel = BANK[name].kernel
    assert isinstance(kernel, Kernel)
    (h, w), weights = kernel.shape, np.array(kernel.weights) * kernel.scale
    true[2 - h // 2 : 3 + h // 2, 2 - w // 2 : 3 + w // 2] = weights
    assert np.abs(got - true).max() < 1e-2
    losses = [loss for _step, loss in learn._points]
    assert losses[-1] < losses[0] / 100
    assert learn.found_grid.rows == found.progress.kernel.weights
    assert learn.figures.numbers[0][1] == str(found.progress.step)


def test_a_search_that_has_arrived_stops_by_itself_and_its_curve_keeps_its_fall(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["sharpen"].filter)
    one.work()
    learn = search(one, 400)
    assert learn._found is not None
    assert learn._found.arrived
    assert "change nothing" in learn.note.text()
    falling = [(step, loss) for step, loss in learn._points if step <= 100]
    many = [*learn._points, *((learn._points[-1][0] + step, 0.1) for step in range(1, 100_000))]
    kept = thinned(many)
    assert kept[: len(falling)] == falling, "no step of the fall is left out"
    assert kept[-1] == many[-1]
    assert len(kept) < 2000


def test_what_is_nearly_nothing_looks_so_but_a_tiny_number_that_was_typed_does_not(qapp: QApplication) -> None:
    metrics = QFontMetricsF(qapp.font())
    room = metrics.horizontalAdvance("9e−05")
    assert fitted(0.0000901234, metrics, room) == "≈0"
    assert fitted(0.00009, metrics, room) == "9e−05"


def test_a_step_is_one_step_and_plain_descent_does_not_arrive(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["sharpen"].filter)
    one.work()
    learn = one.place.learn
    for count in (1, 2, 3):
        learn.step.click()
        one.work()
        assert learn._found is not None
        assert learn._found.progress.step == count
    learn.descent.setCurrentIndex(learn.descent.findData("plain"))
    learn.descent.activated.emit(1)
    assert learn._found is None, "what was found was searched for otherwise"
    learn = search(one, 160)
    assert learn._found is not None
    assert learn._found.progress.distance is not None
    assert learn._found.progress.distance > 0.05


def test_a_kernel_too_small_leaves_an_error_and_one_too_large_has_zeros_around(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    learn = one.place.learn
    learn.side.setValue(3)
    small = search(one, 120)._found
    assert small is not None
    learn.side.setValue(7)
    large = search(one, 120)._found
    assert large is not None
    assert large.progress.error < 0.5 < small.progress.error
    assert abs(np.array(large.progress.kernel.weights)[0]).max() < 1e-2


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("rate", "x", "Rate"),
        ("rate", "0", "above 0"),
        ("rate", "1/0", "divides by 0"),
        ("noise", "-3", "noise"),
        ("noise", "nan", "Noise"),
    ],
)
def test_bad_numbers_are_said_and_nothing_begins(one: FilterDesk, field: str, text: str, told: str) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    learn = one.place.learn
    type_text(getattr(learn, field), text)
    learn.start.click()
    assert told in learn.problem.text()
    assert not learn.recovering.running
    type_text(getattr(learn, field), "0.5")
    assert not learn.problem.isVisible()


def test_a_rate_too_large_is_said_and_the_last_kernel_stays(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    type_text(one.place.learn.rate, "5")
    learn = search(one, 60)
    assert "choose a smaller one" in learn.problem.text()
    assert learn._found is not None
    assert not learn.recovering.running


def test_a_filter_whose_result_has_another_size_is_said(one: FilterDesk) -> None:
    one.place.filtering.put(Filter(BANK["box"].kernel, stride=2))
    one.work()
    learn = search(one, 1)
    assert "choose stride 1" in learn.problem.text()


def test_without_a_filter_it_says_what_to_do(one: FilterDesk) -> None:
    one.place.learn.start.click()
    assert "choose one in the bank" in one.place.learn.problem.text()


def test_the_found_kernel_is_tried_on_another_picture_and_used(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["sharpen"].filter)
    one.work()
    learn = search(one, 160)
    coffee = sample("coffee.png")
    one.show_picture(coffee)
    found = learn._found
    assert found is not None
    np.testing.assert_array_equal(found.result, shown(by_torch(coffee, Filter(found.progress.kernel))))
    assert found.progress.step > 100, "it was not begun anew"
    learn.use.click()
    assert one.store.recipe.filters[0].kernel == found.progress.kernel
    assert learn._found is found


def test_a_kernel_is_found_from_files_before_and_after(one: FilterDesk, tmp_path: Path) -> None:
    before = sample("chelsea.png")
    kernel = Kernel("", ((0.0, 0.2, 0.0), (-0.3, 0.8, 0.1), (0.0, 0.0, 0.1)))
    paths = [str(tmp_path / f"{name} ä.png") for name in ("before", "after")]
    Image.fromarray(before).save(paths[0])
    Image.fromarray(shown(by_torch(before, Filter(kernel)))).save(paths[1])
    learn = one.place.learn
    learn.origin.setCurrentIndex(learn.origin.findData("files"))
    learn.origin.activated.emit(1)
    learn.start.click()
    assert "Choose a picture before" in learn.problem.text()
    learn._files = paths
    learn.side.setValue(3)
    found = search(one, 200)._found
    assert found is not None
    assert found.progress.distance is None
    np.testing.assert_allclose(np.array(found.progress.kernel.weights), np.array(kernel.weights), atol=1e-2)
    Image.fromarray(before[:50]).save(paths[1])
    learn.anew.click()
    assert "one size" in search(one, 1).problem.text()
    Path(paths[1]).write_bytes(b"no picture")
    learn.anew.click()
    assert "not a picture" in search(one, 1).problem.text()


def test_it_searches_no_further_while_nobody_looks(one: FilterDesk) -> None:
    one.place.filtering.put(BANK["box"].filter)
    one.work()
    one.place.learn.start.click()
    one.work(2)
    one.place.tabs.setCurrentIndex(0)
    assert not one.place.learn.recovering.running
    one.work(3)
    assert not [lane for lane, _work in one.engine.calculations if lane == "learn"]


# marked places


def eyes() -> tuple[Bytes, tuple[tuple[int, int], ...]]:
    """Return a picture with four dark rings with a bright middle on noise, and where three of them are."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(90, 160, (140, 200, 3), dtype=np.uint8)
    y, x = np.mgrid[:140, :200]
    places = ((30, 40), (40, 150), (100, 60), (95, 160))
    for row, column in places:
        distance = np.hypot(y - row, x - column)
        pixels[(distance < 9) & (distance >= 4)] = 10
        pixels[distance < 4] = 245
    return pixels, places


def click(detect: FilterDetect, place: tuple[int, int]) -> None:
    rect = detect.picture.rect_of(place[0], place[1], place[0] + 1, place[1] + 1)
    QTest.mouseClick(detect.picture, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())


def test_a_filter_learned_from_marks_finds_the_one_that_was_not_marked(one: FilterDesk) -> None:
    detect = one.place.detect
    one.place.tabs.setCurrentIndex(3)
    pixels, places = eyes()
    one.show_picture(pixels)
    detect.side.setValue(21)
    for place in places[:3]:
        click(detect, place)
    assert len(detect.places) == 3
    click(detect, places[2])
    assert len(detect.places) == 2, "a click on a mark takes it away"
    detect.learn.click()
    one.work()
    found = detect.tried
    assert found is not None
    assert {min(range(4), key=lambda n: abs(places[n][0] - y) + abs(places[n][1] - x)) for y, x in found.places} == {
        0,
        1,
        2,
        3,
    }
    for y, x in found.places:
        assert min(max(abs(y - row), abs(x - column)) for row, column in places) <= 2
    assert detect.response.pixels is found.response.pixels
    one.show_picture(np.ascontiguousarray(pixels[:, ::-1]))
    assert detect.places == (), "marks belong to their picture"
    again = detect.tried
    assert again is not None
    assert again.detector is found.detector
    assert len(again.places) >= 4
    assert "another picture" in detect.note.text()
    detect.use.click()
    assert one.store.recipe.filters == (found.detector.filter,)


def test_without_marks_it_says_what_to_do(one: FilterDesk) -> None:
    one.place.tabs.setCurrentIndex(3)
    one.place.detect.learn.click()
    assert "click on what the filter should find" in one.place.detect.problem.text()


def test_a_window_larger_than_the_picture_is_said(one: FilterDesk) -> None:
    detect = one.place.detect
    one.place.tabs.setCurrentIndex(3)
    one.show_picture(eyes()[0][:20, :40])
    click(detect, (10, 10))
    detect.learn.click()
    one.work()
    assert "larger than the picture" in detect.problem.text()
    assert detect.learn.isEnabled()
    assert detect.tried is None
