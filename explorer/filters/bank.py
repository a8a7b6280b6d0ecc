"""The named kernels: the lecture's four."""

from __future__ import annotations

from explorer.filters.kernel import Kernel
from explorer.text import N_

KERNELS: dict[str, Kernel] = {
    kernel.name: kernel
    for kernel in (
        Kernel("blur-horizontal", ((1.0,) * 5,), 1 / 5),
        Kernel("blur-vertical", ((1.0,),) * 5, 1 / 5),
        Kernel("box", ((1.0,) * 5,) * 5, 1 / 25),
        Kernel("sharpen", ((0.0, -1.0, 0.0), (-1.0, 8.0, -1.0), (0.0, -1.0, 0.0)), 1 / 4),
    )
}

TITLES: dict[str, str] = {
    "blur-horizontal": N_("Horizontal blur"),
    "blur-vertical": N_("Vertical blur"),
    "box": N_("Box filter"),
    "sharpen": N_("Sharpen"),
}
"""What a person calls each kernel, marked for translation."""

NOTES: dict[str, str] = {
    "blur-horizontal": N_("The mean of five pixels side by side: vertical edges blur, horizontal ones stay."),
    "blur-vertical": N_("The mean of five pixels one above the other: horizontal edges blur, vertical ones stay."),
    "box": N_("The mean of 5 × 5 pixels: blurs in every direction."),
    "sharpen": N_("Twice the pixel less the mean of its four neighbours: edges stand out."),
}
"""What each kernel does, marked for translation."""
