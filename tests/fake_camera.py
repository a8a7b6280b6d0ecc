"""A camera for tests without a camera: MJPEG over HTTP on this machine, each frame showing its own number."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import numpy as np
from PIL import Image

from explorer.values import Bytes

BITS = 16
CELL_PX = 32


def picture(number: int, size_hw: tuple[int, int] = (480, 640)) -> Bytes:
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


class FakeCamera:
    """Serves a stream to every client, each from frame 0; a context manager.

    Args:
        fps: frames a second; None for as fast as the client takes them.
        count: the stream ends after so many frames; None for never.
        stall_after: after so many frames nothing more comes, but the connection stays open.
    """

    def __init__(self, fps: float | None = 30.0, count: int | None = None, stall_after: int | None = None) -> None:
        self._fps, self._count, self._stall_after = fps, count, stall_after
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="fake camera")
        self.sent = 0

    @property
    def url(self) -> str:
        """The stream's address."""
        return f"http://127.0.0.1:{self._server.server_port}/video.mjpg"

    def __enter__(self) -> FakeCamera:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()  # joins the streams' threads
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.connection.settimeout(2.0)  # a client that takes nothing more does not hold the thread
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                with contextlib.suppress(OSError):  # the client has gone
                    camera._stream(self.wfile)

            def log_message(self, *args: object) -> None:
                pass

        return Handler

    def _stream(self, out: io.BufferedIOBase) -> None:
        start_s, number = time.perf_counter(), 0
        while not self._closed.is_set() and number != self._count:
            if number == self._stall_after:
                self._closed.wait()
                return
            buffer = io.BytesIO()
            Image.fromarray(picture(number)).save(buffer, "JPEG", quality=80)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {buffer.tell()}\r\n\r\n"
            out.write(head.encode() + buffer.getvalue() + b"\r\n")
            number += 1
            self.sent = max(self.sent, number)
            if self._fps:
                self._closed.wait(max(0.0, start_s + number / self._fps - time.perf_counter()))
        out.write(b"--frame--\r\n")
