"""What the window asks beside the frames: one question, one answer, given where the network is. No torch at import.

The answer of a long question comes in steps, each of about one forward and one backward, between which frames go first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import NetworkError
from explorer.filters.filter import Chain
from explorer.graph.values import Graph
from explorer.recipe import Recipe, Unit
from explorer.text import N_
from explorer.training.run import SaveTrained, Train
from explorer.values import Bytes, Floats, Frame, Prediction
from explorer.zoo import own
from explorer.zoo.card import Card

if TYPE_CHECKING:  # the window opens without
    from torch import Tensor

    from explorer.attribution.methods import Explanation, Switched
    from explorer.attribution.values import Effective
    from explorer.explaining import Asked
    from explorer.indexing import Indexed
    from explorer.influence import Curve, Steps
    from explorer.lesson import question as lesson
    from explorer.opened.values import Opened
    from explorer.proof import Proof
    from explorer.receptive.analyse import Fields
    from explorer.session import Network
    from explorer.switching import Switch
    from explorer.training.values import Captured, Learned, Saved

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
class FieldsOf:
    """What do the units of a network see that need not be loaded? Answered by a ``FieldsFound``.

    Attributes:
        network: its name.
        input_hw: height and width of its input; None for what its weights want.
    """

    network: str
    input_hw: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class FieldsFound:
    """Answers ``FieldsOf``."""

    fields: Fields


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
        pictures: how many inputs are averaged; None for ``influence.NOISES``.
        fields: what the window knows of the network's units, or None.
    """

    network: str
    layer: str
    unit: tuple[int, int] | None = None
    frame: Frame | None = None
    pictures: int | None = None
    fields: Fields | None = None


@dataclass(frozen=True)
class EffectiveCurve:
    """How far do the middle units of these layers really see? A long one, answered by a ``Curve``.

    Attributes:
        network: the loaded one's name, as the recipe has it.
        layers: their ids, in the order in which they are answered.
        pictures: how many inputs of noise are averaged; None for ``influence.NOISES``.
    """

    network: str
    layers: tuple[str, ...]
    pictures: int | None = None


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


@dataclass(frozen=True, eq=False)
class AnswerTo:
    """What does the loaded network say to another picture than the shown one? Answered by an ``AnswerFound``.

    Attributes:
        frame: the picture as it came.
        recipe: network, what is done to the picture, and number of predictions.
        map: layer and channel of a map that is wanted beside the predictions, or None.
    """

    frame: Frame
    recipe: Recipe
    map: tuple[str, int] | None = None


@dataclass(frozen=True, eq=False)
class AnswerFound:
    """Answers ``AnswerTo``.

    Attributes:
        predictions: the most probable classes, none where the network names none.
        map: float32 (h, w), where one was wanted.
    """

    predictions: tuple[Prediction, ...]
    map: Floats | None = None


@dataclass(frozen=True, eq=False)
class Open:
    """Which numbers make a value of the loaded network? Answered by an ``Opened``.

    Attributes:
        frame: the picture as it came.
        recipe: network and filters.
        unit: whose value it is.
    """

    frame: Frame
    recipe: Recipe
    unit: Unit


@dataclass(frozen=True, eq=False)
class Explain:
    """Why does the loaded network answer as it does? A long one, answered by an ``Explanation`` at its end.

    Attributes:
        frame: the picture as it came.
        recipe: network, and what is done to the picture.
        asked: method and target.
        first: the most probable class, where the asking one knows it.
    """

    frame: Frame
    recipe: Recipe
    asked: Asked
    first: int | None = None


@dataclass(frozen=True, eq=False)
class SwitchOff:
    """What does the loaded network answer with channels switched off? A long one, answered by a ``Switched``.

    Attributes:
        frame: the picture as it came.
        recipe: network, filters and number of predictions.
        asked: which channels.
    """

    frame: Frame
    recipe: Recipe
    asked: Switch


@dataclass(frozen=True)
class IndexFolder:
    """Which features do the pictures of a folder have? A long one, answered by an ``Indexed`` after every few pictures.

    Asked again, it goes on where it was stopped.

    Attributes:
        network: the loaded one's name, as the recipe has it.
        folder, file: with the pictures; of the index.
        layer: whose features; "" for what the last linear layer reads.
        filters: before the network.
    """

    network: str
    folder: str
    file: str
    layer: str = ""
    filters: Chain = ()


@dataclass(frozen=True)
class Quiz:
    """What can a class be asked about the loaded network? Answered by a ``lesson.question.Question``.

    Attributes:
        kind: a key of ``lesson.questions.OF_NETWORK``.
        seed: another one gives another question.
        frame: the picture as it came.
        recipe: network, and what is done to the picture.
    """

    kind: str
    seed: int
    frame: Frame
    recipe: Recipe


Question = (
    Explain
    | SwitchOff
    | Inspect
    | KernelsOf
    | Survey
    | FieldsOf
    | Everything
    | Prove
    | EffectiveField
    | EffectiveCurve
    | AnswerTo
    | Open
    | Quiz
    | IndexFolder
    | Train
    | SaveTrained
)
if TYPE_CHECKING:
    Answer = (
        Explanation
        | Switched
        | own.Inspection
        | Kernels
        | Surveyed
        | FieldsFound
        | Zoo
        | Proof
        | Effective
        | Curve
        | AnswerFound
        | Opened
        | lesson.Question
        | Indexed
        | Captured
        | Learned
        | Saved
    )
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
    from explorer.explaining import explaining
    from explorer.indexing import indexing
    from explorer.influence import NOISES, Step, curve, effective, noisy
    from explorer.opened.open import opened
    from explorer.proof import prove
    from explorer.quizzing import quiz
    from explorer.receptive.analyse import analyse
    from explorer.switching import switching

    match question:
        case SwitchOff():
            loaded, recipe = _loaded(network, question.recipe.network), question.recipe
            return switching(loaded, recipe.altered(question.frame), (), question.asked, recipe.top)
        case Explain():
            loaded = _loaded(network, question.recipe.network)
            altered = question.recipe.altered(question.frame)
            return explaining(loaded, altered, (), question.asked, question.first)
        case Inspect():
            return _inspect(question)
        case KernelsOf():
            return _kernels(network, question)
        case Survey():
            return _survey(question.network)
        case FieldsOf():
            return FieldsFound(analyse(_survey(question.network, question.input_hw).graph))
        case Everything():
            return _everything()
        case Prove():
            loaded = _loaded(network, question.recipe.network)
            return prove(loaded, question.frame, question.painted, question.recipe, question.unit, question.fields)
        case EffectiveField():
            loaded = _loaded(network, question.network)
            count = question.pictures or NOISES
            inputs = noisy(question.frame, count)
            return effective(loaded, question.layer, question.unit, inputs, count, question.fields)
        case EffectiveCurve():
            return curve(_loaded(network, question.network), question.layers, question.pictures or NOISES)
        case AnswerTo():
            return _answer_to(_loaded(network, question.recipe.network), question)
        case Quiz():
            loaded = _loaded(network, question.recipe.network)
            return quiz(loaded, question.kind, question.seed, question.frame, question.recipe)
        case Open():
            return opened(_loaded(network, question.recipe.network), question.frame, question.recipe, question.unit)
        case IndexFolder():
            loaded, folder, file = _loaded(network, question.network), Path(question.folder), Path(question.file)
            steps = indexing(loaded, folder, file, question.layer, question.filters)
            return (Step(found, found.done, found.of) for found in steps)
        case Train():
            return question.run.steps(network, question.batches)
        case SaveTrained():
            return question.run.save(network, question.path)


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


def _answer_to(network: Network, question: AnswerTo) -> AnswerFound:
    """Let the network look at a picture; what it remembers of the shown one stays."""
    from explorer import reduce
    from explorer.capture import capture
    from explorer.tasks.classify import classify

    def through(x: Tensor) -> tuple[Tensor, Floats | None]:
        layer = None if question.map is None else network.layer(question.map[0])
        wanted = {} if layer is None else {layer.id: reduce.keep(layer)}
        captured = capture(network.module, network.graph, x, wanted)
        maps = None if layer is None else captured.values[layer.id]
        return reduce.real(captured.output).float().cpu(), maps

    name, channel = question.map or ("", 0)
    frame = question.recipe.altered(question.frame)
    output, maps = network.with_room(lambda: network.follow(through, network.prepare(frame).tensor, frame, name))
    found = None if maps is None else maps[min(channel, len(maps) - 1)]
    if not network.classifies(output):
        return AnswerFound((), found)
    return AnswerFound(classify(output, network.labels, question.recipe.top, network.card.activation), found)


def _kernels(network: Network | None, question: KernelsOf) -> Kernels:
    network = _loaded(network, question.network)
    weights = network.kernels(network.layer(question.layer))
    if weights is None:
        raise NetworkError(N_("{layer} is no convolution with kernels of its own."), layer=question.layer)
    return Kernels(weights)


def _survey(name: str, input_hw: tuple[int, int] | None = None) -> Surveyed:
    """Run the network where a tensor is nothing but its shape; only one whose ops depend on numbers really runs."""
    if own.is_own(name):
        return _own_survey(name, input_hw)
    import torch

    from explorer import memory
    from explorer.graph.trace import trace
    from explorer.zoo import registry, weights

    card = registry.card(name)
    chosen = weights.find(card, weights.best_here(card))
    channels, *usual_hw = (chosen or card).preparation.input_chw
    shape = (1, channels, *(input_hw or usual_hw))
    try:
        return Surveyed(card, trace(registry.skeleton(card), torch.empty(shape, device="meta")))
    except Exception as error:  # noqa: BLE001 - torch says in many ways that it needs the numbers (a detector's boxes)
        log.info("%s needs its numbers: %s", card.name, error)
    try:
        return Surveyed(card, trace(registry.build(card), torch.zeros(shape)))
    finally:
        memory.trim()


def _own_survey(name: str, input_hw: tuple[int, int] | None) -> Surveyed:
    """Open a person's own network without its numbers; with them only where what it runs hangs on them."""
    import torch

    from explorer import memory
    from explorer.graph.trace import trace

    try:
        opened = own.open(name, hollow=True)
        channels, *usual_hw = opened.card.preparation.input_chw
        example = torch.empty(1, channels, *(input_hw or usual_hw), device="meta")
        try:
            return Surveyed(opened.card, trace(opened.module, example))
        except Exception as error:  # noqa: BLE001 - as above
            log.info("%s needs its numbers: %s", opened.card.title, error)
        opened = own.open(name)
        here = next(opened.module.parameters(), torch.empty(0)).device  # one in memory may be on a card
        example = example.new_zeros(example.shape, device=here)
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
