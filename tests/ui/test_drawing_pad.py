"""The drawing pad: strokes by mouse, pen and keys become the source, step by step, and no frame starves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from explorer.engine.events import NetworkReady, Problem, ResultReady
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.sources.drawing import CANVAS, ERASER, PEN, WIDTHS, Drawing, Stroke
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, key, until
from ui import theme
from ui.actions import COMMANDS
from ui.panels.source import SourcePanel
from ui.widgets import drawing_pad
from ui.widgets.drawing_pad import DrawingPad


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench(Recipe(network="sample", source=Source("drawing", "")))


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[SourcePanel]:
    shown = SourcePanel(bench.store, bench.controller)
    shown.resize(380, 420)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def at(pad: DrawingPad, x: int, y: int) -> QPoint:
    """Where a point of the pad's own units lies in the widget."""
    square = pad.canvas()
    return QPointF(square.x() + x * square.width() / CANVAS, square.y() + y * square.height() / CANVAS).toPoint()


def press(pad: DrawingPad, x: int, y: int) -> None:
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=at(pad, x, y))


def move(pad: DrawingPad, x: int, y: int) -> None:
    QTest.mouseMove(pad, at(pad, x, y))


def release(pad: DrawingPad, x: int, y: int) -> None:
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=at(pad, x, y))


def line(pad: DrawingPad, *points: tuple[int, int]) -> None:
    press(pad, *points[0])
    for point in points[1:]:
        move(pad, *point)
    release(pad, *points[-1])


def drawn(bench: samples.Bench) -> Drawing:
    """What the newest wish has."""
    source = bench.engine.wishes[-1].source if bench.engine.wishes else bench.store.recipe.source
    assert source.kind == "drawing"
    return Drawing.from_text(source.where)


def near(found: tuple[tuple[int, int], ...], wanted: tuple[tuple[int, int], ...]) -> bool:
    return len(found) == len(wanted) and bool(np.abs(np.subtract(found, wanted)).max() <= 1)


def test_a_stroke_becomes_the_source(bench: samples.Bench, panel: SourcePanel) -> None:
    line(panel.pad, (60, 40), (60, 200), (200, 200))
    (stroke,) = drawn(bench).strokes
    assert (stroke.tool, stroke.width) == ("pen", PEN)
    assert near(stroke.points, ((60, 40), (60, 200), (200, 200)))


def test_a_click_is_a_dot(bench: samples.Bench, panel: SourcePanel) -> None:
    line(panel.pad, (140, 140))
    assert near(drawn(bench).strokes[0].points, ((140, 140),))


def test_every_stroke_is_one_step(bench: samples.Bench, panel: SourcePanel) -> None:
    line(panel.pad, (60, 40), (60, 200), (80, 220), (100, 240))
    first = drawn(bench)
    line(panel.pad, (100, 40), (200, 40))
    both = drawn(bench)
    assert len(both.strokes) == 2
    assert not panel.pad.busy
    panel.tools.undo.click()
    assert drawn(bench) == panel.pad.drawing == first
    bench.controller.undo()
    assert drawn(bench) == Drawing()
    assert not bench.controller.can_undo
    assert not panel.tools.undo.isEnabled()
    bench.controller.redo()
    bench.controller.redo()
    assert drawn(bench) == panel.pad.drawing == both


def test_while_one_frame_is_looked_at_no_other_is_wished(bench: samples.Bench, panel: SourcePanel) -> None:
    """The engine drops the result of an older drawing: a wish for each move would let a slow network answer none."""
    bench.load()
    bench.give()
    panel._pace.setInterval(0)
    press(panel.pad, 40, 40)
    wished = len(bench.engine.wishes)
    for x in range(50, 200, 10):
        move(panel.pad, x, 60)
    until(lambda: not panel._pace.isActive())
    panel._pace.setInterval(1_000_000)
    assert len(bench.engine.wishes) == wished, "the first dot is still looked at"
    bench.give()
    assert len(bench.engine.wishes) == wished + 1
    assert len(drawn(bench).strokes[0].points) == 16, "the newest wins"
    move(panel.pad, 200, 90)
    bench.give()
    assert len(bench.engine.wishes) == wished + 1, "not more often than the pace"
    panel._pace.start(0)
    until(lambda: len(bench.engine.wishes) == wished + 2)
    move(panel.pad, 200, 120)
    release(panel.pad, 200, 120)
    assert len(drawn(bench).strokes[0].points) == 18, "the whole stroke, at once"


@pytest.mark.parametrize("stuck", ["loading", "failed"])
def test_without_an_answer_it_goes_on_at_its_pace(bench: samples.Bench, panel: SourcePanel, stuck: str) -> None:
    if stuck == "failed":
        bench.load()
        bench.controller.report(Problem("frame", SourceError("It failed.")))
    press(panel.pad, 40, 40)
    wished = len(bench.engine.wishes)
    move(panel.pad, 90, 90)
    until(lambda: len(bench.engine.wishes) > wished)
    assert len(drawn(bench).strokes[0].points) == 2
    release(panel.pad, 90, 90)


def test_a_result_does_not_take_the_stroke_back(bench: samples.Bench, panel: SourcePanel) -> None:
    press(panel.pad, 40, 40)
    move(panel.pad, 90, 90)
    now = panel.pad.drawing
    bench.controller.adjust(top=3)
    bench.give()
    assert panel.pad.drawing == now
    release(panel.pad, 90, 90)


def test_the_eraser_and_the_width(bench: samples.Bench, panel: SourcePanel) -> None:
    panel.tools.eraser.click()
    assert panel.pad.line_width == panel.tools.line.value() == ERASER
    panel.tools.line.setValue(52)
    line(panel.pad, (50, 50), (100, 50))
    panel.tools.pen.click()
    assert panel.tools.line.value() == PEN, "each tool has its own width"
    line(panel.pad, (50, 90), (100, 90))
    assert [(stroke.tool, stroke.width) for stroke in drawn(bench).strokes] == [("eraser", 52), ("pen", PEN)]


def test_by_keyboard(bench: samples.Bench, panel: SourcePanel) -> None:
    pad = panel.pad
    pad.setFocus()
    QTest.keyClick(pad, Qt.Key.Key_X)
    assert pad.tool == "eraser"
    assert panel.tools.eraser.isChecked()
    QTest.keyClick(pad, Qt.Key.Key_X)
    for _ in range(30):
        QTest.keyClick(pad, Qt.Key.Key_Plus)
    assert pad.line_width == panel.tools.line.value() == WIDTHS[1]
    for _ in range(30):
        QTest.keyClick(pad, Qt.Key.Key_Minus)
    assert pad.line_width == WIDTHS[0]
    line(pad, (50, 50), (100, 50))
    QTest.keyClick(pad, Qt.Key.Key_Delete)
    assert drawn(bench) == pad.drawing == Drawing()
    bench.controller.undo()
    assert len(pad.drawing.strokes) == 1


def test_clear_is_there_when_there_is_something(bench: samples.Bench, panel: SourcePanel) -> None:
    assert not panel.tools.clear.isEnabled()
    line(panel.pad, (50, 50), (100, 50))
    assert panel.tools.clear.isEnabled()
    panel.tools.clear.click()
    assert drawn(bench) == Drawing()
    assert not panel.tools.clear.isEnabled()


def tablet(pad: DrawingPad, kind: QEvent.Type, x: int, y: int, pointer: QPointingDevice.PointerType) -> None:
    place = QPointF(at(pad, x, y))
    device = QPointingDevice(
        "pen",
        1,
        QPointingDevice.DeviceType.Stylus,
        pointer,
        QPointingDevice.Capability.Position,
        1,
        1,
    )
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind,
        device,
        place,
        place,
        1.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        Qt.KeyboardModifier.NoModifier,
        left,
        none if kind == QEvent.Type.TabletRelease else left,
    )
    QApplication.sendEvent(pad, event)
    assert event.isAccepted()


@pytest.mark.parametrize(
    ("pointer", "tool"),
    [(QPointingDevice.PointerType.Pen, "pen"), (QPointingDevice.PointerType.Eraser, "eraser")],
)
def test_a_tablets_pen_draws_and_its_other_end_erases(
    bench: samples.Bench, panel: SourcePanel, pointer: QPointingDevice.PointerType, tool: str
) -> None:
    tablet(panel.pad, QEvent.Type.TabletPress, 40, 40, pointer)
    tablet(panel.pad, QEvent.Type.TabletMove, 80, 90, pointer)
    tablet(panel.pad, QEvent.Type.TabletRelease, 80, 90, pointer)
    (stroke,) = drawn(bench).strokes
    assert stroke.tool == tool
    assert near(stroke.points, ((40, 40), (80, 90)))


def test_a_finger_draws(bench: samples.Bench, panel: SourcePanel) -> None:
    screen, window = QTest.createTouchDevice(), panel.window().windowHandle()

    def touch(kind: str, x: int, y: int) -> None:
        sequence = QTest.touchEvent(window, screen)
        getattr(sequence, kind)(0, panel.pad.mapTo(panel.window(), at(panel.pad, x, y)), window)
        sequence.commit()
        QApplication.processEvents()

    touch("press", 60, 60)
    touch("move", 120, 180)
    touch("release", 120, 180)
    (stroke,) = drawn(bench).strokes
    assert near((stroke.points[0], stroke.points[-1]), ((60, 60), (120, 180)))


def test_a_stroke_that_leaves_the_pad_stays_in_it(bench: samples.Bench, panel: SourcePanel) -> None:
    press(panel.pad, 200, 140)
    QTest.mouseMove(panel.pad, QPoint(5000, -4000))
    QTest.mouseRelease(panel.pad, Qt.MouseButton.LeftButton, pos=QPoint(5000, -4000))
    assert near(drawn(bench).strokes[0].points, ((200, 140), (CANVAS, 0)))


def test_the_pad_shows_light_on_dark(bench: samples.Bench, panel: SourcePanel) -> None:
    line(panel.pad, (60, 140), (220, 140))
    panel.tools.eraser.click()
    line(panel.pad, (140, 140))
    image = panel.pad.grab().toImage()

    def colour(x: int, y: int) -> str:
        return QColor(image.pixel(at(panel.pad, x, y))).name()

    assert colour(80, 140) == colour(205, 140) == "#ffffff"
    assert colour(140, 140) == colour(60, 60) == "#000000"


def test_what_is_no_drawing_leaves_an_empty_pad(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.controller.change(source=Source("drawing", "1;p24 1,1"))
    assert len(panel.pad.drawing.strokes) == 1
    bench.controller.change(source=Source("drawing", "2;rubbish"))
    assert panel.pad.drawing == Drawing()
    line(panel.pad, (50, 50), (90, 90))
    assert len(drawn(bench).strokes) == 1, "and one can go on"


def test_a_restored_session_has_its_drawing(qapp: QApplication) -> None:
    text = Drawing((Stroke("pen", 20, ((10, 20), (30, 40))),)).to_text()
    recipe = Recipe.from_json(Recipe(source=Source("drawing", text)).to_json())
    bench = samples.Bench(recipe)
    panel = SourcePanel(bench.store, bench.controller)
    assert panel.pad.drawing.to_text() == text
    panel.deleteLater()


def test_the_pad_takes_the_place_of_the_samples(bench: samples.Bench, panel: SourcePanel) -> None:
    assert panel.pad.isVisible()
    assert panel.tools.isVisible()
    assert not panel.gallery.isVisible()
    assert panel.view.isVisible(), "what the network gets, beside it"
    small = panel.view.width()
    bench.controller.change(source=Source())
    assert not panel.pad.isVisible()
    assert panel.gallery.isVisible()
    QApplication.processEvents()
    assert panel.view.width() > small


def test_the_last_drawing_and_the_last_picture_are_kept(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.controller.change(source=Source("sample", "coffee.png"))
    bench.give()
    drawing = Source("drawing", "1;p24 5,5")
    bench.controller.change(source=drawing)
    bench.give()
    assert bench.controller.still == Source("sample", "coffee.png")
    assert bench.controller.drawing == drawing


def offered(panel: SourcePanel) -> bool:
    return panel.findChild(QPushButton).isVisible()


def test_lenet_is_offered_where_the_network_knows_no_digits(bench: samples.Bench, panel: SourcePanel) -> None:
    assert not offered(panel), "nothing is known of a network that is not there yet"
    bench.load()
    assert offered(panel)
    assert bench.store.recipe.network == "sample", "nothing is forced"
    panel.findChild(QPushButton).click()
    assert bench.store.recipe.network == "lenet5"
    assert drawn(bench) == Drawing()
    assert not offered(panel), "it comes"
    info = samples.network(bench.graph)
    digits = replace(info, card=replace(info.card, name="lenet5"), labels="digits")
    bench.controller.on_event(NetworkReady(digits))
    assert not offered(panel)


def test_a_picture_is_offered_no_lenet(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.load()
    bench.controller.change(source=Source())
    assert not offered(panel)


def test_it_fits_the_column(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.load()
    assert offered(panel)
    assert panel.minimumSizeHint().width() <= 285


@pytest.mark.parametrize(("width", "height"), [(286, 324), (285, 600), (286, 240), (452, 401), (700, 300)])
def test_the_pad_is_as_large_as_the_panel_allows_and_the_tools_stay_reachable(
    bench: samples.Bench, panel: SourcePanel, width: int, height: int
) -> None:
    info = samples.network(bench.graph)
    bench.controller.change(network="lenet5")
    bench.controller.on_event(NetworkReady(replace(info, card=replace(info.card, name="lenet5"), labels="digits")))
    panel.resize(width, height)
    QApplication.processEvents()
    QTest.qWait(0)
    side, wide, high = panel.pad.canvas().width(), width - 22, height - 22 - 24  # without border, margins and heading
    assert side >= min(wide, high - 65), "tools and picture below it take that much at most"
    assert side >= min(wide - 90, high - 15), "and beside it that much"
    tools = panel.tools
    for control in (tools.pen, tools.eraser, tools.undo, tools.clear, tools.line):
        assert min(control.width(), control.height()) >= 12
        assert panel.rect().contains(QRect(control.mapTo(panel, QPoint()), control.size()))


def test_every_control_has_a_name_and_says_its_key(panel: SourcePanel) -> None:
    tools = panel.tools
    for control in (panel.pad, tools.pen, tools.eraser, tools.undo, tools.clear, tools.line):
        assert control.accessibleName()
        assert control.focusPolicy() != Qt.FocusPolicy.NoFocus
    assert "Ctrl+Z" in tools.undo.toolTip()
    assert "Delete" in tools.clear.toolTip()


def test_of_a_long_drawing_only_the_new_stroke_is_painted(
    bench: samples.Bench, panel: SourcePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    strokes = tuple(
        Stroke("pen", 20, tuple((int(x), int(y)) for x, y in rng.integers(0, CANVAS, (40, 2)))) for _ in range(400)
    )
    painted: list[Stroke] = []
    monkeypatch.setattr(drawing_pad, "_paint", lambda _painter, stroke: painted.append(stroke))
    bench.controller.change(source=Source("drawing", Drawing(strokes).to_text()))
    QApplication.processEvents()
    assert len(painted) == 400
    press(panel.pad, 10, 10)
    for x in range(20, 120, 5):
        move(panel.pad, x, 20)
        panel.pad.repaint()
    assert not set(painted[400:]) & set(strokes)
    release(panel.pad, 120, 20)


def test_results_of_the_drawing_show_in_the_preview(bench: samples.Bench, panel: SourcePanel) -> None:
    result = samples.result(bench.store.recipe, bench.graph)
    bench.controller.on_event(ResultReady(result))
    assert panel.view.pixels is result.frame.pixels


def test_draw_by_its_key_and_back_to_the_picture(one: Desk) -> None:
    key(one, "F5")
    assert one.store.recipe.source == Source("drawing", "")
    assert one.application.window.explore.source.pad.hasFocus()
    assert one.window.commands["draw"].isChecked()
    assert not one.window.commands["picture"].isChecked()
    line(one.window.explore.source.pad, (60, 60), (200, 200))
    one.give()
    drawing = one.store.recipe.source
    key(one, "F5")  # once more changes nothing
    assert one.store.recipe.source == drawing
    assert one.window.commands["draw"].isChecked()
    key(one, "F2")
    assert one.store.recipe.source == Source(), "the last picture"
    key(one, "F5")
    assert one.store.recipe.source == drawing, "and the last drawing"
    assert one.controller.session.source == drawing
    assert one.window.windowTitle()


def test_the_keys_of_the_pad_are_in_the_keyboards_table() -> None:
    texts = [command.text for commands in COMMANDS.values() for command in commands]
    assert any("drawing pad" in text for text in texts)


def test_nothing_of_a_drawing_is_cut_away(bench: samples.Bench, panel: SourcePanel) -> None:
    bench.give()
    assert panel.view.crop is None
    bench.controller.change(source=Source())
    bench.give()
    assert panel.view.crop is not None
