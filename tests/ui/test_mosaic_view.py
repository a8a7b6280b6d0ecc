"""The mosaic: a click finds the right unit at any zoom, colours are the table's, repainting leaves nothing behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.recipe import Recipe, View
from explorer.render import colours
from explorer.values import LayerView
from tests.ui import samples
from ui.widgets.level_image import colour_table, image, small_image
from ui.widgets.mosaic_view import MosaicView

GAP = "#102030"
TABLE = colour_table("viridis", True, GAP)
COUNT, HEIGHT, WIDTH = 37, 13, 9


def view_of(seed: int = 0, sort: str = "mean", aspect: float = 1.5) -> LayerView:
    recipe = Recipe(channel=5, view=View(sort=sort, aspect=aspect))  # type: ignore[arg-type]
    maps = samples.values(COUNT, (HEIGHT, WIDTH), seed)
    return samples.layer_view(samples.graph().layers[1], maps, recipe)


@pytest.fixture
def mosaic(qapp: QApplication) -> Iterator[MosaicView]:
    widget = MosaicView()
    widget.resize(640, 480)
    widget.show_maps(view_of(), TABLE)
    widget.show()
    QTest.qWaitForWindowExposed(widget)
    yield widget
    widget.close()
    widget.deleteLater()


def place_of(widget: MosaicView, channel: int, y: int, x: int) -> QPointF:
    """Return the middle of a cell in the view, from the order and the grid alone."""
    view, viewport = widget.view, widget.viewport
    assert view is not None
    assert viewport is not None
    position = view.order.tolist().index(channel)
    row, column = position // view.grid.columns, position % view.grid.columns
    mosaic_y = row * (HEIGHT + view.grid.gap) + y + 0.5
    mosaic_x = column * (WIDTH + view.grid.gap) + x + 0.5
    return QPointF(viewport.left + mosaic_x * viewport.scale, viewport.top + mosaic_y * viewport.scale)


def rgb(image: QImage, place: QPoint) -> tuple[int, int, int]:
    colour = image.pixelColor(place)
    return colour.red(), colour.green(), colour.blue()


def test_a_click_chooses_the_cell_under_it_at_any_zoom_and_place(mosaic: MosaicView) -> None:
    rng, found = np.random.default_rng(3), []
    mosaic.chosen.connect(lambda *unit: found.append(unit))
    tried = 0
    for _round in range(60):
        mosaic.fit()
        unit = int(rng.integers(COUNT)), int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
        near = QPointF(*rng.uniform((-20, -20), (20, 20)))
        mosaic.zoom(float(rng.uniform(1, 12)), place_of(mosaic, *unit) + near)
        place = place_of(mosaic, *unit).toPoint()
        if mosaic.rect().adjusted(1, 1, -1, -1).contains(place):
            tried += 1
            QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
            assert found.pop() == unit
    assert tried > 30
    assert not found


def test_a_click_on_a_gap_or_beside_the_maps_chooses_nothing(mosaic: MosaicView) -> None:
    found: list[object] = []
    mosaic.chosen.connect(lambda *unit: found.append(unit))
    mosaic.zoom(8, QPointF(0, 0))
    view, viewport = mosaic.view, mosaic.viewport
    assert view is not None
    assert viewport is not None
    assert view.grid.gap > 0
    y, x = viewport.to_view(HEIGHT / 2, WIDTH + view.grid.gap / 2)
    QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y)))
    mosaic.fit()
    last = mosaic.rect_of(*view.grid.shape, *view.grid.shape).topLeft()
    empty = view.grid.columns * view.grid.rows - COUNT
    assert empty > 0  # the last row has an empty place
    QTest.mouseClick(
        mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, (last - QPointF(3, 3)).toPoint()
    )
    assert not found


def test_dragging_pans_and_chooses_nothing(mosaic: MosaicView) -> None:
    found: list[object] = []
    mosaic.chosen.connect(lambda *unit: found.append(unit))
    mosaic.zoom(6, QPointF(320, 240))
    before = place_of(mosaic, 5, 3, 3)
    QTest.mousePress(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 200))
    for step in range(1, 6):
        QTest.mouseMove(mosaic, QPoint(300 + 12 * step, 200 + 7 * step))
    QTest.mouseRelease(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(360, 235))
    moved = place_of(mosaic, 5, 3, 3) - before
    assert (moved.x(), moved.y()) == pytest.approx((60, 35))
    assert not found


def test_the_wheel_zooms_to_the_pointer(mosaic: MosaicView) -> None:
    pointer = QPointF(200, 150)
    mosaic.zoom(3, QPointF(320, 240))
    assert mosaic.viewport is not None
    before, scale = mosaic.viewport.to_picture(150, 200), mosaic.viewport.scale
    wheel = QWheelEvent(
        pointer,
        mosaic.mapToGlobal(pointer),
        QPoint(),
        QPoint(0, 60),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(mosaic, wheel)
    assert mosaic.viewport.scale > scale
    assert mosaic.viewport.to_picture(150, 200) == pytest.approx(before)


@pytest.mark.parametrize("signed", [True, False])
def test_painted_colours_are_those_of_the_table(mosaic: MosaicView, signed: bool) -> None:
    maps = samples.values(COUNT, (HEIGHT, WIDTH), 1, signed)
    maps[7, 4, 2] = np.nan
    view = samples.layer_view(samples.graph().layers[1], maps, Recipe(channel=36, view=View(aspect=1.5)))
    mosaic.show_maps(view, colour_table("magma", signed, GAP))
    mosaic.set_choice(36, None)  # its outline covers none of the cells that are looked at
    expected = colours.table("magma", signed, (0x10, 0x20, 0x30))
    mosaic.fit()
    assert mosaic.viewport is not None
    assert mosaic.viewport.scale >= 2  # below, colours are smoothed
    image = mosaic.grab().toImage()
    cells = [(7, 4, 2), *((c, y, x) for c in (0, 8, 20, 35) for y in (1, 12) for x in (0, 5))]
    for channel, y, x in cells:
        tile = view.order.tolist().index(channel)
        row, column = tile // view.grid.columns, tile % view.grid.columns
        level = view.mosaic[row * (HEIGHT + view.grid.gap) + y, column * (WIDTH + view.grid.gap) + x]
        painted = rgb(image, place_of(mosaic, channel, y, x).toPoint())
        assert painted == tuple(expected[level].tolist())
    assert rgb(image, place_of(mosaic, 7, 4, 2).toPoint()) == colours.NAN_RGB


def test_a_large_map_has_its_channel_s_number_on_it(mosaic: MosaicView) -> None:
    view = mosaic.view
    assert view is not None
    assert mosaic.viewport is not None
    mosaic.zoom(max(1.0, 70 / (WIDTH * mosaic.viewport.scale)), QPointF(0, 0))
    mosaic.set_choice(36, None)
    mosaic.set_message("")
    first, second = int(view.order[0]), int(view.order[1])

    def plate(channel: int) -> QImage:
        corner = mosaic.tile_rect(channel).topLeft()
        return mosaic.grab(QRect(round(corner.x()) + 4, round(corner.y()) + 4, 12, 12)).toImage()

    grey = colour_table("grey", False, GAP)
    mosaic.show_maps(replace(view, mosaic=np.zeros_like(view.mosaic)), grey)
    before = plate(first), plate(second)
    assert max(before[0].pixelColor(x, y).red() for x in range(12) for y in range(12)) > 200  # white on dark
    assert before[0] != before[1]
    turned = view.order.copy()
    turned[:2] = second, first
    mosaic.show_maps(replace(view, mosaic=np.zeros_like(view.mosaic), order=turned), grey)
    assert (plate(first), plate(second)) == before  # numbers go with their maps: what is kept of them too
    assert rgb(mosaic.grab().toImage(), mosaic.tile_rect(second).center().toPoint()) == (0, 0, 0)


def test_the_names_of_an_answer_s_classes_are_told(mosaic: MosaicView) -> None:
    names = tuple(f"sort {n}" for n in range(COUNT))
    assert "class" not in mosaic.describe((1, 1))
    mosaic.set_names(names)
    view = mosaic.view
    assert view is not None
    assert f"class “sort {int(view.order[0])}” " in mosaic.describe((1, 1))
    assert "y 1, x 1 " in mosaic.describe((1, 1))


def test_new_colours_repaint_the_same_levels(mosaic: MosaicView) -> None:
    view = mosaic.view
    place = place_of(mosaic, 3, 5, 5).toPoint()
    before = mosaic.grab().toImage().pixelColor(place)
    mosaic.show_maps(view, colour_table("grey", False, GAP))
    after = mosaic.grab().toImage().pixelColor(place)
    assert before != after
    assert after.red() == after.green() == after.blue()


def test_a_small_image_has_the_same_colours() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)
    wanted = image(levels, TABLE).convertToFormat(QImage.Format.Format_RGB32)
    assert small_image(levels, TABLE) == wanted


def test_arrow_keys_step_through_the_order_shown(mosaic: MosaicView) -> None:
    view = mosaic.view
    steps: list[int] = []
    assert view is not None
    mosaic.stepped.connect(steps.append)
    order, columns = view.order.tolist(), view.grid.columns
    mosaic.set_choice(order[columns + 1], None)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(mosaic, key)
    here = columns + 1
    assert steps == [order[n] for n in (here - 1, here + 1, here - columns, here + columns, 0, COUNT - 1)]
    mosaic.set_choice(order[0], None)
    QTest.keyClick(mosaic, Qt.Key.Key_Left)
    assert len(steps) == 6  # nothing before the first


def test_a_step_to_a_hidden_map_brings_it_into_view(mosaic: MosaicView) -> None:
    view = mosaic.view
    assert view is not None
    mosaic.set_choice(int(view.order[0]), None)
    mosaic.zoom(10, QPointF(0, 0))
    last = int(view.order[-1])
    assert not mosaic.rect().toRectF().intersects(mosaic.tile_rect(last))
    QTest.keyClick(mosaic, Qt.Key.Key_End)
    assert mosaic.rect().toRectF().contains(mosaic.tile_rect(last).center())


def test_zoom_keys_and_double_click(mosaic: MosaicView) -> None:
    assert mosaic.viewport is not None
    fitted = mosaic.viewport.scale
    QTest.keyClick(mosaic, Qt.Key.Key_Plus)
    assert mosaic.viewport.scale > fitted
    QTest.keyClick(mosaic, Qt.Key.Key_0)
    assert mosaic.viewport.scale == pytest.approx(fitted)
    mosaic.zoom(4)
    QTest.mouseDClick(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    assert mosaic.viewport.fitted


def test_zoom_and_place_stay_with_new_data_and_not_with_another_grid(mosaic: MosaicView) -> None:
    mosaic.zoom(5, QPointF(100, 100))
    place = mosaic.viewport
    mosaic.show_maps(view_of(seed=1), TABLE)
    assert mosaic.viewport == place
    mosaic.show_maps(view_of(seed=1, aspect=0.5), TABLE)
    assert mosaic.viewport is not None
    assert mosaic.viewport.fitted


def test_values_told_are_exact_for_the_chosen_map_and_near_for_others(mosaic: MosaicView) -> None:
    view = mosaic.view
    assert view is not None
    maps = samples.values(COUNT, (HEIGHT, WIDTH), 0)

    def told(channel: int, y: int, x: int) -> str:
        row, column = divmod(view.order.tolist().index(channel), view.grid.columns)
        return mosaic.describe((row * (HEIGHT + view.grid.gap) + y, column * (WIDTH + view.grid.gap) + x))

    assert f"= {maps[5, 6, 7]:.3f}"[:5] in told(5, 6, 7)
    near = float(told(8, 6, 7).split("≈")[1].split()[0])
    step = float(view.ranges[8, 1] - view.ranges[8, 0]) / 252
    assert near == pytest.approx(float(maps[8, 6, 7]), abs=step)
    assert "channel 8" in told(8, 6, 7)


def test_a_cut_scale_is_told_as_a_bound(mosaic: MosaicView) -> None:
    maps = np.zeros((4, 3, 3), np.float32)
    maps[1, 1, 1] = 9.0
    recipe = Recipe(channel=0, view=View(scale="fixed", low=0.0, high=2.0))
    mosaic.show_maps(samples.layer_view(samples.graph().layers[1], maps, recipe), TABLE)
    assert mosaic.view is not None
    y, x = mosaic.view.grid.corner(1)
    assert "≥ 2.000" in mosaic.describe((y + 1, x + 1))


def test_three_hundred_results_leave_nothing_behind(mosaic: MosaicView) -> None:
    alive: list[weakref.ref[LayerView]] = []
    children = len(mosaic.children())
    for seed in range(300):
        view = view_of(seed % 7)
        alive.append(weakref.ref(view))
        mosaic.show_maps(view, TABLE)
        mosaic.repaint()
        del view
    gc.collect()
    assert sum(ref() is not None for ref in alive) == 1  # the one that is shown
    assert len(mosaic.children()) == children


def test_a_message_takes_the_place_of_the_maps(mosaic: MosaicView) -> None:
    found: list[object] = []
    mosaic.chosen.connect(lambda *unit: found.append(unit))
    mosaic.set_message("The network raised.", alarming=True)
    QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.keyClick(mosaic, Qt.Key.Key_Right)
    assert not found
    assert mosaic.accessibleDescription() == "The network raised."
