"""What is usual where a network's file does not say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.text import N_
from explorer.zoo.card import Preparation
from explorer.zoo.own.card import Remark

if TYPE_CHECKING:
    from torch import nn

SIDE = 224
"""Height and width of an input, cells, that leaves them open."""
SIDES = (SIDE, 32, 28, 227, 299, 64, 96, 128, 160, 192, 256, 320, 384, 448, 512)
"""Those that are usual, the most usual first."""
_MOST_NAMED = 12


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


def several(outputs: Sequence[str]) -> tuple[Remark, ...]:
    """Return what to tell of a network that answers with ``outputs``; nothing where it is one."""
    named = ", ".join(outputs[:_MOST_NAMED])
    sentence = N_("It answers with several tensors, of which one can be the output: {outputs}.")
    return (Remark(sentence, {"outputs": named}),) if len(outputs) > 1 else ()


def by_trial(module: nn.Module) -> tuple[tuple[int, int, int], tuple[Remark, ...]]:
    """Return the shape of the first usual input that ``module`` takes, and what a person should know of its answer.

    Args:
        module: run in eval mode on zeros; nobody else's, for what it changes of itself while it runs.
    """
    import torch
    from torch import nn

    from explorer.zoo.own.adapt import outputs

    module.eval()
    channels = next((one.in_channels for one in module.modules() if isinstance(one, nn.Conv2d)), 3)
    floats = (one for one in (*module.parameters(), *module.buffers()) if one.is_floating_point())
    like = next(floats, torch.zeros(()))
    with torch.inference_mode():
        for side in SIDES:
            try:
                returned = module(torch.zeros(1, channels, side, side, device=like.device, dtype=like.dtype))
            except Exception:  # noqa: BLE001 - a network raises what it likes at a size that is not its own
                continue
            return (channels, side, side), several(outputs(returned))
    return (channels, SIDE, SIDE), (Remark(N_("It ran at none of the usual input sizes: give its own.")),)
