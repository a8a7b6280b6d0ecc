"""Filters on a picture, as the lecture and PyTorch do it: correlation, the kernel is not flipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from explorer.filters.kernel import Kernel
from explorer.values import Bytes, Frame


def apply(frame: Frame, kernels: Sequence[Kernel]) -> Frame:
    """Return the frame after the kernels, in order.

    A frame with an ``array`` comes back as it is: its pixels only picture what goes to the network unprepared.
    """
    if not kernels or frame.array is not None:
        return frame
    pixels = frame.pixels
    for kernel in kernels:
        pixels = correlate(pixels, kernel)
    return replace(frame, pixels=pixels)


def correlate(pixels: Bytes, kernel: Kernel) -> Bytes:
    """Return, at each pixel, the sum of weight × value times the kernel's scale; each channel on its own.

    The centre is cell (height // 2, width // 2) of the kernel; beyond the border the nearest pixel counts; computed in
    float64, rounded to the nearest integer (half to even) and clipped to 0 … 255.

    Args:
        pixels: uint8 (H, W, 3).
        kernel: weights and scale.

    Returns:
        uint8 (H, W, 3).
    """
    from explorer.cv import cv2  # here, so that the window may import this room without OpenCV

    weights = np.array(kernel.weights, np.float64)
    sums = np.asarray(cv2.filter2D(pixels, cv2.CV_64F, weights, borderType=cv2.BORDER_REPLICATE), np.float64)
    sums *= kernel.scale
    return np.clip(np.rint(sums, out=sums), 0.0, 255.0, out=sums).astype(np.uint8)
