"""The most probable classes of a network that classifies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from explorer.values import Prediction
from explorer.zoo.card import Activation


def classify(
    logits: Tensor, labels: Sequence[str], top: int, activation: Activation = "softmax"
) -> tuple[Prediction, ...]:
    """Return the ``top`` most probable classes, most probable first.

    Args:
        logits: (classes,) or (1, classes), any float type, any device.
        labels: of the classes; where their number is not that of the logits, they belong to something else, and the
            classes are called by their index.
        top: how many, at most.
        activation: what makes probabilities of them, in float64: softmax over all; sigmoid of each by itself; or none,
            where they are probabilities already if all lie within 0 … 1, and else scores.

    Returns:
        The classes. One logit of a sigmoid tells two: that of index 1, and with what is left to 1 that of index 0; with
        a single label it tells that one. Empty where ``logits`` is no vector, or has one number for softmax, and where
        a NaN or an infinite logit leaves no value (minus infinity is fine: that class has probability 0).
    """
    if top < 1 or (found := distribution(logits, len(labels), activation)) is None:
        return ()
    values, probabilities, scores = found
    named = len(labels) == len(values)
    # Sorted stably, so that equal classes come in their own order.
    order = torch.sort(values, descending=True, stable=True).indices[:top].tolist()
    return tuple(
        Prediction(
            i,
            labels[i] if named else f"class {i}",
            math.nan if scores else float(probabilities[i]),
            float(values[i]) if scores else None,
        )
        for i in order
    )


def distribution(logits: Tensor, labels: int, activation: Activation) -> tuple[Tensor, Tensor, bool] | None:
    """Return the numbers that order the classes, every class's probability, and whether those are scores instead.

    Args:
        logits, activation: as in ``classify``.
        labels: how many there are.

    Returns:
        Two of float64 (classes,) in the machine's memory, and whether the second are scores; None where ``classify``
        returns nothing.
    """
    values = logits.detach()
    if values.dim() == 2 and values.shape[0] == 1:
        values = values[0]
    if values.dim() != 1 or len(values) < (2 if activation == "softmax" else 1) or values.is_complex():
        return None
    values = values.cpu().double()
    if not torch.isfinite(values.max()):
        return None  # max is NaN where any value is
    if activation == "sigmoid" and len(values) == 1 and labels != 1:
        values = torch.cat([-values, values])  # 1 - sigmoid(x) is sigmoid(-x)
    scores = activation == "none" and not bool(((values >= 0) & (values <= 1)).all())
    made = {"softmax": lambda: torch.softmax(values, 0), "sigmoid": lambda: torch.sigmoid(values)}
    return values, made.get(activation, lambda: values)(), scores
