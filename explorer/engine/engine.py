"""What the window holds of the core: wishes in, events out, and the threads between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from explorer.engine.desk import Desk
from explorer.engine.downloads import Downloads
from explorer.engine.events import (
    Calculated,
    Catalogue,
    Event,
    Exported,
    FieldsReady,
    FrameRead,
    NetworkInfo,
    Playing,
    Problem,
    Retrying,
)
from explorer.engine.feed import Feed, Grabber, Listener, mirrored, unpacked
from explorer.engine.mailbox import Outbox
from explorer.engine.model_thread import ModelThread
from explorer.engine.problems import problem
from explorer.engine.recordings import Recordings
from explorer.engine.rooms import Rooms
from explorer.engine.transport import Command
from explorer.engine.worker import Worker
from explorer.errors import ExplorerError, ExportError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.sources.live import Packed
from explorer.text import N_
from explorer.values import Floats, Frame, Source

if TYPE_CHECKING:  # the window opens without
    from explorer.questions import Question
    from explorer.reproduce import Kept

_SHARE = 0.8
"""Of the time to end in: what the model thread may take, so that the others have some where a network hangs."""
_MOMENT_S = 0.05
"""So long the network waits at most for the picture of a typed kernel."""
CALCULATIONS = ("filter", "learn", "cameras", "index", "thumbnails", "deck")
"""Lanes of the window's own calculations: what a hand waits for, and what takes its time."""


class Engine:
    """Answers the newest wish; every method returns at once and may be called from any thread.

    These threads do the work: the model thread (torch), the light worker (still pictures and filters, so that a kernel
    that is typed waits for nothing else), the patient worker (learning, areas of units, files to write), a grabber for
    each live source, a reader for each address, and what brings weights here.

    Args:
        notify: called from any thread when there are events after there were none; then call ``take``.
        settings: the person's preferences.
        rooms: the rooms below; tests put their own there.
    """

    def __init__(self, notify: Callable[[], None], settings: Settings, rooms: Rooms | None = None) -> None:
        self._rooms = rooms or Rooms()
        self._desk = Desk(Outbox(notify), settings)
        self._filtered = threading.Event()
        self._filtered.set()
        self._model = ModelThread(self._desk, self._rooms, self._catalogue, self._analyse, self._after_filters)
        self._light = Worker("light", "read", "filter", failed=self._failed)
        self._patient = Worker(
            "patient", "cameras", "deck", "cards", "fields", "learn", "index", "thumbnails", failed=self._failed
        )
        self._downloads = Downloads(self._desk.outbox, self._rooms, self._recount)
        self._recount()
        self._readers: list[tuple[Source, threading.Thread]] = []

    @property
    def recordings(self) -> Recordings:
        """What is being recorded."""
        return self._desk.recordings

    @property
    def busy(self) -> bool:
        """Whether an answer to anything may still be on its way; a live source always is."""
        return any(worker.busy for worker in (self._model.worker, self._light, self._patient))

    def start(self) -> None:
        """Start the threads; torch begins to load now, so let the window paint first."""
        self._light.thread.start()
        self._patient.thread.start()
        self._model.worker.thread.start()

    def wish(self, recipe: Recipe) -> None:
        """Make ``recipe`` the newest wish; the same one once more tries again what failed."""
        desk = self._desk
        with desk.lock:
            if desk.stopped:
                return
            feed, again = desk.feed, recipe == desk.recipe
            desk.recipe = recipe
            desk.wishes += 1
            if again:
                desk.failed, desk.again = None, True
            if feed is not None and again and feed.retrying:
                feed.again.set()
            elif feed is not None and feed.source == replace(recipe.source, mirror=feed.source.mirror):
                feed.source = recipe.source  # another mirror turns the frames that are there
                if feed.problem and (again or not feed.source.live):
                    self._open(recipe.source)
            else:
                self._open(recipe.source)
        self._model.load()
        self._model.frame()

    def reload(self) -> None:
        """Open the wished network again: its file or its card has changed."""
        with self._desk.lock:
            self._desk.failed, self._desk.outdated = None, True
        self._model.load()
        self._model.frame()

    def freeze(self, frozen: bool) -> None:
        """Hold the newest frame of a live source, on which wishes go on to be answered, or let frames flow again."""
        with self._desk.lock:
            if self._desk.feed:
                self._desk.feed.freeze(frozen)

    def play(self, command: Command) -> None:
        """Let the video or folder that is looked at do what ``command`` says: ``Playing`` follows; else nothing."""
        with self._desk.lock:
            if self._desk.feed:
                self._desk.feed.transport.put(command)

    def rest(self, resting: bool) -> None:
        """Only show live frames while nobody sees what the network makes of them, or let it look again."""
        with self._desk.lock:
            self._desk.resting = resting
        if not resting:
            self._model.frame()

    def prefer(self, settings: Settings) -> None:
        """Take changed preferences: the device and the threads apply at once."""
        desk = self._desk
        with desk.lock:
            before = desk.settings
            if any(getattr(settings, name) != getattr(before, name) for name in ("device", "threads", "precision")):
                desk.failed = None
            desk.settings = settings
        if settings.shared_weights != before.shared_weights:
            self._recount()
        self._model.threads()
        self._model.load()
        self._model.frame()  # one that ran meanwhile may have been given up

    def export(self, kind: str, path: str) -> None:
        """Write the newest result to ``path``: ``Exported`` or a ``Problem`` of "export" follows.

        Args:
            kind: "map" or "mosaic" (PNG, with what it was made from beside it), "maps" (NPZ), "input" (the prepared
                picture, NPY), "statistics" or "predictions" (CSV or JSON by the suffix).
            path: the file.
        """
        with self._desk.lock:
            result, precision = self._desk.result, self._desk.settings.precision
        if result is None:
            error = ExportError(N_("There is nothing to export yet: wait until the first result is on the screen."))
            self._desk.outbox.put(problem("export", error))
            return
        lane = f"export {path}"

        def write(array: Floats | None = None) -> None:
            def files() -> tuple[str, ...]:
                self._rooms.write(kind, path, result, array)
                return self._rooms.keep(kind, path, result, precision)

            self._write(path, files, result.recipe)

        if kind in ("maps", "input"):
            self._model.array(kind, lane, result, lambda array: self._patient.put(lane, partial(write, array)))
        else:
            self._patient.put(lane, write)

    def save(self, path: str, fill: Callable[[BinaryIO], object], made_from: Kept | None = None) -> None:
        """Let the patient worker write a file of the window's through ``fill``; what follows is as for ``export``.

        Args:
            path: the file.
            fill: called in that worker.
            made_from: what is written beside a picture; None for nothing.
        """
        with self._desk.lock:
            result = self._desk.result

        def write() -> tuple[str, ...]:
            from explorer.render import export
            from explorer.reproduce import keep

            export.write(path, fill)
            if made_from is None:
                return ()
            return tuple(map(str, keep(Path(path), made_from, result.frame.pixels if result else None)))

        self._patient.put(f"export {path}", lambda: self._write(path, write))

    def calculate(self, lane: str, work: Callable[[], object]) -> None:
        """Let a worker do ``work``, which needs no network: ``Calculated`` follows.

        Args:
            lane: one of ``CALCULATIONS``; newer work takes the place of what still waits there.
            work: called in the light worker where it filters, else in the patient one.
        """
        if lane == "filter":
            self._filtered.clear()
            self._light.put(lane, partial(self._filter, work))
        else:
            self._patient.put(lane, partial(self._calculate, lane, work))

    def ask(self, question: Question) -> None:
        """Let ``question`` be answered after what is urgent: ``Answered`` or a ``Problem`` of "question" follows.

        A newer one of its kind takes its place. Of a long one more than one ``Answered`` comes, or ``Ended`` where its
        network goes.
        """
        self._model.ask(question)

    def drop(self, question: Question) -> None:
        """Let nobody answer ``question`` any further; of a long one no event is put after this."""
        self._model.drop(question)

    def download(self, network: str, weights: str) -> None:
        """Get a set of weights: ``DownloadChanged`` tells how far it is."""
        self._downloads.get(network, weights)

    def cancel_download(self, network: str, weights: str) -> None:
        """Stop getting a set of weights; what has come is kept for the next time."""
        self._downloads.cancel(network, weights)

    def import_weights(self, path: str, network: str = "") -> None:
        """Copy a file of weights into the cache: ``DownloadChanged`` "done" or a ``Problem`` of "weights" follows.

        Args:
            path: the file; its hash tells which weights it is.
            network: the one that the person means, if any.
        """
        self._downloads.import_weights(path, network)

    def remove_weights(self, network: str, weights: str) -> None:
        """Remove a set of weights from the cache, and what has come of it."""
        self._downloads.remove(network, weights)

    def take(self) -> list[Event]:
        """Return the events since the last call, the oldest first, of each kind only the newest."""
        return self._desk.outbox.take()

    def stop(self, timeout_s: float = 5.0) -> list[str]:
        """End every thread, the exports that wait first, and return the names of what did not end in ``timeout_s``.

        The names are of threads, and "export PATH" of a file that was not written.
        """
        with self._desk.lock:
            self._desk.stopped = True
            if self._desk.feed:
                self._desk.feed.close()
            readers = [thread for _source, thread in self._readers]
        self._desk.outbox.close()
        readers += self._downloads.close() + self._desk.recordings.close()
        until = time.monotonic() + timeout_s
        workers = (self._model.worker, self._light, self._patient)
        for worker, share in zip(workers, (_SHARE, 1.0, 1.0), strict=True):  # the model's maps go to the patient worker
            worker.close()
            _join(worker.thread, until - timeout_s * (1 - share))
        for thread in readers:
            _join(thread, until)
        names = [thread.name for thread in (*readers, *(worker.thread for worker in workers)) if thread.is_alive()]
        return names + [lane for worker in workers for lane in worker.waiting()]

    def _open(self, source: Source) -> None:
        """Let frames of ``source`` come instead of the old one's; the caller holds the lock."""
        desk = self._desk
        old = desk.feed
        if old:
            old.close()
        feed = desk.feed = Feed(source)
        feed.freeze(old is not None and old.source == source and old.frozen)
        self._readers = [reader for reader in self._readers if reader[1].is_alive()]
        if source.live:
            holders = tuple(thread for other, thread in self._readers if _same_camera(other, source))
            listener = Listener(self._grabbed, self._troubled, self._recovered, self._told)
            grabber = Grabber(feed, self._rooms.open_live, listener, holders)
            self._start(source, grabber.thread)
        elif source.kind == "address":  # a server may take its time; a local picture must not wait for it
            self._start(source, threading.Thread(target=self._read, args=(feed,), name="reader", daemon=True))
        else:
            self._light.put("read", partial(self._read, feed))

    def _start(self, source: Source, thread: threading.Thread) -> None:
        self._readers.append((source, thread))
        thread.start()

    def _read(self, feed: Feed) -> None:
        if feed.closed.is_set():
            return
        start = time.perf_counter()
        try:
            frame = self._rooms.read(feed.source)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything
            self._troubled(feed, problem("source", error))
            return
        feed.offer(frame, (time.perf_counter() - start) * 1000)
        self._show(feed, frame)
        self._model.frame()

    def _grabbed(self, feed: Feed, frame: Frame | Packed, was_empty: bool) -> None:
        if not self._desk.ready and (shown := unpacked(frame)) is not None:
            self._show(feed, mirrored(shown) if feed.source.mirror else shown)
        if was_empty:
            self._model.frame()

    def _show(self, feed: Feed, frame: Frame) -> None:
        """Show a picture before the network has seen it."""
        with self._desk.lock:
            if feed is self._desk.feed:
                self._desk.outbox.put(FrameRead(feed.source, frame))

    def _troubled(self, feed: Feed, why: Problem, retrying: Retrying | None = None) -> None:
        with self._desk.lock:
            if feed is self._desk.feed:
                feed.problem, feed.retrying = replace(why, recipe=self._desk.recipe), retrying
                self._desk.outbox.put(*feed.troubles)

    def _recovered(self, feed: Feed) -> None:
        with self._desk.lock:
            feed.problem = feed.retrying = None
        self._told(feed, Retrying(feed.source, None, 0.0, 0, time.perf_counter()))

    def _told(self, feed: Feed, event: Playing | Retrying) -> None:
        with self._desk.lock:
            if feed is self._desk.feed:
                self._desk.outbox.put(event)

    def _recount(self) -> None:
        """Tell anew which weights there are."""
        self._patient.put("cards", self._catalogue)

    def _catalogue(self) -> None:
        cards, stock = self._rooms.cards(), self._rooms.stock()
        with self._desk.lock:
            self._desk.outbox.put(Catalogue(cards, self._desk.devices, stock))

    def _analyse(self, network: NetworkInfo) -> None:
        """Tell what the units of a network see, once the window was told of the network."""
        self._desk.recordings.know(network.graph, network.card.title)

        def analyse() -> None:
            outbox = self._desk.outbox
            try:
                fields = self._rooms.fields(network.graph)
            except Exception as error:  # noqa: BLE001 - a rule that breaks is a fault of ours, and is told as one
                outbox.put(problem("engine", error), FieldsReady(network.card.name, network.graph, None))
                return
            self._desk.recordings.know(network.graph, network.card.title, fields)
            outbox.put(FieldsReady(network.card.name, network.graph, fields))

        self._patient.put("fields", analyse)

    def _filter(self, work: Callable[[], object]) -> None:
        try:
            self._calculate("filter", work)
        finally:
            if "filter" not in self._light.waiting():
                self._filtered.set()

    def _after_filters(self) -> None:
        """Wait a moment for a typed kernel's picture: nobody should see it later because the network looks as well."""
        self._filtered.wait(_MOMENT_S)

    def _calculate(self, lane: str, work: Callable[[], object]) -> None:
        try:
            done = Calculated(lane, work, work())
        except ExplorerError as error:
            done = Calculated(lane, work, None, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and whoever waits hears of the end
            told = problem("engine", error)
            self._desk.outbox.put(told)
            done = Calculated(lane, work, None, told.error)
        self._desk.outbox.put(done)

    def _write(self, path: str, write: Callable[[], tuple[str, ...]], recipe: Recipe | None = None) -> None:
        """Tell that ``path`` was written, and what ``write`` wrote beside it."""
        try:
            beside = write()
        except Exception as error:  # noqa: BLE001 - whatever stops a file from being written, the person is told
            self._desk.outbox.put(problem("export", error, recipe))
        else:
            self._desk.outbox.put(Exported((path, *beside)))

    def _failed(self, error: Exception) -> None:
        self._desk.outbox.put(problem("engine", error))


def _same_camera(one: Source, other: Source) -> bool:
    """Return whether two sources are one device, which only one may hold."""
    return one.kind == other.kind == "camera" and one.where == other.where


def _join(thread: threading.Thread, until: float) -> None:
    if thread.ident is not None:
        thread.join(max(0.0, until - time.monotonic()))
