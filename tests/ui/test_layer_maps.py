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
from explorer.text import set_language
from tests.ui import samples
from tests.ui.desk import until
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
    panel._settle.setInterval(0)
    panel.resize(420, 700)
    panel.show()
    settle(panel)
    yield panel
    panel.close()
    panel.deleteLater()


def settle(panel: LayerMaps) -> None:
    """Let the panel lay itself out, and ask for what fits it."""
    QApplication.processEvents()
    until(lambda: not panel._settle.isActive())


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
    settle(panel)
    assert len(bench.engine.wishes) == wishes  # the same quarter
    panel.resize(1400, 600)
    settle(panel)
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
    bench.controller.change(layer="stem.relu")
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


def agree(panel: LayerMaps) -> bool:
    """Whether fields and legend name the same ends."""
    told = [float(text.replace("−", "-")) for text in panel.legend.texts[:2]]
    return told == [pytest.approx(panel.low.value(), rel=1e-3), pytest.approx(panel.high.value(), rel=1e-3)]


def test_a_fixed_scale_of_a_signed_layer_is_symmetric_and_the_fields_say_what_the_legend_says(
    bench: samples.Bench, panel: LayerMaps
) -> None:
    bench.load()
    figures = bench.give().view.statistics
    for _press in range(2):  # each map, layer, fixed: as the key does
        panel.next_scale()
    look = bench.store.recipe.view
    assert (look.scale, -look.low) == ("fixed", look.high)
    assert look.high == pytest.approx(max(-figures.minimum, figures.maximum), rel=0.01)
    bench.give()
    assert agree(panel)
    panel.high.selectAll()
    QTest.keyClicks(panel.high, "2.5")
    QTest.keyClick(panel.high, Qt.Key.Key_Return)
    assert (bench.store.recipe.view.low, bench.store.recipe.view.high) == (-2.5, 2.5)
    bench.give()
    assert agree(panel)
    bench.look(scale="fixed", low=0.0, high=1.0)  # as an older session may have it
    bench.give()
    assert (panel.low.text(), panel.high.text()) == ("−1", "1")
    assert agree(panel)
    bench.controller.change(layer="stem.relu")
    bench.give()
    assert (panel.low.text(), panel.high.text()) == ("0", "1")
    assert agree(panel)


def test_a_layer_of_single_values_has_one_scale_and_box_and_legend_say_so(
    bench: samples.Bench, panel: LayerMaps
) -> None:
    bench.load()
    bench.controller.change(layer="fc")
    bench.give()
    assert panel.scale.currentData() == "layer"
    assert "whole layer" in panel.legend.texts[3]
    assert panel.scale.toolTip()
    pick(panel.sort, "mean")
    assert bench.store.recipe.view.scale == "map"  # what was chosen for other layers stays
    for expected in ("fixed", "layer", "fixed"):  # every press of the key shows
        panel.next_scale()
        bench.give()
        assert panel.scale.currentData() == expected
    bench.look(scale="map")
    bench.controller.change(layer="stem.conv")
    bench.give()
    assert panel.scale.currentData() == "map"
    assert "each map" in panel.legend.texts[3]
    assert not panel.scale.toolTip()


def test_the_colours_box_shows_the_colours_in_use(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.give()
    assert panel.colours.shown == "blue–red"
    assert "negative" in panel.colours.toolTip()
    signed = panel.colours.grab().toImage()
    bench.look(colours="magma")
    assert panel.colours.shown == "blue–red"
    assert panel.legend.texts[3] == "negative values are blue–red; other layers: magma"  # the key did something
    assert "magma" in panel.colours.toolTip()
    width = panel.colours.sizeHint().width()
    bench.controller.change(layer="stem.relu")
    bench.give()
    assert panel.colours.shown == "magma"
    assert panel.colours.toolTip() == ""
    assert panel.colours.sizeHint().width() == width
    assert panel.colours.grab().toImage() != signed
    bench.controller.change(layer="stem.conv")
    bench.give()
    assert "white is 0" in panel.legend.texts[3]  # news no longer


def test_the_answer_s_cells_have_the_names_of_their_classes(bench: samples.Bench, panel: LayerMaps) -> None:
    bench.load()
    bench.controller.change(layer="fc")
    view = bench.give().view
    y, x = view.grid.corner(int(np.flatnonzero(view.order == 281)[0]))
    assert "tabby" in panel.mosaic.describe((y, x))
    bench.controller.change(layer="stem.conv")
    bench.give()
    assert "tabby" not in panel.mosaic.describe((0, 0))


@pytest.mark.parametrize(("language", "width"), [("en", 397), ("ko", 391)])  # as in a window of 1280 × 800
def test_the_tools_stand_in_one_row_in_the_room_of_a_small_window(
    bench: samples.Bench, panel: LayerMaps, language: str, width: int
) -> None:
    set_language(language)
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    bench.load()
    bench.give()
    panel.resize(width, 700)
    settle(panel)
    assert len({box.y() for box in (panel.scale, panel.sort, panel.colours)}) == 1
    zoom = [button.mapTo(panel, QPoint(0, 0)) for button in (panel.zoom_out, panel.zoom_fit, panel.zoom_in)]
    assert len({place.y() for place in zoom}) == 1
    assert zoom[0].y() > panel.mosaic.geometry().bottom()


def test_the_zoom_buttons_grow_with_the_text(qapp: QApplication, panel: LayerMaps) -> None:
    before = panel.zoom_in.iconSize().width(), panel.zoom_in.width()
    try:
        theme.apply(qapp, "dark", 1.5)
        settle(panel)
        assert panel.zoom_in.iconSize().width() == 24 > before[0]
        assert panel.zoom_in.width() > before[1]
        corner = panel.zoom_in.parentWidget()
        assert corner is not None
        assert panel.legend.rect().contains(corner.geometry())
        assert corner.geometry().right() == panel.legend.rect().right()
    finally:
        theme.apply(qapp, "dark")


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
    assert (low, high) == ("−max", "+max")
    assert "each map on its own scale" in meaning
    assert "white is 0" in meaning
    bench.look(scale="layer")
    view = bench.give().view
    low, high, _fact, meaning, _warning = panel.legend.texts
    assert low == f"−{high}"
    assert float(high) == pytest.approx(max(view.statistics.maximum, -view.statistics.minimum), rel=1e-3)
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


@pytest.mark.parametrize(("count", "told"), [(0, "1 value is "), (5, "6 values are ")])
def test_nan_is_counted_in_the_warning_colour(bench: samples.Bench, panel: LayerMaps, count: int, told: str) -> None:
    bench.load()
    maps = samples.values(64, (28, 28))
    maps[3, 2, :count] = np.nan
    maps[4, 1, 1] = np.inf
    bench.give(maps=maps)
    assert panel.legend.texts[4].startswith(told)


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
    for seed in range(12):  # the very results of below, so that every text has its room
        bench.give(seed=seed)
        QApplication.processEvents()
    QApplication.sendPostedEvents()
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
    settle(panel)
    tools = (panel.scale, panel.sort, panel.colours)
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
