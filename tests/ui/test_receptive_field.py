"""The Receptive field page: any network, other sizes of input, effective sizes, what is published, files."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from explorer.attribution.values import Reach
from explorer.engine.events import Answered, Catalogue, Ended, FieldsReady, NetworkReady, Problem
from explorer.errors import ExplorerError, ForwardError, NetworkError
from explorer.graph.values import Graph, Layer
from explorer.influence import Curve
from explorer.questions import EffectiveCurve, FieldsFound, FieldsOf
from explorer.receptive.analyse import Fields, analyse
from explorer.zoo import registry
from explorer.zoo.card import WeightState
from tests.receptive.fields import fields_of
from tests.ui import samples, zoo
from tests.ui.desk import Desk, until
from ui.effective_curve import MEASURED
from ui.panels.receptive_field import ReceptiveField
from ui.widgets.field_table import AREA


@pytest.fixture(scope="module")
def resnet() -> Fields:
    return fields_of("resnet50")


def page(one: Desk, *cards: str) -> ReceptiveField:
    """Return the page, in front, of the loaded network; networks of the zoo's are listed too."""
    networks = zoo.go(one)
    if cards:
        listed = tuple((registry.card(name), WeightState.NONE) for name in cards)
        one.send(Catalogue((*zoo.CARDS, *listed), (("cpu", "CPU"),)))
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.receptive))
    return networks.receptive


def choose(one: Desk, name: str) -> None:
    networks = one.window.places.networks
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


def at(found: ReceptiveField, layer: str) -> QPoint:
    return found.chart.place(layer).toPoint()


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
    one.send(Problem("question", ExplorerError("The file is gone."), details="Traceback …", question=FieldsOf("alex")))
    assert found.chart.message == "The file is gone."
    assert found.details.isVisibleTo(found)
    found.again.click()
    assert asked(one).count(FieldsOf("alex")) == 2
    assert not found.details.isVisibleTo(found)
    tell(one, "alex", resnet)
    assert found.chart.points


def test_a_click_in_the_chart_opens_explore(one: Desk) -> None:
    load(one)
    found = page(one)
    until(lambda: found.chart.points != ())
    QTest.mouseClick(found.chart, Qt.MouseButton.LeftButton, pos=at(found, "maxpool"))
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
    problem = Problem("question", ExplorerError("It has no gradient."), details="Traceback …", question=question)
    one.send(Ended(question) if ends else problem)
    assert found.measure.isVisibleTo(found)
    assert ("It has no gradient." in found.answer.text()) is not ends
    assert found.details.isVisibleTo(found) is not ends
    load(one)
    assert "It has no gradient." not in found.answer.text(), "it was another network's"


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


def test_the_measuring_of_one_network_does_not_show_beside_another(one: Desk, resnet: Fields) -> None:
    load(one)
    found = page(one)
    until(lambda: found.measure.isEnabled())
    found.measure.click()
    choose(one, "alex")
    tell(one, "alex", resnet)
    assert not found.cancel.isVisibleTo(found)
    choose(one, "sample")
    assert found.cancel.isVisibleTo(found)


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


def test_a_loaded_network_that_could_not_be_analysed_does_not_keep_the_page_waiting(one: Desk, resnet: Fields) -> None:
    load(one)
    one.send(FieldsReady("sample", one.graph, None))
    found = page(one)
    until(lambda: FieldsOf("sample") in asked(one))
    one.send(Problem("question", NetworkError("A rule is broken."), question=FieldsOf("sample")))
    assert found.chart.message == "A rule is broken."
    found.again.click()
    tell(one, "sample", resnet)
    assert found.chart.points
