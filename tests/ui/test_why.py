"""Why, in the window: asked of what is shown while it is seen, drawn where its cells came from, compared beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from torch import nn

from explorer.attribution.methods import METHODS, Explanation, Target
from explorer.engine.events import Answered, NetworkReady, Problem, ResultReady
from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.questions import Explain
from explorer.recipe import Recipe
from explorer.text import set_language
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, desk
from ui.panels.why import SHUFFLED, WhyPanel


@pytest.fixture(scope="module")
def graph() -> Graph:
    parts = nn.Conv2d(3, 8, 5, 2, 2), nn.SiLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.Flatten(), nn.Linear(8 * 56 * 56, 10)
    return trace(nn.Sequential(*parts).eval(), torch.zeros(1, 3, 224, 224))


@pytest.fixture
def one(qapp: QApplication, graph: Graph) -> Iterator[Desk]:
    with desk(qapp, recipe=Recipe(network="sample", layer="2")) as it:
        it.graph = graph
        it.show(1600, 1000)
        it.send(NetworkReady(samples.network(graph)))
        it.give()
        yield it


def panel(one: Desk) -> WhyPanel:
    why = one.window.explore.why
    one.window.explore.columns.bring_forward(one.window.explore._why)
    return why


def questions(one: Desk) -> list[Explain]:
    return [asked for asked in one.engine.questions if isinstance(asked, Explain)]


def choose(box: Any, data: object) -> None:
    row = box.findData(data)
    assert row >= 0
    box.setCurrentIndex(row)


def found(question: Explain, heat: Any = None) -> Explanation:
    heat = np.ones((224, 224), np.float32) if heat is None else heat
    layer = "2" if METHODS[question.asked.method].kind == "layer" else ""
    target = question.asked.target or Target("4", 3)
    target = replace(target, layer=target.layer or "4")  # as the network names its output
    return Explanation(question.asked.method, target, 1.5, heat, layer, heat)


def test_nothing_is_asked_until_it_is_seen_and_then_of_the_shown_frame(one: Desk) -> None:
    why = one.window.explore.why
    assert not questions(one)
    panel(one)
    (question,) = questions(one)
    assert one.store.result is not None
    assert question.frame is one.store.result.frame
    assert (question.asked.method, question.asked.target) == ("grad-cam", None)
    one.send(Answered(question, found(question)))
    assert len(questions(one)) == 1, "a picture that stands still is asked about once"
    assert "1.5" in why.words.text()
    assert "maps of 2" in why.words.text()
    one.window.explore.columns.bring_forward(one.window.explore.maps)
    one.give()
    assert len(questions(one)) == 1, "not while it is hidden"


def test_the_heat_lies_where_its_cells_came_from(one: Desk) -> None:
    why = panel(one)
    heat = np.zeros((224, 224), np.float32)
    heat[0:112, 112:224] = 1  # top right
    one.send(Answered(questions(one)[0], found(questions(one)[0], heat)))
    image = why.views[0].grab().toImage()
    shown = [
        max(abs(c.red() - c.green()), abs(c.green() - c.blue()))
        for c in (
            image.pixelColor(int(image.width() * x), int(image.height() * y)) for y, x in ((0.4, 0.6), (0.6, 0.6))
        )
    ]
    assert shown[0] > 30 > shown[1], "coloured there, and grey where nothing counts"
    why.threshold.setValue(100)
    why.strength.setValue(0)
    clear = why.views[0].grab().toImage()
    c = clear.pixelColor(int(clear.width() * 0.6), int(clear.height() * 0.4))
    assert max(abs(c.red() - c.green()), abs(c.green() - c.blue())) < 3


def test_beside_it_comes_the_same_of_shuffled_weights_or_another_method(one: Desk) -> None:
    why = panel(one)
    one.send(Answered(questions(one)[0], found(questions(one)[0])))
    assert why.views[1].isHidden()
    choose(why.beside, SHUFFLED)
    main = questions(one)[-1]
    assert not main.asked.randomised
    one.send(Answered(main, found(main)))
    other = questions(one)[-1]
    assert other.asked == replace(main.asked, randomised=True), "asked once the main one is answered"
    one.send(Answered(other, found(other)))
    assert why.views[1].isVisible()
    assert "shuffled" in why.titles[1].text()
    choose(why.beside, "saliency")
    main = questions(one)[-1]
    one.send(Answered(main, found(main)))
    assert questions(one)[-1].asked.method == "saliency"


def test_two_answers_lie_side_by_side_and_each_is_named(one: Desk) -> None:
    why = panel(one)
    assert one.store.result is not None
    first, second = one.store.result.predictions[:2]
    choose(why.target, first.index)
    choose(why.beside, f"answer {second.index}")
    for _answer in range(2):
        one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    asked = [question.asked for question in questions(one)[-2:]]
    assert [question.target for question in asked] == [Target("", first.index), Target("", second.index)]
    assert asked[0].method == asked[1].method
    assert why.views[1].isVisible()
    assert why.titles[0].text().startswith(f"{first.label} = ")
    assert why.titles[1].text().startswith(f"{second.label} = ")


def test_a_class_or_the_chosen_unit_may_be_asked_about(one: Desk) -> None:
    why = panel(one)
    assert one.store.result is not None
    label = one.store.result.predictions[1]
    choose(why.target, label.index)
    assert questions(one)[-1].asked.target == Target("", label.index)
    assert why.target.findData("unit") < 0
    one.controller.change(channel=3, unit=(4, 5))
    one.give()
    choose(why.target, "unit")
    assert questions(one)[-1].asked.target == Target("2", 3, 4, 5)


def test_a_class_that_is_followed_keeps_its_name_when_another_picture_makes_it_improbable(one: Desk) -> None:
    why = panel(one)
    assert one.store.result is not None
    first = one.store.result
    followed, *others = first.predictions
    followed = replace(followed, label="tabby")
    one.send(ResultReady(replace(first, predictions=(followed, *others))))
    choose(why.target, followed.index)
    later = replace(samples.result(one.store.recipe, one.graph, seed=5), predictions=tuple(others))
    one.send(ResultReady(later))
    assert why.target.currentText() == followed.label
    asked = questions(one)[-1]
    assert asked.frame is later.frame
    one.send(Answered(asked, replace(found(asked), target=Target("4", followed.index))))
    assert why.words.text().startswith(f"{followed.label} = ")


def test_methods_that_do_not_fit_are_disabled_and_say_why(one: Desk) -> None:
    why = panel(one)
    row = why.method.findData("guided-backprop")
    assert not why.method.model().item(row).isEnabled()  # type: ignore[attr-defined]
    assert "silu" in why.method.itemData(row, Qt.ItemDataRole.ToolTipRole)
    assert why.unfit.isVisible()
    assert why.unfit.text().startswith("Guided backprop, Deconvnet: ")
    row = why.method.findData("saliency")
    assert why.method.model().item(row).isEnabled()  # type: ignore[attr-defined]


def test_a_dear_method_shows_how_far_it_is_and_can_be_stopped(one: Desk) -> None:
    why = panel(one)
    choose(why.method, "occlusion")
    question = questions(one)[-1]
    one.send(Answered(question, None, 0.25))
    assert why.bar.isVisible()
    assert why.bar.value() == 25
    why.stop.click()
    assert one.engine.dropped[-1] is question
    assert not why.bar.isVisible()
    choose(why.method, "saliency")
    choose(why.beside, "integrated-gradients")
    assert not why.bar.isVisible()
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    assert why.bar.isVisible(), "the one beside it is dear"


def test_what_goes_wrong_is_said_in_place(one: Desk) -> None:
    why = panel(one)
    question = questions(one)[-1]
    error = NetworkError("This network does not classify, so that there is no class to ask about: …")
    one.send(Problem("question", error, question=question))
    assert "does not classify" in why.words.text()
    assert not one.store.problems
    choose(why.method, "saliency")
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    assert "does not classify" not in why.words.text()


def test_a_moving_picture_is_asked_about_again_and_never_twice_at_once(one: Desk) -> None:
    why = panel(one)
    one.controller.change(source=Source("demo", ""))
    one.give()
    assert one.store.live
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    before = len(questions(one))
    for _frame in range(3):
        one.send(ResultReady(samples.result(one.store.recipe, one.graph)))
    assert len(questions(one)) == before + 1, "one is out, the others wait for it"
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    assert len(questions(one)) == before + 2, "of the newest frame"
    assert one.store.result is not None
    assert questions(one)[-1].frame is one.store.result.frame
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    choose(why.method, "occlusion")
    asked = questions(one)[-1]
    one.send(Answered(asked, found(asked)))
    one.send(ResultReady(samples.result(one.store.recipe, one.graph)))
    assert questions(one)[-1] is asked, "what is dear is asked of one frame"
    why.again.click()
    assert questions(one)[-1].frame is one.store.result.frame


def test_each_heat_of_a_moving_picture_lies_over_the_frame_that_it_is_of(one: Desk) -> None:
    why = panel(one)
    one.controller.change(source=Source("demo", ""))
    one.give()
    choose(why.beside, SHUFFLED)
    for _heat in range(2):
        one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    before = why.views[1].pixels
    newer = samples.result(one.store.recipe, one.graph)
    black = replace(newer.filtered, pixels=np.zeros_like(newer.filtered.pixels))
    one.send(ResultReady(replace(newer, filtered=black)))
    one.send(Answered(questions(one)[-1], found(questions(one)[-1])))
    assert before is not None
    assert before.any()
    assert why.views[0].pixels is not None
    assert not why.views[0].pixels.any()
    np.testing.assert_array_equal(why.views[1].pixels, before)


def test_it_speaks_korean(one: Desk) -> None:
    why = panel(one)
    set_language("ko")
    one.window.explore.columns.bring_forward(one.window.explore.maps)
    why.retranslate()
    assert why._captions[0].text() != "Method"
