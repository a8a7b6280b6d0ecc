"""A filter: a kernel, how it moves over a picture, what it finds beyond the border and how its result is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.errors import PersonError
from explorer.filters.kernel import Operator, kernels
from explorer.text import N_

Border = Literal["zero", "reflect", "replicate", "wrap", "valid"]
"""What lies beyond the picture: 0; the picture mirrored at its outermost pixels, which are not repeated (PyTorch's
"reflect"); its outermost pixels; its other side. "valid": nothing, the window stays inside, the result is smaller."""
BORDERS: tuple[Border, ...] = get_args(Border)
BORDER_TITLES: dict[Border, str] = {
    "zero": N_("Zeros"),
    "reflect": N_("Mirror"),
    "replicate": N_("Repeat"),
    "wrap": N_("Wrap around"),
    "valid": N_("None: smaller result"),
}
"""What a person calls each border, marked for translation."""

EVEN = N_("A kernel of even size has no middle cell: the one below and right of the middle lies on the pixel.")
"""What a person is told of such a kernel, marked for translation."""
MOST_STRIDE = 64
MOST_DILATION = 16
MOST_FILTERS = 16
"""Of a chain."""
_PADS: dict[Border, Literal["reflect", "edge", "wrap"]] = {"reflect": "reflect", "replicate": "edge", "wrap": "wrap"}


@dataclass(frozen=True)
class Filter:
    """A kernel as it is applied.

    Attributes:
        kernel: a kernel, or the magnitude of two.
        border: what the window finds beyond the picture.
        stride: by how many pixels the window moves; the first lies on pixel (0, 0), or inside where there is no border.
        dilation: distance of the kernel's cells on the picture, pixels; 1 for side by side.
        convolve: whether the kernel is turned by 180° first, as a true convolution does; the lecture and PyTorch
            do not.
        grey: whether the picture is made grey first (0.299 R + 0.587 G + 0.114 B); else each channel on its own.
        signed: keep the result as it is for the next filter, and show it with its sign; else it is rounded to the
            nearest integer (half to even) and clipped to 0 … 255.
        enabled: whether the chain applies it.

    Raises:
        PersonError: a stride or a dilation outside 1 … ``MOST_STRIDE``, ``MOST_DILATION``.
    """

    kernel: Operator
    border: Border = "replicate"
    stride: int = 1
    dilation: int = 1
    convolve: bool = False
    grey: bool = False
    signed: bool = False
    enabled: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= MOST_STRIDE:
            raise PersonError(
                N_("The stride cannot be {value}: it is from 1 to {most}."), value=self.stride, most=MOST_STRIDE
            )
        if not 1 <= self.dilation <= MOST_DILATION:
            raise PersonError(
                N_("The dilation cannot be {value}: it is from 1 to {most}."), value=self.dilation, most=MOST_DILATION
            )

    @property
    def name(self) -> str:
        """The kernel's."""
        return self.kernel.name

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width of the window on the picture, pixels, with the gaps of the dilation."""
        h, w = self.kernel.shape
        return (h - 1) * self.dilation + 1, (w - 1) * self.dilation + 1

    @property
    def anchor(self) -> tuple[int, int]:
        """Row and column, in the window, of the pixel whose result is computed.

        A true convolution turns the kernel's middle with it, as OpenCV's documentation of ``filter2D`` asks for.
        """
        h, w = self.kernel.shape
        row, column = h // 2, w // 2
        if self.convolve:
            row, column = h - 1 - row, w - 1 - column
        return row * self.dilation, column * self.dilation

    @property
    def weights(self) -> tuple[NDArray[np.float64], ...]:
        """What the window is multiplied with, float64 (h, w), turned where it convolves; two of a magnitude."""
        found = tuple(np.array(kernel.weights, np.float64) for kernel in kernels(self.kernel))
        return tuple(one[::-1, ::-1] for one in found) if self.convolve else found

    def output_hw(self, hw: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of the result on a picture of ``hw``, pixels.

        Raises:
            PersonError: the window does not fit into the picture, or the border would have to be wider than it.
        """
        self.check(hw)
        if self.border == "valid":
            hw = hw[0] - self.extent[0] + 1, hw[1] - self.extent[1] + 1
        return -(-hw[0] // self.stride), -(-hw[1] // self.stride)

    def check(self, hw: tuple[int, int]) -> None:
        """Find out whether it can be applied to a picture of ``hw``.

        Raises:
            PersonError: as ``output_hw``.
        """
        (h, w), extent, anchor = hw, self.extent, self.anchor
        reach = [max(anchor[axis], extent[axis] - 1 - anchor[axis]) for axis in (0, 1)]
        most = {"reflect": (h - 1, w - 1), "wrap": hw, "valid": hw}.get(self.border)
        needed = extent if self.border == "valid" else (reach[0], reach[1])
        if most is not None and any(one > room for one, room in zip(needed, most, strict=True)):
            raise PersonError(
                N_(
                    "The kernel covers {window} pixels and the picture has only {picture}: use a smaller kernel or "
                    "dilation, or the border “Repeat”."
                ),
                window=f"{extent[1]} × {extent[0]}",
                picture=f"{w} × {h}",
            )

    def reads(self, hw: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows, and which columns, of a picture of ``hw`` each place of the window reads.

        Returns:
            Rows int64 (rows of the result, rows of the kernel) and columns int64 (its columns, the kernel's columns);
            −1 for one beyond a border of zeros.

        Raises:
            PersonError: as ``output_hw``.
        """
        out = self.output_hw(hw)
        rows, columns = (self._reads(axis, hw[axis], out[axis]) for axis in (0, 1))
        return rows, columns

    def _reads(self, axis: int, size: int, out: int) -> NDArray[np.int64]:
        before, count = self.anchor[axis], self.kernel.shape[axis]
        pads = (0, 0) if self.border == "valid" else (before, self.extent[axis] - 1 - before)
        places = np.arange(size)
        if self.border in _PADS:
            places = np.pad(places, pads, mode=_PADS[self.border])
        else:
            places = np.pad(places, pads, constant_values=-1)
        first, cells = np.arange(out) * self.stride, np.arange(count) * self.dilation
        found: NDArray[np.int64] = places[first[:, None] + cells].astype(np.int64)
        return found


Chain = tuple[Filter, ...]
"""Filters in the order in which they are applied."""


def working(chain: Chain) -> Chain:
    """Return the filters of ``chain`` that are switched on."""
    return tuple(one for one in chain if one.enabled)
