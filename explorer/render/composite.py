"""One page of a moving picture: what the network looked at, the maps of a layer, and what it answered."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from explorer.cv import cv2
from explorer.render import colours
from explorer.render.figure import font
from explorer.text import N_, _
from explorer.values import Bytes, FrameResult

SIZE_WH = (1280, 720)
"""Of every page, px, whatever the picture and the maps are: a movie has one size."""
Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]

_PAPER, _INK, _DIM, _ACCENT, _TRACK = (21, 24, 31), (236, 239, 244), (160, 169, 184), (110, 168, 254), (44, 50, 62)
_WARNING = (240, 180, 90)
_BOX_RGB, _BOX_EDGE = (255, 209, 71), (0, 0, 0)
_MARGIN, _HEAD, _FOOT = 24, 64, 52
_LEFT = 580
"""Width of the picture's column."""
_BARS, _ROW = 5, 42
_UNTRAINED = N_("untrained: random weights")
_NOT_FINITE = N_("The output is not finite.")
_NO_CLASSES = N_("This network does not name classes.")


def composite(result: FrameResult, box: Box | None = None, title: str = "") -> Bytes:
    """Return the page of ``result``: uint8 RGB (H, W, 3) of ``SIZE_WH``.

    Args:
        result: what one frame gave.
        box: of the chosen unit's receptive field, [y0, x0, y1, x1] in pixels of the filtered picture, or None.
        title: the network's; "" for its name.
    """
    width, height = SIZE_WH
    page = _paper().copy()
    bars_y = height - _FOOT - _BARS * _ROW
    picture = (_MARGIN, _HEAD, _LEFT, bars_y - 12 - _HEAD)
    maps_x = _MARGIN + _LEFT + _MARGIN
    maps = (maps_x, _HEAD, width - maps_x - _MARGIN, height - _FOOT - _HEAD - 12)

    place = _put(page, result.filtered.pixels, picture)
    if box is not None:
        _outline(page, result.filtered.pixels.shape[:2], place, box)
    view = result.view
    table = colours.table(result.recipe.view.colours, view.signed, _PAPER)
    _put(page, table[_levels(view.mosaic, maps)], maps)

    name = title or Path(result.recipe.network).stem
    _text(page, (_MARGIN, 16), name, 24, _INK, _LEFT)
    shape = " × ".join(map(str, view.layer.output))
    _text(page, (maps_x, 16), f"{view.layer.id}  ·  {view.layer.op}  ·  {shape}", 24, _INK, maps[2])
    _bars(page, result, bars_y)
    told = [_("frame {index}").format(index=result.frame.index), result.frame.source]
    if result.recipe.unit is not None:
        y, x = result.recipe.unit
        told.append(_("unit {channel} · {y} · {x}").format(channel=result.recipe.channel, y=y, x=x))
    _text(page, (_MARGIN, height - 40), "  ·  ".join(told), 18, _DIM, width - 2 * _MARGIN)
    return page


@lru_cache(maxsize=1)
def _paper() -> Bytes:
    return np.tile(np.array(_PAPER, np.uint8), (SIZE_WH[1], SIZE_WH[0], 1))


def _levels(mosaic: Bytes, room: tuple[int, int, int, int]) -> Bytes:
    """Return a mosaic that is to shrink, every n-th row and column of it: at least two remain for each that shows."""
    step = max(1, int(max(mosaic.shape[1] / room[2], mosaic.shape[0] / room[3]) / 2))
    return mosaic[::step, ::step]


def _put(page: Bytes, picture: Bytes, room: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Put ``picture`` as large as fits at the top left of ``room`` (x, y, width, height) of ``page``; return its place.

    Small ones grow with sharp cells, large ones shrink by their mean.
    """
    x, y, width, height = room
    h, w = picture.shape[:2]
    scale = min(width / w, height / h)
    size = max(1, min(width, round(w * scale))), max(1, min(height, round(h * scale)))
    way = cv2.INTER_NEAREST if scale >= 1 else cv2.INTER_AREA
    made = cv2.resize(picture, size, interpolation=way)
    page[y : y + size[1], x : x + size[0]] = made
    return x, y, *size


def _outline(page: Bytes, picture_hw: tuple[int, ...], place: tuple[int, int, int, int], box: Box) -> None:
    """Draw ``box`` on the picture at ``place``; what of it lies in padding is cut off at the picture's edge."""
    x, y, width, height = place
    sy, sx = height / picture_hw[0], width / picture_hw[1]
    top, left, bottom, right = box
    corner = x + round(min(max(left * sx, 0), width - 1)), y + round(min(max(top * sy, 0), height - 1))
    other = x + round(min(max(right * sx, 0), width - 1)), y + round(min(max(bottom * sy, 0), height - 1))
    cv2.rectangle(page, corner, other, _BOX_EDGE, 4)
    cv2.rectangle(page, corner, other, _BOX_RGB, 2)


def _bars(page: Bytes, result: FrameResult, top: int) -> None:
    """Draw the predictions as bars, or the sentence why there are none."""
    y = top
    rows = result.predictions[:_BARS]
    if not result.trained:
        _text(page, (_MARGIN, y), _(_UNTRAINED), 18, _WARNING, _LEFT)
        y, rows = y + _ROW, rows[: _BARS - 1]
    if not rows:
        _text(page, (_MARGIN, y), _(_NO_CLASSES if result.finite else _NOT_FINITE), 18, _DIM, _LEFT)
    for number, one in enumerate(rows):
        figure = _line(one.figure, 18, _DIM, _LEFT // 2)
        room = _LEFT - figure.shape[1]
        _text(page, (_MARGIN, y), one.label, 18, _INK, room - 12)
        page[y : y + figure.shape[0], _MARGIN + room : _MARGIN + _LEFT] = figure
        track = page[y + 27 : y + 33, _MARGIN : _MARGIN + _LEFT]
        track[:] = _TRACK
        if one.score is None and one.probability > 0:
            track[:, : max(1, round(_LEFT * min(one.probability, 1.0)))] = _DIM if number else _ACCENT
        y += _ROW


def _text(page: Bytes, at: tuple[int, int], text: str, size: int, colour: Colour, room: int) -> None:
    """Write a line on ``page``, its top left at ``at`` (x, y), shortened to ``room`` px."""
    (x, y), line = at, _line(text, size, colour, room)
    page[y : y + line.shape[0], x : x + line.shape[1]] = line


@lru_cache(maxsize=256)
def _line(text: str, size: int, colour: Colour, room: int) -> Bytes:
    """Return a line of text on the page's colour, uint8 RGB (h, w, 3); most lines of a frame are those of the last."""
    face = font(size)
    if face.getlength(text) > room:
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if face.getlength(text[:middle] + "…") <= room else (low, middle - 1)
        text = text[:low] + "…"
    above, below = face.getmetrics()
    image = Image.new("RGB", (min(room, math.ceil(face.getlength(text)) + 1), above + below), _PAPER)
    ImageDraw.Draw(image).text((0, above), text, fill=colour, font=face, anchor="ls")
    return np.array(image)
