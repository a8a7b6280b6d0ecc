"""Which layers have a unit that sees the whole picture."""

from __future__ import annotations

import math
from fractions import Fraction

from explorer.errors import NetworkError
from explorer.receptive.analyse import Fields
from explorer.receptive.cells import drawn
from explorer.receptive.values import Path


def whole_picture(fields: Fields) -> tuple[str, ...]:
    """Return the ids of the layers of which at least one unit depends on every cell of the input, in order.

    The size alone does not tell: an area as large as the input may lie beside it, and a dilated one has holes. Where
    only a bound is known, the layer is not among them.
    """
    return tuple(layer.id for layer, field in fields if _sees_all(fields, layer.id))


def _sees_all(fields: Fields, id: str) -> bool:
    field = fields[id]
    if field.certainty == "whole input":
        return True
    state = fields.states[id]
    if field.path is None or isinstance(state, str) or len(state.cells) != 2:
        return False
    try:
        map_hw = fields.map_hw(id)
    except NetworkError:  # its units are not at rows and columns
        return False
    unit = [_covering(field.path, axis, state.cells[axis], n) for axis, n in enumerate(map_hw)]
    if None in unit:
        return False
    area = fields.area(id, (unit[0] or 0, unit[1] or 0))
    around = area.exact and area.clipped == (0, 0, *state.cells)
    return around and (area.filled or bool(drawn(area.parts, state.cells).all()))


def _covering(path: Path, axis: int, cells: int, units: int) -> int | None:
    """Return the middle one of the units whose areas hold all ``cells`` of an axis, or None."""
    size, stride, start = path.size[axis], path.stride[axis], path.start[axis]
    if stride <= 0:
        return units // 2 if start <= 0 and start + size >= cells else None
    first = max(math.ceil((cells - size - start) / stride), 0)
    last = min(math.floor(Fraction(-start) / stride), units - 1)
    return (first + last) // 2 if first <= last else None
