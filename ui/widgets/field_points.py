"""Receptive fields as points of a chart: where a layer lies in depth, how much it sees, and how it is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from explorer.graph.values import INPUT
from explorer.receptive.analyse import Fields
from explorer.receptive.values import Certainty, Field, Path
from explorer.text import N_, _
from ui.widgets.numbers import minus, shape

CERTAINTIES: dict[Certainty, str] = {
    "exact": N_("exact"),
    "upper bound": N_("upper bound"),
    "whole input": N_("whole input"),
    "unknown": N_("unknown"),
}
Ends = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """One layer.

    Attributes:
        layer: its id.
        depth: ops on the longest path from the input to it.
        size: height and width of its area, input cells; None where it is unknown.
        main: the same without gates and statistics, where these take the whole input in.
        certainty: of the size.
        whole: whether a unit of it sees the whole picture.
        words: all that is told of it, a line each.
    """

    layer: str
    depth: int
    size: Ends | None
    main: Ends | None
    certainty: Certainty
    whole: bool
    words: str


def points(fields: Fields, whole: Collection[str]) -> tuple[Point, ...]:
    """Return a point for each layer but the input, in the order in which they run.

    Args:
        fields: of the layers; only inputs of rows and columns have sizes.
        whole: ids of the layers that see the whole picture.
    """
    depth, found = {INPUT: 0}, []
    for layer, field in fields:
        if layer.id == INPUT:
            continue
        depth[layer.id] = 1 + max((depth.get(name, 0) for name in layer.inputs), default=0)
        size, main = ends(field.path), ends(field.main_path)
        seen = layer.id in whole
        words = "\n".join((f"{layer.id} · {layer.op} · {shape(layer.output)}", *told(field, seen)))
        found.append(Point(layer.id, depth[layer.id], size, main, field.certainty, seen, words))
    return tuple(found)


def ends(path: Path | None) -> Ends | None:
    """Return height and width of an area; None of one that is unknown, or has other axes."""
    return (float(path.size[0]), float(path.size[1])) if path is not None and len(path.size) == 2 else None


def told(field: Field, whole: bool) -> tuple[str, ...]:
    """Return what is known of a layer's receptive field, a line each."""
    lines = [_(CERTAINTIES[field.certainty])]
    if field.path:
        size = across(field.path.size)
        if field.certainty == "upper bound":
            size = f"≤ {size}"
        lines[0] = _("area {size} · {certainty}").format(size=size, certainty=lines[0])
        if any(field.path.stride):
            words = _("stride {stride} · start {start}")
            lines.append(words.format(stride=across(field.path.stride), start=across(field.path.start, ", ")))
    if field.main_path:
        lines.append(_("without gates {size}").format(size=across(field.main_path.size)))
    if field.why:
        lines.append(_(field.why))
    if whole and field.certainty != "whole input":
        lines.append(_("A unit of it sees the whole picture."))
    return tuple(lines)


def across(values: Collection[Fraction], between: str = " × ") -> str:
    """Tell numbers of several axes as one reads them: ``35 × 35``, a place as ``−3, −3``; fractions in tenths."""
    return between.join(minus(str(v) if v.denominator == 1 else f"{float(v):.1f}") for v in values)
