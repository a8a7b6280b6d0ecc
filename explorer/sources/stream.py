"""Moving pictures from an address: Motion JPEG, any video over HTTP, RTSP; always with a limit of time."""

from __future__ import annotations

import errno
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from explorer.errors import HopelessError, SourceError
from explorer.sources.address import ascii_address
from explorer.sources.live import Clip, Live
from explorer.sources.mjpeg import NO_PICTURES, NO_VIDEO, SILENCE_S, SILENT, Mjpeg
from explorer.sources.naming import STREAMS
from explorer.sources.video import Video, moving, pixels
from explorer.text import N_
from explorer.values import Frame, Source

OPENING_S = 5.0
"""Longest wait for a server's answer."""
BEHIND_S = 0.2
"""A reader that for so long never had to wait for its server is behind: what comes is then decoded but not shown."""
OFTEN_S = 0.25
"""How often one of those is shown even so."""
FAR_BEHIND_S = 1.0
"""A reader that is behind for so long decodes key frames alone, until it has to wait again."""
WAIT_S = 0.002
"""A packet that takes longer had to be waited for."""
PATIENCE_S = 10.0
"""How long nothing that comes may be decoded: cameras that save on key frames send one in so long."""
_DAMAGED = (av.error.FFmpegError, OSError, ValueError, MemoryError)
"""What decoding a frame, and making a picture of it, raise."""
_NO_VIDEO = (av.error.InvalidDataError, av.error.EOFError, av.error.ProtocolNotFoundError, ValueError)
_LOGIN = N_("{name} asks for another name and password: write them into the address, as in rtsp://name:password@host/.")


def open_stream(address: str) -> Live | Clip:
    """Open an address: a clip where it leads to a video of a known length, which is played by its time stamps.

    No sentence or name here tells a password that the address may hold.

    Raises:
        SourceError: no answer, or no pictures. HopelessError: it cannot be mended by waiting.
    """
    address = address.strip()
    name = Source("stream", address).shown
    scheme = address.partition("://")[0].lower()
    if scheme not in ("http", "https", *STREAMS) or "://" not in address:
        raise HopelessError(
            N_("{name} is not the address of a stream: it must begin with http://, https:// or rtsp://."), name=name
        )
    if scheme in ("http", "https"):
        answer = _answer(address, name)
        kind = answer.headers.get_content_type() if "Content-Type" in answer.headers else ""
        if kind.startswith("multipart/"):
            try:
                return Mjpeg(answer, name)
            except BaseException:
                answer.close()
                raise
        answer.close()
        if kind == "text/html" or (kind.startswith("image/") and kind not in ("image/gif", "image/webp")):
            raise HopelessError(
                N_("{name} leads to {kind} and not to moving pictures: check the address."), name=name, kind=kind
            )

    container = _opened(address, name)
    try:
        stream = moving(container, name)
        known = scheme in ("http", "https") and (container.duration or 0) > 0  # RTSP comes at its own pace
    except BaseException:
        container.close()
        raise
    if not known:
        return LiveVideo(container, stream, name)
    container.close()
    return Video(partial(_opened, address, name), name)


class LiveVideo:
    """A live source; see ``live.Live``. Where the decoder cannot follow, pictures are left out, and no delay grows.

    Args:
        container: open.
        stream: its moving pictures.
        name: what a person calls it.
    """

    def __init__(self, container: Any, stream: VideoStream, name: str) -> None:
        self._container, self._stream, self._name = container, stream, name
        self._index = 0
        self._waited_s = self._shown_s = self._good_s = time.perf_counter()
        self._frames = self._decode()
        try:
            self._first = self._next()
            if self._first is None:
                raise SourceError(NO_VIDEO, name=name)
        except BaseException:
            self.close()
            raise

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; None when the stream has ended."""
        first, self._first = self._first, None
        return first or self._next()

    def close(self) -> None:
        """End the connection."""
        self._frames.close()
        self._container.close()

    def _next(self) -> Frame | None:
        for frame in self._frames:
            now_s, self._index = time.perf_counter(), self._index + 1
            if now_s - self._waited_s <= BEHIND_S or now_s - self._shown_s >= OFTEN_S:
                try:
                    picture = pixels(frame)
                except _DAMAGED:
                    self._pass_over()
                    continue
                self._shown_s = self._good_s = now_s
                return Frame(picture, self._name, self._index - 1, now_s)
        return None

    def _pass_over(self) -> None:
        """Go on after what could not be decoded.

        Raises:
            SourceError: nothing could for too long.
        """
        if time.perf_counter() - self._good_s > PATIENCE_S:
            raise SourceError(NO_PICTURES, name=self._name)

    def _decode(self) -> Generator[VideoFrame]:
        """Yield the frames; what is damaged is passed over, and where too much waits only key frames are decoded."""
        decoder, skips = self._stream.codec_context, False
        for packet in self._packets():
            far = time.perf_counter() - self._waited_s > FAR_BEHIND_S
            if far and not skips:
                decoder.skip_frame, skips = "NONKEY", True
            elif (
                skips and not far and packet is not None and packet.is_keyframe
            ):  # the frames before it lean on some that were left out
                decoder.skip_frame, skips = "DEFAULT", False
            try:
                frames = decoder.decode(packet)
            except _DAMAGED:
                self._pass_over()
                continue
            yield from frames

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        """Yield the packets, None after the last one, and note when one had to be waited for.

        Raises:
            SourceError: nothing comes any more.
        """
        packets = self._container.demux(self._stream)
        while True:
            asked_s = time.perf_counter()
            try:
                packet = next(packets, None)
            except (av.error.ExitError, TimeoutError):
                raise SourceError(SILENT, name=self._name) from None
            except (av.error.FFmpegError, OSError):  # the connection broke, or what comes is no video any more
                packet = None
            if packet is None or not packet.size:
                yield None
                return
            if (now_s := time.perf_counter()) - asked_s > WAIT_S:
                self._waited_s = now_s
            yield packet


class _Refused(urllib.request.BaseHandler):
    """Closes the answer that asks for a password, before those who have it ask again; they do not."""

    handler_order = 100

    def http_error_401(self, _request: object, answer: Any, *_about: object) -> None:
        answer.close()


def _answer(address: str, name: str) -> http.client.HTTPResponse:
    """Return what an http or https address answers, its body unread."""
    parts = urlsplit(address)
    plain = ascii_address(address, name)
    handlers: list[urllib.request.BaseHandler] = []
    if parts.username is not None:
        logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        logins.add_password(None, plain, unquote(parts.username), unquote(parts.password or ""))
        handlers = [
            _Refused(),
            urllib.request.HTTPBasicAuthHandler(logins),
            urllib.request.HTTPDigestAuthHandler(logins),
        ]
    request = urllib.request.Request(plain, headers={"User-Agent": "cnn-explorer"})
    try:
        answer: http.client.HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=SILENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise HopelessError(_LOGIN, name=name) from None
        sentence = N_("{name} answered {status} {reason}: check the address.")
        raise SourceError(sentence, name=name, status=error.code, reason=error.reason) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(getattr(error, "reason", error), name) from None
    return answer


def _opened(address: str, name: str) -> Any:
    """Return the open container of an address; no error that tells the address stays."""
    until = time.monotonic() + OPENING_S
    options = {"rtsp_transport": "tcp"} if address.lower().startswith("rtsp") else {}
    try:
        return av.open(_with_login(address, name), options=options, timeout=(OPENING_S, SILENCE_S))
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError):
        raise HopelessError(_LOGIN, name=name) from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if time.monotonic() >= until:  # RTSP tells of what is no answer as of damaged data
            raise _unreachable(TimeoutError(), name) from None
        if isinstance(error, _NO_VIDEO) or getattr(error, "errno", None) == errno.EIO:
            raise SourceError(NO_VIDEO, name=name) from None
        raise _unreachable(error, name) from None


def _unreachable(reason: object, name: str) -> SourceError:
    if isinstance(reason, TimeoutError):
        return SourceError(
            N_("{name} did not answer in time: check that the camera is on, and the network connection."), name=name
        )
    return SourceError(
        N_("{name} cannot be reached ({reason}): check the address and the network connection."),
        name=name,
        reason=getattr(reason, "strerror", None) or type(reason).__name__,
    )


def _with_login(address: str, name: str) -> str:
    """Return the address as FFmpeg takes it, with its name and password, if any."""
    parts = urlsplit(address)
    if parts.scheme.lower() not in ("http", "https"):
        return address
    plain = urlsplit(ascii_address(address, name))
    login, at, _host = parts.netloc.rpartition("@")
    return urlunsplit(plain._replace(netloc=f"{login}{at}{plain.netloc}"))
