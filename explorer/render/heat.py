"""An influence over the network's input as colours: laid over the picture, or as a picture for a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from explorer.render import colours as colour_maps
from explorer.render.export import write
from explorer.render.figure import GAP_RGB, figure, seen_part
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


STRONG = 99.0
"""Per cent of the cells that lie below the strongest colour: single cells far above the rest would hide it."""


def reach(heat: Floats) -> float:
    """Return the number that the strongest colour stands for: at least that; 1 for a heat of zeros."""
    sizes = np.abs(heat)
    return float(np.percentile(sizes, STRONG)) or float(sizes.max(initial=0.0)) or 1.0


def explained(heat: Floats, signed: bool, strength: float = 0.9) -> Bytes:
    """Return what is laid over the picture: uint8 RGBA (h, w, 4), the clearer the less a cell counts.

    Args:
        heat: float32 (h, w); 0 and more, or of either sign.
        signed: whether the diverging colours apply: blue against, red for.
        strength: how far a picture is hidden at most, 0 … 1.
    """
    share = np.clip(heat / np.float32(reach(heat)), -1, 1)
    rgba = np.empty((*heat.shape, 4), np.uint8)
    if signed:
        half = (LEVELS - 1) // 2
        rgba[..., :3] = colour_maps.DIVERGING[np.rint(share * half + half).astype(np.intp)]
    else:
        rgba[..., :3] = colour_maps.MAPS[COLOURS][np.rint(255 * share).astype(np.intp)]
    rgba[..., 3] = np.rint(255 * strength * np.sqrt(np.abs(share)))
    return rgba


def explained_png(
    heat: Floats, signed: bool, picture: Bytes, geometry: Geometry, title: str, note: str, path: Path | str
) -> None:
    """Write a heat over the part of the picture that the network sees, in grey, with its colour bar, as PNG.

    Args:
        heat: float32 (h, w) by cell of the network's input.
        signed: whether it tells for from against.
        picture: uint8 RGB (H, W, 3).
        geometry: the way from these cells to the picture.
        title, note: the caption.
        path: the file.

    Raises:
        ExportError: the file cannot be written.
    """
    seen = seen_part(picture, geometry).convert("L").convert("RGB")
    over = Image.fromarray(explained(heat, signed), "RGBA").resize(seen.size, Image.Resampling.BILINEAR)
    seen.paste(over, (0, 0), over)
    table = colour_maps.table(COLOURS, signed, GAP_RGB)
    end = f"{reach(heat):.3g}"
    page = figure(np.asarray(seen), table, title, note, [f"≤ -{end}", "0", f"≥ {end}"] if signed else ["0", f"≥ {end}"])
    write(path, lambda file: page.save(file, "PNG"))
