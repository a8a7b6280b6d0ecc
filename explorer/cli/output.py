"""What the command line prints: one JSON document, or a table whose columns stand under one another."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.cli.streams import say
from explorer.text import N_, _
from explorer.values import FrameResult
from explorer.zoo import weights

if TYPE_CHECKING:
    from explorer.session import Network
    from explorer.tasks.values import BesideAnswer


def document(value: Any) -> None:
    """Print ``value`` as one line of JSON, in ASCII so that every terminal and pipe takes it."""
    say(json.dumps(value, allow_nan=False))


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


def predictions(result: FrameResult | BesideAnswer) -> dict[str, Any]:
    """Return the predictions as members of a JSON object; where there are none, ``note`` says why, in English."""
    found = [
        {"index": one.index, "label": one.label}
        | ({"probability": one.probability} if one.score is None else {"score": one.score})
        for one in result.predictions
    ]
    why = note(result)
    return {"predictions": found} | ({"note": why} if why else {})


def weights_name(network: Network) -> str:
    """Return what ``--weights`` calls the network's weights."""
    return network.weights.name if network.weights else weights.NO_WEIGHTS


def about(network: Network) -> str:
    """Return network, weights and device in a line, and what was assumed of an own network in one more for each.

    It says so where the weights are random.
    """
    name = network.weights.name if network.weights else _("untrained: random weights, the answers mean nothing")
    kind = "" if network.precision != "half" else "  ·  " + str(network.number_type).removeprefix("torch.")
    return "\n".join([f"{network.card.title}  ·  {name}  ·  {network.device}{kind}", *map(str, network.remarks)])


def remarks(network: Network) -> dict[str, Any]:
    """Return what was assumed of an own network as members of a JSON object."""
    return {"remarks": [str(remark) for remark in network.remarks]} if network.remarks else {}


def note(result: FrameResult | BesideAnswer) -> str:
    """Return why there are no predictions, marked for translation; "" where there are some."""
    if not result.finite:
        return N_("The output is not finite: the input or the weights hold NaN, infinite or huge values.")
    return "" if result.predictions else N_("This network does not classify, so there are no answers.")


def answers(result: FrameResult | BesideAnswer) -> str:
    """Return the predictions as a table, or a sentence where there are none."""
    if why := note(result):
        return _(why)
    rows = [(str(rank), one.label, one.figure) for rank, one in enumerate(result.predictions, 1)]
    return table((), rows, "rlr")


def times(result: FrameResult | BesideAnswer, *stages: str) -> dict[str, float]:
    """Return how long ``stages`` took, in ms to the microsecond."""
    return {stage: round(result.times_ms[stage], 3) for stage in stages}
