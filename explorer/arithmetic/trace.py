"""A case's output, and each of its values opened into terms: which numbers met, and where they came from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from explorer.arithmetic.case import BEYOND, NOTHING, Case, Doubles, Places
from explorer.arithmetic.numbers import factor, shown
from explorer.arithmetic.sizes import Fit
from explorer.errors import PersonError
from explorer.text import N_

At = tuple[int, int, int]
"""Channel (or filter), row, column, from 0."""


@dataclass(frozen=True)
class Term:
    """One number of a window, and what it is multiplied with.

    Attributes:
        place: where the window reads, [c, y, x] of the input; in the padding below 0 or behind the last row or column.
        source: the input's cell that the value was taken from, which padding of other kinds than zeros mirrors or
            repeats; None for a zero of the padding.
        number: the lecture's number of the input's cell, "x5": counted from 1, row by row, plane by plane; 0 for none.
        weight_at: [c, y, x] in the filter; None where there is no weight (pooling).
        weight_number: the lecture's number of the weight, "w5": see ``weight_number``; 0 for none.
        value: the input's number.
        weight: what it is multiplied with; 1 of a maximum or an average, the value itself in an L2 pooling.
        product: weight × value.
    """

    place: At
    source: At | None
    number: int
    weight_at: At | None
    weight_number: int
    value: float
    weight: float
    product: float

    @property
    def padded(self) -> bool:
        """Whether the window reads it in the padding."""
        return self.source != self.place


@dataclass(frozen=True)
class Trace:
    """One value of the output, term by term.

    Attributes:
        at: [k, y, x] of the output, from 0.
        number: the lecture's number of the value, "y1": counted from 1, row by row, in its own map.
        kind: "conv" and "fc": sum + bias; "max": the largest value; "average" (and "global"): sum / divisor; "l2":
            √(sum · multiplier / divisor).
        terms: what takes part, in the order in which it is added: plane by plane, row by row.
        skipped: places [c, y, x] in the window that take no part: padding that a maximum cannot choose or an average
            does not count, and cells beyond the padding (ceil mode).
        sum: of the products; of a maximum the largest value.
        bias: added to the sum; 0 for none.
        multiplier, divisor: of an average or an L2 pooling, else 1. PyTorch's L2 pooling takes the mean of the squares
            in the window and multiplies by the window's area: the two differ where the window hangs over the end.
        result: the value of the output.
    """

    at: At
    number: int
    kind: str
    terms: tuple[Term, ...]
    skipped: tuple[At, ...]
    sum: float
    bias: float
    multiplier: int
    divisor: int
    result: float

    @property
    def running(self) -> tuple[float, ...]:
        """The sum (of a maximum the largest value) after each term."""
        products = [term.product for term in self.terms]
        return tuple(accumulate(products, max) if self.kind == "max" else accumulate(products, initial=0.0))[
            -len(products) :
        ]

    @property
    def winner(self) -> Term | None:
        """The term that a maximum chose, the first of equal ones, as in PyTorch; None where nothing is chosen."""
        return next((t for t in self.terms if t.value == self.result), None) if self.kind == "max" else None

    def largest(self, count: int) -> tuple[tuple[Term, ...], float]:
        """Return the ``count`` terms with the largest products, either sign, and the sum of all the others."""
        order = sorted(self.terms, key=lambda term: -abs(term.product))
        return tuple(order[:count]), math.fsum(term.product for term in order[count:])

    @property
    def lecture(self) -> str:
        """The sum in the lecture's notation: "y1 = w1x1 + w2x2 + w4x4 …"; a 0 is a zero of the padding."""
        names = [f"x{t.number}" if t.number else "0" for t in self.terms]
        if self.kind in ("conv", "fc"):
            names = [
                f"w{t.weight_number}{'·' if name == '0' else ''}{name}"
                for t, name in zip(self.terms, names, strict=True)
            ]
        elif self.kind == "l2":
            names = [f"{name}²" for name in names]
        return f"y{self.number} = {self._whole(names, 'b' if self.bias else '')}"

    @property
    def indexed(self) -> str:
        """The same with places from 0, as programs have it: "y[0,0,0] = w[0,0,0]·x[0,0,0] + …"."""
        names = ["0" if t.source is None else f"x[{_places(t.source)}]" for t in self.terms]
        if self.kind == "fc":
            k = self.at[0]
            names = [f"w[{k},{t.weight_number - 1}]·x[{t.number - 1}]" for t in self.terms]
        elif self.kind == "conv":
            names = [
                f"w[{_places(t.weight_at)}]·{name}" for t, name in zip(self.terms, names, strict=True) if t.weight_at
            ]
        elif self.kind == "l2":
            names = [f"{name}²" for name in names]
        head = f"y[{self.at[0]}]" if self.kind == "fc" else f"y[{_places(self.at)}]"
        return f"{head} = {self._whole(names, f'b[{self.at[0]}]' if self.bias else '')}"

    @property
    def numbers(self) -> str:
        """The same with its numbers and what it comes to: "2·18 + (−1)·8 = 28"."""
        values = [factor(t.value) for t in self.terms]
        if self.kind in ("conv", "fc"):
            values = [f"{factor(t.weight)}·{value}" for t, value in zip(self.terms, values, strict=True)]
        elif self.kind == "l2":
            values = [f"{value}²" for value in values]
        elif self.kind == "max":
            values = [shown(t.value) for t in self.terms]
        return f"{self._whole(values, factor(self.bias) if self.bias else '')} = {shown(self.result)}"

    def _whole(self, names: list[str], bias: str) -> str:
        if self.kind == "max":
            return f"max({', '.join(names)})"
        text = " + ".join([*names, *([bias] if bias else [])])
        if self.kind == "average":
            return f"({text}) / {self.divisor}"
        if self.kind == "l2":
            scale = "" if self.multiplier == self.divisor else f" · {self.multiplier} / {self.divisor}"
            return f"√({text}){scale}" if not scale else f"√(({text}){scale})"
        return text


def weight_number(case: Case, filter: int, weight_at: At) -> int:
    """Return the lecture's number of a weight: that of the x it meets first, where no padding stands before the input.

    In a 3×3×3 input the weights of a 2×2×3 filter are w1, w2, w4, w5, w10, w11, w13, w14, w19, w20, w22, w23. Where the
    window is larger than the input, the numbers are those of an input just as large as the window.
    """
    c, y, x = weight_at
    channels, h, w = case.input_chw
    rows, columns = case.fits
    h, w = max(h, rows.span), max(w, columns.span)
    first = filter // (len(case.filters) // case.groups) * (channels // case.groups)
    return ((first + c) * h + y * case.dilation[0]) * w + x * case.dilation[1] + 1


def output(case: Case) -> Doubles:
    """Return the whole output, float64 (K, rows, columns); terms are added in their order, so it equals the traces."""
    x, (rows, columns) = _with_fill(case), (case.rows, case.columns)
    if case.kind == "pool":
        taps = [x[:, r][:, :, c] for r in rows.T for c in columns.T]
        if _kind(case) == "max":
            largest: Doubles = np.stack(taps).max(axis=0)
            return largest
        found = np.zeros(case.output_chw)
        for tap in taps:
            found += tap * (tap if case.pool == "l2" else 1.0)
        multiplier, divisor = _scale(case)
        found = found * multiplier / divisor
        return np.sqrt(found) if case.pool == "l2" else found
    grouped = x.reshape(case.groups, -1, *x.shape[1:])
    weights = case.filter_array.reshape(case.groups, -1, *case.filter_array.shape[1:])
    found = np.zeros((*weights.shape[:2], *case.output_chw[1:]))
    for c, i, j in np.ndindex(*weights.shape[2:]):
        found += weights[:, :, c, i, j, None, None] * grouped[:, None, c, rows[:, i]][..., columns[:, j]]
    found = found.reshape(case.output_chw)
    return found + np.array(case.bias)[:, None, None] if case.bias else found


def trace(case: Case, at: At) -> Trace:
    """Return the output's value at [k, y, x] term by term.

    Raises:
        PersonError: the output has no such value.
    """
    for name, one, size in zip((N_("channel"), N_("row"), N_("column")), at, case.output_chw, strict=True):
        if not 0 <= one < size:
            raise PersonError(
                N_("The output has no {name} {value}: they are numbered from 0 to {last}."),
                name=name,
                value=one,
                last=size - 1,
            )
    kind, (k, y, x) = _kind(case), at
    terms: list[Term] = []
    skipped: list[At] = []
    for place, source, weight_at in _window(case, at):
        nothing = source is None and (kind == "max" or (case.kind == "pool" and not case.count_padding))
        if nothing or BEYOND in (case.rows[y, weight_at[1]], case.columns[x, weight_at[2]]):
            skipped.append(place)
        else:
            terms.append(_term(case, k, place, source, weight_at))
    products = [term.product for term in terms]
    total = max(products) if kind == "max" else list(accumulate(products, initial=0.0))[-1]
    bias = case.bias[k] if case.bias else 0.0
    multiplier, divisor = (int(scale[y, x]) for scale in _scale(case))
    result = (total + bias) * multiplier / divisor
    number = k + 1 if case.kind == "fc" else y * case.output_chw[2] + x + 1
    return Trace(
        at=at,
        number=number,
        kind=kind,
        terms=tuple(terms),
        skipped=tuple(skipped),
        sum=total,
        bias=bias,
        multiplier=multiplier,
        divisor=divisor,
        result=math.sqrt(result) if kind == "l2" else result,
    )


def traces(case: Case) -> Iterator[Trace]:
    """Yield every value of the output term by term: map by map, row by row."""
    for k, y, x in np.ndindex(*case.output_chw):
        yield trace(case, (k, y, x))


def padded(case: Case) -> Doubles:
    """Return the input with its padding, float64 (C, top + H + bottom, left + W + right), as windows meet it."""
    (_c, h, w), (top, bottom, left, right) = case.input_chw, case.padding
    rows, columns = (case.reads(Fit(n, 1, padding=pads))[:, 0] for n, pads in ((h, (top, bottom)), (w, (left, right))))
    found: Doubles = _with_fill(case, 0.0)[:, rows][:, :, columns]
    return found


def _window(case: Case, at: At) -> Iterator[tuple[At, At | None, At]]:
    """Yield place, source and [c, y, x] in the window of each number that the output at ``at`` reads."""
    k, y, x = at
    per_group = case.input_chw[0] // case.groups
    first = k // (len(case.filters) // case.groups) * per_group if case.kind != "pool" else k
    rows, columns = (fit.cells(one) for fit, one in zip(case.fits, (y, x), strict=True))
    for c in range(per_group if case.kind != "pool" else 1):
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                source = int(case.rows[y, i]), int(case.columns[x, j])
                yield (first + c, row, column), (first + c, *source) if min(source) >= 0 else None, (c, i, j)


def _term(case: Case, k: int, place: At, source: At | None, weight_at: At) -> Term:
    _c, h, w = case.input_chw
    value = case.input[source[0]][source[1]][source[2]] if source else 0.0
    number = (source[0] * h + source[1]) * w + source[2] + 1 if source else 0
    if case.kind == "pool":
        weight = value if case.pool == "l2" else 1.0
        return Term(place, source, number, None, 0, value, weight, weight * value)
    weight = case.filters[k][weight_at[0]][weight_at[1]][weight_at[2]]
    named = weight_number(case, k, weight_at)
    return Term(place, source, number, weight_at, named, value, weight, weight * value)


def _kind(case: Case) -> str:
    return case.kind if case.kind != "pool" else "average" if case.pool == "global" else case.pool


def _with_fill(case: Case, fill: float | None = None) -> Doubles:
    """Return the input with one more row and column for each of ``NOTHING`` and ``BEYOND``, which are -1 and -2."""
    if fill is None:
        fill = -math.inf if _kind(case) == "max" else 0.0
    return np.pad(case.input_array, ((0, 0), (0, 2), (0, 2)), constant_values=fill)


def _scale(case: Case) -> tuple[Places, Places]:
    """Return multiplier and divisor of each row and column of the output, int64; both 1 where they are equal."""
    rows, columns = case.rows, case.columns
    ones = np.ones(case.output_chw[1:], dtype=np.int64)
    if _kind(case) not in ("average", "l2"):
        return ones, ones
    least = BEYOND if case.count_padding else NOTHING
    counts = (rows > least).sum(axis=1)[:, None] * (columns > least).sum(axis=1)
    multiplier = ones * (rows.shape[1] * columns.shape[1] if case.pool == "l2" else 1)
    same = multiplier == counts
    return np.where(same, 1, multiplier), np.where(same, 1, counts)


def _places(at: At) -> str:
    return ",".join(map(str, at))
