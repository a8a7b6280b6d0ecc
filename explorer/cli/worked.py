"""How worked arithmetic is printed: as text and as values of JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from explorer.arithmetic.case import Case, Doubles
from explorer.arithmetic.numbers import shown
from explorer.arithmetic.presets import Figure
from explorer.arithmetic.sizes import Fit
from explorer.arithmetic.trace import Trace, output
from explorer.arithmetic.words import told_of
from explorer.cli.output import table
from explorer.text import _

_WIDEST = 16
"""Columns of a map that a terminal shows."""


def _exact(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def fit_values(fit: Fit) -> dict[str, Any]:
    """Return a size worked along one axis, as values of JSON."""
    return {
        "n": fit.n,
        "kernel": fit.kernel,
        "stride": fit.stride,
        "padding": list(fit.padding),
        "dilation": fit.dilation,
        "ceil_mode": fit.ceil_mode,
        "formula": fit.formula,
        "worked": fit.worked,
        "exact": _exact(fit.exact),
        "out": fit.out,
        "fits": fit.fits,
        "unseen": list(fit.unseen),
        "mend": list(map(list, fit.mend)),
    }


def trace_values(one: Trace) -> dict[str, Any]:
    """Return an opened value, term by term, as values of JSON."""
    terms = [
        {
            "place": list(term.place),
            "source": term.source and list(term.source),
            "x": term.number or None,
            "w": term.weight_number or None,
            "weight_at": term.weight_at and list(term.weight_at),
            "weight": term.weight,
            "value": term.value,
            "product": term.product,
        }
        for term in one.terms
    ]
    written = {"lecture": one.lecture, "indexed": one.indexed, "numbers": one.numbers}
    found = {"at": list(one.at), "kind": one.kind, **written, "terms": terms, "skipped": list(map(list, one.skipped))}
    return found | {
        "sum": one.sum,
        "bias": one.bias,
        "multiplier": one.multiplier,
        "divisor": one.divisor,
        "result": one.result,
    }


def figure_values(figures: tuple[Figure, ...]) -> dict[str, Any]:
    """Return the lecture's figures beside ours as values of JSON; nothing where there are none."""
    return {"figures": [one._asdict() | {"agrees": one.agrees} for one in figures]} if figures else {}


def case_text(case: Case) -> str:
    """Return a case's sizes, what is to be said of them, and its maps."""
    rows = [(_("input"), "×".join(map(str, case.input_chw)))]
    if case.kind == "fc":
        rows.append(("W", "×".join(map(str, case.matrix.shape))))
    elif case.filters:
        each = "×".join(map(str, case.filter_array.shape[1:]))
        rows.append((_("filters"), _("{count} of {size}").format(count=len(case.filters), size=each)))
    if case.kind != "fc":
        rows += [(_("rows"), case.fits[0].worked), (_("columns"), case.fits[1].worked)]
    rows.append((_("output"), "×".join(map(str, case.output_chw))))
    head = [case.title] if case.title else []
    return "\n".join([*head, table((), rows, "ll"), *told_of(case), *_maps_text(output(case))])


def _maps_text(values: Doubles) -> list[str]:
    if values.shape[1:] == (1, 1):  # as of a fully connected layer: in one line
        values = values.reshape(1, 1, -1)
    return list(map(map_text, values))


def map_text(values: Doubles) -> str:
    """Return a map as a table, or its size where it is too wide."""
    if values.shape[1] > _WIDEST:
        return _("(a map of {rows} × {columns}: see --json)").format(rows=values.shape[0], columns=values.shape[1])
    cells = [[shown(value) for value in row] for row in values]
    return "\n" + table((), [["", *row] for row in cells], "l" + "r" * values.shape[1])


def trace_text(one: Trace) -> str:
    """Return an opened value in the lecture's notation, by indices and in numbers."""
    return "\n".join([one.lecture, one.indexed, f"= {one.numbers}"])


def figure_text(figures: tuple[Figure, ...]) -> list[str]:
    """Return the lecture's figures beside ours as one paragraph; none where there are none."""
    if not figures:
        return []
    rows = [(_(one.what), one.lecture or "–", one.ours) for one in figures]
    notes = dict.fromkeys(_(one.why) for one in figures if one.why)
    return ["\n".join([table(("", _("the lecture"), _("here")), rows, "lll"), *notes])]
