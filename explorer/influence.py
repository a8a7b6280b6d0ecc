"""What really moves a loaded network's units, picture by picture: the steps of a long answer. No torch at import."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.attribution.values import Effective, Reach
from explorer.errors import NetworkError
from explorer.text import N_
from explorer.values import Floats, Frame

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.attribution.methods import Explanation, Switched
    from explorer.indexing import Indexed
    from explorer.receptive.analyse import Fields
    from explorer.session import Network
    from explorer.training.values import Captured, Learned

log = logging.getLogger(__name__)
NOISES = 16
"""How many inputs an effective receptive field is averaged over, where nobody says."""
NOISE = 0.15
"""Standard deviation of the noise that is laid over a picture, as a share of its range; Smilkov et al. 2017,
"SmoothGrad", section 3.2: 10 to 20 %. Noise alone has 1, as an input that is normalised has."""
Input = tuple[Frame | None, float]
"""A picture after its filters, and the noise over it as a share of its range; None for noise alone."""


@dataclass(frozen=True)
class Curve:
    """How far the middle units of some layers really see, without those layers that have no gradient."""

    points: tuple[Reach, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """How far a long answer is.

    Attributes:
        answer: all that is known; whole once ``done`` is ``of``. None where nothing can be told before.
        done, of: steps.
    """

    answer: Effective | Curve | Explanation | Switched | Indexed | Captured | Learned | None
    done: int
    of: int


Steps = Iterator[Step]


def noisy(frame: Frame | None, count: int) -> Sequence[Input]:
    """Return ``count`` inputs: a picture as it is, then with noise; or noise alone."""
    return [(frame, NOISE if number else 0.0) for number in range(count)]


def effective(
    network: Network,
    layer: str,
    unit: tuple[int, int] | None,
    inputs: Iterable[Input],
    count: int,
    fields: Fields | None = None,
) -> Steps:
    """Yield the effective receptive field of a unit after each of some inputs.

    Args:
        network: the loaded one.
        layer: id; "" for the first convolution.
        unit: row and column; None for the one in the middle.
        inputs: taken one at a time.
        count: how many there are at most.
        fields: of the network's graph, where they are known already.

    Raises:
        NetworkError: there is no such layer or unit, it has no gradient, or after all inputs nothing has moved it.
        ForwardError, DeviceError, SourceError: the network raised, memory is short, a picture does not fit.
    """
    from explorer.attribution.effective import averaged, joined, unmeasured
    from explorer.receptive.analyse import analyse

    graph = network.graph
    known = analyse(graph) if fields is None or fields.graph is not graph else fields
    found = unmeasured(known, network.layer(layer).id, unit)
    for number, (frame, noise) in enumerate(inputs):
        heat = _influence(network, found, frame, noise, number)
        if network.graph is not graph:  # it took another path, on which the unit may see something else
            graph = network.graph
            found = joined(found, unmeasured(analyse(graph), found.layer, found.unit))
        found = averaged(found, heat)
        if number + 1 == count:
            check_moved(found)
        yield Step(found, number + 1, count)


def check_moved(found: Effective) -> None:
    """Do nothing if something moves the unit.

    Raises:
        NetworkError: nothing does: a ReLU lets nothing through there, or the unit sees padding alone.
    """
    if not found.cells_95:
        raise NetworkError(
            N_("Nothing in these pictures moves the unit of {layer}: choose another unit, or other pictures."),
            layer=found.layer,
        )


def curve(network: Network, layers: Sequence[str], count: int) -> Steps:
    """Yield a ``Curve`` over ``layers`` after each of ``count`` inputs of noise for each.

    A layer that cannot be measured is left out; where none can, it raises as ``effective`` for the last one.
    """
    from explorer.attribution.effective import averaged, unmeasured
    from explorer.receptive.analyse import analyse

    fields, points = analyse(network.graph), Curve(())
    for place, layer in enumerate(layers):
        try:
            found = unmeasured(fields, layer)
            for number, (frame, noise) in enumerate(noisy(None, count)):
                if number:
                    yield Step(points, place * count + number, len(layers) * count)
                found = averaged(found, _influence(network, found, frame, noise, number))
        except NetworkError as error:  # an op of whole numbers, such as argmax
            log.info("%s: no effective size: %s", layer, error)
            if place + 1 == len(layers) and not points.points:  # nothing is known, and why must be told
                raise
        else:
            side = None if found.cells is None else found.cells**0.5
            points = Curve((*points.points, Reach(layer, found.diameter_95, side)))
        yield Step(points, (place + 1) * count, len(layers) * count)


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
