"""Numbers as a person reads them: four digits that matter, always as wide as they need to be and no wider."""

from __future__ import annotations

import math
import re

from explorer.text import _


def number(value: float) -> str:
    """Return ``value`` with four significant digits: ``3.418``, ``−757.6``, ``0.0123``, ``1.20e−05``; 0 is ``0``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-4:
        return minus(f"{value:.2e}")
    digits = 3 - int(f"{size:.3e}".split("e")[1])  # of the rounded value: 9.9999 is 10.00
    return minus(f"{value:.{min(max(digits, 0), 5)}f}")


def minus(text: str) -> str:
    """Return a number's ``text`` with the minus sign, which is as wide as a plus, in place of the hyphen."""
    return text.replace("-", "−")


def cell(y: int, x: int, value: str) -> str:
    """Return where a cell is and what it holds: ``y 12, x 9 = 3.418``; ``value`` comes with its sign of equality."""
    return _("y {y}, x {x} {value}").format(y=y, x=x, value=value)


def unbroken(text: str) -> str:
    """Return ``text`` with no line break inside a size (``3 × 3``), nor between an axis and its number (``y 12``)."""
    return re.sub(r"(?<=\d) (?=× \d)|(?<=\d ×) (?=\d)|(?<=\b[xy]) (?=\d)", "\N{NO-BREAK SPACE}", text)


def percent(share: float, fine: bool = False) -> str:
    """Return a share 0 … 1 as per cent; never "0 %" or "100 %" for a share that is not exactly that.

    Args:
        share: 0 … 1; what is not finite is told as "NaN".
        fine: whether tenths are told of every share, not only of those near 0 and 1.
    """
    if not math.isfinite(share):
        return "NaN"
    per_cent = 100 * share
    if 0 < per_cent < 0.1:
        return "< 0.1 %"
    if 99.9 < per_cent < 100:
        return "> 99.9 %"
    return f"{per_cent:.1f} %" if per_cent % 100 and (fine or per_cent < 10 or per_cent > 99) else f"{per_cent:.0f} %"


def shape(sizes: tuple[int, ...]) -> str:
    """Return ``64×56×56``."""
    return "×".join(map(str, sizes))


def amount(count: int) -> str:
    """Return how many, short: ``840``, ``61.7 k``, ``25.6 M``, ``15.5 G``; three digits that matter."""
    if count < 1000:
        return str(count)
    value, units = count / 1000, iter("kMGT")
    unit = next(units)
    while float(f"{value:.3g}") >= 1000:
        value, unit = value / 1000, next(units)
    digits = 2 - int(f"{value:.2e}".split("e")[1])
    return f"{value:.{max(digits, 0)}f} {unit}"
