"""A video, by PyAV: true time stamps, exact steps and places, whatever its frame rate does."""

from __future__ import annotations

import bisect
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from explorer.errors import SourceError
from explorer.sources.picture import MOST_PIXELS, Refusals, open_file
from explorer.text import N_
from explorer.values import Bytes, Frame

SURVEY_S = 0.3
"""How long to look through a file for the place of every frame; those of a larger one are numbered by its rate."""
USUAL_FPS = 25.0
"""Where a video does not say."""
_MISSING_S, _MISSING_SHARE = 0.5, 0.02
"""How much shorter than it says a video may be before it counts as cut off."""
_BACK_S = (0.0, 1.0, 5.0, 20.0, math.inf)
"""How far before a wished place to begin to decode, until a frame comes that lies no later."""
_NEAR_S = 0.5
"""A place that little ahead is reached by decoding on."""
_SAME_S = 1e-6

_REFUSALS = Refusals(
    folder=N_("{name} is a folder: choose a video in it."),
    device=N_("{name} is not a file: choose a video file."),
    empty=N_("{name} is empty: open another video."),
)
_NO_VIDEO = N_("{name} is not a video that can be read: get the file again, or open another one.")
_NOTHING = N_("{name} holds no picture that can be decoded: get the file again, or open another video.")
TOO_LARGE = N_("{name} is {width} × {height} pixels, more than {most} million: make it smaller first.")

Opener = Callable[[], AbstractContextManager[Any]]


def open_video(path: str) -> Video:
    """Open a video file.

    Raises:
        SourceError: no such file, no permission, no video, or nothing of it can be decoded.
    """
    with open_file(path, _REFUSALS):  # its other sentences are those of every file
        pass

    @contextmanager
    def again() -> Iterator[Any]:
        # as an open file, for FFmpeg takes many a path for an address; and no file may lead to another one
        with open(path, "rb") as file, av.open(file, options={"protocol_whitelist": "none"}) as container:
            yield container

    return Video(again, Path(path).name, survey=True)


class Video:
    """A clip; see ``live.Clip``.

    Args:
        again: opens its container anew.
        name: what a person calls it.
        survey: whether to look for the place of every frame first.

    Raises:
        SourceError: it has no pictures, or none that can be decoded.
    """

    unreadable: tuple[str, ...] = ()

    def __init__(self, again: Opener, name: str, survey: bool = False) -> None:
        self._frames, self._name = Frames(again, name), name
        try:
            self._places, self._span_s = _survey(again) if survey else ([], None)
        except BaseException:
            self.close()
            raise
        stream = self._frames.stream
        self.count = len(self._places) or stream.frames or None
        self.fps = self._frames.fps
        ends_s = self._places[-1] + self._frames.period_s if self._places else None
        self.duration_s = ends_s or _seconds(stream.duration, stream) or self._frames.whole_s

    def due_s(self) -> float | None:
        """Return where the next frame lies; None after the last one."""
        return self._frames.due_s()

    def next(self, clock_s: float) -> tuple[Frame, int]:
        """Return the newest of the frames to come that lies no later than ``clock_s``, else the very next one."""
        frame, passed = self._frames.take(), 0
        while (due_s := self.due_s()) is not None and due_s <= clock_s:
            frame, passed = self._frames.take(), passed + 1
        return self._seen(frame), passed

    def step(self, n: int) -> Frame | None:
        """Return the frame ``n`` after the last one, or before it; None where there is no other."""
        if n < 0:
            return self._back(-n)
        frame = None
        for _ in range(n):
            if self.due_s() is None:
                break
            frame = self._frames.take()
        return None if frame is None else self._seen(frame)

    def seek(self, seconds: float) -> Frame:
        """Return the frame that shows at ``seconds``: the last one that lies no later, or the first one."""
        wished_s = max(0.0, seconds) + _SAME_S
        due_s = self.due_s()
        if due_s is None or not due_s <= wished_s <= due_s + _NEAR_S:
            self._approach(wished_s)
        frame = None
        while (due_s := self.due_s()) is not None and (frame is None or due_s <= wished_s):
            frame = self._frames.take()
        if frame is None:
            raise SourceError(_NOTHING, name=self._name)
        return self._seen(frame)

    def cut(self) -> SourceError | None:
        """Return what is missing of it, once its last frame was given."""
        frames = self._frames
        there_s = frames.at_s + frames.period_s
        said_s, found_s = (frames.whole_s, self._span_s) if self._span_s else (self.duration_s, there_s)
        short_s = (said_s or 0.0) - found_s
        if frames.broke is None and short_s <= max(_MISSING_S, _MISSING_SHARE * found_s):
            return None
        return SourceError(
            N_("{name} is cut off or damaged after {there} s: get the file again, or look at what is there."),
            name=self._name,
            there=f"{there_s:.1f}",
        )

    def close(self) -> None:
        """Let the file go."""
        self._frames.close()

    def _approach(self, wished_s: float) -> None:
        """Begin to decode at a key frame that lies no later than ``wished_s``."""
        for back_s in _BACK_S:
            if wished_s <= back_s:
                break
            self._frames.jump(wished_s - back_s)
            due_s = self.due_s()
            if due_s is not None and due_s <= wished_s:
                return
        self._frames.rewind()

    def _back(self, n: int) -> Frame | None:
        """Return the frame ``n`` before the last one, or the first."""
        now_s = self._frames.at_s
        if self._places:
            number = bisect.bisect_left(self._places, now_s - _SAME_S)
            wished_s = self._places[max(0, number - n)]
        else:
            wished_s = self._place_before(now_s, n)
        frame = self.seek(wished_s)  # even where there is no other one: the search has moved on
        return None if wished_s >= now_s - _SAME_S else frame

    def _place_before(self, now_s: float, n: int) -> float:
        """Return where the frame ``n`` before ``now_s`` lies, found by decoding from ever further back."""
        back_s = n * self._frames.period_s
        while True:
            self._approach(max(0.0, now_s - back_s))
            places: deque[float] = deque(maxlen=n)
            first_s = self.due_s()
            while (due_s := self.due_s()) is not None and due_s < now_s - _SAME_S:
                places.append(due_s)
                self._frames.take()
            if len(places) == n or back_s >= now_s or first_s is None or first_s <= 0.0:
                return places[0] if places else now_s
            back_s = 2.0 * back_s + 1.0

    def _seen(self, frame: VideoFrame) -> Frame:
        """Return the picture of the frame that was taken last."""
        at_s = self._frames.at_s
        if self._places:
            index = max(0, bisect.bisect_right(self._places, at_s + _SAME_S) - 1)
        else:
            index = round(at_s / self._frames.period_s)
        return Frame(pixels(frame), self._name, index, time.perf_counter(), position_s=at_s)


class Frames:
    """The decoded frames of a container, one after the other, from the beginning or from any key frame.

    Attributes:
        stream: its moving pictures.
        at_s: where the frame lies that was taken last, seconds after the first one.
        fps: frames a second on average, or None.
        period_s: from one frame to the next on average; a guess where ``fps`` is None.
        broke: why the container could not be read to its end, or None.

    Raises:
        SourceError: it has no pictures, or none that can be decoded.
    """

    def __init__(self, again: Opener, name: str) -> None:
        self._again, self._name = again, name
        self._open = ExitStack()
        self._container: InputContainer | None = None
        self._decoded: Iterator[VideoFrame] = iter(())
        self._ahead: tuple[VideoFrame, float] | None = None
        self._start_s: float | None = None
        self.at_s = 0.0
        self._going = False
        self.broke: Exception | None = None
        try:
            self.rewind()
            self.fps = float(self.stream.average_rate or self.stream.guessed_rate or 0) or None
            self.period_s = 1.0 / (self.fps or USUAL_FPS)
            if self.due_s() is None:
                raise SourceError(_NOTHING, name=name)
        except BaseException:
            self.close()
            raise

    @property
    def whole_s(self) -> float | None:
        """How long the container says that it is, with all that it holds."""
        said = self._container.duration if self._container else None
        return said / av.time_base if said and said > 0 else None

    def due_s(self) -> float | None:
        """Return where the next frame lies; None after the last one."""
        if self._ahead is None and (frame := next(self._decoded, None)) is not None:
            self._ahead = frame, self._place(frame)
        return None if self._ahead is None else self._ahead[1]

    def take(self) -> VideoFrame:
        """Return the next frame; there is one where ``due_s`` says so."""
        self.due_s()
        assert self._ahead is not None
        (frame, self.at_s), self._ahead, self._going = self._ahead, None, True
        return frame

    def rewind(self) -> None:
        """Begin anew at the first frame, whatever state the container is in."""
        self.close()
        try:
            container: InputContainer = self._open.enter_context(self._again())
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SourceError(_NO_VIDEO, name=self._name) from error
        self._container, self.stream = container, moving(container, self._name)
        self._begin()

    def jump(self, place_s: float) -> None:
        """Go on from a key frame near ``place_s``, if possible one that lies no later."""
        assert self._container is not None
        base = self.stream.time_base
        try:
            where = (place_s + (self._start_s or 0.0)) / float(base or 1 / av.time_base)
            self._container.seek(int(where), stream=self.stream, backward=True)
        except (av.error.FFmpegError, OSError):
            self.rewind()
        else:
            self._begin()

    def close(self) -> None:
        """Let the container go."""
        self._decoded = iter(())
        self._container = self._ahead = None
        self._open.close()

    def _begin(self) -> None:
        self._decoded, self._ahead = self._decode(), None
        self._going, self.broke = False, None

    def _decode(self) -> Iterator[VideoFrame]:
        """Yield the frames to come; a damaged one is passed over."""
        assert self._container is not None
        whole = False
        for packet in self._packets(self._container):
            try:
                frames: list[Any] = self.stream.codec_context.decode(packet)
            except (av.error.FFmpegError, OSError):  # of this packet alone
                continue
            for frame in frames:
                whole = whole or not frame.is_corrupt  # what the first ones are made of may lie before the key frame
                if whole:
                    yield frame

    def _packets(self, container: InputContainer) -> Iterator[Packet[VideoStream] | None]:
        """Yield what is to be decoded; None at the end, for the frames that the decoder still holds."""
        try:
            for packet in container.demux(self.stream):
                if packet.size:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            self.broke = error
        yield None

    def _place(self, frame: VideoFrame) -> float:
        """Return where the frame lies that follows the one that was taken last."""
        follows_s = self.at_s + self.period_s if self._going else 0.0
        if (stamp_s := _seconds(frame.pts, self.stream)) is None:
            return follows_s
        if self._start_s is None:
            self._start_s = stamp_s
        place_s = max(0.0, stamp_s - self._start_s)
        return follows_s if self._going and place_s <= self.at_s else place_s  # joined parts begin their time anew


def moving(container: InputContainer, name: str) -> VideoStream:
    """Return the moving pictures of a container, ready to be decoded; the largest ones where there are several.

    Raises:
        SourceError: it has none, they cannot be decoded, or they are too large.
    """
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        sentence = N_("{name} holds sound but no moving pictures: open a video.")
        raise SourceError(sentence if container.streams.audio else _NO_VIDEO, name=name)
    stream = max(streams, key=lambda one: one.width * one.height if one.codec_context else 0)
    if stream.codec_context is None:
        raise SourceError(
            N_("{name} is in a format that cannot be decoded here: convert it to an MP4 file with H.264."), name=name
        )
    if stream.width * stream.height > MOST_PIXELS:
        raise SourceError(TOO_LARGE, name=name, width=stream.width, height=stream.height, most=MOST_PIXELS // 1_000_000)
    return stream


def pixels(frame: VideoFrame) -> Bytes:
    """Return a decoded frame as uint8 (H, W, 3), RGB, upright; transparency lies on white."""
    if any(part.is_alpha for part in frame.format.components):
        rgba = frame.to_ndarray(format="rgba").astype(np.uint16)
        opaque = rgba[..., 3:]
        found: Any = ((rgba[..., :3] * opaque + 255 * (255 - opaque) + 127) // 255).astype(np.uint8)
    else:
        found = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(found, turns)) if turns else np.asarray(found, np.uint8)


def _survey(again: Opener) -> tuple[list[float], float | None]:
    """Return where each frame lies, seconds after the first one, and how long all that is there lasts.

    Nothing where that cannot be had in time, or the container does not say.
    """
    until, places, begins, ends = time.perf_counter() + SURVEY_S, list[float](), list[float](), list[float]()
    # of a file that is cut off what is there counts
    with again() as container, suppress(av.error.FFmpegError, OSError):
        stream = moving(container, "")
        for packet in container.demux():
            if time.perf_counter() > until:
                return [], None
            stamp_s = _seconds(packet.pts, packet)
            if not packet.size or packet.is_discard:
                continue
            if stamp_s is None:
                return [], None
            begins.append(stamp_s)
            ends.append(stamp_s + (_seconds(packet.duration, packet) or 0.0))
            if packet.stream_index == stream.index:
                places.append(stamp_s)
    places.sort()
    return [place - places[0] for place in places], max(ends) - min(begins) if ends else None


def _seconds(ticks: int | None, of: Packet[Any] | VideoStream) -> float | None:
    return None if ticks is None or of.time_base is None else float(ticks * of.time_base)
