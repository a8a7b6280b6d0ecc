"""Pictures with their times, encoded into an MP4 file that plays up to its last second whatever ends the program.

While it grows the file is fragmented: each fragment is complete in itself and on the disk before the next one begins.
Ended properly it becomes an ordinary MP4, which every player and OpenCV can seek (FFmpeg's ``hybrid_fragmented``).
"""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from explorer.cv import cv2
from explorer.errors import ExportError
from explorer.recording.disk import Pieces
from explorer.render.export import problem
from explorer.text import N_
from explorer.values import Bytes

FRAGMENT_S = 0.9
"""A key frame, and with it a fragment, begins so long after the last one at the latest: less than 1 s can be lost."""
MOST_SIDE = 1920
"""Longer sides are made smaller: a window on a large screen would take longer to encode than to paint."""
_LEAST_SIDE = 16
_TICK = Fraction(1, 60_000)
"""Of the time stamps; MPEG-4 knows no finer one that divides 30 and 29.97 frames a second."""
_FLAGS = "frag_keyframe+empty_moov+default_base_moof+hybrid_fragmented"
_CODECS: dict[str, dict[str, str]] = {
    # tuned so that a picture comes out as soon as it went in: what waits in the encoder is lost with the process
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "crf": "20", "forced-idr": "1"},
    "libopenh264": {},
    "mpeg4": {},
}
"""What encodes, the best first, with its options; which of them there are hangs on how PyAV was built."""
_BITS_A_PIXEL = 4
"""A second, for the encoders that know no constant quality."""


class Movie:
    """A file that pictures are added to; for one thread.

    Args:
        path: the file.
        replace: whether one that is there may be replaced; it stays until the new one is ended, which grows beside it.

    Attributes:
        path: the file that plays now.
        pictures: how many were added.
        seconds: from the first picture to the last.
        size_wh: width and height, px, of all its pictures: the first one's made even and at most ``MOST_SIDE``; None
            before it.

    Raises:
        ExportError: the file cannot be made, or is there already.
    """

    def __init__(self, path: Path, replace: bool = False) -> None:
        self._wished = self.path = path
        if os.path.exists(path) and not os.path.isdir(path):
            if not replace:
                raise ExportError(N_("“{path}” is there already: choose another name, or remove it first."), path=path)
            self.path = _beside(path)
        try:
            if path.is_dir():
                raise IsADirectoryError(21, "is a directory")
            self._pieces = Pieces(self.path)
        except OSError as error:
            raise problem(error, path) from error
        self._container: Any = None
        self._stream: VideoStream | None = None
        self._first_s = self._key_s = 0.0
        self._last = -1
        self.pictures, self.seconds = 0, 0.0
        self.size_wh: tuple[int, int] | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes on the disk."""
        return self._pieces.size

    def add(self, picture: Bytes, time_s: float) -> None:
        """Add a picture.

        Args:
            picture: uint8 RGB (H, W, 3); one of another size than the first is fitted into that, with black beside it.
            time_s: when it was so, on any clock; one that is not later than the picture before follows it at once.

        Raises:
            ExportError: the disk is full, or nothing can be written for another reason.
        """
        try:
            stream = self._stream or self._begin(picture, time_s)
            since_s = time_s - self._first_s
            self._last = max(self._last + 1, round(since_s / _TICK))
            frame = av.VideoFrame.from_ndarray(fitted(picture, (stream.width, stream.height)), "rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = self._last, _TICK
            self.seconds = float(self._last * _TICK)
            if not self.pictures or self.seconds - self._key_s >= FRAGMENT_S:
                frame.pict_type, self._key_s = PictureType.I, self.seconds
            self._container.mux(stream.encode(frame))
            self._pieces.commit()
        except OSError as error:  # av.FFmpegError is one too
            raise problem(error, self.path) from error
        self.pictures += 1

    def close(self) -> None:
        """End the file; one without a picture is taken away.

        Raises:
            ExportError: its end cannot be written; what was before it plays.
        """
        failed: OSError | None = None
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
                self._container.close()
                self._pieces.commit()
        except OSError as error:
            failed = error
            with suppress(OSError):
                self._container.close()
        try:
            self._pieces.close()
            if not self.pictures:
                self.path.unlink(missing_ok=True)
            elif failed is None and self.path != self._wished:
                self.path = self.path.replace(self._wished)
        except OSError as error:
            failed = failed or error
        if failed is not None:
            raise problem(failed, self.path) from failed

    def _begin(self, picture: Bytes, time_s: float) -> VideoStream:
        width, height = self.size_wh = even_size(picture.shape[1], picture.shape[0])
        name = next(filter(_encodes, _CODECS), "")
        if not name:
            raise ExportError(N_("PyAV has no encoder for MP4 here: install its ordinary wheel (pip install av)."))
        self._container = av.open(self._pieces, "w", format="mp4", options={"movflags": _FLAGS, "flush_packets": "1"})
        stream = self._container.add_stream(name, rate=30, options=dict(_CODECS[name]))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = _TICK
        context.gop_size = 600  # the key frames are ours, by time
        context.thread_count = 1  # the other processors are the network's
        context.colorspace, context.color_range = 6, 1  # SMPTE 170M (BT.601), limited: what every player assumes
        if not _CODECS[name]:
            context.bit_rate = width * height * _BITS_A_PIXEL
        self._first_s, self._stream = time_s, stream
        return stream


def even_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of a movie of pictures of ``width`` × ``height`` px: even, as 4:2:0 wants it, and within bounds.

    An odd side grows by one pixel; a longer one than ``MOST_SIDE`` shrinks and the other in proportion.
    """
    scale = min(1.0, MOST_SIDE / max(width, height))
    sides = (max(_LEAST_SIDE, round(side * scale)) for side in (width, height))
    width, height = (side + side % 2 for side in sides)
    return width, height


def fitted(picture: Bytes, size_wh: tuple[int, int]) -> Bytes:
    """Return ``picture``, uint8 RGB (H, W, 3), in a picture of ``size_wh``.

    One that lacks at most a row and a column has its last ones repeated; any other is made to fit, centred on black.
    """
    (width, height), (h, w) = size_wh, picture.shape[:2]
    if 0 <= width - w <= 1 and 0 <= height - h <= 1:
        return np.ascontiguousarray(np.pad(picture, ((0, height - h), (0, width - w), (0, 0)), "edge"))
    scale = min(width / w, height / h)
    inner = max(1, min(width, round(w * scale))), max(1, min(height, round(h * scale)))
    smaller = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    page = np.zeros((height, width, 3), np.uint8)
    y, x = (height - inner[1]) // 2, (width - inner[0]) // 2
    page[y : y + inner[1], x : x + inner[0]] = smaller
    return page


def _encodes(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError is one
        return False
    return True


def _beside(path: Path) -> Path:
    """Return a name beside ``path`` that no file has yet."""
    number = 2
    while (other := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return other
