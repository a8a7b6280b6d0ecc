"""What a loaded detector or segmenter finds in a frame that goes through it. No torch at import."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from explorer.errors import ForwardError, NetworkError
from explorer.recipe import Finding
from explorer.tasks.values import Found, Segmented
from explorer.text import N_

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from explorer.session import Network, Seen
    from explorer.tasks.detect import Answered, Boxes


_HIDES = N_("This network does not say how it suppresses boxes: those before cannot be seen.")


class Watched:
    """Entered around a run: where the recipe asks for the boxes that suppression throws away, they are kept.

    Args:
        network: what runs.
        finding: what the recipe asks for.
    """

    def __init__(self, network: Network, finding: Finding | None) -> None:
        self._network = network
        self._detects = network.card.task == "detect"
        self._asked = self._detects and finding is not None and finding.before
        self._watch: AbstractContextManager[list[Boxes]] | None = None
        self._before: list[Boxes] = []

    def __enter__(self) -> None:
        if self._asked:
            from explorer.tasks.detect import unsuppressed

            self._watch = unsuppressed(self._network.module, self._network.input_hw)
            self._before = self._watch.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.__exit__(kind, error, traceback)

    def boxes(self, returned: Any) -> Answered | None:
        """Return the boxes that the network returned; None where it does not detect."""
        if not self._detects:
            return None
        from explorer.tasks.detect import Answered, answered

        try:
            after = answered(returned)
        except NetworkError:
            after = None
        return Answered(after, self._before[0] if self._before else None, self._asked)


def found(network: Network, seen: Seen, finding: Finding) -> Found:
    """Return what is found in what the network saw; nothing where it neither detects nor segments."""
    if seen.boxes is not None:
        after, before = seen.boxes.after, seen.boxes.before
        if after is None:
            return Found(error=NetworkError(N_("This network finds no boxes: choose one that detects.")))
        boxes = before if finding.before and before else after
        detections = boxes.detections(network.labels, seen.geometry, finding.least)
        return Found(detections, error=NetworkError(_HIDES) if finding.before and not before else None)
    if network.card.task == "segment":
        try:
            return Found(segmented=Segmented(seen.classes, network.labels))
        except (NetworkError, ForwardError) as error:
            return Found(error=error)
    return Found()
