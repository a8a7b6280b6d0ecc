"""Receptive fields as JSON and CSV have them: whole numbers as numbers, fractions as text such as "1/2"."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from explorer.graph.values import Layer
from explorer.receptive.analyse import Fields
from explorer.receptive.values import Field, Path
from explorer.text import _

COLUMNS = (
    "id",
    "op",
    "output",
    "size",
    "stride",
    "start",
    "certainty",
    "main_path",
    "whole_picture",
    "effective_95",
    "why",
)


def exact(value: Fraction) -> int | str:
    """Return a whole number as a number, a fraction as text such as "1/2"."""
    return int(value) if value.denominator == 1 else str(value)


def field_values(field: Field) -> dict[str, Any]:
    """Return a layer's receptive field as members of a JSON object; sizes are null where they are unknown."""
    found: dict[str, Any] = dict.fromkeys(("size", "stride", "start"))
    if field.path:
        found = path_values(field.path)
    found["certainty"] = field.certainty
    if field.main_path:
        found["main_path"] = path_values(field.main_path)
    return found | ({"why": field.why} if field.why else {})


def path_values(path: Path) -> dict[str, Any]:
    """Return sizes, strides and starts as JSON values, an entry an axis."""
    return {name: [exact(value) for value in getattr(path, name)] for name in ("size", "stride", "start")}


def document(network: str, fields: Fields, whole: Collection[str], effective: Mapping[str, float]) -> str:
    """Return the receptive fields of a network as JSON; every layer as ``layers --json`` has it.

    Args:
        network: its name.
        fields: of its layers.
        whole: ids of the layers that see the whole picture.
        effective: what is measured of the effective sizes, by layer (``attribution.values.Reach.diameter_95``).
    """
    layers = [
        {"id": layer.id, "op": layer.op, "output": list(layer.output), "receptive_field": field_values(field)}
        | {"whole_picture": layer.id in whole}
        | ({"effective_95": effective[layer.id]} if layer.id in effective else {})
        for layer, field in fields
    ]
    found = {"model": network, "input": list(fields.graph.input), "layers": layers}
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(fields: Fields, whole: Collection[str], effective: Mapping[str, float]) -> str:
    """Return the same as CSV, an op a row; axes stand beside one another: ``35×35``."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for layer, field in fields:
        writer.writerow(_cells(layer, field, layer.id in whole, effective.get(layer.id)))
    return text.getvalue()


def _cells(layer: Layer, field: Field, whole: bool, effective: float | None) -> tuple[str, ...]:
    sizes = ("", "", "")
    if field.path:
        sizes = across(field.path.size), across(field.path.stride), across(field.path.start)
    main = across(field.main_path.size) if field.main_path else ""
    why = _(field.why) if field.why else ""
    head = layer.id, layer.op, "×".join(map(str, layer.output)), *sizes, field.certainty, main, str(int(whole))
    return *head, "" if effective is None else str(effective), why


def across(values: Collection[Fraction]) -> str:
    """Return numbers of several axes beside one another, exactly: ``35×35``, ``−3×−1/2`` with hyphens."""
    return "×".join(str(exact(value)) for value in values)
