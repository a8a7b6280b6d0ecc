"""What a cell sees: outlined on the picture as the rules say, at once, on any frame, and told in words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from torch import Tensor, nn

from explorer.engine.events import FieldsReady, NetworkReady, ResultReady
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.receptive.analyse import analyse
from explorer.receptive.values import Area
from explorer.recipe import MOST_LOCKED, Recipe, Unit
from explorer.values import Frame, Geometry, Source
from tests.ui import samples
from tests.ui.desk import Desk, desk, key
from ui.areas import real_cells
from ui.panels.unit import describe
from ui.widgets.area_marks import LOCKED, Outline
from ui.widgets.picture_view import PictureView


class Small(nn.Module):
    """Two convolutions with padding, a dilated one, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 5, 2, 2)
        self.second = nn.Conv2d(8, 8, 3, 1, 1)
        self.wide = nn.Conv2d(8, 8, 3, 1, 2, dilation=6)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.second(self.first(x)))
        return self.head(self.wide(x).mean((2, 3)))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return trace(Small().eval(), torch.zeros(1, 3, 224, 224))


@pytest.fixture
def one(qapp: QApplication, graph: Graph) -> Iterator[Desk]:
    with desk(qapp, recipe=Recipe(network="sample", layer="second")) as it:
        it.graph = graph
        it.show()
        it.send(NetworkReady(samples.network(graph)))
        it.give()
        it.send(FieldsReady("sample", graph, analyse(graph)))
        yield it


def give(one: Desk, seed: int = 0) -> None:
    """Let a frame arrive, with the values of locked units made up."""
    result = samples.result(one.store.recipe, one.graph, seed=seed)
    values = tuple(float(100 * seed + n) for n in range(len(one.store.recipe.locked)))
    one.send(ResultReady(replace(result, locked=values)))


def point(one: Desk, view: QWidget, place: QPointF, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """Move the pointer over ``view``."""
    kind = QEvent.Type.MouseMove
    where = view.mapToGlobal(place)
    event = QMouseEvent(kind, place, where, Qt.MouseButton.NoButton, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


def cell(one: Desk, y: int, x: int) -> QPointF:
    """Return where a cell lies in the large map."""
    rect = one.window.explore.channel.map.rect_of(y, x, y + 1, x + 1)
    return rect.center()


def in_picture(area: Area) -> tuple[float, ...]:
    """Return the box on the picture of ``samples.result``: 300/256 px a cell, from (18.75, 94.25) on."""
    s = 300 / 256
    y0, x0, y1, x1 = map(float, area.box)
    return 18.75 + y0 * s, 94.25 + x0 * s, 18.75 + y1 * s, 94.25 + x1 * s


@pytest.mark.parametrize("unit", [(0, 0), (0, 57), (111, 111), (50, 3), (60, 60)])
def test_the_outline_is_the_units_area_as_the_rules_say(one: Desk, unit: tuple[int, int]) -> None:
    source = one.window.explore.source.view
    wishes = len(one.engine.wishes)
    point(one, one.window.explore.channel.map, cell(one, *unit))
    (outline,) = source.outlines
    area = analyse(one.graph).area("second", unit)
    assert outline.box == pytest.approx(in_picture(area))
    assert outline.inside == pytest.approx((18.75, 94.25, 281.25, 356.75))
    assert len(one.engine.wishes) == wishes, "hovering must ask nothing of the engine"
    (cells,) = one.window.explore.network_input.view.outlines
    assert cells.box == tuple(map(float, area.box))
    QApplication.sendEvent(one.window.explore.channel.map, QEvent(QEvent.Type.Leave))
    assert source.outlines == ()


def test_a_cell_of_the_mosaic_is_one_of_its_own_channel(one: Desk) -> None:
    mosaic = one.window.explore.maps.mosaic
    rect = mosaic.tile_rect(5)
    point(one, mosaic, QPointF(rect.left() + rect.width() * 0.25, rect.top() + rect.height() * 0.75))
    hovered = one.window.explore.areas.hovered
    assert hovered is not None
    assert (hovered.layer, hovered.channel) == ("second", 5)
    assert abs(hovered.y - 84) <= 4
    assert abs(hovered.x - 28) <= 4
    assert "channel 5" in one.window.explore.unit.lines[1]
    (outline,) = one.window.explore.source.view.outlines
    assert outline.box == pytest.approx(in_picture(analyse(one.graph).area("second", (hovered.y, hovered.x))))


def test_dragging_sweeps_and_chooses_where_it_ends(one: Desk) -> None:
    map_ = one.window.explore.channel.map
    QTest.mousePress(map_, Qt.MouseButton.LeftButton, pos=cell(one, 10, 10).toPoint())
    boxes = set()
    for at in (20, 40, 80):
        point(one, map_, cell(one, at, at), Qt.MouseButton.LeftButton)
        boxes.add(one.window.explore.source.view.outlines[-1].box)
    assert len(boxes) == 3
    QTest.mouseRelease(map_, Qt.MouseButton.LeftButton, pos=cell(one, 80, 80).toPoint())
    unit = one.store.recipe.unit
    assert unit is not None
    assert max(abs(place - 80) for place in unit) <= 1


def test_it_stays_on_a_moving_picture(one: Desk) -> None:
    one.controller.change(source=Source("demo", ""), unit=(3, 4))
    for seed in (1, 2, 3):
        give(one, seed)
        area = analyse(one.graph).area("second", (3, 4))
        (outline,) = one.window.explore.source.view.outlines
        assert outline.box == pytest.approx(in_picture(area))
        assert one.window.explore.source.view.pixels is one.store.frame.pixels  # type: ignore[union-attr]
    assert one.store.live


def test_another_geometry_moves_the_outline_and_a_foreign_picture_has_none(one: Desk) -> None:
    one.controller.change(unit=(10, 10))
    result = samples.result(one.store.recipe, one.graph)
    frame = Frame(np.zeros((112, 448, 3), np.uint8), "wide")
    way = Geometry((112, 448), (224, 224), (0.5, 2.0), (0.0, 0.0))
    one.send(ResultReady(replace(result, frame=frame, filtered=frame, geometry=way)))
    y0, x0, y1, x1 = map(float, analyse(one.graph).area("second", (10, 10)).box)
    (outline,) = one.window.explore.source.view.outlines
    assert outline.box == (y0 / 2, x0 * 2, y1 / 2, x1 * 2)
    one.send(ResultReady(replace(result, geometry=way)))  # a picture of another size than the geometry's
    assert one.window.explore.source.view.outlines == ()


def test_arrows_move_the_unit_where_a_map_has_the_focus(one: Desk) -> None:
    explore = one.window.explore
    one.controller.change(unit=(10, 10))
    explore.channel.map.setFocus()
    QTest.keyClick(explore.channel.map, Qt.Key.Key_Right)
    QTest.keyClick(explore.channel.map, Qt.Key.Key_Down)
    assert one.store.recipe.unit == (11, 11)
    explore.maps.mosaic.setFocus()
    QTest.keyClick(explore.maps.mosaic, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert one.store.recipe.unit == (11, 10)
    (outline,) = explore.source.view.outlines
    assert outline.box == pytest.approx(in_picture(analyse(one.graph).area("second", (11, 10))))
    QTest.keyClick(explore.maps.mosaic, Qt.Key.Key_Right)
    assert one.store.recipe.channel == 1


def test_units_are_locked_listed_with_their_values_and_removed(one: Desk) -> None:
    explore = one.window.explore
    for n, unit in enumerate([(0, 0), (50, 50), (111, 20)]):
        one.controller.change(unit=unit, channel=n)
        key(one, "L")
    one.controller.change(unit=None, layer="first")
    give(one, 7)
    assert one.store.recipe.locked == tuple(
        Unit("second", n, *unit) for n, unit in enumerate([(0, 0), (50, 50), (111, 20)])
    )
    drawn = explore.source.view.outlines
    assert [(o.colour, o.label) for o in drawn] == [(colour, str(n + 1)) for n, colour in enumerate(LOCKED[:3])]
    rows = explore.unit._locked._rows
    assert [row._value.text() for row in rows] == ["= 700.0", "= 701.0", "= 702.0"]
    remove = rows[1].findChild(QToolButton)
    assert remove is not None
    remove.click()
    give(one, 8)
    assert [row._value.text() for row in explore.unit._locked._rows] == ["= 800.0", "= 801.0"]
    assert [unit.channel for unit in one.store.recipe.locked] == [0, 2]
    key(one, "Ctrl+Z")
    assert [unit.channel for unit in one.store.recipe.locked] == [0, 1, 2]
    key(one, "Shift+L")
    assert one.store.recipe.locked == ()
    assert explore.source.view.outlines == ()
    assert not explore.unit._locked.isVisible()


def test_the_key_unlocks_what_it_locked_and_never_locks_more_than_can_be_told_apart(one: Desk) -> None:
    one.controller.change(unit=(5, 5))
    key(one, "L")
    key(one, "L")
    assert one.store.recipe.locked == ()
    for n in range(MOST_LOCKED + 2):
        one.controller.change(unit=(n, n))
        key(one, "L")
    assert [unit.y for unit in one.store.recipe.locked] == list(range(MOST_LOCKED))
    lock = one.window.explore.unit.lock
    assert not lock.isEnabled()
    assert str(MOST_LOCKED) in lock.toolTip()
    assert len({outline.colour for outline in one.window.explore.source.view.outlines}) == MOST_LOCKED + 1


def test_another_network_drops_every_mark(one: Desk) -> None:
    one.controller.change(unit=(5, 5))
    key(one, "L")
    one.controller.change(unit=(9, 9))
    assert len(one.window.explore.source.view.outlines) == 2
    one.controller.change(network="other")
    assert one.window.explore.source.view.outlines == ()
    assert one.window.explore.network_input.view.outlines == ()
    assert one.window.explore.unit.lines == ()
    assert one.store.recipe.locked == ()


def test_fields_of_an_older_graph_are_not_taken(one: Desk, graph: Graph) -> None:
    fresh = trace(Small().eval(), torch.zeros(1, 3, 224, 224))
    one.send(NetworkReady(samples.network(fresh)))
    assert one.store.fields is None
    one.send(FieldsReady("sample", graph, analyse(graph)))
    assert one.store.fields is None
    one.controller.change(unit=(5, 5))
    assert "worked out" in one.window.explore.unit.lines[2]
    one.send(FieldsReady("sample", fresh, None))
    assert "could not be worked out: open it again" in one.window.explore.unit.lines[2]
    one.send(FieldsReady("sample", fresh, analyse(fresh)))
    assert "exact" in one.window.explore.unit.lines[-1]
    assert len(one.window.explore.source.view.outlines) == 1


def test_a_restored_session_shows_its_unit_and_locks_again(qapp: QApplication, graph: Graph) -> None:
    before = Recipe(network="sample", layer="second", unit=(3, 4), locked=(Unit("first", 2, 1, 1),))
    with desk(qapp, recipe=Recipe.from_json(before.to_json())) as one:
        one.graph = graph
        one.show()
        one.send(NetworkReady(samples.network(graph)), FieldsReady("sample", graph, analyse(graph)))
        give(one)
        assert [outline.label for outline in one.window.explore.source.view.outlines] == ["1", ""]


def test_undo_brings_the_unit_back(one: Desk) -> None:
    one.controller.change(unit=(5, 5))
    one.controller.change(layer="first", unit=(9, 9))
    key(one, "Ctrl+Z")
    (outline,) = one.window.explore.source.view.outlines
    assert outline.box == pytest.approx(in_picture(analyse(one.graph).area("second", (5, 5))))


def test_numbers_are_copied_and_the_part_is_exported(one: Desk) -> None:
    one.controller.change(unit=(0, 0))
    give(one)
    key(one, "Ctrl+Shift+C")
    text = QGuiApplication.clipboard().text()
    assert "y 0, x 0" in text
    assert "second" in text
    area = analyse(one.graph).area("second", (0, 0))
    _y0, _x0, y1, x1 = in_picture(area)
    assert "sees 9 × 9 pixels of the input, 56 of them in padding" in text  # 5 of its 9 rows and columns are real
    one.window.explore.unit.write("part.png")
    with Image.open(io.BytesIO(one.engine.saved[-1][1])) as part:
        found = np.asarray(part.convert("RGB"))
    pixels = one.store.result.filtered.pixels  # type: ignore[union-attr]
    assert np.array_equal(found, pixels[18 : -int(-y1 // 1), 94 : -int(-x1 // 1)])


def test_a_layer_without_rows_and_columns_sees_everything_and_says_so(one: Desk) -> None:
    one.controller.change(layer="head", unit=(0, 0))
    give(one)
    lines = one.window.explore.unit.lines
    assert any("whole input, 224 × 224 pixels" in line for line in lines)
    (outline,) = one.window.explore.source.view.outlines
    assert outline.box == pytest.approx((18.75, 94.25, 281.25, 356.75))


class Odd(nn.Module):
    """An op without a rule between two that have one."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.cummax(self.first(x), 2)[0])


def test_unknown_is_a_sentence_and_nothing_is_drawn(qapp: QApplication) -> None:
    graph = trace(Odd().eval(), torch.zeros(1, 3, 224, 224))
    with desk(qapp, recipe=Recipe(network="sample", layer="last", unit=(3, 3))) as one:
        one.graph = graph
        one.show()
        one.send(NetworkReady(samples.network(graph)), FieldsReady("sample", graph, analyse(graph)))
        give(one)
        assert "unknown" in one.window.explore.unit.lines[2]
        assert one.window.explore.source.view.outlines == ()
        assert one.window.explore.unit.view.outline is None
        assert not one.window.explore.unit.export.isEnabled()


def test_cells_that_are_no_rows_and_columns_are_no_units(one: Desk) -> None:
    class Shuffled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 8, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            y = self.first(x)
            return y.reshape(1, 2, 4, 224, 224).transpose(1, 2).reshape(1, 8, 224, 224)

    graph = trace(Shuffled().eval(), torch.zeros(1, 3, 224, 224))
    one.send(NetworkReady(samples.network(graph)), FieldsReady("sample", graph, analyse(graph)))
    odd = [layer for layer in graph if len(layer.output) == 4]
    assert odd
    for layer in odd:
        sight = one.window.explore.areas.sight(Unit(layer.id, 0, 3, 3))
        assert sight.area is None
        assert "no stack of maps" in sight.why
    assert one.window.explore.areas.sight(Unit(graph.output.id, 0, 3, 3)).area is not None


def test_a_programs_own_transform_leaves_the_picture_alone(one: Desk) -> None:
    one.controller.change(unit=(5, 5))
    one.send(NetworkReady(replace(samples.network(one.graph), transformed=True)))
    assert one.window.explore.source.view.outlines == ()
    assert len(one.window.explore.network_input.view.outlines) == 1
    assert "transform" in one.window.explore.unit.lines[-1]


def test_one_dimension_is_a_sentence(qapp: QApplication) -> None:
    graph = trace(nn.Sequential(nn.Conv1d(3, 4, 3)).eval(), torch.zeros(1, 3, 50))
    with desk(qapp, recipe=Recipe(network="sample", layer="0")) as one:
        one.graph = graph
        one.show()
        one.send(NetworkReady(samples.network(graph)), FieldsReady("sample", graph, analyse(graph)))
        give(one)
        sight = one.window.explore.areas.sight(Unit("0", 0, 0, 3))
        assert sight.area is None
        assert "positions along one axis" in sight.why


def test_gaps_are_darkened_in_the_networks_input(one: Desk, graph: Graph) -> None:
    area = analyse(graph).area("wide", (20, 20))
    assert not area.filled
    cells = real_cells(area, (224, 224))
    model = Small().double().eval()
    nn.init.constant_(model.first.weight, 1.0)
    nn.init.constant_(model.second.weight, 1.0)
    nn.init.constant_(model.wide.weight, 1.0)
    x = torch.zeros(1, 3, 224, 224, dtype=torch.float64, requires_grad=True)
    model.wide(model.second(model.first(x)))[0, 0, 20, 20].backward()  # no ReLU: every path counts
    assert x.grad is not None
    assert np.array_equal(cells, (x.grad[0].abs().sum(0) > 0).numpy())
    one.controller.change(layer="wide", unit=(20, 20))
    give(one)
    heat = one.window.explore.network_input.view._heat
    assert heat is not None
    y0, x0, y1, x1 = area.clipped  # type: ignore[misc]
    assert np.array_equal(heat[0][y0:y1, x0:x1, 3] == 0, cells[y0:y1, x0:x1])
    assert not heat[0][:, :x0, 3].any()


def test_a_gate_leaves_the_main_path_solid_and_an_upper_bound_says_why() -> None:
    box = (Fraction(0), Fraction(0), Fraction(20), Fraction(20))
    main = (Fraction(-1), Fraction(2), Fraction(5), Fraction(8))
    area = Area(box, (0, 0, 20, 20), (), "whole input", "", False, main)
    assert any("main path sees 6 × 6" in line for line in describe(area, (20, 20)))
    bound = Area(main, (0, 2, 5, 8), (), "upper bound", "There is no rule for this op.", False)
    assert any("upper bound" in line and "There is no rule" in line for line in describe(bound, (20, 20)))
    assert any("padding alone" in line for line in describe(replace(bound, clipped=None), (20, 20)))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_outlines_show_on_any_picture(one: Desk, theme: str) -> None:
    """Every colour stands between lines that differ from any grey of the picture by a contrast of 3 or more."""
    one.controller.prefer(theme=theme)
    one.controller.change(unit=(50, 50))
    view = one.window.explore.source.view
    for grey in (0, 90, 128, 255):
        view.set_picture(np.full((300, 451, 3), grey, np.uint8))
        shot = view.grab().toImage()
        rect = view.rect_of(*view.outlines[0].box)
        y = round(rect.center().y())
        line = [shot.pixelColor(x, y) for x in range(round(rect.left()) - 4, round(rect.left()) + 5)]
        assert max(_contrast(_luminance(one_pixel), _luminance(QColor(grey, grey, grey))) for one_pixel in line) >= 3


def _luminance(colour: QColor) -> float:
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def _contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def test_an_edge_is_solid_on_real_cells_and_broken_in_padding(qapp: QApplication) -> None:
    view = PictureView()
    view.resize(900, 600)
    view.set_picture(np.full((300, 450, 3), 128, np.uint8))
    outline = Outline((20.0, 100.0, 160.0, 200.0), (80.0, 50.0, 250.0, 400.0), LOCKED[0])
    view.set_outlines((outline,))
    rect, inside = view.rect_of(*outline.box), view.rect_of(*outline.inside)
    shot = view.grab().toImage()
    x, ink = round(rect.left()), QColor(outline.colour)

    def inked(top: float, bottom: float) -> float:
        rows = range(round(top), round(bottom))
        found = [
            any(
                abs(shot.pixelColor(x + dx, y).hue() - ink.hue()) < 12 and shot.pixelColor(x + dx, y).saturation() > 120
                for dx in (-1, 0, 1)
            )
            for y in rows
        ]
        return sum(found) / len(found)

    assert rect.top() < inside.top() < rect.bottom()
    assert inked(inside.top() + 3, rect.bottom() - 3) == 1
    assert inked(rect.top() + 3, inside.top() - 3) < 0.9
    view.deleteLater()
