"""Boxes and label maps over the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.render.export import write
from explorer.render.figure import font, seen_part
from explorer.values import Bytes, Geometry

RGB = tuple[int, int, int]
_PAPER, _INK, _DIM = "#ffffff", "#1b1f27", "#5d6675"
_SUPPRESSED: RGB = (150, 150, 150)
_WARNING: RGB = (176, 64, 0)
STRENGTH = 0.6
"""How far a label map usually hides the picture, 0 … 1."""
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


class LabelMap(Protocol):
    """Which class each cell has; see ``tasks.values.Segmented``."""

    @property
    def classes(self) -> NDArray[np.int32]:
        """The class of each cell, (h, w)."""
        ...

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """The classes that occur with their shares, the largest first."""
        ...

    def name(self, index: int) -> str:
        """Return what a class is called."""
        ...


def colour(index: int) -> RGB:
    """Return a class's colour, as Pascal VOC colours its label maps (Everingham et al. 2010, its development kit)."""
    rgb, rest = [0, 0, 0], index
    for bit in range(7, -1, -1):
        for channel in range(3):
            rgb[channel] |= (rest >> channel & 1) << bit
        rest >>= 3
    return rgb[0], rgb[1], rgb[2]


def ink(ground: RGB) -> RGB:
    """Return black or white, whichever is read better on a colour (relative luminance, WCAG 2.2)."""
    linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in ground]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)  # where both have the same contrast


def boxes(picture: Bytes, found: tuple[Found, ...], stamp: str = "") -> Image.Image:
    """Return the picture with its boxes, the best on top; those that are not kept are dashed and grey.

    Args:
        picture: uint8 RGB (H, W, 3).
        found: the best first.
        stamp: what must stand on the picture, as "untrained"; may be "".
    """
    image = Image.fromarray(picture).convert("RGB")
    draw = ImageDraw.Draw(image)
    unit = max(1, round(max(image.size) / 400))
    letters = font(max(11, 6 * unit))
    for one in reversed(found):
        y0, x0, y1, x1 = one.box
        corners = x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)
        if not one.kept:
            for dash in _dashes(*corners, 4 * unit):
                draw.line(dash, fill=_SUPPRESSED, width=unit)
            continue
        shade = colour(one.index)
        draw.rectangle(corners, outline=shade, width=2 * unit)
        _plate(draw, (max(0, x0), max(0, y0 - letters.size - unit)), f"{one.label} {one.score:.0%}", letters, shade)
    _stamp(image, stamp)
    return image


def boxes_page(picture: Bytes, found: tuple[Found, ...], title: str, note: str, stamp: str = "") -> Image.Image:
    """Return ``boxes`` with a caption."""
    return _captioned(boxes(picture, found, stamp), title, note, ())


def boxes_png(
    picture: Bytes, found: tuple[Found, ...], title: str, note: str, path: Path | str, stamp: str = ""
) -> None:
    """Write ``boxes_page`` as PNG.

    Raises:
        ExportError: the file cannot be written.
    """
    page = boxes_page(picture, found, title, note, stamp)
    write(path, lambda file: page.save(file, "PNG"))


def shades(classes: NDArray[np.int32], strength: float = STRENGTH) -> Bytes:
    """Return the colours of a label map as what is laid over the picture, uint8 RGBA (h, w, 4).

    Args:
        classes: int32 (h, w); 0 is the background and stays clear.
        strength: how far the picture is hidden, 0 … 1.
    """
    table = np.zeros((int(classes.max(initial=0)) + 1, 4), np.uint8)
    table[:, :3] = [colour(index) for index in range(len(table))]
    table[1:, 3] = round(255 * strength)
    found: Bytes = table[classes]
    return found


def classes_over(picture: Bytes, classes: NDArray[np.int32], geometry: Geometry, stamp: str = "") -> Image.Image:
    """Return the part of the picture that the network sees, with the colour of each cell's class over it.

    Args:
        picture: uint8 RGB (H, W, 3).
        classes: int32 (h, w) of the network's input; 0 is the background and stays clear.
        geometry: the way from the input to the picture.
        stamp: as in ``boxes``.
    """
    seen = seen_part(picture, geometry)
    over = Image.fromarray(shades(classes)).resize(seen.size, Image.Resampling.NEAREST)
    seen.paste(over, (0, 0), over)
    _stamp(seen, stamp)
    return seen


def classes_page(
    picture: Bytes, found: LabelMap, geometry: Geometry, title: str, note: str, stamp: str = ""
) -> Image.Image:
    """Return ``classes_over`` with a legend and a caption."""
    legend = tuple((index, f"{found.name(index)}  {share:.1%}") for index, share in found.shares[:_LEGEND])
    return _captioned(classes_over(picture, found.classes, geometry, stamp), title, note, legend)


def classes_png(
    picture: Bytes, found: LabelMap, geometry: Geometry, title: str, note: str, path: Path | str, stamp: str = ""
) -> None:
    """Write ``classes_page`` as PNG.

    Raises:
        ExportError: the file cannot be written.
    """
    page = classes_page(picture, found, geometry, title, note, stamp)
    write(path, lambda file: page.save(file, "PNG"))


def _dashes(x0: float, y0: float, x1: float, y1: float, dash: int) -> Iterator[tuple[float, float, float, float]]:
    """Yield the dashes of a rectangle's sides; the gaps are as long."""
    for x in np.arange(x0, x1, 2 * dash):
        for y in (y0, y1):
            yield x, y, min(x + dash, x1), y
    for y in np.arange(y0, y1, 2 * dash):
        for x in (x0, x1):
            yield x, y, x, min(y + dash, y1)


def _plate(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, letters: ImageFont.FreeTypeFont, ground: RGB
) -> None:
    draw.rectangle(draw.textbbox(place, text, letters, anchor="lt"), fill=ground)
    draw.text(place, text, fill=ink(ground), font=letters, anchor="lt")


def _stamp(image: Image.Image, text: str) -> None:
    if text:
        letters = font(max(12, max(image.size) // 24))
        place = letters.size // 2, image.height - 2 * letters.size  # the names of boxes are at their tops
        _plate(ImageDraw.Draw(image), place, f" {text} ", letters, _WARNING)


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
        draw.rectangle((size, y, 2 * size, y + size), fill=colour(index) if index else _PAPER, outline=_DIM)
        draw.text((3 * size, y + size // 2), text, fill=_INK, font=small, anchor="lm")
    return page
