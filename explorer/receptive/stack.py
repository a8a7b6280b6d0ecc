"""A small network of blocks one after another, as a value: what a learner builds to compare areas and their price."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from math import prod
from typing import Any, Literal, get_args

from explorer.errors import NetworkError
from explorer.graph.values import INPUT, Graph, Layer
from explorer.text import N_

Kind = Literal["conv", "max pool", "average pool"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LIMITS: dict[str, tuple[int, int]] = {
    "kernel": (1, 15),
    "stride": (1, 8),
    "padding": (0, 112),
    "dilation": (1, 8),
    "channels": (1, 4096),
    "groups": (1, 4096),
}
"""Smallest and largest value of each number of a block."""
MOST_BLOCKS = 12
MOST_CELLS = 256
"""Rows or columns of an input."""
_LONGEST_TEXT = 100_000
_WRONG_INPUT = N_("The input cannot be {input}: write channels (1 to {channels}), rows and columns (1 to {most}).")


@dataclass(frozen=True)
class Block:
    """One convolution or pooling with a square window, and a ReLU after it if wanted.

    Attributes:
        kind: what it does; a pooling keeps the channels that it is given, so its ``channels`` and ``groups`` are 1.
        kernel, stride, padding, dilation: along rows and columns alike, in cells.
        channels: maps that a convolution makes.
        groups: of a convolution; each takes its share of the channels.
        relu: whether a ReLU follows.
    """

    kind: Kind = "conv"
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    channels: int = 1
    groups: int = 1
    relu: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise NetworkError(
                N_("“{kind}” is no block: it is one of {kinds}."), kind=self.kind, kinds=", ".join(KINDS)
            )
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise NetworkError(
                    N_("{name} cannot be {value}: it is a whole number from {least} to {most}."),
                    name=name,
                    value=json.dumps(value, default=str)[:40],
                    least=least,
                    most=most,
                )
        if self.kind != "conv":
            object.__setattr__(self, "channels", 1)
            object.__setattr__(self, "groups", 1)
        if type(self.relu) is not bool:
            raise NetworkError(N_("relu cannot be {value}: it is true or false."), value=str(self.relu)[:40])
        if self.kind == "average pool" and self.dilation > 1:
            raise NetworkError(
                N_("Average pooling has no dilation, so it cannot be {value}: set it to 1."), value=self.dilation
            )
        if self.padding > self.most_padding:
            raise NetworkError(
                N_(
                    "padding cannot be {value}: it is at most {most} for a kernel of {kernel} with dilation {dilation}."
                ),
                value=self.padding,
                kernel=self.kernel,
                dilation=self.dilation,
                most=self.most_padding,
            )

    @property
    def span(self) -> int:
        """Cells from the first to the last that a window reads: dilation · (kernel − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def most_padding(self) -> int:
        """The largest padding: of a convolution so that no window sees padding alone, of a pooling as torch has it."""
        return self.span - 1 if self.kind == "conv" else self.kernel // 2

    def size(self, n: int) -> int:
        """Return how many positions the block makes of ``n``: ⌊(n + 2 padding − span) / stride⌋ + 1."""
        return (n + 2 * self.padding - self.span) // self.stride + 1

    def unread(self, n: int) -> int:
        """Return how many of ``n`` positions, padding included, no window reaches at the end, as it does not fit."""
        return (n + 2 * self.padding - self.span) % self.stride

    def taps(self, at: int) -> tuple[int, ...]:
        """Return the positions that output ``at`` reads; those outside the input are padding."""
        return tuple(at * self.stride - self.padding + self.dilation * i for i in range(self.kernel))


@dataclass(frozen=True)
class Stack:
    """Blocks one after another over an input; it always runs.

    Attributes:
        blocks: the first is nearest to the input.
        input: channels, rows, columns.
    """

    blocks: tuple[Block, ...]
    input: tuple[int, int, int] = (16, 32, 32)

    def __post_init__(self) -> None:
        if not 1 <= len(self.blocks) <= MOST_BLOCKS:
            raise NetworkError(
                N_("A stack cannot have {count} blocks: it has 1 to {most}."), count=len(self.blocks), most=MOST_BLOCKS
            )
        right = len(self.input) == 3 and all(type(n) is int for n in self.input)
        if not right or not (1 <= self.input[0] <= LIMITS["channels"][1]) or not _are_cells(self.input[1:]):
            raise NetworkError(
                _WRONG_INPUT,
                input=" × ".join(map(str, self.input))[:60],
                channels=LIMITS["channels"][1],
                most=MOST_CELLS,
            )
        _ = self.shapes

    @cached_property
    def shapes(self) -> tuple[tuple[int, int, int], ...]:
        """The input's channels, rows and columns, then those that each block makes.

        Raises:
            NetworkError: a window is larger than what it is given, or groups do not divide the channels.
        """
        found = [self.input]
        for place, block in enumerate(self.blocks, 1):
            c, h, w = found[-1]
            if min(h, w) + 2 * block.padding < block.span:
                raise NetworkError(
                    N_(
                        "Block {place}: a window of {span} is larger than its input of {h} × {w} with padding {padding}"
                        ": make it smaller, or the input larger."
                    ),
                    place=place,
                    span=block.span,
                    h=h,
                    w=w,
                    padding=block.padding,
                )
            if block.kind == "conv":
                if c % block.groups or block.channels % block.groups:
                    raise NetworkError(
                        N_(
                            "Block {place}: {groups} groups cannot share {c} channels in and {channels} out evenly: "
                            "choose a number that divides both."
                        ),
                        place=place,
                        groups=block.groups,
                        c=c,
                        channels=block.channels,
                    )
                c = block.channels
            found.append((c, block.size(h), block.size(w)))
        return tuple(found)

    def graph(self, above: int = 0) -> Graph:
        """Return the stack as the layers ``block1``, ``block1.relu``, ``block2`` …, as if it had been traced.

        Args:
            above: the blocks above this one alone, as if the map there were the input; 0 for all of them.
        """
        layers = [Layer(INPUT, INPUT, "input", (), self.shapes[above], "CHW")]

        def add(name: str, op: str, shape: tuple[int, int, int], **more: Any) -> None:
            layers.append(Layer(name, name, op, (layers[-1].id,), shape, "CHW", **more))

        for place, block in enumerate(self.blocks[above:], above + 1):
            before, shape = self.shapes[place - 1 : place + 1]
            name, both = f"block{place}", {n: [getattr(block, n)] * 2 for n in ("kernel", "stride", "dilation")}
            attributes: dict[str, Any] = both | {"padding": [[block.padding] * 2] * 2}
            if block.kind == "conv":
                weights = weights_of(block, before[0])
                attributes |= {"groups": block.groups, "bias": True}
                macs = weights * prod(shape[1:])
                add(name, "conv2d", shape, parameters=weights + shape[0], macs=macs, attributes=attributes)
            else:
                op = "max_pool2d" if block.kind == "max pool" else "avg_pool2d"
                add(name, op, shape, attributes=attributes | {"ceil_mode": False})
            if block.relu:
                add(f"{name}.relu", "relu", shape)
        return Graph(tuple(layers), outputs=(layers[-1].id,))

    def with_input(self, input: tuple[int, int, int]) -> Stack:
        """Return the stack over another input; convolutions as wide as the old input's channels follow it.

        Raises:
            NetworkError: it does not run over that input.
        """
        return Stack(widened(self.blocks, self.input[0], input[0]), input)

    def to_json(self) -> str:
        """Return the stack as JSON; numbers that say nothing new are left out."""
        blocks = [
            {
                name: value
                for name, value in asdict(block).items()
                if name in _TOLD[block.kind] or value != getattr(_PLAIN, name)
            }
            for block in self.blocks
        ]
        return json.dumps({"input": list(self.input), "blocks": blocks})

    @classmethod
    def from_json(cls, text: str, input: tuple[int, int, int] = (16, 32, 32)) -> Stack:
        """Return the stack in ``text``; where it has no "input" it stands over ``input``.

        A convolution without "channels" makes as many as it is given.

        Raises:
            NetworkError: the text is no stack, or one that does not run.
        """
        try:
            raw = json.loads(text) if len(text) <= _LONGEST_TEXT else None
        except (ValueError, RecursionError):
            raw = None
        if not isinstance(raw, dict) or not isinstance(raw.get("blocks"), list):
            start = " ".join(text.split())[:40]
            raise NetworkError(
                N_('“{text}” is no stack: write {{"blocks": [{{"kind": "conv", "kernel": 3}}, …]}}.'), text=start
            )
        given = raw.get("input", list(input))
        if not isinstance(given, list) or not all(type(n) is int for n in given) or len(given) != 3:
            raise NetworkError(
                _WRONG_INPUT,
                input=json.dumps(given)[:60],
                channels=LIMITS["channels"][1],
                most=MOST_CELLS,
            )
        blocks: list[Block] = []
        for entry in raw["blocks"][: MOST_BLOCKS + 1]:
            wide = next((one.channels for one in reversed(blocks) if one.kind == "conv"), given[0])
            blocks.append(_block(entry, wide))
        return cls(tuple(blocks), (given[0], given[1], given[2]))


_PLAIN = Block("conv", 1)
_TOLD = {"conv": ("kind", "kernel", "channels")} | dict.fromkeys(KINDS[1:], ("kind", "kernel", "stride"))
_NAMES = tuple(field.name for field in fields(Block))


def weights_of(block: Block, channels: int) -> int:
    """Return the weights without biases of a block that is given ``channels`` maps."""
    return block.channels * (channels // block.groups) * block.kernel**2 if block.kind == "conv" else 0


def widened(blocks: Sequence[Block], old: int, new: int) -> tuple[Block, ...]:
    """Return the blocks with ``new`` channels, and groups, wherever a convolution has ``old``."""
    return tuple(
        replace(
            block,
            channels=new if block.channels == old else block.channels,
            groups=new if block.groups == old > 1 else block.groups,
        )
        if block.kind == "conv"
        else block
        for block in blocks
    )


def _are_cells(sizes: Sequence[int]) -> bool:
    return all(1 <= n <= MOST_CELLS for n in sizes)


def _block(entry: Any, channels: int) -> Block:
    if not isinstance(entry, Mapping):
        raise NetworkError(
            N_('“{text}” is no block: write, for example, {{"kind": "conv", "kernel": 3}}.'),
            text=json.dumps(entry)[:40],
        )
    if unknown := [name for name in entry if name not in _NAMES]:
        raise NetworkError(
            N_("A block has no “{name}”: it has {names}."), name=str(unknown[0])[:40], names=", ".join(_NAMES)
        )
    entry = {"channels": channels, **entry}
    if entry.get("kind") in KINDS[1:]:
        entry.setdefault("stride", entry.get("kernel", 3))  # as torch's poolings have it
    return Block(**entry)
