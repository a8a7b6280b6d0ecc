"""Where a case's numbers come from when nobody types them: drawn by a seed, or cut from a picture."""

from __future__ import annotations

import random as randomness
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.arithmetic.case import MOST_NUMBERS, MOST_SIDE, Case, Kind, Pair, Shape
from explorer.arithmetic.numbers import Planes
from explorer.errors import PersonError
from explorer.text import N_
from explorer.values import Bytes


def random(
    kind: Kind, input_chw: Shape, seed: int, filters: int = 1, window: Pair = (3, 3), bias: bool = False, **more: Any
) -> Case:
    """Return a case of whole random numbers: 0 … 9 in the input, −2 … 2 as weights, −3 … 3 as biases.

    One seed gives the same numbers on every machine (Python keeps the sequence of ``random.Random.random``).

    Args:
        kind: as the case's.
        input_chw: channels, rows and columns of the input.
        seed: any whole number.
        filters: how many, of "conv" and "fc".
        window: rows and columns of a filter or pooling.
        bias: whether there are biases.
        more: the case's other attributes.

    Raises:
        PersonError: as the case itself.
    """
    groups = more.get("groups", 1)
    c, h, w = input_chw
    if not all(1 <= n <= MOST_SIDE for n in (*input_chw, filters, *window)) or c * h * w > MOST_NUMBERS:
        raise PersonError(
            N_(
                "There are too many numbers, or none: each size is from 1 to {most}, and the input holds {all} at most."
            ),
            most=MOST_SIDE,
            all=MOST_NUMBERS,
        )
    draw = randomness.Random(seed)

    def planes(shape: Shape, least: int, most: int) -> Planes:
        c, h, w = shape
        numbers = [float(least + int(draw.random() * (most - least + 1))) for _number in range(c * h * w)]
        return tuple(tuple(tuple(numbers[(z * h + y) * w : (z * h + y + 1) * w]) for y in range(h)) for z in range(c))

    values = planes(input_chw, 0, 9)
    if kind == "pool":
        return Case(kind, values, window=window, **more)
    shape = input_chw if kind == "fc" else (max(1, c // groups) if type(groups) is int and groups > 0 else c, *window)
    weights = tuple(planes(shape, -2, 2) for _filter in range(filters))
    return Case(kind, values, weights, planes((1, 1, filters), -3, 3)[0][0] if bias else (), **more)


def cut(pixels: Bytes, top: int, left: int, rows: int, columns: int, grey: bool = False) -> Planes:
    """Return a part of a picture as a case's input: three planes R, G, B of 0 … 255, or one of their grey.

    Args:
        pixels: uint8 (H, W, 3).
        top, left: the part's first row and column; moved so that it lies in the picture.
        rows, columns: its size; less where the picture is smaller.
        grey: one plane: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
    """
    height, width = pixels.shape[:2]
    rows, columns = min(rows, height, MOST_SIDE), min(columns, width, MOST_SIDE)
    top, left = min(max(top, 0), height - rows), min(max(left, 0), width - columns)
    part = pixels[top : top + rows, left : left + columns].astype(np.float64)
    stack = np.rint(part @ [[0.299], [0.587], [0.114]]) if grey else part
    return as_planes(stack.transpose(2, 0, 1))


def as_planes(array: NDArray[Any]) -> Planes:
    """Return numbers (C, H, W) as a case holds them."""
    return tuple(tuple(tuple(float(value) for value in row) for row in plane) for plane in array)
