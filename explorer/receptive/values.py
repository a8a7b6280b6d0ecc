"""What is told of a receptive field: sizes as exact fractions, areas as boxes and as sets of real cells."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Certainty = Literal["exact", "upper bound", "whole input", "unknown"]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
Runs = tuple[tuple[int, int], ...]
"""Cells along one axis as half-open intervals, in order."""


@dataclass(frozen=True)
class Path:
    """How the areas of a layer's units lie on the network's input: unit i covers start + i · stride … + size.

    Attributes:
        size, stride, start: per spatial axis of the input, in input cells; ``start`` is negative in padding, ``stride``
            0 where the layer has no positions along the axis.
    """

    size: tuple[Fraction, ...]
    stride: tuple[Fraction, ...]
    start: tuple[Fraction, ...]


@dataclass(frozen=True)
class Field:
    """The receptive field of a layer.

    Attributes:
        certainty: exact, upper bound (no unit sees more), whole input, or unknown.
        path: the areas; None where they are unknown.
        main_path: the areas without the gates and statistics that take the whole input in; None where there are none.
        why: an English sentence marked for translation: why it is an upper bound or unknown; else "".
    """

    certainty: Certainty
    path: Path | None = None
    main_path: Path | None = None
    why: str = ""


@dataclass(frozen=True)
class Part:
    """Real input cells: every one of ``rows`` with every one of ``columns``."""

    rows: Runs
    columns: Runs


@dataclass(frozen=True)
class Area:
    """What one unit sees of the network's input, whatever its channel.

    Attributes:
        box: [y0, x0, y1, x1] half-open in input cells; may reach into padding.
        clipped: the smallest box of real cells that this very unit depends on; None where it sees padding alone.
        parts: those very cells, as a union; one part with one run an axis where they are a box.
        certainty, why: of the box, as in ``Field``.
        exact: whether ``parts`` are the cells themselves, and not only no fewer.
        main_path: the box without gates and statistics, where they take the whole input in.
    """

    box: Box
    clipped: tuple[int, int, int, int] | None
    parts: tuple[Part, ...]
    certainty: Certainty
    why: str
    exact: bool
    main_path: Box | None = None

    @property
    def filled(self) -> bool:
        """Whether the unit depends on every cell of ``clipped``."""
        return len(self.parts) == 1 and len(self.parts[0].rows) == 1 and len(self.parts[0].columns) == 1
