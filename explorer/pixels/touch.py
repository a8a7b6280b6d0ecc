"""A picture altered by hand, to see what the network makes of it: painted, moved, turned, brightened, with noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.pixels.paint import Stroke, painted
from explorer.values import Bytes, Floats

MOST_DABS, MOST_POINTS = 100, 5000
MOST_SHIFT, MOST_DEGREES, MOST_BRIGHTNESS, MOST_NOISE = 1.0, 180.0, 255.0, 255.0
LEAST_FACTOR, MOST_FACTOR = 0.1, 10.0
_MOST_SEED, _MOST_REACH = 1 << 20, 4.0
BLUR = 0.03
"""σ of the Gauss that blurs, of the picture's shorter side."""
_REACH = 3
"""So many σ the blur reads to either side."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Dab:
    """A region that is painted over or blurred: a line drawn with a round brush.

    Attributes:
        points: (y, x) in shares of height and width; one point is a dot.
        radius: in shares of the shorter side.
        ink: RGB, or "blur" for what a Gauss with σ = ``BLUR`` × the shorter side, which reads 3 σ to either side and
            mirrors at the border, makes of the picture without dabs.
    """

    points: tuple[Point, ...]
    radius: float
    ink: tuple[int, int, int] | Literal["blur"]


@dataclass(frozen=True)
class Touch:
    """What is done to a picture by hand, in this order: dabs, then one move, then brightness and noise.

    Places are in shares of the picture, so that the same touch fits a picture of any size.

    Attributes:
        dabs: on the picture before it is moved, the last one uppermost; which pixels a brush covers, ``paint`` says.
        shift: (down, right) in shares of height and width.
        degrees: it is turned so far to the left (counter-clockwise) around its middle.
        factor: so much larger it becomes around its middle, before it is turned and shifted.
        brightness: added to every value, −255 … 255.
        noise: σ of the normal noise that is added to every value of every channel.
        seed: of that noise; at each pixel it is the same in every picture of one size.

    A value of a moved picture is interpolated linearly between the four nearest pixels, in steps of 1/32 px as OpenCV's
    ``warpAffine`` has it; beyond the picture everything is black. At last values are rounded and clipped to 0 … 255.
    """

    dabs: tuple[Dab, ...] = ()
    shift: Point = (0.0, 0.0)
    degrees: float = 0.0
    factor: float = 1.0
    brightness: float = 0.0
    noise: float = 0.0
    seed: int = 0

    @property
    def moves(self) -> bool:
        """Whether what is in the picture lies elsewhere afterwards."""
        return (self.shift, self.degrees, self.factor) != ((0.0, 0.0), 0.0, 1.0)

    @property
    def works(self) -> bool:
        """Whether it changes anything."""
        return replace(self, seed=0) != Touch()

    @property
    def bounded(self) -> bool:
        """Whether every number is one that a window could have set."""
        points = [point for one in self.dabs for point in one.points]
        inks = [part for one in self.dabs if one.ink != "blur" for part in one.ink]
        return (
            len(self.dabs) <= MOST_DABS
            and len(points) <= MOST_POINTS
            and all(one.points and 0 <= one.radius <= 1 for one in self.dabs)
            and all(isinstance(part, int) and 0 <= part <= 255 for part in inks)
            and all(abs(place) <= _MOST_REACH for point in points for place in point)
            and all(abs(share) <= MOST_SHIFT for share in self.shift)
            and abs(self.degrees) <= MOST_DEGREES
            and LEAST_FACTOR <= self.factor <= MOST_FACTOR
            and abs(self.brightness) <= MOST_BRIGHTNESS
            and 0 <= self.noise <= MOST_NOISE
            and 0 <= self.seed <= _MOST_SEED
        )

    def before(self, point: Point, hw: tuple[int, int]) -> Point:
        """Return which point of the picture as it was lies at ``point`` of the moved one; (y, x) px, of ``hw``."""
        (a, b, c), (d, e, f) = self._back(hw)
        y, x = point
        return d * x + e * y + f, a * x + b * y + c

    def _back(self, hw: tuple[int, int]) -> NDArray[np.float64]:
        """Return the map from (x, y) of the moved picture to where it was, edges as ``Geometry`` has them: (2, 3)."""
        (h, w), angle = hw, math.radians(self.degrees)
        cos, sin = math.cos(angle) / self.factor, math.sin(angle) / self.factor
        x, y = w / 2 + self.shift[1] * w, h / 2 + self.shift[0] * h
        return np.array(
            [[cos, -sin, w / 2 - cos * x + sin * y], [sin, cos, h / 2 - sin * x - cos * y]],
        )


def read_touch(raw: dict[str, Any]) -> Touch:
    """Return the touch of which ``raw`` is the JSON; its values are to be looked at afterwards.

    Raises:
        TypeError, KeyError: it is none.
    """
    dabs = (
        Dab(tuple(map(tuple, one["points"])), one["radius"], one["ink"] if one["ink"] == "blur" else tuple(one["ink"]))
        for one in raw["dabs"]
    )
    values = {one.name: raw[one.name] for one in fields(Touch)}
    return Touch(**values | {"dabs": tuple(dabs), "shift": tuple(raw["shift"])})


def touched(pixels: Bytes, touch: Touch) -> Bytes:
    """Return ``pixels``, uint8 RGB (H, W, 3), altered as ``touch`` says; the picture itself where that is nothing."""
    hw = pixels.shape[0], pixels.shape[1]
    if touch.dabs:
        pixels = _painted(pixels, touch.dabs, hw)
    if touch.moves:
        pixels = _moved(pixels, touch, hw)
    if touch.brightness or touch.noise:
        values = pixels + np.float32(touch.brightness)
        if touch.noise:
            values += np.float32(touch.noise) * _normal(touch.seed, hw)
        pixels = np.clip(np.rint(values, out=values), 0, 255).astype(np.uint8)
    return pixels


def _painted(pixels: Bytes, dabs: tuple[Dab, ...], hw: tuple[int, int]) -> Bytes:
    copy = pixels.copy()
    for one in dabs:
        top, left, mask = _mask(one.points, one.radius, hw)
        if mask.size:
            part = copy[top : top + mask.shape[0], left : left + mask.shape[1]]
            part[mask] = _blurred(pixels, top, left, mask.shape)[mask] if one.ink == "blur" else one.ink
    return copy


@lru_cache(maxsize=MOST_DABS)
def _mask(points: tuple[Point, ...], share: float, hw: tuple[int, int]) -> tuple[int, int, NDArray[np.bool_]]:
    """Return which pixels a dab covers: row and column of the first that can be, and bool (h, w) from there on.

    The same one lies on every frame of a live source.
    """
    places, radius = np.array(points) * hw, share * min(hw)
    low = np.clip(np.floor(places.min(axis=0) - radius) - 1, 0, hw).astype(int)
    high = np.clip(np.ceil(places.max(axis=0) + radius) + 2, 0, hw).astype(int)
    inside = tuple((float(y), float(x)) for y, x in places - low)
    empty = np.zeros((*np.maximum(high - low, 0), 3), np.uint8)
    found = painted(empty, [Stroke(inside, radius, (255, 255, 255))])
    return int(low[0]), int(low[1]), found[..., 0] > 0


def _blurred(pixels: Bytes, top: int, left: int, size: tuple[int, ...]) -> Bytes:
    """Return a part of the picture as it is when the whole is blurred; only what that reads is."""
    from explorer.cv import cv2

    h, w = pixels.shape[:2]
    sigma = BLUR * min(h, w)
    reach = max(round(_REACH * sigma), 1)
    y0, x0, y1, x1 = max(top - reach, 0), max(left - reach, 0), top + size[0] + reach, left + size[1] + reach
    part, side = np.ascontiguousarray(pixels[y0:y1, x0:x1]), 2 * reach + 1
    blurred: Any = cv2.GaussianBlur(part, (side, side), sigma, borderType=cv2.BORDER_REFLECT_101)
    found: Bytes = blurred[top - y0 : top - y0 + size[0], left - x0 : left - x0 + size[1]]
    return found


def _moved(pixels: Bytes, touch: Touch, hw: tuple[int, int]) -> Bytes:
    from explorer.cv import cv2

    back = touch._back(hw)
    back[:, 2] += back[:, :2].sum(axis=1) / 2 - 0.5  # OpenCV's coordinates are of the pixels' middles
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found: Bytes = np.asarray(cv2.warpAffine(np.ascontiguousarray(pixels), back, (hw[1], hw[0]), flags=flags))
    return found


@lru_cache(maxsize=1)
def _normal(seed: int, hw: tuple[int, int]) -> Floats:
    return np.random.default_rng(seed).standard_normal((*hw, 3), np.float32)
