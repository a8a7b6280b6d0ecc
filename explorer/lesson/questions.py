"""The kinds of questions: each makes as many as one likes, with other numbers for every seed."""

from __future__ import annotations

import random as randomness
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from explorer.arithmetic.case import Case, PoolKind
from explorer.arithmetic.counts import Layer, Plan, count
from explorer.arithmetic.inputs import random
from explorer.arithmetic.numbers import Plane, shown
from explorer.arithmetic.sizes import Fit
from explorer.arithmetic.trace import Trace, trace
from explorer.errors import PersonError
from explorer.lesson.question import Form, Numbers, Question, Text
from explorer.lesson.values import Ask
from explorer.receptive.stack import Block, Stack
from explorer.receptive.stack_facts import facts
from explorer.text import N_
from explorer.zoo.own.card import Remark

_T = TypeVar("_T")

FORMS: dict[Form, str] = {
    "number": N_("a number, such as 12 or 36.5"),
    "size": N_("a size, such as 5x5x6"),
    "choice": N_("one of the options"),
    "word": N_("a word"),
}
"""How an answer is typed, marked for translation."""
_SIDE = 64
"""Rows and columns of the input below a stack: more than any stack here sees."""


class Kind(NamedTuple):
    """A kind of question.

    Attributes:
        title: marked for translation.
        make: makes one of a level from its random numbers; None where a network has to be asked (``quizzing``).
        levels: how many there are; each asks more than the one before (see the functions).
    """

    title: str
    make: Callable[[Draw, int], Question] | None = None
    levels: int = 1


class Draw:
    """Random numbers, the same on every machine for a seed (Python keeps the sequence of ``random.Random.random``)."""

    def __init__(self, seed: int) -> None:
        self._random = randomness.Random(seed)

    def whole(self, least: int, most: int) -> int:
        """Return a whole number from ``least`` to ``most``."""
        return least + int(self._random.random() * (most - least + 1))

    def one(self, things: Sequence[_T]) -> _T:
        """Return one of ``things``."""
        return things[self.whole(0, len(things) - 1)]

    def plane(self, rows: int, columns: int, least: int, most: int) -> Plane:
        """Return rows of whole numbers."""
        return tuple(tuple(float(self.whole(least, most)) for _x in range(columns)) for _y in range(rows))


def ask(asked: Ask, seed: int) -> Question:
    """Return the question of a scene: one of its kind, or the one that is written.

    Raises:
        PersonError: a network has to be asked for it.
    """
    if asked.kind:
        return question(asked.kind, seed, asked.level)
    form: Form = "choice" if asked.options else _form(asked.answer)
    return Question("", asked.words, form, asked.answer, asked.working, options=asked.options)


def question(kind: str, seed: int, level: int = 0) -> Question:
    """Return a question of this kind with the numbers of this seed.

    Args:
        kind: a key of ``KINDS``.
        seed: another one gives other numbers.
        level: how much is asked, from 1; 0 for everything.

    Raises:
        PersonError: there is no such kind, or a network has to be asked for it.
    """
    found = KINDS.get(kind)
    if found is None or found.make is None:
        raise PersonError(
            N_("there is no kind of question “{name}”; the kinds are: {kinds}."), name=kind, kinds=", ".join(KINDS)
        )
    return found.make(Draw(seed), level or found.levels)


def _form(answer: str) -> Form:
    from explorer.lesson.question import number, size

    for form, read in (("number", number), ("size", size)):
        try:
            read(answer)
        except PersonError:
            continue
        return form  # type: ignore[return-value]  # mypy makes no Literal of the names
    return "word"


def _output_size(draw: Draw, level: int) -> Question:
    """Make one. Levels: stride 1, any stride, padding, dilation."""
    kernel, stride = draw.one((1, 2, 3, 3, 5, 5, 7, 11)), draw.one((1, 1, 2, 2, 3, 4)) if level > 1 else 1
    dilation = draw.one((1, 1, 1, 1, 2)) if kernel > 1 and level > 3 else 1
    padding = draw.whole(0, kernel // 2) if level > 2 else 0
    n = draw.whole(dilation * (kernel - 1) + 1, draw.one((12, 32, 64, 227)) + dilation * kernel)
    channels, filters = draw.one((1, 3, 16, 64)), draw.one((1, 6, 16, 96))
    fit = Fit(n, kernel, stride, (padding, padding), dilation)
    values = {"n": n, "channels": channels, "kernel": kernel, "filters": filters}
    values |= {"stride": stride, "padding": padding, "dilation": dilation}
    text = N_(
        "An input of {n}×{n}×{channels} meets filters of {kernel}×{kernel}×{channels}, {filters} in number, with "
        "stride {stride} and padding {padding}. How large is the output (rows × columns × maps)?"
    )
    if dilation > 1:
        text = N_(
            "An input of {n}×{n}×{channels} meets filters of {kernel}×{kernel}×{channels}, {filters} in number, with "
            "stride {stride}, padding {padding} and dilation {dilation}. How large is the output (rows × columns × "
            "maps)?"
        )
    working: list[Text] = [fit.formula, fit.worked]
    if not fit.fits:
        working.append(Remark(N_("It does not come out even: rounded down it is {out}."), {"out": fit.out}))
    answer = f"{fit.out}×{fit.out}×{filters}"
    working.append(Remark(N_("One map a filter: {answer}"), {"answer": answer}))
    return Question("output-size", Remark(text, values), "size", answer, tuple(working))


def _weights(draw: Draw, level: int) -> Question:
    """Make one. Levels: without biases, with them."""
    bias = level > 1 and draw.one((False, True))
    if draw.one((False, True)):
        kernel, inputs, outputs = draw.one((1, 3, 5, 7, 11)), draw.one((3, 6, 16, 64)), draw.one((6, 16, 64, 96))
        plan = Plan((inputs, 32, 32), (Layer("conv", outputs, kernel),), bias)
        values = {"kernel": kernel, "inputs": inputs, "outputs": outputs}
        text = N_(
            "How many weights do {outputs} filters of {kernel}×{kernel} over {inputs} channels have, without biases?"
        )
        if bias:
            text = N_(
                "How many parameters do {outputs} filters of {kernel}×{kernel} over {inputs} channels have, with one "
                "bias a filter?"
            )
    else:
        side, inputs = draw.one((2, 4, 5, 7)), draw.one((1, 3, 16))
        hidden, outputs = draw.one((4, 10, 84, 120)), draw.one((2, 10))
        plan = Plan((inputs, side, side), (Layer("fc", hidden), Layer("fc", outputs)), bias)
        values = {"side": side, "inputs": inputs, "hidden": hidden, "outputs": outputs}
        text = N_(
            "An input of {side}×{side}×{inputs} goes to {hidden} hidden nodes and from there to {outputs} outputs, all "
            "fully connected. How many weights is that, without biases?"
        )
        if bias:
            text = N_(
                "An input of {side}×{side}×{inputs} goes to {hidden} hidden nodes and from there to {outputs} outputs, "
                "all fully connected. How many parameters is that, with one bias a node?"
            )
    counted = count(plan)
    working: list[Text] = [counted.worked]
    if bias:
        terms = {"weights": f"{counted.weights:,}", "biases": f"{counted.biases:,}", "total": f"{counted.total:,}"}
        working.append(Remark(N_("and a bias each: {weights} + {biases} = {total}"), terms))
    return Question("weights", Remark(text, values), "number", f"{counted.total:,}", tuple(working))


def _pooled(draw: Draw, level: int) -> Question:
    """Make one. Levels: 2×2 with stride 2, any window and stride."""
    pool: PoolKind = draw.one(("max", "average"))
    window, side = (draw.one((2, 2, 3)), draw.one((4, 5, 6))) if level > 1 else (2, 4)
    stride = draw.one((1, window)) if level > 1 else window
    case = Case("pool", (draw.plane(side, side, 0, 99),), pool=pool, window=(window,) * 2, stride=(stride,) * 2)
    found = _any(case, draw)
    text = N_("What does max pooling make in row {row}, column {column}? Window {window}×{window}, stride {stride}.")
    if pool == "average":
        text = N_(
            "What does average pooling make in row {row}, column {column}? Window {window}×{window}, stride {stride}."
        )
    return _of_cell("pooled-cell", case, found, text, {"window": window, "stride": stride})


def _convolved(draw: Draw, level: int) -> Question:
    """Make one. Levels: one channel, more channels, stride and padding."""
    side, padding, stride = draw.one((4, 5)), draw.one((0, 0, 1)), draw.one((1, 1, 2))
    channels = draw.one((1, 2)) if level > 1 else 1
    padding, stride = (padding, stride) if level > 2 else (0, 1)
    case = random("conv", (channels, side, side), draw.whole(0, 1 << 30), padding=(padding,) * 4, stride=(stride,) * 2)
    text = N_("What does the filter make in row {row}, column {column} of its map? Stride {stride}, padding {padding}.")
    return _of_cell("convolution-cell", case, _any(case, draw), text, {"padding": padding, "stride": stride})


def _any(case: Case, draw: Draw) -> Trace:
    _k, h, w = case.output_chw
    return trace(case, (0, draw.whole(0, h - 1), draw.whole(0, w - 1)))


def _of_cell(kind: str, case: Case, found: Trace, text: str, values: dict[str, int]) -> Question:
    _k, y, x = found.at
    tables = [
        Numbers(_numbered(N_("input"), N_("input, channel {number}"), c, case), rows)
        for c, rows in enumerate(case.input)
    ]
    if case.filters:
        tables += [
            Numbers(_numbered(N_("filter"), N_("filter, channel {number}"), c, case), rows)
            for c, rows in enumerate(case.filters[0])
        ]
    asked = Remark(text, values | {"row": y + 1, "column": x + 1})
    return Question(kind, asked, "number", shown(found.result), (found.numbers,), numbers=tuple(tables))


def _numbered(alone: str, numbered: str, channel: int, case: Case) -> Remark:
    return Remark(alone) if len(case.input) == 1 else Remark(numbered, {"number": channel + 1})


_BLOCKS = {"conv": N_("convolution {kernel}×{kernel}, stride {stride}, dilation {dilation}")}
_POOLING = N_("max pooling {kernel}×{kernel}, stride {stride}")


def _receptive_field(draw: Draw, level: int) -> Question:
    """Make one. Levels: convolutions, stride and pooling, dilation."""
    blocks, count = [], draw.whole(2, 4)
    dilated = draw.whole(0, count - 1) if level > 2 else count  # one of them is, for sure
    for place in range(count):
        if level > 1 and place != dilated and draw.one((False, False, False, True)):
            blocks.append(Block("max pool", 2, 2))
            continue
        kernel = draw.one((3, 3, 5) if place == dilated else (1, 3, 3, 3, 5))
        dilation = 2 if place == dilated else draw.one((1, 1, 1, 2)) if level > 2 else 1
        stride, padding = draw.one((1, 1, 1, 2)) if level > 1 else 1, dilation * (kernel - 1) // 2
        blocks.append(Block("conv", kernel, stride, padding, dilation if kernel > 1 else 1))
    stack = Stack(tuple(replace(one, padding=min(one.padding, one.most_padding)) for one in blocks), (1, _SIDE, _SIDE))
    working: list[Text] = []
    area = jump = 1
    for place, one in enumerate(stack.blocks, 1):
        grown = area + (one.span - 1) * jump
        working.append(
            Remark(
                N_("block {place}: {area} + ({span} − 1)·{jump} = {grown}"),
                {"place": place, "area": area, "span": one.span, "jump": jump, "grown": grown},
            )
        )
        area, jump = grown, jump * one.stride
    lines: list[Text] = [
        Remark(
            _BLOCKS["conv"] if one.kind == "conv" else _POOLING,
            {"kernel": one.kernel, "stride": one.stride, "dilation": one.dilation},
        )
        for one in stack.blocks
    ]
    text = Remark(N_("How large is the area of the input that one unit behind these blocks sees?"))
    answer = "×".join(map(str, facts(stack).area))
    return Question("receptive-field", text, "size", answer, tuple(working), tuple(lines))


KINDS: dict[str, Kind] = {
    "output-size": Kind(N_("Size of the output"), _output_size, 4),
    "weights": Kind(N_("Number of weights"), _weights, 2),
    "pooled-cell": Kind(N_("Value of a pooled cell"), _pooled, 2),
    "convolution-cell": Kind(N_("Value of a convolution"), _convolved, 3),
    "receptive-field": Kind(N_("Receptive field"), _receptive_field, 3),
}
"""By name; what needs nothing but its random numbers."""
OF_NETWORK: dict[str, Kind] = {
    "which-layer": Kind(N_("Which layer is it from?")),
    "what-if": Kind(N_("What happens to the prediction?")),
}
"""By name; what is asked of the network that is open."""
