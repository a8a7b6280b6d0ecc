"""What a loaded detector or segmenter sees in a picture. No torch at import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.errors import NetworkError
from explorer.filters.filter import Chain
from explorer.tasks.values import Detection, Segmented
from explorer.text import N_
from explorer.values import Frame, Geometry

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network


def detected(
    network: Network, frame: Frame, filters: Chain = (), least: float = 0.5, before: bool = False
) -> tuple[Detection, ...]:
    """Return what a detector finds, the best scores first.

    Args:
        network: the loaded one.
        frame: the picture as it came.
        filters: before the network.
        least: scores below are left out.
        before: also give the boxes that non-maximum suppression throws away, marked as not kept.

    Raises:
        NetworkError: it does not detect, or does not say how it suppresses boxes.
        ForwardError, DeviceError: as ``frame_path.run``.
    """
    from explorer.tasks.detect import detections, suppressed, suppression, unsuppressed

    _check(network, "detect", N_("{network} does not detect: choose a network that does."))
    if not before:
        returned, geometry = _returned(network, frame, filters)
        return detections(returned, network.labels, geometry, least)
    with unsuppressed(network.module):
        returned, geometry = _returned(network, frame, filters)
    most = suppression(network.module)
    assert most is not None  # else it would have raised
    return suppressed(detections(returned, network.labels, geometry, least), most)


def segmented(network: Network, frame: Frame, filters: Chain = ()) -> tuple[Segmented, Geometry]:
    """Return the class of each cell of the network's input, and the way from there to the picture.

    Raises:
        NetworkError: it does not segment. ForwardError, DeviceError: as ``frame_path.run``.
    """
    from explorer.capture import Captured
    from explorer.tasks.segment import segment

    _check(network, "segment", N_("{network} does not segment: choose a network that does."))
    returned, geometry = _returned(network, frame, filters)
    return segment(Captured(returned, {}).output.float(), network.labels), geometry


def _check(network: Network, task: str, sentence: str) -> None:
    if network.card.task != task:
        raise NetworkError(sentence, network=network.card.title)


def _returned(network: Network, frame: Frame, filters: Chain) -> tuple[Any, Geometry]:
    """Return what the network returned, as it did, and where its input lies in the picture."""
    from explorer.capture import capture
    from explorer.filters.apply import apply

    filtered = apply(frame, filters)
    prepared = network.prepare(filtered)

    def through(x: Tensor) -> Any:
        return capture(network.module, network.graph, x, {}).returned

    returned = network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered))
    return returned, prepared.geometry
