"""``--record`` of ``live``: every frame's page in a film beside what is printed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli.arguments import Parser, whole
from explorer.cli.output import document
from explorer.cli.streams import say
from explorer.errors import ExportError, PersonError
from explorer.recording.recorder import Recorder
from explorer.recording.values import Filmed
from explorer.settings import Settings
from explorer.text import N_, _, ngettext
from explorer.values import FrameResult

if TYPE_CHECKING:
    from explorer.session import Network

ENDING_S = 30.0
"""How long a slow disk may take to end a film."""


def arguments(parser: Parser) -> None:
    """Declare what the film shows and where it goes."""
    about = _("a film (.mp4) of every frame: the picture, a layer's maps, the answer; ended by --seconds or Ctrl-C")
    parser.how.add_argument("--record", metavar="FILE", type=Path, help=about)
    about = _("with --record: the layer whose maps it shows; “layers MODEL” lists them")
    parser.how.add_argument("--layer", metavar="NAME", default="", help=about)
    about = _("with --record: row and column of a unit, whose receptive field is marked")
    parser.how.add_argument("--unit", metavar=("Y", "X"), nargs=2, type=whole(0), help=about)


def check(options: argparse.Namespace) -> None:
    """See that the file can be a film, before anything is opened.

    Raises:
        PersonError: its name ends otherwise, or what only makes sense for a film is given without one.
    """
    if options.record is None:
        if options.layer or options.unit:
            raise PersonError(N_("--layer and --unit are for a film: give --record FILE as well, or leave them out."))
    elif options.record.suffix.lower() != ".mp4":
        raise PersonError(N_("“{path}” has no known ending: let the name end in .mp4."), path=options.record)


@contextmanager
def film(options: argparse.Namespace, network: Network) -> Iterator[Callable[[FrameResult], object]]:
    """Yield what takes every result; the film is ended on the way out, also by Ctrl-C, which goes no further then.

    Raises:
        NetworkError: there is no such layer or unit. ExportError: the film ended by itself; what came before it plays.
    """
    if options.record is None:
        yield lambda _result: None
        return
    from explorer.receptive.analyse import analyse
    from explorer.recording.film import page

    layer = network.layer(options.layer)
    fields = analyse(network.graph) if options.unit else None
    if fields is not None:
        fields.area(layer.id, tuple(options.unit))  # a unit that is not there is told before anything runs
    told = list[Filmed]()
    recorder = Recorder(
        options.record,
        "composite",
        partial(page, fields=fields, title=network.card.title),
        lambda filmed: told.__setitem__(slice(None), [filmed]),
        keep_free=Settings().keep_free_mb * 1_000_000,
    )
    recorder.thread.start()

    def offer(result: FrameResult) -> None:
        if recorder.ending and told and told[0].error is not None:
            raise told[0].error
        recorder.offer(result, result.frame.time_s)

    try:
        with suppress(KeyboardInterrupt):  # an ordinary end: how the film ended is told then too
            yield offer
    finally:
        recorder.stop()
        recorder.thread.join(ENDING_S)
    if recorder.thread.is_alive():
        raise ExportError(
            N_("“{path}” was not ended within {seconds} s: it plays, but seeks slowly; choose a faster disk."),
            path=options.record,
            seconds=f"{ENDING_S:g}",
        )
    last = told[0]
    if last.error is not None:
        raise last.error
    if options.json:
        document({"recorded": last.path, "pictures": last.pictures, "seconds": last.seconds, "dropped": last.dropped})
        return
    text = ngettext(
        "{path}: {count} picture in {seconds:.1f} s, {dropped} left out because encoding was slow",
        "{path}: {count} pictures in {seconds:.1f} s, {dropped} left out because encoding was slow",
        last.pictures,
    )
    say(text.format(path=last.path, count=last.pictures, seconds=last.seconds, dropped=last.dropped))
