"""The receptive fields of every layer of a graph; afterwards a unit's area and a pixel's units are looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from explorer.errors import NetworkError
from explorer.graph.values import INPUT, Graph, Layer
from explorer.receptive import cells
from explorer.receptive.state import State, Untold, first
from explorer.receptive.values import Area, Box, Certainty, Field, Part, Path
from explorer.text import N_

MOST_POSITIONS = 8192
"""Of an input along one axis; the tables of wider ones would take too much memory."""
_NO_RULE = N_("There is no rule for this op.")
_UNREAD = N_("What this op was called with could not be read.")
_BEFORE = N_("A layer before it is unknown.")
_NO_AXES = N_("The network's input has no rows and columns.")
_TOO_WIDE = N_("The network's input is too wide for exact areas.")


@dataclass(frozen=True, eq=False)
class Fields:
    """The receptive fields of a graph's layers.

    Attributes:
        graph: the layers.
        states: what the positions of each layer see, by id; a sentence in English where it is unknown.
    """

    graph: Graph
    states: Mapping[str, State | str]
    _told: dict[str, Field] = field(default_factory=dict, init=False, repr=False)

    def __getitem__(self, id: str) -> Field:
        """Return the field of the layer called ``id``.

        Raises:
            NetworkError: no layer has that id.
        """
        found = self._told.get(self.graph[id].id)
        if found is None:
            found = self._told[id] = _field(self.states[id])
        return found

    def __iter__(self) -> Iterator[tuple[Layer, Field]]:
        return ((layer, self[layer.id]) for layer in self.graph)

    def map_hw(self, id: str) -> tuple[int, int]:
        """Return how many rows and columns of units a layer has.

        Raises:
            NetworkError: there is no such layer, its field is unknown, or it has no rows and columns.
        """
        state, (y, x) = self._two(id)
        return state.shape[y], state.shape[x]

    def area(self, id: str, unit: tuple[int, int]) -> Area:
        """Return what unit (y, x) of the layer called ``id`` sees, over all of its channels.

        Raises:
            NetworkError: as ``map_hw``, or the unit is outside the map.
        """
        state, places = self._two(id)
        h, w = state.shape[places[0]], state.shape[places[1]]
        if not (0 <= unit[0] < h and 0 <= unit[1] < w):
            raise NetworkError(
                N_("{layer} has no unit {y} {x}: its rows are 0 to {rows}, its columns 0 to {columns}."),
                layer=id,
                y=unit[0],
                x=unit[1],
                rows=h - 1,
                columns=w - 1,
            )
        told = self[id]
        assert told.path
        products, exact = _at(state, places, unit)
        every = _hull(products)
        parts = tuple(Part(cells.runs(y), cells.runs(x)) for y, x in products)
        main = _box(told.main_path, unit, state, places) if told.main_path else None
        return Area(_box(told.path, unit, state, places), every, parts, told.certainty, told.why, exact, main)

    def seen_by(self, id: str, pixel: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which units of a layer see input cell (y, x): bool (rows, columns) of its map.

        Raises:
            NetworkError: as ``map_hw``, or the cell is outside the input.
        """
        state, places = self._two(id)
        if not all(0 <= at < n for at, n in zip(pixel, state.cells, strict=True)):
            raise NetworkError(
                N_("The network's input has no cell {y} {x}: it is {h} × {w}."),
                y=pixel[0],
                x=pixel[1],
                h=state.cells[0],
                w=state.cells[1],
            )
        found = np.zeros((state.shape[places[0]], state.shape[places[1]]), bool)
        others = tuple(axis for axis in range(len(state.shape)) if axis not in places)
        for term in state.terms:
            sees = [((sets >> at) & 1).astype(bool) for sets, at in zip(term, pixel, strict=True)]
            both = (sees[0] & sees[1]).any(axis=others)
            found |= both if places[0] < places[1] else both.T
        return found

    def that_see(self, id: str, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which units of a layer see any of some input cells: bool (rows, columns) of its map.

        Args:
            id: the layer's.
            seen: bool of the shape of the network's input, without channels.

        Raises:
            NetworkError: as ``map_hw``, or ``seen`` has another shape.
        """
        state, places = self._two(id)
        if seen.shape != state.cells:
            raise NetworkError(
                N_("The network's input has {h} × {w} cells, not {other}."),
                h=state.cells[0],
                w=state.cells[1],
                other=" × ".join(map(str, seen.shape)),
            )
        others = tuple(axis for axis in range(len(state.shape)) if axis not in places)
        found = np.zeros((state.shape[places[0]], state.shape[places[1]]), bool)
        for term in state.terms:
            both = cells.meet(term, seen).any(axis=others)
            found |= both if places[0] < places[1] else both.T
        return found

    def _two(self, id: str) -> tuple[State, tuple[int, int]]:
        """Return the state of a layer whose units are at rows and columns of the input, and which axes those are."""
        layer = self.graph[id]
        state = self.states[id]
        letters = {"L": N_("positions along one axis"), "D": N_("depth as well")}
        for letter, words in letters.items():
            if letter in self.graph.layers[0].axes:
                raise NetworkError(
                    N_("The network's input has {axes}: the area of a unit is shown for pictures of rows and columns."),
                    axes=_Words(words),
                )
        if isinstance(state, str):
            raise NetworkError(
                N_("What the units of {layer} see is unknown ({why}): choose a layer before it."),
                layer=layer.id,
                why=_Words(state),
            )
        places = _places(layer, state)
        if places is None:
            raise NetworkError(
                N_("{layer} has no rows and columns of units: choose a layer with maps, for example {nearest}."),
                layer=layer.id,
                nearest=self._with_maps(layer),
            )
        return state, places

    def _with_maps(self, layer: Layer) -> str:
        """Return the last layer before ``layer`` that has rows and columns."""
        ids = [one.id for one in self.graph]
        for name in reversed(ids[: ids.index(layer.id)]):
            state = self.states[name]
            if isinstance(state, State) and _places(self.graph[name], state):
                return name
        return INPUT


class _Words:
    """A marked sentence that is translated only when it is shown."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        from explorer.text import _

        return _(self.message).rstrip(".")


def analyse(graph: Graph) -> Fields:
    """Return the receptive fields of every layer of ``graph``, computed from its values alone."""
    states: dict[str, State | str] = {}
    spatial = [axis for axis, letter in enumerate(graph.layers[0].axes) if letter in "DHWL"]
    for layer in graph:
        if layer.id == INPUT:
            wide = any(graph.input[axis] > MOST_POSITIONS for axis in spatial)
            states[INPUT] = _TOO_WIDE if wide else first(graph.input, spatial) if spatial else _NO_AXES
        else:
            states[layer.id] = _state(layer, [states[name] for name in layer.inputs])
    return Fields(graph, states)


def _state(layer: Layer, inputs: Sequence[State | str]) -> State | str:
    from explorer.receptive import orders  # noqa: F401 - enters its rules; here, so that the window opens without them
    from explorer.receptive.rules import RULES

    known = [one for one in inputs if isinstance(one, State)]
    if len(known) < len(inputs) or not known:
        return next((one for one in inputs if one in (_NO_AXES, _TOO_WIDE) and isinstance(one, str)), _BEFORE)
    if "unread" in layer.attributes:
        return _UNREAD
    if layer.op not in RULES:
        return _NO_RULE
    try:
        found = RULES[layer.op](layer, known)
    except Untold as reason:
        return str(reason)
    return found if found.shape == layer.output else _UNREAD


def _field(state: State | str) -> Field:
    if isinstance(state, str):
        return Field("unknown", why=state)
    main = Path(*(tuple(getattr(axis, name) for axis in state.axes) for name in ("size", "stride", "start")))
    covered = [
        axis.whole or gated or (bool(state.why) and _everything(state, k))
        for k, (axis, gated) in enumerate(zip(state.axes, state.gated, strict=True))
    ]
    path = Path(
        tuple(Fraction(n) if full else one for n, full, one in zip(state.cells, covered, main.size, strict=True)),
        tuple(Fraction(0) if full else one for full, one in zip(covered, main.stride, strict=True)),
        tuple(Fraction(0) if full else one for full, one in zip(covered, main.start, strict=True)),
    )
    certainty: Certainty = "whole input" if all(covered) else "upper bound" if state.why else "exact"
    gate = any(gated and not axis.whole for axis, gated in zip(state.axes, state.gated, strict=True))
    return Field(certainty, path, main if gate else None, state.why if certainty == "upper bound" else "")


def _everything(state: State, k: int) -> bool:
    """Whether every position sees all of input axis ``k``, whatever the boxes say."""
    arrays = [term[k] for term in state.terms]
    return any(sets.size == 1 and cells.union(sets).bit_count() == state.cells[k] for sets in arrays)


def _places(layer: Layer, state: State) -> tuple[int, int] | None:
    """Return the axes of a layer's output that are the rows and columns of its maps: by its letters, else where the
    areas lie.
    """
    found = [layer.axes.find(letter) for letter in "HW"]
    if min(found) < 0:
        found = [-1 if axis.at is None else axis.at for axis in state.axes]
    return (found[0], found[1]) if len(found) == 2 and found[0] != found[1] and min(found) >= 0 else None


def _box(path: Path, unit: tuple[int, int], state: State, places: tuple[int, int]) -> Box:
    """Return the box of a unit; of all units where rows or columns of the maps are not those of the areas."""
    low, high = [], []
    for k, (start, stride, size) in enumerate(zip(path.start, path.stride, path.size, strict=True)):
        at = state.axes[k].at
        apart = at is not None and at != places[k]
        ends = [0, state.shape[at] - 1] if apart and at is not None else [unit[k]]
        low.append(start + min(stride * i for i in ends))
        high.append(start + size + max(stride * i for i in ends))
    return low[0], low[1], high[0], high[1]


def _at(state: State, places: tuple[int, int], unit: tuple[int, int]) -> tuple[list[tuple[int, int]], bool]:
    """Return the products of rows and columns that a unit sees, and whether they are exact."""
    found: list[tuple[int, int]] = []
    exact = state.exact
    for term in state.terms:
        sets: list[int] = []
        for array in term:
            index = tuple(
                slice(unit[places.index(axis)], unit[places.index(axis)] + 1)
                if axis in places and n > 1
                else slice(None)
                for axis, n in enumerate(array.shape)
            )
            exact = exact and array[index].size == 1
            sets.append(cells.union(array[index]))
        y, x = sets
        if y and x and not any(y | a == a and x | b == b for a, b in found):
            found = [(a, b) for a, b in found if not (a | y == y and b | x == x)] + [(y, x)]
    return found, exact


def _hull(products: Sequence[tuple[int, int]]) -> tuple[int, int, int, int] | None:
    if not products:
        return None
    y, x = 0, 0
    for rows, columns in products:
        y, x = y | rows, x | columns
    low = [(bits & -bits).bit_length() - 1 for bits in (y, x)]
    return low[0], low[1], y.bit_length(), x.bit_length()
