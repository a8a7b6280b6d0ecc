"""The live sources: cameras through a local stream, and the demo feed."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from explorer import text
from explorer.errors import SourceError
from explorer.sources import camera, demo, open_live, read
from explorer.values import Source
from tests.streams import FakeCamera, number_of


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_every_frame_of_a_stream_arrives_in_order_and_its_end_is_told() -> None:
    with FakeCamera(fps=None, count=40) as fake:
        live = open_live(Source("camera", fake.url))
        frames = []
        while (frame := live.read()) is not None:
            frames.append(frame)
        live.close()
    assert [number_of(frame.pixels) for frame in frames] == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))
    assert all(frame.source == fake.url and frame.array is None for frame in frames)
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)


def test_the_colours_are_red_green_blue() -> None:
    with FakeCamera(fps=None, count=3) as fake:
        live = open_live(Source("camera", fake.url))
        frame = live.read()
        live.close()
    assert frame is not None
    assert frame.pixels.shape == (480, 640, 3)
    assert frame.pixels.dtype == np.uint8
    assert np.abs(frame.pixels[400, 100].astype(int) - (200, 0, 0)).max() < 10
    assert np.abs(frame.pixels[400, 500].astype(int) - (0, 0, 200)).max() < 10


def test_a_frame_stays_as_it_was_when_the_next_one_comes() -> None:
    with FakeCamera(fps=None, count=5) as fake:
        live = open_live(Source("camera", fake.url))
        first, second = live.read(), live.read()
        live.close()
    assert first is not None
    assert second is not None
    assert (number_of(first.pixels), number_of(second.pixels)) == (0, 1)


def test_a_stream_that_stalls_ends_instead_of_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "READ_TIMEOUT_MS", 300)
    with FakeCamera(fps=None, stall_after=30) as fake:
        live = open_live(Source("camera", fake.url))
        count = 0
        while live.read() is not None:
            count += 1
        live.close()
    assert count == 30


def test_a_stream_may_be_read_by_another_thread_than_opened_it() -> None:
    numbers: list[int] = []
    with FakeCamera(fps=None, count=10) as fake:
        live = open_live(Source("camera", fake.url))

        def grab() -> None:
            while (frame := live.read()) is not None:
                numbers.append(number_of(frame.pixels))
            live.close()

        thread = threading.Thread(target=grab)
        thread.start()
        thread.join()
    assert numbers == list(range(10))


def test_two_streams_do_not_mix() -> None:
    with FakeCamera(fps=None, count=20) as one, FakeCamera(fps=None, count=20) as two:
        lives = [open_live(Source("camera", fake.url)) for fake in (one, two)]
        for number in range(20):
            for fake, live in zip((one, two), lives, strict=True):
                frame = live.read()
                assert frame is not None
                assert (frame.source, number_of(frame.pixels)) == (fake.url, number)
        for live in lives:
            live.close()


@pytest.mark.parametrize(
    "where", ["99", "99999999999999999999", "-1", "", "front", "/etc/passwd", "file:///etc/passwd"]
)
def test_a_camera_that_is_not_there(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError) as caught:
        open_live(Source("camera", where))
    assert str(caught.value) == (f"There is no camera {where}: connect one, or choose another camera or the demo feed.")
    assert capfd.readouterr() == ("", "")  # OpenCV's own complaints stay silent


def test_a_stream_that_nobody_sends(capfd: pytest.CaptureFixture[str]) -> None:
    with FakeCamera() as fake:
        where = fake.url
    with pytest.raises(SourceError) as caught:
        open_live(Source("camera", where))
    assert str(caught.value) == f"{where} sends no video: check the address, and that the camera is on."
    assert capfd.readouterr() == ("", "")


def test_a_stream_that_opens_but_sends_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "OPEN_TIMEOUT_MS", 300)
    monkeypatch.setattr(camera, "READ_TIMEOUT_MS", 300)
    for options in ({"count": 0}, {"stall_after": 0}):
        with FakeCamera(**options) as fake, pytest.raises(SourceError, match="sends no video"):
            open_live(Source("camera", fake.url))


def test_a_still_source_is_not_live_nor_the_other_way_round() -> None:
    for kind in ("sample", "picture", "array", "address"):
        with pytest.raises(SourceError, match="choose the camera or the demo feed"):
            open_live(Source(kind, "chelsea.png"))  # type: ignore[arg-type]
    for kind in ("camera", "demo"):
        with pytest.raises(SourceError, match="choose a picture"):
            read(Source(kind, "0"))  # type: ignore[arg-type]


class Clock:
    """Time that passes only while the feed sleeps, or when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(demo, "time", self)

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_the_demo_feed_sends_thirty_frames_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    live = open_live(Source("demo", ""))
    frames = [live.read() for _ in range(91)]
    assert [frame.index for frame in frames if frame] == list(range(91))
    assert clock.now == pytest.approx(1003.0)
    live.close()


def test_a_slow_reader_of_the_demo_feed_gets_the_frame_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    live = open_live(Source("demo", ""))
    live.read()
    clock.now += 2.0
    frame = live.read()
    assert frame is not None
    assert frame.index == 60
    following = live.read()
    assert following is not None
    assert following.index == 61


def test_a_frame_of_the_demo_feed_depends_on_its_number_alone() -> None:
    one, two = demo.Demo(), demo.Demo()
    for index in (0, 17, 225, 239, 240, 700, 5000):
        pixels = one.pixels(index)
        assert pixels.shape == (*demo.SIZE_HW, 3)
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels, two.pixels(index))


def test_the_demo_feed_moves_without_a_jump() -> None:
    feed = demo.Demo()
    for first in (0, 100, 215, 455, 4 * demo.SCENE - 25):
        shown = [feed.pixels(index).astype(int) for index in range(first, first + 30)]
        steps = [np.abs(b - a).mean() for a, b in pairwise(shown)]
        assert min(steps) > 0.1  # never still
        assert max(steps) < 4 * np.median(steps)  # a cut would be ten times a step


def test_the_view_of_the_demo_feed_stays_inside_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = demo.Demo()
    height, width = 500, 900
    y, x = np.mgrid[0:height, 0:width]
    inside = np.stack([y % 256, x % 256, np.full((height, width), 255)], axis=2).astype(np.uint8)
    feed._pictures = [inside]
    monkeypatch.setattr(demo.cv2, "BORDER_REPLICATE", demo.cv2.BORDER_CONSTANT)  # outside would be black
    for index in range(0, 2 * demo.SCENE, 7):
        assert feed.pixels(index)[1:-1, 1:-1, 2].min() == 255


def test_the_demo_feed_names_itself_in_the_persons_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_", {"demo feed": "데모 영상"}.get)
    frame = demo.Demo().read()
    assert frame is not None
    assert frame.source == "데모 영상"
    assert text.language() == "en"


def test_the_demo_feed_keeps_the_time_of_a_real_clock() -> None:
    live = open_live(Source("demo", ""))
    start_s = time.perf_counter()
    frame = None
    while frame is None or frame.index < 15:
        frame = live.read()
    assert time.perf_counter() - start_s >= 15 / demo.FPS - 0.05
