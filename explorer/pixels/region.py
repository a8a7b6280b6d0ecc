"""A picture as the numbers that a computer stores: values of a region, planes, hex, histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.values import Bytes

CHANNELS = ("R", "G", "B")


@dataclass(frozen=True, eq=False)
class Region:
    """A rectangle of pixels.

    Attributes:
        top, left: its first row and column in the picture.
        pixels: uint8 (h, w, 3).
    """

    top: int
    left: int
    pixels: Bytes

    def hexes(self) -> list[list[str]]:
        """Return the colour of each pixel as #RRGGBB, row by row."""
        return [[hex_of((int(r), int(g), int(b))) for r, g, b in row] for row in self.pixels]


def around(pixels: Bytes, y: int, x: int, rows: int, columns: int) -> Region:
    """Return the region with pixel (y, x) at its centre, moved to lie inside the picture.

    Args:
        pixels: uint8 (H, W, 3).
        y, x: the pixel; outside the picture the nearest one counts.
        rows, columns: size of the region; less where the picture is smaller.
    """
    height, width = pixels.shape[:2]
    rows, columns = min(rows, height), min(columns, width)
    top = min(max(y - rows // 2, 0), height - rows)
    left = min(max(x - columns // 2, 0), width - columns)
    return Region(top, left, pixels[top : top + rows, left : left + columns])


def value(pixels: Bytes, y: int, x: int) -> tuple[int, int, int] | None:
    """Return R, G, B of pixel (y, x), 0 … 255; None outside the picture."""
    if not (0 <= y < pixels.shape[0] and 0 <= x < pixels.shape[1]):
        return None
    r, g, b = pixels[y, x]
    return int(r), int(g), int(b)


def hex_of(rgb: tuple[int, int, int]) -> str:
    """Return a colour as #RRGGBB."""
    return "#{:02X}{:02X}{:02X}".format(*rgb)


def plane(pixels: Bytes, channel: int, coloured: bool = True) -> Bytes:
    """Return one channel as a picture, uint8 (H, W, 3): in its own colour, or in grey.

    Args:
        pixels: uint8 (H, W, 3).
        channel: 0, 1, 2 for R, G, B.
        coloured: whether the other two channels are 0 rather than equal.
    """
    if not coloured:
        return np.repeat(pixels[:, :, channel : channel + 1], 3, axis=2)
    shown = np.zeros_like(pixels)
    shown[:, :, channel] = pixels[:, :, channel]
    return shown


def histogram(pixels: Bytes) -> NDArray[np.int64]:
    """Return how often each value 0 … 255 occurs in each channel, int64 (3, 256)."""
    return np.stack([_counts(pixels[:, :, channel].ravel()) for channel in range(3)])


def _counts(values: Bytes) -> NDArray[np.int64]:
    """Count values two at a time, which is five times as fast: a pair is one number 0 … 65535."""
    even = values.size & ~1
    pairs = np.bincount(values[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts: NDArray[np.int64] = pairs.sum(axis=0) + pairs.sum(axis=1) + np.bincount(values[even:], minlength=256)
    return counts
