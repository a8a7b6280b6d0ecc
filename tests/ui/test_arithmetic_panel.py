"""The arithmetic of a unit, in the window: a real network answers; what is shown is what torch alone computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from torch.nn import functional

from explorer import frame_path
from explorer.engine.events import Answered, FieldsReady, NetworkInfo, NetworkReady, Problem, ResultReady
from explorer.errors import NetworkError
from explorer.opened.values import Opened
from explorer.questions import Open, answer
from explorer.receptive.analyse import analyse
from explorer.recipe import Recipe, Unit
from explorer.session import Network, Session
from explorer.values import Frame, Source
from tests.ui import samples
from tests.ui.desk import until
from ui.panels.arithmetic import ArithmeticPanel
from ui.places.explore import Explore
from ui.widgets import arithmetic_words as words
from ui.widgets.numbers import number

PICTURE = Frame(np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8), "noise")
UNIT = Unit("c3", 2, 4, 5)
STILL = Source("sample", "noise")


class Rig:
    """Explore with LeNet-5 that has seen the picture, its arithmetic in front; ``reply`` lets it answer."""

    def __init__(self, network: Network, source: Source = STILL) -> None:
        self.network = network
        start = Recipe(network="lenet5", source=source).with_(layer="c3", channel=2, unit=(4, 5))
        self.bench = samples.Bench(start)
        self.engine, self.store, self.controller = self.bench.engine, self.bench.store, self.bench.controller
        self.explore = Explore(self.store, self.controller)
        self.explore.resize(1224, 690)
        self.explore.show()
        self.panel: ArithmeticPanel = self.explore.arithmetic
        weights = "lenet5" if network.trained else "none"
        info = NetworkInfo(network.card, network.graph, weights, network.trained, "digits", "cpu", 1)
        self.controller.on_event(NetworkReady(info))
        self.controller.on_event(FieldsReady(network.card.name, network.graph, analyse(network.graph)))
        self.give()
        self.done = 0

    def give(self, frame: Frame = PICTURE) -> None:
        self.controller.on_event(ResultReady(frame_path.run(self.network, frame, self.store.recipe)))

    def front(self) -> None:
        until(lambda: self.explore.columns.isVisible())
        self.explore.columns.bring_forward(self.panel)
        assert self.panel.isVisible()

    @property
    def asked(self) -> list[Open]:
        return [question for question in self.engine.questions if isinstance(question, Open)]

    def reply(self) -> Opened:
        """Answer all that was asked, also what follows from an answer."""
        found = None
        while self.done < len(self.asked):
            question = self.asked[self.done]
            self.done += 1
            try:
                found = answer(self.network, question)
            except NetworkError as error:
                self.controller.on_event(Problem("question", error, None, "", question))
                continue
            assert isinstance(found, Opened)
            self.controller.on_event(Answered(question, found))
        assert isinstance(found, Opened)
        return found


@pytest.fixture(scope="module")
def network() -> Network:
    return Session().open("lenet5", "", None, "cpu")


@pytest.fixture
def rig(qapp: QApplication, network: Network) -> Iterator[Rig]:
    made = Rig(network)
    yield made
    made.explore.close()
    made.explore.deleteLater()


def test_nothing_is_asked_while_nobody_looks(rig: Rig) -> None:
    assert not rig.asked
    rig.front()
    assert len(rig.asked) == 1
    assert rig.asked[0].unit == UNIT
    assert "once more" in rig.panel.note.text()


def test_what_is_shown_is_what_torch_computes(rig: Rig) -> None:
    rig.front()
    rig.reply()
    x = rig.network.prepare(PICTURE).tensor
    with torch.inference_mode():
        module = rig.network.module
        below = module.s2(module.relu1(module.c1(x)))
        expected = functional.conv2d(below, module.c3.weight, module.c3.bias)[0, 2, 4, 5]
        patch = below[0, :, 4:9, 5:10]
        products = (patch * module.c3.weight[2]).double()
    opened, panel = rig.panel.opened, rig.panel
    assert opened is not None
    assert opened.value == pytest.approx(float(expected), rel=1e-6)
    assert panel.value.text() == f"c 2, y 4, x 5 = {number(float(expected))}"
    assert opened.total == pytest.approx(float(products.sum()), rel=1e-6)
    assert panel.formula.text() == "y = Σ w·x + b"
    assert "150 cells" in panel.words.text()
    rows = panel.table.model()
    assert rows.rowCount() == 40 + 3  # the rest, Σ and the bias
    largest = float(products.flatten()[products.abs().argmax()])
    assert rows.index(0, 3).data() == words.short(largest)
    assert rows.index(40, 0).data() == "110 more"
    assert rows.index(42, 0).data() == "+ b"
    assert rows.index(42, 1).data() == words.short(float(module.c3.bias.detach()[2]))
    assert "difference" in panel.result.text()
    assert not panel.note.isVisible()


def test_the_window_shows_the_channel_of_the_current_row_and_its_numbers(rig: Rig) -> None:
    rig.front()
    rig.reply()
    panel, opened = rig.panel, rig.panel.opened
    assert opened is not None
    assert opened.window is not None
    for row in (0, 7, 3):
        panel.table.setCurrentIndex(panel.table.model().index(row, 0))
        cell = opened.terms[row].cell
        assert cell is not None
        assert panel.window_view.channel == cell.channel
        assert str(cell.channel) in panel.under.text()
    assert panel.window_view.isVisible()
    spot = panel.window_view.rect_of(1, 2).center().toPoint()
    QTest.mouseClick(panel.window_view, Qt.MouseButton.LeftButton, pos=spot)
    assert panel.units[-1] == Unit("s2", panel.window_view.channel, 5, 7)


def test_a_click_walks_down_to_the_pixel_and_the_trail_leads_back(rig: Rig) -> None:
    rig.front()
    way = [rig.reply()]
    while way[-1].unit.layer != "input":
        row = rig.panel.table.visualRect(rig.panel.table.model().index(0, 0)).center()
        QTest.mouseClick(rig.panel.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
        way.append(rig.reply())
        assert rig.panel.opened is way[-1]
        assert way[-1].value == way[-2].terms[0].value
    assert [one.op for one in way] == ["conv2d", "max_pool2d", "relu", "conv2d", "input"]
    assert "255" in rig.panel.formula.text() or "mean" in rig.panel.formula.text()
    assert rig.panel.trail.count() == 5
    rig.panel.back.click()
    assert rig.reply().unit == way[-2].unit
    rig.panel.table.setFocus()
    QTest.keyClick(rig.panel.table, Qt.Key.Key_Backspace)
    assert rig.reply().unit == way[-3].unit
    rig.panel.trail.setCurrentIndex(0)
    rig.panel.trail.activated.emit(0)
    assert rig.reply().unit == UNIT
    assert not rig.panel.back.isEnabled()


def test_enter_walks_too(rig: Rig) -> None:
    rig.front()
    first = rig.reply()
    rig.panel.table.setCurrentIndex(rig.panel.table.model().index(2, 0))
    QTest.keyClick(rig.panel.table, Qt.Key.Key_Return)
    assert rig.panel.units == (UNIT, first.terms[2].cell)
    rig.reply()


def test_the_command_brings_it_forward(rig: Rig) -> None:
    until(lambda: rig.explore.columns.isVisible())
    assert not rig.panel.isVisible()
    rig.explore.handlers()["arithmetic"]()
    assert rig.panel.isVisible()
    assert rig.reply().unit == UNIT


def test_a_rows_sum_is_no_way_down(rig: Rig) -> None:
    rig.front()
    rig.reply()
    rig.panel.table.setCurrentIndex(rig.panel.table.model().index(41, 0))
    QTest.keyClick(rig.panel.table, Qt.Key.Key_Return)
    assert rig.panel.units == (UNIT,)


def test_another_unit_is_opened_and_the_way_begins_anew(rig: Rig) -> None:
    rig.front()
    found = rig.reply()
    rig.panel.walk(found.terms[0].cell)
    rig.reply()
    rig.controller.change(unit=(1, 1))
    assert rig.panel.units == (Unit("c3", 2, 1, 1),)
    assert rig.reply().unit == Unit("c3", 2, 1, 1)


def test_the_map_that_a_number_is_on_can_be_shown(rig: Rig) -> None:
    rig.front()
    cell = rig.reply().terms[0].cell
    assert cell is not None
    assert not rig.panel.go.isEnabled()
    rig.panel.walk(cell)
    rig.panel.go.click()
    recipe = rig.store.recipe
    assert (recipe.layer, recipe.channel, recipe.unit) == (cell.layer, cell.channel, (cell.y, cell.x))


def test_another_picture_is_opened_anew(rig: Rig) -> None:
    rig.front()
    before = rig.reply()
    other = Frame(np.flip(PICTURE.pixels, 0).copy(), "noise")
    rig.give(other)
    after = rig.reply()
    assert rig.asked[-1].frame is other
    assert after.value != before.value
    assert rig.panel.opened is after


def test_a_moving_picture_is_followed_only_where_the_unit_is_locked_and_questions_never_queue(network: Network) -> None:
    rig = Rig(network, Source("demo", ""))
    assert rig.store.live
    rig.front()
    rig.reply()
    count = len(rig.asked)
    frames = [replace(PICTURE, index=n, pixels=np.roll(PICTURE.pixels, n, 0)) for n in range(1, 5)]
    rig.give(frames[0])
    until(lambda: not rig.store.result_changed.waiting)
    assert len(rig.asked) == count
    assert "lock it (L)" in rig.panel.note.text()
    rig.explore.areas.toggle_lock()
    assert len(rig.asked) == count + 1
    for frame in frames[1:]:
        rig.give(frame)
    until(lambda: not rig.store.result_changed.waiting)
    assert len(rig.asked) == count + 1  # one is on its way
    rig.reply()
    assert len(rig.asked) == count + 2  # and the newest after it, none between
    assert rig.asked[-1].frame is frames[-1]
    assert not rig.panel.note.isVisible()
    rig.explore.close()
    rig.explore.deleteLater()


def test_no_unit_yet(rig: Rig) -> None:
    rig.controller.change(unit=None)
    rig.front()
    assert "Choose a unit first" in rig.panel.note.text()
    assert not rig.panel.table.isVisible()
    assert not rig.panel.copy.isEnabled()


def test_what_cannot_be_opened_is_told_in_place_and_the_way_back_stays(rig: Rig) -> None:
    rig.front()
    rig.reply()
    rig.panel.walk(Unit("s2", 0, 99, 99))
    question = rig.asked[-1]
    with pytest.raises(NetworkError) as told:
        answer(rig.network, question)
    rig.done += 1
    rig.controller.on_event(Problem("question", told.value, None, "", question))
    assert rig.panel.note.text() == str(told.value)
    assert "question" not in rig.store.problems
    assert not rig.panel.table.isVisible()
    rig.panel.back.click()
    rig.reply()
    assert rig.panel.table.isVisible()


def test_copied_as_text_and_as_csv(rig: Rig) -> None:
    rig.front()
    found = rig.reply()
    rig.panel.as_text.trigger()
    text = QApplication.clipboard().text()
    assert text.startswith("c3 [2, 4, 5]")
    assert words.full(found.value) in text
    rig.panel.as_csv.trigger()
    rows = list(csv.reader(io.StringIO(QApplication.clipboard().text())))
    assert rows[0] == ["what", "layer", "channel", "y", "x", "value", "weight", "product"]
    terms = [row for row in rows if row[0] == "term"]
    assert len(terms) == 40
    total = sum(float(row[5]) * float(row[6]) for row in terms)
    rest = next(float(row[7]) for row in rows if row[0] == "110 more")
    bias = next(float(row[5]) for row in rows if row[0] == "+ b")
    assert total + rest + bias == pytest.approx(found.value, rel=1e-5)


def test_untrained_is_said() -> None:
    rig = Rig(Session().open("lenet5", "none", None, "cpu"))
    rig.front()
    rig.reply()
    assert rig.panel._badge.text() == "untrained"
    rig.explore.close()
    rig.explore.deleteLater()


def test_everything_has_a_name_and_is_reached_by_keyboard(rig: Rig) -> None:
    rig.front()
    found = rig.reply()
    rig.panel.walk(found.terms[0].cell)
    rig.reply()
    panel = rig.panel
    for widget in (panel.back, panel.go, panel.copy, panel.trail, panel.table):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert panel.window_view.accessibleName()


def test_the_table_and_its_numbers_have_room_at_the_smallest_size(rig: Rig) -> None:
    rig.front()
    rig.reply()
    table = rig.panel.table
    until(lambda: table.viewport().width() > 0)
    used = sum(table.columnWidth(column) for column in range(4) if not table.isColumnHidden(column))
    assert used <= table.viewport().width()
    metrics = table.fontMetrics()
    for row in range(20):
        for column in (1, 2, 3):
            text = table.model().index(row, column).data()
            assert metrics.horizontalAdvance(text) + 6 <= table.columnWidth(column), text


def test_numbers_of_one_window_have_one_form(qapp: QApplication) -> None:
    from ui.widgets.window_view import alike

    metrics = QFontMetricsF(QFont())
    room = max(map(metrics.horizontalAdvance, ("10.00", "−2.50")))
    write = alike(np.array([10.0, -2.5, 0.92498, 0.0, 1e-4]), metrics, room)
    assert [write(value) for value in (10.0, -2.5, 0.92498, 0.0, 1e-4)] == ["10.00", "−2.50", "0.92", "0.00", "≈0"]
    whole = np.array([3.0, -12.0])
    assert [alike(whole, metrics, room)(value) for value in whole] == ["3", "−12"]
    assert alike(np.array([0.004, 0.001]), metrics, room)(0.004) == "0.004"


def test_a_cell_of_padding_in_the_picture_is_no_way_down() -> None:
    from explorer.opened.values import Window
    from ui.widgets.window_view import WindowView

    outside = np.array([[True, True], [False, False]])
    window = Window("x", 4, np.array([-1, 0]), np.array([2, 3]), np.ones((2, 2, 2)), None, outside, outside)
    view, clicked = WindowView(), []
    view.resize(200, 100)
    view.show_window(window, 5)
    view.show()
    view.opened.connect(clicked.append)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect_of(0, 1).center().toPoint())
    assert not clicked
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect_of(1, 1).center().toPoint())
    assert clicked == [Unit("x", 5, 0, 3)]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(190, 90))
    assert len(clicked) == 1
