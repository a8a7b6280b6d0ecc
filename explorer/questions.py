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
class Everything:
    """Which networks are there beside the course's? Answered by a ``Zoo``, and a new catalogue follows."""


@dataclass(frozen=True)
class Zoo:
    """Answers ``Everything``: torchvision's networks are in the catalogue from now on; timm's are only named."""

    timm: tuple[str, ...]


@dataclass(frozen=True)
class Inspect:
    """What does a file of an own network tell? Answered by an ``own.Inspection``; nothing of it runs unasked."""

    path: str


Question = Inspect | KernelsOf | Survey | Everything
Answer = own.Inspection | Kernels | Surveyed | Zoo
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
            return _inspect(question)
        case KernelsOf():
            return _kernels(network, question)
        case Survey():
            return _own_survey(question) if own.is_own(question.network) else _survey(question)
        case Everything():
            return _everything()


def _inspect(question: Inspect) -> own.Inspection:
    from explorer import memory

    try:
        return own.inspect(question.path)
    finally:  # it may have opened the network to see what it takes
        memory.trim()


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


def _own_survey(question: Survey) -> Surveyed:
    """Open a person's own network: what it runs may hang on what its file holds."""
    import torch

    from explorer import memory
    from explorer.graph.trace import trace

    try:
        opened = own.open(question.network)
        here = next(opened.module.parameters(), torch.empty(0)).device  # one in memory may be on a card
        example = torch.zeros(1, *opened.card.preparation.input_chw, device=here)
        return Surveyed(opened.card, trace(opened.module, example))
    finally:
        memory.trim()


def _everything() -> Zoo:
    from explorer.zoo import from_timm, registry

    registry.everything()
    try:
        return Zoo(from_timm.names())
    except Exception as error:  # noqa: BLE001 - another package's import may raise anything; ours goes without it
        log.warning("timm cannot be imported: %s", error)
        return Zoo(())


def _shapes_alone(card: Card) -> nn.Module:
    """Return the network on the meta device; one that computes with numbers while it is built is moved there after."""
    from explorer.zoo import registry

    try:
        return registry.undrawn(card, "meta")
    except NotImplementedError:
        return registry.undrawn(card).to("meta")
