"""What a second network answers to the frame that the first one looks at. No torch at import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer.recipe import Recipe
from explorer.tasks.values import BesideAnswer
from explorer.values import Frame

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network, Steps


def answer_beside(
    network: Network, frame: Frame, recipe: Recipe, cancelled: Callable[[], bool] | None = None
) -> BesideAnswer:
    """Return what the second network of ``recipe`` answers; frames of a live source take its fast form, as the first's.

    Args:
        network: opened for ``recipe.beside``.
        frame: the picture as it came.
        recipe: what is done to the picture, number of predictions, and the second network.
        cancelled: asked between stages.

    Raises:
        ForwardError, DeviceError, Cancelled: as ``frame_path.run``.
    """
    from explorer.session import Steps
    from explorer.tasks.classify import classify

    steps = Steps({}, cancelled, network.finish)
    output = network.with_room(lambda: _output(network, recipe.altered(frame), recipe.source.live, steps))
    classifies = network.classifies(output)
    predictions = classify(output, network.labels, recipe.top, network.card.activation) if classifies else ()
    weights = network.weights
    assert recipe.beside is not None
    return BesideAnswer(
        asked=recipe.beside,
        card=network.card,
        weights=weights.name if weights else "none",
        trained=network.trained,
        labels=weights.labels if weights else network.card.labels,
        parameters=sum(layer.parameters for layer in network.graph),
        device=str(network.device),
        moved=network.moved,
        predictions=predictions,
        finite=bool(predictions) or not classifies or bool(output.isfinite().all()),
        times_ms=dict(steps.times_ms),
    )


def _output(network: Network, frame: Frame, live: bool, steps: Steps) -> Tensor:
    """Take the filtered picture through the network and return its answer, in the machine's memory."""
    from explorer import reduce
    from explorer.capture import capture

    def through(x: Tensor) -> Tensor:
        if live:  # whose fast form is proved on what is shown: here on the answer
            last = network.graph.output
            return network.fast.capture(x, {last.id: reduce.keep(last)}, last.id).output
        return capture(network.module, network.graph, x, {}).output

    with steps("prepare"):
        x = network.prepare(frame).tensor
    with steps("forward"):
        return reduce.real(network.follow(through, x, frame)).float().cpu()
