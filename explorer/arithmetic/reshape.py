"""A case in other sizes: the numbers that still have a place keep it, and the others are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from explorer.arithmetic.case import Case, Kind, Pair, Shape
from explorer.arithmetic.inputs import cut, random
from explorer.arithmetic.numbers import Planes
from explorer.errors import PersonError
from explorer.text import N_
from explorer.values import Bytes

_KEPT = ("stride", "padding", "padding_kind", "dilation", "groups", "pool", "ceil_mode", "count_padding")


def reshaped(
    case: Case,
    kind: Kind | None = None,
    input_chw: Shape | None = None,
    filters: int | None = None,
    window: Pair | None = None,
    bias: bool | None = None,
    seed: int = 0,
    **more: Any,
) -> Case:
    """Return ``case`` in other sizes; what is not given stays.

    Another kind begins with its usual steps: a pooling of 2×2 with stride 2, a convolution of 3×3 with stride 1.

    Args:
        case: whose numbers stay where they still have a place.
        kind: as the case's.
        input_chw: channels, rows and columns of the input.
        filters: how many filters or outputs.
        window: rows and columns of a filter or pooling.
        bias: whether there are biases.
        seed: draws the new numbers, as ``inputs.random`` does.
        more: the case's other attributes.

    Raises:
        PersonError: as the case itself.
    """
    kind, shape = kind or case.kind, input_chw or case.input_chw
    kept: dict[str, Any] = {name: getattr(case, name) for name in _KEPT}
    if kind != case.kind:
        kept = {"stride": (2, 2)} if kind == "pool" else {}
        side = 2 if kind == "pool" else 3
        window = window or (min(side, shape[1]), min(side, shape[2]))
    count = filters if filters is not None else len(case.filters) or 1
    biased = bool(case.bias) if bias is None else bias
    fresh = random(kind, shape, seed, count, window or case.window_hw, biased, **{**kept, **more})
    weights = case.filters if kind == case.kind else ()
    return replace(
        fresh,
        input=laid_over(fresh.input, case.input),
        filters=tuple(
            laid_over(one, weights[place]) if place < len(weights) else one for place, one in enumerate(fresh.filters)
        ),
        bias=(*case.bias[: len(fresh.bias)], *fresh.bias[len(case.bias) :]),
        title=case.title,
    )


def redrawn(case: Case, seed: int) -> Case:
    """Return ``case`` with all numbers drawn anew, in the same sizes."""
    more: Mapping[str, Any] = {name: getattr(case, name) for name in _KEPT}
    fresh = random(case.kind, case.input_chw, seed, len(case.filters) or 1, case.window_hw, bool(case.bias), **more)
    return replace(fresh, title=case.title)


def with_input(case: Case, planes: Planes) -> Case:
    """Return ``case`` with another input, whose size the filters follow.

    Raises:
        PersonError: as the case itself.
    """
    shape = len(planes), len(planes[0]), len(planes[0][0])
    if shape == case.input_chw:
        return replace(case, input=planes)
    return replace(reshaped(case, input_chw=shape), input=planes)


def middle(pixels: Bytes, hw: Pair) -> Pair:
    """Return the first row and column of a part of so many rows and columns in the middle of a picture."""
    (height, width), (h, w) = pixels.shape[:2], hw
    return max((height - h) // 2, 0), max((width - w) // 2, 0)


def with_cut(case: Case, pixels: Bytes, at: Pair, hw: Pair | None = None) -> Case:
    """Return ``case`` with a part of a picture as its input: of three channels R, G, B, of one the grey.

    Args:
        case: says how many channels, and without ``hw`` how many rows and columns.
        pixels: uint8 (H, W, 3).
        at: the part's first row and column; moved so that the part lies in the picture.
        hw: its rows and columns; less where the picture is smaller.

    Raises:
        PersonError: an input of two, or more than three, channels; and as the case itself.
    """
    c, h, w = case.input_chw
    if c not in (1, 3):
        raise PersonError(
            N_("An input of {count} channels cannot come from a picture: set it to 1 for grey or 3."), count=c
        )
    return with_input(case, cut(pixels, *at, *(hw or (h, w)), grey=c == 1))


def with_filter(case: Case, number: int, planes: Planes) -> Case:
    """Return ``case`` with other weights of one filter, whose size the other filters follow.

    Raises:
        PersonError: as the case itself; among others where the planes are not as many as the channels that it sees.
    """
    if case.kind == "conv":
        case = reshaped(case, window=(len(planes[0]), len(planes[0][0])))
    return replace(case, filters=(*case.filters[:number], planes, *case.filters[number + 1 :]))


def laid_over(fresh: Planes, old: Planes) -> Planes:
    """Return ``fresh`` with the numbers of ``old`` where both have a place."""
    rows = [
        [
            (*old[c][y][: len(row)], *row[len(old[c][y]) :]) if c < len(old) and y < len(old[c]) else row
            for y, row in enumerate(plane)
        ]
        for c, plane in enumerate(fresh)
    ]
    return tuple(map(tuple, rows))
