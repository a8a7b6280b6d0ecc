"""The strongest answers of a channel so far, each of another moment: a few, in memory that never grows. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.cv import cv2
from explorer.overtime.values import MOST_PATCHES, Patch
from explorer.values import Bytes, Floats

MOST_PX = 320
"""A side of what is kept of a picture; larger ones are made smaller."""
APART = 15
"""Frames that are less apart are of one moment: half a second of a camera."""
ALIKE = 6.0
"""Of 255: patches that differ by less in the mean, shrunk to ``_SIGNATURE`` cells a side, are of one still moment."""
_SIGNATURE = 16


@dataclass(frozen=True, eq=False)
class _Kept:
    patch: Patch
    signature: Floats


class Strongest:
    """Keeps the ``MOST_PATCHES`` strongest patches of one channel, one for each moment.

    Two patches are of one moment if their frames are less than ``APART`` apart, or if they look alike: a picture that
    stands still for minutes, or a video that begins again, is there once. Of one moment the strongest stays, of equal
    ones the first.
    """

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def offer(self, value: float, index: int, cut: Callable[[], Patch]) -> None:
        """Take what a frame shows if it belongs here.

        Args:
            value: the channel's largest one in the frame.
            index: the frame's number.
            cut: makes the patch; only called where it may be kept.
        """
        if len(self._kept) == MOST_PATCHES and value <= self._kept[-1].patch.value:
            return
        if any(one.patch.value >= value and abs(one.patch.index - index) < APART for one in self._kept):
            return
        new = _Kept(patch := cut(), _signature(patch.pixels))
        rivals = [one for one in self._kept if _one_moment(one, new)]
        if all(one.patch.value < value for one in rivals):
            stay = [one for one in self._kept if one not in rivals]
            self._kept = sorted([*stay, new], key=lambda one: -one.patch.value)[:MOST_PATCHES]

    @property
    def found(self) -> tuple[Patch, ...]:
        """The patches, the strongest first."""
        return tuple(one.patch for one in self._kept)


def _one_moment(a: _Kept, b: _Kept) -> bool:
    near = abs(a.patch.index - b.patch.index) < APART
    return near or float(np.abs(a.signature - b.signature).mean()) < ALIKE


def _signature(pixels: Bytes) -> Floats:
    small = cv2.resize(pixels, (_SIGNATURE, _SIGNATURE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def cut(pixels: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    """Return a copy of part of a picture, [y0, x0, y1, x1) px, at most ``MOST_PX`` a side."""
    y0, x0, y1, x1 = box
    part = pixels[y0:y1, x0:x1]
    scale = MOST_PX / max(part.shape[:2])
    if scale >= 1:
        return part.copy()
    h, w = (max(1, round(side * scale)) for side in part.shape[:2])
    return np.asarray(cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
