"""Stacks that are worth comparing, and the pairs in which they teach something."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from explorer.errors import NetworkError, nearest
from explorer.receptive.stack import Block, Stack
from explorer.text import N_

INPUT = (16, 32, 32)
"""Channels, rows and columns over which the presets stand at first."""


class Preset(NamedTuple):
    """A named stack.

    Attributes:
        title: marked for translation.
        blocks: makes the blocks for so many channels.
    """

    title: str
    blocks: Callable[[int], list[Block]]


def _conv(kernel: int, channels: int, dilation: int = 1, stride: int = 1, groups: int = 1, relu: bool = True) -> Block:
    """Return a convolution that keeps the size, but for its stride."""
    return Block("conv", kernel, stride, dilation * (kernel - 1) // 2, dilation, channels, groups, relu)


PRESETS: dict[str, Preset] = {
    "one-3x3": Preset(N_("One 3×3"), lambda c: [_conv(3, c)]),
    "one-5x5": Preset(N_("One 5×5"), lambda c: [_conv(5, c)]),
    "two-3x3": Preset(N_("Two 3×3"), lambda c: [_conv(3, c)] * 2),
    "one-7x7": Preset(N_("One 7×7"), lambda c: [_conv(7, c)]),
    "three-3x3": Preset(N_("Three 3×3"), lambda c: [_conv(3, c)] * 3),
    "dilated-3x3": Preset(N_("One 3×3, dilation 2"), lambda c: [_conv(3, c, 2)]),
    "two-dilated": Preset(N_("Two 3×3, dilation 2"), lambda c: [_conv(3, c, 2)] * 2),
    "dilation-1-2-4": Preset(N_("Three 3×3, dilation 1, 2, 4"), lambda c: [_conv(3, c, d) for d in (1, 2, 4)]),
    "pool-first": Preset(N_("2×2 max pooling, then 3×3"), lambda c: [Block("max pool", 2, 2), _conv(3, c)]),
    "pool-last": Preset(N_("3×3, then 2×2 max pooling"), lambda c: [_conv(3, c), Block("max pool", 2, 2)]),
    "strided": Preset(N_("3×3 with stride 2, then 3×3"), lambda c: [_conv(3, c, stride=2), _conv(3, c)]),
    "separable": Preset(
        N_("3×3 of each channel alone, then 1×1"), lambda c: [_conv(3, c, groups=c, relu=False), _conv(1, c)]
    ),
}
"""By name; the lecture's are one 3×3, one 5×5 and two 3×3.

Three for one: Simonyan and Zisserman 2015, section 2.3. Dilations that double: Yu and Koltun 2016. Each channel alone,
then 1×1: Howard et al. 2017.
"""
PAIRS: tuple[tuple[str, str], ...] = (
    ("one-5x5", "two-3x3"),
    ("one-3x3", "one-5x5"),
    ("one-7x7", "three-3x3"),
    ("one-5x5", "dilated-3x3"),
    ("two-dilated", "dilation-1-2-4"),
    ("two-3x3", "pool-first"),
    ("pool-last", "pool-first"),
    ("two-3x3", "strided"),
    ("one-3x3", "separable"),
)
"""What to lay side by side."""


def preset(name: str, input: tuple[int, int, int] = INPUT) -> Stack:
    """Return the stack called ``name`` over ``input``.

    Raises:
        NetworkError: no stack has that name, or it does not run over that input.
    """
    if name not in PRESETS:
        raise NetworkError(
            N_("There is no stack “{name}”: {nearest}, for example, or one as JSON."),
            name=name,
            nearest=", ".join(nearest(name, PRESETS) or list(PRESETS)[:3]),
        )
    return Stack(tuple(PRESETS[name].blocks(input[0])), input)
