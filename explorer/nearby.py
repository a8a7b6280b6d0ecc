"""Which pictures of an index are nearest to a frame: what is taken on the frame's path, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import ExplorerError, NetworkError
from explorer.indexing import check, pooled
from explorer.recipe import Nearest, Recipe
from explorer.retrieval.kept import Kept, Neighbours, kept
from explorer.text import N_

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.parcel import Arriving, Parcel
    from explorer.reduce import Reduced, Reducer
    from explorer.session import Network
    from explorer.values import Floats


class Nearby:
    """Takes the features of a frame that an index has of its pictures, in the frame's one run.

    An index that cannot be opened, or that something else made, fails no frame: the answer tells.

    Args:
        network: that the frame goes through.
        recipe: with the index that is asked.

    Attributes:
        layer: whose features; "" where none are taken.
    """

    def __init__(self, network: Network, recipe: Recipe) -> None:
        assert recipe.nearest is not None
        self.layer = ""
        self._taken: Arriving | None = None
        self._kept: Kept | None = None
        self._error: ExplorerError | None = None
        try:
            self._kept = kept(Path(recipe.nearest.index))
            check(network, self._kept.index.maker, recipe.filters)
            self.layer = self._kept.index.maker.layer
        except ExplorerError as error:
            self._error = error

    @property
    def features(self) -> Floats | None:
        """Those of the frame, float32 (n,), once it has gone through."""
        return None if self._taken is None else self._taken().numpy()

    def beside(self, reducers: Mapping[str, Reducer], network: Network, parcel: Parcel) -> dict[str, Reducer]:
        """Return ``reducers``, and that of the index's layer also takes the features, which come in the parcel."""
        from explorer.reduce import small

        layer = network.graph.by_id.get(self.layer)
        if layer is None:
            return dict(reducers)
        pool, inner = pooled(layer), reducers.get(layer.id) or small(layer)

        def both(output: Tensor) -> Reduced:
            self._taken = parcel.put(pool(output.detach()).clone())
            return inner(output)

        return {**reducers, layer.id: both}

    def taken_from(self, other: Nearby | None) -> bool:
        """Take the features of the same frame that are known already; return whether they, or none, are enough."""
        if self._error is None and other is not None and other.layer == self.layer:
            self._taken = other._taken
        return self._error is not None or self._taken is not None

    def answer(self, wish: Nearest) -> Neighbours:
        """Return the nearest pictures, or why there are none."""
        error = self._error
        if error is None and self._kept is not None:
            try:
                if (features := self.features) is None:
                    raise NetworkError(
                        N_("{layer} did not run for this picture: choose another picture or another index."),
                        layer=self.layer,
                    )
                return self._kept.neighbours(features, wish)
            except ExplorerError as problem:
                error = problem
        if self._kept is None:
            return Neighbours((), error=error)
        index = self._kept.index
        return Neighbours((), str(index.folder), self._kept.pictures, index.maker, error)
