"""``live``: what a network makes of a camera or the demo feed, frame after frame."""

from __future__ import annotations

import argparse
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from explorer import sources
from explorer.cli import output
from explorer.cli.arguments import Parser, add_network, check_weights, feed, seconds
from explorer.cli.streams import say
from explorer.engine.events import Problem
from explorer.engine.feed import Feed, Grabber
from explorer.errors import SourceError
from explorer.text import N_, _
from explorer.values import Frame, FrameResult, Source

ABOUT = N_("name what a camera or the demo feed shows, until Ctrl-C")
PATIENCE_S = 0.5
"""How long to wait for a frame before looking at the clock again."""
OPENING_S = 2.0
"""How long a source may at least take until its first picture, however short the person wants to look."""
Take = Callable[[], tuple[Frame, float] | None]


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    parser.what.add_argument("source", metavar="SOURCE", type=feed, help=_("camera:0, camera:1 … or demo"))
    add_network(parser)
    parser.how.add_argument("--seconds", metavar="S", type=seconds, default=math.inf, help=_("stop after so long"))
    parser.how.add_argument("--json", action="store_true", help=_("print a line of JSON for every frame"))


def run(options: argparse.Namespace) -> None:
    """Print a line a frame until the time is over; Ctrl-C is the ordinary way to end it, and no error."""
    check_weights(options)
    try:
        with _grabbing(options.source) as take:
            _watch(take, options)
    except KeyboardInterrupt:
        return


@contextmanager
def _grabbing(source: Source) -> Iterator[Take]:
    """Read a live source in a thread of its own; yield what takes its newest frame and the ms that reading it took."""
    box, arrived, problems = Feed(source), threading.Event(), list[Problem]()

    def ended(_feed: Feed, problem: Problem) -> None:
        problems.append(problem)
        arrived.set()

    def take() -> tuple[Frame, float] | None:
        arrived.wait(PATIENCE_S)
        arrived.clear()
        taken = box.box.take()
        if taken is None and problems:
            raise problems[0].error
        return taken

    grabber = Grabber(box, sources.open_live, lambda *_: arrived.set(), ended)
    grabber.thread.start()
    try:
        yield take
    finally:
        box.closed.set()
        grabber.thread.join(PATIENCE_S)  # a driver that hangs does not hold the program up


def _watch(take: Take, options: argparse.Namespace) -> None:
    patience_s = max(options.seconds, OPENING_S)
    until_s = time.perf_counter() + patience_s
    while take() is None:  # a source that gives nothing fails here, before torch is loaded
        if time.perf_counter() >= until_s:
            raise SourceError(
                N_("{source} sent no picture within {seconds} s: check it, or give it more time with --seconds."),
                source=f"{options.source.kind} {options.source.where}".strip(),
                seconds=f"{patience_s:g}",
            )

    from explorer import frame_path
    from explorer.cli import opening

    network = opening.network(options)
    recipe = opening.recipe(options.source, options)
    if not options.json:
        say(output.about(network))
    end_s = time.perf_counter() + options.seconds
    while time.perf_counter() < end_s:
        if taken := take():
            frame, read_ms = taken
            with opening.aside():
                result = frame_path.run(network, frame, recipe, {"read": read_ms})
            _print(result, options.json)


def _print(result: FrameResult, json: bool) -> None:
    if json:
        output.document(
            {
                "frame": result.frame.index,
                **output.predictions(result),
                "times_ms": output.times(result, *result.times_ms),
            }
        )
        return
    if why := output.note(result):
        first = _(why)
    else:
        first = f"{result.predictions[0].figure:>6}  {result.predictions[0].label}"
    say(f"{result.frame.index:6}  {sum(result.times_ms.values()):7.1f} ms  {first}")
