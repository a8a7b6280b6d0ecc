"""What is usual where a network's file does not say it."""

from __future__ import annotations

from explorer.zoo.card import Preparation

SIDE = 224
"""Height and width of an input, cells, that leaves them open."""


def preparation(input_chw: tuple[int, int, int], full: float = 1.0) -> Preparation:
    """Return the usual preparation for an input of a shape: ImageNet's for colour, plain values for anything else.

    Args:
        input_chw: the input's shape.
        full: what pixel value 255 becomes: 255 for a network that takes bytes, which subtracts its own mean.
    """
    channels, height, width = input_chw
    usual = channels == 3 and full == 1.0
    return Preparation(
        input_chw=input_chw,
        resize=round(min(height, width) * 256 / 224),
        interpolation="bilinear",
        mean=(0.485, 0.456, 0.406) if usual else (0.0,) * channels,
        std=(0.229, 0.224, 0.225) if usual else (1.0,) * channels,
        full=full,
    )
