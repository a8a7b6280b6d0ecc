"""How many positions a window takes along an axis, worked with a person's numbers; what it never sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from explorer.arithmetic.numbers import quotient
from explorer.errors import PersonError
from explorer.text import N_, _

MOST = 10_000
"""Of every whole number along an axis, cells."""

Pads = tuple[int, int]
"""Cells added before the first and after the last."""


@dataclass(frozen=True)
class Fit:
    """A window that slides along one axis, and whether its steps come out even.

    The exact size is (N + before + after − dilation · (F − 1) − 1) / stride + 1 (the lecture's (N − F)/stride + 1 with
    padding and dilation; Dumoulin and Visin, "A guide to convolution arithmetic", 2016, relationship 15). Frameworks
    round it down, or up with ``ceil_mode``, but never let a window begin behind the input's last cell (PyTorch,
    ``aten/src/ATen/native/Pool.h``).

    Attributes:
        n: N, cells of the input.
        kernel: F, cells that the window reads.
        stride, dilation: cells from one window to the next, and from one cell that it reads to the next.
        padding: cells added before and after.
        ceil_mode: round up, as poolings may: the last window then hangs over the end.
        most_padding: the largest padding a side that ``mend`` may propose; None for one less than the window spans.
        exact: the formula's value, a fraction where the window does not fit.
        out: positions that frameworks make.
        unseen: the input's cells that no window reads, from 0, in their order.
        mend: paddings (before, after) that fit, the one with the fewest cells first; () where the window fits already,
            or where only a padding as wide as the window would do.

    Raises:
        PersonError: a number that is none, or a window larger than the input with its padding.
    """

    n: int
    kernel: int
    stride: int = 1
    padding: Pads = (0, 0)
    dilation: int = 1
    ceil_mode: bool = False
    most_padding: int | None = None
    exact: Fraction = field(init=False)
    out: int = field(init=False)
    unseen: tuple[int, ...] = field(init=False)
    mend: tuple[Pads, ...] = field(init=False)

    def __post_init__(self) -> None:
        for name, value, least in (
            (N_("N"), self.n, 1),
            (N_("F"), self.kernel, 1),
            (N_("Stride"), self.stride, 1),
            (N_("Dilation"), self.dilation, 1),
            (N_("Padding"), self.padding[0], 0),
            (N_("Padding"), self.padding[1], 0),
        ):
            if type(value) is not int or not least <= value <= MOST:
                raise PersonError(
                    N_("{name} cannot be {value}: it is a whole number from {least} to {most}."),
                    name=_(name),
                    value=str(value)[:40],
                    least=least,
                    most=MOST,
                )
        if self.span > self.padded:
            raise PersonError(
                N_("A window of {span} cells is larger than the input of {n} with its padding: make it smaller."),
                span=self.span,
                n=self.padded,
            )
        exact = Fraction(self.padded - self.span, self.stride) + 1
        out = -(-exact.numerator // exact.denominator) if self.ceil_mode else exact.numerator // exact.denominator
        if self.ceil_mode and (out - 1) * self.stride >= self.n + self.padding[0]:
            out -= 1
        object.__setattr__(self, "exact", exact)
        object.__setattr__(self, "out", out)
        object.__setattr__(self, "unseen", self._unseen(out))
        object.__setattr__(self, "mend", self._mend())

    @property
    def span(self) -> int:
        """Cells from the first to the last that a window reads: dilation · (F − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Cells of the input with its padding."""
        return self.n + sum(self.padding)

    @property
    def fits(self) -> bool:
        """Whether the formula gives a whole number, so that the last window ends with the input and its padding."""
        return self.exact.denominator == 1

    @property
    def left_over(self) -> int:
        """Cells at the end, padding included, that are too few for another step."""
        return (self.padded - self.span) % self.stride

    @property
    def formula(self) -> str:
        """The formula in letters, with what is used of it: "(N − F)/stride + 1"."""
        padding = "" if not any(self.padding) else " + 2·padding" if self._even else " + before + after"
        window = "F" if self.dilation == 1 else "dilation·(F − 1) − 1"
        return f"(N{padding} − {window})/stride + 1"

    @property
    def worked(self) -> str:
        """The formula with the person's numbers: "(7 − 3)/3 + 1 = 2.33"."""
        before, after = self.padding
        padding = "" if not any(self.padding) else f" + 2·{before}" if self._even else f" + {before} + {after}"
        window = str(self.kernel) if self.dilation == 1 else f"{self.dilation}·({self.kernel} − 1) − 1"
        return f"({self.n}{padding} − {window})/{self.stride} + 1 = {quotient(self.exact)}"

    def cells(self, at: int) -> tuple[int, ...]:
        """Return the cells that window ``at`` reads; those below 0 or from ``n`` on are padding or beyond it."""
        first = at * self.stride - self.padding[0]
        return tuple(range(first, first + self.span, self.dilation))

    @property
    def _even(self) -> bool:
        return self.padding[0] == self.padding[1]

    def _unseen(self, out: int) -> tuple[int, ...]:
        last = (out - 1) * self.stride
        seen = np.zeros(max(self.padded, last + self.span), dtype=np.bool_)
        for first in range(0, self.span, self.dilation):
            seen[first : first + last + 1 : self.stride] = True
        return tuple(np.flatnonzero(~seen[self.padding[0] :][: self.n]).tolist())

    def _mend(self) -> tuple[Pads, ...]:
        """Return more at the end; the fewest more cells, spread evenly; the same on both sides; the fewest less."""
        if self.fits:
            return ()
        (before, after), total = self.padding, sum(self.padding)
        short, most = self.stride - self.left_over, self.span - 1 if self.most_padding is None else self.most_padding
        found = {(before, after + short), self._spread(total - self.left_over, (0, 0), self.padding)}
        more = (
            self._spread(sum_, self.padding, (most, most)) for sum_ in range(total + short, 2 * most + 1, self.stride)
        )
        alike = ((p, p) for p in range(max(self.padding), most + 1) if (2 * p - total - short) % self.stride == 0)
        found |= {next(filter(None, more), None), next(alike, None)}
        right = [pads for pads in found if pads and max(pads) <= most]
        return tuple(sorted(right, key=lambda pads: (sum(pads), abs(pads[1] - pads[0]))))

    @staticmethod
    def _spread(total: int, least: Pads, most: Pads) -> Pads | None:
        """Return the most even padding of ``total`` cells between two, an odd one at the end; None for none."""
        low, high = max(least[0], total - most[1]), min(most[0], total - least[1])
        before = min(max(total // 2, low), high)
        return (before, total - before) if low <= high else None
