"""What the command line prints: one JSON document, or a table whose columns stand under one another."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.text import _
from explorer.values import FrameResult, Prediction

if TYPE_CHECKING:
    from explorer.session import Network


def document(value: Any) -> None:
    """Print ``value`` as one line of JSON, in ASCII so that every terminal and pipe takes it."""
    print(json.dumps(value, allow_nan=False), flush=True)


def width(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes: Korean letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], right: str) -> str:
    """Return an aligned table.

    Args:
        heading: one word a column; may be empty for none.
        rows: the cells.
        right: one letter a column: "r" for right-aligned, "l" for left.
    """
    lines = [heading, *rows] if heading else rows
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]

    def cell(text: str, wide: int, side: str) -> str:
        blank = " " * (wide - width(text))
        return blank + text if side == "r" else text + blank

    return "\n".join("  ".join(map(cell, line, widths, right)).rstrip() for line in lines)


def predictions(found: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Return predictions as JSON values; a probability that is not a number is null."""

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return [{"index": one.index, "label": one.label, "probability": number(one.probability)} for one in found]


def about(network: Network) -> str:
    """Return network, weights and device in a line; it says so where the weights are random."""
    weights = network.weights.name if network.weights else _("untrained: random weights, the answers mean nothing")
    return f"{network.card.title}  ·  {weights}  ·  {network.device}"


def answers(found: Sequence[Prediction]) -> str:
    """Return predictions as a table, or a sentence where the network gives none."""
    if not found:
        return _("This network does not classify, so there are no answers.")
    rows = [(str(rank), one.label, f"{one.probability:.1%}") for rank, one in enumerate(found, 1)]
    return table((), rows, "rlr")


def times(result: FrameResult, *stages: str) -> dict[str, float]:
    """Return how long ``stages`` took, in ms to the microsecond."""
    return {stage: round(result.times_ms[stage], 3) for stage in stages}
