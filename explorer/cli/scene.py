"""What ``detect`` and ``segment`` share: the way from the options to what the network found."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explorer import sources
from explorer.cli.arguments import check_weights
from explorer.cli.output import document, remarks, weights_name
from explorer.errors import NetworkError
from explorer.recipe import Finding
from explorer.render.export import check_picture
from explorer.text import N_, _
from explorer.values import FrameResult

if TYPE_CHECKING:
    from explorer.session import Network

_OTHERS = {
    "detect": N_("{network} does not detect: choose a network that does."),
    "segment": N_("{network} does not segment: choose a network that does."),
}


def looked(options: argparse.Namespace, task: str, finding: Finding) -> tuple[Network, FrameResult]:
    """Return the network and what it found in the picture.

    Raises:
        NetworkError: it has another task, or cannot tell what is asked.
        ExportError: a picture cannot be written where one is wanted; SourceError, ForwardError, DeviceError.
    """
    if options.out is not None:
        check_picture(options.out)
    check_weights(options)
    frame = sources.read(options.image)

    from explorer import frame_path  # loads torch: after everything that can fail without it
    from explorer.cli import opening

    with opening.aside():
        network = opening.network(options)
        if network.card.task != task:
            raise NetworkError(_OTHERS[task], network=network.card.title)
        result = frame_path.run(network, frame, opening.recipe(options.image, options, finding=finding))
    if result.found is not None and result.found.error is not None:
        raise result.found.error
    return network, result


def stamp(network: Network) -> str:
    """Return what stands on a picture whose boxes or classes mean nothing; else ""."""
    return "" if network.trained else _("untrained")


def print_json(network: Network, told: Mapping[str, Any]) -> None:
    """Print what was found as one JSON object, the network first."""
    head = {"model": network.card.name, "weights": weights_name(network), **remarks(network)}
    document({**head, "trained": network.trained, **told})
