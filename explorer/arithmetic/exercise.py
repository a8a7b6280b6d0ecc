"""Any exercise as a text: a case, a network whose weights are counted, or a picture that moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from explorer.arithmetic import written
from explorer.arithmetic.case import Case
from explorer.arithmetic.counts import Plan, layer
from explorer.arithmetic.numbers import LONGEST, Plane, nested
from explorer.arithmetic.presets import Subject
from explorer.arithmetic.shift import Shift
from explorer.errors import PersonError, nearest
from explorer.settings import write_atomically
from explorer.text import N_, _


def to_json(subject: Subject) -> str:
    """Return an exercise as JSON that ``from_json`` reads."""
    if isinstance(subject, Case):
        return written.to_json(subject)
    if isinstance(subject, Plan):
        plain: dict[str, Any] = {"kind": "weights", "input": subject.input, "layers": subject.text}
        plain |= {"bias": True} if subject.bias else {}
        entries = {name: json.dumps(value) for name, value in plain.items()}
    else:
        rows = {name: _rows(getattr(subject, name)) for name in ("picture", "window")}
        entries = {"kind": json.dumps("shift"), **rows, "by": json.dumps(subject.by)}
    return "{" + ",\n ".join(f'"{name}": {text}' for name, text in entries.items()) + "}\n"


def from_json(text: str) -> Subject:
    """Return the exercise in ``text``; its "kind" says which one it is.

    Raises:
        PersonError: the text is none, or one that cannot be; the sentence names the entry.
    """
    try:
        raw = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        raw = None
    if isinstance(raw, dict) and raw.get("kind") == "weights":
        return _plan(raw)
    if isinstance(raw, dict) and raw.get("kind") == "shift":
        return _shift(raw)
    return written.from_json(text)


def read(path: Path) -> Subject:
    """Return the exercise in a file, UTF-8 JSON.

    Raises:
        PersonError: it cannot be read, or holds no exercise; the sentence says why.
    """
    return from_json(written.read_text(path))


def write(path: Path, subject: Subject) -> None:
    """Write an exercise to a file that ``read`` reads: all of it, or what was there before stays.

    Raises:
        ExportError: the file cannot be written.
    """
    write_atomically(path, to_json(subject).encode())


def _rows(plane: Plane) -> str:
    rows = [json.dumps([int(v) if float(v).is_integer() else v for v in row]) for row in plane]
    return "[" + ",\n  ".join(rows) + "]"


def _plan(raw: dict[str, Any]) -> Plan:
    _check(raw, ("kind", "input", "layers", "bias"), ("input", "layers"))
    layers, bias, size = raw["layers"], raw.get("bias", False), raw["input"]
    names = layers.replace(",", " ").split() if isinstance(layers, str) else layers
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PersonError(N_("“layers” is a text such as “conv3-128 maxpool fc-10”: correct it."))
    if type(bias) is not bool:
        raise PersonError(N_("“bias” is true or false: correct it."))
    return Plan(tuple(size) if isinstance(size, list) else (size,), tuple(map(layer, names)), bias)


def _shift(raw: dict[str, Any]) -> Shift:
    _check(raw, ("kind", "picture", "window", "by"), ("picture", "window"))
    by = raw.get("by", [0, 1])
    if not isinstance(by, list) or len(by) != 2:
        raise PersonError(
            N_("“by” is two whole numbers, rows down and columns to the right, as in [0, 1]: correct it.")
        )
    return Shift(_plane(raw["picture"], _("The picture")), _plane(raw["window"], _("The window")), (by[0], by[1]))


def _plane(raw: Any, name: str) -> Plane:
    found = nested(raw, name)
    if len(found) != 1:
        raise PersonError(N_("There are {count} planes of numbers and one is wanted: paste one."), count=len(found))
    return found[0]


def _check(raw: dict[str, Any], known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    for name in raw:
        if name not in known:
            raise PersonError(
                N_("A case has no “{name}”; the nearest are: {nearest}."),
                name=str(name)[:40],
                nearest=", ".join(nearest(str(name), known) or known),
            )
    for name in needed:
        if name not in raw:
            raise PersonError(N_("“{name}” is missing: add it to the case."), name=name)
