"""The boxes that a detector finds, before and after non-maximum suppression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import NetworkError
from explorer.tasks.values import Detection
from explorer.text import N_
from explorer.values import Geometry

_SUPPRESSES, _UP_TO, _PROCESSES = "nms_thresh", "detections_per_img", "postprocess_detections"
MOST = 2000
"""Suppressed boxes that are told of, the best ones."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What a detector says of one picture, where the network is.

    Attributes:
        boxes: float (n, 4) as x0, y0, x1, y1 in cells of the input.
        classes: int (n,).
        scores: float (n,), 0 … 1.
        kept: bool (n,), whether non-maximum suppression keeps it.
    """

    boxes: Tensor
    classes: Tensor
    scores: Tensor
    kept: Tensor

    def detections(self, labels: Sequence[str], geometry: Geometry, least: float = 0.0) -> tuple[Detection, ...]:
        """Return them as plain values, the best scores first.

        Args:
            labels: of the classes.
            geometry: from the network's input to the picture.
            least: scores below are left out.
        """
        scores = self.scores.double()
        best_first = torch.argsort(scores, descending=True, stable=True)
        best_first = best_first[scores[best_first] >= least]
        columns = (part[best_first].tolist() for part in (self.boxes.float(), self.classes, self.scores, self.kept))
        return tuple(
            Detection(
                index,
                labels[index] if index < len(labels) else f"class {index}",
                score,
                geometry.to_picture((y0, x0, y1, x1)),
                kept,
            )
            for (x0, y0, x1, y1), index, score, kept in zip(*columns, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Answered:
    """What a detector answered.

    Attributes:
        after: the boxes that it returned; None where it returned something else.
        before: those that it suppressed too; None where that was not asked, or where it does not show them.
        asked: whether that was asked.
    """

    after: Boxes | None
    before: Boxes | None = None
    asked: bool = False


def answered(returned: Any) -> Boxes:
    """Return the boxes that a detector returned.

    Args:
        returned: a list with one mapping of "boxes" (n, 4), "labels" (n,) and "scores" (n,), as torchvision's detectors
            give it.

    Raises:
        NetworkError: the network returned something else.
    """
    first = returned[0] if isinstance(returned, list | tuple) and len(returned) == 1 else returned
    parts = [first.get(name) if isinstance(first, Mapping) else None for name in ("boxes", "labels", "scores")]
    boxes, classes, scores = (part.detach() if isinstance(part, Tensor) else torch.empty(()) for part in parts)
    if boxes.shape != (len(scores) if scores.dim() == 1 else -1, 4) or classes.shape != scores.shape:
        raise NetworkError(N_("This network finds no boxes: choose one that detects."))
    return Boxes(boxes, classes.long(), scores, torch.ones_like(scores, dtype=torch.bool))


@contextmanager
def unsuppressed(module: nn.Module, input_hw: tuple[int, int]) -> Iterator[list[Boxes]]:
    """Also give the boxes that a detector suppresses, of its first run meanwhile, which goes on as ever.

    Args:
        module: the detector; where it does not show how it suppresses, the list stays empty.
        input_hw: height and width of its input, cells.

    Yields:
        A list that has one element after the run: all boxes that are kept, and the ``MOST`` best of the others.
    """
    found: list[Boxes] = []
    holder = _holder(module)
    if holder is None:
        yield found
        return
    process: Callable[..., Any] = getattr(holder, _PROCESSES)

    def processed(*given: Any) -> Any:
        returned = process(*given)
        if not found:
            with torch._C.DisableTorchFunction():  # none of the network's own calls: whoever follows those sees nothing
                found.append(_joined(_rows(returned), _unsuppressed(holder, process, given), given[-1][0], input_hw))
        return returned

    setattr(holder, _PROCESSES, processed)
    try:
        yield found
    finally:
        delattr(holder, _PROCESSES)


def _unsuppressed(holder: nn.Module, process: Callable[..., Any], given: tuple[Any, ...]) -> Tensor:
    """Return what a detector's last step makes of the same input when it suppresses nothing, as ``_rows`` does."""
    before = {name: getattr(holder, name) for name in (_SUPPRESSES, _UP_TO)}
    setattr(holder, _SUPPRESSES, 1.0)  # nothing overlaps by more
    setattr(holder, _UP_TO, None)  # no end to a slice
    try:
        return _rows(process(*given))
    finally:
        for name, value in before.items():
            setattr(holder, name, value)


def _rows(returned: Any) -> Tensor:
    """Return what a detector's last step made for one picture, float32 (n, 6): a box, its score, its class."""
    if isinstance(returned, tuple):
        boxes, scores, classes = (of_pictures[0] for of_pictures in returned)
    else:
        boxes, scores, classes = (returned[0][name] for name in ("boxes", "scores", "labels"))
    return torch.cat([boxes.float(), scores[:, None].float(), classes[:, None].float()], 1)


def _joined(after: Tensor, before: Tensor, seen_hw: tuple[int, int], input_hw: tuple[int, int]) -> Boxes:
    """Return the kept boxes and the ``MOST`` best of the others, in cells of the input.

    Those that are kept are known by their numbers, and not by another suppression: among boxes of the same score, whose
    order nobody promises, that would keep another one.
    """
    from torchvision.models.detection.transform import resize_boxes  # slow to load, and who detects has loaded it

    best = before[torch.argsort(before[:, 4], descending=True)[: MOST + len(after)]]
    others = best[~(best[:, None] == after).all(2).any(1)][:MOST]
    rows = torch.cat([after, others])
    boxes: Tensor = resize_boxes(rows[:, :4], seen_hw, input_hw)
    return Boxes(boxes, rows[:, 5].long(), rows[:, 4], torch.arange(len(rows), device=rows.device) < len(after))


def _holder(module: nn.Module) -> nn.Module | None:
    """Return the part that suppresses: torchvision's one-stage detectors themselves, of the others the heads."""
    for part in (module, getattr(module, "roi_heads", None)):
        if (
            isinstance(part, nn.Module)
            and all(isinstance(getattr(part, name, None), float | int) for name in (_SUPPRESSES, _UP_TO))
            and callable(getattr(part, _PROCESSES, None))
        ):
            return part
    return None
