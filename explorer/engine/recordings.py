"""What is being recorded: at most one movie, and the raw maps of one sequence of frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.engine.mailbox import Outbox
from explorer.engine.problems import problem
from explorer.errors import ExplorerError, ExportError
from explorer.recording.recorder import Recorder
from explorer.recording.values import Filmed, MapsKept, What
from explorer.text import N_
from explorer.values import Bytes, Floats, FrameResult

if TYPE_CHECKING:
    from explorer.graph.values import Graph
    from explorer.receptive.analyse import Fields
    from explorer.recording.sequence import Sequence


class Recordings:
    """Starts and ends recordings; every method returns at once and may be called from any thread.

    Args:
        outbox: gets ``Filmed`` and ``MapsKept``, and a ``Problem`` of "export" where one stops by itself.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._recorder: Recorder[Any] | None = None
        self._composite = False
        self._sequence: Sequence | None = None
        self._about: tuple[Graph | None, Fields | None, str] = (None, None, "")
        self._frame = object()
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def watching(self) -> bool:
        """Whether results are recorded, though nobody may see them."""
        return self._composite or self._sequence is not None

    @property
    def active(self) -> bool:
        """Whether a movie takes pictures."""
        recorder = self._recorder
        return recorder is not None and not recorder.ending

    def know(self, graph: Graph, title: str, fields: Fields | None = None) -> None:
        """Take the newest network's graph and title; what its units see counts only while it is the newest."""
        with self._lock:
            if fields is None or self._about[0] is graph:
                self._about = graph, fields, title

    def start(
        self,
        path: str,
        what: What,
        replace: bool = False,
        keep_free: int = 0,
        draw: Callable[[Any], Bytes] | None = None,
    ) -> None:
        """Record into ``path``; one that goes on is ended.

        Args:
            path: the file.
            what: what is recorded: a "composite" of every result, or what ``film`` is given.
            replace: whether a file that is there may be replaced.
            keep_free: bytes that must stay free on the disk.
            draw: makes what ``film`` is given into a picture, uint8 RGB (H, W, 3), in the recorder's thread.
        """
        self.stop()
        recorder: Recorder[Any] = Recorder(
            Path(path), what, draw or _page, self._told, replace=replace, keep_free=keep_free
        )
        with self._lock:
            if self._closed:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(recorder.thread)
            self._recorder, self._composite = recorder, draw is None
            recorder.thread.start()

    def film(self, thing: object) -> bool:
        """Record what the window grabbed now; return whether it was taken."""
        recorder = self._recorder
        return recorder is not None and not self._composite and recorder.offer(thing, time.perf_counter())

    def stop(self) -> None:
        """End the movie: what waits is still recorded, then "done" is told."""
        with self._lock:
            recorder, self._recorder, self._composite = self._recorder, None, False
        if recorder is not None:
            recorder.stop()

    def keep_maps(self, path: str, frames: int, keep_free: int = 0) -> None:
        """Keep the raw maps of the chosen layer in the next ``frames`` frames; a sequence that goes on is cancelled.

        That is told.
        """
        from explorer.recording.sequence import Sequence

        try:
            sequence = Sequence(Path(path), frames, keep_free)
        except ExplorerError as error:
            self._outbox.put(problem("export", error))
            return
        with self._lock:
            before = self._sequence
            if not self._closed:
                self._sequence = sequence
        if before is not None:
            why = ExportError(
                N_("The maps for {file} are no longer kept, for others are: keep one sequence after the other."),
                file=before.path.name,
            )
            self._outbox.put(problem("export", why), _kept(before, "cancelled"))
        self._outbox.put(MapsKept(path, "", "on", 0, frames))

    def cancel_maps(self, write: bool = False) -> None:
        """Keep no more maps; ``write``: but write those that are there."""
        with self._lock:
            sequence, self._sequence = self._sequence, None
        if sequence is None:
            return
        if write and sequence.frames:
            self._write(sequence)
        else:
            self._outbox.put(_kept(sequence, "cancelled"))

    def take(self, result: FrameResult, maps: Callable[[], Floats]) -> None:
        """Record a result, in the model thread; ``maps`` gives its layer's raw maps, float32 (C, h, w)."""
        recorder, sequence = self._recorder, self._sequence
        if recorder is not None and self._composite:
            # a frame that is looked at once more, through another layer or held, is a picture of now
            new, self._frame = result.frame is not self._frame, result.frame
            _graph, fields, title = self._about  # of now: when it is drawn there may be another network
            recorder.offer((result, fields, title), result.frame.time_s if new else time.perf_counter())
        if sequence is None:
            return
        try:
            kept = sequence.take(result, maps)
        except Exception as error:  # noqa: BLE001 - a network's forward may raise anything
            self._drop(sequence)
            told = problem("export", error)
            self._outbox.put(told, replace(_kept(sequence, "stopped"), error=told.error))
            return
        if sequence.over:
            if self._drop(sequence):
                self._write(sequence)
        elif kept:
            self._outbox.put(_kept(sequence, "on"))

    def close(self) -> list[threading.Thread]:
        """End everything for good, and return the threads that still write."""
        with self._lock:
            self._closed = True
        self.stop()
        self.cancel_maps(write=True)
        return [thread for thread in self._threads if thread.is_alive()]

    def _told(self, filmed: Filmed) -> None:
        if filmed.state == "stopped" and filmed.error is not None:
            self._outbox.put(problem("export", filmed.error), filmed)
        else:
            self._outbox.put(filmed)

    def _drop(self, sequence: Sequence) -> bool:
        """Forget ``sequence``; return whether it was still wanted."""
        with self._lock:
            wanted = self._sequence is sequence
            if wanted:
                self._sequence = None
            return wanted

    def _write(self, sequence: Sequence) -> None:
        thread = threading.Thread(target=self._fill, args=(sequence,), name=f"maps {sequence.path.name}", daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _fill(self, sequence: Sequence) -> None:
        self._outbox.put(_kept(sequence, "writing"))
        try:
            sequence.write()
        except Exception as error:  # noqa: BLE001 - whatever stops a file from being written, the person is told
            told = problem("export", error)
            self._outbox.put(told, replace(_kept(sequence, "stopped"), error=told.error))
        else:
            self._outbox.put(_kept(sequence, "done"))


def _page(what: tuple[FrameResult, Fields | None, str]) -> Bytes:
    from explorer.recording.film import page

    return page(*what)


def _kept(sequence: Sequence, state: Any) -> MapsKept:
    return MapsKept(str(sequence.path), sequence.layer, state, sequence.frames, sequence.wanted, sequence.why)
