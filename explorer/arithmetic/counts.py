"""How many weights a network has, worked from a description of its layers and under stated assumptions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple, get_args

from explorer.arithmetic.case import Shape
from explorer.errors import PersonError
from explorer.text import N_, _

Kind = Literal["conv", "fc", "maxpool", "global"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 100_000
"""Of channels, nodes, rows and columns."""
MOST_KERNEL = 63
MOST_LAYERS = 64


@dataclass(frozen=True)
class Layer:
    """One layer, as a configuration table writes it (Simonyan and Zisserman 2015, table 1): "conv3-128", "fc-1000".

    Attributes:
        kind: "conv" keeps rows and columns (stride 1, padded); "fc" sees every number of what it is given; "maxpool"
            halves rows and columns; "global" makes one number of each channel (global average pooling).
        outputs: channels of "conv", nodes of "fc"; 0 of the others.
        kernel: rows and columns of each filter of "conv"; 0 of the others.
        inputs: channels (of "fc": numbers) that it is counted with, whatever it is given; None for those it is given.

    Raises:
        PersonError: a number that cannot be.
    """

    kind: Kind
    outputs: int = 0
    kernel: int = 0
    inputs: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _no_layer(str(self.kind))
        weighed = self.kind in ("conv", "fc")
        for name, value, least, most in (
            (N_("Outputs"), self.outputs, *((1, MOST) if weighed else (0, 0))),
            (N_("Kernel"), self.kernel, *((1, MOST_KERNEL) if self.kind == "conv" else (0, 0))),
            (N_("Inputs"), 1 if self.inputs is None else self.inputs, 1, MOST if weighed else 1),
        ):
            if type(value) is not int or not least <= value <= most:
                raise PersonError(
                    N_("{name} cannot be {value}: it is a whole number from {least} to {most}."),
                    name=_(name),
                    value=str(value)[:40],
                    least=least,
                    most=most,
                )

    @property
    def text(self) -> str:
        """The layer as ``layer`` reads it: "conv3-128", and with other inputs than it is given "conv3-128@1"."""
        name = f"{self.kind}{self.kernel or ''}" + (f"-{self.outputs}" if self.outputs else "")
        return name if self.inputs is None else f"{name}@{self.inputs}"


def layer(text: str) -> Layer:
    """Return the layer that a person wrote: "conv3-128", "fc-1000", "maxpool", "global"; then "@" and its inputs.

    Raises:
        PersonError: it is none, or a number that cannot be.
    """
    match = re.fullmatch(
        r"(conv)(\d{1,6})-(\d{1,6})(?:@(\d{1,6}))?|(fc)-?(\d{1,6})(?:@(\d{1,6}))?", text.strip().lower()
    )
    if match:
        inputs = match[4] or match[7]
        kind: Kind = "conv" if match[1] else "fc"
        return Layer(kind, int(match[3] or match[6]), int(match[2] or 0), int(inputs) if inputs else None)
    for plain in KINDS[2:]:
        if text.strip().lower() == plain:
            return Layer(plain)
    raise _no_layer(text)


def layers(text: str) -> tuple[Layer, ...]:
    """Return the layers that a person wrote one after another, with blanks, commas or semicolons between.

    Raises:
        PersonError: one is none, or has a number that cannot be.
    """
    return tuple(map(layer, re.findall(r"[^\s,;]+", text)))


def _no_layer(text: str) -> PersonError:
    return PersonError(
        N_("“{text}” is no layer: write conv3-128 (128 filters of 3×3), fc-1000, maxpool or global."), text=text[:40]
    )


@dataclass(frozen=True)
class Plan:
    """A network of layers one after another, as far as its weights are counted.

    Attributes:
        input: channels, rows, columns.
        layers: the first is nearest to the input.
        bias: whether each filter and node has one.

    Raises:
        PersonError: no layers or too many, an input that cannot be, or a pooling of what has one row or column.
    """

    input: Shape
    layers: tuple[Layer, ...]
    bias: bool = False

    def __post_init__(self) -> None:
        if len(self.input) != 3 or not all(type(n) is int and 1 <= n <= MOST for n in self.input):
            raise PersonError(
                N_("The input cannot be {input}: write channels, rows and columns from 1 to {most}, as in 3x224x224."),
                input=" × ".join(map(str, self.input))[:40],
                most=MOST,
            )
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise PersonError(
                N_("A network cannot have {count} layers here: give 1 to {most}."),
                count=len(self.layers),
                most=MOST_LAYERS,
            )
        count(self)

    @property
    def text(self) -> str:
        """The layers as a person writes them, with blanks between."""
        return " ".join(one.text for one in self.layers)


class Row(NamedTuple):
    """What one layer has.

    Attributes:
        layer: the layer.
        inputs: channels, or numbers, that each filter or node is counted with; 0 of a pooling.
        output: channels, rows, columns that it makes.
        weights, biases: how many.
        worked: the weights as a product, "9·128·256"; "" of a pooling.
    """

    layer: Layer
    inputs: int
    output: Shape
    weights: int
    biases: int
    worked: str


@dataclass(frozen=True)
class Count:
    """What a network has.

    Attributes:
        rows: one a layer.
    """

    rows: tuple[Row, ...]

    @property
    def weights(self) -> int:
        """All weights, without biases."""
        return sum(row.weights for row in self.rows)

    @property
    def biases(self) -> int:
        """All biases."""
        return sum(row.biases for row in self.rows)

    @property
    def total(self) -> int:
        """Weights and biases: what PyTorch calls parameters."""
        return self.weights + self.biases

    @property
    def worked(self) -> str:
        """The weights as a sum: "9·128 + 9·256 + 9·512 + 1024·1000 = 1,032,064"."""
        return " + ".join(row.worked for row in self.rows if row.worked) + f" = {self.weights:,}"


def count(plan: Plan) -> Count:
    """Return what ``plan`` has, layer by layer.

    A filter has k·k weights for each channel that it sees; a node has one for each number that it is given, so a map is
    flattened before: channels · rows · columns.

    Raises:
        PersonError: a pooling of what has one row or column.
    """
    rows: list[Row] = []
    shape = plan.input
    for place, one in enumerate(plan.layers, 1):
        given, square = shape[0] if one.kind == "conv" else prod(shape), one.kernel**2 if one.kind == "conv" else 1
        if one.kind in ("conv", "fc"):
            inputs = given if one.inputs is None else one.inputs
            shape = (one.outputs, *shape[1:]) if one.kind == "conv" else (one.outputs, 1, 1)
            alone = one.kind == "conv" and one.inputs == 1  # as the lecture writes it
            factors = (square, one.outputs) if alone else (square, inputs, one.outputs)
            worked = "·".join(map(str, factors if one.kind == "conv" else factors[1:]))
            rows.append(Row(one, inputs, shape, square * inputs * one.outputs, plan.bias * one.outputs, worked))
            continue
        if one.kind == "maxpool" and min(shape[1:]) < 2:
            raise PersonError(
                N_("Layer {place}: a 2×2 pooling does not fit into {rows} × {columns}: leave it out."),
                place=place,
                rows=shape[1],
                columns=shape[2],
            )
        shape = (shape[0], shape[1] // 2, shape[2] // 2) if one.kind == "maxpool" else (shape[0], 1, 1)
        rows.append(Row(one, 0, shape, 0, 0, ""))
    return Count(tuple(rows))
