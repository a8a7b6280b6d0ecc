"""The class of every cell, as a segmenter sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from explorer.errors import ForwardError, NetworkError
from explorer.tasks.values import Segmented
from explorer.text import N_


def segment(output: Tensor, labels: Sequence[str]) -> Segmented:
    """Return the most probable class of each cell of the network's input.

    Args:
        output: float (1, K, h, w) scores, as torchvision's segmenters give them in "out", already of the input's size.
        labels: of the K classes.

    Raises:
        NetworkError: the output is another one. ForwardError: it is not finite.
    """
    if output.dim() != 4 or len(output) != 1 or output.shape[1] < 2:
        raise NetworkError(N_("This network gives no class for each place: choose one that segments."))
    if not bool(output.isfinite().all()):
        raise ForwardError(N_("The output is not finite: the input or the weights hold NaN, infinite or huge values."))
    classes = output[0].argmax(0).to("cpu").numpy().astype(np.int32)
    return Segmented(classes, tuple(labels))
