"""A unit's area held against the oracle, cell for cell."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from explorer.receptive.analyse import Fields
from explorer.receptive.values import Area
from tests.receptive.oracle import Oracle


def drawn(area: Area, hw: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the area's parts as bool (H, W)."""
    found = np.zeros(hw, bool)
    for part in area.parts:
        for y0, y1 in part.rows:
            for x0, x1 in part.columns:
                found[y0:y1, x0:x1] = True
    return found


def check(oracle: Oracle, fields: Fields, layer_id: str, unit: tuple[int, int]) -> Area:
    """Assert that the area is the gradient's support: the cells where it calls them exact, else none fewer; the box
    holds it; and the units that see a cell are told so.
    """
    area, expected = fields.area(layer_id, unit), oracle.cells(layer_id, unit)
    found = drawn(area, expected.shape)
    ys, xs = np.nonzero(expected)
    if area.exact:
        np.testing.assert_array_equal(found, expected, f"{layer_id} {unit}")
        assert area.clipped == ((ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) if len(ys) else None)
    else:
        assert area.certainty != "exact"
        assert not (expected & ~found).any(), f"{layer_id} {unit}"
    if len(ys):
        y0, x0, y1, x1 = area.box
        inside = y0 <= ys.min() and x0 <= xs.min() and y1 > ys.max() and x1 > xs.max()
        assert inside, f"box of {layer_id} {unit}"
        h, w = expected.shape
        if area.certainty == "exact" and min(y0, x0) >= 0 and y1 <= h and x1 <= w:
            assert area.box == area.clipped, f"box of {layer_id} {unit}"
        assert fields.seen_by(layer_id, (int(ys[0]), int(xs[0])))[unit]
    return area


def units(h: int, w: int, rng: random.Random) -> list[tuple[int, int]]:
    """Return a corner, a unit at a border and one anywhere."""
    return [(h - 1, w - 1), (rng.randrange(h), 0), (rng.randrange(h), rng.randrange(w))]


def border(h: int, w: int, rng: random.Random) -> tuple[int, int]:
    """Return a unit in the first or last row or column."""
    y, x = rng.randrange(h), rng.randrange(w)
    return rng.choice([(0, x), (h - 1, x), (y, 0), (y, w - 1)])
