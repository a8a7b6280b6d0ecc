"""The colours of an architecture's drawing, light and dark: a hue a family, told apart on both backgrounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_FILLED = 0.15
"""Share of its family's colour in the body of a box, which carries text."""


@dataclass(frozen=True)
class Palette:
    """Colours as ``#rrggbb``.

    Attributes:
        background: of the drawing.
        text, dim: of what is written in boxes.
        line: of frames and borders.
        edge: of lines that are neither residual nor concat.
        families: by key of ``graph.families.FAMILIES``.
    """

    background: str
    text: str
    dim: str
    line: str
    edge: str
    families: Mapping[str, str]

    def body(self, family: str) -> str:
        """Return the colour of a box; adds and concats are as strong as their lines."""
        colour = self.families[family]
        return colour if family in ("add", "concat") else mix(self.background, colour, _FILLED)

    def ink(self, family: str, dim: bool = False) -> str:
        """Return what is written in on a family's box."""
        if family in ("add", "concat"):
            return ink(self.families[family])
        return self.dim if dim else self.text


PALETTES: dict[str, Palette] = {
    "light": Palette(
        "#ffffff",
        "#1b1f27",
        "#4e5664",
        "#c6ccd8",
        "#8a93a3",
        {
            "input": "#3b4252",
            "convolution": "#1668dc",
            "linear": "#7c4ddb",
            "normalisation": "#7a8496",
            "activation": "#b8620a",
            "pooling": "#0f8577",
            "add": "#cf2358",
            "concat": "#1a7f37",
            "shape": "#8c6d46",
            "other": "#6b7a1c",
            "block": "#46556b",
        },
    ),
    "dark": Palette(
        "#1d2027",
        "#e7e9ee",
        "#a9b1bf",
        "#3d4453",
        "#7b8596",
        {
            "input": "#d5dae3",
            "convolution": "#4c9aff",
            "linear": "#b48cf5",
            "normalisation": "#8f99ab",
            "activation": "#f0a03e",
            "pooling": "#2fc4b2",
            "add": "#ff6b8b",
            "concat": "#4cc75f",
            "shape": "#bfa27a",
            "other": "#b3bf4a",
            "block": "#90a0b8",
        },
    ),
}


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of ``#rrggbb``, 0 … 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=256)
def mix(first: str, second: str, share: float) -> str:
    """Return the colour that is ``share`` (0 … 1) of the way from ``first`` to ``second``."""
    pairs = zip(channels(first), channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@lru_cache(maxsize=256)
def ink(colour: str) -> str:
    """Return black or white, whichever contrasts more with ``colour`` (WCAG 2's luminance)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in channels(colour))]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"
