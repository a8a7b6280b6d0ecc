"""What the window asks beside the frames: one question, one answer, given where the network is. No torch at import.

The answer of a long question comes in steps, each of about one forward and one backward, between which frames go first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.attribution.values import Effective, Reach
from explorer.errors import NetworkError
from explorer.graph.values import Graph
from explorer.proof import Proof, prove
from explorer.receptive.analyse import Fields
from explorer.recipe import Recipe
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame
from explorer.zoo import own
from explorer.zoo.card import Card

if TYPE_CHECKING:
    from torch import Tensor, nn

    from explorer.session import Network

log = logging.getLogger(__name__)
NOISES = 16
"""How many inputs an effective receptive field is averaged over, where nobody says."""


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


@dataclass(frozen=True)
class EffectiveField:
    """Which cells of the input really move a unit of the loaded network? A long one, answered by an ``Effective``.

    Attributes:
        network: its name, as the recipe has it.
        layer: the layer's id.
        unit: row and column; None for the one in the middle.
        frame: the picture after its filters, first as it is, then with noise; None for noise alone.
        pictures: how many inputs are averaged.
    """

    network: str
    layer: str
    unit: tuple[int, int] | None = None
    frame: Frame | None = None
    pictures: int = NOISES


@dataclass(frozen=True)
class EffectiveCurve:
    """How far do the middle units of these layers really see? A long one, answered by a ``Curve``.

    Attributes:
        network: the loaded one's name, as the recipe has it.
        layers: their ids, in the order in which they are answered.
        pictures: how many inputs of noise are averaged.
    """

    network: str
    layers: tuple[str, ...]
    pictures: int = NOISES


@dataclass(frozen=True)
class Curve:
    """Answers ``EffectiveCurve``: in the order of its layers, without those that have no gradient."""

    points: tuple[Reach, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """How far the answer of a long question is.

    Attributes:
        answer: all that is known; whole once ``done`` is ``of``.
        done, of: steps.
    """

    answer: Effective | Curve
    done: int
    of: int


@dataclass(frozen=True, eq=False)
class Prove:
    """Do the units of the loaded network move when the picture is painted? Answered by a ``Proof``.

    Attributes:
        frame: the picture as it came.
        painted: a copy of its pixels with paint on it, uint8 RGB (H, W, 3).
        recipe: network, filters and layer.
        unit: row and column in the layer's maps.
        fields: what the window knows of the network's units, or None.
    """

    frame: Frame
    painted: Bytes
    recipe: Recipe
    unit: tuple[int, int]
    fields: Fields | None = None


Question = Inspect | KernelsOf | Survey | Everything | Prove | EffectiveField | EffectiveCurve
Answer = own.Inspection | Kernels | Surveyed | Zoo | Proof | Effective | Curve
Steps = Iterator[Step]
Ask = Callable[["Network | None", Question], Answer | Steps]


def answer(network: Network | None, question: Question) -> Answer | Steps:
    """Return the answer; of a long question the steps towards it, none of which is done yet.

    Args:
        network: the loaded one, or None.
        question: what is asked.

    Raises:
        NetworkError: the question is about a network or a layer that is not there; the steps raise it too, as what the
            network raises, and ``DeviceError`` where memory is short.
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
        case Prove():
            loaded = _loaded(network, question.recipe.network)
            return prove(loaded, question.frame, question.painted, question.recipe, question.unit, question.fields)
        case EffectiveField():
            frame = question.frame
            inputs = ((frame, 0.0 if frame and not number else NOISE) for number in range(question.pictures))
            return effective(
                _loaded(network, question.network), question.layer, question.unit, inputs, question.pictures
            )
        case EffectiveCurve():
            return _curve(_loaded(network, question.network), question)


def _inspect(question: Inspect) -> own.Inspection:
    from explorer import memory

    try:
        return own.inspect(question.path)
    finally:  # it may have opened the network to see what it takes
        memory.trim()


def _loaded(network: Network | None, name: str) -> Network:
    if network is None or network.card.name != name:
        raise NetworkError(N_("The network has changed since: ask again when it is on the screen."))
    return network


def _kernels(network: Network | None, question: KernelsOf) -> Kernels:
    network = _loaded(network, question.network)
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


NOISE = 0.15
"""Standard deviation of the noise that is laid over a picture, as a share of its range; Smilkov et al. 2017,
"SmoothGrad", section 3.2: 10 to 20 %. Noise alone has 1, as an input that is normalised has."""


def effective(
    network: Network,
    layer: str,
    unit: tuple[int, int] | None,
    inputs: Iterable[tuple[Frame | None, float]],
    count: int,
) -> Steps:
    """Yield the effective receptive field of a unit after each of some inputs.

    Args:
        network: the loaded one.
        layer: id; "" for the first convolution.
        unit: row and column; None for the one in the middle.
        inputs: each a picture after its filters, and how much noise is laid over it (see ``NOISE``); None for noise
            alone. Taken one at a time.
        count: of the inputs.

    Raises:
        NetworkError: there is no such layer or unit, it has no gradient, or nothing moves it.
        ForwardError, DeviceError, SourceError: the network raised, memory is short, a picture does not fit.
    """
    from explorer.attribution.effective import averaged, unmeasured
    from explorer.receptive.analyse import analyse

    found = unmeasured(analyse(network.graph), network.layer(layer).id, unit)
    for number, (frame, noise) in enumerate(inputs):
        found = averaged(found, _influence(network, found, frame, noise, number))
        if number + 1 == count and not found.cells_95:
            raise NetworkError(
                N_("Nothing in these pictures moves the unit of {layer}: choose another unit, or other pictures."),
                layer=found.layer,
            )
        yield Step(found, number + 1, count)


def _curve(network: Network, question: EffectiveCurve) -> Steps:
    from explorer.attribution.effective import averaged, unmeasured
    from explorer.receptive.analyse import analyse

    fields, points, of = analyse(network.graph), Curve(()), len(question.layers) * question.pictures
    for place, layer in enumerate(question.layers):
        try:
            found = unmeasured(fields, layer)
            for number in range(question.pictures):
                if found.pictures:
                    yield Step(points, place * question.pictures + number, of)
                found = averaged(found, _influence(network, found, None, NOISE, number))
        except NetworkError as error:  # an op of whole numbers, such as argmax
            log.info("%s: no effective size: %s", layer, error)
        else:
            side = None if found.cells is None else found.cells**0.5
            points = Curve((*points.points, Reach(layer, found.diameter_95, side)))
        yield Step(points, (place + 1) * question.pictures, of)


def _influence(network: Network, of: Effective, frame: Frame | None, noise: float, number: int) -> Floats:
    """Return how much each cell of one input moves a unit, float32 (h, w); on the CPU where the card has no room."""
    import torch

    from explorer.attribution.effective import influence
    from explorer.capture import OtherPath

    def follow(x: Tensor) -> Floats:
        return influence(network.module, network.graph, x, network.layer(of.layer), of.unit, number)

    def work() -> Floats:
        drawn = torch.randn(1, *network.graph.input, generator=torch.Generator().manual_seed(number))
        drawn = drawn.to(network.device, memory_format=torch.channels_last)
        if frame is not None:
            x = network.prepare(frame).tensor.float()
            return network.follow(follow, x + drawn * noise * (x.max() - x.min()), frame, of.layer)
        try:
            return follow(drawn)
        except OtherPath as error:
            raise NetworkError(
                N_("For noise the network takes another path than for a picture: choose pictures instead of noise.")
            ) from error

    return network.with_room(work)
