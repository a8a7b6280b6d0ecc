"""An index in memory, so that every frame can ask it; a very large one is read anew each time."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import ExplorerError, NetworkError, SourceError
from explorer.recipe import Nearest
from explorer.retrieval.index import Index, Maker, Record
from explorer.retrieval.search import Chunk, Match, chunks, nearest
from explorer.text import N_
from explorer.values import Floats

MOST_BYTES = 1 << 29
"""Of the features that are kept in memory."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The pictures of an index that are nearest to a frame.

    Attributes:
        matches: the nearest first.
        folder: where their paths begin; "" where the index could not be opened.
        pictures: how many were compared.
        maker: what made the index; None where it could not be opened.
        error: why there is no match, or None.
    """

    matches: tuple[Match, ...]
    folder: str = ""
    pictures: int = 0
    maker: Maker | None = None
    error: ExplorerError | None = None


class Kept:
    """An index whose features are in memory, if they take no more than ``MOST_BYTES``.

    Attributes:
        index: the file.
        pictures: how many there are that can be compared.
        unreadable: path and reason of those that could not be read.

    Raises:
        SourceError: there is no such index, or it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self.index = Index(file)
        self.pictures, self.unreadable = 0, tuple[tuple[str, str], ...]()
        self._chunks: list[Chunk] | None = []
        unreadable: list[tuple[str, str]] = []

        def noted() -> Iterator[Record]:
            for record in self.index:
                if record.error:
                    unreadable.append((record.path, record.error))
                yield record

        size = 0
        try:
            for chunk in chunks(noted()):
                self.pictures += len(chunk.paths)
                size += chunk.rows.nbytes
                if self._chunks is not None:
                    self._chunks.append(chunk)
                if size > MOST_BYTES:
                    self._chunks = None
        except OSError as error:
            raise SourceError(
                N_("“{file}” cannot be read ({reason}): check its permissions."),
                file=file,
                reason=error.strerror or error,
            ) from error
        self.unreadable = tuple(unreadable)

    def neighbours(self, features: Floats, wish: Nearest) -> Neighbours:
        """Return the pictures whose features are nearest.

        Raises:
            NetworkError: these are no features of the index's layer, or all zero, or not finite.
        """
        if len(features) != self.index.length:
            raise NetworkError(
                N_("{layer} makes another number of values of this picture than of the index: choose another layer."),
                layer=self.index.maker.layer,
            )
        found = chunks(self.index) if self._chunks is None else self._chunks
        matches = nearest(found, features, wish.top, wish.measure)
        return Neighbours(matches, str(self.index.folder), self.pictures, self.index.maker)


_open: weakref.WeakValueDictionary[tuple[object, ...], Kept] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def kept(file: Path) -> Kept:
    """Return an index in memory; the same one, as long as anybody holds it and its file stays as it is.

    Raises:
        SourceError: there is no such index, or it cannot be read.
    """
    try:
        status = file.stat()
        key: tuple[object, ...] = (file, status.st_ino, status.st_size, status.st_mtime_ns)
    except (OSError, ValueError):
        return Kept(file)  # which says why
    with _lock:
        found = _open.get(key)
    if found is None:
        found = Kept(file)
        with _lock:
            _open[key] = found
    return found
