"""The channel inspector: its numbers are the map's own, a click finds the unit, live results only repaint."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.recipe import Recipe
from explorer.render import colours
from tests.ui import samples
from ui import theme
from ui.panels.channel import ChannelInspector
from ui.widgets.histogram import Histogram
from ui.widgets.kernel_view import KernelView, colour_picture, slice_levels
from ui.widgets.numbers import number, percent

LAYER = "layer2.0.branch_with_a_long_name.conv1"


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench(Recipe(network="sample", layer=LAYER, channel=22, unit=(12, 9)))


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[ChannelInspector]:
    panel = ChannelInspector(bench.store, bench.controller)
    panel.resize(240, 700)
    panel.show()
    bench.load()
    yield panel
    panel.close()
    panel.deleteLater()


def facts(panel: ChannelInspector) -> dict[str, str]:
    return {fact.name: fact.value for fact in panel.facts.facts}


def test_title_value_and_statistics_are_the_map_s(bench: samples.Bench, panel: ChannelInspector) -> None:
    maps = samples.values(64, (28, 28), 5)
    bench.give(maps=maps)
    assert panel.accessibleName() == "Channel 22"
    assert panel.value.text == f"y 12, x 9 = {number(float(maps[22, 12, 9]))}"
    chosen = maps[22].astype(np.float64)
    assert facts(panel) == {
        "min": number(chosen.min()),
        "max": number(chosen.max()),
        "mean": number(chosen.mean()),
        "std": number(chosen.std()),
        "zeros": percent(0.0),
        "below 0": percent(float((chosen < 0).mean())),
    }


def test_nan_and_infinity_are_alarming(bench: samples.Bench, panel: ChannelInspector) -> None:
    maps = samples.values(64, (28, 28), 5)
    maps[22, 0, :3] = np.nan
    maps[22, 1, 1] = -np.inf
    bench.give(maps=maps)
    assert [(f.name, f.value) for f in panel.facts.facts if f.alarming] == [("NaN", "3"), ("infinite", "1")]
    maps[22] = np.nan
    bench.give(maps=maps)
    assert facts(panel)["mean"] == "NaN"
    panel.grab()


def rgb(image: QImage, place: QPoint) -> tuple[int, int, int]:
    colour = image.pixelColor(place)
    return colour.red(), colour.green(), colour.blue()


def test_a_click_chooses_the_unit_at_any_zoom(bench: samples.Bench, panel: ChannelInspector) -> None:
    bench.give()
    QApplication.processEvents()
    rng = np.random.default_rng(0)
    for _round in range(20):
        unit = int(rng.integers(28)), int(rng.integers(28))
        panel.map.fit()
        cell = panel.map.rect_of(unit[0], unit[1], unit[0] + 1, unit[1] + 1)
        panel.map.zoom(float(rng.uniform(1, 9)), cell.center())
        viewport = panel.map.viewport
        assert viewport is not None
        place = QPointF(
            viewport.left + (unit[1] + 0.5) * viewport.scale, viewport.top + (unit[0] + 0.5) * viewport.scale
        ).toPoint()
        assert panel.map.rect().contains(place)
        QTest.mouseClick(panel.map, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        assert bench.store.recipe.unit == unit
        assert bench.store.recipe.channel == 22


def test_arrow_keys_move_the_unit_and_stop_at_the_edge(bench: samples.Bench, panel: ChannelInspector) -> None:
    bench.give()
    QTest.keyClick(panel.map, Qt.Key.Key_Down)
    QTest.keyClick(panel.map, Qt.Key.Key_Right)
    assert bench.store.recipe.unit == (13, 10)
    bench.controller.change(unit=(0, 27))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right):
        QTest.keyClick(panel.map, key)
    assert bench.store.recipe.unit == (0, 27)
    bench.controller.change(unit=None)
    QTest.keyClick(panel.map, Qt.Key.Key_Left)
    assert bench.store.recipe.unit == (14, 14)


def test_the_map_is_painted_in_the_table_s_colours(bench: samples.Bench, panel: ChannelInspector) -> None:
    bench.controller.change(unit=None)
    view = bench.give().view
    QApplication.processEvents()
    image, viewport = panel.map.grab().toImage(), panel.map.viewport
    assert viewport is not None
    table = colours.table("viridis", view.signed, (0, 0, 0))
    for y, x in ((0, 0), (13, 5), (27, 27), (9, 20)):
        place = QPoint(int(viewport.left + (x + 0.5) * viewport.scale), int(viewport.top + (y + 0.5) * viewport.scale))
        assert rgb(image, place) == tuple(table[view.map_levels[y, x]].tolist())


def test_a_unit_outside_a_smaller_map_is_not_told(bench: samples.Bench, panel: ChannelInspector) -> None:
    bench.controller.change(layer="layer3.1.relu:2", unit=(13, 13))
    bench.give()
    assert panel.value.text.startswith("y 13, x 13 = ")
    bench.controller.change(layer="fc", unit=(13, 13))
    bench.give()
    assert panel.value.text == ""
    panel.grab()


def test_the_kernel_is_there_for_convolutions_only_and_in_colour_for_the_first(
    bench: samples.Bench, panel: ChannelInspector
) -> None:
    bench.give()
    assert panel.kernel.isVisible()
    assert panel.kernel_title.text() == "Kernel 64×3×3"
    assert panel.kernel._picture is None
    bench.controller.change(layer="stem.relu")
    bench.give()
    assert not panel.kernel.isVisible()
    assert not panel.kernel_title.isVisible()
    bench.controller.change(layer="stem.conv")
    bench.give()
    assert panel.kernel.isVisible()
    assert panel.kernel._picture is not None


def test_the_slices_of_a_kernel_in_colour_have_letters_over_them(qapp: QApplication) -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3)).astype(np.float32)
    plain, lettered = KernelView(), KernelView()
    for view, in_colour in ((plain, False), (lettered, True)):
        view.resize(280, 100)
        view.show_kernel(kernel, in_colour)
        view.resize(280, view.sizeHint().height())
    assert plain._rect(0).top() == 0
    over = lettered._rect(0).top()
    assert over >= 11
    image = lettered.grab(lettered.rect()).toImage()
    ink = [
        any(
            image.pixelColor(x, y) != image.pixelColor(279, 0)
            for x in range(int(lettered._rect(place).left()), int(lettered._rect(place).right()))
            for y in range(int(over) - 1)
        )
        for place in range(4)
    ]
    assert ink == [True] * 4
    for view in (plain, lettered):
        view.deleteLater()


def test_a_bar_that_is_cut_says_what_its_number_is(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("ui.widgets.histogram._", lambda text: said.append(text) or text)
    values = np.maximum(samples.values(1, (28, 28), 3)[0], 0)
    values[:20] = 0
    view = Histogram()
    view.resize(240, 84)
    view.show_statistics(samples.statistics(values))
    view.grab()
    assert said == ["{share} in this bar"]
    view.show_statistics(samples.statistics(np.linspace(0, 1, 640, dtype=np.float32)))
    view.grab()
    assert len(said) == 1  # even bars: none is cut
    view.deleteLater()


@pytest.mark.parametrize(
    "shape", [(1, 3, 3), (3, 11, 11), (64, 3, 3), (512, 1, 1), (512, 3, 3), (256, 7, 1), (2, 41, 41)]
)
def test_kernels_of_any_shape_fit_their_place(qapp: QApplication, shape: tuple[int, int, int]) -> None:
    kernel = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    view = KernelView()
    view.resize(220, 100)
    view.show_kernel(kernel, in_colour=shape[0] == 3)
    view.resize(220, view.sizeHint().height())
    shown = view.slices_shown()
    assert 1 <= shown <= shape[0]
    first = int(shape[0] == 3)
    for place in range(shown + first):
        assert view.rect().toRectF().contains(view._rect(place))
    y, x = shape[1] - 1, shape[2] - 1
    last = view._rect(shown - 1 + first).bottomRight() - QPointF(1, 1)
    assert view.describe(last) == f"w[{shown - 1}, {y}, {x}] = {number(float(kernel[shown - 1, y, x]))}"
    view.grab()
    view.deleteLater()


def test_kernel_levels_are_centred_on_zero_and_colours_stretch_from_least_to_most() -> None:
    kernel = np.array([[[-2.0, 0.0], [1.0, np.nan]]], np.float32)
    assert slice_levels(kernel).tolist() == [[[0, 126], [189, 254]]]
    rgb = np.array([[[-2.0]], [[2.0]], [[0.0]]], np.float32)
    assert colour_picture(rgb).tolist() == [[[1, 255, 128]]]  # zero is mid-grey, as the Kernels page says
    assert colour_picture(np.array([[[0.5]], [[np.nan]], [[0.25]]], np.float32)).tolist() == [[[255, 128, 192]]]
    assert slice_levels(np.zeros((1, 1, 1), np.float32)).tolist() == [[[126]]]


class _Relayouts(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.ChildAdded):
            self.seen.append(f"{type(watched).__name__} {event.type()}")
        return False


def test_live_results_only_repaint(bench: samples.Bench, panel: ChannelInspector) -> None:
    kernel = np.ones((64, 3, 3), np.float32)
    for seed in range(12):
        bench.give(seed=seed, kernel=kernel.copy())
        QApplication.processEvents()
    spy = _Relayouts()
    for widget in (panel, *panel.findChildren(QWidget)):
        widget.installEventFilter(spy)
    for seed in range(12):
        bench.give(seed=seed, kernel=kernel.copy())
        QApplication.processEvents()
    assert spy.seen == []


def test_before_any_result_it_says_what_will_be_here(panel: ChannelInspector) -> None:
    assert "appears here" in panel.map.message
    assert not panel.facts.isVisible()


def test_names_and_language(bench: samples.Bench, panel: ChannelInspector, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.give()
    parts = (panel.map, panel.bar, panel.facts, panel.histogram, panel.kernel)
    assert all(part.accessibleName() for part in parts)
    monkeypatch.setattr("ui.panels.channel._", lambda text: f"«{text}»")
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    assert all(part.accessibleName().startswith("«") for part in parts)
    assert panel.accessibleName() == "«Channel 22»"
    assert "«mean»" in facts(panel)


def test_untrained_is_told(bench: samples.Bench, panel: ChannelInspector) -> None:
    bench.trained = False
    bench.give()
    assert [(f.name, f.value) for f in panel.facts.facts if f.alarming] == [("weights", "untrained")]
