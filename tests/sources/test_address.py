"""Pictures from the web, against a server on this machine."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from explorer.errors import MovesError, SourceError
from explorer.sources import address, read
from explorer.values import Bytes, Source
from tests.streams import FakeCamera, FakeFile

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG")
    return stream.getvalue()


class Web:
    """A server whose every path is a case; ``asked`` are the paths as they came."""

    def __init__(self) -> None:
        web = self
        self.asked: list[str] = []
        self.over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                web.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), name="web")
        self.thread.start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        case = to.path.split("?")[0].rpartition("/")[2]
        kind, body, length = "image/png", png(), None
        match case:
            case "missing.png":
                return to.send_error(404)
            case "moved.png":
                to.send_response(302)
                to.send_header("Location", "/cat.png")
                return to.end_headers()
            case "away.png":
                to.send_response(302)
                to.send_header("Location", "file:///etc/passwd")
                return to.end_headers()
            case "around.png":
                to.send_response(302)
                to.send_header("Location", "/around.png")
                return to.end_headers()
            case "page.html":
                kind, body = "text/html; charset=utf-8", b"<html>a cat</html>"
            case "cut.png":
                body, length = body[: len(body) // 2], len(body)
            case "empty.png":
                body = b""
            case "huge.png":
                length = 10**12
            case "silent.png":
                self.over.wait()
                return None
            case "slow.png" | "endless.png":
                return self.drip(to, 0.02 if case == "slow.png" else 0.0)
        to.send_response(200)
        if case != "untyped":
            to.send_header("Content-Type", kind)
        if case != "unsized.png":
            to.send_header("Content-Length", str(len(body) if length is None else length))
        to.end_headers()
        to.wfile.write(body)
        return None

    def drip(self, to: BaseHTTPRequestHandler, pause_s: float) -> None:
        to.send_response(200)
        to.end_headers()
        try:
            while not self.over.wait(pause_s):
                to.wfile.write(b"x" if pause_s else b"x" * 65536)
        except OSError:
            pass  # the client has had enough


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("no_proxy", "*")
    web = Web()
    yield web
    web.close()


def fetched(where: str) -> Bytes:
    return read(Source("address", where)).pixels


def problem(where: str) -> str:
    with pytest.raises(SourceError) as caught:
        fetched(where)
    return str(caught.value)


@pytest.mark.parametrize("path", ["/cat.png", "/a/b/cat.png?size=2&x=%20", "/moved.png", "/untyped", "/unsized.png"])
def test_a_picture_comes_as_it_is(web: Web, path: str) -> None:
    assert np.array_equal(fetched(web.base + path), PIXELS)


def test_the_frame_is_named_after_the_file(web: Web) -> None:
    assert read(Source("address", f"{web.base}/a/cat.png?x=1")).source == "cat.png"
    assert read(Source("address", f"  {web.base}/  ")).source == web.base + "/"


def test_any_character_travels_encoded_once(web: Web) -> None:
    assert np.array_equal(fetched(f"{web.base}/고양이 %20.png?q=é#part"), PIXELS)
    assert web.asked == ["/%EA%B3%A0%EC%96%91%EC%9D%B4%20%20.png?q=%C3%A9"]


def test_what_is_not_there(web: Web) -> None:
    where = f"{web.base}/missing.png"
    assert problem(where) == f"{where} answered 404 Not Found: check the address."


def test_what_is_no_picture(web: Web) -> None:
    where = f"{web.base}/page.html"
    assert problem(where) == (
        f"{where} does not lead to a picture but to text/html: copy the address of the picture itself."
    )


def test_a_picture_that_is_cut_off_or_empty(web: Web) -> None:
    assert "damaged or cut off" in problem(f"{web.base}/cut.png")
    assert "not a picture" in problem(f"{web.base}/empty.png")


def test_a_redirection_never_leads_to_a_file_of_this_machine_nor_round_for_ever(web: Web) -> None:
    assert "check the address" in problem(f"{web.base}/away.png")
    assert "check the address" in problem(f"{web.base}/around.png")


def test_a_server_that_does_not_answer(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "TIMEOUT_S", 0.1)
    assert "did not answer in time" in problem(f"{web.base}/silent.png")


def test_a_server_that_never_finishes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "DEADLINE_S", 0.1)
    assert "did not answer in time" in problem(f"{web.base}/slow.png")


def test_too_large_by_its_own_word_or_by_what_comes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is larger than 64 MB" in problem(f"{web.base}/huge.png")
    monkeypatch.setattr(address, "MOST_BYTES", 1 << 20)
    assert "is larger than 1 MB" in problem(f"{web.base}/endless.png")


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        message = problem(f"http://127.0.0.1:{unused.getsockname()[1]}/cat.png")
    assert "(Connection refused)" in message
    assert message.endswith("check the address and the network connection.")


def test_a_host_that_does_not_exist() -> None:
    assert "check the address and the network connection" in problem("http://nowhere.invalid/cat.png")


def test_a_server_that_speaks_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection = server.accept()[0]
            connection.recv(1000)
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        message = problem(f"http://127.0.0.1:{server.getsockname()[1]}/cat.png")
        thread.join()
    assert "cannot be reached" in message


@pytest.mark.parametrize(
    "where",
    ["", "cat.png", "file:///etc/passwd", "ftp://x/y.png", "http://", "http:///cat.png", "http://[x/", "http://a:b/",
     "http://" + "x" * 70 + "/", "javascript:alert(1)", "http://a..b/"],
)  # fmt: skip
def test_what_is_no_web_address(where: str) -> None:
    assert problem(where).endswith("is not a web address: it must begin with http:// or https:// and a host.")


def test_moving_pictures_are_told_from_one_at_once() -> None:
    with FakeCamera() as camera, pytest.raises(MovesError, match="gives moving pictures"):
        read(Source("address", camera.url))
    with FakeFile(b"#EXTM3U\n", "application/vnd.apple.mpegurl") as listed, pytest.raises(MovesError):
        read(Source("address", listed.url))
