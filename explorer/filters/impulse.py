"""What a filter, or a chain of them, makes of one bright pixel in the dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.errors import PersonError
from explorer.filters.bands import Doubles
from explorer.filters.filter import Filter, working
from explorer.filters.kernel import Magnitude, kernels
from explorer.text import N_

LARGEST_SIDE = 1023


@dataclass(frozen=True, eq=False)
class Impulse:
    """An impulse response.

    Attributes:
        values: float64 (h, w): what a pixel of 1 becomes; scales count, offsets, borders, rounding and clipping do not.
        anchor: row and column in ``values`` of where that pixel was.
        linear: whether it tells what becomes of any picture: not where a magnitude is in the chain.
        stride: of all filters together: only every so many-th value is in the result.
    """

    values: Doubles
    anchor: tuple[int, int]
    linear: bool = True
    stride: int = 1


def response(filters: Sequence[Filter]) -> Impulse:
    """Return the impulse response of the filters that are switched on, one after another.

    A correlation answers with its kernel turned by 180°, a true convolution with the kernel itself. A filter after one
    of stride s has its cells s pixels apart on the picture, as if it were dilated.

    Raises:
        PersonError: it is larger than ``LARGEST_SIDE`` a side.
    """
    found, stride = Impulse(np.ones((1, 1)), (0, 0)), 1
    for one in working(tuple(filters)):
        found = _through(found, one, stride)
        stride *= one.stride
    return Impulse(found.values, found.anchor, found.linear, stride)


def _through(before: Impulse, one: Filter, apart: int) -> Impulse:
    """Return what ``one`` makes of a response whose values its window reads ``apart`` pixels from one another."""
    (high, wide), (row, column) = ([(side - 1) * apart + 1 for side in one.extent], [c * apart for c in one.anchor])
    h, w = before.values.shape[0] + high - 1, before.values.shape[1] + wide - 1
    if max(h, w) > LARGEST_SIDE:
        raise PersonError(
            N_("The impulse response is {width} × {height} pixels, too large to draw: use smaller kernels or strides."),
            width=w,
            height=h,
        )
    answers, step = [], one.dilation * apart
    for kernel, weights in zip(kernels(one.kernel), one.weights, strict=True):
        answer = np.zeros((h, w))
        # the pixel under cell (i, j) of the window gets weight (i, j): the kernel comes out turned by 180°
        for (i, j), weight in np.ndenumerate(weights):
            if weight:
                y, x = high - 1 - i * step, wide - 1 - j * step
                answer[y : y + before.values.shape[0], x : x + before.values.shape[1]] += weight * before.values
        answers.append(answer * kernel.scale)
    values = answers[0] if len(answers) == 1 else np.hypot(*answers)
    anchor = before.anchor[0] + high - 1 - row, before.anchor[1] + wide - 1 - column
    return Impulse(values, anchor, before.linear and not isinstance(one.kernel, Magnitude))
