"""The layer strip: what it lists, what a key or click chooses, and which thumbnails it asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.graph.values import Graph, Layer
from explorer.recipe import Recipe
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import until
from ui import theme
from ui.panels.layer_strip import ALL, LayerStrip
from ui.widgets.layer_list import blocks, picture_rect, shorten


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench(Recipe(network="sample", layer="pool"))


def settle(panel: LayerStrip) -> None:
    """Let the panel ask for its thumbnails, and paint."""
    until(lambda: not panel._settle.isActive())
    QApplication.processEvents()


@pytest.fixture
def strip(bench: samples.Bench) -> Iterator[LayerStrip]:
    panel = LayerStrip(bench.store, bench.controller)
    panel.resize(190, 500)
    panel.show()
    bench.load()
    bench.give()
    settle(panel)
    yield panel
    panel.close()
    panel.deleteLater()


def shown(strip: LayerStrip) -> list[str]:
    return [layer.id for layer in strip.model.layers]


def show(strip: LayerStrip, what: str) -> None:
    """Choose an entry of the box as a person does."""
    strip.show_box.setCurrentIndex(strip.show_box.findData(what))
    strip.show_box.activated.emit(strip.show_box.currentIndex())


def test_blocks_are_the_weighted_ops_the_pools_and_each_block_s_end() -> None:
    listed = [layer.id for layer in blocks(samples.graph(blocks=2))]
    assert listed == [
        "input",
        "stem.conv",
        "stem.relu",
        "pool",
        "layer1.0.branch_with_a_long_name.conv1",
        "layer1.0.relu:2",
        "layer1.1.branch_with_a_long_name.conv1",
        "layer1.1.relu:2",
        "fc",
    ]


def test_every_op_is_every_layer_in_order(bench: samples.Bench, strip: LayerStrip) -> None:
    show(strip, "*")
    assert shown(strip) == [layer.id for layer in bench.graph]


def test_filter_by_op_and_by_text(bench: samples.Bench, strip: LayerStrip) -> None:
    show(strip, "add")
    assert shown(strip) == [layer.id for layer in bench.graph if layer.op == "add"]
    show(strip, "*")
    strip.search.setText("LAYER2 conv")
    assert shown(strip) == [f"layer2.{n}.branch_with_a_long_name.conv1" for n in (0, 1)]
    strip.search.setText("batch_norm")
    assert shown(strip) == [layer.id for layer in bench.graph if layer.op == "batch_norm"]


def test_nothing_found_says_so_and_changes_nothing(bench: samples.Bench, strip: LayerStrip) -> None:
    wishes = len(bench.engine.wishes)
    strip.search.setText("no such layer")
    assert shown(strip) == []
    assert "no such layer" in strip.list.message
    assert bench.store.recipe.layer == "pool"
    strip.search.clear()
    assert strip.list.currentIndex().data() == "pool"
    assert strip.list.message == ""
    assert len(bench.engine.wishes) == wishes


def test_what_the_box_leaves_out_is_told_and_one_click_away(bench: samples.Bench, strip: LayerStrip) -> None:
    strip.search.setText("relu")  # the blocks' ends are relus; none is a batch_norm
    assert shown(strip)
    assert strip.elsewhere.isHidden()
    wanted = [layer.id for layer in bench.graph if layer.op == "batch_norm"]
    strip.search.setText("batch_norm")
    assert shown(strip) == []
    assert str(len(wanted)) in strip.list.message
    assert strip.elsewhere.isVisible()
    assert str(len(wanted)) in strip.elsewhere.text()
    strip.elsewhere.click()
    assert shown(strip) == wanted
    assert strip.show_box.currentData() == "*"
    assert strip.elsewhere.isHidden()
    show(strip, "")
    QTest.keyClick(strip.search, Qt.Key.Key_Return)
    assert shown(strip) == wanted
    strip.search.setText("no such layer")
    assert strip.elsewhere.isHidden()


def test_the_count_in_the_head_says_what_it_counts(bench: samples.Bench, strip: LayerStrip) -> None:
    count = len(shown(strip))
    assert strip._detail.toolTip() == f"{count} of the network's {len(bench.graph)} layers are listed"


def test_a_new_thumbnail_repaints_its_own_place_only(bench: samples.Bench, strip: LayerStrip) -> None:
    bench.controller.change(source=Source("demo", ""))
    bench.give()
    settle(strip)
    spy = _Repaints()
    strip.list.viewport().installEventFilter(spy)
    result = samples.result(bench.store.recipe, bench.graph, seed=5)
    kept = dict(strip.list.thumbnails) | {"stem.conv": result.thumbnails["stem.conv"]}
    strip.list.show_thumbnails(kept, "viridis")
    QApplication.processEvents()
    row = strip.list.visualRect(strip.model.index(strip.model.row("stem.conv") or 0))
    assert spy.regions == [QRegion(picture_rect(row))]
    assert row.contains(spy.regions[0].boundingRect())
    on_screen = strip.screen().grabWindow(strip.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert on_screen == strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)  # as if all were painted
    strip.list.show_thumbnails(result.thumbnails, "magma")  # now of other colours
    QApplication.processEvents()
    later = strip.screen().grabWindow(strip.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert later == strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32) != on_screen


def test_live_results_repaint_thumbnails_of_any_shape_and_move_nothing(bench: samples.Bench, strip: LayerStrip) -> None:
    bench.controller.change(source=Source("demo", ""), layer="fc")
    settle(strip)
    bench.give(seed=1)
    QApplication.processEvents()
    spy = _Relayouts()
    for widget in (strip, *strip.findChildren(QWidget)):
        widget.installEventFilter(spy)
    for seed in range(2, 8):
        bench.give(seed=seed)
        QApplication.processEvents()
    assert spy.seen == []
    assert any(thumbnail.levels.shape[0] == 1 for thumbnail in strip.list.thumbnails.values())
    on_screen = strip.screen().grabWindow(strip.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert on_screen == strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


class _Relayouts(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.ChildAdded):
            self.seen.append(f"{type(watched).__name__} {event.type()}")
        return False


class _Repaints(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.regions: list[QRegion] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.regions.append(event.region())
        return False


def test_arrow_keys_choose_and_undo_brings_the_row_back(bench: samples.Bench, strip: LayerStrip) -> None:
    rows = shown(strip)
    QTest.keyClick(strip.list, Qt.Key.Key_Down)
    assert bench.store.recipe.layer == rows[rows.index("pool") + 1]
    QTest.keyClick(strip.list, Qt.Key.Key_Up)
    QTest.keyClick(strip.list, Qt.Key.Key_Up)
    assert bench.store.recipe.layer == rows[rows.index("pool") - 1]
    for _step in range(3):
        bench.controller.undo()
    assert bench.store.recipe.layer == "pool"
    assert strip.list.currentIndex().data() == "pool"


def test_a_click_chooses(bench: samples.Bench, strip: LayerStrip) -> None:
    index = strip.model.index(strip.model.row("stem.relu") or 0)
    place = strip.list.visualRect(index).center()
    QTest.mouseClick(strip.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert bench.engine.wishes[-1].layer == "stem.relu"


def test_the_chosen_row_is_always_listed_and_visible(bench: samples.Bench, strip: LayerStrip) -> None:
    for wanted in ("layer3.1.bn1", "stem.bn", "mean", "input"):  # two of them are no rows of the outline
        bench.controller.change(layer=wanted)
        index = strip.list.currentIndex()
        assert index.data() == wanted
        assert strip.list.viewport().rect().contains(strip.list.visualRect(index).center())


def test_an_open_wish_marks_the_layer_that_is_shown(qapp: QApplication) -> None:
    bench = samples.Bench(Recipe(network="sample"))
    strip = LayerStrip(bench.store, bench.controller)
    bench.load()
    assert not strip.list.currentIndex().isValid()
    bench.give()
    assert strip.list.currentIndex().data() == "stem.conv"
    assert bench.store.recipe.layer == ""  # marking is no choice
    strip.deleteLater()


def test_from_the_filter_down_into_the_list(strip: LayerStrip) -> None:
    strip.search.setFocus()
    strip.activateWindow()
    QTest.qWaitForWindowActive(strip)
    QTest.keyClicks(strip.search, "layer1")
    QTest.keyClick(strip.search, Qt.Key.Key_Down)
    assert strip.list.hasFocus()
    QTest.keyClick(strip.search, Qt.Key.Key_Escape)
    assert strip.search.text() == ""


def test_live_asks_for_the_visible_thumbnails_only(bench: samples.Bench, strip: LayerStrip) -> None:
    assert bench.store.recipe.thumbnails == ALL
    undo = bench.controller.can_undo
    bench.controller.change(source=Source("demo", ""))
    bench.give()
    wanted = bench.store.recipe.thumbnails
    assert 3 < len(wanted) < len(strip.model.layers)
    assert "input" in wanted
    strip.list.verticalScrollBar().setValue(strip.list.verticalScrollBar().maximum())
    settle(strip)
    wanted = bench.engine.wishes[-1].thumbnails
    assert wanted[-1] == "fc"
    assert "input" not in wanted
    for name in wanted:
        row = strip.list.visualRect(strip.model.index(strip.model.row(name) or 0))
        assert strip.list.viewport().rect().intersects(row)
    bench.controller.freeze(True)
    assert bench.store.recipe.thumbnails == ALL
    assert undo is False
    bench.controller.undo()
    assert not bench.controller.can_undo  # scrolling was no step


def test_a_hidden_strip_asks_for_no_thumbnails_while_live(bench: samples.Bench, strip: LayerStrip) -> None:
    bench.controller.change(source=Source("demo", ""))
    bench.give()
    strip.hide()
    until(lambda: bench.store.recipe.thumbnails == ())
    strip.show()
    until(lambda: "input" in bench.store.recipe.thumbnails)


def test_untrained_weights_are_marked(qapp: QApplication, bench: samples.Bench, strip: LayerStrip) -> None:
    badge = strip.findChild(type(strip._badge), "badge")
    assert badge is not None
    assert badge.isHidden()
    bench.trained = False
    bench.load()
    bench.give()
    assert not badge.isHidden()
    assert badge.text() == "untrained"


def test_seven_hundred_layers_are_listed_and_filtered_at_once(qapp: QApplication) -> None:
    bench = samples.Bench(Recipe(network="sample"), samples.graph(blocks=140))
    strip = LayerStrip(bench.store, bench.controller)
    strip.resize(190, 600)
    strip.show()
    bench.load()
    show(strip, "*")
    assert len(strip.model.layers) > 700
    bench.controller.change(layer=bench.graph.layers[650].id)
    assert strip.list.viewport().rect().intersects(strip.list.visualRect(strip.list.currentIndex()))
    strip.close()
    strip.deleteLater()


def test_a_new_network_replaces_rows_and_thumbnails(bench: samples.Bench, strip: LayerStrip) -> None:
    bench.graph = Graph(
        (
            Layer("input", "input", "input", (), (1, 32, 32), "CHW"),
            Layer("c1", "c1", "conv2d", ("input",), (6, 28, 28), "CHW", macs=1),
        )
    )
    bench.controller.change(network="other")
    bench.load()
    assert shown(strip) == ["input", "c1"]
    assert not strip.list.thumbnails
    bench.give(kernel=None, maps=samples.values(6, (28, 28)))
    assert set(strip.list.thumbnails) == {"input", "c1"}


def test_every_control_has_a_name_and_every_row_says_what_it_is(strip: LayerStrip) -> None:
    for widget in (strip, strip.search, strip.show_box, strip.list):
        assert widget.accessibleName()
    spoken = strip.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert all(word in spoken for word in ("stem.conv", "conv2d", "64×112×112"))


def test_language_and_theme_while_running(
    qapp: QApplication, strip: LayerStrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.panels.layer_strip._", lambda text: f"«{text}»")
    show(strip, "*")
    QApplication.sendEvent(strip, QEvent(QEvent.Type.LanguageChange))
    assert strip.search.placeholderText().startswith("«")
    assert strip.show_box.itemText(0) == "«Blocks»"
    assert strip.show_box.currentData() == "*"
    theme.apply(qapp, "light")
    dark = strip.list.viewport().grab().toImage()
    theme.apply(qapp, "dark")
    assert strip.list.viewport().grab().toImage() != dark


def test_a_long_name_keeps_its_end(qapp: QApplication) -> None:
    metrics = QFontMetrics(qapp.font())
    whole = "blocks.10.project_conv"
    width = metrics.horizontalAdvance(whole)
    assert shorten(whole, metrics, width) == whole
    for room in (width - 1, width - 12, width - 30):
        short = shorten(whole, metrics, room)
        assert short.endswith("…10.project_conv")
        assert metrics.horizontalAdvance(short) <= room
    for room in range(metrics.horizontalAdvance("…10.pro…nv"), width):  # the number never goes
        short = shorten(whole, metrics, room)
        assert "…10.p" in short
        assert short.endswith("v")
        assert metrics.horizontalAdvance(short) <= room
    for name, parts in {
        "features.denseblock3.denselayer12.conv2": ("…3.", "…12.conv2"),
        "layer1.0.downsample_of_it.0": ("1.0.", "…0"),
    }.items():
        short = shorten(name, metrics, width)
        assert [short.index(part) for part in parts] == sorted(short.index(part) for part in parts)
        assert metrics.horizontalAdvance(short) <= width
    assert metrics.horizontalAdvance(shorten(whole, metrics, 20)) <= 20


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_row_keeps_the_name_whole_at_a_small_window_s_width_and_cuts_nothing_unseen(
    qapp: QApplication, strip: LayerStrip, scale: float
) -> None:
    delegate = strip.list._delegate
    font, small = QFont(qapp.font()), QFont(qapp.font())
    font.setPixelSize(round(13 * scale))
    small.setPixelSize(round(11 * scale))
    layer = Layer("blocks.0.project_conv", "", "adaptive_avg_pool2d", (), (1000, 112, 112), "CHW")
    name, op, size = delegate._shortened(layer, QFontMetrics(font), 162, QFontMetrics(small), 110)
    assert (name == layer.id) is (scale == 1.0)
    assert "…0.p" in name or name == layer.id
    for text, whole, metrics, room in (
        (op, layer.op, QFontMetrics(small), 110),
        (size, "1000×112×112", QFontMetrics(small), 110),
        (name, layer.id, QFontMetrics(font), 162),
    ):
        assert metrics.horizontalAdvance(text) <= room
        assert text == whole or "…" in text
