"""Streams that FFmpeg reads: transport streams over HTTP, RTSP; nothing waits for ever, and no delay grows."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from explorer.errors import HopelessError, SourceError
from explorer.sources import open_live, stream
from explorer.sources.stream import LiveVideo
from explorer.values import Source
from tests.streams import FakeBroadcast, FakeRtsp, number_of, transport_stream

COUNT = 30
BEHIND = {name: getattr(stream, name) for name in ("BEHIND_S", "FAR_BEHIND_S")}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(stream, "SILENCE_S", 1.0)
    monkeypatch.setattr(stream, "OPENING_S", 1.0)
    for name in BEHIND:  # what is sent all at once is not to be left out, however busy the machine is
        monkeypatch.setattr(stream, name, 60.0)


def opened(url: str) -> LiveVideo:
    live = open_live(Source("stream", url))
    assert isinstance(live, LiveVideo)
    return live


def numbers(live: LiveVideo, most: int = COUNT) -> list[int]:
    """Return what the frames show that come until the end, at most so many."""
    found: list[int] = []
    while len(found) < most and (frame := live.read()) is not None:
        assert frame.index == number_of(frame.pixels)
        found.append(frame.index)
    return found


def test_a_broadcast_over_http_and_its_end(capfd: pytest.CaptureFixture[str]) -> None:
    with FakeBroadcast(transport_stream(COUNT), ends=True) as server:
        live = opened(server.url)
        assert numbers(live, COUNT + 1) == list(range(COUNT))
        assert live.read() is None
        live.close()
    assert capfd.readouterr() == ("", "")


def test_a_broadcast_that_falls_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with FakeBroadcast(transport_stream(COUNT)) as server:
        live = opened(server.url)
        before = numbers(live, COUNT - 5)
        assert before == list(range(COUNT - 5))
        with pytest.raises(SourceError, match="sends nothing any more") as caught:
            numbers(live)
        live.close()
    assert server.url in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_rtsp() -> None:
    with FakeRtsp(transport_stream(COUNT), ends=True) as server:
        live = opened(server.url)
        assert numbers(live, COUNT - 5) == list(range(COUNT - 5))
        live.close()
    assert server.asked[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def test_rtsp_that_does_not_answer_or_is_not_there() -> None:
    with FakeRtsp(silent=True) as server, pytest.raises(SourceError, match="did not answer in time") as caught:
        open_live(Source("stream", server.url.replace("://", "://me:geheim@")))
    assert server.url in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        open_live(Source("stream", server.url))
    assert not isinstance(caught.value, HopelessError)


def test_what_is_no_video_over_http() -> None:
    noise = FakeBroadcast(b"not a transport stream" * 999, ends=True)
    with noise as server, pytest.raises(SourceError, match="sends no video"):
        open_live(Source("stream", server.url))


class Slow:
    """A decoder that takes its time, fed by a network in which everything waits already."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, took_s: float, waits_from: int) -> None:
        self.now_s, self.took_s, self.waits_from = 0.0, took_s, waits_from
        self.skip_frame, self.asked = "DEFAULT", list[tuple[int, str]]()
        monkeypatch.setattr(stream, "time", SimpleNamespace(perf_counter=lambda: self.now_s))
        monkeypatch.setattr(stream, "pixels", lambda frame: np.full((1, 1, 3), frame % 256, np.uint8))
        self.codec_context = self
        self.closed = False

    def demux(self, _stream: object) -> Iterator[Any]:
        for number in range(200):
            if number >= self.waits_from:  # nothing waits any more: the next one comes when its time has come
                self.now_s += 0.04
            yield SimpleNamespace(number=number, size=1, is_keyframe=number % 25 == 0)

    def decode(self, packet: Any) -> list[int]:
        if packet is None:
            return []
        self.asked.append((packet.number, self.skip_frame))
        if self.skip_frame == "NONKEY" and not packet.is_keyframe:
            return []
        self.now_s += self.took_s
        return [packet.number]

    def close(self) -> None:
        self.closed = True


def test_a_reader_that_is_behind_leaves_out_frames_until_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in BEHIND.items():
        monkeypatch.setattr(stream, name, seconds)
    slow = Slow(monkeypatch, took_s=0.05, waits_from=120)
    live = LiveVideo(cast(Any, slow), cast(Any, slow), "camera")
    shown: list[tuple[int, float]] = []
    while (frame := live.read()) is not None:
        shown.append((frame.index, frame.time_s))
    behind = [number for number, how in slow.asked if how == "NONKEY"]
    # after a second in which nothing had to be waited for, only key frames are decoded, until one after the wait
    assert behind[0] == 20
    assert behind == list(range(20, 125))
    assert slow.skip_frame == "DEFAULT"
    while_behind = [at_s for _index, at_s in shown if 0.3 < at_s < 1.0]
    assert 2 <= len(while_behind) <= 4  # the person still sees that it moves
    assert len([1 for _index, at_s in shown if at_s > slow.now_s - 1.0]) >= 10  # and then every frame again


def test_a_frame_that_makes_no_picture_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_even(frame: Any) -> Any:
        if frame % 2:
            raise ValueError("no such conversion")
        return np.full((1, 1, 3), frame, np.uint8)

    slow = Slow(monkeypatch, took_s=0.0, waits_from=0)
    monkeypatch.setattr(stream, "pixels", only_even)
    live = LiveVideo(cast(Any, slow), cast(Any, slow), "camera")
    found = [live.read() for _ in range(3)]
    assert [frame and (frame.index, int(frame.pixels[0, 0, 0])) for frame in found] == [(0, 0), (2, 2), (4, 4)]


@pytest.mark.parametrize("part", ["pixels", "decode"])
def test_a_stream_of_which_nothing_can_be_decoded_ends(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, took_s=0.0, waits_from=0)
    live = LiveVideo(cast(Any, slow), cast(Any, slow), "camera")
    monkeypatch.setattr(stream if part == "pixels" else slow, part, lambda _one: 1 / 0)
    monkeypatch.setattr(stream, "_DAMAGED", ZeroDivisionError)
    monkeypatch.setattr(stream, "PATIENCE_S", 1.0)
    assert live.read() is not None  # it is there already
    with pytest.raises(SourceError, match="nothing that is a picture"):
        live.read()
    assert slow.now_s == pytest.approx(1.0, abs=0.1)


def test_whatever_goes_wrong_at_the_beginning_the_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, took_s=0.0, waits_from=0)
    monkeypatch.setattr(stream, "pixels", lambda _frame: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        LiveVideo(cast(Any, slow), cast(Any, slow), "camera")
    assert slow.closed


def test_a_container_that_nobody_foresaw_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, took_s=0.0, waits_from=0)
    monkeypatch.setattr(stream, "_opened", lambda _address, _name: slow)
    monkeypatch.setattr(stream, "moving", lambda _container, _name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_live(Source("stream", "rtsp://a.b/c"))
    assert slow.closed
