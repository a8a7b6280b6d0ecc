"""Motion JPEG over HTTP, with everything that a camera can do wrong."""

from __future__ import annotations

import http.client
import io
import logging
import struct
import time
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from PIL import Image

from explorer.errors import HopelessError, SourceError
from explorer.sources import mjpeg, open_live
from explorer.sources.mjpeg import Jpeg, Mjpeg
from explorer.values import Frame, Source
from tests.streams import FakeCamera, FakeFile, jpeg, number_of


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def opened(url: str) -> Mjpeg:
    live = open_live(Source("stream", url))
    assert isinstance(live, Mjpeg)
    return live


def rest(live: Mjpeg) -> list[Frame | None]:
    """Return all frames that still come, None for each that is damaged."""
    found = []
    while (packed := live.read()) is not None:
        found.append(packed.frame())
    live.close()
    return found


@pytest.mark.parametrize("length", [True, False], ids=["with length", "without"])
def test_every_frame_of_a_stream_arrives_in_order_and_its_end_is_told(length: bool) -> None:
    with FakeCamera(fps=None, count=20, length=length) as fake:
        frames = [frame for frame in rest(opened(fake.url)) if frame]
    assert [number_of(frame.pixels) for frame in frames] == list(range(20))
    assert [frame.index for frame in frames] == list(range(20))
    assert all(frame.source == fake.url and frame.array is None for frame in frames)
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)


def test_the_colours_are_red_green_blue() -> None:
    with FakeCamera(fps=None, count=1) as fake:
        (frame,) = rest(opened(fake.url))
    assert frame is not None
    assert (frame.pixels.shape, frame.pixels.dtype) == ((480, 640, 3), np.uint8)
    assert np.abs(frame.pixels[400, 100].astype(int) - (200, 0, 0)).max() < 10
    assert np.abs(frame.pixels[400, 500].astype(int) - (0, 0, 200)).max() < 10


def test_what_is_no_jpeg_is_passed_over_and_what_is_damaged_is_no_frame(capfd: pytest.CaptureFixture[str]) -> None:
    with FakeCamera(fps=None, count=8, garbage={0, 3}, torn={1, 5}) as fake:
        frames = rest(opened(fake.url))
    assert [number_of(frame.pixels) for frame in frames if frame] == [2, 4, 6, 7]
    assert [frame.index for frame in frames if frame] == [2, 4, 6, 7]
    broken = Jpeg(b"\xff\xd8" + bytes(range(256)) + b"\xff\xd9", "camera", 0, 0.0)
    assert broken.frame() is None
    assert capfd.readouterr() == ("", "")


def test_a_stream_of_nothing_but_garbage_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjpeg, "SILENCE_S", 0.2)
    with FakeCamera(fps=None, garbage=range(1 << 20)) as fake, pytest.raises(SourceError, match="nothing that is a pi"):
        open_live(Source("stream", fake.url))


def promising(width: int, height: int, number: int = 0) -> bytes:
    """Return a JPEG whose frame header promises another size than is in it."""
    data = bytearray(jpeg(number, (32, 512)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def test_a_picture_that_promises_too_many_pixels_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = list[int]()
    decode = mjpeg.cv2.imdecode
    monkeypatch.setattr(mjpeg.cv2, "imdecode", lambda data, how: decoded.append(data.size) or decode(data, how))
    good = jpeg(1, (32, 512))
    parts = [promising(30_000, 30_000), good, promising(65_000, 65_000)]
    sent = b"".join(b"--x\r\n\r\n" + part + b"\r\n" for part in parts)
    frames = rest(Mjpeg(cast(http.client.HTTPResponse, Answer(sent)), "camera"))
    assert [number_of(frame.pixels) for frame in frames if frame] == [1]
    assert set(decoded) == {len(good)}
    sent = (b"--x\r\n\r\n" + parts[0] + b"\r\n") * 3
    with pytest.raises(SourceError, match="30000 × 30000 pixels, more than 120 million"):
        Mjpeg(cast(http.client.HTTPResponse, Answer(sent)), "camera")


def test_the_size_that_a_jpeg_promises_is_the_one_that_pillow_reads() -> None:
    for options in ({}, {"progressive": True}, {"exif": b"Exif\0\0" + bytes(500)}, {"restart_marker_rows": 1}):
        buffer = io.BytesIO()
        Image.new("RGB", (123, 45)).save(buffer, "JPEG", **options)
        data = buffer.getvalue()
        assert mjpeg.promised(data) == (123, 45) == Image.open(io.BytesIO(data)).size
        assert mjpeg.promised(data[:2] + b"\xff\xff" + data[3:]) == (123, 45)  # filling before a marker
        at = data.index(b"\xff\xc2" if "progressive" in options else b"\xff\xc0")
        assert [mjpeg.promised(data[:end]) for end in range(at + 9)] == [(0, 0)] * (at + 9)


def test_a_picture_for_which_opencv_has_no_room_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise mjpeg.cv2.error("Insufficient memory")

    monkeypatch.setattr(mjpeg.cv2, "imdecode", full)
    assert Jpeg(jpeg(0), "camera", 0, 0.0).frame() is None


def test_whatever_goes_wrong_at_the_beginning_the_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = list[bool]()
    monkeypatch.setattr(mjpeg, "promised", lambda _data: 1 / 0)
    monkeypatch.setattr(http.client.HTTPResponse, "close", lambda self: closed.append(True) or io.IOBase.close(self))
    with FakeCamera(fps=None, count=2) as fake, pytest.raises(ZeroDivisionError):
        open_live(Source("stream", fake.url))
    assert closed


def test_a_stream_that_stalls_is_said_instead_of_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.sources.stream.SILENCE_S", 1.0)
    with FakeCamera(fps=None, stall_after=5) as fake:
        live = opened(fake.url)
        for _ in range(5):
            assert live.read() is not None
        with pytest.raises(SourceError, match="sends nothing any more"):
            live.read()
        live.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "sends no video"),
        ({"stall_after": 0}, "sends nothing any more"),
        ({"stall_after": -1}, "did not answer in time"),
        ({"status": 503}, "answered 503"),
    ],
)
def test_a_stream_that_gives_no_picture(
    options: dict[str, int], words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("explorer.sources.stream.SILENCE_S", 1.0)
    with FakeCamera(**options) as fake, pytest.raises(SourceError, match=words) as caught:  # type: ignore[arg-type]
        open_live(Source("stream", fake.url))
    assert not isinstance(caught.value, HopelessError)
    assert fake.url in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_stream_that_nobody_sends() -> None:
    with FakeCamera() as fake:
        where = fake.url
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        open_live(Source("stream", where))
    assert not isinstance(caught.value, HopelessError)


def test_two_streams_of_other_sizes_do_not_mix() -> None:
    with FakeCamera(fps=None, count=5, sizes_hw=((64, 512), (96, 640))) as fake:
        one, two = opened(fake.url), opened(fake.url)
        for live, shape in ((one, (64, 512, 3)), (two, (96, 640, 3))):
            frames = [frame for frame in rest(live) if frame]
            assert [number_of(frame.pixels) for frame in frames] == list(range(5))
            assert {frame.pixels.shape for frame in frames} == {shape}


def test_a_password_opens_the_stream_and_is_told_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeCamera(fps=None, count=2, login=("an na", "geh:eim")) as fake:
        address = fake.url.replace("://", "://an%20na:geh%3Aeim@") + "?token=geheim"
        frames = rest(opened(address))
        assert [frame.source for frame in frames if frame] == [fake.url + "?…"] * 2
        wrong = fake.url.replace("://", "://anna:falsch@")
        with pytest.raises(HopelessError, match="asks for another name and password") as caught:
            open_live(Source("stream", wrong))
    assert caught.value.__cause__ is None
    said = str(caught.value) + caplog.text
    assert not any(secret in said for secret in ("geh", "falsch", "anna"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.b/c", "http://a.b/c"),
        ("rtsp://me:secret@a.b:554/c?d=e", "rtsp://a.b:554/c?…"),
        ("http://me:se@cret@a.b/", "http://a.b/"),
        ("http://a.b/c@d#x", "http://a.b/c@d"),
        ("me:secret@a.b/c", "a.b/c"),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str) -> None:
    assert Source("stream", url).shown == Source("address", url).shown == shown


@pytest.mark.parametrize("where", ["", "video", "ftp://a.b/c", "file:///etc/passwd", "http://", "javascript://x"])
def test_what_is_no_address_is_not_tried_again(where: str) -> None:
    with pytest.raises(HopelessError):
        open_live(Source("stream", where))


@pytest.mark.parametrize("kind", ["text/html", "image/jpeg"])
def test_an_address_of_something_else(kind: str) -> None:
    with FakeFile(jpeg(0), kind) as server, pytest.raises(HopelessError, match=f"leads to {kind}"):
        open_live(Source("stream", server.url))


class Answer(io.BytesIO):
    """A body that comes in pieces of a few bytes."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        return self.read(7)


def body(form: Callable[[bytes], bytes]) -> http.client.HTTPResponse:
    parts = (form(jpeg(number, (32, 512))) for number in range(3))
    return cast(http.client.HTTPResponse, Answer(b"noise\n-\n" + b"".join(parts)))


@pytest.mark.parametrize(
    "form",
    [
        lambda data: b"--x\r\n\r\n" + data + b"\r\n",
        lambda data: b"--x\n\n" + data + b"\n",
        lambda data: b"\r\n\r\n--x\r\ncontent-length:  %d\r\n\r\n" % len(data) + data,
        lambda data: b"--x\r\nContent-Length: 7\r\n\r\n" + data + b"\r\n--x\r\n\r\n" + data + b"\r\n",
        lambda data: b"--x\r\nContent-Length: soon\r\n\r\n" + data + b"\0\0\0\r\n",
        lambda data: b"--x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n" + data + b"\r\n",
        lambda data: b"--x\r\nX: y\r\n\r\n" + data + b"\r\n",
    ],
    ids=[
        "plain",
        "short ends of lines",
        "nothing after",
        "wrong length",
        "no number",
        "too many digits",
        "other fields",
    ],
)
def test_every_form_that_cameras_write(form: Callable[[bytes], bytes]) -> None:
    frames = rest(Mjpeg(body(form), "camera"))
    assert [number_of(frame.pixels) for frame in frames if frame] == [0, 1, 2]


def test_the_network_is_drained_as_fast_as_it_is_filled() -> None:
    with FakeCamera(fps=None, count=600) as fake:
        live = opened(fake.url)
        start_s = time.perf_counter()
        last = None
        while (packed := live.read()) is not None:
            last = packed
        took_s = time.perf_counter() - start_s
        live.close()
    assert last is not None
    assert last.index == 599
    frame = last.frame()
    assert frame is not None
    assert number_of(frame.pixels) == 599
    assert took_s < 600 / 150, "decoding all of them alone would take that long"
