"""What a network's units see is told after the network, of the very graph, and not from the model thread."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from explorer.engine import Engine
from explorer.engine.events import FieldsReady, NetworkReady, Problem
from explorer.graph.values import Graph
from explorer.receptive.analyse import Fields, analyse
from explorer.recipe import Recipe
from explorer.settings import Settings
from tests.engine.fakes import FakeRooms, Window


@pytest.mark.parametrize("networks", [("a",), ("a", "b")])
def test_fields_follow_their_network(fakes: FakeRooms, window: Window, networks: tuple[str, ...]) -> None:
    seen: list[str] = []

    def fields(graph: Graph) -> Fields:
        seen.append(threading.current_thread().name)
        return analyse(graph)

    engine = Engine(window.notify, Settings(), replace(fakes.rooms(), fields=fields))
    window.engine = engine
    engine.start()
    for name in networks:
        engine.wish(Recipe(network=name))
        ready = window.until(NetworkReady)
        told = window.until(FieldsReady)
        assert (told.network, told.graph) == (name, ready.network.graph)
        assert told.graph is ready.network.graph
        assert told.fields is not None
        assert told.fields["input"].certainty == "exact"
    assert set(seen) == {"patient"}
    assert engine.stop() == []


def test_a_rule_that_breaks_is_told_and_the_network_goes_on(fakes: FakeRooms, window: Window) -> None:
    def fields(graph: Graph) -> Fields:
        raise ZeroDivisionError("a rule is broken")

    engine = Engine(window.notify, Settings(), replace(fakes.rooms(), fields=fields))
    window.engine = engine
    engine.start()
    engine.wish(Recipe(network="a"))
    assert "a rule is broken" in window.until(Problem, lambda one: one.where == "engine").details
    told = window.until(FieldsReady)
    assert (told.network, told.fields) == ("a", None)
    engine.reload()
    assert window.until(FieldsReady).fields is None, "tried again"
    assert engine.stop() == []
