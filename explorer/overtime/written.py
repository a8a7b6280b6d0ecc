"""What was found over time as files: the series as CSV, everything but the pictures as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from explorer.overtime.values import Followed, LayerSpan
from explorer.recipe import Recipe, Unit


def series_csv(found: Followed) -> str:
    """Return a row for each frame of the series: its number, when it was read, the leading classes' probabilities (or
    scores) raw and smoothed, and the units' values; what is not known is empty, and NaN is written so.
    """
    leaders = [one for one in found.leaders if one is not None]
    heads = ["frame", "time_s"]
    for leader in leaders:
        heads += [f"{leader.label} raw", f"{leader.label} smoothed"]
    heads += [_name(one.unit) for one in found.units]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    for row, (index, time_s) in enumerate(zip(found.indices, found.times_s, strict=True)):
        cells: list[object] = [int(index), f"{time_s:.6f}"]
        for leader in leaders:
            cells += [float(leader.raw[row]), float(leader.smoothed[row])]
        cells += [float(one.values[row]) if one.known[row] else "" for one in found.units]
        writer.writerow(["NaN" if isinstance(cell, float) and math.isnan(cell) else cell for cell in cells])
    return text.getvalue()


def whole_json(found: Followed, recipe: Recipe, trained: bool, share: float) -> str:
    """Return everything that is told, as one JSON object; what is not known or NaN is null.

    Args:
        found: what is told.
        recipe: of the newest frame.
        trained: whether the weights are.
        share: from which share of its cells on a channel is called saturated.
    """
    leaders = [one for one in found.leaders if one is not None]
    whole = {
        "network": recipe.network,
        "trained": trained,
        "source": recipe.source.kind,
        "frames": found.frames,
        "frames_without_a_finite_answer": found.unanswered,
        "smoothing": {"kind": recipe.overtime.smoothing, "frames": recipe.overtime.frames} if recipe.overtime else None,
        "series": {
            "frame": found.indices.tolist(),
            "time_s": found.times_s.tolist(),
            "answers": [
                {"class": one.index, "label": one.label, "raw": one.raw.tolist(), "smoothed": one.smoothed.tolist()}
                for one in leaders
            ],
            "answers_are_scores": found.scores,
            "units": [
                {
                    "unit": _name(one.unit),
                    "values": [value if known else None for value, known in zip(one.values, one.known, strict=True)],
                }
                for one in found.units
            ],
        },
        "saturated_from_share": share,
        "layers": [_layer(one, share) for one in found.layers.values()],
        "patches": {
            "layer": found.patches.layer,
            "channel": found.patches.channel,
            "frames": found.patches.frames,
            "found": [
                {"value": one.value, "frame": one.index, "y": one.unit.y, "x": one.unit.x, "box_yxyx_px": one.box}
                for one in found.patches.found
            ],
        },
    }
    return json.dumps(_plain(whole), ensure_ascii=False, indent=1) + "\n"


def _layer(span: LayerSpan, share: float) -> dict[str, Any]:
    return {
        "layer": span.layer,
        "frames": span.frames,
        "channels": span.channels,
        "zeros": span.zeros,
        "zeros_mean": span.zeros_mean,
        "dead": span.dead,
        "constant": span.constant,
        "saturated": span.saturated(share),
        "with_nan": span.broken,
    }


def _name(unit: Unit) -> str:
    return f"{unit.layer} c{unit.channel} y{unit.y} x{unit.x}"


def _plain(value: Any) -> Any:
    """Return ``value`` with null in the place of what JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
