"""The shipped digits as a LeNet-5 gets them, and how each is changed a little before it is learned from."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from explorer.training.archive import arrays, is_held_out
from explorer.zoo.card import Card
from explorer.zoo.course import LENET5

TURN, SHEAR, ZOOM, SHIFT = math.radians(12), 0.12, 0.10, 0.06
"""Augmentation, each uniform in ±: radians, ratio, ratio, share of the picture's side."""


def digits(card: Card = LENET5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the training pictures, their classes, the held-out pictures, their classes.

    Pictures are float32 (n, 1, 32, 32), prepared as the ``card`` of a LeNet-5 says; classes int64 (n,), 0 … 9.
    """
    raw, named = map(torch.from_numpy, arrays())
    wanted = card.preparation
    pictures = functional.pad(raw.unsqueeze(1).float() / 255, (wanted.pad,) * 4).sub_(*wanted.mean).div_(*wanted.std)
    held_out, classes = torch.from_numpy(is_held_out(len(named))), named.long()
    return pictures[~held_out], classes[~held_out], pictures[held_out], classes[held_out]


def augmented(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return ``pictures`` (n, 1, 32, 32), each turned, sheared, zoomed and shifted a little, the ground continued."""

    def within(limit: float) -> Tensor:
        return (torch.rand(len(pictures), generator=generator) * 2 - 1) * limit

    turn, shear, zoom = within(TURN), within(SHEAR), 1 + within(ZOOM)
    cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    # affine_grid measures shifts in half sides.
    rows = (cos, -sin + shear, within(2 * SHIFT), sin, cos, within(2 * SHIFT))
    matrices = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
