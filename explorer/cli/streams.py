"""What is said on standard output and standard error, whatever they lead to: a terminal, a full disk, nothing."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, TypeVar

from explorer.errors import PersonError
from explorer.text import N_

T = TypeVar("T")
_BREAKING = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, half characters, line and paragraph separators."""


class Resumable(KeyboardInterrupt):
    """Ctrl-C in work with which the same command goes on."""


@contextmanager
def resumable() -> Iterator[None]:
    """Let Ctrl-C say that the same command goes on where this one stopped.

    Raises:
        Resumable: in place of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Resumable from None


def take_any_letter() -> None:
    """Let the streams write “?” for a letter that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # they are None where they are closed
            stream.reconfigure(errors="replace")


def one_line(text: object) -> str:
    """Return ``text`` on one line: what would break it, or steer a terminal, is written as an escape."""
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _BREAKING else letter
        for letter in str(text)
    )


def complain(problem: object) -> None:
    """Write one line on standard error; nowhere where that is closed or full, least of all on standard output."""
    if sys.stderr is None:
        return
    try:
        print(one_line(problem), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        drop(sys.stderr)


def say(*lines: str) -> None:
    """Write lines on standard output at once.

    Raises:
        BrokenPipeError: whoever read it has had enough.
        PersonError: it cannot be written.
    """
    try:
        print(*lines, sep="\n", end="\n" if lines else "", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(sys.stdout)  # the interpreter would try again at its end
        raise PersonError(
            N_("The output cannot be written ({reason}): free some space, or send it elsewhere."),
            reason=error.strerror or error,
        ) from error


def drop(stream: TextIO) -> None:
    """Let ``stream`` lead nowhere, so that what is still in its buffer does not fail again at exit."""
    with suppress(OSError, ValueError):  # it is no file, or closed already
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def overwrite(line: str) -> None:
    """Write ``line`` over the one before on a terminal's standard error; "" goes to the next line."""
    try:
        print(f"\r{one_line(line)}" if line else "\n", end="", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        drop(sys.stderr)


def told(steps: Iterable[T], words: Callable[[T], str]) -> Iterator[T]:
    """Yield ``steps``, and write how far they are over one another where standard error is a terminal."""
    terminal, begun = sys.stderr is not None and sys.stderr.isatty(), False
    try:
        for step in steps:
            if terminal:
                overwrite(words(step))
                begun = True
            yield step
    finally:
        if begun:
            overwrite("")


def has_display() -> bool:
    """Return whether a window can be seen here; always where there is no X11 or Wayland to ask."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
