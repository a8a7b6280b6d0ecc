"""The proof of a receptive field: a picture and a painted copy of it, through the very path of a frame, and what moved.

Both runs are the same sums on the same device. What an op computes for a unit from cells outside of its area cancels to
nothing on the CPU: there the numbers are equal bit for bit. Convolutions that share their sums between units (Winograd,
FFT) may round the last digits another way; how far is measured on the very units that see none of the paint, and told.
No torch at import.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.errors import NetworkError, SourceError
from explorer.graph.values import Layer
from explorer.receptive.analyse import Fields, analyse
from explorer.receptive.cells import drawn
from explorer.receptive.values import Area
from explorer.recipe import Recipe
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.session import Network

ROUNDED = 256
"""So many last digits of the layer's largest value may be rounded another way; what is above is no rounding."""
_EPSILON = {"tf32": 2.0**-10}


@dataclass(frozen=True, eq=False)
class Proof:
    """What paint on the picture did to the units of a layer.

    Attributes:
        layer: its id.
        unit: row and column of the one in question.
        before, after: its value in every channel, float32 (C,).
        moves: by how much each unit of the map moved, over its channels the most, float32 (rows, columns); infinite
            where a value became NaN or was.
        area: what the unit sees; None where that is unknown, or the layer has no rows and columns of units.
        sees: which units see a changed cell, bool (rows, columns); None where that is unknown.
        inside, outside: how many cells of the network's input the paint changed in the unit's area, and beside it;
            ``inside`` is of all of them where there is no area.
        rounding: at most so much a value moves by rounding alone.
    """

    layer: str
    unit: tuple[int, int]
    before: Floats
    after: Floats
    moves: Floats
    area: Area | None
    sees: NDArray[np.bool_] | None
    inside: int
    outside: int
    rounding: float

    @property
    def leak(self) -> float:
        """By how much a unit that sees none of the paint moved at most: 0 where the run rounds nothing another way."""
        return 0.0 if self.sees is None or self.sees.all() else float(self.moves[~self.sees].max())

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Which units moved, bool (rows, columns); not those that moved no more than this run's rounding."""
        found: NDArray[np.bool_] = self.moves > (self.rounding if self.leak else 0.0)
        return found

    @property
    def holds(self) -> bool:
        """Whether no unit moved that sees none of the paint."""
        return self.leak <= self.rounding


def prove(
    network: Network, frame: Frame, painted: Bytes, recipe: Recipe, unit: tuple[int, int], fields: Fields | None = None
) -> Proof:
    """Return what happens to a unit when the picture is painted.

    Args:
        network: the recipe's.
        frame: the picture as it came.
        painted: a copy of its pixels with paint on it, uint8 RGB (H, W, 3).
        recipe: what is done to the picture, and the layer.
        unit: row and column in the layer's maps.
        fields: of the network's graph, where they are known already.

    Raises:
        NetworkError: there is no such layer or unit, or it has no rows and columns of units.
        SourceError: the frame is an array, or the painted copy has another size.
        ForwardError, DeviceError: as ``frame_path.run``.
    """
    if frame.array is not None:
        raise SourceError(N_("An array goes to the network as it is, so there is nothing to paint on: open a picture."))
    if painted.dtype != np.uint8 or painted.shape != frame.pixels.shape:
        raise SourceError(
            N_("The painted copy has the shape {shape}, but the picture has {wanted}: paint on the picture itself."),
            shape=" × ".join(map(str, painted.shape)),
            wanted=" × ".join(map(str, frame.pixels.shape)),
        )
    before, cells_before = _through(network, frame, recipe)
    graph = network.graph
    after, cells_after = _through(network, replace(frame, pixels=painted), recipe)
    if network.graph is not graph or before.shape != after.shape:
        raise NetworkError(N_("With this paint the network takes another path: paint less, or choose another network."))
    layer = network.layer(recipe.layer)
    h, w = before.shape[1:]
    if not (0 <= unit[0] < h and 0 <= unit[1] < w):
        raise NetworkError(
            N_("{layer} has no unit {y} {x}: its rows are 0 to {rows}, its columns 0 to {columns}."),
            layer=layer.id,
            y=unit[0],
            x=unit[1],
            rows=h - 1,
            columns=w - 1,
        )
    if fields is None or fields.graph is not graph:
        fields = analyse(graph)
    changed = (cells_before != cells_after).any(0)
    area, sees, within = _told(fields, layer, unit, changed, (h, w))
    with np.errstate(invalid="ignore"):
        moves = np.abs(after - before)
    moves[(after == before) | (np.isnan(after) & np.isnan(before))] = 0  # a NaN that stays one has not moved
    moves[np.isnan(moves)] = np.inf
    finite = np.abs(before[np.isfinite(before)])
    inside = int((changed & within).sum())
    return Proof(
        layer=layer.id,
        unit=unit,
        before=before[:, unit[0], unit[1]],
        after=after[:, unit[0], unit[1]],
        moves=moves.max(0),
        area=area,
        sees=sees,
        inside=inside,
        outside=int(changed.sum()) - inside,
        rounding=ROUNDED * epsilon(network) * float(finite.max() if finite.size else 0.0),
    )


def _through(network: Network, frame: Frame, recipe: Recipe) -> tuple[Floats, Floats]:
    """Return a layer's maps, float32 (C, h, w), and the network's input, float32 (C, h, w)."""
    from explorer import reduce
    from explorer.capture import capture

    def through(x: Tensor) -> tuple[Floats, Floats]:
        layer = network.layer(recipe.layer)
        cells: Floats = x[0].float().contiguous().cpu().numpy().copy()  # networks write in place
        maps = capture(network.module, network.graph, x, {layer.id: reduce.keep(layer)}).values[layer.id]
        reduce.check_values(maps, layer)
        return maps, cells

    filtered = recipe.altered(frame)
    return network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered, recipe.layer))


def _told(
    fields: Fields, layer: Layer, unit: tuple[int, int], changed: NDArray[np.bool_], map_hw: tuple[int, int]
) -> tuple[Area | None, NDArray[np.bool_] | None, NDArray[np.bool_]]:
    """Return a unit's area, the units that see a changed cell, and the cells that the unit sees; all where unknown."""
    every = np.ones_like(changed)
    try:
        same = fields.map_hw(layer.id) == map_hw
    except NetworkError:  # no rows and columns of units, or nobody knows what they see
        same = False
    if same:
        area = fields.area(layer.id, unit)
        return area, fields.that_see(layer.id, changed), drawn(area.parts, changed.shape)
    if fields[layer.id].certainty == "whole input":
        return None, np.full(map_hw, changed.any()), every
    return None, None, every


def epsilon(network: Network) -> float:
    """Return the last digit of 1 in the numbers that a network computes with."""
    import torch

    fine = torch.finfo(network.number_type).eps
    return max(fine, _EPSILON.get(network.precision, 0.0)) if network.device.type != "cpu" else fine
