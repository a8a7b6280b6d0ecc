"""One source while it is looked at: its newest frame, and the thread that grabs the frames of a live one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from explorer.engine.events import Event, Playing, Problem, Retrying
from explorer.engine.mailbox import Latest
from explorer.engine.player import Player
from explorer.engine.problems import problem
from explorer.engine.transport import Play, Transport
from explorer.errors import HopelessError, SourceError
from explorer.sources.live import Clip, Live, Packed
from explorer.text import N_
from explorer.values import Frame, Source

HELD_S = 5.0
"""How long a source may still be held by the thread that used it before."""
PAUSES_S = (1.0, 2.0, 4.0, 10.0)
"""Before a source that is gone is tried again: after the first time, the second …; the last one from then on."""
RETRIED = frozenset({"camera", "stream"})
"""Kinds of sources that come back by themselves; a broken file does not."""
_GLANCE_S = 0.1
"""How often a thread that waits looks whether it is still to wait."""


class Feed:
    """The frames of one source.

    Attributes:
        source: the source.
        name: what it is called in a sentence.
        box: frames that the network has not taken yet, each with the milliseconds that reading it took.
        frame: the frame that the network took last; later wishes use it until there is a newer one.
        read_ms: what reading that frame took.
        problem: why no more frames come, or None.
        retrying: how the source is tried again meanwhile, or None.
        transport: what the person does with a video or a folder.
        again: set when a source that is gone is to be tried again at once.
        closed: set when another source has taken this one's place.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = f"{source.kind} {source.shown}".strip()
        self.box: Latest[tuple[Frame | Packed, float]] = Latest()
        self.frame: Frame | None = None
        self.read_ms = 0.0
        self.problem: Problem | None = None
        self.retrying: Retrying | None = None
        self.transport = Transport()
        self.again = threading.Event()
        self.closed = threading.Event()
        self._lock = threading.Lock()
        self._frozen = self._began = self._paced = self._mirrored = False

    def close(self) -> None:
        """Let the thread that brings frames end."""
        self.closed.set()
        self.again.set()
        self.transport.close()

    @property
    def troubles(self) -> tuple[Event, ...]:
        """What there is to tell of a source that gives no frames now."""
        retrying = None if self.retrying is None else replace(self.retrying, source=self.source)
        return tuple(event for event in (retrying, self.problem) if event is not None)

    @property
    def frozen(self) -> bool:
        """Whether the frame is held."""
        return self._frozen

    def freeze(self, frozen: bool) -> None:
        """Refuse frames once there is one to hold, or take them again; no frame comes after this has returned.

        What has a place in time to go on from is stopped there instead.
        """
        with self._lock:
            if self._paced:
                self.transport.put(Play(not frozen))
            else:
                self._frozen = frozen

    def pace(self) -> None:
        """Be told that the frames have their places in time."""
        with self._lock:
            if self._frozen:
                self.transport.put(Play(False))
            self._paced, self._frozen = True, False

    def offer(self, frame: Frame | Packed, read_ms: float) -> bool | None:
        """Put a frame into the box; return whether the box was empty before, or None if the frame was refused."""
        with self._lock:
            if self._frozen and self._began:
                return None
            self._began = True
            return self.box.put((frame, read_ms))

    def newest(self) -> Frame | None:
        """Take the newest frame there is; the one taken before where no other came; None before the first.

        Only the model thread calls this; it decodes what nobody has decoded yet.
        """
        if new := self.box.take():
            start_s = time.perf_counter()
            if (frame := unpacked(new[0])) is not None:
                self.frame, self._mirrored = frame, False
                self.read_ms = new[1] + (time.perf_counter() - start_s) * 1000
        if self.frame is not None and self._mirrored != self.source.mirror:
            self.frame, self._mirrored = mirrored(self.frame), self.source.mirror
        return self.frame


def unpacked(frame: Frame | Packed) -> Frame | None:
    """Return the decoded frame; None where it is damaged."""
    return frame if isinstance(frame, Frame) else frame.frame()


def mirrored(frame: Frame) -> Frame:
    """Return the frame with left and right changed places."""
    return replace(frame, pixels=np.ascontiguousarray(frame.pixels[:, ::-1]))


@dataclass(frozen=True)
class Listener:
    """Whom a grabber tells, always from its own thread.

    Attributes:
        arrived: of a frame that was put, and whether the box was empty before.
        troubled: that the source broke, ended or cannot be opened, and how it is tried again, if it is; not if the
            feed was closed.
        recovered: that frames come again.
        told: where a video or folder is.
    """

    arrived: Callable[[Feed, Frame | Packed, bool], None]
    troubled: Callable[[Feed, Problem, Retrying | None], None]
    recovered: Callable[[Feed], None] = lambda _feed: None
    told: Callable[[Feed, Playing], None] = lambda _feed, _playing: None


class Grabber:
    """A thread that reads a live source as fast as it gives frames and keeps only the newest.

    A camera's driver queues frames: a reader that waits for the network would show the past, ever further behind. A
    video is played by its time stamps instead. A camera or stream that is gone is tried again, after growing pauses.

    Args:
        feed: gets the frames.
        open_live: opens the source; called in the thread, for a camera may take seconds.
        listener: is told.
        after: threads that still hold the same source, waited for as long as ``HELD_S``.
        patient: whether to try again what is gone.
    """

    def __init__(
        self,
        feed: Feed,
        open_live: Callable[[Source], Live | Clip],
        listener: Listener,
        after: tuple[threading.Thread, ...] = (),
        patient: bool = True,
    ) -> None:
        self._feed = feed
        self._open = open_live
        self._listener = listener
        self._after = after
        self._patient = patient and feed.source.kind in RETRIED
        self._tries = 0
        self.thread = threading.Thread(target=self._run, name=f"grabber {feed.name}", daemon=True)

    def _run(self) -> None:
        why: Problem | None = None
        while not self._feed.closed.is_set():
            try:
                self._wait()
                self._grab()
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, the person is told
                if self._feed.closed.is_set():
                    return
                if why is None or not self._tries or str(error) != str(why.error):  # the log has it already
                    why = problem("source", error)
                if not self._patient or isinstance(error, HopelessError):
                    self._listener.troubled(self._feed, why, None)
                    return
                self._pause(why)

    def _pause(self, why: Problem) -> None:
        """Tell when the source is tried again, and wait until then; a person's own try ends the pause."""
        pause_s = PAUSES_S[min(self._tries, len(PAUSES_S) - 1)]
        self._tries += 1
        self._feed.again.clear()
        if self._feed.closed.is_set():
            return
        retrying = Retrying(self._feed.source, why.error, pause_s, self._tries, time.perf_counter())
        self._listener.troubled(self._feed, why, retrying)
        self._feed.again.wait(pause_s)

    def _wait(self) -> None:
        """Wait for the threads that hold the source.

        Raises:
            SourceError: one of them hangs in its driver.
        """
        until = time.monotonic() + HELD_S
        for thread in self._after:
            while thread.is_alive() and not self._feed.closed.is_set():
                if time.monotonic() >= until:
                    raise SourceError(
                        N_("The source “{source}” is still held by its last use: connect it anew, then try again."),
                        source=self._feed.name,
                    )
                thread.join(_GLANCE_S)
        self._after = ()

    def _grab(self) -> None:
        feed = self._feed
        if feed.closed.is_set():
            return
        live = self._open(feed.source)
        try:
            if isinstance(live, Clip):
                feed.pace()
                self._recovered()
                Player(feed, live, self._listener).run()
            else:
                self._follow(live)
        finally:
            live.close()

    def _follow(self, live: Live) -> None:
        feed = self._feed
        while not feed.closed.is_set():
            start = time.perf_counter()
            frame = live.read()
            if frame is None:
                raise SourceError(
                    N_("The source “{source}” sends no more pictures: check it, then try again."),
                    source=feed.name,
                )
            self._recovered()
            was_empty = feed.offer(frame, (time.perf_counter() - start) * 1000)
            if was_empty is not None:
                self._listener.arrived(feed, frame, was_empty)

    def _recovered(self) -> None:
        """Tell that frames come again, if it was told that they do not."""
        if self._tries:
            self._tries = 0
            self._listener.recovered(self._feed)
