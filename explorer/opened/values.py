"""A value of a network, term by term, as plain values. No torch.

Numbers are the network's own, its weights and what its layers made in the very run; sums are worked in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.recipe import Unit

MOST_TERMS = 40
"""So many terms are listed; the others are told as one sum."""

Mark = Literal["", "padding", "constant", "pixel", "chosen"]


@dataclass(frozen=True)
class Term:
    """One number that takes part.

    Attributes:
        cell: where it comes from; None for padding beside the input and for what is no layer's output.
        value: the number.
        weight: what it is multiplied with; None where it is multiplied with nothing.
        product: what it gives to the sum (of a maximum the number itself).
        place: where in the kernel: channel of its group, then a place for each axis; of other ops ().
        mark: "padding" of what lies beside the input or was put around it, "constant" of a number that no layer made,
            "pixel" of one of the picture, "chosen" of the largest or the smallest one that is the result.
    """

    cell: Unit | None
    value: float
    weight: float | None
    product: float
    place: tuple[int, ...] = ()
    mark: Mark = ""


@dataclass(frozen=True)
class Step:
    """One step from the terms to the result.

    Attributes:
        symbol: what is done, as in the formula: "+ b", "σ(x)".
        operand: the number that is taken, or None where the step takes none of its own.
        result: what the step comes to.
    """

    symbol: str
    operand: float | None
    result: float


@dataclass(frozen=True, eq=False)
class Window:
    """The input under the kernel, for one picture of it.

    Attributes:
        layer: the input's id.
        first: the input's channel that ``values[0]`` is of.
        rows, columns: of the input, int64 (kernel height) and (kernel width); they lie outside of it in the padding.
        values: float64 (C, kernel height, kernel width); what the padding holds where it is padding.
        weights: of the same shape, or None.
        outside: which cells lie beside the input, bool (kernel height, kernel width).
        padding: those, and the cells that a layer of padding put around its own input.
    """

    layer: str
    first: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    outside: NDArray[np.bool_]
    padding: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Opened:
    """The arithmetic of one value.

    Attributes:
        unit: whose value it is.
        op: the layer's op, a word of ``graph.vocabulary``.
        formula: in symbols.
        words: the same as a sentence, marked for translation; its places are filled by ``facts``.
        facts: kernel, stride, padding, … as the sentence names them.
        terms: what takes part, at most ``MOST_TERMS``: the largest first by |product|, in the op's own order where
            there are no more than that and no weights.
        count: of all terms.
        rest: the sum of the products that are not listed.
        padded: how many terms are padding.
        total: what the terms come to; None where they are not added and none of them is chosen.
        sign: of ``total``: "Σ", "max", "min".
        steps: from there to the result.
        result: in float64.
        value: on the map, a float32 number.
        rounding: by at most so much rounding alone makes the two differ.
        size: Σ |product| of all terms.
        window: the input under the kernel, or None.
        trained: whether the weights are.
    """

    unit: Unit
    op: str
    formula: str
    words: str
    terms: tuple[Term, ...]
    result: float
    value: float
    rounding: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    rest: float = 0.0
    padded: int = 0
    total: float | None = None
    sign: str = "Σ"
    steps: tuple[Step, ...] = ()
    size: float = 0.0
    window: Window | None = None
    trained: bool = True

    @property
    def difference(self) -> float:
        """By how much the value on the map is larger than the result; 0 where both are the same, infinite or NaN."""
        same = self.value == self.result or (self.value != self.value and self.result != self.result)
        return 0.0 if same else self.value - self.result

    @property
    def holds(self) -> bool:
        """Whether rounding alone explains the difference."""
        return abs(self.difference) <= self.rounding

    def share(self, term: Term) -> float:
        """Return how much of Σ |product| a term is, 0 … 1."""
        return abs(term.product) / self.size if self.size else 0.0
