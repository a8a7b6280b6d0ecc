"""A server on this machine that gives one file, with the faults that a test asks for."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 20


class Server:
    """Gives ``content`` at every path, and knows Range and If-Range.

    Attributes:
        content: the file.
        etag: its version; "" for a server that names none.
        modified: its Last-Modified, or "".
        ranges: whether it knows Range.
        faults: taken one a request, the first first: a status ("503"), "redirect:URL", "cut:N" (the connection ends
            after N bytes of the answer), "stall:N" (it is silent after N bytes until ``go_on`` is set), "length:N"
            (it promises N bytes), "unsized", "page" (HTML), "elsewhere" (206 that begins at another byte); "" for none.
        asked: (path, Range, If-Range) of every request.
        stalled: released whenever it has become silent.
    """

    def __init__(self, content: bytes) -> None:
        self.content, self.etag, self.modified, self.ranges = content, '"one"', "", True
        self.faults: list[str] = []
        self.asked: list[tuple[str, str, str]] = []
        self.stalled, self.go_on = threading.Semaphore(0), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = False
        self.base = f"http://127.0.0.1:{self.http.server_port}"

    def wait_until_silent(self) -> None:
        assert self.stalled.acquire(timeout=PATIENCE_S)

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        wanted, version = to.headers.get("Range", ""), to.headers.get("If-Range", "")
        self.asked.append((to.path, wanted, version))
        fault, _, value = (self.faults.pop(0) if self.faults else "").partition(":")
        if fault.isdecimal():
            return to.send_error(int(fault))
        if fault == "redirect":
            to.send_response(302)
            to.send_header("Location", value)
            to.send_header("Content-Length", "0")
            return to.end_headers()
        start, size = 0, len(self.content)
        if self.ranges and wanted and version in (self.etag, self.modified):
            match = re.fullmatch(r"bytes=(\d+)-", wanted)
            assert match
            start = int(match[1])
        if start and start >= size:
            to.send_response(416)
            to.send_header("Content-Range", f"bytes */{size}")
            to.send_header("Content-Length", "0")
            return to.end_headers()
        body = self.content[start:]
        to.send_response(206 if start else 200)
        if start:
            first = start - (fault == "elsewhere")
            to.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        for name, text in (("ETag", self.etag), ("Last-Modified", self.modified)):
            if text:
                to.send_header(name, text)
        to.send_header("Content-Type", "text/html" if fault == "page" else "application/octet-stream")
        if fault != "unsized":
            to.send_header("Content-Length", value if fault == "length" else str(len(body)))
        to.end_headers()
        try:
            to.wfile.write(body[: int(value)] if fault in ("cut", "stall") else body)
            to.wfile.flush()
            if fault == "stall":
                self.stalled.release()
                self.go_on.wait(PATIENCE_S)
                to.wfile.write(body[int(value) :])
        except OSError:
            pass  # the client has gone
        to.close_connection = True
        return None


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """Run a server; whatever hangs in it is let go at the end."""
    server = Server(content)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,), name="server")
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.http.shutdown()
        server.http.server_close()
        thread.join()
