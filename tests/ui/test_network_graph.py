"""The panel of the architecture: it follows the store, chooses layers, finds hidden ones, and writes files."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from explorer import text
from explorer.engine.events import NetworkReady
from explorer.graph.values import Graph
from explorer.recipe import Recipe
from tests.graph.courses import traced
from tests.ui import samples
from ui import theme
from ui.panels import network_graph
from ui.panels.network_graph import EXPORTS, NetworkGraph


@pytest.fixture
def bench(qapp: QApplication) -> samples.Bench:
    theme.apply(qapp, "dark")
    return samples.Bench(Recipe(network="sample"), of=traced("googlenet"))


@pytest.fixture
def panel(bench: samples.Bench) -> Iterator[NetworkGraph]:
    widget = NetworkGraph(bench.store, bench.controller)
    widget.resize(900, 700)
    widget.show()
    bench.load()
    QApplication.processEvents()
    yield widget
    widget.close()
    widget.deleteLater()


def click(panel: NetworkGraph, node: str) -> None:
    place = panel.view.box_rect(node).center().toPoint()
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=place)


def test_before_there_is_a_network_it_says_so(qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    bench = samples.Bench()
    panel = NetworkGraph(bench.store, bench.controller)
    panel.resize(500, 400)
    panel.show()
    assert "as soon as the network is loaded" in panel.view.message
    assert not panel.export.isEnabled()
    assert not panel.fold_all.isEnabled()
    assert not panel.search.isEnabled()
    panel.write("svg", "nothing.svg")
    assert bench.engine.saved == []
    bench.load()
    assert panel.view.message == ""
    assert panel.export.isEnabled()
    panel.close()
    panel.deleteLater()


def test_what_comes_while_nobody_looks_is_laid_out_when_it_shows(bench: samples.Bench, panel: NetworkGraph) -> None:
    panel.hide()
    bench.graph = traced("resnet152")
    bench.load()
    bench.give()
    assert len(panel.view.outline.graph) == len(traced("googlenet"))
    panel.show()
    assert panel.view.outline.graph is bench.graph
    assert panel.view.current == bench.store.result.view.layer.id


def test_it_shows_the_loaded_network_folded_so_that_it_can_be_read(panel: NetworkGraph) -> None:
    assert panel.accessibleName() == samples.CARD.title
    assert panel.view.folded == panel.view.outline.default()
    assert {"convolution", "concat", "block"} <= set(panel.legend.families)
    assert "concat" in panel.legend.accessibleDescription()


def test_a_click_chooses_the_layer_and_can_be_undone(bench: samples.Bench, panel: NetworkGraph) -> None:
    click(panel, "conv2.conv")
    assert bench.store.recipe.layer == "conv2.conv"
    assert "conv2d 1×1" in panel.facts.text()
    click(panel, "maxpool1")
    bench.controller.undo()
    assert bench.store.recipe.layer == panel.view.current == "conv2.conv"


def test_it_marks_what_is_chosen_elsewhere(bench: samples.Bench, panel: NetworkGraph) -> None:
    bench.give()
    assert panel.view.current  # the layer that is shown where none is chosen
    bench.controller.change(layer="inception5b.branch2.1.conv")
    assert panel.view.current == "inception5b.branch2."  # folded, so its block
    assert panel.view.rect().toRectF().contains(panel.view.box_rect(panel.view.current))


def test_fold_all_unfold_all_and_default(panel: NetworkGraph) -> None:
    panel.fold_all.click()
    assert panel.view.folded == panel.view.outline.all
    assert "concat" in panel.legend.families  # they are told on the boxes of the blocks
    panel.unfold_all.click()
    assert len(panel.view.drawn.nodes) == len(traced("googlenet"))
    panel.fold_default.click()
    assert panel.view.folded == panel.view.outline.default()


def test_a_network_without_blocks_has_nothing_to_fold(bench: samples.Bench, panel: NetworkGraph) -> None:
    bench.graph = traced("lenet5")
    bench.load()
    assert not panel.fold_all.isEnabled()
    assert panel.search.isEnabled()


def test_search_unfolds_only_what_hides_the_found_one(panel: NetworkGraph) -> None:
    panel.fold_all.click()
    everything = panel.view.folded
    panel.search.setText("4C branch3 conv")
    wanted = [layer.id for layer in traced("googlenet") if "4c.branch3" in layer.id and "conv" in layer.id]
    assert panel.count.text() == f"1 of {len(wanted)}"
    for turn in (0, 1, 0, 1):
        assert panel.view.current == wanted[turn]
        assert panel.view.folded == everything - set(panel.view.outline.around(wanted[turn]))
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
    QTest.keyClick(panel.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.current == wanted[1]
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == panel.count.text() == ""
    assert panel.view.current == wanted[1]


def test_a_name_that_is_the_whole_of_one_is_found_first(panel: NetworkGraph) -> None:
    panel.search.setText("inception3a.cat")
    assert panel.view.current == "inception3a.cat"
    panel.search.setText("CONV1.BN")
    assert panel.view.current == "conv1.bn"


def test_nothing_found_says_so_and_changes_nothing(bench: samples.Bench, panel: NetworkGraph) -> None:
    before, wishes = panel.view.folded, len(bench.engine.wishes)
    panel.search.setText("no such layer")
    assert panel.count.text() == "No layer matches"
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert panel.view.folded == before
    assert len(bench.engine.wishes) == wishes


def test_ctrl_f_goes_to_the_search_and_down_back_to_the_drawing(panel: NetworkGraph) -> None:
    panel.activateWindow()
    panel.view.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    asked = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_F, control)
    asked.setAccepted(False)
    QApplication.sendEvent(panel.view, asked)
    assert asked.isAccepted()  # so that no shortcut of the window takes it
    QTest.keyClick(panel.view, Qt.Key.Key_F, control)
    assert QApplication.focusWidget() is panel.search
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is panel.view


def test_another_network_than_the_loaded_one(bench: samples.Bench, panel: NetworkGraph) -> None:
    wishes, other = len(bench.engine.wishes), replace(samples.CARD, name="other", title="Other Net")
    panel.show_graph(None, other, "Looking at every layer …")
    assert panel.view.message == "Looking at every layer …"
    panel.show_graph(traced("lenet5"), other)
    assert panel.accessibleName() == "Other Net"
    click(panel, "c3")
    assert panel.view.current == "c3"
    assert "2,416" in panel.facts.text()
    assert len(bench.engine.wishes) == wishes  # Explore looks through another network
    bench.give()
    assert panel.view.current == "c3"
    panel.show_graph(None)
    assert panel.accessibleName() == samples.CARD.title
    assert "conv1.conv" in panel.view.drawn.by_id


def test_a_box_s_menu(panel: NetworkGraph) -> None:
    opened = QSignalSpy(panel.opened)
    place = panel.view.box_rect("conv1.conv").center().toPoint()
    panel.view.customContextMenuRequested.emit(place)
    (menu,) = panel.findChildren(QMenu)[-1:]
    fold, show = menu.actions()
    fold.trigger()
    assert "conv1." in panel.view.folded
    show.trigger()
    assert opened.at(0) == ["conv1.conv"]
    menu.close()


@pytest.mark.parametrize("suffix", EXPORTS)
def test_exports(
    bench: samples.Bench, panel: NetworkGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str
) -> None:
    asked: list[str] = []

    def choose(_parent: object, _title: str, suggested: str, kinds: str, _chosen: str) -> tuple[str, str]:
        asked.append(suggested)
        return str(tmp_path / "파일"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    (action,) = (action for action in panel.menu.actions() if action.data() == suffix)
    action.trigger()
    assert asked == [f"Sample_Net.{suffix}"]
    ((path, content),) = bench.engine.saved
    assert path == str(tmp_path / f"파일.{suffix}")
    if suffix == "png":
        image = QImage.fromData(content)
        assert image.width() == round(panel.view.laid.width * 2)
    elif suffix == "svg":
        assert len(list(ET.fromstring(content).iter("{http://www.w3.org/2000/svg}g"))) >= len(panel.view.drawn.nodes)
    else:
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert len(rows) == 1 + len(traced("googlenet"))  # every op, whatever is folded


def test_an_export_asks_before_it_replaces_a_file_that_was_not_named(
    bench: samples.Bench, panel: NetworkGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.svg").touch()
    answers, asked = [(str(tmp_path / "a"), ""), ("", "")], []

    def choose(_parent: object, _title: str, suggested: str, _kinds: str, _chosen: str) -> tuple[str, str]:
        asked.append(suggested)
        return answers.pop(0)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    panel.menu.actions()[0].trigger()
    assert asked[1:] == [str(tmp_path / "a.svg")]
    assert bench.engine.saved == []


def test_an_export_given_up(bench: samples.Bench, panel: NetworkGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("", ""))
    for action in panel.menu.actions():
        action.trigger()
    assert bench.engine.saved == []


def test_a_picture_that_is_too_large_is_refused_with_a_remedy(
    bench: samples.Bench, panel: NetworkGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_graph, "LONGEST_PX", 1000)
    panel.write("png", "large.png")
    assert bench.engine.saved == []
    sentence = str(bench.store.problems["export"].error)
    assert f"{round(panel.view.laid.height)} px" in sentence
    assert "fold" in sentence


def test_thumbnails_of_the_loaded_network_reach_the_boxes(bench: samples.Bench, panel: NetworkGraph) -> None:
    bench.controller.adjust(thumbnails=("*",))
    bench.give()
    assert set(panel.view._thumbnails) == set(traced("googlenet").by_id)
    panel.show_graph(traced("lenet5"), replace(samples.CARD, name="other"))
    assert set(panel._thumbnails) == set()


def test_language_and_theme_may_change_at_any_time(qapp: QApplication, panel: NetworkGraph) -> None:
    text.set_language("ko")
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    theme.apply(qapp, "light", 1.5)
    panel.grab()
    assert panel.view.grab().toImage().pixelColor(300, 6).name() == theme.current().panel
    theme.apply(qapp, "dark")


def test_it_is_not_wider_than_a_narrow_window_has_room_for(panel: NetworkGraph) -> None:
    assert panel.minimumSizeHint().width() <= 620


def without(graph: Graph, gone: str) -> Graph:
    """Return the path that leaves a layer out: who took its output takes its first input."""
    first = graph[gone].inputs[0]
    layers = (replace(one, inputs=tuple(first if one_in == gone else one_in for one_in in one.inputs)) for one in graph)
    return Graph(tuple(layer for layer in layers if layer.id != gone), outputs=graph.outputs)


def test_another_path_through_the_same_network_keeps_what_is_open_marked_and_found(
    bench: samples.Bench, panel: NetworkGraph
) -> None:
    whole = traced("googlenet")
    panel.search.setText("branch2")
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    panel.view.zoom(1.3)
    folded, current, number = panel.view.folded, panel.view.current, panel.count.text()
    assert folded != panel.view.outline.default(), "the search has unfolded something"
    place = panel.view.box_rect(current)
    other = without(whole, "inception5b.cat")
    bench.controller.on_event(NetworkReady(samples.network(other)))
    assert panel.view.folded == folded & panel.view.outline.all
    assert (panel.view.current, panel.count.text()) == (current, number)
    assert panel.view.box_rect(current).topLeft() == place.topLeft()
    assert panel.view.outline.graph is other
    drawn = panel.view.drawn
    bench.controller.on_event(NetworkReady(samples.network(Graph(other.layers, outputs=other.outputs))))
    assert panel.view.drawn is drawn, "the same layers again, as on the processor, are not laid out anew"


def test_a_marked_box_that_another_path_leaves_out_has_no_mark(bench: samples.Bench, panel: NetworkGraph) -> None:
    panel.view.seek("inception5b.cat")
    bench.controller.on_event(NetworkReady(samples.network(without(traced("googlenet"), "inception5b.cat"))))
    assert panel.view.current == ""
    assert panel.view.drawn is not None
