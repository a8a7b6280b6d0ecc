"""The architecture as a table: counts, folding, sorting, searching, copying, choosing, writing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from explorer.graph.values import Graph
from explorer.questions import Survey, Surveyed, answer
from tests.ui import zoo
from tests.ui.desk import Desk
from ui.panels.network_table import NetworkTable
from ui.widgets.architecture_view import LAYER, MACS, NAME, PARAMETERS, SHARE, ArchitectureView


def rows(view: ArchitectureView) -> dict[str, list[str]]:
    """Return the texts of every row that passes, folded or not, by name and in order."""
    found: dict[str, list[str]] = {}
    model = view.model()

    def walk(parent: QModelIndex) -> None:
        for row in range(model.rowCount(parent)):
            cells = [str(model.index(row, column, parent).data() or "") for column in range(model.columnCount())]
            found[cells[NAME]] = cells
            walk(model.index(row, 0, parent))

    walk(QModelIndex())
    return found


def graph_of(name: str) -> Graph:
    found = answer(None, Survey(name))
    assert isinstance(found, Surveyed)
    return found.graph


@pytest.fixture
def view(qapp: QApplication) -> Iterator[ArchitectureView]:
    view = ArchitectureView()
    view.show_graph(graph_of("resnet18"))
    yield view
    view.deleteLater()


def table(one: Desk) -> NetworkTable:
    """Return the table's page, in front, of the loaded network."""
    networks = zoo.go(one)
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.table))
    return networks.table


def test_blocks_hold_the_sums_of_resnet18s_stages(view: ArchitectureView) -> None:
    """Hand-summed from table 1 of He et al.: 3×3 kernels without bias, two numbers a channel of a normalisation."""

    def basic(before: int, width: int) -> int:
        shortcut = before * width + 2 * width if before != width else 0
        return 9 * before * width + 9 * width * width + 4 * width + shortcut

    found = rows(view)
    for block, before, width in (("layer1", 64, 64), ("layer2", 64, 128), ("layer3", 128, 256), ("layer4", 256, 512)):
        assert found[block][PARAMETERS] == f"{basic(before, width) + basic(width, width):,}"
    assert found["layer2.0"][PARAMETERS] == f"{basic(64, 128):,}"
    assert found["fc"][PARAMETERS : MACS + 1] == ["513,000", "512,000"]


def test_shares_are_of_the_whole_network(view: ArchitectureView) -> None:
    model = view.model()
    top = [model.index(row, PARAMETERS) for row in range(model.rowCount())]
    assert sum(index.data(SHARE) for index in top) == pytest.approx(1)
    work = [model.index(row, MACS) for row in range(model.rowCount())]
    assert sum(index.data(SHARE) for index in work) == pytest.approx(1)


def test_flat_every_op_is_a_row_in_the_order_in_which_it_runs(view: ArchitectureView) -> None:
    view.set_flat(True)
    graph = view.graph
    assert graph is not None
    assert list(rows(view)) == [layer.id for layer in graph]


@pytest.mark.parametrize("flat", [False, True])
def test_numbers_are_sorted_as_numbers_and_the_order_comes_back(view: ArchitectureView, flat: bool) -> None:
    view.set_flat(flat)
    before = list(rows(view))
    view.sortByColumn(PARAMETERS, Qt.SortOrder.DescendingOrder)
    model = view.model()
    values = [int(str(model.index(row, PARAMETERS).data()).replace(",", "")) for row in range(model.rowCount())]
    assert values == sorted(values, reverse=True)
    assert values[0] > 1000
    view.sortByColumn(-1, Qt.SortOrder.DescendingOrder)
    assert list(rows(view)) == before


def test_a_search_keeps_the_order_and_the_blocks_around(view: ArchitectureView) -> None:
    everything = list(rows(view))
    view.search("layer1 CONV2d")
    convolutions = [layer.id for layer in view.layers()]
    assert convolutions == ["layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1", "layer1.1.conv2"]
    assert list(rows(view)) == [
        "layer1",
        "layer1.0",
        "layer1.0.conv1",
        "layer1.0.conv2",
        "layer1.1",
        "layer1.1.conv1",
        "layer1.1.conv2",
    ]
    view.search("")
    assert list(rows(view)) == everything


def test_few_rows_show_at_first_even_of_a_large_network(view: ArchitectureView) -> None:
    view.show_graph(graph_of("densenet121"))
    shown, index = 0, view.model().index(0, 0)
    while index.isValid():
        shown, index = shown + 1, view.indexBelow(index)
    assert 5 < shown <= 60


def test_copied_rows_are_cells_and_a_block_is_all_of_its_ops(view: ArchitectureView) -> None:
    index = next(
        view.model().index(row, 0)
        for row in range(view.model().rowCount())
        if view.model().index(row, 0).data() == "layer1"
    )
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    view.selectionModel().select(index, flags)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["layer1.0.conv1", "conv2d 3×3", "64×56×56", "36864", "115605504", "maxpool"]
    assert len(lines) == len(view.layers(selected=True)) == 14


@pytest.mark.parametrize("width", [420, 800, 1200])
def test_columns_give_way_to_the_numbers(view: ArchitectureView, width: int) -> None:
    view.resize(width, 300)
    view.show()
    assert view.columnWidth(NAME) >= 140
    assert view.columnWidth(PARAMETERS) > 120
    if width >= 800:
        assert sum(view.columnWidth(column) for column in range(6)) <= view.viewport().width()
    view.setColumnWidth(NAME, 333)
    view.resize(width + 50, 300)
    assert view.columnWidth(NAME) == 333, "what the person has drawn stays"


# in its place


def test_totals_are_below(one: Desk) -> None:
    words = table(one).totals.text()
    assert f"{sum(layer.parameters for layer in one.graph):,} parameters" in words
    assert f"{sum(layer.macs for layer in one.graph):,} MACs" in words
    assert f"{len(one.graph) - 1} ops" in words


def test_a_row_of_the_loaded_network_is_chosen_in_explore(one: Desk) -> None:
    page = table(one)
    page.flat.click()
    index = page.view.model().index(4, 0)
    page.view.setCurrentIndex(index)
    layer = index.data(LAYER)
    assert one.store.recipe.layer == layer.id
    QTest.keyClick(page.view, Qt.Key.Key_Return)
    assert one.window.explore.isVisible()


def test_the_layer_that_explore_chooses_is_marked_here(one: Desk) -> None:
    page = table(one)
    one.controller.change(layer="pool")
    assert page.view.currentIndex().siblingAtColumn(0).data() == "pool"
    page.flat.click()
    assert page.view.currentIndex().siblingAtColumn(0).data() == "pool"


def test_a_row_of_another_network_opens_it_there(one: Desk) -> None:
    page = table(one)
    networks = one.window.places.networks
    assert networks is not None
    networks.list.choose("alex")
    zoo.tell(one, "alex")
    page.view.setCurrentIndex(page.view.model().index(2, 0))
    assert one.store.recipe.network == "sample", "choosing a row loads nothing"
    page.flat.click()
    index = page.view.model().index(3, 0)
    page.view.setCurrentIndex(index)
    QTest.keyClick(page.view, Qt.Key.Key_Return)
    assert (one.store.recipe.network, one.store.recipe.layer) == ("alex", index.data(LAYER).id)
    assert one.window.explore.isVisible()


def test_while_its_layers_are_not_known_it_says_so(one: Desk) -> None:
    page = table(one)
    networks = one.window.places.networks
    assert networks is not None
    networks.list.choose("alex")
    assert page.view.message == "Looking at every layer of AlexNet …"
    assert not page.export.isEnabled()
    zoo.tell(one, "alex")
    assert page.view.message == ""
    page.search.setText("zzz")
    assert "zzz" in page.view.message
    page.show_network(None)
    assert "Choose a network" in page.view.message


def test_the_table_as_a_file(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = table(one)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("/tmp/x.csv", ""))
    page.export.click()
    ((path, data),) = one.engine.saved
    found = list(csv.DictReader(io.StringIO(data.decode())))
    assert path == "/tmp/x.csv"
    assert [row["name"] for row in found] == [layer.id for layer in one.graph]
    assert sum(int(row["parameters"]) for row in found) == sum(layer.parameters for layer in one.graph)


def test_a_file_that_nobody_chose_is_not_written(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = table(one)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: ("", ""))
    page.export.click()
    assert one.engine.saved == []
