"""An influence over the network's input as colours: laid over the picture, or as a picture for a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.render import colours as colour_maps
from explorer.render.export import write
from explorer.render.figure import GAP_RGB, figure
from explorer.values import LEVELS, Bytes, Floats, Geometry

COLOURS = "magma"
_OPAQUE, _SOON = 225, 1.5
"""How far a picture is hidden at most, and by how much sooner than by the root of the heat."""
Cells = tuple[int, int, int, int]


def levels(heat: Floats) -> Bytes:
    """Return a heat, float32 (h, w) of 0 and more, as uint8 levels (h, w): in proportion, the greatest is 252."""
    greatest = float(heat.max(initial=0.0))
    if greatest == 0:
        return np.zeros(heat.shape, np.uint8)
    found: Bytes = np.rint(heat / np.float32(greatest) * np.float32(LEVELS - 1)).astype(np.uint8)
    return found


def over_picture(
    heat: Floats, geometry: Geometry, cells: Cells | None = None
) -> tuple[Bytes, tuple[float, float, float, float]]:
    """Return a heat as what is laid over the picture.

    Args:
        heat: float32 (h, w), by cell of the network's input.
        geometry: the way from these cells to the picture.
        cells: [y0, x0, y1, x1] outside of which the heat is zero; None for all.

    Returns:
        uint8 RGBA (h', w', 4) of these cells by the root of their heat, the clearer the less they count, and where they
        lie: [y0, x0, y1, x1] in the picture's pixels.
    """
    y0, x0, y1, x1 = cells or (0, 0, *heat.shape)
    root = np.sqrt(levels(heat)[y0:y1, x0:x1] / (LEVELS - 1))  # in proportion, all but the centre would hardly show
    rgba = np.empty((*root.shape, 4), np.uint8)
    rgba[..., :3] = colour_maps.MAPS[COLOURS][np.rint(255 * root).astype(int)]
    rgba[..., 3] = np.rint(_OPAQUE * np.minimum(1, _SOON * root))
    return rgba, geometry.to_picture((y0, x0, y1, x1))


def heat_png(heat: Floats, cells: Cells | None, title: str, note: str, path: Path | str) -> None:
    """Write a heat with its colour bar as PNG.

    Args:
        heat: float32 (h, w).
        cells: [y0, x0, y1, x1], the part that is shown; None for all.
        title, note: the caption.
        path: the file.

    Raises:
        ExportError: the file cannot be written.
    """
    y0, x0, y1, x1 = cells or (0, 0, *heat.shape)
    table = colour_maps.table(COLOURS, False, GAP_RGB)
    page = figure(levels(heat)[y0:y1, x0:x1], table, title, note, ["0", "50 %", "100 %"])
    write(path, lambda file: page.save(file, "PNG"))
