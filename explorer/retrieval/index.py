"""The index of many pictures: a file that grows picture by picture, and survives whatever ends its making.

A line of JSON says which network made it; then comes a record for each picture: the length of a line of JSON, that line
(path, size and time of the file, or why it could not be read), and the features as little-endian float32. A record that
was not finished is cut off when somebody goes on with the index. No features are kept in memory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from explorer.errors import ExportError, SourceError
from explorer.render import export
from explorer.settings import data_folder, fill_atomically
from explorer.text import N_
from explorer.values import Floats

Stamp = tuple[int, int]
"""Size and time of a file, bytes and ns: where they are the same, so is the picture."""
MAGIC = "cnn-explorer-index"
VERSION = 1
_MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)
"""What JSON that nobody here wrote may lead to; its numbers may be infinite, and its brackets as deep as it is long."""
_LENGTH = struct.Struct("<I")
_MOST_LINE = 1 << 20
_NAME = 40
"""Letters of a folder's name that are in the name of its index."""
MOST_FEATURES = 1 << 20
"""Of a picture."""
_NO_INDEX = N_("“{file}” is no index of pictures: choose another file, or make an index.")


def shelf() -> Path:
    """Return where the window keeps its indices; it may not exist yet."""
    return data_folder() / "indices"


@dataclass(frozen=True)
class Maker:
    """What decides the features: pictures of another maker cannot be compared.

    Attributes:
        network, weights, layer: their names.
        input_hw: height and width of the network's input.
        stamp: of an own network's file; () for one of the zoo.
        filters: before the network, as JSON.
    """

    network: str
    weights: str
    layer: str
    input_hw: tuple[int, int]
    stamp: tuple[int, ...] = ()
    filters: str = "[]"

    def differs(self, other: Maker) -> str:
        """Return what is another than in ``other``, in words of the file's own keys; "" where all is the same.

        Of another network, the layers and the rest are others as well, and nobody needs to read of them.
        """
        mine, theirs = vars(self), vars(other)
        different = [f"{key} {mine[key]} ≠ {theirs[key]}" for key in mine if mine[key] != theirs[key]]
        return different[0] if self.network != other.network else ", ".join(different)

    def file(self, folder: Path) -> Path:
        """Return where the window keeps the index of a folder that is made like this."""
        told = json.dumps([str(folder), *vars(self).values()])
        name = re.sub(r"[^\w.-]+", "_", folder.name)[:_NAME]
        return shelf() / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.index"


@dataclass(frozen=True, eq=False)
class Record:
    """One picture of an index.

    Attributes:
        path: of the file, relative to the folder.
        stamp: of the file when it was read.
        features: float32 (n,); None where it could not be read.
        error: why, as a sentence; else "".
    """

    path: str
    stamp: Stamp
    features: Floats | None
    error: str = ""


class Index:
    """An index that is there.

    Attributes:
        file: where.
        folder: whose pictures it holds.
        maker: what made it.
        length: number of features of a picture.
        head: its first line.

    Raises:
        SourceError: there is none, it cannot be read, or it is no index.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            with file.open("rb") as stream:
                self.head = stream.readline(_MOST_LINE)
                self._begin = stream.tell()
            raw = json.loads(self.head)
            if raw["kind"] != MAGIC:
                raise ValueError(MAGIC)
            if raw["version"] != VERSION:
                raise SourceError(
                    N_("“{file}” was made by another version of this program: make the index anew."), file=file
                )
            made = raw["maker"]
            words = {name: made[name] for name in ("network", "weights", "layer", "filters")}
            if not all(isinstance(word, str) for word in words.values()):
                raise TypeError(words)
            high, wide = map(int, made["input_hw"])
            self.maker = Maker(input_hw=(high, wide), stamp=tuple(map(int, made["stamp"])), **words)
            self.folder, self.length = Path(raw["folder"]), int(raw["length"])
            if not 0 < self.length <= MOST_FEATURES:
                raise ValueError(self.length)
        except FileNotFoundError as error:
            raise SourceError(N_("There is no index “{file}”: check its path, or make it first."), file=file) from error
        except OSError as error:
            sentence = N_("“{file}” is a folder: give the index file.")
            if error.errno != errno.EISDIR:
                sentence = N_("“{file}” cannot be read ({reason}): check its permissions.")
            raise SourceError(sentence, file=file, reason=error.strerror or error) from error
        except _MALFORMED as error:
            raise SourceError(_NO_INDEX, file=file) from error

    def __iter__(self) -> Iterator[Record]:
        """Read record by record, up to the end or to what was not finished."""
        with self.file.open("rb") as stream:
            stream.seek(self._begin)
            while (found := _read(stream, self.length)) is not None:
                yield found

    def whole(self) -> int:
        """Return the length of the file, bytes, without a record that was not finished."""
        end = self._begin
        with self.file.open("rb") as stream:
            stream.seek(self._begin)
            while _read(stream, self.length) is not None:
                end = stream.tell()
        return end


def _read(stream: BinaryIO, length: int) -> Record | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    line = stream.read(size) if size <= _MOST_LINE else b""
    if not size or len(line) < size:
        return None
    try:
        raw: Mapping[str, Any] = json.loads(line)
        error = str(raw.get("error", ""))
        path, stamp = str(raw["path"]), (int(raw["size"]), int(raw["time_ns"]))
    except _MALFORMED:
        return None
    if error:
        return Record(path, stamp, None, error)
    data = stream.read(4 * length)
    if len(data) < 4 * length:
        return None
    return Record(path, stamp, np.frombuffer(data, "<f4").astype(np.float32))


def _bytes(record: Record) -> bytes:
    told = {"path": record.path, "size": record.stamp[0], "time_ns": record.stamp[1]}
    line = json.dumps(told | ({"error": record.error} if record.features is None else {})).encode()
    data = b"" if record.features is None else record.features.astype("<f4").tobytes()
    return _LENGTH.pack(len(line)) + line + data


class Writer:
    """Makes an index, or goes on with one of the same folder and maker.

    Args:
        file: where it is, or will be.
        folder: whose pictures it holds.
        maker: what makes it.
        length: number of features of a picture.
        stamps: of the pictures that are in the folder now, by path: what has changed or gone since leaves the index.

    Attributes:
        there: the pictures that are in the index already, and why one could not be read, or "".

    Raises:
        ExportError: it cannot be written, or there is another index, or another file, which is left alone.
    """

    def __init__(self, file: Path, folder: Path, maker: Maker, length: int, stamps: Mapping[str, Stamp]) -> None:
        self.there: dict[str, str] = {}
        self._file = file
        if os.path.lexists(file):
            self._go_on(folder, maker, length, stamps)
            return
        head = {
            "kind": MAGIC,
            "version": VERSION,
            "folder": str(folder),
            "length": length,
            "maker": vars(maker) | {"input_hw": list(maker.input_hw), "stamp": list(maker.stamp)},
        }
        with self._writing():
            if file.parent == shelf():
                file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = file.open("xb")
            self._stream.write(json.dumps(head).encode() + b"\n")

    def _go_on(self, folder: Path, maker: Maker, length: int, stamps: Mapping[str, Stamp]) -> None:
        try:
            index = Index(self._file)
        except SourceError as error:
            if isinstance(error.__cause__, PermissionError):  # it may well be one
                raise
            raise ExportError(
                N_("“{file}” is there and no index: give the name of a new file, or of an index to go on with."),
                file=self._file,
            ) from error
        if index.folder != folder:
            raise ExportError(
                N_("“{file}” is the index of another folder, {folder}: give another name."),
                file=self._file,
                folder=index.folder,
            )
        if index.maker != maker or index.length != length:
            raise ExportError(
                N_("“{file}” was made in another way ({differs}): give another name, or delete it."),
                file=self._file,
                differs=index.maker.differs(maker) or f"{index.length} ≠ {length}",
            )
        gone = False
        for record in index:
            if stamps.get(record.path) == record.stamp:
                self.there[record.path] = record.error
            else:
                gone = True
        with self._writing():
            if gone:
                fill_atomically(self._file, lambda file: self._copy(index, file))
            else:
                os.truncate(self._file, index.whole())
            self._stream = self._file.open("ab")

    def _copy(self, index: Index, file: BinaryIO) -> None:
        file.write(index.head)
        for record in index:
            if record.path in self.there:
                file.write(_bytes(record))

    def add(self, record: Record) -> None:
        """Write one picture.

        Raises:
            ExportError: the disk is full, or the file cannot be written; what was there before stays.
        """
        with self._writing():
            self._stream.write(_bytes(record))
            self._stream.flush()  # what is told is there, and closing has nothing left to fail at

    def close(self) -> None:
        """Put everything on the disk."""
        with self._writing():
            self._stream.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn what the system says into a sentence."""
        try:
            yield
        except OSError as error:
            raise export.problem(error, self._file) from error
