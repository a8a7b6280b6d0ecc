"""The errors that a person can meet, each one sentence with its remedy, translated only when it is shown."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from explorer.text import _


class ExplorerError(Exception):
    """What went wrong, with the value, and what to do about it.

    Args:
        message: an English sentence marked with ``N_`` where it is written; ``{name}`` stands for a value.
        values: what fills the braces; values that are themselves ``ExplorerError`` or marked text are shown as ``str``.
    """

    exit_code = 1

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message, values)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return _(self.message).format(**self.values)


class PersonError(ExplorerError):
    """A mistake that the person can mend: exit code 2."""

    exit_code = 2


class SourceError(PersonError):
    """A picture, video or camera cannot be read."""


class HopelessError(SourceError):
    """A source that no further try can bring: what names it must change."""


class MovesError(SourceError):
    """There are moving pictures where one picture was looked for."""


class NetworkError(PersonError):
    """A network, a layer or its weights are not there, or do not fit."""


class DeviceError(PersonError):
    """The device that was asked for is not there, or has not enough memory."""


class ExportError(PersonError):
    """A file cannot be written."""


class DownloadError(PersonError):
    """A file cannot be had from the network, or not be kept."""


class OfflineError(DownloadError):
    """There seems to be no network at all."""


class ForwardError(PersonError):
    """The network itself raised while it ran."""


class Cancelled(ExplorerError):
    """The person, or a newer wish, ended the work; never shown as an error."""


@contextmanager
def contained() -> Iterator[None]:
    """Let a stranger's code fail, as any code may, where it would end the program or the thread that runs it.

    A KeyboardInterrupt in the main thread is the person's own Ctrl-C and goes on.

    Raises:
        RuntimeError: it called ``sys.exit``, or raised KeyboardInterrupt in a thread that Ctrl-C never reaches.
    """
    try:
        yield
    except (SystemExit, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}".removesuffix(": ")) from error


def nearest(word: str, words: Iterable[str], count: int = 3) -> list[str]:
    """Return the ``words`` that a person who wrote ``word`` may have meant, at most ``count``, for an error's sentence.

    Those that end in it come first, then those that contain it, then those of like letters; none where none is like it.
    """
    known: dict[str, str] = {}
    for other in words:
        known.setdefault(other.lower(), other)
    low = word.lower()
    parts = [other for other in known if low in other] if len(low) > 1 else []
    parts.sort(key=lambda other: not other.endswith(low))
    like = difflib.get_close_matches(low, known, n=count)
    return [known[other] for other in dict.fromkeys((*parts, *like))][:count]
