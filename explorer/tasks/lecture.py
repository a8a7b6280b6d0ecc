"""The lecture's examples of classification and segmentation (topic 15)."""

from __future__ import annotations

import numpy as np

from explorer.tasks.values import Segmented
from explorer.values import Prediction

CLASSES = (("cat", 0.7), ("dog", 0.08), ("car", 0.01), ("bird", 0.01), ("lion", 0.2))
"""Its classes in its order, and the share of each: together 1, as softmax makes them."""


def predictions() -> tuple[Prediction, ...]:
    """Return the lecture's shares as a network's answer, in the lecture's order."""
    return tuple(Prediction(index, label, share) for index, (label, share) in enumerate(CLASSES))


LABELS = ("101101", "101101", "111111", "211111", "111101", "212201", "222202", "002202")
"""The rows of its label map."""


def label_map() -> Segmented:
    """Return the lecture's small label map, whose classes it does not name."""
    return Segmented(np.array([[int(one) for one in row] for row in LABELS], np.int32), ())
