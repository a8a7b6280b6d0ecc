"""The demo feed: a view that wanders over the sample pictures, for live mode without a camera."""

from __future__ import annotations

import math
import time

import numpy as np

from explorer.cv import cv2
from explorer.sources import picture
from explorer.sources.gallery import samples
from explorer.text import _
from explorer.values import Bytes, Frame

FPS = 30
SIZE_HW = (480, 640)
SCENE = 240
"""Frames on one picture."""
FADE = 20
"""Frames at a scene's end that melt into the next picture."""


class Demo:
    """A live source whose frame n is always the same picture; paced by time, so a slow reader skips frames."""

    def __init__(self) -> None:
        shown = [sample for sample in samples() if sample.suits == "imagenet"]
        self._pictures = [_roomy(picture.read(sample.path()).pixels) for sample in shown]
        self._name = _("demo feed")
        self._start_s = time.perf_counter()
        self._next = 0

    def read(self) -> Frame | None:
        """Wait until the next frame is due and return it; never None, for the feed has no end."""
        index = max(self._next, math.floor((time.perf_counter() - self._start_s) * FPS))
        self._next = index + 1
        time.sleep(max(0.0, self._start_s + index / FPS - time.perf_counter()))
        return Frame(self.pixels(index), self._name, index, time.perf_counter())

    def close(self) -> None:
        """Nothing is held; here for ``Live``."""

    def pixels(self, index: int) -> Bytes:
        """Return frame ``index`` as uint8 (H, W, 3)."""
        scene, step = divmod(index, SCENE)
        shown = self._view(scene, step)
        if (left := SCENE - step) <= FADE:
            share = 1.0 - left / (FADE + 1)
            after = self._view(scene + 1, step - SCENE)
            shown = np.asarray(cv2.addWeighted(after, share, shown, 1.0 - share, 0.0), np.uint8)
        return shown

    def _view(self, scene: int, step: int) -> Bytes:
        """Look at the scene's picture through a window that sways and breathes; ``step`` < 0 leads into the scene."""
        pixels = self._pictures[scene % len(self._pictures)]
        (height, width), (h, w) = pixels.shape[:2], SIZE_HW
        turn = 2.0 * math.pi * step / SCENE
        widest = min(height / h, width / w)
        scale = widest * (0.86 - 0.14 * math.cos(turn))  # picture pixels per pixel of the view
        y0 = (height - h * scale) * (0.5 + 0.5 * math.sin(turn + scene))
        x0 = (width - w * scale) * (0.5 + 0.5 * math.sin(2.0 * turn + 2.0 * scene))
        # pixel centres lie at half integers: view (x + .5) * scale + x0 - .5
        window = np.array([[scale, 0.0, x0 + 0.5 * scale - 0.5], [0.0, scale, y0 + 0.5 * scale - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(pixels, window, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(view, np.uint8)


def _roomy(pixels: Bytes) -> Bytes:
    """Shrink a picture that the view would alias, to at most 1.5 × the view."""
    factor = 1.5 * max(SIZE_HW[0] / pixels.shape[0], SIZE_HW[1] / pixels.shape[1])
    if factor >= 1.0:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
