"""Numbers as a person types and reads them: 3, −1.5, 1/4; tables pasted from a sheet, from NumPy or from JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from explorer.errors import PersonError
from explorer.text import N_, _

MOST = 1e6
"""Of a number, either sign."""
LONGEST = 2_000_000
"""Letters of a text that is read."""
MINUS = "\N{MINUS SIGN}"

_DEEPEST = 6
_MAKER = r"(?:(?:np|numpy|torch)\.)?(?:array|tensor)"

Row = tuple[float, ...]
Plane = tuple[Row, ...]
Planes = tuple[Plane, ...]

_WRONG = N_("{where} is “{text}”: type a number such as 3, −1.5 or 1/4.")
_NONE = N_("{name}: there are no numbers, type at least one.")
_RAGGED = N_("{name}: row {row} has {count} and the first has {first}: give every row as many numbers.")


def shown(value: float, digits: int = 6) -> str:
    """Return a number as people write it: whole ones without a point, others with ``digits`` that count."""
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.{digits}g}"
    return text.replace("-", MINUS)


def factor(value: float) -> str:
    """Return a number as one factor of a product: negative ones in parentheses."""
    return f"({shown(value)})" if value < 0 else shown(value)


def quotient(value: Fraction, places: int = 2) -> str:
    """Return a fraction in decimals, rounded to ``places`` where it is not whole: 7/3 is 2.33."""
    return shown(value.numerator) if value.denominator == 1 else f"{float(value):.{places}f}".replace("-", MINUS)


def number(text: str, where: object) -> float:
    """Return the number that a person wrote: a decimal, or a fraction of two.

    Args:
        text: what was typed; a comma is no decimal point, as it separates numbers.
        where: what the number is, to begin a sentence with, already in the person's language.

    Raises:
        PersonError: letters, nothing, a division by 0, not finite or beyond ``MOST``.
    """
    above, slash, below = text.strip().replace(MINUS, "-").partition("/")
    try:
        if re.search(r"[^0-9eE.+\-\s]", above + below):  # float() would take "1_0", "nan" and digits of any script
            raise ValueError
        value, divisor = float(above), float(below) if slash else 1.0
    except ValueError as error:
        raise PersonError(_WRONG, where=where, text=_short(text)) from error
    if divisor == 0:
        raise PersonError(N_("{where} is “{text}”, which divides by 0: type another number."), where=where, text=text)
    return checked(value / divisor, where)


def wholes(text: str, name: str, count: int) -> tuple[int, ...]:
    """Return ``count`` whole numbers that a person wrote, or one as often as it is needed: "1" or "0,1,0,1".

    Raises:
        PersonError: they are neither; ``name`` begins the sentence, in the person's language.
    """
    parts = re.split(r"\s*[,;×x ]\s*", text.strip())
    if not all(re.fullmatch(r"[0-9]{1,6}", part) for part in parts) or len(parts) not in (1, count):
        raise PersonError(
            N_("{name} cannot be “{text}”: type one whole number, or {count} as in {example}."),
            name=name,
            text=_short(text),
            count=count,
            example="0,1,0,1" if count == 4 else "2,1",
        )
    numbers = tuple(map(int, parts))
    return numbers if len(numbers) == count else numbers * count


def wholes_text(values: tuple[int, ...]) -> str:
    """Return whole numbers as ``wholes`` reads them."""
    return str(values[0]) if len(set(values)) == 1 else ",".join(map(str, values))


def checked(value: Any, where: object, written: bool = True) -> float:
    """Return ``value`` as a float if it is a number that can be reckoned with.

    Args:
        value: a number, or anything that should have been one.
        where: as ``number``'s.
        written: whether a text that writes a number is one.

    Raises:
        PersonError: it is no number, not finite or beyond ``MOST``.
    """
    if written and isinstance(value, str):
        return number(value, where)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PersonError(_WRONG, where=where, text=_short(value))
    if not abs(value) <= MOST:  # NaN is not
        raise PersonError(
            N_("{where} is {value}: type a number from {least} to {most}."),
            where=where,
            value=_short(value),
            least=shown(-MOST),
            most=shown(MOST),
        )
    return float(value) + 0.0  # −0 would show as a minus


def planes(text: str, name: str) -> Planes:
    """Return what a person typed or pasted: rows of numbers, or several planes of them.

    Rows are lines; numbers are separated by blanks, tabs, commas or semicolons; an empty line begins the next plane.
    Nested lists, as JSON, Python, NumPy and PyTorch write them, and [1 2; 3 4] are read as well, without brackets too.

    Args:
        text: the numbers.
        name: what they are, to begin a sentence with, already in the person's language.

    Raises:
        PersonError: no numbers, rows of different lengths, planes of different sizes, or a number that is none.
    """
    if len(text) > LONGEST:
        raise PersonError(N_("{name}: the text is longer than {most} letters: paste less."), name=name, most=LONGEST)
    if match := re.fullmatch(r"\s*\[([^\[\]]*;[^\[\]]*)\]\s*", text):  # [1 2; 3 4], as slides and MATLAB have it
        text = match[1].replace(";", "\n")
    if re.match(rf"\s*[\[(]|\s*{_MAKER}\(", text):
        return nested(_listed(text, name), name)
    if any(re.search(r"[^\s,][\s,]+[^\s,]", row) for line in text.splitlines() for row in line.split(";")):
        text = re.sub(r";[ \t]*(?=\S)", "\n", text)  # blanks or commas part the numbers: semicolons part rows
    blocks = [block for block in re.split(r"\n[ \t\r]*(?=\n)", text.strip("\r\n")) if block.strip()]
    return nested([[_cells(line) for line in block.splitlines() if line.strip()] for block in blocks], name)


def nested(raw: Any, name: str) -> Planes:
    """Return planes of numbers from nested lists: a list of planes, one plane (a list of rows), or one row.

    Raises:
        PersonError: as ``planes``.
    """
    if not _is_list(raw) or not raw:
        raise PersonError(_NONE, name=name)
    if not any(map(_is_list, raw)):
        raw = [raw]
    if not any(_is_list(cell) for row in raw if _is_list(row) for cell in row):
        raw = [raw]
    found = tuple(_plane(plane, name) for plane in raw)
    sizes = [(len(plane), len(plane[0])) for plane in found]
    for place, size in enumerate(sizes, 1):
        if size != sizes[0]:
            raise PersonError(
                N_("{name}: plane {place} is {size} and the first is {first}: give all planes one size."),
                name=name,
                place=place,
                size=" × ".join(map(str, size)),
                first=" × ".join(map(str, sizes[0])),
            )
    return found


def _plane(raw: Any, name: str) -> Plane:
    if not _is_list(raw) or not all(map(_is_list, raw)):
        raise PersonError(
            N_("{name}: this is no table of numbers, write rows of them, such as [[1, 2], [3, 4]]."), name=name
        )
    if not raw or not raw[0]:
        raise PersonError(_NONE, name=name)
    for place, row in enumerate(raw, 1):
        if len(row) != len(raw[0]):
            raise PersonError(_RAGGED, name=name, row=place, count=len(row), first=len(raw[0]))
    return tuple(
        tuple(checked(cell, Cell(name, y, x)) for x, cell in enumerate(row, 1)) for y, row in enumerate(raw, 1)
    )


@dataclass(frozen=True)
class Cell:
    """The place of a number, made into words where a sentence needs it.

    Attributes:
        name: what it is a part of, in the person's language.
        row, column: from 1.
    """

    name: str
    row: int
    column: int

    def __str__(self) -> str:
        return _("{name}, row {row}, column {column}").format(name=self.name, row=self.row, column=self.column)


def _is_list(raw: Any) -> bool:
    return isinstance(raw, list | tuple)


def _cells(line: str) -> list[str]:
    if "\t" in line:  # of a spreadsheet, where an empty cell must not let the next one take its place
        return line.split("\t")
    return re.split(r"\s*[,;]\s*|\s+", line.strip().rstrip(",;"))


def _listed(text: str, name: str) -> list[Any]:
    """Return the nested list in ``text``, with what stands in it as texts: of JSON, Python, NumPy or torch."""
    inside = re.sub(rf"\b{_MAKER}\b|\bdtype=[\w.]+", " ", text)
    top: list[Any] = []
    open_lists = [top]
    for token in re.findall(r"[\[(]|[\])]|[^\s,;\[\]()]+", inside):
        if token in "[(":
            open_lists[-1].append([])
            open_lists.append(open_lists[-1][-1])
        elif token not in "])":
            open_lists[-1].append(token.strip("\"'"))
        elif len(open_lists) > 1:
            open_lists.pop()
        else:
            break
        if len(open_lists) > _DEEPEST:
            break
    if len(open_lists) != 1 or inside.count("[") + inside.count("(") != inside.count("]") + inside.count(")"):
        raise PersonError(
            N_("{name} cannot be read from “{text}”: its brackets do not match, close each one."),
            name=name,
            text=_short(text),
        )
    while len(top) == 1 and _is_list(top[0]) and top[0] and all(map(_is_list, top[0])):
        top = top[0]
    return top


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else text[:39] + "…"
