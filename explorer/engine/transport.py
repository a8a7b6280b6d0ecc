"""What a person does with a video or a folder while it plays: go on, stop, step, go to a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

SLOWEST, FASTEST = 0.25, 4.0
"""Of the speeds that can be chosen; 1 is the video's own."""


@dataclass(frozen=True)
class Play:
    """Let it go on by itself, or stop it; at its end it begins anew."""

    on: bool = True


@dataclass(frozen=True)
class Step:
    """Stop it and go ``n`` frames forward, or back where ``n`` is negative; no further than its first or last frame."""

    n: int = 1


@dataclass(frozen=True)
class Seek:
    """Go to the frame that shows ``seconds`` after the first one; it goes on from there if it was playing."""

    seconds: float


@dataclass(frozen=True)
class Loop:
    """Let it begin anew at its end, at once where it is there already; or stay on its last frame."""

    on: bool = True


@dataclass(frozen=True)
class Speed:
    """Let ``factor`` seconds of it pass in one, ``SLOWEST`` to ``FASTEST``."""

    factor: float = 1.0


Command = Play | Step | Seek | Loop | Speed


@dataclass(frozen=True)
class Choice:
    """What a person has chosen of a clip, which a connection that breaks does not change.

    Attributes:
        playing, speed, loop: see ``Play``, ``Speed`` and ``Loop``.
        position_s: where it is, seconds after the first frame.
    """

    playing: bool = True
    speed: float = 1.0
    loop: bool = False
    position_s: float = 0.0


class Transport:
    """The commands that wait for the thread that plays, and its sleep until the next one or until a frame is due.

    Attributes:
        choice: what the commands came to when the last player ended; the next one goes on with it.
    """

    def __init__(self) -> None:
        self.choice = Choice()
        self._ready = threading.Condition()
        self._commands: list[Command] = []
        self._closed = False

    def put(self, command: Command) -> None:
        """Leave a command; of several ``Seek`` or ``Speed`` in a row, such as a slider's, only the last counts."""
        with self._ready:
            last = self._commands[-1] if self._commands else None
            if isinstance(command, Seek | Speed) and type(last) is type(command):
                self._commands.pop()
            self._commands.append(command)
            self._ready.notify_all()

    def close(self) -> None:
        """Wake the thread that plays for the last time."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def wait(self, timeout_s: float | None = None) -> list[Command]:
        """Return the commands that wait, the oldest first, as soon as there is one; none after ``timeout_s``."""
        with self._ready:
            self._ready.wait_for(lambda: self._commands or self._closed, timeout_s)
            commands, self._commands = self._commands, []
            return commands
