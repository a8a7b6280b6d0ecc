"""Local response normalisation as AlexNet's paper has it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE, ALPHA, BETA, K = 5, 1e-4, 0.75, 2.0
"""Krizhevsky, Sutskever, Hinton 2012, section 3.3: n, α, β, k."""


class ResponseNorm(nn.Module):
    """Each cell divided by the activity of the same cell in neighbouring maps: b = a / (k + α·Σa²)^β.

    The sum goes over n maps, its own in the middle, and fewer at the first and last maps. torch's ``alpha`` is divided
    by n, the paper's is not.
    """

    def __init__(self, groups: int = 1) -> None:
        """Normalise each of ``groups`` equal parts of the maps by itself."""
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised ``x`` (N, C, H, W)."""
        return (
            normalised(x) if self.groups == 1 else torch.cat([normalised(part) for part in x.chunk(self.groups, 1)], 1)
        )

    def extra_repr(self) -> str:
        """Return the arguments, for the module's printed form."""
        return f"groups={self.groups}"


def normalised(x: Tensor) -> Tensor:
    """Return ``x`` (N, C, H, W) normalised, at least in float32: squares of half precision overflow."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return functional.local_response_norm(wide, SIZE, SIZE * ALPHA, BETA, K).to(x.dtype)
