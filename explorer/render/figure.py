"""A picture of maps for a page: the maps, what they are, and a colour bar with its numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from explorer.values import LEVELS, Bytes, Geometry

GAP_RGB = (216, 220, 228)
_PAPER, _INK, _DIM = "#ffffff", "#1b1f27", "#5d6675"
_SMALLEST_PX = 512
"""Maps smaller than this are enlarged by a whole factor, so that their cells stay squares with sharp edges."""


@lru_cache(maxsize=8)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the window's own font, which has Latin and Korean letters, at ``size`` px."""
    data = (resources.files("resources") / "fonts" / "Pretendard-Regular.otf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size)


def seen_part(picture: Bytes, geometry: Geometry) -> Image.Image:
    """Return the part of a picture, uint8 RGB (H, W, 3), that the network sees; black where that lies beside it."""
    y0, x0, y1, x1 = geometry.crop
    left, top = round(x0), round(y0)
    return Image.fromarray(picture).crop((left, top, left + max(1, round(x1 - x0)), top + max(1, round(y1 - y0))))


def figure(levels: Bytes, colours: Bytes, title: str, note: str, ticks: Sequence[str]) -> Image.Image:
    """Return the picture of ``levels`` with a heading and a colour bar on its right.

    Args:
        levels: uint8 (H, W), levels of one map or a mosaic; or a picture that has its colours, uint8 RGB (H, W, 3).
        colours: uint8 (256, 3), as ``colours.table`` gives them.
        title: what the maps are.
        note: a second, fainter line; may be "".
        ticks: what the bar says from its lower to its upper end, in equal steps.
    """
    factor = max(1, _SMALLEST_PX // max(levels.shape))
    enlarged = levels.repeat(factor, axis=0).repeat(factor, axis=1)
    maps = Image.fromarray(colours[enlarged] if levels.ndim == 2 else enlarged)
    size = min(40, max(16, max(maps.size) // 40))
    big, small = font(size), font(round(size * 0.85))
    height = max(maps.height, 8 * size)
    ramp = np.linspace(LEVELS - 1, 0, height).round().astype(int)
    bar = Image.fromarray(np.ascontiguousarray(np.broadcast_to(colours[ramp, None], (height, size, 3))))

    heading = size + round(1.5 * size) * (2 if note else 1)
    bar_x = size + maps.width + size
    width = max(
        bar_x + size + size // 2 + max(int(small.getlength(tick)) for tick in ticks),
        size + int(max(big.getlength(title), small.getlength(note))),
    )
    page = Image.new("RGB", (width + size, heading + height + size), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((size, size), title, fill=_INK, font=big, anchor="lt")
    draw.text((size, size + round(1.5 * size)), note, fill=_DIM, font=small, anchor="lt")
    page.paste(maps, (size, heading))
    page.paste(bar, (bar_x, heading))
    for number, tick in enumerate(ticks):
        y = heading + (height - 1) * (1 - number / (len(ticks) - 1))
        anchor = "ls" if number == 0 else "lt" if number == len(ticks) - 1 else "lm"
        draw.text((bar_x + size + size // 2, y), tick, fill=_INK, font=small, anchor=anchor)
    return page
