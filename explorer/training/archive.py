"""The shipped digits, as they lie on the disk. No torch."""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from explorer.values import Bytes

HELD_OUT = 5
"""One digit in so many is held out; the file is sorted by class, so each class gives its share."""


def arrays() -> tuple[Bytes, NDArray[np.uint8]]:
    """Return all digits, uint8 (n, 28, 28), light on dark, and which they are, uint8 (n,)."""
    file = resources.files("resources") / "digits" / "digits.npz"
    with file.open("rb") as stream, np.load(stream) as found:
        return found["x"], found["y"]


def is_held_out(count: int) -> NDArray[np.bool_]:
    """Return which of so many digits are held out, bool (count,)."""
    held_out: NDArray[np.bool_] = np.arange(count) % HELD_OUT == HELD_OUT - 1
    return held_out
