"""``learn-filter``: a kernel found again from a picture before and after it, by gradient descent."""

from __future__ import annotations

import argparse

from explorer.cli.arguments import Parser, add_json, add_picture, whole
from explorer.cli.filter import add_kernel, pixels
from explorer.cli.output import document, table
from explorer.cli.streams import say
from explorer.errors import PersonError
from explorer.filters.apply import result
from explorer.filters.filter import Filter
from explorer.filters.kernel import Kernel
from explorer.filters.learn import LARGEST_LEARNED, Progress, Recovery, Search
from explorer.filters.written import kernel_values
from explorer.text import N_, _, ngettext

ABOUT = N_("let gradient descent find a kernel from a picture before and after it")
STEPS = 200
MOST_STEPS = 100_000
_SMALLEST = 5
"""Cells a side that are searched at least: it need not know how small the kernel is."""


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    add_picture(parser)
    add_kernel(parser)
    parser.how.add_argument(
        "--steps", metavar="N", type=_steps, default=STEPS, help=_("steps of the descent ({usual})").format(usual=STEPS)
    )
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print loss and distance on the way, and the kernel that was found."""
    truth = options.kernel
    if not isinstance(truth, Kernel):
        raise PersonError(N_("A magnitude is no single kernel, so none can be found for it: choose another one."))
    if max(truth.shape) > LARGEST_LEARNED:
        raise PersonError(
            N_("A kernel of {rows} × {columns} cells cannot be searched for: from 1 to {most} a side can."),
            rows=truth.shape[0],
            columns=truth.shape[1],
            most=LARGEST_LEARNED,
        )
    before = pixels(options.image)
    after = result(before, (Filter(truth),)).pixels
    height, width = (max(side | 1, _SMALLEST) for side in truth.shape)
    search = Recovery(before, after, Search((height, width), offset=bool(truth.offset)), truth)
    told = []
    for shown in sorted({*_moments(options.steps), options.steps}):
        search.advance(shown - search.progress().step)
        told.append(search.progress())
    if options.json:
        document(_values(truth, search, told))
        return
    rows = [(f"{one.step}", f"{one.loss:.4g}", f"{one.distance:.5f}") for one in told]
    say(table((_("step"), _("loss"), _("distance")), rows, "rrr"))
    say("")
    windows = ngettext("{count} window", "{count} windows", search.windows).format(count=f"{search.windows:,}")
    left_out = _("{share} of the results were clipped and left out").format(share=f"{search.clipped:.1%}")
    say(f"{windows}; {left_out}" if search.clipped else windows)
    say("")
    say(table((), [[f"{weight:.4f}" for weight in row] for row in told[-1].kernel.weights], "r" * width))


def _steps(text: str) -> int:
    count: int = whole(1)(text)
    if count > MOST_STEPS:
        raise PersonError(N_("{count} steps are too many: at most {most}."), count=count, most=MOST_STEPS)
    return count


def _moments(last: int) -> list[int]:
    """Return 0, 1, 2, 5, 10, 20, 50 … up to ``last``."""
    found, ten = [0], 1
    while ten <= last:
        found += [factor * ten for factor in (1, 2, 5) if factor * ten <= last]
        ten *= 10
    return found


def _values(truth: Kernel, search: Recovery, told: list[Progress]) -> dict[str, object]:
    last = told[-1]
    return {
        "kernel": kernel_values(truth),
        "found": kernel_values(last.kernel),
        "steps": last.step,
        "loss": last.loss,
        "distance": last.distance,
        "windows": search.windows,
        "clipped": search.clipped,
        "directions": search.seen,
        "history": [{"step": one.step, "loss": one.loss, "distance": one.distance} for one in told],
    }
