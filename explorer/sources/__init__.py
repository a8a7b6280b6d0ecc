"""Where pictures come from: one picture at a time with ``read``, or a stream of them with ``open_live``."""

from __future__ import annotations

import time

from explorer.errors import SourceError
from explorer.sources.gallery import Sample, sample, samples
from explorer.sources.kept import keep
from explorer.sources.live import Clip, Live, Packed
from explorer.text import N_
from explorer.values import Frame, Source

__all__ = ["Clip", "Live", "Packed", "Sample", "keep", "open_live", "read", "sample", "samples"]


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


def open_live(source: Source) -> Live | Clip:
    """Open a live source; may take seconds, so never on the window's thread. Whoever takes its frames mirrors them.

    Raises:
        SourceError: there is no such camera, stream, video or folder. HopelessError: nor will there be.
    """
    match source.kind:
        case "camera":
            from explorer.sources.camera import Camera

            return Camera(source.where, source.size_wh)
        case "demo":
            from explorer.sources.demo import Demo

            return Demo()
        case "video":
            from explorer.sources.video import open_video

            return open_video(source.where)
        case "stream":
            from explorer.sources.stream import open_stream

            return open_stream(source.where)
        case "folder":
            from explorer.sources.folder import Folder

            return Folder(source.where)
        case _:
            raise SourceError(N_("{kind} is not a live source: choose the camera or the demo feed."), kind=source.kind)
