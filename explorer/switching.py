"""What a loaded network owes to its channels: some are switched off, its answer is looked at. No torch at import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.attribution.methods import How, Switched, Target, check
from explorer.errors import NetworkError
from explorer.explaining import answered, check_repeats, finite
from explorer.filters.filter import Chain
from explorer.influence import Step
from explorer.text import N_
from explorer.values import Frame

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network


@dataclass(frozen=True)
class Switch:
    """Some channels of a layer switched off.

    Attributes:
        layer: its id.
        channels: which ones; empty to try each one by itself.
        how: "zero", "mean" or "scale"; see ``attribution.switched``.
        factor: for "scale".
        target: whose number is followed; None for the most probable class.
    """

    layer: str
    channels: tuple[int, ...] = ()
    how: How = "zero"
    factor: float = 0.0
    target: int | None = None


def switching(network: Network, frame: Frame, filters: Chain, asked: Switch, top: int = 5) -> Iterator[Step]:
    """Yield a ``Step`` after each run of the network; the last one's answer is the ``Switched``.

    Args:
        network: the loaded one.
        frame: the picture as it came.
        filters: before the network.
        asked: which channels.
        top: how many predictions.

    Raises:
        NetworkError: it does not classify, there is no such layer, channel or class, without the channels the
            network takes another path, or it draws random numbers.
        ForwardError, DeviceError: the network raised, its answer is not finite, or its device has not enough memory.
    """
    from explorer.attribution.switched import switched
    from explorer.capture import OtherPath, capture
    from explorer.filters.apply import apply
    from explorer.tasks.classify import classify

    filtered = apply(frame, filters)

    def whole(x: Tensor) -> Tensor:
        return capture(network.module, network.graph, x, {}).output.float()

    out = network.with_room(lambda: network.follow(whole, network.prepare(filtered).tensor, filtered))
    target = answered(network, out) if asked.target is None else Target("", asked.target)
    target = check(network.graph, target)
    network.with_room(lambda: check_repeats(network, network.prepare(filtered).tensor, target.layer))
    layer, before = network.graph[asked.layer], finite(float(out[0, target.channel]))

    def without(channels: tuple[int, ...]) -> Tensor:
        x = network.prepare(filtered).tensor
        return switched(network.module, network.graph, x, layer, channels, asked.how, asked.factor).float()

    try:
        if asked.channels:
            found = network.with_room(lambda: without(asked.channels))
            predictions = classify(found.cpu(), network.labels, top, network.card.activation)
            after = finite(float(found[0, target.channel]))
            yield Step(Switched(layer.id, target.channel, before, after, predictions), 1, 1)
            return
        falls: dict[int, float] = {}
        for channel in range(layer.channels):
            alone = network.with_room(lambda which=channel: without((which,)))  # type: ignore[misc]
            falls[channel] = finite(before - float(alone[0, target.channel]))
            last = channel + 1 == layer.channels
            effects = tuple(sorted(falls.items(), key=lambda one: -abs(one[1]))) if last else ()
            told = Switched(layer.id, target.channel, before, before, (), effects) if last else None
            yield Step(told, channel + 1, layer.channels)
    except OtherPath as error:
        raise NetworkError(
            N_("Without these channels the network takes another path: choose other channels.")
        ) from error
