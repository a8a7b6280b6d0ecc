"""A case as a text: what a lecturer hands out and a learner pastes; nothing in it is believed unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from explorer.arithmetic.case import MOST_SIDE, Case
from explorer.arithmetic.numbers import LONGEST, Planes, checked, nested
from explorer.errors import PersonError, nearest
from explorer.settings import write_atomically
from explorer.text import N_, _

_PLAIN = {one.name: one.default for one in fields(Case)}
_NUMBERS = {"stride": 2, "dilation": 2, "window": 2, "padding": 4}
_KNOWN = ("kind", "title", "input", "filters", "weights", "bias", *_NUMBERS, *_PLAIN)
_LINE = "\n  "
_NO_CASE = N_('“{text}” is no case: write {{"kind": "conv", "input": [[1, 2], [3, 4]], "filters": [[[1, 1]]]}}.')


def to_json(case: Case) -> str:
    """Return the case as JSON, a row of numbers a line; what is as usual is left out.

    "weights" of a fully connected layer are its matrix's rows; "padding" is one number, or top, bottom, left, right.
    """
    entries: dict[str, str] = {}
    for name in dict.fromkeys(("kind", "title", *_PLAIN)):
        value = getattr(case, name)
        if value == _PLAIN[name]:
            continue
        if name == "input":
            text = _listed(_planes(value, "  "))
        elif name == "filters" and case.kind == "fc":
            name, rows = "weights", [[_short(v) for plane in one for row in plane for v in row] for one in value]
            text = _listed(map(json.dumps, rows))
        elif name == "filters":
            text = _listed("[" + f",{_LINE} ".join(_planes(one, "   ")) + "]" for one in value)
        elif name in _NUMBERS:
            text = json.dumps(value[0] if len(set(value)) == 1 else list(value))
        else:
            text = json.dumps([_short(v) for v in value] if name == "bias" else value, ensure_ascii=False)
        entries[name] = text
    return "{" + ",\n ".join(f'"{name}": {text}' for name, text in entries.items()) + "}\n"


def from_json(text: str) -> Case:
    """Return the case in ``text``; numbers may be written as texts such as "1/4".

    "input" may be one plane; each of "filters" may be one plane where it sees one channel.

    Raises:
        PersonError: the text is no case, or one that has no output; the sentence names the entry.
    """
    try:
        raw = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        raw = None
    return from_values(raw if isinstance(raw, dict) else text)


def read(path: Path) -> Case:
    """Return the case in a file, UTF-8 JSON.

    Raises:
        PersonError: it cannot be read, or holds no case; the sentence says why.
    """
    return from_json(read_text(path))


def read_text(path: Path) -> str:
    """Return the text of a file that was saved here.

    Raises:
        PersonError: it cannot be read, or is no text; the sentence says why.
    """
    try:
        if not path.is_file():  # a pipe or a device would never end
            raise PersonError(N_("{file} is not a file: choose one with a case that was saved here."), file=path.name)
        with path.open("rb") as stream:
            return stream.read(4 * LONGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PersonError(
            N_("{file} is no text: choose a file with a case that was saved here."), file=path.name
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise PersonError(
            N_("{file} cannot be read ({reason}): check its permissions or choose another one."),
            file=path.name,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def write(path: Path, case: Case) -> None:
    """Write the case to a file that ``read`` reads: all of it, or what was there before stays.

    Raises:
        ExportError: the file cannot be written.
    """
    write_atomically(path, to_json(case).encode())


def from_values(raw: Any) -> Case:
    """Return the case of which ``raw`` is the JSON; raises as ``from_json``."""
    if not isinstance(raw, dict):
        raise PersonError(_NO_CASE, text=" ".join(str(raw).split())[:40])
    for name in raw:
        if name not in _KNOWN:
            raise PersonError(
                N_("A case has no “{name}”; the nearest are: {nearest}."),
                name=str(name)[:40],
                nearest=", ".join(nearest(str(name), _KNOWN) or _KNOWN),
            )
    for name in ("kind", "input"):
        if name not in raw:
            raise PersonError(N_("“{name}” is missing: add it to the case."), name=name)
    values = dict(raw) | {"input": nested(raw["input"], _("The input"))}
    values |= {name: _several(name, raw[name], count) for name, count in _NUMBERS.items() if name in raw}
    if "bias" in raw:
        values["bias"] = _row(raw["bias"], _("Bias"))
    if "weights" in raw:
        values["filters"] = _matrix(values.pop("weights"), values["input"])
    elif "filters" in raw:
        values["filters"] = tuple(_filters(raw["filters"]))
    return Case(**values)


def _several(name: str, value: Any, count: int) -> Any:
    if isinstance(value, list) and len(value) == count:
        return tuple(value)
    return (value,) * count


def _row(raw: Any, name: str) -> tuple[float, ...]:
    row = raw if isinstance(raw, list) else [raw]
    return tuple(checked(value, f"{name} {place}") for place, value in enumerate(row, 1))


def _filters(raw: Any) -> Iterator[Planes]:
    if not isinstance(raw, list) or len(raw) > MOST_SIDE:
        raise PersonError(N_("“filters” is a list of 1 to {most} filters: correct it."), most=MOST_SIDE)
    for place, planes in enumerate(raw, 1):
        yield nested(planes, _("Filter {number}").format(number=place))


def _matrix(raw: Any, input: Planes) -> tuple[Planes, ...]:
    """Fold the rows of W into planes of the input's size."""
    (rows,) = nested(raw, _("The weights")) if isinstance(raw, list) and len(raw) <= MOST_SIDE else ((),)
    c, h, w = len(input), len(input[0]), len(input[0][0])
    if not rows or len(rows[0]) != c * h * w:
        raise PersonError(
            N_("The rows of “weights” have the length {count}, the input {wanted}: give each row one a number of it."),
            count=len(rows[0]) if rows else 0,
            wanted=c * h * w,
        )
    return tuple(
        tuple(tuple(row[(z * h + y) * w : (z * h + y + 1) * w] for y in range(h)) for z in range(c)) for row in rows
    )


def _listed(entries: Iterable[str]) -> str:
    """Return a list with each entry on a line of its own."""
    return f"[{_LINE}" + f",{_LINE}".join(entries) + "\n ]"


def _planes(planes: Planes, indent: str) -> list[str]:
    """Return each plane as a list of rows, a row a line."""
    between = f",\n{indent} "
    rows = [[json.dumps([_short(v) for v in row]) for row in plane] for plane in planes]
    return ["[" + between.join(plane) + "]" for plane in rows]


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
