"""Opened arithmetic at random units of every op of the course's networks."""

from __future__ import annotations

import pytest

from explorer.opened.open import RULES
from explorer.session import Session
from explorer.zoo.course import CARDS
from tests.opened.looks import UNITS, look, some, terms_are_cells

COURSE = [card.name for card in CARDS]


# every op of every network of the course


@pytest.mark.usefixtures("quick_weights")
@pytest.mark.parametrize("name", COURSE)
def test_a_hundred_units_of_every_op_of_a_course_network(name: str) -> None:
    hw = (64, 64) if name.startswith("resnet") else None  # the others are made for one size
    seen = look(Session().open(name, "none", hw, "cpu"))
    graph = seen.network.graph
    for op in dict.fromkeys(layer.op for layer in graph if layer.id != "input"):
        assert op in RULES, f"{op} of {name} cannot be opened"
        for unit in some(graph, op, UNITS):
            found = seen.open(unit)
            assert found.value == seen.value(unit)
            assert found.holds, (unit, op, found.result, found.value, found.rounding)
            terms_are_cells(found, seen)


def test_the_trained_network_that_comes_along() -> None:
    seen = look(Session().open("efficientnet_lite0", "", (64, 64), "cpu"))
    for op in dict.fromkeys(layer.op for layer in seen.network.graph if layer.id != "input"):
        for unit in some(seen.network.graph, op, UNITS):
            found = seen.open(unit)
            assert found.trained
            assert found.value == seen.value(unit)
            assert found.holds, (unit, op)
            terms_are_cells(found, seen)
