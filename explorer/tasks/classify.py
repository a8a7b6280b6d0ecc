"""The most probable classes of a network that classifies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from explorer.values import Prediction


def classify(logits: Tensor, labels: Sequence[str], top: int) -> tuple[Prediction, ...]:
    """Return the ``top`` most probable classes, most probable first.

    Args:
        logits: (classes,) or (1, classes), any float type, any device.
        labels: of the classes; where their number is not that of the logits, they belong to something else, and the
            classes are called by their index.
        top: how many, at most.

    Returns:
        Softmax probabilities, computed in float64. Empty where ``logits`` is not one vector of two classes or more, and
        where a NaN or an infinite logit leaves softmax without a value (minus infinity is fine: that class has
        probability 0).
    """
    values = logits.detach()
    if values.dim() == 2 and values.shape[0] == 1:
        values = values[0]
    if values.dim() != 1 or len(values) < 2 or top < 1 or values.is_complex():
        return ()
    values = values.cpu().double()
    if not torch.isfinite(values.max()):
        return ()  # max is NaN where any value is
    named = len(labels) == len(values)
    # Sorted stably, so that equal classes come in their own order.
    order = torch.sort(values, descending=True, stable=True).indices[:top].tolist()
    probabilities = torch.softmax(values, 0)
    return tuple(Prediction(i, labels[i] if named else f"class {i}", float(probabilities[i])) for i in order)
