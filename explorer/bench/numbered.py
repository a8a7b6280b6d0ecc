"""Pictures that show their own number in black and white cells, which survive JPEG, scaling and the screen.

Two rows in the middle of the picture, which every network's crop keeps: the number's lowest bits, and the same bits
turned round, so that half a picture, or none at all, is not taken for a number.
"""

from __future__ import annotations

import numpy as np

from explorer.cv import cv2
from explorer.values import Bytes

BITS = 12
COUNT = 1 << BITS
SIZE_HW = (240, 320)
CELL_HW = (24, 16)
TOP, LEFT = (SIZE_HW[0] - 2 * CELL_HW[0]) // 2, (SIZE_HW[1] - BITS * CELL_HW[1]) // 2
QUALITY = 85


def picture(number: int) -> Bytes:
    """Return picture ``number``, uint8 (H, W, 3): grey waves, and the cells of ``number`` modulo ``COUNT``."""
    y, x = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    grey = 128 + 60 * np.sin(x / 9) * np.cos(y / 13)
    pixels = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    h, w = CELL_HW
    for bit in range(BITS):
        for row in (0, 1):
            light = (number >> bit & 1) != row
            top, left = TOP + row * h, LEFT + bit * w
            pixels[top : top + h, left : left + w] = 255 * light
    return pixels


def jpeg(number: int) -> bytes:
    """Return picture ``number`` as a JPEG file."""
    done, data = cv2.imencode(".jpg", picture(number), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return data.tobytes()


def middles() -> list[tuple[float, float]]:
    """Return (y, x) of the middle of every cell in the picture, the number's own bits first, the lowest first."""
    h, w = CELL_HW
    return [(TOP + (row + 0.5) * h, LEFT + (bit + 0.5) * w) for row in (0, 1) for bit in range(BITS)]


def number(greys: list[int]) -> int | None:
    """Return the number, modulo ``COUNT``, whose cells have these grey values; None where they are no number's."""
    light = [grey > 127 for grey in greys]
    if any(one == other for one, other in zip(light[:BITS], light[BITS:], strict=True)):
        return None
    return sum(1 << bit for bit, one in enumerate(light[:BITS]) if one)


def after(last: int, code: int) -> int:
    """Return the first number from ``last`` on whose cells say ``code``."""
    return last + (code - last) % COUNT
