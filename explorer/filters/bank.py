"""The named kernels: the lecture's four, and those of every textbook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import PersonError
from explorer.filters.filter import Filter, working
from explorer.filters.kernel import LARGEST, Kernel, Magnitude, Operator, Rows
from explorer.text import N_

Group = Literal["lecture", "smooth", "sharpen", "edges", "templates"]
GROUPS: dict[Group, str] = {
    "lecture": N_("The lecture's"),
    "smooth": N_("Smooth"),
    "sharpen": N_("Sharpen"),
    "edges": N_("Edges"),
    "templates": N_("Templates"),
}
"""What a person calls each group, marked for translation."""


@dataclass(frozen=True)
class Named:
    """An entry of the bank.

    Attributes:
        kernel: under the name that the bank knows it by.
        group: a key of ``GROUPS``.
        title: what a person calls it, marked for translation.
        note: what it does, marked for translation.
        source: where it comes from, marked for translation.
        signed: whether its results are of either sign around 0, so that clipping loses half of them.
    """

    kernel: Operator
    group: Group
    title: str
    note: str
    source: str
    signed: bool = False

    @property
    def filter(self) -> Filter:
        """The kernel as a person wants to see it first."""
        return Filter(self.kernel, signed=self.signed)


def gaussian(sigma: float, name: str = "") -> Kernel:
    """Return exp(−(x² + y²) ÷ 2σ²) out to 3σ, scaled so that it neither brightens nor darkens.

    Raises:
        PersonError: σ is not above 0, or the kernel would be larger than ``LARGEST`` cells.
    """
    most = (LARGEST // 2) / 3
    if not 0 < sigma <= most:
        raise PersonError(N_("σ cannot be {value}: it is above 0 and at most {most}."), value=sigma, most=f"{most:.3g}")
    reach = max(1, math.ceil(3 * sigma))
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    weights = np.outer(bell, bell)
    return Kernel(name, _rows(weights), float(1 / weights.sum()))


def unsharp(sigma: float, amount: float, name: str = "") -> Kernel:
    """Return the picture plus ``amount`` × what a Gaussian of ``sigma`` takes away from it; raises as ``gaussian``."""
    blur = gaussian(sigma)
    weights = -amount * blur.scale * np.array(blur.weights)
    weights[blur.anchor] += 1 + amount
    return Kernel(name, _rows(weights))


def motion(length: int, degrees: float, name: str = "") -> Kernel:
    """Return the mean over a line: what a camera that moves while it looks makes of a point.

    Args:
        length: of the line, cells; an even one becomes the odd one above.
        degrees: its direction, anticlockwise from the horizontal.
        name: the kernel's.

    Raises:
        PersonError: the length is outside 1 … ``LARGEST``.
    """
    if not 1 <= length <= LARGEST:
        raise PersonError(N_("The length cannot be {value}: it is from 1 to {most}."), value=length, most=LARGEST)
    reach = length // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = math.radians(degrees)
    along, across = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    # a cell counts by how near the line's middle passes it
    weights = np.clip(1 - np.abs(across), 0, 1) * np.clip(reach + 0.5 - np.abs(along) + 0.5, 0, 1)
    weights[weights < 1e-9] = 0.0
    return Kernel(name, _rows(weights), float(1 / weights.sum()))


def _rows(weights: NDArray[np.float64]) -> Rows:
    return tuple(map(tuple, weights.tolist()))


def _turned(name: str, kernel: Kernel) -> Kernel:
    """Return the kernel across: rows become columns."""
    return Kernel(name, tuple(zip(*kernel.weights, strict=True)), kernel.scale)


_SOBEL = Kernel("sobel-x", ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0)))
_PREWITT = Kernel("prewitt-x", ((-1.0, 0.0, 1.0),) * 3)
_SCHARR = Kernel("scharr-x", ((-3.0, 0.0, 3.0), (-10.0, 0.0, 10.0), (-3.0, 0.0, 3.0)))
_LINE = Kernel("line-vertical", ((-1.0, 2.0, -1.0),) * 3)

_LECTURE = N_("The lecture's slides on filters")
_TEMPLATE = N_("The lecture's slide on weights")
_GONZALEZ = "R. C. Gonzalez, R. E. Woods: Digital Image Processing"
_GRADIENTS = (
    (
        _SOBEL,
        "Sobel",
        N_("The slope from left to right, smoothed downwards with 1 2 1: vertical edges answer."),
        N_("The slope downwards, smoothed from left to right with 1 2 1: horizontal edges answer."),
        "I. Sobel, G. Feldman: A 3×3 Isotropic Gradient Operator for Image Processing, 1968",
    ),
    (
        _PREWITT,
        "Prewitt",
        N_("The slope from left to right, the mean of three rows: vertical edges answer."),
        N_("The slope downwards, the mean of three columns: horizontal edges answer."),
        "J. M. S. Prewitt: Object Enhancement and Extraction, 1970",
    ),
    (
        _SCHARR,
        "Scharr",
        N_("The slope from left to right, smoothed downwards so that slanting edges answer alike."),
        N_("The slope downwards, smoothed from left to right so that slanting edges answer alike."),
        "H. Scharr: Optimale Operatoren in der Digitalen Bildverarbeitung, 2000",
    ),
)
_TITLES = {
    "Sobel": (N_("Sobel, left to right"), N_("Sobel, downwards"), N_("Sobel, magnitude")),
    "Prewitt": (N_("Prewitt, left to right"), N_("Prewitt, downwards"), N_("Prewitt, magnitude")),
    "Scharr": (N_("Scharr, left to right"), N_("Scharr, downwards"), N_("Scharr, magnitude")),
}
_MAGNITUDE = N_("The length of both slopes, √(x² + y²): every edge answers, whatever its direction.")


def _gradients() -> tuple[Named, ...]:
    found = []
    for x, who, across, down, source in _GRADIENTS:
        y = _turned(x.name.replace("-x", "-y"), x)
        both = Magnitude(x.name.replace("-x", "-magnitude"), x, y)
        titles = _TITLES[who]
        found += [
            Named(x, "edges", titles[0], across, source, True),
            Named(y, "edges", titles[1], down, source, True),
            Named(both, "edges", titles[2], _MAGNITUDE, source),
        ]
    return tuple(found)


BANK: dict[str, Named] = {
    one.kernel.name: one
    for one in (
        Named(
            Kernel("blur-horizontal", ((1.0,) * 5,), 1 / 5),
            "lecture",
            N_("Horizontal blur"),
            N_("The mean of five pixels side by side: vertical edges blur, horizontal ones stay."),
            _LECTURE,
        ),
        Named(
            Kernel("blur-vertical", ((1.0,),) * 5, 1 / 5),
            "lecture",
            N_("Vertical blur"),
            N_("The mean of five pixels one above the other: horizontal edges blur, vertical ones stay."),
            _LECTURE,
        ),
        Named(
            Kernel("box", ((1.0,) * 5,) * 5, 1 / 25),
            "lecture",
            N_("Box filter"),
            N_("The mean of 5 × 5 pixels: blurs in every direction."),
            _LECTURE,
        ),
        Named(
            Kernel("sharpen", ((0.0, -1.0, 0.0), (-1.0, 8.0, -1.0), (0.0, -1.0, 0.0)), 1 / 4),
            "lecture",
            N_("Sharpen"),
            N_("Twice the pixel less the mean of its four neighbours: edges stand out."),
            _LECTURE,
        ),
        Named(
            Kernel("identity", ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))),
            "smooth",
            N_("Identity"),
            N_("The pixel itself: the picture stays as it is. A kernel to begin with."),
            _GONZALEZ,
        ),
        Named(
            gaussian(1.0, "gaussian"),
            "smooth",
            N_("Gaussian blur"),
            N_("A mean in which near pixels count more: blurs alike in every direction, here with σ = 1."),
            _GONZALEZ,
        ),
        Named(
            motion(9, 45.0, "motion"),
            "smooth",
            N_("Motion blur"),
            N_("The mean along a slanting line: as if the camera had moved while it looked."),
            _GONZALEZ,
        ),
        Named(
            unsharp(1.0, 1.0, "unsharp"),
            "sharpen",
            N_("Unsharp mask"),
            N_("The picture plus what a Gaussian blur (σ = 1) takes away from it: edges stand out."),
            _GONZALEZ,
        ),
        Named(
            Kernel("emboss", ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)), 1.0, 128.0),
            "sharpen",
            N_("Emboss"),
            N_("The pixel less its upper left neighbour, around a middle grey of 128: edges look like a relief."),
            N_("Pillow's ImageFilter.EMBOSS"),
        ),
        *_gradients(),
        Named(
            Kernel("laplacian", ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))),
            "edges",
            N_("Laplacian"),
            N_("Four neighbours less four times the pixel, the second slope: both sides of an edge answer."),
            _GONZALEZ,
            True,
        ),
        Named(
            Kernel("template", ((0.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0, 0.0)), 1 / 3),
            "templates",
            N_("Upright stroke"),
            N_("The lecture's window 010/010/010: answers most where three bright pixels stand above one another."),
            _TEMPLATE,
        ),
        Named(
            _LINE,
            "templates",
            N_("Vertical line"),
            N_("Answers where an upright line is brighter than both its sides; an even surface gives 0."),
            _GONZALEZ,
            True,
        ),
        Named(
            _turned("line-horizontal", _LINE),
            "templates",
            N_("Horizontal line"),
            N_("Answers where a level line is brighter than both its sides; an even surface gives 0."),
            _GONZALEZ,
            True,
        ),
        Named(
            Kernel("line-diagonal", ((-1.0, -1.0, 2.0), (-1.0, 2.0, -1.0), (2.0, -1.0, -1.0))),
            "templates",
            N_("Rising line"),
            N_("Answers where a line that rises to the right is brighter than both its sides."),
            _GONZALEZ,
            True,
        ),
        Named(
            Kernel("corner", ((-4.0, -4.0, -4.0), (-4.0, 5.0, 5.0), (-4.0, 5.0, 5.0)), 1 / 20),
            "templates",
            N_("Upper left corner"),
            N_("Answers where something bright has its upper left corner; turn it for the other three."),
            N_("The corner itself as a template, less its mean"),
            True,
        ),
    )
}
"""By name, in the order in which a person is shown them."""


def known(filters: Sequence[Filter]) -> str | None:
    """Return the name of the entry that these filters are, "" where they do nothing, None where they are others."""
    chain = working(tuple(filters))
    if not chain:
        return ""
    found = BANK.get(chain[0].name)
    return chain[0].name if found is not None and chain == (found.filter,) else None
