"""Kernels and filters as JSON and TOML have them: plain values, believed only after every one was looked at."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from explorer.errors import PersonError, nearest
from explorer.filters.filter import BORDERS, MOST_FILTERS, Chain, Filter
from explorer.filters.kernel import Kernel, Magnitude, Operator
from explorer.text import N_

_SWITCHES = ("convolve", "grey", "signed", "enabled")


def kernel_values(kernel: Operator) -> dict[str, Any]:
    """Return a kernel, or the magnitude of two, as values of JSON and TOML."""
    if isinstance(kernel, Magnitude):
        return {"name": kernel.name, "x": kernel_values(kernel.x), "y": kernel_values(kernel.y)}
    return asdict(kernel) | {"weights": [list(row) for row in kernel.weights]}


def read_kernel(raw: Any) -> Operator:
    """Return the kernel, or the magnitude of two, of which ``raw`` is the JSON or TOML.

    Raises:
        PersonError: it is no such value; the sentence names the entry.
    """
    table = _table(raw)
    if "x" in table or "y" in table:
        _known(table, ("name", "x", "y"))
        return Magnitude(_name(table), _plain(table.get("x")), _plain(table.get("y")))
    return _plain(table)


def _plain(raw: Any) -> Kernel:
    table = _table(raw)
    _known(table, ("name", "weights", "scale", "offset"))
    rows = table.get("weights")
    if not isinstance(rows, list | tuple) or not all(isinstance(row, list | tuple) for row in rows):
        raise _wrong("weights", rows)
    weights = tuple(tuple(_number("weights", weight) for weight in row) for row in rows)
    return Kernel(
        _name(table), weights, _number("scale", table.get("scale", 1.0)), _number("offset", table.get("offset", 0.0))
    )


def read_filter(raw: Any) -> Filter:
    """Return the filter of which ``raw`` is the JSON; a kernel alone is one with everything else as usual.

    Raises:
        PersonError: it is no such value; the sentence names the entry.
    """
    table = _table(raw)
    if "kernel" not in table:
        return Filter(read_kernel(table))
    _known(table, [one.name for one in fields(Filter)])
    values = dict(table) | {"kernel": read_kernel(table["kernel"])}
    for name in _SWITCHES:
        if name in values and not isinstance(values[name], bool):
            raise _wrong(name, values[name])
    for name in ("stride", "dilation"):
        if name in values and type(values[name]) is not int:
            raise _wrong(name, values[name])
    if values.get("border", BORDERS[0]) not in BORDERS:
        raise _wrong("border", values["border"])
    return Filter(**values)


def read_chain(raw: Any) -> Chain:
    """Return the filters of which ``raw`` is the JSON, a list.

    Raises:
        PersonError: it is no such list; the sentence names the entry.
    """
    if not isinstance(raw, list | tuple):
        raise PersonError(N_("These are no filters: a list of them, [ … ], is missing."))
    if len(raw) > MOST_FILTERS:
        raise PersonError(
            N_("A chain has at most {most} filters, and these are {count}: leave some out."),
            most=MOST_FILTERS,
            count=len(raw),
        )
    return tuple(map(read_filter, raw))


def to_json(chain: Sequence[Filter]) -> str:
    """Return a chain as a text that ``from_json`` reads: for a file, an exercise, a message."""
    rows = [json.dumps(asdict(one) | {"kernel": kernel_values(one.kernel)}) for one in chain]
    return "[\n" + ",\n".join(f"  {row}" for row in rows) + "\n]\n" if rows else "[]\n"


def from_json(text: str) -> Chain:
    """Return the chain that ``to_json`` wrote.

    Raises:
        PersonError: the text is no such chain; the sentence says what is wrong.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PersonError(
            N_("These are no filters ({reason}): paste or open a text that was saved here."), reason=error
        ) from error
    return read_chain(raw)


def _table(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise PersonError(N_("“{value}” is no kernel: it needs a table with its weights."), value=_short(raw))
    return raw


def _known(table: dict[str, Any], names: Sequence[str]) -> None:
    for name in table:
        if name not in names:
            raise PersonError(
                N_("There is an entry “{entry}” that nobody knows; the nearest are: {nearest}."),
                entry=_short(name),
                nearest=", ".join(nearest(str(name), names) or names),
            )


def _name(table: dict[str, Any]) -> str:
    name = table.get("name", "")
    if not isinstance(name, str):
        raise _wrong("name", name)
    return name


def _number(entry: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(entry, value)
    try:
        return float(value)
    except OverflowError:
        return math.inf  # which the kernel refuses in a sentence of its own


def _wrong(entry: str, value: Any) -> PersonError:
    return PersonError(N_("{entry} cannot be {value}: correct it."), entry=entry, value=_short(value))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
