"""The lecture's example of classification (topic 15)."""

from __future__ import annotations

from explorer.values import Prediction

CLASSES = (("cat", 0.7), ("dog", 0.08), ("car", 0.01), ("bird", 0.01), ("lion", 0.2))
"""Its classes in its order, and the share of each: together 1, as softmax makes them."""


def predictions() -> tuple[Prediction, ...]:
    """Return the lecture's shares as a network's answer, in the lecture's order."""
    return tuple(Prediction(index, label, share) for index, (label, share) in enumerate(CLASSES))
