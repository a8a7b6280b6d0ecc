"""The lecture's examples, each with the lecture's figure, ours, and the reason where they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from explorer.arithmetic.case import Case, Doubles, PoolKind, Shape
from explorer.arithmetic.counts import Plan, count, layer
from explorer.arithmetic.inputs import as_planes, random
from explorer.arithmetic.numbers import planes, shown
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.trace import output, trace
from explorer.errors import PersonError, nearest
from explorer.text import N_

Subject = Case | Plan | Shift


class Figure(NamedTuple):
    """One figure of the lecture beside ours.

    Attributes:
        what: marked for translation.
        lecture: as the lecture shows it; "" where it shows none.
        ours: worked from the preset.
        why: why they differ, or what the lecture leaves open; marked for translation, "" where there is nothing to say.
    """

    what: str
    lecture: str
    ours: str
    why: str

    @property
    def agrees(self) -> bool:
        """Whether the lecture shows the same."""
        return self.lecture == self.ours


class Claim(NamedTuple):
    """A figure before it is worked: as ``Figure``, with what works ``ours`` from the preset's subject."""

    what: str
    lecture: str
    ours: Callable[[Any], str]
    why: str = ""


@dataclass(frozen=True)
class Preset:
    """One example.

    Attributes:
        title: marked for translation.
        about: a sentence or two on what it shows, marked for translation.
        make: makes the subject.
        claims: the lecture's figures and how ours are worked.
    """

    title: str
    about: str
    make: Callable[[], Subject]
    claims: tuple[Claim, ...]

    @cached_property
    def subject(self) -> Subject:
        """The case, the network whose weights are counted, or the picture that moves."""
        return self.make()

    @property
    def page(self) -> str:
        """Where it opens: "conv", "pool", "fc", "weights" or "shift"."""
        subject = self.subject
        return subject.kind if isinstance(subject, Case) else "weights" if isinstance(subject, Plan) else "shift"

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The lecture's figures beside ours, worked on the subject as it is here."""
        return tuple(Figure(one.what, one.lecture, one.ours(self.subject), one.why) for one in self.claims)


def text(plane: Doubles) -> str:
    """Return rows of numbers in a line, as "42 56; 17 95"."""
    return "; ".join(" ".join(map(shown, row)) for row in plane)


def _map(number: int, case: Case) -> str:
    return text(output(case)[number])


def _size(case: Case) -> str:
    k, h, w = case.output_chw
    return f"{k}×{h}×{w}"


def _sum(x: int, case: Case) -> str:
    return trace(case, (0, 0, x)).lecture


def _formula(case: Case) -> str:
    return case.fits[0].formula


def _worked(case: Case) -> str:
    return case.fits[0].worked


def _counted(plan: Plan) -> str:
    return count(plan).worked


def _changed(shift: Shift) -> str:
    return str(len(shift.changed))


def _first_plane(case: Case) -> str:
    return text(case.input_array[0])


def _matrix(case: Case) -> str:
    return " × ".join(map(str, case.matrix.shape))


def _vector(case: Case) -> str:
    return " ".join(map(shown, case.input_array.ravel()))


_Y1 = "y1 = w1x1 + w2x2 + w4x4 + w5x5 + w10x10 + w11x11 + w13x13 + w14x14 + w19x19 + w20x20 + w22x22 + w23x23"
_Y2 = "y2 = w1x2 + w2x3 + w4x5 + w5x6 + w10x11 + w11x12 + w13x14 + w14x15 + w19x20 + w20x21 + w22x23 + w23x24"
"""The lecture writes the first four terms of the second; the others follow."""

INPUT = ([[9, 4, 0], [1, 9, 0], [1, 8, 9]], [[0, 8, 6], [4, 3, 0], [4, 6, 8]], [[1, 8, 4], [1, 3, 6], [5, 3, 9]])
FILTERS = (
    ([[3, 0], [3, 1]], [[-1, -2], [0, 1]], [[3, 1], [-1, 2]]),
    ([[2, 0], [0, 0]], [[-1, -1], [0, 1]], [[-1, 0], [-1, 2]]),
)
"""Found by a search, so that the input has the lecture's two maps, whose own numbers are lost."""
FOUR = "0 1 0 1 0\n0 1 0 1 0\n0 1 1 1 0\n0 0 0 1 0\n0 0 0 1 0"
LINE = "0 1 0\n0 1 0\n0 1 0"
VECTOR = "3 2 5 6 2 3 4 2 4 3 9 6 4 5 1 1 3 3 2 7 4 3 1 1 3 9 1"
MAX_POOLED = "29 15 28 184\n0 100 70 38\n12 12 7 2\n12 12 45 6"
AVERAGE_POOLED = "31" + MAX_POOLED[2:]


def _lecture_case(filters: int) -> Case:
    return Case("conv", as_planes(np.array(INPUT)), tuple(as_planes(np.array(one)) for one in FILTERS[:filters]))


def _seven(stride: int, padding: int = 0, dilation: int = 1) -> Case:
    return random("conv", (1, 7, 7), 7, stride=(stride,) * 2, padding=(padding,) * 4, dilation=(dilation,) * 2)


def _photo(filters: int) -> Case:
    return random("conv", (3, 32, 32), 32, filters, (5, 5))


def _template() -> Case:
    return Case("conv", planes(FOUR, ""), (planes(LINE, ""),))


def _pooled(numbers: str, pool: PoolKind) -> Case:
    return Case("pool", planes(numbers, ""), pool=pool, stride=(2, 2))


def _dense() -> Case:
    numbers = np.array(list(map(float, VECTOR.split())))
    return replace(random("fc", (3, 3, 3), 10, 10), input=as_planes(numbers.reshape(3, 3, 3)))


def _four(down: int, right: int) -> Shift:
    return Shift(planes(FOUR, "")[0], planes(LINE, "")[0], (down, right))


def _plan(input: Shape, layers: str) -> Plan:
    return Plan(input, tuple(map(layer, layers.split())))


_SIZE = N_("size of the output")
_ALONG = N_("rows, and columns, of the output")
_MAP = N_("activation map")
_WEIGHTS = N_("weights")
_CONSTRUCTED = N_("The lecture shows the maps alone: input and filters were constructed so that they give them.")
_GREY, _RGB = (1, 224, 224), (3, 224, 224)
_CONVS = "conv3-128 conv3-256 conv3-512"
_CLASSIFIER = "global fc-1024 fc-1000"
_DENSE = "50176·1024 + 1024·2048 + 2048·4096 + 4096·1000 = 65,961,984"
_AS_IT_COUNTS = "9·128 + 9·256 + 9·512 + 1024·1000 = 1,032,064"
_SEES_ALL = N_(
    "The lecture counts 9 weights a filter, as if it saw one channel; it has 9 for each channel that it is given."
)
_HEAD = N_(
    "The lecture counts 9 weights a filter, as if it saw one channel; it has 9 for each channel that it is given. "
    "It leaves out how 512 channels become 1024 numbers: here each is averaged to one, and 512·1024 weights follow."
)

PRESETS: dict[str, Preset] = {
    "one-filter": Preset(
        N_("One filter over three channels"),
        N_("A 3×3×3 input and one 3×2×2 filter give a 1×2×2 map; a w carries the number of the x that it meets first."),
        partial(_lecture_case, 1),
        (
            Claim(_SIZE, "1×2×2", _size),
            Claim(N_("first value"), _Y1, partial(_sum, 0)),
            Claim(N_("second value"), _Y2, partial(_sum, 1)),
        ),
    ),
    "two-filters": Preset(
        N_("Two filters, two maps"),
        N_("Each filter makes a map of its own from the same input."),
        partial(_lecture_case, 2),
        (
            Claim(N_("first map"), "42 56; 17 95", partial(_map, 0), _CONSTRUCTED),
            Claim(N_("second map"), "17 \N{MINUS SIGN}5; 1 35", partial(_map, 1), _CONSTRUCTED),
        ),
    ),
    "one-of-5x5x3": Preset(
        N_("3×32×32, one 3×5×5 filter"),
        N_("One filter slides over all places of a colour picture: 28 of 32, as 5×5 does not fit over the edges."),
        partial(_photo, 1),
        (Claim(_SIZE, "1×28×28", _size),),
    ),
    "six-of-5x5x3": Preset(
        N_("3×32×32, six 3×5×5 filters"),
        N_("Six filters make six maps: a new picture of six channels."),
        partial(_photo, 6),
        (Claim(_SIZE, "6×28×28", _size),),
    ),
    "stride-1": Preset(
        N_("7×7, 3×3, stride 1"),
        N_("The window moves by one cell."),
        partial(_seven, 1),
        (Claim(N_("formula"), "(N − F)/stride + 1", _formula), Claim(_ALONG, "(7 − 3)/1 + 1 = 5", _worked)),
    ),
    "stride-2": Preset(
        N_("7×7, 3×3, stride 2"),
        N_("The window moves by two cells."),
        partial(_seven, 2),
        (Claim(_ALONG, "(7 − 3)/2 + 1 = 3", _worked),),
    ),
    "stride-3": Preset(
        N_("7×7, 3×3, stride 3"),
        N_("The window moves by three cells and does not come out even."),
        partial(_seven, 3),
        (
            Claim(_ALONG, "(7 − 3)/3 + 1 = 2.33", _worked),
            Claim(
                _SIZE,
                "",
                _size,
                N_("The lecture stops at 2.33; frameworks round down, and the last row and column are never seen."),
            ),
        ),
    ),
    "padding-1": Preset(
        N_("7×7, 3×3, padding 1"),
        N_("A ring of zeros around the input keeps its size."),
        partial(_seven, 1, 1),
        (Claim(_SIZE, "1×7×7", _size),),
    ),
    "padding-1-stride-2": Preset(
        N_("7×7, 3×3, padding 1, stride 2"),
        N_("With padding the window stands on the corners too."),
        partial(_seven, 2, 1),
        (Claim(_SIZE, "", _size, N_("The lecture shows the map without its size: it follows from the formula.")),),
    ),
    "dilation-2": Preset(
        N_("7×7, 3×3, dilation 2"),
        N_("The window's nine weights lie two cells apart and span 5×5."),
        partial(_seven, 1, 0, 2),
        (Claim(_SIZE, "", _size, N_("Of dilation the lecture has the heading alone.")),),
    ),
    "template": Preset(
        N_("A line as a template"),
        N_("A 3×3 window answers most where the 5×5 picture looks like it: three bright cells above one another."),
        _template,
        (Claim(_MAP, "", partial(_map, 0), N_("The lecture shows the picture and the window alone.")),),
    ),
    "max-pooling": Preset(
        N_("Max pooling 2×2"),
        N_("Of each four numbers the largest."),
        partial(_pooled, MAX_POOLED, "max"),
        (Claim(_MAP, "100 184; 12 45", partial(_map, 0)),),
    ),
    "average-pooling": Preset(
        N_("Average pooling 2×2"),
        N_("Of each four numbers the average."),
        partial(_pooled, AVERAGE_POOLED, "average"),
        (
            Claim(
                _MAP,
                "36 80; 12 15",
                partial(_map, 0),
                N_(
                    "(31 + 15 + 0 + 100) / 4 is 36.5. With 29 in the corner, as in the lecture's max pooling, it is "
                    "36: perhaps a misprint."
                ),
            ),
        ),
    ),
    "average-pooling-29": Preset(
        N_("Average pooling 2×2, with 29"),
        N_("The average of the numbers of the max pooling."),
        partial(_pooled, MAX_POOLED, "average"),
        (Claim(_MAP, "36 80; 12 15", partial(_map, 0)),),
    ),
    "fully-connected": Preset(
        N_("3×3×3 picture, 27 numbers, 10 outputs"),
        N_(
            "The picture is laid out as one vector x, and each output is a row of W times x; the numbers of W are ours."
        ),
        _dense,
        (
            Claim(N_("size of W"), "10 × 27", _matrix),
            Claim(N_("the vector"), VECTOR, _vector),
            Claim(
                N_("a plane of the picture"),
                "3 3 2; 2 9 1; 2 5 1",
                _first_plane,
                N_(
                    "No regular flattening makes the lecture's vector of the plane that it shows. The vector is kept "
                    "here, and laid out plane by plane, row by row, as PyTorch flattens."
                ),
            ),
        ),
    ),
    "small-network": Preset(
        N_("16 inputs, 4 hidden nodes, 2 outputs"),
        N_("Each node has one weight for each number that it is given."),
        partial(_plan, (1, 4, 4), "fc-4 fc-2"),
        (Claim(_WEIGHTS, "16·4 + 4·2 = 72", _counted, N_("Without biases, of which there would be 6.")),),
    ),
    "dense-224": Preset(
        N_("A 224×224 picture, fully connected"),
        N_("Hidden layers of 1024, 2048 and 4096 nodes, then 1000 classes."),
        partial(_plan, _GREY, "fc-1024 fc-2048 fc-4096 fc-1000"),
        (Claim(_WEIGHTS, _DENSE, _counted, N_("One channel, without biases, of which there would be 8,168.")),),
    ),
    "conv-lecture": Preset(
        N_("Three convolutions, as the lecture counts"),
        N_("9 weights a filter, whatever it sees, and a last layer from 1024 numbers that nothing makes."),
        partial(_plan, _GREY, "conv3-128@1 conv3-256@1 conv3-512@1 fc-1000@1024"),
        (Claim(_WEIGHTS, _AS_IT_COUNTS, _counted),),
    ),
    "conv-grey": Preset(
        N_("The three convolutions alone, grey picture"),
        N_("Every filter sees all channels that it is given; no biases, no classes yet."),
        partial(_plan, _GREY, _CONVS),
        (Claim(_WEIGHTS, _AS_IT_COUNTS, _counted, _SEES_ALL),),
    ),
    "conv-rgb": Preset(
        N_("The three convolutions alone, RGB picture"),
        N_("Three channels instead of one triple the weights of the first layer alone."),
        partial(_plan, _RGB, _CONVS),
        (Claim(_WEIGHTS, _AS_IT_COUNTS, _counted, _SEES_ALL),),
    ),
    "conv-grey-classes": Preset(
        N_("The three convolutions and the classes, grey picture"),
        N_("The 512 maps are averaged, then 512→1024→1000 fully connected; no biases."),
        partial(_plan, _GREY, f"{_CONVS} {_CLASSIFIER}"),
        (Claim(_WEIGHTS, _AS_IT_COUNTS, _counted, _HEAD),),
    ),
    "conv-rgb-classes": Preset(
        N_("The three convolutions and the classes, RGB picture"),
        N_("The same from three channels."),
        partial(_plan, _RGB, f"{_CONVS} {_CLASSIFIER}"),
        (Claim(_WEIGHTS, _AS_IT_COUNTS, _counted, _HEAD),),
    ),
    "shift": Preset(
        N_("A figure that moves by one column"),
        N_("To fully connected nodes a moved figure is a new one; the map of a convolution only moves with it."),
        partial(_four, 0, 1),
        (
            Claim(
                N_("inputs that change"),
                "20",
                _changed,
                N_("The lecture counts 20 on a picture that is lost; its figure of 5×5 cells, shown here, changes 14."),
            ),
        ),
    ),
}
"""By name."""


def preset(name: str) -> Preset:
    """Return the preset of that name.

    Raises:
        PersonError: there is none; the nearest are named.
    """
    if name not in PRESETS:
        raise PersonError(
            N_("There is no example “{name}”; there are: {names}."),
            name=name[:40],
            names=", ".join(nearest(name, PRESETS) or PRESETS),
        )
    return PRESETS[name]
