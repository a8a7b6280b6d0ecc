"""Why a loaded network answers as it does for a picture: the steps of a long answer. No torch at import."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.attribution.methods import Explanation, Target, activations, cam_layer, check, method, unfit
from explorer.errors import ForwardError, NetworkError
from explorer.filters.filter import Chain
from explorer.influence import Step
from explorer.text import N_
from explorer.values import Frame

if TYPE_CHECKING:
    from torch import Tensor, nn

    from explorer.attribution.why import Part
    from explorer.graph.values import Graph
    from explorer.session import Network


@dataclass(frozen=True)
class Asked:
    """What is to be explained, and how.

    Attributes:
        method: a name in ``methods.METHODS``.
        target: None for the most probable class.
        layer: whose maps a method of a layer weights; "" for the last ones before the target.
        randomised: whether a copy of the network with shuffled weights is asked instead.
        patch, stride: of occlusion, cells of the network's input.
    """

    method: str
    target: Target | None = None
    layer: str = ""
    randomised: bool = False
    patch: int = 32
    stride: int = 16


def explaining(
    network: Network, frame: Frame, filters: Chain, asked: Asked, first: int | None = None
) -> Iterator[Step]:
    """Yield a ``Step`` after each pass through the network; the last one's answer is the ``Explanation``.

    Args:
        network: the loaded one.
        frame: the picture as it came.
        filters: before the network.
        asked: what is asked.
        first: the most probable class, where it is known: a method that follows a camera has no forward to spare.

    Raises:
        PersonError: no such method. NetworkError: it does not fit this network, the target or the layer is not there,
            the network takes another path for the inputs that the method makes, or it draws random numbers.
        ForwardError, DeviceError: the network raised, its answer is not finite, or its device has not enough memory.
    """
    from explorer.attribution import why
    from explorer.capture import OtherPath, capture
    from explorer.filters.apply import apply

    how, filtered = method(asked.method), apply(frame, filters)

    def output(x: Tensor) -> Tensor:
        return capture(network.module, network.graph, x, {}).output.float()

    def begin(looks: bool) -> tuple[Graph, Target, str]:
        wanted = asked.target or (None if first is None else Target("", first))
        if looks or wanted is None:
            out = network.with_room(lambda: network.follow(output, network.prepare(filtered).tensor, filtered))
            wanted = asked.target or answered(network, out)
        graph = network.graph
        if reason := unfit(how, graph):
            raise NetworkError(reason, others=activations(graph))
        target = check(graph, wanted)
        return graph, target, cam_layer(graph, target.layer, asked.layer).id if how.kind == "layer" else ""

    looked = network.varies or (asked.target is None and first is None)
    graph, target, layer = begin(looked)
    running: tuple[object, Iterator[Part]] | None = None
    modules: dict[object, nn.Module] = {}

    def step() -> Part:
        nonlocal running
        if running is None or running[0] != network.device:  # it went to the CPU: from the beginning
            modules.clear()
            modules[network.device] = why.randomised(network.module) if asked.randomised else network.module
            x = network.prepare(filtered).tensor
            check_repeats(network, x, target.layer)
            run = why.Run(modules[network.device], graph, x, target, layer, asked.patch, asked.stride)
            running = network.device, why.explain(how, run)
        return next(running[1])

    try:
        while True:
            try:
                done, of, found = network.with_room(step)
            except OtherPath:
                if looked:
                    raise
                looked, running = True, None  # the picture's own path was not known yet
                graph, target, layer = begin(looked)
                continue
            if found is not None:
                finite(found.value)
            yield Step(found, done, of)
            if found is not None:
                return
    except OtherPath as error:
        raise NetworkError(
            N_("For the inputs that this method makes, the network takes another path: choose another method.")
        ) from error


def answered(network: Network, out: Tensor) -> Target:
    """Return the class that the network finds most probable.

    Raises:
        NetworkError: it does not classify.
    """
    if not network.classifies(out):
        raise NetworkError(
            N_("This network does not classify, so that there is no class to ask about: name a layer and a channel.")
        )
    return Target("", int(out[0].argmax()))


def check_repeats(network: Network, x: Tensor, layer: str) -> None:
    """Do nothing if the network makes the same of a picture each time; looked at once for each layer.

    Args:
        network: the loaded one.
        x: the prepared picture, which is left untouched.
        layer: the target's id.

    Raises:
        NetworkError: it does not. OtherPath: it ran other calls than when it was traced.
        ForwardError, DeviceError: the network raised, or its device has not enough memory.
    """
    if not network.steady and layer not in network.repeats:
        network.repeats[layer] = _repeats(network, x, layer)
    if not network.repeats.get(layer, True):
        raise NetworkError(
            N_(
                "The network draws random numbers each time it runs, most often by a dropout that is left on, so that "
                "what changes its answer cannot be told: switch that off."
            )
        )


def _repeats(network: Network, x: Tensor, layer: str) -> bool:
    """Return whether two runs make the same, but for what sums in another order differ by."""
    import torch

    from explorer.capture import capture, clones

    wanted = clones(network.graph, [layer])
    one, other = (capture(network.module, network.graph, x.clone(), wanted).values[layer] for _run in range(2))
    largest = float(one.nan_to_num(0, 0, 0).abs().max())
    apart = largest * torch.finfo(network.number_type).eps ** 0.5
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=apart, equal_nan=True)


def finite(value: float) -> float:
    """Return a number of the network's answer.

    Raises:
        ForwardError: it is not finite.
    """
    if not math.isfinite(value):
        raise ForwardError(N_("The output is not finite: the input or the weights hold NaN, infinite or huge values."))
    return value


__all__ = ["Asked", "Explanation", "answered", "check_repeats", "explaining", "finite"]
