"""Picture files of any common kind become uint8 RGB, upright, transparency on white."""

from __future__ import annotations

import logging
import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer.errors import SourceError
from explorer.sources import float_tiff
from explorer.text import N_
from explorer.values import Bytes, Frame

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF")
MOST_PIXELS = 120_000_000
"""More than the largest phone camera gives; 360 MB as RGB."""

# Pillow would refuse at its own limit without saying the size; ``decode`` checks MOST_PIXELS before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
# A picture with damaged notes (EXIF, tags) is still a picture: nothing that a person should read about.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# Without a handler anywhere Python would write Pillow's log on standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

# What Pillow's decoders raise on damaged files (found by damaging files of every format).
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError)
_DAMAGED = (*_DAMAGE, struct.error, zlib.error)

_NO_PICTURE = N_("{name} is not a picture that can be read: open a JPEG, PNG, WebP, BMP, TIFF or GIF file.")
_BROKEN = N_("{name} is damaged or cut off: get the file again, or open another picture.")
_TOO_LARGE = N_("{name} is {width} × {height} pixels, more than {most} million: make it smaller first.")


def read(path: str | os.PathLike[str]) -> Frame:
    """Return the picture in a file.

    Raises:
        SourceError: no such file, no permission, not a picture, damaged, or too large.
    """
    with open_file(path) as stream:
        return Frame(decode(stream, Path(path).name), Path(path).name)


class Refusals(NamedTuple):
    """What is said of a path where no file to read is: of a folder, of a device or pipe, of an empty file."""

    folder: str = N_("{name} is a folder: choose a picture in it.")
    device: str = N_("{name} is not a file: choose a picture file.")
    empty: str = N_("{name} is empty: open another picture.")


@contextmanager
def open_file(path: str | os.PathLike[str], refusals: Refusals = Refusals()) -> Iterator[BinaryIO]:  # noqa: B008
    """Open a file that a person chose, for reading.

    Args:
        path: where it is.
        refusals: what is said of what is no such file.

    Raises:
        SourceError: not a file, empty, not there, or not to be read.
    """
    name = os.fspath(path)
    try:
        if os.path.isdir(path):
            raise SourceError(refusals.folder, name=name)
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device would never end
            raise SourceError(refusals.device, name=name)
        stream = open(path, "rb")  # noqa: SIM115  (only its opening may fail as a SourceError here)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a null character in the name
        raise SourceError(N_("There is no file {name}: check the path."), name=name) from error
    except PermissionError as error:
        raise SourceError(N_("{name} may not be read: change the permissions of the file."), name=name) from error
    except OSError as error:
        raise SourceError(
            N_("{name} cannot be opened ({reason}): check the path and the disk."), name=name, reason=error.strerror
        ) from error
    with stream:
        if not os.fstat(stream.fileno()).st_size:
            raise SourceError(refusals.empty, name=name)
        yield stream


def small(path: str | os.PathLike[str], side: int) -> Bytes:
    """Return the picture in a file made small, uint8 RGB (h, w, 3), at most ``side`` px a side; raises as ``read``."""
    from explorer.cv import cv2

    with open_file(path) as stream:
        pixels = decode(stream, Path(path).name, side)
    shrink = side / max(pixels.shape[:2])
    if shrink >= 1:
        return pixels
    size = max(round(pixels.shape[1] * shrink), 1), max(round(pixels.shape[0] * shrink), 1)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def decode(stream: BinaryIO, name: str, least: int | None = None) -> Bytes:
    """Return the (first) picture in a stream as uint8 (H, W, 3), RGB.

    Args:
        stream: the file's bytes, seekable.
        name: what a person calls it.
        least: a side that is enough, px: a JPEG is then decoded to a half, a quarter or an eighth of its size.

    Raises:
        SourceError: not a picture, damaged, or larger than ``MOST_PIXELS``.
    """
    try:
        image: Image.Image = Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError as error:
        if float_tiff.size(stream):
            return _floats(stream, name)
        raise SourceError(_NO_PICTURE, name=name) from error
    except _DAMAGED as error:
        raise SourceError(_BROKEN, name=name) from error
    _check_size(name, image.size, MOST_PIXELS)
    try:
        if least is not None:
            image.draft("RGB", (least, least))
        image.load()
        _stand_upright(image)
        return _rgb(image)
    except MemoryError as error:
        raise SourceError(
            N_("{name} does not fit into memory: close other programs, or make it smaller."), name=name
        ) from error
    except _DAMAGED as error:
        raise SourceError(_BROKEN, name=name) from error


def _check_size(name: str, size: tuple[int, int], most: int) -> None:
    width, height = size
    if width * height > most:
        raise SourceError(_TOO_LARGE, name=name, width=width, height=height, most=most // 1_000_000)


def _floats(stream: BinaryIO, name: str) -> Bytes:
    """Return a TIFF of floats as uint8 (H, W, 3): scaled over all its channels as one deep channel is."""
    _check_size(
        name, float_tiff.size(stream) or (0, 0), MOST_PIXELS // 4
    )  # four bytes a value and more, instead of one
    values = float_tiff.values(stream)
    if values is None:
        raise SourceError(_BROKEN, name=name)
    count = values.shape[2]
    levels = _spread(values[:, :, :3] if count >= 3 else values[:, :, :1], *_float_range(values[:, :, :3]))
    if count == 4:
        opaque = np.clip(np.nan_to_num(values[:, :, 3:]), 0, 1)
        levels = levels * opaque + 255.0 * (1 - opaque)
    return np.repeat(np.rint(levels).astype(np.uint8), 3 // levels.shape[2], axis=2)


def _stand_upright(image: Image.Image) -> None:
    """Turn the picture as its EXIF orientation says; a picture with damaged EXIF stays as it is."""
    with suppress(*_DAMAGED):
        ImageOps.exif_transpose(image, in_place=True)


def _rgb(image: Image.Image) -> Bytes:
    """Return uint8 (H, W, 3); transparency lies on white, deeper values are scaled to 0 … 255."""
    if image.mode == "F" or image.mode.startswith("I"):
        grey = _eight_bits(image)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))  # a needless copy may be 400 MB


def _eight_bits(image: Image.Image) -> Bytes:
    """Scale a picture of one deep channel to uint8 (H, W).

    Sixteen bits (or as many as the file says) span their whole range; floats within 0 … 1 span that; anything else,
    where no range is agreed, spans its own minimum to maximum. Not finite: 0.
    """
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    bits = int(tags.get(258, (16,))[0])  # BitsPerSample
    low, high = _float_range(values) if image.mode == "F" else (float(values.min()), float(values.max()))
    if image.mode != "F" and low >= 0 and high <= 65535 and bits <= 16:
        low, high = 0.0, float(2**bits - 1)
    scaled = _spread(values, low, high)
    if tags.get(262) == 0:  # PhotometricInterpretation: white is zero
        scaled = 255.0 - scaled
    if (clear := image.info.get("transparency")) is not None:  # a PNG's one transparent grey
        scaled[values == clear] = 255.0
    return np.rint(scaled).astype(np.uint8)


def _float_range(values: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Return the range that floats span: 0 … 1 where they are within, else their own; only finite ones count."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _spread(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Return ``values`` as 0 … 255 from ``low`` to ``high``; those that are not finite as 0."""
    scaled = np.where(np.isfinite(values), values, low).astype(np.float64) - low
    if high > low:
        scaled *= 255.0
        scaled /= high - low
    return scaled
