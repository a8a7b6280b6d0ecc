"""The Receptive field page: its numbers, pointer and keys, other sizes of input, files, and what is published."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.attribution.values import Reach
from explorer.engine.events import Answered, Catalogue, Ended, FieldsReady, NetworkReady, Problem
from explorer.errors import ForwardError, NetworkError
from explorer.graph.values import Graph, Layer
from explorer.influence import Curve
from explorer.questions import EffectiveCurve, FieldsFound, FieldsOf, answer
from explorer.receptive.analyse import Fields, analyse
from explorer.zoo import registry
from explorer.zoo.card import WeightState
from tests.ui import samples, zoo
from tests.ui.desk import Desk, until
from ui.panels.receptive_field import MEASURED, ReceptiveField
from ui.widgets.field_chart import FieldChart, ticks
from ui.widgets.field_points import points
from ui.widgets.field_table import AREA, CERTAINTY, MAIN, NAME, STRIDE, FieldTable


def fields_of(name: str, input_hw: tuple[int, int] | None = None) -> Fields:
    registry.everything()
    found = answer(None, FieldsOf(name, input_hw))
    assert isinstance(found, FieldsFound)
    return found.fields


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


def page(one: Desk, *cards: str) -> ReceptiveField:
    """Return the page, in front, of the loaded network; networks of the zoo's are listed too."""
    networks = zoo.go(one)
    if cards:
        listed = tuple((registry.card(name), WeightState.NONE) for name in cards)
        one.send(Catalogue((*zoo.CARDS, *listed), (("cpu", "CPU"),)))
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.receptive))
    return networks.receptive


def choose(one: Desk, name: str) -> None:
    networks = one.window.networks
    assert networks is not None
    networks.list.choose(name)


def asked(one: Desk) -> list[FieldsOf]:
    return [question for question in one.engine.questions if isinstance(question, FieldsOf)]


def tell(one: Desk, name: str, fields: Fields, input_hw: tuple[int, int] | None = None) -> None:
    """Wait for the question and answer it."""
    until(lambda: FieldsOf(name, input_hw) in asked(one))
    one.send(Answered(FieldsOf(name, input_hw), FieldsFound(fields)))


def load(one: Desk) -> Graph:
    """Let the sample network be loaded with ResNet-18's layers, and what their units see."""
    graph = one.graph = fields_of("resnet18").graph
    one.load()
    one.send(FieldsReady("sample", graph, analyse(graph)))
    return graph


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
    assert rows["conv1"][AREA : AREA + 3] == ["7 × 7", "2 × 2", "−3 × −3"]
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
    for part in ("conv1 · conv2d · 64×112×112", "area 7 × 7 · exact", "stride 2 × 2 · start −3 × −3"):
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


# the page


def test_the_loaded_network_is_told_without_a_question(one: Desk) -> None:
    graph = load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    assert len(found.chart.points) == len(graph) - 1
    assert found.table.layers() == [layer.id for layer in graph.layers[1:]]
    assert asked(one) == []


def test_another_network_is_asked_for_and_shown(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    choose(one, "alex")
    assert "Looking at every layer of AlexNet" in found.chart.message
    tell(one, "alex", resnet)
    assert found.chart.message == ""
    words = "At 224 × 224, 16 of 54 layers with weights see the whole picture; the first is layer3.4.conv2."
    assert found.answer.text() == words


def test_another_input_size_is_computed_anew(one: Desk) -> None:
    """At 512 no map of ResNet-50, of at most 427 cells, sees it all; after the mean the last layer does."""
    load(one)
    found = page(one)
    choose(one, "alex")
    tell(one, "alex", fields_of("resnet50"))
    found.side.setValue(512)
    tell(one, "alex", fields_of("resnet50", (512, 512)), (512, 512))
    assert found.answer.text() == "At 512 × 512, 1 of 54 layers with weights sees the whole picture: fc."
    found.usual.click()
    assert found.side.value() == 224
    assert found.answer.text().startswith("At 224 × 224, 16 of 54")


def test_a_network_that_refuses_a_size_says_so_and_the_usual_size_comes_back(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    choose(one, "alex")
    tell(one, "alex", resnet)
    found.side.setValue(256)
    question = FieldsOf("alex", (256, 256))
    until(lambda: question in asked(one))
    one.send(Problem("question", ForwardError("It takes 224 alone. Try another input size."), question=question))
    assert found.chart.message == "It takes 224 alone. Try another input size."
    assert found.table.layers() == []
    assert not found.export.isEnabled()
    assert not found.again.isVisibleTo(found)
    assert "question" not in one.store.problems
    found.usual.click()
    assert found.chart.message == ""


def test_a_network_that_cannot_be_had_is_asked_for_again(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    choose(one, "alex")
    until(lambda: FieldsOf("alex") in asked(one))
    one.send(Problem("question", NetworkError("The file is gone."), question=FieldsOf("alex")))
    assert found.chart.message == "The file is gone."
    found.again.click()
    assert asked(one).count(FieldsOf("alex")) == 2
    tell(one, "alex", resnet)
    assert found.chart.points


def test_a_click_in_the_chart_opens_explore(one: Desk) -> None:
    load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    QTest.mouseClick(found.chart, Qt.MouseButton.LeftButton, pos=at(found.chart, "maxpool"))
    assert one.store.recipe.layer == "maxpool"
    assert one.window.explore.isVisible()


def test_a_chosen_row_is_the_layer_of_explore(one: Desk) -> None:
    load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    found.table.setCurrentIndex(found.table.model().index(2, 0))
    assert one.store.recipe.layer == "relu"


def test_words_that_no_layer_has_are_told(one: Desk) -> None:
    load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    found.search.setText("no such layer")
    assert "“no such layer”" in found.table.message
    QTest.keyClick(found.search, Qt.Key.Key_Escape)
    assert found.table.message == ""


def test_an_input_of_one_axis_has_a_table_alone(one: Desk) -> None:
    line = analyse(
        Graph(
            (
                Layer("input", "input", "input", (), (1, 100), "CL"),
                Layer("relu", "relu", "relu", ("input",), (1, 100), "CL"),
            )
        )
    )
    load(one)
    found = page(one)
    choose(one, "alex")
    tell(one, "alex", line)
    assert "other axes than rows and columns" in found.chart.message
    assert found.table.layers() == ["relu"]
    assert found.table.texts(0)[AREA] == "1"


# the effective size


def curve_of(one: Desk) -> EffectiveCurve:
    return next(question for question in one.engine.questions if isinstance(question, EffectiveCurve))


def test_the_effective_curve_grows_step_by_step_and_ends(one: Desk) -> None:
    load(one)
    found = page(one)
    until(lambda: found.measure.isEnabled())
    found.measure.click()
    question = curve_of(one)
    assert question.network == "sample"
    assert len(question.layers) == MEASURED
    assert question.layers[0] == "conv1"
    assert found.cancel.isVisibleTo(found)
    first = Reach(question.layers[0], 5.5, 7.0)
    one.send(Answered(question, Curve((first,)), 0.25))
    assert found.bar.value() == 250
    assert found.chart.words(found.chart.points[0]).endswith("effective (95 %) 5.500")
    one.send(Answered(question, Curve((first, Reach(question.layers[1], 8.0, 9.0))), 1.0))
    assert not found.bar.isVisibleTo(found)
    assert found.measure.isVisibleTo(found)


def test_cancelling_drops_the_question_and_keeps_what_is_known(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    load(one)
    found = page(one)
    until(lambda: found.measure.isEnabled())
    dropped: list[object] = []
    monkeypatch.setattr(one.controller, "drop", dropped.append)
    found.measure.click()
    question = curve_of(one)
    one.send(Answered(question, Curve((Reach("conv1", 5.5, 7.0),)), 0.1))
    found.cancel.click()
    assert dropped == [question]
    one.send(Answered(question, Curve((Reach("conv1", 1.5, 7.0),)), 0.2))  # was on its way
    assert found.chart.words(found.chart.points[0]).endswith("effective (95 %) 5.500")
    assert found.measure.isVisibleTo(found)


@pytest.mark.parametrize("ends", [True, False])
def test_a_curve_that_cannot_go_on_gives_its_button_back(one: Desk, ends: bool) -> None:
    load(one)
    found = page(one)
    until(lambda: found.measure.isEnabled())
    found.measure.click()
    question = curve_of(one)
    problem = Problem("question", ForwardError("It has no gradient."), question=question)
    one.send(Ended(question) if ends else problem)
    assert found.measure.isVisibleTo(found)
    assert ("It has no gradient." in found.answer.text()) is not ends


def test_only_the_loaded_network_at_its_own_size_is_measured(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    until(lambda: found.measure.isEnabled())
    found.side.setValue(512)
    tell(one, "sample", resnet, (512, 512))
    assert not found.measure.isEnabled()
    choose(one, "alex")
    tell(one, "alex", resnet)
    assert not found.measure.isEnabled()


def test_an_untrained_networks_effective_size_says_so(one: Desk) -> None:
    load(one)
    one.send(NetworkReady(samples.network(one.graph, trained=False)))
    one.send(FieldsReady("sample", one.graph, analyse(one.graph)))
    found = page(one)
    until(lambda: found.measure.isEnabled())
    found.measure.click()
    one.send(Answered(curve_of(one), Curve((Reach("conv1", 5.5, 7.0),)), 1.0))
    assert "untrained" in found._badge.text()


# what is published, and files


def test_the_published_numbers_stand_beside_those_of_both_forms(one: Desk) -> None:
    load(one)
    found = page(one, "resnet50", "resnet50_paper")
    choose(one, "resnet50")
    for name in ("resnet50", "resnet50_paper"):
        tell(one, name, fields_of(name))
    text = found.paper.text()
    for part in ("483 × 483", "427 × 427", "resnet_v1_50", "Distill, 2019", "takes the smaller steps"):
        assert part in text
    assert text.count("483 × 483") == 2
    choose(one, "alex")
    assert not found.paper.isVisibleTo(found)


def test_of_googlenet_no_size_is_published_and_both_forms_are_computed(one: Desk) -> None:
    load(one)
    found = page(one, "googlenet", "googlenet_paper")
    choose(one, "googlenet")
    for name in ("googlenet", "googlenet_paper"):
        tell(one, name, fields_of(name))
    for part in ("715 × 715", "379 × 379", "no size is published", "Szegedy"):
        assert part in found.paper.text()


WRITTEN: dict[str, Callable[[bytes], object]] = {
    "png": lambda content: QImage.fromData(content, "PNG").width(),  # type: ignore[call-overload]
    "svg": ET.fromstring,
    "csv": lambda content: list(csv.DictReader(io.StringIO(content.decode()))),
    "json": json.loads,
}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_the_page_as_files(one: Desk, suffix: str) -> None:
    graph = load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    found.write(suffix, f"/made/up.{suffix}")
    path, content = one.engine.saved[-1]
    assert path == f"/made/up.{suffix}"
    value = WRITTEN[suffix](content)
    first = analyse(graph)["conv1"].path
    assert first is not None
    if suffix == "csv":
        assert isinstance(value, list)
        assert [row["id"] for row in value] == [layer.id for layer in graph]
        assert value[1]["size"] == "×".join(map(str, first.size))
    elif suffix == "json":
        assert isinstance(value, dict)
        assert value["layers"][1]["receptive_field"]["size"] == list(map(int, first.size))
    elif suffix == "png":
        assert value == 2400


def test_an_own_network_that_is_opened_anew_is_computed_anew(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    found.surveys.want(("/my.pt", (64, 64)))
    tell(one, "/my.pt", resnet, (64, 64))
    assert found.surveys.of("/my.pt", (64, 64)) is resnet
    network = samples.network(one.graph)
    one.send(NetworkReady(replace(network, card=replace(samples.CARD, name="/my.pt", group="own"))))
    assert found.surveys.of("/my.pt", (64, 64)) is None
