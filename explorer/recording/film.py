"""A result as a picture of a recording, with what its chosen unit sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.errors import NetworkError
from explorer.render.composite import Box, composite
from explorer.values import Bytes, FrameResult

if TYPE_CHECKING:
    from explorer.receptive.analyse import Fields


def page(result: FrameResult, fields: Fields | None, title: str) -> Bytes:
    """Return the page of ``result``, uint8 RGB (H, W, 3); see ``render.composite``.

    Args:
        result: what one frame gave.
        fields: of the network's layers; None while they are not known: then no box is drawn.
        title: the network's.
    """
    return composite(result, box(result, fields), title)


def box(result: FrameResult, fields: Fields | None) -> Box | None:
    """Return the receptive field of the recipe's unit, [y0, x0, y1, x1] in pixels of the filtered picture; None if none
    is known.
    """
    unit, layer = result.recipe.unit, result.view.layer.id
    if unit is None or fields is None or all(one.id != layer for one in fields.graph):
        return None
    try:
        area = fields.area(layer, unit)
    except NetworkError:
        return None
    top, left, bottom, right = map(float, area.box)
    return result.geometry.to_picture((top, left, bottom, right))
