"""Where pictures come from: one picture at a time with ``read``, or a stream of them with ``open_live``."""

from __future__ import annotations

import time
from typing import Protocol

from explorer.errors import SourceError
from explorer.sources.gallery import Sample, sample, samples
from explorer.sources.kept import keep
from explorer.text import N_
from explorer.values import Frame, Source

__all__ = ["Live", "Sample", "keep", "open_live", "read", "sample", "samples"]


class Live(Protocol):
    """A source whose frames keep coming; used by one thread."""

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; None when the source has ended."""
        ...

    def close(self) -> None:
        """Give the device or connection back."""
        ...


def read(source: Source) -> Frame:
    """Return the picture of a source that is not live.

    Raises:
        SourceError: there is no such picture, or it cannot be read.
    """
    from explorer.sources import address, array, drawing, picture

    match source.kind:
        case "sample":
            frame = picture.read(sample(source.where).path())
        case "picture":
            frame = picture.read(source.where)
        case "array":
            frame = array.read(source.where)
        case "address":
            frame = address.read(source.where)
        case "drawing":
            frame = drawing.read(source.where)
        case _:
            raise SourceError(N_("{kind} is a live source: choose a picture instead."), kind=source.kind)
    return Frame(frame.pixels, frame.source, 0, time.perf_counter(), frame.array)


def open_live(source: Source) -> Live:
    """Open a live source; may take seconds, so never on the window's thread.

    Raises:
        SourceError: there is no such camera or stream.
    """
    match source.kind:
        case "camera":
            from explorer.sources.camera import Camera

            return Camera(source.where)
        case "demo":
            from explorer.sources.demo import Demo

            return Demo()
        case _:
            raise SourceError(N_("{kind} is not a live source: choose the camera or the demo feed."), kind=source.kind)
