"""A small case of arithmetic as a value: what a learner types, a lecturer hands out, and what is worked from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.arithmetic.numbers import MOST, Cell, Planes, checked
from explorer.arithmetic.sizes import Fit
from explorer.errors import PersonError
from explorer.text import N_, _

Kind = Literal["conv", "pool", "fc"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PaddingKind = Literal["zero", "reflect", "replicate", "circular"]
PADDING_KINDS: tuple[PaddingKind, ...] = get_args(PaddingKind)
PoolKind = Literal["max", "average", "global", "l2"]
POOL_KINDS: tuple[PoolKind, ...] = get_args(PoolKind)
MOST_SIDE = 64
"""Of rows, columns, channels and filters, each."""
MOST_NUMBERS = 50_000
"""Of the input, and of all filters together."""
MOST_PRODUCTS = 10_000_000
"""Of all filters with all windows: about half a second."""
MOST_STEP = 1000
"""Of stride and dilation."""
LONGEST_TITLE = 120
NOTHING, BEYOND = -1, -2
"""In ``Case.rows`` and ``columns``: a zero of the padding, and a cell that no padding reaches either (ceil mode)."""

Doubles = NDArray[np.float64]
Places = NDArray[np.int64]
Pair = tuple[int, int]
Sides = tuple[int, int, int, int]
"""Top, bottom, left, right."""
Shape = tuple[int, int, int]
"""Channels, rows, columns."""

_MODES: dict[str, Literal["reflect", "edge", "wrap"]] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@dataclass(frozen=True)
class Case:
    """One convolution, pooling or fully connected layer with all its numbers; it always has an output.

    What a kind does not use is set to its default, so that equal cases are equal values. ``dataclasses.replace`` makes
    the next one; ``written.to_json`` and ``from_json`` are its text.

    Attributes:
        kind: "conv" (a correlation, as PyTorch and the lecture have it), "pool" or "fc".
        input: planes of rows of numbers (C, H, W).
        filters: of "conv" K filters of planes (C / groups, h, w); of "fc" K rows of the matrix W, each folded into
            planes of the input's size (C, H, W), as they meet the input; of "pool" none.
        bias: one number a filter, or () for none.
        stride, dilation: along rows and along columns.
        padding: cells added at the top, bottom, left and right.
        padding_kind: what stands in them; a pooling has "zero", which a maximum never chooses.
        groups: of "conv": each group of filters sees its share of the channels.
        pool: "max", "average", "global" (the average of each whole channel) or "l2" (√ of the sum of the squares).
        window: rows and columns of a pooling's window.
        ceil_mode: of "pool": the last window may hang over the end.
        count_padding: of "average": whether the zeros of the padding count in the divisor.
        title: one line that a lecturer gives it, "" for none.

    Raises:
        PersonError: one sentence that says which value cannot be, and what it can be.
    """

    kind: Kind
    input: Planes
    filters: tuple[Planes, ...] = ()
    bias: tuple[float, ...] = ()
    stride: Pair = (1, 1)
    padding: Sides = (0, 0, 0, 0)
    padding_kind: PaddingKind = "zero"
    dilation: Pair = (1, 1)
    groups: int = 1
    pool: PoolKind = "max"
    window: Pair = (2, 2)
    ceil_mode: bool = False
    count_padding: bool = True
    title: str = ""

    def __post_init__(self) -> None:
        self._check_words()
        self._forget()
        check_planes(self.input, _("The input"))
        self._check_whole()
        if self.kind == "pool":
            self._check_pool()
        else:
            self._check_filters()
        self._check_padding()
        if self.kind == "pool" and any(bool((reads < 0).all(axis=1).any()) for reads in (self.rows, self.columns)):
            raise PersonError(
                N_("A window lies in the padding alone, where there is nothing to choose from: use less dilation.")
            )

    @property
    def input_chw(self) -> Shape:
        """Channels, rows and columns of the input."""
        return len(self.input), len(self.input[0]), len(self.input[0][0])

    @property
    def output_chw(self) -> Shape:
        """Channels, rows and columns of the output; (K, 1, 1) of "fc"."""
        rows, columns = self.fits
        return len(self.filters) or self.input_chw[0], rows.out, columns.out

    @property
    def window_hw(self) -> Pair:
        """Rows and columns of numbers that one window reads: the filter's, the pooling's, or the whole input."""
        if self.kind == "pool" and self.pool != "global":
            return self.window
        planes = self.filters[0] if self.kind == "conv" else self.input
        return len(planes[0]), len(planes[0][0])

    @cached_property
    def fits(self) -> tuple[Fit, Fit]:
        """The sizes along rows and along columns.

        Raises:
            PersonError: the window is larger than the input with its padding.
        """
        _c, h, w = self.input_chw
        window, (top, bottom, left, right) = self.window_hw, self.padding
        most = [n // 2 if self.kind == "pool" else None for n in window]
        rows = Fit(h, window[0], self.stride[0], (top, bottom), self.dilation[0], self.ceil_mode, most[0])
        columns = Fit(w, window[1], self.stride[1], (left, right), self.dilation[1], self.ceil_mode, most[1])
        return rows, columns

    @cached_property
    def rows(self) -> Places:
        """Input rows that each output row reads, int64 (rows out, rows of the window), or ``NOTHING``, ``BEYOND``."""
        return self.reads(self.fits[0])

    @cached_property
    def columns(self) -> Places:
        """The same along columns."""
        return self.reads(self.fits[1])

    @cached_property
    def input_array(self) -> Doubles:
        """The input, float64 (C, H, W)."""
        return np.array(self.input, dtype=np.float64)

    @cached_property
    def filter_array(self) -> Doubles:
        """The filters, float64 (K, C / groups, h, w); of "pool" (0,)."""
        return np.array(self.filters, dtype=np.float64)

    @property
    def matrix(self) -> Doubles:
        """The filters as rows of a matrix, float64 (K, C / groups · h · w): W of a fully connected layer."""
        return self.filter_array.reshape(len(self.filters), -1)

    def with_input(self, at: tuple[int, int, int], value: float) -> Case:
        """Return the case with another number in the input's cell (c, y, x)."""
        return replace(self, input=_with(self.input, at, checked(value, _("The input"))))

    def with_weight(self, at: tuple[int, int, int, int], value: float) -> Case:
        """Return the case with another number as weight (k, c, y, x)."""
        k, place = at[0], at[1:]
        changed = _with(self.filters[k], place, checked(value, _("The filter")))
        return replace(self, filters=(*self.filters[:k], changed, *self.filters[k + 1 :]))

    def reads(self, fit: Fit) -> Places:
        """Return the input's cells that each position of ``fit`` reads, int64 (positions, cells), or the two words."""
        before, after = fit.padding
        if self.padding_kind == "zero":
            places = np.pad(np.arange(fit.n), (before, after), constant_values=NOTHING)
        else:
            places = np.pad(np.arange(fit.n), (before, after), mode=_MODES[self.padding_kind])
        over = max(0, (fit.out - 1) * fit.stride + fit.span - fit.padded)
        places = np.pad(places, (0, over), constant_values=BEYOND)
        first, cells = np.arange(fit.out) * fit.stride, np.arange(fit.kernel) * fit.dilation
        found: Places = places[first[:, None] + cells].astype(np.int64)
        return found

    def _check_words(self) -> None:
        for name, value, known in (
            ("kind", self.kind, KINDS),
            ("padding_kind", self.padding_kind, PADDING_KINDS),
            ("pool", self.pool, POOL_KINDS),
        ):
            if value not in known:
                raise PersonError(
                    N_("{name} cannot be “{value}”: it is one of {known}."),
                    name=name,
                    value=str(value)[:40],
                    known=", ".join(known),
                )
        for name, flag in (("ceil_mode", self.ceil_mode), ("count_padding", self.count_padding)):
            if type(flag) is not bool:
                raise PersonError(N_("{name} cannot be {value}: it is true or false."), name=name, value=str(flag)[:40])
        if type(self.title) is not str or len(self.title) > LONGEST_TITLE or not (self.title + "_").isprintable():
            raise PersonError(N_("The title has to be one line of at most {most} letters."), most=LONGEST_TITLE)

    def _forget(self) -> None:
        """Set what the kind does not use to its default."""
        unused = {
            "conv": ("pool", "window", "ceil_mode", "count_padding"),
            "pool": ("filters", "bias", "groups"),
            "fc": (*_STEPS, "groups", "pool", "window", "ceil_mode", "count_padding"),
        }[self.kind]
        if self.kind == "pool" and self.pool == "global":
            unused += (*_STEPS, "window", "ceil_mode")
        if self.kind == "pool" and self.pool != "average":
            unused += ("count_padding",)
        for name in unused:
            object.__setattr__(self, name, getattr(Case, name))

    def _check_whole(self) -> None:
        for name, values, count, least, most in (
            (N_("Stride"), self.stride, 2, 1, MOST_STEP),
            (N_("Dilation"), self.dilation, 2, 1, MOST_STEP),
            (N_("Padding"), self.padding, 4, 0, MOST_SIDE),
            (N_("Window"), self.window, 2, 1, MOST_SIDE),
            (N_("Groups"), (self.groups,), 1, 1, MOST_SIDE),
        ):
            right = isinstance(values, tuple) and len(values) == count
            for value in values if right else (values,):
                if type(value) is not int or not least <= value <= most:
                    raise PersonError(
                        N_("{name} cannot be {value}: it is a whole number from {least} to {most}."),
                        name=_(name),
                        value=str(value)[:40],
                        least=least,
                        most=most,
                    )

    def _check_pool(self) -> None:
        if self.pool in ("average", "l2") and self.dilation != (1, 1):
            raise PersonError(
                N_("Only a max pooling has dilation, so it cannot be {value} here: set it to 1."),
                value=max(self.dilation),
            )
        if self.pool == "l2" and any(self.padding):
            raise PersonError(
                N_("An L2 pooling has no padding, so it cannot be {value}: set it to 0."), value=max(self.padding)
            )

    def _check_filters(self) -> None:
        if not 1 <= len(self.filters) <= MOST_SIDE:
            raise PersonError(
                N_("There cannot be {count} filters: give 1 to {most}."), count=len(self.filters), most=MOST_SIDE
            )
        for place, planes in enumerate(self.filters, 1):
            check_planes(planes, _("Filter {number}").format(number=place))
        shapes = [_shape(planes) for planes in self.filters]
        if len(self.filters) * prod(shapes[0]) > MOST_NUMBERS:
            raise PersonError(
                N_("The filters hold {count} numbers, more than {most}: use fewer or smaller ones."),
                count=len(self.filters) * prod(shapes[0]),
                most=MOST_NUMBERS,
            )
        c, h, w = self.input_chw
        if c % self.groups or len(self.filters) % self.groups:
            raise PersonError(
                N_(
                    "{groups} groups cannot share the channels ({channels}) and filters ({filters}) evenly: choose a "
                    "number that divides both."
                ),
                groups=self.groups,
                channels=c,
                filters=len(self.filters),
            )
        wanted = (c, h, w) if self.kind == "fc" else (c // self.groups, *shapes[0][1:])
        for place, shape in enumerate(shapes, 1):
            if shape != wanted:
                raise PersonError(
                    N_("Filter {number} is {shape} and has to be {wanted}: give it that many channels, rows, columns."),
                    number=place,
                    shape=_times(shape),
                    wanted=_times(wanted),
                )
        if not isinstance(self.bias, tuple) or len(self.bias) not in (0, len(self.filters)):
            raise PersonError(
                N_("Biases and filters differ in number ({count} and {filters}): give one a filter, or none."),
                count=len(self.bias) if isinstance(self.bias, tuple) else str(self.bias)[:40],
                filters=len(self.filters),
            )
        for number, value in enumerate(self.bias, 1):
            checked(value, _("Bias {number}").format(number=number), written=False)

    def _check_padding(self) -> None:
        _c, h, w = self.input_chw
        if self.kind == "pool" and self.padding_kind != "zero":
            raise PersonError(
                N_("A pooling's padding cannot be “{value}”: only a convolution has other padding than zeros."),
                value=self.padding_kind,
            )
        for side, value in enumerate(self.padding):
            cells, fit = (h, w)[side // 2], self.fits[side // 2]
            if self.kind == "pool":
                most = fit.kernel // 2
            else:
                most = {"reflect": cells - 1, "circular": cells}.get(self.padding_kind, MOST_SIDE)
            if value > most:
                raise PersonError(
                    N_("“{kind}” padding of {value} is too much here: give at most {most}, or another kind."),
                    kind=self.padding_kind,
                    value=value,
                    most=most,
                )
        products = prod(self.output_chw) * prod(self.window_hw) * (len(self.filters[0]) if self.filters else 1)
        if products > MOST_PRODUCTS:
            raise PersonError(
                N_("That takes {count} multiplications, more than {most}: use a smaller input or fewer filters."),
                count=products,
                most=MOST_PRODUCTS,
            )


_STEPS = ("stride", "padding", "padding_kind", "dilation")


def check_planes(planes: Any, name: str) -> None:
    """Find out whether ``planes`` are numbers (channels, rows, columns) that a case can hold.

    Args:
        planes: tuples of tuples of tuples.
        name: what they are, for the sentence, in the person's language.

    Raises:
        PersonError: they are not; the sentence names the number.
    """
    levels, here = [], planes
    for _level in range(3):
        if not isinstance(here, tuple) or not here:
            raise PersonError(N_("{name}: there are no numbers, give channels, rows and columns of them."), name=name)
        levels.append(len(here))
        here = here[0]
    if max(levels) > MOST_SIDE or prod(levels) > MOST_NUMBERS:
        raise PersonError(
            N_("{name} is {shape}, too large to look at: use at most {side} a side and {most} numbers."),
            name=name,
            shape=_times(tuple(levels)),
            side=MOST_SIDE,
            most=MOST_NUMBERS,
        )
    for c, plane in enumerate(planes):
        if not isinstance(plane, tuple) or len(plane) != levels[1] or any(len(row) != levels[2] for row in plane):
            raise PersonError(
                N_("{name}: plane {place} differs in size from the first, or its rows in length: make them alike."),
                name=name,
                place=c + 1,
            )
        for y, row in enumerate(plane, 1):
            for x, value in enumerate(row, 1):
                if type(value) is not float or not abs(value) <= MOST:  # a place is named only where it is needed
                    checked(value, Cell(name, y, x), written=False)


def _shape(planes: Planes) -> Shape:
    return len(planes), len(planes[0]), len(planes[0][0])


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _with(planes: Planes, at: tuple[int, int, int], value: float) -> Planes:
    c, y, x = at
    row = (*planes[c][y][:x], value, *planes[c][y][x + 1 :])
    plane = (*planes[c][:y], row, *planes[c][y + 1 :])
    return (*planes[:c], plane, *planes[c + 1 :])
