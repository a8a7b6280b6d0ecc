"""Colour maps: uint8 levels to RGB, perceptually even, so that equal steps of a value look equal."""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from explorer.values import LEVEL_NAN, LEVELS, Bytes

NAN_RGB = (255, 0, 255)
"""Magenta: in none of the maps, so that a NaN can be mistaken for nothing else."""

_DARKEST, _LIGHTEST, _CHROMA = 0.44, 0.97, 0.155
_BLUE, _RED = np.deg2rad(256.0), np.deg2rad(25.0)


def _shipped(name: str) -> Bytes:
    """Return the colour map of ``resources/colours``: uint8 (256, 3)."""
    text = (resources.files("resources") / "colours" / f"{name}.txt").read_text("utf-8")
    colours = [bytes.fromhex(line) for line in text.splitlines() if line and not line.startswith(";")]
    return np.frombuffer(b"".join(colours), np.uint8).reshape(-1, 3)


def _oklab_to_srgb(lab: NDArray[np.float64]) -> Bytes:
    """Return uint8 sRGB of Oklab colours (..., 3); Ottosson 2020, "A perceptual color space for image processing"."""
    to_lms = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.707614701],
        ]
    )
    linear = np.clip((lab @ to_lms.T) ** 3 @ to_rgb.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: Bytes = np.rint(255 * encoded).astype(np.uint8)
    return rgb


def _diverging() -> Bytes:
    """Return blue, white, red: two straight lines of equal length in Oklab that meet at the middle level."""
    half = LEVELS // 2
    away = np.arange(-half, half + 1) / half
    hue = np.where(away < 0, _BLUE, _RED)
    lightness = _LIGHTEST - (_LIGHTEST - _DARKEST) * np.abs(away)
    chroma = _CHROMA * np.abs(away)
    return _oklab_to_srgb(np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1))


MAPS: dict[str, Bytes] = {
    "viridis": _shipped("viridis"),
    "magma": _shipped("magma"),
    "cividis": _shipped("cividis"),
    "grey": np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1),
}
"""Colours for maps without negative values, uint8 (256, 3), smallest first; the default leads."""

DIVERGING: Bytes = _diverging()
"""Colours for signed maps, uint8 (253, 3), one for each level; level 126, zero, is the neutral one."""


def table(name: str, signed: bool, gap_rgb: tuple[int, int, int]) -> Bytes:
    """Return the colour of every level, uint8 (256, 3).

    Args:
        name: a key of ``MAPS``; signed maps use ``DIVERGING`` whatever it is.
        signed: whether the levels are centred on zero.
        gap_rgb: colour between the maps.

    Returns:
        Levels 0 … 252 are data, 253 is unused, 254 is NaN or infinity, 255 a gap.
    """
    colours = np.empty((256, 3), np.uint8)
    colours[LEVELS:] = gap_rgb
    colours[LEVEL_NAN] = NAN_RGB
    colours[:LEVELS] = DIVERGING if signed else MAPS[name][np.rint(np.linspace(0, 255, LEVELS)).astype(int)]
    return colours
