"""The class of every cell, as a segmenter sees it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.errors import ForwardError, NetworkError
from explorer.text import N_


def classes(output: Tensor) -> NDArray[np.int32]:
    """Return the most probable class of each cell, int32 (h, w).

    Args:
        output: float (1, K, h, w) scores, as torchvision's segmenters give them in "out", already of the input's size.

    Raises:
        NetworkError: the output is another one. ForwardError: it is not finite.
    """
    if output.dim() != 4 or len(output) != 1 or output.shape[1] < 2:
        raise NetworkError(N_("This network gives no class for each place: choose one that segments."))
    greatest, found = output[0].max(0)
    if not bool(greatest.isfinite().all()):  # NaN is the greatest wherever it is
        raise ForwardError(N_("The output is not finite: the input or the weights hold NaN, infinite or huge values."))
    kind = torch.uint8 if output.shape[1] <= 256 else torch.int32  # of what crosses from an accelerator
    indices: NDArray[np.int32] = found.to(kind).cpu().numpy().astype(np.int32)
    return indices
