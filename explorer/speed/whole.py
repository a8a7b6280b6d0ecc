"""What runs a network for one frame in one piece, made beforehand for certain layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor


class Whole(Protocol):
    """A network's run as one piece of work, in which nothing can be watched any more."""

    def __call__(self, x: Tensor) -> tuple[Any, Mapping[str, Tensor]]:
        """Return what the network returned for ``x``, and the whole outputs of the wanted layers by their id.

        An output is what it was at the very call that made it, whatever a later op wrote into it.

        Args:
            x: (1, C, H, W), as the one that this was made with.
        """
