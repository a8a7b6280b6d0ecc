"""What a filter costs on top of what OpenCV alone needs for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.bench.figures import Figure, interleaved
from explorer.cv import cv2
from explorer.filters.apply import result
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel

HW, SIDE, ROUNDS, LIMIT = (720, 1280), 5, 40, 4.0


def figures(calibration_ms: float) -> Iterator[Figure]:
    """Yield the figure: a kernel with scale and offset, applied as the window does it."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (*HW, 3), np.uint8)
    weights = random.normal(0, 0.2, (SIDE, SIDE))
    one = Filter(Kernel("", tuple(map(tuple, weights.tolist())), 0.25, 128.0))
    times = interleaved(
        {"opencv": lambda: cv2.filter2D(pixels, -1, weights), "applied": lambda: result(pixels, (one,))}, ROUNDS
    )
    yield Figure(
        f"{SIDE}×{SIDE} kernel on {HW[1]}×{HW[0]}: applied ÷ cv2.filter2D alone",
        times.ratio("applied", "opencv"),
        LIMIT,
        {"applied_ms": times.median("applied"), "opencv_ms": times.median("opencv")},
        calibration_ms,
    )
