"""A drawing made with pen and eraser, and the picture of it as MNIST would have it. No OpenCV at import."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from explorer.errors import SourceError
from explorer.text import N_, _
from explorer.values import Bytes, Frame

CANVAS = 280
"""Height and width of the pad in its own unit: ten to a pixel of the picture."""
FIELD, BOX = 28, 20
"""Height and width of the picture, px, and the most that the drawing itself takes of them."""
WIDTHS = (8, 60)
PEN, ERASER = 24, 40
"""Widths to begin with: digits of MNIST have strokes of two to three px."""
MOST_STROKES = 500
MOST_POINTS = 20_000
"""Of all strokes together: half an hour of drawing."""
_VERSION = "1"
_STROKE = re.compile(r"([pe])(\d{1,3}) (\d{1,3},\d{1,3}(?: \d{1,3},\d{1,3})*)", re.ASCII)
_LONGEST = 9 * MOST_POINTS + 6 * MOST_STROKES

Tool = Literal["pen", "eraser"]
Point = tuple[int, int]


@dataclass(frozen=True)
class Stroke:
    """What was drawn between touching the pad and letting it go.

    Attributes:
        tool: the pen makes light, the eraser dark.
        width: of its line, in units of the pad.
        points: (x, y) in units of the pad, 0 … ``CANVAS``; a single one is a dot.
    """

    tool: Tool
    width: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Drawing:
    """Strokes, the first at the bottom; without any the picture is black."""

    strokes: tuple[Stroke, ...] = ()

    def with_(self, stroke: Stroke) -> Drawing:
        """Return the drawing with one more stroke; the oldest ones go where it would become too large."""
        strokes = (*self.strokes, stroke)[-MOST_STROKES:]
        while len(strokes) > 1 and sum(len(each.points) for each in strokes) > MOST_POINTS:
            strokes = strokes[1:]
        return replace(self, strokes=(*strokes[:-1], replace(stroke, points=stroke.points[:MOST_POINTS])))

    def to_text(self) -> str:
        """Return the drawing as ``Source.where`` holds it: ``1;p24 140,30 141,34;e40 9,9``."""
        strokes = (
            f"{stroke.tool[0]}{stroke.width} " + " ".join(f"{x},{y}" for x, y in stroke.points)
            for stroke in self.strokes
        )
        return ";".join((_VERSION, *strokes))

    @classmethod
    def from_text(cls, text: str) -> Drawing:
        """Return the drawing that ``to_text`` wrote; "" is an empty one.

        Raises:
            SourceError: it is of a newer version, larger than can be drawn, or no drawing.
        """
        version, *parts = (text or _VERSION).split(";", MOST_STROKES + 1)
        if version != _VERSION and version.isdigit():
            raise SourceError(N_("The drawing is of a newer version ({version}): draw it anew."), version=version[:9])
        matches = [_STROKE.fullmatch(part) for part in parts] if len(text) <= _LONGEST else [None]
        strokes = tuple(_stroke(match) for match in matches if match)
        sound = all(
            WIDTHS[0] <= each.width <= WIDTHS[1] and all(max(point) <= CANVAS for point in each.points)
            for each in strokes
        )
        few = len(strokes) <= MOST_STROKES and sum(len(each.points) for each in strokes) <= MOST_POINTS
        if version != _VERSION or not (all(matches) and sound and few):
            raise SourceError(
                N_("“{text}” is no drawing of this program: draw it anew."), text=text[:40] + "…" * (len(text) > 40)
            )
        return cls(strokes)


def _stroke(match: re.Match[str]) -> Stroke:
    tool, width, points = match.groups()
    pairs = (point.split(",") for point in points.split(" "))
    return Stroke("pen" if tool == "p" else "eraser", int(width), tuple((int(x), int(y)) for x, y in pairs))


def read(text: str) -> Frame:
    """Return the picture of a drawing, 28 × 28, light on dark; raises as ``Drawing.from_text`` does."""
    grey = as_mnist(raster(Drawing.from_text(text)))
    return Frame(np.repeat(grey[:, :, None], 3, axis=2), _("drawing"))


def raster(drawing: Drawing) -> Bytes:
    """Return the pad as uint8 (280, 280), light on dark, with smooth edges."""
    from explorer.cv import cv2

    canvas: Bytes = np.zeros((CANVAS, CANVAS), np.uint8)
    for stroke in drawing.strokes:
        light, (first, *others) = 255 if stroke.tool == "pen" else 0, stroke.points
        cv2.circle(canvas, first, stroke.width // 2, light, cv2.FILLED, cv2.LINE_AA)
        if others:
            line = np.array(stroke.points, np.int32)[:, None]
            cv2.polylines(canvas, [line], False, light, stroke.width, cv2.LINE_AA)
    return canvas


def as_mnist(grey: Bytes) -> Bytes:
    """Return what is light in a picture as MNIST has its digits, uint8 (28, 28).

    The longer side of what is drawn becomes 20 px, by the means of areas, and its centre of mass goes to pixel
    (14, 14), as near as whole pixels come (LeCun, Cortes, Burges: The MNIST database of handwritten digits). Nothing
    is pushed out of the field.

    Args:
        grey: uint8 (H, W), light on dark.
    """
    from explorer.cv import cv2

    field: Bytes = np.zeros((FIELD, FIELD), np.uint8)
    rows, columns = (np.flatnonzero(grey.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return field
    drawn = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(drawn.shape)
    h, w = (max(round(side * scale), 1) for side in drawn.shape)
    box = np.asarray(cv2.resize(drawn, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    mass = box.astype(np.float64)
    total = mass.sum()
    if not total:  # so little was drawn that nothing of it is left
        return field
    centre = mass.sum(1) @ np.arange(h) / total, mass.sum(0) @ np.arange(w) / total
    y, x = (min(max(round(FIELD / 2 - middle), 0), FIELD - side) for middle, side in zip(centre, (h, w), strict=True))
    field[y : y + h, x : x + w] = box
    return field
