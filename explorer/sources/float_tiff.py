"""TIFF files of floating-point numbers that Pillow does not know: several channels, or double precision."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

_MAGIC = (b"II*\0", b"MM\0*")
_WIDTH, _HEIGHT, _SAMPLE_FORMAT = 256, 257, 339
_FLOAT = 3
"""What TIFF 6.0, section 19, calls IEEE floating point."""


def size(stream: BinaryIO) -> tuple[int, int] | None:
    """Return width and height of such a file, px; None for any other.

    Args:
        stream: the file's bytes, seekable; read from its beginning.
    """
    stream.seek(0)
    header = stream.read(8)
    if header[:4] not in _MAGIC or len(header) < 8:
        return None
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(header)
        stream.seek(tags.next)
        tags.load(stream)
        formats = tags.get(_SAMPLE_FORMAT, ())
        kinds = set(formats if isinstance(formats, tuple) else (formats,))
        return (int(tags[_WIDTH]), int(tags[_HEIGHT])) if kinds == {_FLOAT} else None
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return None  # damaged


def values(stream: BinaryIO) -> NDArray[np.floating[Any]] | None:
    """Return the numbers as (H, W, C): grey, RGB or RGBA; None where the file is damaged."""
    from explorer.cv import cv2  # takes a third of a second to load, for a kind of file that is seldom met

    stream.seek(0)
    try:
        found: Any = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.dtype.kind != "f":
        return None
    found = found if found.ndim == 3 else found[:, :, None]
    if found.shape[2] >= 3:  # OpenCV begins with blue
        found = found[:, :, [2, 1, 0, *range(3, found.shape[2])]]
    array: NDArray[np.floating[Any]] = found
    return array
