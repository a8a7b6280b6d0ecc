"""Kernels and scales as a person types and pastes them: from a spreadsheet, from NumPy, from JSON, from the slides."""

from __future__ import annotations

import json
import re
import unicodedata
from fractions import Fraction

from explorer.arithmetic.numbers import number, planes
from explorer.errors import PersonError
from explorer.filters.kernel import TYPED, Kernel, Operator
from explorer.filters.written import read_kernel
from explorer.text import N_, _

_NUMBER = r"[-+−]?[\d.]+(?:e[-+]?\d+)?(?:\s*/\s*[\d.]+)?"
_BEFORE = re.compile(rf"^\s*({_NUMBER})\s*[*·×]\s*(?=array|tensor|np\.|numpy\.|torch\.|\[)", re.IGNORECASE)
_AFTER = re.compile(r"([\])])\s*([*·×/])\s*(" + _NUMBER + r")\s*$", re.IGNORECASE)
_MOST_SHOWN = 1000
"""Of the number below in a fraction that a scale is written as."""


def weight(text: str) -> float:
    """Return the number in a cell: −1, 0.25, 1/4 or ¼.

    Raises:
        PersonError: letters, nothing, a division by 0, not finite, too large.
    """
    return number(_plain(text), _("The weight"))


def scale(text: str) -> float:
    """Return a scale: ¼, 1/4 or 0.25; raises as ``weight``."""
    return number(_plain(text), _("The scale"))


def offset(text: str) -> float:
    """Return an offset; raises as ``weight``."""
    return number(_plain(text), _("The offset"))


def scale_text(value: float) -> str:
    """Return a scale as a person writes it: a fraction where it is one, such as 1/25, else a decimal number."""
    found = Fraction(value).limit_denominator(_MOST_SHOWN)
    exact = found.numerator / found.denominator == value and found.denominator > 1 and abs(found.numerator) <= 20
    return str(found) if exact else f"{value:.10g}"


def kernel(text: str, most: int = TYPED) -> Kernel:
    """Return the kernel in a text that somebody typed or pasted; it has no name.

    Cells of a spreadsheet (tabs), lines of numbers, a nested list as JSON, Python and NumPy write it, the slides'
    [0 −1 0; −1 8 −1; 0 −1 0], or the JSON of a kernel; a factor before a list, or a divisor behind it, is its scale.

    Args:
        text: what was pasted.
        most: cells a side that it may have.

    Raises:
        PersonError: it is no kernel, or a number in it is none; the sentence says which.
    """
    if text.lstrip().startswith("{"):
        found = _one(_json(text))
    else:
        body, factor = _scaled(_plain(text))
        _check_cells(body)
        read = planes(body, _("The kernel"))
        if len(read) != 1:
            raise PersonError(N_("These are {count} tables of numbers: paste one kernel at a time."), count=len(read))
        found = Kernel("", read[0], factor)
    if max(found.shape) > most:
        raise PersonError(
            N_("The kernel has {rows} rows and {columns} columns: at most {most} fit, so paste a smaller one."),
            rows=found.shape[0],
            columns=found.shape[1],
            most=most,
        )
    return found


def copied(one: Kernel) -> str:
    """Return the weights as cells for a spreadsheet: tabs between them, a row a line."""
    return "\n".join("\t".join(f"{value:.17g}" for value in row) for row in one.weights)


def _json(text: str) -> Operator:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PersonError(
            N_("The text is no JSON ({reason}): write a list of rows, such as [[0, 1], [1, 0]]."), reason=error
        ) from error
    return read_kernel(raw)


def _one(found: Operator) -> Kernel:
    if isinstance(found, Kernel):
        return Kernel("", found.weights, found.scale, found.offset)
    raise PersonError(N_("These are the two kernels of a magnitude: paste one of them."))


def _scaled(text: str) -> tuple[str, float]:
    """Return a list of numbers without the factor before it or the divisor behind it, and the scale that they make."""
    factor = 1.0
    if match := _BEFORE.match(text):
        text, factor = text[match.end() :], scale(match[1])
    if match := _AFTER.search(text):
        sign, value = match[2], scale(match[3])
        if sign == "/" and value == 0:
            raise PersonError(N_("The kernel is divided by 0: type another number."))
        text, factor = text[: match.end(1)], factor / value if sign == "/" else factor * value
    return text, factor


def _check_cells(text: str) -> None:
    """Find out whether a spreadsheet's cells all hold something: an empty one would move those after it."""
    for row, line in enumerate(text.rstrip().split("\n"), 1):
        cells = line.split("\t")
        for column, cell in enumerate(cells, 1):
            if len(cells) > 1 and not cell.strip():
                raise PersonError(
                    N_("The kernel, row {row}, column {column} is empty: type 0 or another number."),
                    row=row,
                    column=column,
                )


def _plain(text: str) -> str:
    """Return ``text`` with ¼ as 1/4 and other ways to write a minus as one."""
    found = []
    for letter in text:
        if unicodedata.category(letter) == "No" and (parts := unicodedata.normalize("NFKC", letter).split("⁄"))[1:]:
            found.append("/".join(parts))
        else:
            found.append("-" if letter in "−–‒" else letter)
    return "".join(found)
