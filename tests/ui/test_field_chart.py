"""The chart and the table of receptive fields: their numbers, and what pointer and keys do."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.graph.values import Graph, Layer
from explorer.receptive.analyse import Fields, analyse
from tests.receptive.fields import fields_of
from ui.widgets.field_chart import FieldChart, ticks
from ui.widgets.field_points import points
from ui.widgets.field_table import AREA, CERTAINTY, MAIN, NAME, STRIDE, FieldTable


@pytest.fixture(scope="module")
def resnet() -> Fields:
    return fields_of("resnet50")


def gated() -> Fields:
    """Return a 3×3, then its maps times a gate from their means: whole input, 3 without gates; then an unknown op."""

    def layer(id: str, op: str, inputs: tuple[str, ...], output: tuple[int, ...], **attributes: object) -> Layer:
        return Layer(id, id, op, inputs, output, "CHW" if len(output) == 3 else "C", attributes=attributes)

    three = {"kernel": [3, 3], "stride": [1, 1], "padding": [[1, 1], [1, 1]], "dilation": [1, 1], "groups": 1}
    whole = {"output_size": [1, 1]}
    return analyse(
        Graph(
            (
                layer("input", "input", (), (1, 8, 12)),
                layer("conv", "conv2d", ("input",), (1, 8, 12), **three),
                layer("mean", "adaptive_avg_pool2d", ("conv",), (1, 1, 1), **whole),
                layer("gate", "multiply", ("conv", "mean"), (1, 8, 12)),
                layer("odd", "no_such_op", ("gate",), (1, 8, 12)),
            )
        )
    )


# numbers


def test_every_point_is_the_field_of_its_layer(resnet: Fields) -> None:
    found = {point.layer: point for point in points(resnet, ())}
    assert set(found) == {layer.id for layer in resnet.graph} - {"input"}
    for layer, field in resnet:
        if layer.id != "input":
            assert field.path is not None
            assert found[layer.id].size == tuple(map(float, field.path.size))
            assert found[layer.id].certainty == field.certainty


def test_depth_is_the_longest_way(resnet: Fields) -> None:
    """In the first bottleneck: three convolutions with norms and two ReLUs are 8 ops, the shortcut 2; then add."""
    depth = {point.layer: point.depth for point in points(resnet, ())}
    assert depth["maxpool"] == 4
    assert depth["layer1.0.downsample.1"] == 4 + 2
    assert depth["layer1.0.add"] == 4 + 8 + 1


def test_the_tables_numbers_are_those_of_the_analysis(qapp: QApplication, resnet: Fields) -> None:
    table = FieldTable()
    table.show_fields(resnet)
    rows = {table.texts(row)[NAME]: table.texts(row) for row in range(len(table.layers()))}
    assert rows["layer4.2.relu:3"][AREA] == "427 × 427"
    assert rows["layer4.2.relu:3"][STRIDE] == "32 × 32"
    assert rows["conv1"][AREA : AREA + 3] == ["7 × 7", "2 × 2", "−3, −3"]
    assert rows["fc"][CERTAINTY] == "whole input"
    assert table.isColumnHidden(MAIN)
    table.deleteLater()


def test_gates_and_unknown_ops_are_told_apart(qapp: QApplication) -> None:
    fields, table, chart = gated(), FieldTable(), FieldChart()
    table.show_fields(fields)
    rows = {table.texts(row)[NAME]: table.texts(row) for row in range(4)}
    assert not table.isColumnHidden(MAIN)
    assert (rows["gate"][AREA], rows["gate"][CERTAINTY], rows["gate"][MAIN]) == ("8 × 12", "whole input", "3 × 3")
    assert (rows["odd"][AREA], rows["odd"][CERTAINTY]) == ("–", "unknown")
    chart.show_points(points(fields, ()), (8, 12))
    kinds = [kind for kind, _words in chart.legend()]
    assert kinds == ["exact", "whole input", "unknown", "main", "width", "input"]
    odd = next(point for point in chart.points if point.layer == "odd")
    assert "There is no rule for this op." in chart.words(odd)
    for widget in (table, chart):
        widget.deleteLater()


@pytest.mark.parametrize(("top", "log", "wanted"), [(32, False, [0, 5, 10, 15, 20, 25, 30]), (9, True, [1, 2, 4, 8])])
def test_ticks_are_round(top: float, log: bool, wanted: list[int]) -> None:
    assert ticks(top, log) == wanted


def test_a_low_chart_has_fewer_ticks() -> None:
    assert ticks(500, False, 3) == [0, 200, 400]
    assert ticks(4000, True, 2) == [1, 4, 16, 64, 256, 1024]


@pytest.mark.parametrize("top", [1, 2, 7, 33, 224, 1451 * 1.04, 3863])
def test_there_are_never_many_ticks(top: float) -> None:
    found = ticks(top, False)
    assert found[0] == 0
    assert 2 <= len(found) <= 9
    assert found[-1] <= top


# the chart


@pytest.fixture
def chart(qapp: QApplication, resnet: Fields) -> Iterator[FieldChart]:
    chart = FieldChart()
    chart.resize(900, 400)
    chart.show_points(points(resnet, ()), (224, 224))
    chart.show()
    yield chart
    chart.deleteLater()


def at(chart: FieldChart, layer: str) -> QPoint:
    return chart.place(layer).toPoint()


def test_a_point_tells_all_that_is_known(chart: FieldChart) -> None:
    pointed: list[str] = []
    chart.pointed.connect(pointed.append)
    QTest.mouseMove(chart, at(chart, "conv1"))
    assert pointed[-1:] == ["conv1"]
    words = chart.accessibleDescription()
    for part in ("conv1 · conv2d · 64×112×112", "area 7 × 7 · exact", "stride 2 × 2 · start −3, −3"):
        assert part in words


def test_a_click_opens_the_layer_and_beside_all_points_nothing(chart: FieldChart) -> None:
    opened: list[str] = []
    chart.opened.connect(opened.append)
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=at(chart, "layer3.4.conv2"))
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=at(chart, "conv1") - QPoint(0, 100))
    assert opened == ["layer3.4.conv2"]


def test_a_point_names_the_others_at_its_place(chart: FieldChart) -> None:
    point = next(point for point in chart.points if point.layer == "layer2.0.conv1")
    assert chart.words(point).endswith("also here: layer2.0.downsample.0")


def test_higher_is_larger_and_righter_is_deeper(chart: FieldChart) -> None:
    first, last = chart.place("conv1"), chart.place("layer4.2.relu:3")
    assert last.y() < first.y()
    assert last.x() > first.x()
    linear = chart.place("layer1.2.conv2").y()
    chart.set_log(True)
    assert chart.place("layer1.2.conv2").y() < linear


def test_keys_go_from_layer_to_layer_and_open_one(chart: FieldChart) -> None:
    opened: list[str] = []
    chart.opened.connect(opened.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_End, Qt.Key.Key_Enter):
        QTest.keyClick(chart, key)
    assert opened == ["bn1", "fc"]


def test_keys_do_nothing_while_there_is_only_a_message(qapp: QApplication) -> None:
    chart = FieldChart()
    chart.set_message("Nothing here.")
    opened: list[str] = []
    chart.opened.connect(opened.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(chart, key)
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert opened == []
    chart.deleteLater()


def test_effective_sizes_are_a_second_curve(chart: FieldChart) -> None:
    chart.show_effective({"conv1": 5.5})
    assert ("effective", "effective (95 %)") in chart.legend()
    point = next(point for point in chart.points if point.layer == "conv1")
    assert chart.words(point).endswith("effective (95 %) 5.500")


def test_the_chart_as_files(chart: FieldChart) -> None:
    image = QImage.fromData(chart.png("A title"), "PNG")  # type: ignore[call-overload]
    assert (image.width(), image.height()) == (2400, 1240)
    root = ET.fromstring(chart.svg("A title"))
    texts = {text.strip() for element in root.iter() if element.tag.endswith("text") for text in element.itertext()}
    assert {"A title", "exact", "400"} <= texts


# the table


def test_areas_sort_as_numbers_and_the_order_of_running_comes_back(qapp: QApplication, resnet: Fields) -> None:
    table = FieldTable()
    table.show_fields(resnet)
    order = table.layers()
    table.sortByColumn(AREA, Qt.SortOrder.DescendingOrder)
    assert table.layers()[0].startswith("layer4.2")
    assert table.texts(0)[AREA] == "427 × 427"
    sides = [int(table.texts(row)[AREA].split(" ")[0]) for row in range(len(order))]
    assert sides == sorted(sides, reverse=True)
    table.sortByColumn(-1, Qt.SortOrder.DescendingOrder)
    assert table.layers() == order
    table.deleteLater()


def test_words_filter_by_name_and_op(qapp: QApplication, resnet: Fields) -> None:
    table = FieldTable()
    table.show_fields(resnet)
    table.search("layer1.0 conv2d")
    names = ["conv1", "conv2", "conv3", "downsample.0"]
    assert sorted(table.layers()) == [f"layer1.0.{name}" for name in names]
    table.deleteLater()


def test_selected_rows_are_copied_as_a_spreadsheet_takes_them(qapp: QApplication, resnet: Fields) -> None:
    table = FieldTable()
    table.show_fields(resnet)
    table.select("maxpool")
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    cells = QGuiApplication.clipboard().text().split("\t")
    assert cells[:4] == ["maxpool", "max_pool2d 3×3 /2", "64×56×56", "11 × 11"]
    table.deleteLater()
