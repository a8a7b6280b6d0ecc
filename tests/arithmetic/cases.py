"""Cases that hypothesis draws: valid by construction, so that a refusal of one is a fault."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from explorer.arithmetic.case import PADDING_KINDS, Case
from explorer.arithmetic.inputs import as_planes


def _axis(draw: st.DrawFn, kernel: int, dilation: int, most_padding: int) -> tuple[int, int, int]:
    """Return cells, padding before and padding after into which the window fits."""
    before, after = draw(st.integers(0, most_padding)), draw(st.integers(0, most_padding))
    least = max(1, dilation * (kernel - 1) + 1 - before - after)
    return draw(st.integers(least, least + 7)), before, after


def _numbers(draw: st.DrawFn, *shape: int) -> Any:
    """Return numbers of the given shape, of quite different sizes."""
    state = np.random.RandomState(draw(st.integers(0, 2**31)))
    return state.normal(size=shape) * 10.0 ** state.randint(-2, 4, size=shape)


@st.composite
def convs(draw: st.DrawFn) -> Case:
    kernel, dilation = draw(_pairs(1, 4)), draw(_pairs(1, 3))
    kind = draw(st.sampled_from(PADDING_KINDS))
    sizes = [_axis(draw, k, d, 4) for k, d in zip(kernel, dilation, strict=True)]
    more = {"reflect": 1, "circular": 0}.get(kind)
    if more is not None:  # torch mirrors no more than there is
        sizes = [(max(n, before + more, after + more), before, after) for n, before, after in sizes]
    (h, top, bottom), (w, left, right) = sizes
    groups, c, k = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Case(
        "conv",
        as_planes(_numbers(draw, groups * c, h, w)),
        tuple(as_planes(_numbers(draw, c, *kernel)) for _filter in range(groups * k)),
        bias=tuple(map(float, _numbers(draw, groups * k))) if draw(st.booleans()) else (),
        stride=draw(_pairs(1, 5)),
        padding=(top, bottom, left, right),
        padding_kind=kind,
        dilation=dilation,
        groups=groups,
    )


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """Return the attributes of a case, as some maxima have nothing to choose from."""
    pool, window = draw(st.sampled_from(("max", "average", "global", "l2"))), draw(_pairs(1, 4))
    dilation = draw(_pairs(1, 3)) if pool == "max" else (1, 1)
    ceil = draw(st.booleans())
    most = [0 if pool == "l2" else n // 2 for n in window]
    (h, top, bottom), (w, left, right) = (_axis(draw, k, d, p) for k, d, p in zip(window, dilation, most, strict=True))
    if ceil:  # as the oracle can have it
        (top, bottom), (left, right) = sorted((bottom, top), reverse=True), sorted((right, left), reverse=True)
    return {
        "kind": "pool",
        "input": as_planes(_numbers(draw, draw(st.integers(1, 3)), h, w)),
        "pool": pool,
        "window": window,
        "stride": draw(_pairs(1, 5)),
        "padding": (top, bottom, left, right),
        "dilation": dilation,
        "ceil_mode": ceil,
        "count_padding": draw(st.booleans()),
    }


@st.composite
def denses(draw: st.DrawFn) -> Case:
    shape = tuple(draw(st.integers(1, 4)) for _axis in range(3))
    k = draw(st.integers(1, 5))
    return Case(
        "fc",
        as_planes(_numbers(draw, *shape)),
        tuple(as_planes(_numbers(draw, *shape)) for _row in range(k)),
        bias=tuple(map(float, _numbers(draw, k))) if draw(st.booleans()) else (),
    )


def _pairs(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, most), st.integers(least, most))
