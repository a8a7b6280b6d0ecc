"""Weights on their way here: threads of their own, so that no picture and no network waits for a server."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial

from explorer.engine.events import DownloadChanged, DownloadState
from explorer.engine.mailbox import Outbox
from explorer.engine.problems import problem
from explorer.engine.rooms import DownloadLike, Rooms
from explorer.errors import Cancelled, ExplorerError

MOST_AT_ONCE = 2
Key = tuple[str, str]


class Downloads:
    """Gets, imports and removes weights; every method returns at once and may be called from any thread.

    Args:
        outbox: gets ``DownloadChanged``, and a ``Problem`` of "weights" where an import or a removal fails.
        rooms: the rooms below.
        changed: called from a thread of these whenever other weights are here than before.
    """

    def __init__(self, outbox: Outbox, rooms: Rooms, changed: Callable[[], None]) -> None:
        self._outbox, self._rooms, self._changed = outbox, rooms, changed
        self._lock = threading.Lock()
        self._waiting: deque[Key] = deque()
        self._running: dict[Key, DownloadLike | None] = {}
        self._cancelled: set[Key] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def get(self, network: str, weights: str) -> None:
        """Download a set of weights, unless it is on its way already; at most ``MOST_AT_ONCE`` come together."""
        key = network, weights
        with self._lock:
            if self._closed or key in self._running or key in self._waiting:
                return
            self._waiting.append(key)
            self._tell(key, "waiting")
            if len(self._running) < MOST_AT_ONCE:
                self._running[self._waiting.popleft()] = None
                self._start("download", partial(self._work, key))

    def cancel(self, network: str, weights: str) -> None:
        """Stop a download; what has come is kept for the next one."""
        key = network, weights
        with self._lock:
            if key in self._waiting:
                self._waiting.remove(key)
                self._tell(key, "stopped")
            elif key in self._running:
                self._cancelled.add(key)
                if running := self._running[key]:
                    running.cancel()

    def import_weights(self, path: str, network: str = "") -> None:
        """Copy a file of weights into the cache; ``network`` is the one that the person means, if any."""
        with self._lock:
            if not self._closed:
                self._start("import", partial(self._import, path, network))

    def remove(self, network: str, weights: str) -> None:
        """Remove a set of weights from the cache, and what has come of it."""
        with self._lock:
            if not self._closed:
                self._start("remove", partial(self._remove, network, weights))

    def close(self) -> list[threading.Thread]:
        """Stop everything, take no more, and return the threads that still have to end."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            for running in self._running.values():
                if running:
                    running.cancel()
            return list(self._threads)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` in a thread; the caller holds the lock."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, key: Key) -> None:
        """Get ``key``, and then whatever waits."""
        next_one: Key | None = key
        while next_one:
            end = self._download(next_one)
            with self._lock:  # whoever hears of the end may ask for the same weights at once
                del self._running[next_one]
                self._cancelled.discard(next_one)
                end()
                next_one = self._waiting.popleft() if self._waiting else None
                if next_one:
                    self._running[next_one] = None

    def _download(self, key: Key) -> Callable[[], None]:
        """Get ``key``, and return what tells how it ended."""
        last = (0, 0)

        def progress(done: int, total: int) -> None:
            nonlocal last
            last = done, total
            self._tell(key, "running", done, total)

        self._tell(key, "running")
        one = None
        try:
            one = self._rooms.download(*key, progress)
            with self._lock:
                self._running[key] = one
                if one and (self._closed or key in self._cancelled):
                    one.cancel()
            if one:
                one.run()
        except Cancelled:
            return partial(self._tell, key, "stopped", one.kept if one else 0, last[1])
        except Exception as error:  # noqa: BLE001 - whatever a server or a disk makes of it, the person is told
            told = problem("weights", error).error
            return partial(self._tell, key, "failed", one.kept if one else 0, last[1], told)
        self._changed()
        return partial(self._tell, key, "done", *last)

    def _import(self, path: str, network: str) -> None:
        try:
            key = self._rooms.import_weights(path, network)
        except Exception as error:  # noqa: BLE001 - a file may be anything
            self._outbox.put(problem("weights", error))
        else:
            self._changed()
            self._tell(key, "done")

    def _remove(self, network: str, weights: str) -> None:
        try:
            self._rooms.remove_weights(network, weights)
        except Exception as error:  # noqa: BLE001 - as above
            self._outbox.put(problem("weights", error))
        self._changed()

    def _tell(
        self, key: Key, state: DownloadState, done: int = 0, total: int = 0, error: ExplorerError | None = None
    ) -> None:
        self._outbox.put(DownloadChanged(*key, done, total, state, error))
