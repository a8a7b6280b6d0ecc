"""What a stack sees and costs, and what another one gains and loses against it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Literal

from explorer.receptive import cells
from explorer.receptive.analyse import analyse
from explorer.receptive.stack import Stack, weights_of
from explorer.receptive.state import State
from explorer.receptive.values import Part, Path, Runs

What = Literal["area", "gaps", "unseen", "stride", "weights", "macs", "nonlinearities", "values"]
Verdict = Literal["gained", "lost", "same"]
_MORE_IS_BETTER = ("area", "nonlinearities")


@dataclass(frozen=True)
class Facts:
    """What a stack sees and costs.

    Attributes:
        area: rows and columns of the area of a unit, in input cells; it may reach into padding.
        stride: how far the areas of neighbouring units lie apart, in input cells.
        box: input cells of the smallest box that holds what the unit in the middle sees.
        seen: of these the cells that it really sees.
        unseen: cells of the input that no unit sees.
        weights, biases: of the convolutions.
        macs: multiply-accumulate operations for one picture.
        nonlinearities: ReLUs and max poolings.
        output: channels, rows, columns.
        values: numbers in the maps of all blocks; a ReLU is taken to write over its input.
        squares: the n of "n C²", the weights where every convolution has as many channels as the input and one group;
            else 0.
    """

    area: tuple[int, int]
    stride: tuple[int, int]
    box: int
    seen: int
    unseen: int
    weights: int
    biases: int
    macs: int
    nonlinearities: int
    output: tuple[int, int, int]
    values: int
    squares: int

    @property
    def gaps(self) -> int:
        """Cells inside the middle unit's box that it does not see."""
        return self.box - self.seen


@dataclass(frozen=True)
class Level:
    """One map of a stack, and which of its cells the middle unit of the output depends on.

    Attributes:
        place: 0 for the input, else the number of the block that made it.
        shape: channels, rows, columns.
        rows, columns: the cells, as a product; empty where the unit sees padding alone.
        path: how the areas of this map's own units lie on the input; size, stride and start of rows and columns.
    """

    place: int
    shape: tuple[int, int, int]
    rows: Runs
    columns: Runs
    path: Path

    @property
    def box(self) -> tuple[int, int]:
        """Rows and columns of the smallest box that holds the cells."""
        if not self.rows or not self.columns:
            return 0, 0
        return self.rows[-1][1] - self.rows[0][0], self.columns[-1][1] - self.columns[0][0]

    @property
    def count(self) -> int:
        """How many cells of one channel they are."""
        return _length(self.rows) * _length(self.columns)


@dataclass(frozen=True)
class NoFit:
    """Windows that do not fit, so that frameworks round down and the last positions are not read.

    Attributes:
        place: number of the block.
        axis: 0 for rows, 1 for columns.
        n: positions that the block is given, without padding.
        size: (n + 2 padding − span) / stride + 1, no whole number.
        unread: how many positions at the end, padding included, no window reaches.
    """

    place: int
    axis: int
    n: int
    size: Fraction
    unread: int


@dataclass(frozen=True)
class Difference:
    """One figure of two stacks.

    Attributes:
        what: which figure; "gaps" is the cells that a unit's area leaves out, "stride" the distance of areas.
        first, second: the figures.
        verdict: what the second stack does against the first.
    """

    what: What
    first: int
    second: int
    verdict: Verdict


def facts(stack: Stack) -> Facts:
    """Return what ``stack`` sees and costs."""
    graph = stack.graph()
    fields = analyse(graph)
    last = graph.output.id
    path, state = fields[last].path, fields.states[last]
    assert path is not None
    assert isinstance(state, State)
    covered = prod(sum(high - low for low, high in cells.runs(cells.union(sets))) for sets in state.terms[0])
    level = growth(stack)[-1]
    weights = sum(weights_of(block, shape[0]) for block, shape in zip(stack.blocks, stack.shapes, strict=False))
    convs = [block for block in stack.blocks if block.kind == "conv"]
    even = all(block.channels == stack.input[0] and block.groups == 1 for block in convs)
    return Facts(
        area=(int(path.size[0]), int(path.size[1])),
        stride=(int(path.stride[0]), int(path.stride[1])),
        box=prod(level.box),
        seen=level.count,
        unseen=prod(stack.input[1:]) - covered,
        weights=weights,
        biases=sum(block.channels for block in convs),
        macs=sum(layer.macs for layer in graph),
        nonlinearities=sum(block.relu + (block.kind == "max pool") for block in stack.blocks),
        output=stack.shapes[-1],
        values=sum(prod(shape) for shape in stack.shapes[1:]),
        squares=sum(block.kernel**2 for block in convs) if even else 0,
    )


def middle(stack: Stack) -> tuple[int, int]:
    """Return row and column of the unit in the middle of the output."""
    _, h, w = stack.shapes[-1]
    return h // 2, w // 2


def growth(stack: Stack) -> tuple[Level, ...]:
    """Return the maps from the output down to the input, with the cells that the output's middle unit depends on.

    The cells of a map are the area in it of the blocks above, as if the map were the input.
    """
    unit, graph = middle(stack), stack.graph()
    fields = analyse(graph)
    found: list[Level] = []
    for place in range(len(stack.blocks), -1, -1):
        if place == len(stack.blocks):
            part = Part(*(((at, at + 1),) for at in unit))
        else:
            above = stack.graph(place)
            part = next(iter(analyse(above).area(above.output.id, unit).parts), Part((), ()))
        path = fields[f"block{place}" if place else graph.layers[0].id].path
        assert path is not None
        found.append(Level(place, stack.shapes[place], part.rows, part.columns, path))
    return tuple(found)


def misfits(stack: Stack) -> tuple[NoFit, ...]:
    """Return where windows do not fit, rows before columns; once where both are alike."""
    found: list[NoFit] = []
    for place, (block, shape) in enumerate(zip(stack.blocks, stack.shapes, strict=False), 1):
        for axis, n in enumerate(shape[1:]):
            if (unread := block.unread(n)) and not (axis and shape[1] == shape[2]):
                size = Fraction(n + 2 * block.padding - block.span, block.stride) + 1
                found.append(NoFit(place, axis, n, size, unread))
    return tuple(found)


def differences(first: Facts, second: Facts) -> tuple[Difference, ...]:
    """Return what the second stack gains and loses against the first, every figure once, equal ones too."""
    pairs: dict[What, tuple[int, int]] = {
        "area": (prod(first.area), prod(second.area)),
        "gaps": (first.gaps, second.gaps),
        "unseen": (first.unseen, second.unseen),
        "stride": (prod(first.stride), prod(second.stride)),
        "weights": (first.weights, second.weights),
        "macs": (first.macs, second.macs),
        "nonlinearities": (first.nonlinearities, second.nonlinearities),
        "values": (first.values, second.values),
    }
    return tuple(Difference(what, a, b, _verdict(what, a, b)) for what, (a, b) in pairs.items())


def _verdict(what: What, first: int, second: int) -> Verdict:
    if first == second:
        return "same"
    return "gained" if (second > first) == (what in _MORE_IS_BETTER) else "lost"


def _length(runs: Runs) -> int:
    return sum(high - low for low, high in runs)
