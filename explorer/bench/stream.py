"""A local MJPEG stream of numbered pictures, in a process of its own: ``python -m explorer.bench.stream FPS``.

It prints its address, notes when it sends which number, and tells that at ``/sent`` as JSON. It ends with its parent.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from explorer.bench import numbered

BOUNDARY = "frame"


class Server(ThreadingHTTPServer):
    """Sends every client the pictures from 0 on, ``fps`` a second, ``count`` of them over and over.

    Attributes:
        sent: seconds of ``time.perf_counter`` at which each number was handed to the network, of the newest client.
    """

    daemon_threads = True

    def __init__(self, fps: float, count: int = numbered.COUNT) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fps = fps
        self.sent: list[float] = []
        self.pictures = [numbered.jpeg(number) for number in range(count)]

    @property
    def address(self) -> str:
        """Where the pictures are."""
        return f"http://127.0.0.1:{self.server_port}/video.mjpg"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/sent":
            told = json.dumps(self.server.sent).encode()
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            return
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has gone
            self._stream()

    def _stream(self) -> None:
        server, start_s, number = self.server, time.perf_counter(), 0
        sent = server.sent = []
        while True:
            data = server.pictures[number % len(server.pictures)]
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            sent.append(time.perf_counter())
            self.wfile.write(head.encode() + data + b"\r\n")
            number += 1
            time.sleep(max(0.0, start_s + number / server.fps - time.perf_counter()))

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(fps: float) -> Iterator[str]:
    """Let the stream run in a process of its own and yield its address."""
    words = [sys.executable, "-m", "explorer.bench.stream", f"{fps:g}"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            if not address:
                raise RuntimeError(f"{' '.join(words[1:])}: it did not start")
            yield address
        finally:
            process.stdin.close()


def sent(address: str) -> list[float]:
    """Return when the server sent each number, in seconds of ``time.perf_counter``, which this machine shares."""
    with urllib.request.urlopen(address.rsplit("/", 1)[0] + "/sent") as answer:
        times: list[float] = json.load(answer)
    return times


def main(words: list[str]) -> int:
    """Serve until the standard input is closed."""
    server = Server(float(words[0]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.address, flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
