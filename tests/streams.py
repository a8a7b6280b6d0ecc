"""Moving pictures for tests, each showing its own number: files, MJPEG and video over HTTP, RTSP; with every fault."""

from __future__ import annotations

import base64
import contextlib
import io
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from PIL import Image

from explorer.values import Bytes

BITS = 16
CELL_PX = 32
SIZE_HW = (480, 640)
WIDTH_PX = BITS * CELL_PX
"""The least width that shows a whole number."""
BOUNDARY = b"--frame"


def picture(number: int, size_hw: tuple[int, int] = SIZE_HW) -> Bytes:
    """Return frame ``number``, spelt by black or white cells along the top, lowest bit first; red left, blue right."""
    height, width = size_hw
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    for bit in range(BITS):
        pixels[:CELL_PX, bit * CELL_PX : (bit + 1) * CELL_PX] = 255 * (number >> bit & 1)
    return pixels


def number_of(pixels: Bytes) -> int:
    """Return the number that a frame shows, whatever the compression did to it."""
    middle = pixels[CELL_PX // 2].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if middle[bit * CELL_PX + CELL_PX // 2] > 127)


@lru_cache(maxsize=4096)
def jpeg(number: int, size_hw: tuple[int, int] = SIZE_HW) -> bytes:
    """Return frame ``number`` as a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(picture(number, size_hw)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def write_video(
    to: Path | io.BytesIO,
    count: int,
    fps: int = 25,
    size_hw: tuple[int, int] = (64, WIDTH_PX),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times_ms: Sequence[int] | None = None,
    gop: int = 12,
    container: str | None = None,
    options: dict[str, str] | None = None,
    pictures: Iterable[Bytes] | None = None,
) -> None:
    """Write a video of frames 0, 1 …

    Args:
        to: the file.
        count: how many frames.
        fps: frames a second.
        size_hw: of its pictures, px.
        codec, pix_fmt, container: as PyAV names them.
        times_ms: when each frame shows, where not ``fps`` a second.
        gop: frames from one key frame to the next.
        options: of the container.
        pictures: other ones than ``picture`` gives.
    """
    with av.open(str(to) if isinstance(to, Path) else to, "w", format=container, options=options or {}) as file:
        stream: Any = file.add_stream(codec, rate=fps)
        stream.height, stream.width, stream.pix_fmt = *size_hw, pix_fmt
        stream.gop_size = gop
        if times_ms is not None:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for number, pixels in enumerate(pictures or (picture(n, size_hw) for n in range(count))):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[number], stream.codec_context.time_base
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)


class Server:
    """Something that answers HTTP on this machine; a context manager, after which no thread of it is left.

    Attributes:
        requests: the paths that were asked for.
        closed: set at the end.
    """

    path = "/"

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name=type(self).__name__)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """The address of what it sends."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()  # joins the threads of its connections
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        raise NotImplementedError

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                self.connection.settimeout(2.0)  # a client that takes nothing more does not hold the thread
                with contextlib.suppress(OSError):  # the client has gone
                    server.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


class FakeCamera(Server):
    """Serves MJPEG to every client, each from frame 0.

    Args:
        fps: frames a second; None for as fast as the client takes them.
        count: the stream ends after so many frames; None for never.
        stall_after: after so many frames nothing more comes, but the connection stays open; -1 does not even answer.
        sizes_hw: the size of the first connection's pictures, of the second's …; the last one's for all further ones.
        garbage: numbers of frames in whose place something comes that is no JPEG.
        torn: numbers of frames that are cut in half.
        length: whether each part says its length.
        status: an HTTP status to refuse every client with.
        login: the name and password without which a client is refused.
        stepped: whether each frame waits for a ``release`` of ``allow``.

    Attributes:
        sent: the most frames that went to one client.
        connections: how many clients came that were not refused.
    """

    path = "/video.mjpg"

    def __init__(
        self,
        fps: float | None = 30.0,
        count: int | None = None,
        stall_after: int | None = None,
        sizes_hw: Sequence[tuple[int, int]] = (SIZE_HW,),
        garbage: Iterable[int] = (),
        torn: Iterable[int] = (),
        length: bool = True,
        status: int = 200,
        login: tuple[str, str] | None = None,
        stepped: bool = False,
    ) -> None:
        self.fps, self.count, self.stall_after, self.sizes_hw = fps, count, stall_after, sizes_hw
        self.garbage, self.torn, self.length, self.status, self.login = set(garbage), set(torn), length, status, login
        self.allow = threading.Semaphore(0) if stepped else None
        self.sent = self.connections = 0
        super().__init__()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send pictures, or refuse."""
        if self.stall_after == -1:
            self.closed.wait()
            return
        given = request.headers.get("Authorization", "")
        if self.login and given != "Basic " + base64.b64encode(":".join(self.login).encode()).decode():
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
            return
        if self.status != 200:
            request.send_error(self.status)
            return
        size_hw = self.sizes_hw[min(self.connections, len(self.sizes_hw) - 1)]
        self.connections += 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        self._stream(request.wfile, size_hw)

    def _stream(self, out: io.BufferedIOBase, size_hw: tuple[int, int]) -> None:
        start_s, number = time.perf_counter(), 0
        while not self.closed.is_set() and number != self.count:
            if number == self.stall_after:
                self.closed.wait()
                return
            while self.allow and not self.allow.acquire(timeout=0.05):
                if self.closed.is_set():
                    return
            out.write(self._part(number, size_hw))
            number += 1
            self.sent = max(self.sent, number)
            if self.fps:
                self.closed.wait(max(0.0, start_s + number / self.fps - time.perf_counter()))
        out.write(BOUNDARY + b"--\r\n")

    def _part(self, number: int, size_hw: tuple[int, int]) -> bytes:
        data = jpeg(number % (1 << BITS), size_hw)
        if number in self.garbage:
            data = bytes(number * k % 251 for k in range(997))
        if number in self.torn:
            data = data[: len(data) // 2]
        length = b"Content-Length: %d\r\n" % len(data) if self.length else b""
        return BOUNDARY + b"\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + data + b"\r\n"


class FakeFile(Server):
    """Serves bytes as a file of which a client may take any part.

    Args:
        data: its bytes.
        kind: its content type.

    Attributes:
        closed_to: so many requests are refused first.
    """

    path = "/clip.mp4"

    def __init__(self, data: bytes, kind: str = "video/mp4") -> None:
        self.data, self.kind, self.closed_to = data, kind, 0
        super().__init__()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send the part that is asked for."""
        if len(self.requests) <= self.closed_to:
            request.send_error(503)
            return
        first, _dash, last = request.headers.get("Range", "bytes=0-").partition("=")[2].partition("-")
        start, end = int(first), min(int(last or len(self.data) - 1), len(self.data) - 1)
        request.send_response(206 if "Range" in request.headers else 200)
        request.send_header("Content-Type", self.kind)
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Length", str(end - start + 1))
        request.send_header("Content-Range", f"bytes {start}-{end}/{len(self.data)}")
        request.end_headers()
        request.wfile.write(self.data[start : end + 1])


def transport_stream(count: int, fps: int = 25, size_hw: tuple[int, int] = (64, WIDTH_PX), gop: int = 12) -> bytes:
    """Return a video of frames 0 … as an MPEG transport stream, which can be sent piece by piece."""
    buffer = io.BytesIO()
    write_video(buffer, count, fps, size_hw, codec="mpeg2video", gop=gop, container="mpegts")
    return buffer.getvalue()


class FakeBroadcast(Server):
    """Serves a transport stream without an end in sight, as a television or a camera does.

    Args:
        data: what it sends, and then nothing more, while the connection stays open.
        ends: whether the connection ends after that.
    """

    path = "/live.ts"

    def __init__(self, data: bytes, ends: bool = False) -> None:
        self.data, self.ends = data, ends
        super().__init__()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Send it."""
        request.send_response(200)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        request.wfile.write(self.data)
        request.wfile.flush()
        if not self.ends:
            self.closed.wait()


class FakeRtsp:
    """An RTSP server whose one stream is MPEG transport packets over RTP (RFC 2250) inside the connection (RFC 2326).

    Args:
        data: a transport stream, sent at once; then nothing more comes.
        silent: whether it takes connections but never answers.
        ends: whether the connection ends after the data.
    """

    def __init__(self, data: bytes = b"", silent: bool = False, ends: bool = False) -> None:
        self.data, self.silent, self.ends = data, silent, ends
        self.closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, name="FakeRtsp")
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"rtsp://127.0.0.1:{self._port}/live"

    def __enter__(self) -> FakeRtsp:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closed.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self.closed.is_set():
            with contextlib.suppress(OSError):
                connection, _address = self._listener.accept()
                connection.settimeout(0.05)
                with connection, contextlib.suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        for method, sequence in self._requests(connection):
            self.asked.append(method)
            if self.silent:
                continue
            body, more = b"", ""
            if method == "OPTIONS":
                more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == "DESCRIBE":
                sdp = (
                    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=fake\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
                )
                body, more = sdp.encode(), "Content-Type: application/sdp\r\n"
            elif method == "SETUP":
                more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            elif method == "PLAY":
                more = "Session: 1\r\n"
            head = f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            if method == "PLAY":
                connection.settimeout(2.0)
                for packet in _rtp(self.data):
                    connection.sendall(packet)
                connection.settimeout(0.05)
                if self.ends:
                    return

    def _requests(self, connection: socket.socket) -> Iterator[tuple[str, str]]:
        """Yield the method and number of each request, until the client goes or the test ends."""
        waiting = b""
        while not self.closed.is_set():
            try:
                piece = connection.recv(4096)
            except TimeoutError:
                continue
            if not piece:
                return
            waiting += piece
            while b"\r\n\r\n" in waiting:
                head, _end, waiting = waiting.partition(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                number = next((line.split(":")[1].strip() for line in lines if line.lower().startswith("cseq")), "0")
                yield lines[0].split(" ")[0], number


def _rtp(data: bytes) -> Iterator[bytes]:
    """Yield transport packets, seven at a time, as RTP inside RTSP."""
    for sequence, start in enumerate(range(0, len(data), 7 * 188)):
        payload = data[start : start + 7 * 188]
        packet = struct.pack("!BBHII", 0x80, 33, sequence & 0xFFFF, sequence * 3600, 7) + payload
        yield struct.pack("!BBH", 0x24, 0, len(packet)) + packet
