"""Plays a clip: each frame when its time has come, and what a person does with it meanwhile."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from explorer.engine.events import Playing
from explorer.engine.problems import problem
from explorer.engine.transport import FASTEST, SLOWEST, Choice, Command, Loop, Play, Seek, Speed, Step
from explorer.sources.live import Clip
from explorer.values import Frame

if TYPE_CHECKING:
    from explorer.engine.feed import Feed, Listener

TOLD_S = 0.1
"""How often at most it is told where the clip is while it plays."""
LATE_S = 0.5
"""A frame that is this late sets the clock back: the decoder cannot follow, and the clip plays as fast as it can."""
_SAME_S = 1e-6
USUAL_S = 0.04
"""How long the last frame shows where nobody knows the rate."""


class Player:
    """Runs in the thread of a grabber until the feed is closed.

    Args:
        feed: gets the frames, and the person's commands.
        clip: open, and used by no other thread.
        listener: is told.
    """

    def __init__(self, feed: Feed, clip: Clip, listener: Listener) -> None:
        self._feed, self._clip, self._listener = feed, clip, listener
        chosen = feed.transport.choice
        self._playing, self._loop, self._speed, self._ended = chosen.playing, chosen.loop, chosen.speed, False
        self._skipped = 0
        self._at: tuple[int, float] = (0, chosen.position_s)
        self._clock_s, self._from_s = 0.0, 0.0
        self._told_s, self._owed = -math.inf, False
        self._troubled = self._told_cut = False

    def run(self) -> None:
        """Show the first frame, or the one that showed when a connection broke, and then each one in its time."""
        try:
            self._play()
        finally:
            self._feed.transport.choice = Choice(self._playing, self._speed, self._loop, self._at[1])

    def _play(self) -> None:
        self._go_to(self._at[1])
        self._tell(at_once=True)
        while True:
            commands = self._feed.transport.wait(self._until_due_s())
            if self._feed.closed.is_set():
                return
            for command in commands:
                self._obey(command)
            if commands:
                self._tell(at_once=True)
                continue
            if self._playing:
                self._go_on()
            if self._owed:
                self._tell()

    def _obey(self, command: Command) -> None:
        match command:
            case Play(on):
                if on and self._ended:
                    self._go_to(0.0)
                self._playing, self._ended = on, self._ended and not on
                self._set_clock(self._at[1])
            case Step(n):
                self._playing = False
                if (frame := self._clip.step(n)) is not None:
                    self._show(frame)
                    self._ended = self._clip.due_s() is None
                self._set_clock(self._at[1])
            case Seek(seconds):
                if math.isfinite(seconds):
                    self._go_to(seconds)
            case Loop(on):
                self._loop = on
                if on and self._ended:
                    self._obey(Play(True))
            case Speed(factor):
                if math.isfinite(factor):
                    self._set_clock(self._now_s())
                    self._speed = min(max(factor, SLOWEST), FASTEST)

    def _go_to(self, seconds: float) -> None:
        self._show(self._clip.seek(seconds))
        self._ended = not self._playing and self._clip.due_s() is None
        self._set_clock(self._at[1])

    def _go_on(self) -> None:
        """Show the frame whose time has come, or what comes after the last one."""
        if self._now_s() < self._due_s() - _SAME_S:
            return
        if self._clip.due_s() is not None:
            frame, passed = self._clip.next(self._now_s())
            self._skipped += passed
            self._show(frame)
            if self._now_s() - self._at[1] > LATE_S * self._speed:
                self._set_clock(self._at[1])
        elif self._loop:
            self._missing()
            self._go_to(0.0)
        else:
            self._playing, self._ended = False, True
            self._missing()
            self._tell(at_once=True)
            return
        self._tell()

    def _missing(self) -> None:
        """Tell what is missing of a clip that is cut off; of one that is shown over and over only once."""
        if (error := self._clip.cut()) is not None and not (self._loop and self._told_cut):
            self._told_cut = self._troubled = True
            self._listener.troubled(self._feed, problem("source", error), None)

    def _show(self, frame: Frame) -> None:
        self._at = frame.index, frame.position_s or 0.0
        if self._troubled:
            self._troubled = False
            self._listener.recovered(self._feed)
        was_empty = self._feed.offer(frame, 0.0)
        if was_empty is not None:
            self._listener.arrived(self._feed, frame, was_empty)

    def _tell(self, at_once: bool = False) -> None:
        now_s = time.perf_counter()
        if not at_once and now_s - self._told_s < TOLD_S - _SAME_S:
            self._owed = True
            return
        self._told_s, self._owed = now_s, False
        clip, (index, position_s) = self._clip, self._at
        told = Playing(
            source=self._feed.source,
            playing=self._playing,
            position_s=position_s,
            duration_s=clip.duration_s,
            index=index,
            count=clip.count,
            fps=clip.fps,
            speed=self._speed,
            loop=self._loop,
            ended=self._ended,
            skipped=self._skipped,
            unreadable=clip.unreadable,
        )
        self._listener.told(self._feed, told)

    def _due_s(self) -> float:
        """Return where the clip's clock stands when something is to happen next."""
        due_s = self._clip.due_s()
        return due_s if due_s is not None else self._at[1] + (1.0 / self._clip.fps if self._clip.fps else USUAL_S)

    def _until_due_s(self) -> float | None:
        """Return how long to wait for that, or to tell of it; None where only a command can make something happen."""
        waits_s = [(self._due_s() - self._now_s()) / self._speed] if self._playing else []
        if self._owed:
            waits_s.append(TOLD_S - (time.perf_counter() - self._told_s))
        return max(0.0, min(waits_s)) if waits_s else None

    def _now_s(self) -> float:
        return self._from_s + (time.perf_counter() - self._clock_s) * self._speed

    def _set_clock(self, position_s: float) -> None:
        """Let the clip's clock go on from there."""
        self._clock_s, self._from_s = time.perf_counter(), position_s
