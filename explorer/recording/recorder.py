"""One bounded queue and one thread between what makes pictures and the file that they go to."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from explorer.errors import ExplorerError
from explorer.recording.disk import check_room
from explorer.recording.values import Filmed, What
from explorer.text import N_
from explorer.values import Bytes

T = TypeVar("T")
WAITING = 4
"""So many pictures may wait; a full queue drops the next one rather than let the live path wait."""
TOLD_EVERY_S = 0.25
_NICE = 5
LOOKED_EVERY_S = 1.0
"""How often the free space is looked at: at 30 MB/s, more than any recording writes, the least limit lasts longer."""


class MovieLike(Protocol):
    """What takes the pictures; see ``movie.Movie``."""

    path: Path
    pictures: int
    seconds: float
    size_wh: tuple[int, int] | None

    @property
    def size_bytes(self) -> int:
        """Bytes on the disk."""
        ...

    def add(self, picture: Bytes, time_s: float) -> None:
        """Add a picture."""
        ...

    def close(self) -> None:
        """End the file."""
        ...


def _movie(path: Path, replace: bool) -> MovieLike:
    from explorer.recording.movie import Movie  # loads PyAV

    return Movie(path, replace)


class Recorder(Generic[T]):
    """Records what ``offer`` is given, in a thread of its own.

    Args:
        path: the file.
        what: what is recorded.
        draw: makes what was offered into a picture, uint8 RGB (H, W, 3); called in the thread.
        told: called in the thread, a few times a second and once at the end.
        replace: whether a file that is there may be replaced.
        keep_free: bytes that must stay free on the disk.
        open_movie: makes the file; tests put their own there.
    """

    def __init__(
        self,
        path: Path,
        what: What,
        draw: Callable[[T], Bytes],
        told: Callable[[Filmed], None],
        replace: bool = False,
        keep_free: int = 0,
        open_movie: Callable[[Path, bool], MovieLike] = _movie,
    ) -> None:
        self._path, self._what, self._draw, self._told = path, what, draw, told
        self._replace, self._keep_free, self._open = replace, keep_free, open_movie
        self._queue: queue.Queue[tuple[T, float]] = queue.Queue(WAITING)
        self._ending = threading.Event()
        self._dropped = 0
        self.thread = threading.Thread(target=self._run, name=f"recorder {path.name}", daemon=True)

    @property
    def ending(self) -> bool:
        """Whether it takes no more pictures."""
        return self._ending.is_set()

    def offer(self, thing: T, time_s: float) -> bool:
        """Let ``thing`` be the picture at ``time_s``; never waits. Returns whether it was taken."""
        if self.ending:
            return False
        try:
            self._queue.put_nowait((thing, time_s))
        except queue.Full:
            self._dropped += 1
            return False
        return True

    def stop(self) -> None:
        """Take no more pictures; what waits is still recorded and the file is ended."""
        self._ending.set()

    def _run(self) -> None:
        _give_way()
        movie: MovieLike | None = None
        failed: ExplorerError | None = None
        try:
            check_room(self._path, 0, self._keep_free)
            movie = self._open(self._path, self._replace)
            self._told(self._state(movie))
            self._record(movie)
            if not movie.pictures:
                failed = ExplorerError(N_("Nothing was recorded: no picture came before it was ended."))
        except Exception as error:  # noqa: BLE001 - whatever stops it, the file is ended and the person is told
            failed = _sentence(error)
        self._ending.set()
        if movie is not None:
            try:
                movie.close()
            except Exception as error:  # noqa: BLE001 - as above
                failed = failed or _sentence(error)
        self._told(self._state(movie, failed, over=True))

    def _record(self, movie: MovieLike) -> None:
        told_s = looked_s = time.monotonic()
        while not (self.ending and self._queue.empty()):
            try:
                thing, time_s = self._queue.get(timeout=TOLD_EVERY_S)
            except queue.Empty:
                pass
            else:
                picture = self._draw(thing)
                if picture.size:  # a panel that is folded has none
                    movie.add(picture, time_s)
                del thing, picture
            now_s = time.monotonic()
            if now_s - looked_s >= LOOKED_EVERY_S:
                looked_s = now_s
                check_room(self._path, 0, self._keep_free)
            if now_s - told_s >= TOLD_EVERY_S:
                told_s = now_s
                self._told(self._state(movie))

    def _state(self, movie: MovieLike | None, error: ExplorerError | None = None, over: bool = False) -> Filmed:
        if movie is None:
            return Filmed(str(self._path), self._what, "stopped", error=error)
        return Filmed(
            str(movie.path),
            self._what,
            ("stopped" if error else "done") if over else "on",
            movie.pictures,
            self._dropped,
            movie.size_bytes,
            movie.seconds,
            movie.size_wh,
            error,
        )


def _give_way() -> None:
    """Let the network and the window go first where they want the processors; Linux alone does so by thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _sentence(error: Exception) -> ExplorerError:
    if isinstance(error, ExplorerError):
        return error
    return ExplorerError(
        N_("The recording stopped because of a fault of the program ({reason}): try again, or report it."),
        reason=f"{type(error).__name__}: {error}",
    )
