"""The live sources that need nothing: a camera that is not there, and the demo feed."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from explorer import text
from explorer.errors import HopelessError, SourceError
from explorer.sources import Clip, Live, demo, open_live, read
from explorer.values import LIVE, Frame, Source


def shown(live: Live | Clip) -> Frame:
    """Return the next frame of a source that gives it decoded."""
    assert not isinstance(live, Clip)
    frame = live.read()
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize(
    "where", ["99", "99999999999999999999", "-1", "", "front", "/etc/passwd", "file:///etc/passwd"]
)
def test_a_camera_that_is_not_there(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError) as caught:
        open_live(Source("camera", where))
    assert str(caught.value) == (f"There is no camera {where}: connect one, or choose another camera or the demo feed.")
    assert isinstance(caught.value, HopelessError) is (where != "99")  # which may be connected any time
    assert capfd.readouterr() == ("", "")  # OpenCV's own complaints stay silent


def test_a_still_source_is_not_live_nor_the_other_way_round() -> None:
    for kind in ("sample", "picture", "array", "address"):
        with pytest.raises(SourceError, match="choose the camera or the demo feed"):
            open_live(Source(kind, "chelsea.png"))  # type: ignore[arg-type]
    for kind in LIVE:
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
    assert [shown(live).index for _ in range(91)] == list(range(91))
    assert clock.now == pytest.approx(1003.0)
    live.close()


def test_a_slow_reader_of_the_demo_feed_gets_the_frame_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    live = open_live(Source("demo", ""))
    shown(live)
    clock.now += 2.0
    assert [shown(live).index, shown(live).index] == [60, 61]


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
    while shown(live).index < 15:
        pass
    assert time.perf_counter() - start_s >= 15 / demo.FPS - 0.05
