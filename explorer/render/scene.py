"""Boxes and label maps over the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.render.export import write
from explorer.render.figure import font
from explorer.values import Bytes, Geometry

_PAPER, _INK, _DIM = "#ffffff", "#1b1f27", "#5d6675"
_STRENGTH = 0.6
_LEGEND = 12
"""So many classes are named below a label map."""


class Found(Protocol):
    """A box with its class; see ``tasks.values.Detection``."""

    @property
    def index(self) -> int:
        """Of its class."""
        ...

    @property
    def label(self) -> str:
        """The class's name."""
        ...

    @property
    def score(self) -> float:
        """How sure the network is, 0 … 1."""
        ...

    @property
    def box(self) -> tuple[float, float, float, float]:
        """[y0, x0, y1, x1], pixels of the picture."""
        ...

    @property
    def kept(self) -> bool:
        """Whether non-maximum suppression keeps it."""
        ...


def colour(index: int) -> tuple[int, int, int]:
    """Return a class's colour, as Pascal VOC colours its label maps (Everingham et al. 2010, its development kit)."""
    rgb, rest = [0, 0, 0], index
    for bit in range(7, -1, -1):
        for channel in range(3):
            rgb[channel] |= (rest >> channel & 1) << bit
        rest >>= 3
    return rgb[0], rgb[1], rgb[2]


def boxes(picture: Bytes, found: tuple[Found, ...]) -> Image.Image:
    """Return the picture, uint8 RGB (H, W, 3), with its boxes, the best on top; those not kept are thin and grey."""
    image = Image.fromarray(picture).convert("RGB")
    draw = ImageDraw.Draw(image)
    unit = max(1, round(max(image.size) / 400))
    letters = font(max(11, 6 * unit))
    for one in reversed(found):
        y0, x0, y1, x1 = one.box
        shade = colour(one.index) if one.kept else (150, 150, 150)
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=shade, width=2 * unit if one.kept else 1)
        if one.kept:
            text = f"{one.label} {one.score:.0%}"
            place = max(0, x0), max(0, y0 - letters.size - unit)
            draw.rectangle(draw.textbbox(place, text, letters, anchor="lt"), fill=shade)
            bright = 0.299 * shade[0] + 0.587 * shade[1] + 0.114 * shade[2]
            draw.text(place, text, fill="#000000" if bright > 128 else "#ffffff", font=letters, anchor="lt")
    return image


def boxes_png(picture: Bytes, found: tuple[Found, ...], title: str, note: str, path: Path | str) -> None:
    """Write the picture with its boxes and a caption as PNG.

    Raises:
        ExportError: the file cannot be written.
    """
    page = _captioned(boxes(picture, found), title, note, ())
    write(path, lambda file: page.save(file, "PNG"))


def classes_over(picture: Bytes, classes: NDArray[np.int32], geometry: Geometry) -> Image.Image:
    """Return the part of the picture that the network sees, with the colour of each cell's class over it.

    Args:
        picture: uint8 RGB (H, W, 3).
        classes: int32 (h, w) by cell of the network's input; 0 is the background and stays clear.
        geometry: the way from these cells to the picture.
    """
    y0, x0, y1, x1 = geometry.crop
    size = max(1, round(x1 - x0)), max(1, round(y1 - y0))
    seen = Image.fromarray(picture).crop((round(x0), round(y0), round(x0) + size[0], round(y0) + size[1]))
    table = np.array([colour(index) for index in range(int(classes.max(initial=0)) + 1)], np.uint8)
    shades = Image.fromarray(table[classes]).resize(size, Image.Resampling.NEAREST)
    strength = np.where(classes > 0, round(255 * _STRENGTH), 0).astype(np.uint8)
    seen.paste(shades, (0, 0), Image.fromarray(strength).resize(size, Image.Resampling.NEAREST))
    return seen


def classes_png(
    picture: Bytes,
    classes: NDArray[np.int32],
    geometry: Geometry,
    legend: tuple[tuple[int, str], ...],
    title: str,
    note: str,
    path: Path | str,
) -> None:
    """Write ``classes_over`` with a legend of (class, text) and a caption as PNG.

    Raises:
        ExportError: the file cannot be written.
    """
    page = _captioned(classes_over(picture, classes, geometry), title, note, legend[:_LEGEND])
    write(path, lambda file: page.save(file, "PNG"))


def _captioned(image: Image.Image, title: str, note: str, legend: tuple[tuple[int, str], ...]) -> Image.Image:
    size = min(40, max(16, max(image.size) // 40))
    big, small = font(size), font(round(size * 0.85))
    line = round(1.5 * size)
    heading = size + 2 * line
    widest = max([big.getlength(title), small.getlength(note), *(2 * size + small.getlength(t) for _i, t in legend)])
    page = Image.new(
        "RGB",
        (max(image.width, round(widest)) + 2 * size, heading + image.height + size + line * len(legend)),
        _PAPER,
    )
    draw = ImageDraw.Draw(page)
    draw.text((size, size), title, fill=_INK, font=big, anchor="lt")
    draw.text((size, size + line), note, fill=_DIM, font=small, anchor="lt")
    page.paste(image, (size, heading))
    for row, (index, text) in enumerate(legend):
        y = heading + image.height + size // 2 + line * row
        draw.rectangle((size, y, 2 * size, y + size), fill=colour(index), outline=_DIM)
        draw.text((3 * size, y + size // 2), text, fill=_INK, font=small, anchor="lm")
    return page
