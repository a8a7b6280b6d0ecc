"""The mosaic's panel: what it wishes for, what it says about its colours, and what it says when it is empty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from explorer.engine.events import Problem, Progress
from explorer.errors import ForwardError, SourceError
from explorer.recipe import Recipe
from tests.ui import samples
from ui import theme
from ui.panels.layer_maps import LayerMaps

LAYER = "layer2.0.branch_with_a_long_name.conv1"


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench(Recipe(network="sample", layer=LAYER))


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[LayerMaps]:
    panel = LayerMaps(bench.store, bench.controller)
    panel.resize(420, 700)
    panel.show()
    QTest.qWait(120)
    yield panel
    panel.close()
    panel.deleteLater()


def pick(box: QComboBox, key: str) -> None:
    """Choose an entry as a person does."""
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def title(panel: LayerMaps) -> tuple[str, str, str]:
    return panel._title.text(), panel._detail.text(), panel._badge.text()


def test_it_asks_once_for_a_mosaic_of_its_own_shape(bench: samples.Bench, panel: LayerMaps) -> None:
    aspect = panel.mosaic.width() / panel.mosaic.height()
    assert bench.store.recipe.view.aspect == round(4 * aspect) / 4
    wishes = len(bench.engine.wishes)
    panel.resize(421, 701)
    QTest.qWait(150)
    assert len(bench.engine.wishes) == wishes  # the same quarter
    panel.resize(1400, 600)
    QTest.qWait(150)
    assert bench.store.recipe.view.aspect > 2
    assert not bench.controller.can_undo


def test_title_tells_layer_op_and_shape(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.give()
    assert title(panel) == (LAYER, "conv2d 3×3 · 64×28×28", "")
    assert panel._detail.width() >= panel._detail.sizeHint().width()  # never cut
    bench.controller.change(layer="fc")
    bench.give()
    assert title(panel)[:2] == ("fc", "linear · 1000")


def test_a_click_wishes_channel_and_unit(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.give()
    tile = panel.mosaic.tile_rect(9)
    cell = tile.width() / 28
    place = QPoint(round(tile.left() + 20.5 * cell), round(tile.top() + 3.5 * cell))
    QTest.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert (bench.engine.wishes[-1].channel, bench.engine.wishes[-1].unit) == (9, (3, 20))
    QTest.keyClick(panel.mosaic, Qt.Key.Key_Right)
    assert (bench.store.recipe.channel, bench.store.recipe.unit) == (10, (3, 20))
    bench.controller.undo()
    bench.controller.undo()
    assert bench.store.recipe.unit is None


def test_a_click_on_maps_that_are_still_the_old_layer_s_chooses_that_layer(
    bench: samples.Bench, panel: LayerMaps
) -> None:
    bench.load()
    bench.give()
    bench.controller.change(layer="pool")
    place = panel.mosaic.tile_rect(3).center().toPoint()
    QTest.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert (bench.store.recipe.layer, bench.store.recipe.channel) == (LAYER, 3)


def test_scale_sort_and_colours_are_wishes(bench: samples.Bench, panel: LayerMaps) -> None:
    pick(panel.scale, "layer")
    pick(panel.sort, "mean")
    pick(panel.colours, "magma")
    look = bench.engine.wishes[-1].view
    assert (look.scale, look.sort, look.colours) == ("layer", "mean", "magma")
    bench.controller.undo()
    assert panel.colours.currentData() == "viridis"
    assert panel.sort.currentData() == "mean"


@pytest.mark.parametrize("key", ["mean", "max", "zeros"])
def test_sorted_maps_stand_in_descending_order(bench: samples.Bench, panel: LayerMaps, key: str) -> None:
    bench.load()
    bench.controller.change(layer="stem.relu")
    bench.look(sort=key)
    view = bench.give().view
    figures = {"mean": view.channels.mean, "max": view.channels.maximum, "zeros": view.channels.zeros}[key]
    seen = []
    for position in range(view.grid.count):
        y, x = view.grid.corner(position)
        unit = panel.mosaic.unit_at((y, x))
        assert unit is not None
        seen.append(unit[0])
    assert sorted(seen) == list(range(64))
    assert np.all(np.diff(figures[seen]) <= 0)


def test_a_fixed_scale_begins_with_what_is_there_and_is_typed(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    view = bench.give().view
    assert not panel.low.isVisible()
    pick(panel.scale, "fixed")
    assert panel.low.isVisible()
    look = bench.store.recipe.view
    assert look.low == pytest.approx(view.statistics.minimum, rel=0.01)
    assert look.high == pytest.approx(view.statistics.maximum, rel=0.01)
    for field, text in ((panel.low, "-2,5"), (panel.high, "1e1")):
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert (bench.engine.wishes[-1].view.low, bench.engine.wishes[-1].view.high) == (-2.5, 10.0)


@pytest.mark.parametrize(("text", "said"), [("99", "below"), ("abc", "numbers"), ("", "numbers"), ("nan", "numbers")])
def test_an_impossible_scale_is_refused_in_place(bench: samples.Bench, panel: LayerMaps, text: str, said: str) -> None:
    bench.load()
    bench.give()
    pick(panel.scale, "fixed")
    bench.give()
    good = bench.store.recipe.view
    panel.low.selectAll()
    QTest.keyClick(panel.low, Qt.Key.Key_Delete)
    QTest.keyClicks(panel.low, text)
    QTest.keyClick(panel.low, Qt.Key.Key_Return)
    assert bench.store.recipe.view == good
    assert said in panel.legend.texts[4]
    panel.low.selectAll()
    QTest.keyClicks(panel.low, "-7")
    QTest.keyClick(panel.low, Qt.Key.Key_Return)
    assert panel.legend.texts[4] == ""
    assert bench.store.recipe.view.low == -7


def test_the_legend_says_what_the_colours_mean(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.give()
    low, high, _fact, meaning, _warning = panel.legend.texts
    assert (low, high) == ("-max", "+max")
    assert "each map on its own scale" in meaning
    assert "white is 0" in meaning
    bench.look(scale="layer")
    view = bench.give().view
    low, high, _fact, meaning, _warning = panel.legend.texts
    assert float(high) == pytest.approx(max(view.statistics.maximum, -view.statistics.minimum), rel=1e-3)
    assert float(low) == -float(high)
    assert "whole layer" in meaning
    bench.controller.change(layer="stem.relu")
    bench.look(scale="map")
    bench.give()
    assert panel.legend.texts[:2] == ("min", "max")
    assert "white" not in panel.legend.texts[3]


def test_the_fact_is_zeros_after_a_relu_and_negatives_before_it(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.controller.change(layer="layer1.0.bn1")
    view = bench.give().view
    share = view.statistics.negatives
    assert panel.legend.texts[2] == f"before ReLU: {100 * share:.0f} % below 0"
    bench.controller.change(layer="layer1.0.relu")
    view = bench.give().view
    assert panel.legend.texts[2] == f"{100 * view.statistics.zeros:.0f} % zeros"
    bench.controller.change(layer="stem.conv")
    view = bench.give().view
    assert panel.legend.texts[2] == f"{100 * view.statistics.negatives:.0f} % below 0"


def test_nan_is_counted_in_the_warning_colour(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    maps = samples.values(64, (28, 28))
    maps[3, 2, :5] = np.nan
    maps[4, 1, 1] = np.inf
    bench.give(maps=maps)
    assert panel.legend.texts[4].startswith("6 values")


def test_untrained_is_marked(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.trained = False
    bench.load()
    bench.give()
    assert title(panel)[2] == "untrained"
    assert not panel._badge.isHidden()


def test_empty_loading_and_error_say_what_is_and_what_to_do(bench: samples.Bench, panel: LayerMaps) -> None:
    assert "appear here" in panel.mosaic.message
    bench.controller.on_event(Progress("Loading {name}", {"name": "Sample Net"}, 0.25))
    assert panel.mosaic.message.splitlines() == ["Loading Sample Net", "25 %"]
    bench.controller.on_event(Progress(""))
    bench.controller.on_event(Problem("source", SourceError("gone.png cannot be read.")))
    assert "Open another picture" in panel.mosaic.message
    bench.load()
    bench.give()
    assert panel.mosaic.message == ""
    bench.controller.on_event(Problem("frame", ForwardError("The network raised: {what}", what="boom")))
    assert panel.mosaic.message == "The network raised: boom"
    bench.give()
    assert panel.mosaic.message == ""
    bench.controller.change(network="other")
    assert "appear here" in panel.mosaic.message


class _Relayouts(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.ChildAdded):
            self.seen.append(f"{type(watched).__name__} {event.type()}")
        return False


def test_live_results_only_repaint(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    for seed in range(3):
        bench.give(seed=seed)
        QTest.qWait(1)
    spy = _Relayouts()
    for widget in (panel, *panel.findChildren(QWidget)):
        widget.installEventFilter(spy)
    for seed in range(12):
        bench.give(seed=seed)
        QApplication.processEvents()
    assert spy.seen == []


def test_every_control_has_a_name_in_the_language_of_the_moment(
    panel: LayerMaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    controls = (
        panel.scale,
        panel.sort,
        panel.colours,
        panel.low,
        panel.high,
        panel.zoom_in,
        panel.zoom_out,
        panel.zoom_fit,
        panel.mosaic,
    )
    assert all(widget.accessibleName() for widget in controls)
    pick(panel.sort, "max")
    monkeypatch.setattr("ui.panels.layer_maps._", lambda text: f"«{text}»")
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    assert all(widget.accessibleName().startswith("«") for widget in controls)
    assert panel.sort.currentText() == "«Sort: max»"
    assert panel._title.text().startswith("«")


def test_a_narrow_panel_wraps_its_tools_and_hides_none(panel: LayerMaps) -> None:
    panel.resize(300, 700)
    QTest.qWait(20)
    tools = (panel.scale, panel.sort, panel.colours, panel.zoom_out, panel.zoom_fit, panel.zoom_in)
    rows = {widget.y() for widget in tools}
    assert len(rows) > 1
    room = panel.scale.parentWidget()
    assert room is not None
    assert all(room.rect().contains(widget.geometry()) for widget in tools)


def test_zoom_buttons(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.give()
    assert panel.mosaic.viewport is not None
    fitted = panel.mosaic.viewport.scale
    panel.zoom_in.click()
    panel.zoom_in.click()
    panel.zoom_out.click()
    assert panel.mosaic.viewport.scale == pytest.approx(1.25 * fitted)
    panel.zoom_fit.click()
    assert panel.mosaic.viewport.fitted
