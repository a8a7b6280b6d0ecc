"""A made-up catalogue, and a desk in its Networks place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer.engine.events import Answered, Catalogue, Problem
from explorer.errors import ExplorerError, NetworkError
from explorer.graph.values import Graph
from explorer.questions import Survey, Surveyed, Zoo
from explorer.zoo.card import Card, WeightState
from tests.ui import samples
from tests.ui.desk import Desk, until
from ui.places.networks import Networks


def card(name: str, title: str, **more: Any) -> Card:
    """Return a card like the sample's."""
    return replace(samples.CARD, **{"build": "made:up", "name": name, "title": title, **more})


CARDS = (
    (samples.CARD, WeightState.EMBEDDED),
    (card("alex", "AlexNet", year=2012, family="AlexNet", parameters=61_000_000), WeightState.CACHED),
    (card("resnet99", "ResNet-99", year=2015, family="ResNet", weights=()), WeightState.NONE),
    (card("mobile", "Mobile", family="Mobile", group="torchvision"), WeightState.DOWNLOADABLE),
    (card("boxes", "Boxes", family="SSD", group="torchvision", task="detect"), WeightState.DOWNLOADABLE),
)


def go(one: Desk, timm: tuple[str, ...] = ()) -> Networks:
    """Let the catalogue be known and return the Networks place, which is in front."""
    one.send(Catalogue(CARDS, (("cpu", "CPU"),)))
    one.window.commands["place_networks"].trigger()
    networks = one.window.places.networks
    assert networks is not None
    if timm:
        one.send(Answered(one.engine.questions[0], Zoo(timm)))
    return networks


def asked(one: Desk) -> list[str]:
    """Return the names of the networks whose layers were asked for."""
    return [question.network for question in one.engine.questions if isinstance(question, Survey)]


def ask(one: Desk, name: str) -> None:
    """Wait until the layers of ``name`` are asked for."""
    until(lambda: name in asked(one))


def tell(one: Desk, name: str, graph: Graph | None = None) -> None:
    """Let the layers of ``name`` be asked for, and known."""
    if name not in asked(one) and one.window.places.networks is not None:
        one.window.places.networks.surveys.want(name)
    found = next((card for card, _state in CARDS if card.name == name), card(name, name))
    one.send(Answered(Survey(name), Surveyed(found, graph or samples.graph(2))))


def fail(one: Desk, name: str, sentence: str = "It cannot be built: choose another one.", details: str = "") -> None:
    """Let the question for the layers of ``name`` fail."""
    error = ExplorerError(sentence) if details else NetworkError(sentence)
    one.send(Problem("question", error, details=details, question=Survey(name)))
