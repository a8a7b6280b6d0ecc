"""What is told of the faster way: plain values, no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from explorer.text import N_, _

SHARE, FLOOR = 1e-4, 1e-5
"""A value may differ by so much of its map's range and by so much of its layer's: less than a level that is shown.

Numbers of 24 bits, added in another order, differ by some 1e-7 of the range; folded wrongly, by tenths of it.
"""
CHECKING = N_("Every op runs by itself until the faster way has been compared with it.")
MERGED = N_(
    "{merged} of {convolutions} convolutions run in their fast form, with the batch norm and ReLU after them inside "
    "wherever nothing between is looked at. On a frame, the answer and the shown maps differed from the plain form's "
    "by at most {apart} % of their range."
)
COMPILED = N_(
    "The network runs in one piece, compiled in the background for this processor and the layers that are shown. On a "
    "frame, the answer and the shown maps differed from the plain form's by at most {apart} % of their range."
)
RECORDED = N_(
    "The network runs in one piece, recorded on the card for the layers that are shown. On a frame, the answer and the "
    "shown maps differed from the plain form's by at most {apart} % of their range."
)


@dataclass(frozen=True)
class Speed:
    """How a frame of a live source went through its network; ``str`` gives the sentence in the current language.

    Attributes:
        merged: convolutions that took what follows them along, or kept their weights as the processor wants them.
        convolutions: how many the network has.
        apart: largest difference that was found, as a share of a map's range.
        message, values: the sentence, and what fills its braces.
    """

    merged: int = 0
    convolutions: int = 0
    apart: float = 0.0
    message: str = CHECKING
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        known = {"merged": self.merged, "convolutions": self.convolutions, "apart": percent(self.apart)}
        return _(self.message).format(**known | dict(self.values))


def percent(share: float) -> str:
    """Return a share as percent, with one figure and without an exponent; "∞" where numbers are not even finite."""
    return f"{Decimal(f'{100 * share:.1g}'):f}" if math.isfinite(share) else "∞"
