"""One source while it is looked at: its newest frame, and the thread that grabs the frames of a live one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from explorer.engine.events import Problem
from explorer.engine.mailbox import Latest
from explorer.engine.problems import problem
from explorer.engine.transport import Transport
from explorer.errors import SourceError
from explorer.text import N_
from explorer.values import Frame, Source

HELD_S = 5.0
"""How long a source may still be held by the thread that used it before."""
_GLANCE_S = 0.1
"""How often a thread that waits looks whether it is still to wait."""


class Live(Protocol):
    """An open live source, used from one thread."""

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; None when there are no more."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class Feed:
    """The frames of one source.

    Attributes:
        source: the source.
        name: what it is called in a sentence.
        box: frames that the network has not taken yet, each with the milliseconds that reading it took.
        frame: the frame that the network took last; later wishes use it until there is a newer one.
        read_ms: what reading that frame took.
        problem: why no more frames come, or None.
        transport: what the person does with a video or a folder.
        closed: set when another source has taken this one's place.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.name = f"{source.kind} {source.shown}".strip()
        self.box: Latest[tuple[Frame, float]] = Latest()
        self.frame: Frame | None = None
        self.read_ms = 0.0
        self.problem: Problem | None = None
        self.transport = Transport()
        self.closed = threading.Event()
        self._lock = threading.Lock()
        self._frozen = self._began = False

    def close(self) -> None:
        """Let the thread that brings frames end."""
        self.closed.set()
        self.transport.close()

    @property
    def frozen(self) -> bool:
        """Whether the frame is held."""
        return self._frozen

    def freeze(self, frozen: bool) -> None:
        """Refuse frames once there is one to hold, or take them again; no frame comes after this has returned."""
        with self._lock:
            self._frozen = frozen

    def offer(self, frame: Frame, read_ms: float) -> bool | None:
        """Put a frame into the box; return whether the box was empty before, or None if the frame was refused."""
        with self._lock:
            if self._frozen and self._began:
                return None
            self._began = True
            return self.box.put((frame, read_ms))

    def newest(self) -> Frame | None:
        """Take the newest frame there is; the one taken before where no other came; None before the first.

        Only the model thread calls this.
        """
        if new := self.box.take():
            self.frame, self.read_ms = new
        return self.frame


class Grabber:
    """A thread that reads a live source as fast as it gives frames and keeps only the newest.

    A camera's driver queues frames: a reader that waits for the network would show the past, ever further behind.

    Args:
        feed: gets the frames.
        open_live: opens the source; called in the thread, for a camera may take seconds.
        arrived: called with each frame that was put, and whether the box was empty before.
        ended: called once if the source breaks, ends or cannot be opened; not if the feed was closed.
        after: threads that still hold the same source, waited for as long as ``HELD_S``.
    """

    def __init__(
        self,
        feed: Feed,
        open_live: Callable[[Source], Live],
        arrived: Callable[[Feed, Frame, bool], None],
        ended: Callable[[Feed, Problem], None],
        after: tuple[threading.Thread, ...] = (),
    ) -> None:
        self._feed = feed
        self._open = open_live
        self._arrived = arrived
        self._ended = ended
        self._after = after
        self.thread = threading.Thread(target=self._run, name=f"grabber {feed.name}", daemon=True)

    def _run(self) -> None:
        try:
            self._wait()
            self._grab()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the person is told and may try again
            if not self._feed.closed.is_set():
                self._ended(self._feed, problem("source", error))

    def _wait(self) -> None:
        """Wait for the threads that hold the source.

        Raises:
            SourceError: one of them hangs in its driver.
        """
        holders, self._after = self._after, ()
        until = time.monotonic() + HELD_S
        for thread in holders:
            while thread.is_alive() and not self._feed.closed.is_set():
                if time.monotonic() >= until:
                    raise SourceError(
                        N_("The source “{source}” is still held by its last use: connect it anew, then try again."),
                        source=self._feed.name,
                    )
                thread.join(_GLANCE_S)

    def _grab(self) -> None:
        feed = self._feed
        if feed.closed.is_set():
            return
        live = self._open(feed.source)
        try:
            while not feed.closed.is_set():
                start = time.perf_counter()
                frame = live.read()
                if frame is None:
                    raise SourceError(
                        N_("The source “{source}” sends no more pictures: check it, then try again."),
                        source=feed.name,
                    )
                was_empty = feed.offer(frame, (time.perf_counter() - start) * 1000)
                if was_empty is not None:
                    self._arrived(feed, frame, was_empty)
        finally:
            live.close()
