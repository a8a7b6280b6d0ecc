"""``live``: what a network makes of a camera, a stream, a video, a folder or the demo feed, frame after frame."""

from __future__ import annotations

import argparse
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from explorer import sources
from explorer.cli import output, recording
from explorer.cli.arguments import Parser, add_network, check_weights, feed, seconds
from explorer.cli.streams import complain, say
from explorer.engine.events import Playing, Problem, Retrying
from explorer.engine.feed import Feed, Grabber, Listener
from explorer.engine.transport import Play, Seek
from explorer.errors import SourceError
from explorer.text import N_, _
from explorer.values import Frame, FrameResult, Source

ABOUT = N_("name what a camera, a video or the demo feed shows, until it ends or Ctrl-C")
PATIENCE_S = 0.5
"""How long to wait for a frame before looking at the clock again."""
OPENING_S = 2.0
"""How long a source may at least take until its first picture, however short the person wants to look."""


def arguments(parser: Parser) -> None:
    """Declare what the command takes."""
    about = _("camera:0 …, demo, a video file, a folder of pictures, or an http or rtsp address")
    parser.what.add_argument("source", metavar="SOURCE", type=feed, help=about)
    add_network(parser)
    parser.how.add_argument("--seconds", metavar="S", type=seconds, default=math.inf, help=_("stop after so long"))
    parser.how.add_argument("--json", action="store_true", help=_("print a line of JSON for every frame"))
    recording.arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print a line a frame until the time is over or the source ends; Ctrl-C is an ordinary end too, and no error."""
    check_weights(options)
    recording.check(options)
    try:
        with _watched(options.source, patient=math.isfinite(options.seconds)) as watched:
            _watch(watched, options)
    except KeyboardInterrupt:
        return


class _Watched:
    """A live source that a thread of its own reads.

    Args:
        source: which one.
        patient: whether a camera or stream that has given a picture is tried again when it is gone.

    Attributes:
        feed: its frames.
        playing: where a video or folder is, or None.
    """

    def __init__(self, source: Source, patient: bool) -> None:
        self.feed = Feed(source)
        self.playing: Playing | None = None
        self._happened, self._problems = threading.Event(), list[Problem]()
        self._named: set[str] = set()
        self._came, self._said = False, ""
        listener = Listener(self._arrived, self._troubled, self._recovered, self._told)
        self.grabber = Grabber(self.feed, sources.open_live, listener, patient=patient)

    def take(self) -> Frame | None:
        """Return a frame that was not taken before, or None after a while.

        Raises:
            SourceError: there are no more, because something is wrong.
        """
        self._happened.wait(PATIENCE_S)
        self._happened.clear()
        before = self.feed.frame
        frame = self.feed.newest()
        if frame is not before:
            return frame
        if self._problems:
            raise self._problems[0].error
        return None

    @property
    def ended(self) -> bool:
        """Whether a video or folder has come to its end."""
        return self.playing is not None and self.playing.ended

    def _arrived(self, *_: object) -> None:
        self._came = True
        self._happened.set()

    def _troubled(self, _feed: Feed, problem: Problem, retrying: Retrying | None) -> None:
        if retrying is None or not self._came:
            self._problems.append(problem)
            self._happened.set()
        elif self._said != str(problem.error):  # once, however often it is tried in vain
            self._said = str(problem.error)
            complain(_("{problem} Trying again …").format(problem=self._said))

    def _recovered(self, feed: Feed) -> None:
        if self._said:
            self._said = ""
            complain(_("{source} sends pictures again.").format(source=feed.name))

    def _told(self, _feed: Feed, playing: Playing) -> None:
        self.playing = playing
        for name in playing.unreadable:
            if name not in self._named:
                self._named.add(name)
                complain(_("{name} holds no picture that can be read and is passed over.").format(name=name))
        self._happened.set()


@contextmanager
def _watched(source: Source, patient: bool) -> Iterator[_Watched]:
    watched = _Watched(source, patient)
    watched.feed.transport.put(Play(False))  # nothing of a video goes by while the network is loaded
    watched.grabber.thread.start()
    try:
        yield watched
    finally:
        watched.feed.close()
        watched.grabber.thread.join(PATIENCE_S)  # a driver that hangs does not hold the program up


def _watch(watched: _Watched, options: argparse.Namespace) -> None:
    patience_s = max(options.seconds, OPENING_S)
    until_s = time.perf_counter() + patience_s
    while (first := watched.take()) is None:  # a source that gives nothing fails here, before torch is loaded
        if time.perf_counter() >= until_s:
            raise SourceError(
                N_("{source} sent no picture within {seconds} s: check it, or give it more time with --seconds."),
                source=watched.feed.name,
                seconds=f"{patience_s:g}",
            )

    from explorer import frame_path
    from explorer.cli import opening

    network = opening.network(options)
    network.in_one_piece(True)
    unit = tuple(options.unit) if options.unit else None
    recipe = opening.recipe(options.source, options, layer=options.layer, unit=unit)
    with opening.aside():
        frame_path.run(network, first, recipe)  # the first run of all takes long
    if not options.json:
        say(output.about(network))
    with recording.film(options, network) as film:
        if not watched.ended:
            watched.feed.transport.put(Seek(0.0))
        watched.feed.transport.put(Play())
        end_s = time.perf_counter() + options.seconds
        while time.perf_counter() < end_s:
            if (frame := watched.take()) is not None:
                with opening.aside():
                    result = frame_path.run(network, frame, recipe, {"read": watched.feed.read_ms})
                film(result)
                _print(result, watched, options.json)
            elif watched.ended:
                return


def _print(result: FrameResult, watched: _Watched, json: bool) -> None:
    frame, latency_s = result.frame, time.perf_counter() - result.frame.time_s
    if json:
        place: dict[str, Any] = {} if frame.position_s is None else {"position_s": round(frame.position_s, 6)}
        output.document(
            {
                "frame": frame.index,
                **place,
                "time": round(time.time() - latency_s, 6),
                "latency_ms": round(latency_s * 1000, 3),
                "dropped": watched.feed.box.dropped,
                **({} if watched.playing is None else {"skipped": watched.playing.skipped}),
                **output.predictions(result),
                "times_ms": output.times(result, *result.times_ms),
            }
        )
        return
    if why := output.note(result):
        first = _(why)
    else:
        first = f"{result.predictions[0].figure:>6}  {result.predictions[0].label}"
    say(f"{frame.index:6}  {sum(result.times_ms.values()):7.1f} ms  {first}")
