"""A ``.npy`` array that goes to the network unprepared, with pixels that only picture it."""

from __future__ import annotations

import os
import tokenize
from pathlib import Path

import numpy as np

from explorer.errors import SourceError
from explorer.sources.picture import open_file
from explorer.text import N_
from explorer.values import Bytes, Floats, Frame

MOST_VALUES = 300_000_000
"""1.2 GB as float32."""


def read(path: str | os.PathLike[str]) -> Frame:
    """Return the array in a ``.npy`` file; nothing in the file is ever executed (no pickle).

    Raises:
        SourceError: no such file, not such an array, or its dtype or shape does not fit.
    """
    name = Path(path).name
    with open_file(path):
        pass
    array = _load(path, name)
    return Frame(picture(array), name, array=array)


def picture(array: Floats) -> Bytes:
    """Return uint8 (h, w, 3) that pictures an array (C, h, w) from its minimum (0) to its maximum (255).

    Three channels are shown as R, G, B; any other number as the grey of their mean. Not finite: 0.
    """
    planes = array.astype(np.float64) if len(array) == 3 else array.astype(np.float64).mean(axis=0, keepdims=True)
    finite = np.isfinite(planes)
    low, high = (planes[finite].min(), planes[finite].max()) if finite.any() else (0.0, 0.0)
    scaled = (np.where(finite, planes, low) - low) * 255.0 / (high - low if high > low else 1.0)
    return np.repeat(np.rint(scaled).astype(np.uint8), 3 // len(planes), axis=0).transpose(1, 2, 0).copy()


def _load(path: str | os.PathLike[str], name: str) -> Floats:
    try:
        mapped = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError, SyntaxError, TypeError, OverflowError, tokenize.TokenError) as error:
        raise SourceError(
            N_("{name} is not an array of numbers that can be read: write one array with numpy.save, without pickle."),
            name=name,
        ) from error
    if mapped.dtype.kind not in "fiub":
        raise SourceError(
            N_("{name} holds {dtype} values: save it as float32 before."), name=name, dtype=str(mapped.dtype)
        )
    shape = mapped.shape[1:] if mapped.ndim == 4 and mapped.shape[0] == 1 else mapped.shape
    if len(shape) != 3 or mapped.size == 0:
        raise SourceError(
            N_("{name} has the shape {shape}: save one picture as (channels, height, width)."),
            name=name,
            shape=" × ".join(map(str, mapped.shape)) or "()",
        )
    if mapped.size > MOST_VALUES:
        raise SourceError(
            N_("{name} holds {count} values, more than {most}: save a smaller array."),
            name=name,
            count=mapped.size,
            most=MOST_VALUES,
        )
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, and shows as such
        return np.array(mapped.reshape(shape), dtype=np.float32, order="C")
