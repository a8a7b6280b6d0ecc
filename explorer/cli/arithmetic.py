"""``arithmetic``: small convolutions, poolings and fully connected layers, term by term; sizes, weights and shifts."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, cast

from explorer import sources
from explorer.arithmetic import exercise
from explorer.arithmetic.case import MOST_SIDE, PADDING_KINDS, POOL_KINDS, Case, Kind, Pair, Shape, Sides
from explorer.arithmetic.counts import Plan, count, layers
from explorer.arithmetic.inputs import random
from explorer.arithmetic.numbers import Planes, planes
from explorer.arithmetic.presets import PRESETS, Preset, Subject, preset
from explorer.arithmetic.reshape import middle, with_cut, with_filter
from explorer.arithmetic.shift import Shift
from explorer.arithmetic.sizes import Fit
from explorer.arithmetic.trace import Trace, output, trace, traces
from explorer.arithmetic.words import told, told_move
from explorer.arithmetic.written import to_json
from explorer.cli.arguments import Action, Parser, add_json, picture, whole
from explorer.cli.output import document, table
from explorer.cli.streams import say
from explorer.cli.worked import case_text, figure_text, figure_values, fit_values, map_text, trace_text, trace_values
from explorer.errors import PersonError, SourceError, nearest
from explorer.text import N_, _

ABOUT = N_("work small convolutions, poolings and fully connected layers by hand, term by term; count weights")
MOST_TERMS = 200_000
"""Of all values together, with --all."""


def _case_arguments(kind: Kind) -> Callable[[Parser], None]:
    def declare(parser: Parser) -> None:
        names = ", ".join(name for name, one in PRESETS.items() if one.page == kind)
        about = _("a case as JSON, a file of one, or one of: {names}").format(names=names)
        parser.what.add_argument("case", metavar="CASE", nargs="?", help=about)
        how = parser.how
        how.add_argument("--input", metavar="CxHxW|NUMBERS", help=_("size of a random input, or its numbers"))
        how.add_argument("--seed", metavar="N", type=whole(0), help=_("draws the random numbers; without it 0"))
        about = _("cut the input from a picture: a file, an http address or a sample's name")
        how.add_argument("--image", metavar="FILE", type=picture, help=about)
        about = _("first row and column that is cut; without it the middle")
        how.add_argument("--at", metavar=("Y", "X"), nargs=2, type=whole(0), help=about)
        how.add_argument("--size", metavar="HxW", type=_size, help=_("how much is cut; without it the input's size"))
        if kind != "fc":
            if kind == "conv":
                about = _("size of random filters, or the numbers of the first")
                how.add_argument("--kernel", metavar="HxW|NUMBERS", type=_kernel, help=about)
            else:
                how.add_argument("--kernel", metavar="HxW", type=_size, help=_("rows and columns of the window"))
            how.add_argument("--stride", metavar="N|Y,X", type=_pair("--stride"), help=_("cells from window to window"))
            about = _("cells around the input: one number, or top, bottom, left and right")
            how.add_argument("--padding", metavar="N|T,B,L,R", type=_sides, help=about)
            about = _("cells from one that the window reads to the next")
            how.add_argument("--dilation", metavar="N|Y,X", type=_pair("--dilation"), help=about)
        if kind == "conv":
            how.add_argument(
                "--padding-kind", metavar="KIND", help=_("one of: {names}").format(names=", ".join(PADDING_KINDS))
            )
            how.add_argument("--groups", metavar="N", type=whole(1), help=_("groups that share the channels"))
        if kind == "pool":
            how.add_argument("--pool", metavar="KIND", help=_("one of: {names}").format(names=", ".join(POOL_KINDS)))
            how.add_argument("--ceil", action="store_true", help=_("let the last window hang over the end"))
        else:
            how.add_argument("--filters", metavar="N", type=whole(1), help=_("how many filters, or outputs"))
            how.add_argument("--bias", action="store_true", help=_("with random biases"))
        about = _("the value that is opened: map, row and column from 0; without it the first")
        how.add_argument("--value", metavar=("K", "Y", "X"), nargs=3, type=whole(0), help=about)
        how.add_argument("--all", action="store_true", help=_("open every value"))
        add_json(parser)

    return declare


def _case_run(kind: Kind) -> Callable[[argparse.Namespace], None]:
    def run(options: argparse.Namespace) -> None:
        """Print sizes, output and the terms of one value, or of all."""
        found = PRESETS.get(options.case or "")
        case = _cut(_case(kind, options), options)
        opened = _opened(case, options)
        figures = found.figures if found and found.subject == case else ()
        if options.json:
            values: dict[str, Any] = {"case": json.loads(to_json(case)), "output_shape": list(case.output_chw)}
            values |= {"rows": fit_values(case.fits[0]), "columns": fit_values(case.fits[1])}
            values |= {"output": output(case).tolist(), "values": [trace_values(one) for one in opened]}
            document(values | figure_values(figures))
            return
        say("\n\n".join([case_text(case), *(trace_text(one) for one in opened), *figure_text(figures)]))

    return run


def _cut(case: Case, options: argparse.Namespace) -> Case:
    """Return the case with what is cut from a picture as its input, where that is asked for.

    Raises:
        PersonError: the part does not lie in the picture, or no case can have it. SourceError: no picture can be read.
    """
    if options.image is None:
        for name in ("at", "size"):
            if getattr(options, name):
                raise PersonError(N_("{option} says what is cut from a picture: add --image."), option=f"--{name}")
        return case
    frame = sources.read(options.image)
    if frame.array is not None:
        raise SourceError(N_("“{name}” is an array, which nothing is cut from: give a picture."), name=frame.source)
    pixels = frame.pixels
    hw = h, w = options.size or case.input_chw[1:]
    if not all(1 <= n <= MOST_SIDE for n in hw):
        raise PersonError(N_("--size cannot be {h}x{w}: each side is from 1 to {most}."), h=h, w=w, most=MOST_SIDE)
    top, left = options.at or middle(pixels, hw)
    height, width = pixels.shape[:2]
    if top + h > height or left + w > width:
        raise PersonError(
            N_("{h}x{w} from row {top}, column {left} leaves the picture of {height}x{width}: correct --at or --size."),
            h=h,
            w=w,
            top=top,
            left=left,
            height=height,
            width=width,
        )
    return with_cut(case, pixels, (top, left), hw)


_OWN = ("input", "seed", "kernel", "filters", "bias")
_STEPS = ("stride", "padding", "dilation", "padding_kind", "groups", "pool")


def _case(kind: Kind, options: argparse.Namespace) -> Case:
    """Return the case that is named or written, with the steps that are asked for; without one a random case.

    Raises:
        PersonError: there is no such case, or it has no output.
    """
    steps = {name: value for name in _STEPS if (value := getattr(options, name, None)) is not None}
    if getattr(options, "ceil", False):
        steps["ceil_mode"] = True
    if not options.case:
        return _random_case(kind, options, steps)
    for name in _OWN:
        if getattr(options, name, None) not in (None, False):
            raise PersonError(
                N_("{option} draws a case of its own: leave it out, or “{case}”."),
                option=f"--{name}",
                case=options.case[:40],
            )
    case = _named(options.case)
    if case.kind != kind:
        raise PersonError(
            N_("This is no case of “{wanted}”: write “arithmetic {kind}” before it."), wanted=kind, kind=case.kind
        )
    return replace(case, **steps)


def _random_case(kind: Kind, options: argparse.Namespace, steps: dict[str, Any]) -> Case:
    size, numbers = _input("1x7x7" if options.input is None else options.input)
    weights: Planes | None = None
    window: Pair = getattr(options, "kernel", None) or ((2, 2) if kind == "pool" else (3, 3))
    if kind == "conv" and options.kernel:
        window, weights = options.kernel
    if kind == "pool" and steps.get("pool") != "global":
        steps.setdefault("stride", window)  # as torch's poolings have it
    case = random(
        kind,
        size,
        options.seed or 0,
        getattr(options, "filters", None) or 1,
        window,
        getattr(options, "bias", False),
        **steps,
    )
    case = replace(case, input=numbers) if numbers else case
    return with_filter(case, 0, weights) if weights else case


def _named(text: str) -> Case:
    found = _written(text)
    if isinstance(found, Case):
        return found
    if found is not None:
        raise _misplaced(found)
    if text not in PRESETS:
        raise PersonError(
            N_("There is no file and no example “{name}”; the nearest examples are: {names}."),
            name=text[:60],
            names=", ".join(nearest(text, PRESETS) or PRESETS),
        )
    example = preset(text)
    if isinstance(example.subject, Case):
        return example.subject
    raise PersonError(
        N_("“{name}” is no case of numbers: write “arithmetic {page} {name}”."), name=text, page=example.page
    )


def _written(text: str) -> Subject | None:
    """Return the exercise in a text of JSON or in a file; None where it is neither, or an example's name."""
    if text.lstrip().startswith("{"):
        return exercise.from_json(text)
    path = Path(os.path.expanduser(text))
    return exercise.read(path) if text not in PRESETS and _exists(path) else None


def _misplaced(found: Subject) -> PersonError:
    kind = found.kind if isinstance(found, Case) else "weights" if isinstance(found, Plan) else "shift"
    return PersonError(N_("This exercise belongs elsewhere: write “arithmetic {kind}” before it."), kind=kind)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _opened(case: Case, options: argparse.Namespace) -> list[Trace]:
    if not options.all:
        return [trace(case, tuple(options.value or (0, 0, 0)))]
    terms = prod(case.output_chw) * prod(case.window_hw) * (len(case.filters[0]) if case.filters else 1)
    if terms > MOST_TERMS:
        raise PersonError(
            N_("All values together have {count} terms, more than {most}: open one with --value."),
            count=terms,
            most=MOST_TERMS,
        )
    return list(traces(case))


def _input(text: str) -> tuple[Shape, Planes | None]:
    """Return the size of an input, and its numbers where they are written."""
    if re.fullmatch(r"\d+([xX×]\d+){1,2}", text):
        return _shape(text), None
    numbers = planes(text, _("The input"))
    return (len(numbers), len(numbers[0]), len(numbers[0][0])), numbers


def _shape(text: str) -> Shape:
    if not re.fullmatch(r"\d{1,6}([xX×]\d{1,6}){1,2}", text):
        raise PersonError(
            N_("“{text}” is not a size: write channels x rows x columns, for example 3x7x7."), text=text[:40]
        )
    *c, h, w = map(int, re.split("[xX×]", text))
    return c[0] if c else 1, h, w


def _size(text: str) -> Pair:
    match = re.fullmatch(r"(\d{1,4})(?:[xX×](\d{1,4}))?", text)
    if not match:
        raise PersonError(N_("“{text}” is not a size: write rows x columns, for example 3x3."), text=text[:40])
    return int(match[1]), int(match[2] or match[1])


def _kernel(text: str) -> tuple[Pair, Planes | None]:
    """Return the size of a filter, and its numbers where they are written."""
    if not re.search(r"[\s,;\[(]", text):
        return _size(text), None
    numbers = planes(text, _("The kernel"))
    return (len(numbers[0]), len(numbers[0][0])), numbers


def _pair(option: str) -> Callable[[str], Pair]:
    def read(text: str) -> Pair:
        match = re.fullmatch(r"(\d{1,9})(?:,(\d{1,9}))?", text)
        if not match:
            raise PersonError(
                N_("{option} cannot be “{text}”: give one whole number, or two as in 2,1."),
                option=option,
                text=text[:40],
            )
        return int(match[1]), int(match[2] or match[1])

    return read


def _sides(text: str) -> Sides:
    if not re.fullmatch(r"\d{1,9}|\d{1,9}(,\d{1,9}){3}", text):
        raise PersonError(
            N_("--padding cannot be “{text}”: give one whole number, or four as in 0,1,0,1."), text=text[:40]
        )
    sides = tuple(map(int, text.split(",")))
    return sides if len(sides) == 4 else sides * 4  # type: ignore[return-value]  # mypy counts no repeated tuple


def _weights_arguments(parser: Parser) -> None:
    names = ", ".join(name for name, one in PRESETS.items() if one.page == "weights")
    about = _("conv3-128, fc-1000, maxpool or global, one after another; or JSON, a file of it, or one of: {names}")
    about = about.format(names=names)
    parser.what.add_argument("layers", metavar="LAYER", nargs="+", help=about)
    about = _("channels, rows and columns; without it 1x224x224")
    parser.how.add_argument("--input", metavar="CxHxW", type=_shape, help=about)
    parser.how.add_argument("--bias", action="store_true", help=_("with one bias a filter or node"))
    add_json(parser)


def _weights(options: argparse.Namespace) -> None:
    """Print how many weights a network has, layer by layer."""
    name = options.layers[0]
    found = PRESETS.get(name) if len(options.layers) == 1 else None
    written = _written(name) if len(options.layers) == 1 else None
    if written is not None:
        if not isinstance(written, Plan):
            raise _misplaced(written)
        plan = replace(written, bias=options.bias or written.bias, input=options.input or written.input)
    elif found is None:
        plan = Plan(options.input or (1, 224, 224), layers(" ".join(options.layers)), options.bias)
    elif isinstance(found.subject, Plan):
        plan = replace(found.subject, bias=options.bias, input=options.input or found.subject.input)
    else:
        raise PersonError(
            N_("“{name}” has no layers to count: write “arithmetic {page} {name}”."), name=name, page=found.page
        )
    counted, figures = count(plan), found.figures if found and plan == found.subject else ()
    if options.json:
        rows = [one._asdict() | {"layer": one.layer.text, "output": list(one.output)} for one in counted.rows]
        totals = {
            "weights": counted.weights,
            "biases": counted.biases,
            "total": counted.total,
            "worked": counted.worked,
        }
        given = {"case": json.loads(exercise.to_json(plan)), "input": list(plan.input)}
        document({**given, "layers": rows, **totals, **figure_values(figures)})
        return
    heading = (_("layer"), _("output"), "", _("weights"), _("biases"))
    lines = [
        (one.layer.text, "×".join(map(str, one.output)), one.worked, f"{one.weights:,}", f"{one.biases:,}")
        for one in counted.rows
    ]
    lines.append(("", "", _("together"), f"{counted.weights:,}", f"{counted.biases:,}"))
    say("\n\n".join([table(heading, lines, "lllrr"), counted.worked, *figure_text(figures)]))


def _shift_arguments(parser: Parser) -> None:
    about = _("a moved picture as JSON, or a file of one; without it the lecture's")
    parser.what.add_argument("case", metavar="CASE", nargs="?", help=about)
    parser.how.add_argument("--picture", metavar="NUMBERS", help=_("rows of numbers, in place of the case's"))
    parser.how.add_argument("--window", metavar="NUMBERS", help=_("the filter's numbers, in place of the case's"))
    about = _("cells down and to the right, in place of the case's")
    parser.how.add_argument("--by", metavar=("Y", "X"), nargs=2, type=_step, help=about)
    add_json(parser)


def _step(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,4}", text):
        raise PersonError(N_("“{text}” is not a whole number of cells."), text=text[:40])
    return int(text)


def _shift(options: argparse.Namespace) -> None:
    """Print which inputs change when the picture moves, and what becomes of the map."""
    lecture = cast(Shift, PRESETS["shift"].subject)
    subject = lecture if options.case in (None, "shift") else _written(options.case)
    if subject is None:
        raise PersonError(
            N_("There is no file “{name}”: give a file with a moved picture, its JSON, or nothing for the lecture's."),
            name=options.case[:60],
        )
    if not isinstance(subject, Shift):
        raise _misplaced(subject)
    picture = planes(options.picture, _("The picture"))[0] if options.picture else subject.picture
    window = planes(options.window, _("The window"))[0] if options.window else subject.window
    moved = Shift(picture, window, tuple(options.by or subject.by))
    figures = PRESETS["shift"].figures if moved == lecture else ()
    if options.json:
        values = {
            "before": moved.before,
            "after": moved.after,
            "map_before": moved.map_before,
            "map_after": moved.map_after,
        }
        found: dict[str, Any] = {"case": json.loads(exercise.to_json(moved)), "by": list(moved.by)}
        found["changed"] = list(map(list, moved.changed))
        found |= {name: value.tolist() for name, value in values.items()}
        found |= {"entered": list(map(list, moved.entered)), "only_moved": moved.only_moved}
        document(found | figure_values(figures))
        return
    pictures = (
        (_("picture"), moved.before),
        (_("moved"), moved.after),
        (_("map"), moved.map_before),
        (_("map, moved"), moved.map_after),
    )
    parts = [f"{name}\n{map_text(values)}" for name, values in pictures]
    parts.append("\n".join(told_move(moved)))
    say("\n\n".join([*parts, *figure_text(figures)]))


def _size_arguments(parser: Parser) -> None:
    parser.what.add_argument("n", metavar="N", type=whole(1), help=_("cells of the input along one axis"))
    parser.what.add_argument("kernel", metavar="F", type=whole(1), help=_("cells that the window reads"))
    how = parser.how
    how.add_argument("--stride", metavar="N", type=whole(1), default=1, help=_("cells from window to window"))
    about = _("cells before and after: one number, or two as in 0,1")
    how.add_argument("--padding", metavar="N|B,A", type=_pair("--padding"), default=(0, 0), help=about)
    about = _("cells from one that the window reads to the next")
    how.add_argument("--dilation", metavar="N", type=whole(1), default=1, help=about)
    how.add_argument("--ceil", action="store_true", help=_("let the last window hang over the end"))
    add_json(parser)


def _sizes(options: argparse.Namespace) -> None:
    """Print how many positions a window takes."""
    fit = Fit(options.n, options.kernel, options.stride, options.padding, options.dilation, options.ceil)
    if options.json:
        document(fit_values(fit))
        return
    say("\n".join([fit.formula, fit.worked, *(told(fit) or [_("The window fits: {out}.").format(out=fit.out)])]))


def _examples(options: argparse.Namespace) -> None:
    """Print the lecture's examples and its figures beside ours."""
    if options.json:
        document({"examples": [_example(name, one) for name, one in PRESETS.items()]})
        return
    say(
        table(
            (_("name"), "", _("what it is")), [(name, one.page, _(one.title)) for name, one in PRESETS.items()], "lll"
        )
    )


def _example(name: str, one: Preset) -> dict[str, Any]:
    return {"name": name, "page": one.page, "title": one.title, "about": one.about} | figure_values(one.figures)


ACTIONS = {
    "conv": Action(N_("open the values of a convolution"), _case_arguments("conv"), _case_run("conv")),
    "pool": Action(N_("open the values of a pooling"), _case_arguments("pool"), _case_run("pool")),
    "fc": Action(N_("open the values of a fully connected layer"), _case_arguments("fc"), _case_run("fc")),
    "weights": Action(N_("count the weights of a network of layers"), _weights_arguments, _weights),
    "shift": Action(N_("move a small picture and see what changes"), _shift_arguments, _shift),
    "size": Action(N_("work the size formula along one axis"), _size_arguments, _sizes),
    "examples": Action(N_("list the lecture's examples"), add_json, _examples),
}
