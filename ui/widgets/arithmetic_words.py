"""The arithmetic of a value as a person reads it, and as text and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable

from explorer.opened.values import Opened, Term
from explorer.recipe import Unit
from explorer.text import N_, _, ngettext
from ui.widgets.numbers import minus, number

MARKS = {"padding": N_("padding"), "constant": N_("kept number"), "pixel": N_("pixel"), "chosen": N_("the result")}


def full(value: float) -> str:
    """Return ``value`` with all the digits that a float32 number has."""
    return minus(f"{value:.9g}").replace("nan", "NaN").replace("inf", "∞")


def place(unit: Unit) -> str:
    """Return where a unit lies in its layer: ``c 3, y 10, x 12``."""
    return _("c {channel}, y {y}, x {x}").format(channel=unit.channel, y=unit.y, x=unit.x)


def short(value: float) -> str:
    """Return ``value`` with three digits that matter, or two and a power of ten: ``−.0693``, ``4.5e−8``."""
    if not value or not math.isfinite(value):
        return number(value)
    text = f"{value:.3g}"
    if "e" in text:  # a column is so narrow that more would cut the power off
        digits, power = f"{value:.1e}".split("e")
        text = f"{digits}e{int(power)}"
    return minus(text.replace("0.", ".", 1) if abs(value) < 1 and "e" not in text else text)


def indexed(unit: Unit) -> str:
    """Return where a unit lies in its layer as programs have it, channel, row, column: ``[3, 10, 12]``."""
    return f"[{unit.channel}, {unit.y}, {unit.x}]"


def name(unit: Unit) -> str:
    """Return a unit with its layer: ``conv1 [3, 10, 12]``."""
    return f"{unit.layer} {indexed(unit)}"


def one_layer(opened: Opened) -> str:
    """Return the layer that all numbers come from, or "" where they come from several or from none."""
    layers = {term.cell.layer for term in opened.terms if term.cell is not None}
    return layers.pop() if len(layers) == 1 else ""


def cell(term: Term, alone: bool = False) -> str:
    """Return where a number comes from; without its layer where ``alone``."""
    if term.cell is None:
        return _(MARKS[term.mark]) if term.mark else ""
    if alone:  # in a narrow column; the font tells the mark
        return indexed(term.cell)
    return f"{name(term.cell)} · {_(MARKS[term.mark])}" if term.mark else name(term.cell)


def sums(opened: Opened, write: Callable[[float], str]) -> list[tuple[str, str, str]]:
    """Return the lines from the terms to the result: what is done, with which number, and what it comes to."""
    lines: list[tuple[str, str, str]] = []
    left = opened.count - len(opened.terms)
    if left > 0 and opened.sign == "Σ":
        words = ngettext("{count} more", "{count} more", left).format(count=left)
        lines.append((words, "", write(opened.rest)))
    if opened.total is not None and opened.count > 1:
        lines.append((opened.sign, "", write(opened.total)))
    for step in opened.steps:
        operand = "" if step.operand is None else write(step.operand)
        lines += [(step.symbol, operand, write(step.result))]
    return lines


def notes(opened: Opened) -> list[str]:
    """Return what is to be known beside: how the op works, and which cells are padding."""
    found = [_(opened.words).format(**opened.facts)]
    if opened.padded and opened.count > 1:
        text = ngettext(
            "{padded} of {count} cells is padding.",
            "{padded} of {count} cells are padding.",
            opened.padded,
        )
        found.append(text.format(padded=opened.padded, count=opened.count))
    return found


def verdict(opened: Opened) -> str:
    """Return the result beside the number on the map."""
    value, difference = number(opened.value), number(opened.difference)
    if opened.holds:
        return _("= {result} · on the map {value}, difference {difference}").format(
            result=number(opened.result), value=value, difference=difference
        )
    text = _("= {result} · on the map {value}: {difference} more than these numbers make, which is no rounding.")
    return text.format(result=number(opened.result), value=value, difference=difference)


def text(opened: Opened) -> str:
    """Return all of it as lines of text."""
    lines = [name(opened.unit), opened.formula, *notes(opened), ""]
    for term in opened.terms:
        product = full(term.product)
        weighted = "" if term.weight is None else f"{full(term.value)} × {full(term.weight)} = "
        lines.append(f"{cell(term)}: {weighted}{product}")
    lines += [
        " ".join(part for part in (what, operand, "=", result) if part) for what, operand, result in sums(opened, full)
    ]
    lines.append(_("result {result}").format(result=full(opened.result)))
    where = _("on the map {value}, difference {difference}")
    lines.append(where.format(value=full(opened.value), difference=full(opened.difference)))
    return "\n".join(lines)


def table(opened: Opened) -> str:
    """Return terms, steps and result as CSV: plain numbers, a decimal point, no translation."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["what", "layer", "channel", "y", "x", "value", "weight", "product"])

    def row(what: str, *values: object) -> None:
        rows.writerow([what, *("" if v is None else repr(float(v)) if isinstance(v, float) else v for v in values)])

    for term in opened.terms:
        unit = term.cell
        where = (None,) * 4 if unit is None else (unit.layer, unit.channel, unit.y, unit.x)
        row(term.mark or "term", *where, term.value, term.weight, term.product)
    if opened.count > len(opened.terms):
        row(f"{opened.count - len(opened.terms)} more", *(None,) * 6, float(opened.rest))
    if opened.total is not None:
        row(opened.sign, *(None,) * 6, float(opened.total))
    for step in opened.steps:
        row(step.symbol, *(None,) * 4, step.operand, None, float(step.result))
    row("result", *(None,) * 6, float(opened.result))
    unit = opened.unit
    row("on the map", unit.layer, unit.channel, unit.y, unit.x, None, None, float(opened.value))
    row("difference", *(None,) * 6, float(opened.difference))
    return file.getvalue()
