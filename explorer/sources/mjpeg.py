"""Motion JPEG over HTTP: the parts of one answer that never ends, each a picture (RFC 2046, multipart)."""

from __future__ import annotations

import http.client
import struct
import time
from dataclasses import dataclass

import numpy as np

from explorer.cv import cv2
from explorer.errors import SourceError
from explorer.sources.picture import MOST_PIXELS
from explorer.sources.video import TOO_LARGE
from explorer.text import N_
from explorer.values import Frame

SILENCE_S = 4.0
"""How long no picture may come."""
MOST_BYTES = 64 << 20
"""Of one part."""
_PIECE, _DIGITS = 1 << 16, 10
_MARK, _SCAN = 0xFF, 0xDA
_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""What is no segment and has no length."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
NO_VIDEO = N_("{name} sends no video: check the address, and that the camera is on.")
SILENT = N_("{name} sends nothing any more: check that the camera is on, and the network connection.")
NO_PICTURES = N_("{name} sends nothing that is a picture: check the address, or restart the camera.")


@dataclass(frozen=True, eq=False)
class Jpeg:
    """A picture of a stream, not decoded: of a stream faster than the network most never need be.

    Attributes:
        data: the JPEG.
        source, index, time_s: as in ``Frame``.
    """

    data: bytes
    source: str
    index: int
    time_s: float

    def frame(self) -> Frame | None:
        """Return it decoded, or None where it is damaged."""
        try:
            pixels = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            return None
        if pixels is None:
            return None
        return Frame(
            np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), self.source, self.index, self.time_s
        )


class Mjpeg:
    """A live source; see ``live.Live``. What waits in the network is read as fast as it comes, and left undecoded.

    Args:
        answer: the body, from its beginning, with a limit of time for each piece of it.
        name: what a person calls it.

    Raises:
        SourceError: no picture comes that can be decoded.
    """

    def __init__(self, answer: http.client.HTTPResponse, name: str) -> None:
        self._answer, self._name = answer, name
        self._waiting = bytearray()
        self._mark = b""
        self._index = 0
        self._until = 0.0
        self._too_large: tuple[int, int] | None = None
        until = time.monotonic() + SILENCE_S
        self._first = self._next()
        while self._first is not None and self._first.frame() is None:
            self._first = self._next() if time.monotonic() < until else None
        if self._first is None:
            raise self._why(NO_VIDEO)

    def read(self) -> Jpeg | None:
        """Wait for the next picture and return it; None when the stream has ended."""
        first, self._first = self._first, None
        return first or self._next()

    def close(self) -> None:
        """End the connection."""
        self._answer.close()

    def _next(self) -> Jpeg | None:
        """Return the next part that is a whole JPEG."""
        self._until = time.monotonic() + SILENCE_S
        while (data := self._part()) is not None:
            data, self._index = data.rstrip(b"\r\n\0"), self._index + 1
            if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9"):
                width, height = promised(data)
                if width * height <= MOST_PIXELS:
                    return Jpeg(data, self._name, self._index - 1, time.perf_counter())
                self._too_large = width, height  # one may be damaged; that all are is told
        return None

    def _why(self, sentence: str) -> SourceError:
        """Return why no picture comes: ``sentence``, unless those that came were too large."""
        if self._too_large is None:
            return SourceError(sentence, name=self._name)
        width, height = self._too_large
        return SourceError(TOO_LARGE, name=self._name, width=width, height=height, most=MOST_PIXELS // 1_000_000)

    def _part(self) -> bytes | None:
        """Return what the next part holds, or None at the end."""
        while (line := self._line()) is not None:
            if not self._mark and line.startswith(b"--"):
                self._mark = line
            if self._mark and line == self._mark:
                break
            if self._mark and line == self._mark + b"--":
                return None
        length = 0
        while line:
            if (line := self._line()) and line.lower().startswith(b"content-length:"):
                told = line.partition(b":")[2].strip()
                length = int(told) if told.isdigit() and len(told) < _DIGITS else 0
        return None if line is None else self._exactly(length) if length else self._until_mark()

    def _line(self) -> bytes | None:
        """Return what comes before the next line's end."""
        data = self._before(b"\n")
        return None if data is None else data.rstrip()

    def _until_mark(self) -> bytes | None:
        """Return what comes before the next mark, which stays, or before the end."""
        data = self._before(b"\n" + self._mark)
        if data is not None:
            self._waiting[:0] = self._mark
        elif self._waiting:
            data = bytes(self._waiting)
            self._waiting.clear()
        return data

    def _before(self, end: bytes) -> bytes | None:
        seen = 0
        while (found := self._waiting.find(end, max(0, seen - len(end)))) < 0:
            seen = len(self._waiting)
            if not self._more():
                return None
        data = bytes(self._waiting[:found])
        del self._waiting[: found + len(end)]
        return data

    def _exactly(self, length: int) -> bytes | None:
        while len(self._waiting) < length:
            if not self._more():
                return None
        data = bytes(self._waiting[:length])
        del self._waiting[:length]
        return data

    def _more(self) -> bool:
        """Wait for a piece more; return whether there is one.

        Raises:
            SourceError: it takes too long, or too much comes that is no picture.
        """
        try:
            piece = self._answer.read1(_PIECE)
        except TimeoutError:
            raise SourceError(SILENT, name=self._name) from None
        except (OSError, http.client.HTTPException, ValueError):  # the connection broke
            return False
        self._waiting += piece
        if time.monotonic() > self._until or len(self._waiting) > MOST_BYTES:
            raise self._why(NO_PICTURES)
        return bool(piece)


def promised(data: bytes) -> tuple[int, int]:
    """Return the width and height in the frame header of a JPEG (ITU-T T.81, B.2.2), 0 and 0 where there is none.

    A decoder makes room for so many pixels before it sees that they are not there.
    """
    at = 2
    while at + 9 <= len(data):
        marker = data[at + 1]
        if data[at] != _MARK or marker == _MARK:  # noise before a marker, or filling
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif marker == _SCAN:
            break
        else:
            at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    return 0, 0
