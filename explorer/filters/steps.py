"""One value of a filter's result, term by term: window ⊙ kernel = products, their sum, scale, offset, clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.filters.bands import Doubles, grey
from explorer.filters.filter import Filter
from explorer.filters.kernel import kernels
from explorer.values import Bytes

LECTURE = np.array([[18, 8, 9, 6], [19, 12, 7, 17], [13, 14, 30, 12]], np.uint8)
"""The lecture's two windows, which overlap: "sharpen" makes 12 of the left, −3 clipped to 0 of the right."""


@dataclass(frozen=True, eq=False)
class Part:
    """What one kernel makes of the window.

    Attributes:
        weights: float64 (h, w), as the window is multiplied with them: turned where the filter convolves.
        products: float64 (h, w), window ⊙ weights.
        sum: of the products.
        scale, offset: the kernel's.
        value: sum × scale + offset.
    """

    weights: Doubles
    products: Doubles
    sum: float
    scale: float
    offset: float
    value: float


@dataclass(frozen=True, eq=False)
class Step:
    """One value of the result.

    Attributes:
        y, x: its row and column in the result.
        rows, columns: int64, the picture's rows and columns under the window's; −1 for one beyond a border of zeros.
        window: float64 (h, w), the picture's values there.
        parts: of the kernel, or of the two of a magnitude.
        value: the part's, or √(x² + y²) of two.
        result: what the filter keeps of it: ``value`` itself where it is signed, else rounded and clipped to 0 … 255.
    """

    y: int
    x: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    window: Doubles
    parts: tuple[Part, ...]
    value: float
    result: float

    @property
    def clipped(self) -> bool:
        """Whether the value lies outside 0 … 255 and the filter cut it off."""
        return abs(self.result - self.value) > 0.5


class Walk:
    """A filter's window walking over a picture.

    Args:
        pixels: uint8 or float64 (H, W, 3) or (H, W), what goes into the filter (``apply.stages``).
        one: the filter.

    Attributes:
        hw: height and width of the result: where the window can be.

    Raises:
        PersonError: the window does not fit into the picture.
    """

    def __init__(self, pixels: Bytes | Doubles, one: Filter) -> None:
        values: Any = grey(pixels) if one.grey and pixels.ndim == 3 else pixels
        self._planes: Any = values[:, :, None] if values.ndim == 2 else values
        self._filter = one
        self._rows, self._columns = one.reads((pixels.shape[0], pixels.shape[1]))
        self.hw = len(self._rows), len(self._columns)

    @property
    def channels(self) -> int:
        """How many there are to walk over: 3, or 1 of a grey picture."""
        return int(self._planes.shape[2])

    def at(self, y: int, x: int, channel: int = 0) -> Step:
        """Return the value at row ``y`` and column ``x`` of the result; a grey picture has only one ``channel``."""
        one, rows, columns = self._filter, self._rows[y], self._columns[x]
        plane = self._planes[:, :, min(channel, self.channels - 1)]
        window = plane[np.ix_(rows, columns)].astype(np.float64)
        window[rows < 0], window[:, columns < 0] = 0.0, 0.0
        parts = []
        for kernel, weights in zip(kernels(one.kernel), one.weights, strict=True):
            products = window * weights
            total = float(products.sum())
            value = total * kernel.scale + kernel.offset
            parts.append(Part(weights, products, total, kernel.scale, kernel.offset, value))
        value = parts[0].value if len(parts) == 1 else float(np.hypot(parts[0].value, parts[1].value))
        result = value if one.signed else float(np.clip(np.rint(value), 0, 255))
        return Step(y, x, rows, columns, window, tuple(parts), value, result)
