"""What the window asks beside the frames: one question, one answer, given where the network is. No torch at import."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.errors import NetworkError
from explorer.graph.values import Graph
from explorer.text import N_
from explorer.values import Floats
from explorer.zoo import own
from explorer.zoo.card import Card

if TYPE_CHECKING:
    from torch import nn

    from explorer.session import Network

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KernelsOf:
    """Which weights does a convolution of the loaded network have?

    Attributes:
        network: its name, as the recipe has it.
        layer: the layer's id.
    """

    network: str
    layer: str


@dataclass(frozen=True, eq=False)
class Kernels:
    """Answers ``KernelsOf``: float32 (C_out, C_in per group, kh, kw)."""

    weights: Floats


@dataclass(frozen=True)
class Survey:
    """Which layers does a network have that is not loaded? Answered by a ``Surveyed``."""

    network: str


@dataclass(frozen=True, eq=False)
class Surveyed:
    """Answers ``Survey``: the network's facts and every op, at the input of its weights, which were never read."""

    card: Card
    graph: Graph


@dataclass(frozen=True)
class Inspect:
    """What does a file of a person's own network tell? Answered by an ``own.Inspection``; nothing of it runs unasked."""

    path: str


Question = Inspect | KernelsOf | Survey
Answer = own.Inspection | Kernels | Surveyed
Ask = Callable[["Network | None", Question], Answer]


def answer(network: Network | None, question: Question) -> Answer:
    """Return the answer.

    Args:
        network: the loaded one, or None.
        question: what is asked.

    Raises:
        NetworkError: the question is about a network or a layer that is not there.
    """
    match question:
        case Inspect():
            return own.inspect(question.path)
        case KernelsOf():
            return _kernels(network, question)
        case Survey():
            return _survey(question)


def _kernels(network: Network | None, question: KernelsOf) -> Kernels:
    if network is None or network.card.name != question.network:
        raise NetworkError(N_("The network has changed since: ask again when it is on the screen."))
    weights = network.kernels(network.layer(question.layer))
    if weights is None:
        raise NetworkError(N_("{layer} is no convolution with kernels of its own."), layer=question.layer)
    return Kernels(weights)


def _survey(question: Survey) -> Surveyed:
    """Run the network where a tensor is nothing but its shape; only one whose ops depend on numbers really runs."""
    import torch

    from explorer import memory
    from explorer.graph.trace import trace
    from explorer.zoo import registry, weights

    card = registry.card(question.network)
    chosen = weights.find(card, weights.best_here(card))
    shape = (1, *(chosen or card).preparation.input_chw)
    try:
        return Surveyed(card, trace(_shapes_alone(card), torch.empty(shape, device="meta")))
    except Exception as error:  # noqa: BLE001 - torch says in many ways that it needs the numbers (a detector's boxes)
        log.info("%s needs its numbers: %s", card.name, error)
    try:
        return Surveyed(card, trace(registry.build(card), torch.zeros(shape)))
    finally:
        memory.trim()


def _shapes_alone(card: Card) -> nn.Module:
    """Return the network on the meta device; one that computes with numbers while it is built is moved there after."""
    from explorer.zoo import registry

    try:
        return registry.undrawn(card, "meta")
    except NotImplementedError:
        return registry.undrawn(card).to("meta")
