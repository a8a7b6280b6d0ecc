"""The boxes that a detector finds, before and after non-maximum suppression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms

from explorer.errors import NetworkError
from explorer.tasks.values import Detection
from explorer.text import N_
from explorer.values import Geometry

_SUPPRESSES = "nms_thresh"
_UP_TO = "detections_per_img"
MOST = 2000
"""Boxes before suppression, the best ones."""


def detections(returned: Any, labels: Sequence[str], geometry: Geometry, least: float = 0.0) -> tuple[Detection, ...]:
    """Return what a detector returned for one picture, the best scores first.

    Args:
        returned: a list with one mapping of "boxes" (n, 4) as x0, y0, x1, y1 in input cells, "labels" (n,) and
            "scores" (n,), as torchvision's detectors give it.
        labels: of the classes.
        geometry: from the network's input to the picture.
        least: scores below are left out.

    Raises:
        NetworkError: the network returned something else.
    """
    first = returned[0] if isinstance(returned, list | tuple) and len(returned) == 1 else returned
    parts = [first.get(name) if isinstance(first, Mapping) else None for name in ("boxes", "labels", "scores")]
    if not all(isinstance(part, Tensor) for part in parts):
        raise NetworkError(N_("This network finds no boxes: choose one that detects."))
    boxes, classes, scores = (part.detach().float().cpu().tolist() for part in parts if part is not None)
    found = []
    for (x0, y0, x1, y1), index, score in zip(boxes, map(int, classes), scores, strict=True):
        if score >= least:
            label = labels[index] if index < len(labels) else f"class {index}"
            found.append(Detection(index, label, score, geometry.to_picture((y0, x0, y1, x1))))
    return tuple(sorted(found, key=lambda one: -one.score))


def suppressed(found: Sequence[Detection], most: float) -> tuple[Detection, ...]:
    """Return detections, the best first, with ``kept`` as non-maximum suppression sets it, class by class.

    Args:
        found: of one picture.
        most: overlap (intersection over union) with a better one of its class up to which a box is kept.
    """
    best_first = sorted(found, key=lambda one: -one.score)
    if not best_first:
        return ()
    boxes = torch.tensor([[x0, y0, x1, y1] for y0, x0, y1, x1 in (one.box for one in best_first)])
    scores = torch.tensor([one.score for one in best_first])
    kept = set(batched_nms(boxes, scores, torch.tensor([one.index for one in best_first]), most).tolist())
    return tuple(replace(one, kept=place in kept) for place, one in enumerate(best_first))


def suppression(module: nn.Module) -> float | None:
    """Return up to which overlap a detector keeps boxes; None where it does not say."""
    holder = _holder(module)
    return None if holder is None else float(getattr(holder, _SUPPRESSES))


@contextmanager
def unsuppressed(module: nn.Module) -> Iterator[None]:
    """Let a detector keep every box meanwhile.

    Raises:
        NetworkError: it has no suppression that could be switched off.
    """
    holder = _holder(module)
    if holder is None:
        raise NetworkError(N_("This network does not say how it suppresses boxes: those before cannot be seen."))
    before = {name: getattr(holder, name) for name in (_SUPPRESSES, _UP_TO)}
    setattr(holder, _SUPPRESSES, 1.0)
    setattr(holder, _UP_TO, MOST)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(holder, name, value)


def _holder(module: nn.Module) -> nn.Module | None:
    """Return the part that suppresses: torchvision's one-stage detectors themselves, of the others the heads."""
    for part in (module, getattr(module, "roi_heads", None)):
        if isinstance(part, nn.Module) and all(
            isinstance(getattr(part, name, None), float | int) for name in (_SUPPRESSES, _UP_TO)
        ):
            return part
    return None
