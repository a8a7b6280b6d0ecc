"""What the live figures stand on: numbers that survive the way to the screen, and ages that show a queue."""

from __future__ import annotations

import random
import threading
import urllib.request
from collections import deque

import numpy as np
import pytest
from PIL import Image

from explorer.bench import live, numbered, process, stream
from explorer.cv import cv2
from explorer.engine.mailbox import Latest


def read(grey: np.ndarray, scale: float = 1.0) -> int | None:
    return numbered.number([int(grey[int(y * scale), int(x * scale)]) for y, x in numbered.middles()])


@pytest.mark.parametrize("scale", [1.0, 0.6, 1.7])
def test_a_number_survives_jpeg_and_scaling(scale: float) -> None:
    for number in [0, 1, 2730, numbered.COUNT - 1, *random.Random(0).sample(range(numbered.COUNT), 20)]:
        data = np.frombuffer(numbered.jpeg(number), np.uint8)
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        height, width = grey.shape
        seen = np.asarray(Image.fromarray(grey).resize((round(width * scale), round(height * scale))))
        assert read(seen, scale) == number


def test_what_is_no_number_is_not_read_as_one() -> None:
    for grey in (0, 255):
        assert numbered.number([grey] * 2 * numbered.BITS) is None
    mixed = np.where(np.arange(320) < 160, numbered.picture(5)[..., 0], numbered.picture(4090)[..., 0])
    torn = mixed.copy()
    torn[: numbered.SIZE_HW[0] // 2] = numbered.picture(9)[: numbered.SIZE_HW[0] // 2, :, 0]
    assert read(torn) is None, "rows of two pictures"


def test_numbers_go_on_beyond_the_last_code() -> None:
    assert numbered.after(0, 7) == 7
    assert numbered.after(7, 7) == 7
    assert numbered.after(numbered.COUNT + 5, 4) == 2 * numbered.COUNT + 4


def test_the_stream_tells_when_it_sent_what() -> None:
    server = stream.Server(1000.0, count=5)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with urllib.request.urlopen(server.address, timeout=10) as body:
            first = body.read(2 * len(numbered.jpeg(0)))
        assert numbered.jpeg(0) in first
        sent = stream.sent(server.address)
        assert len(sent) >= 1
        assert sent == sorted(sent)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ages(box: object, seconds: int) -> list[tuple[float, float]]:
    """Return (seconds, age in ms) of what a reader of 40 pictures a second gets from a source of 50, by the clock."""
    found, at_s, index = list[tuple[float, float]](), 0.0, 0
    while at_s < seconds:
        while index / 50 <= at_s:
            box.put(index / 50)  # type: ignore[attr-defined]
            index += 1
        grabbed = box.take()  # type: ignore[attr-defined]
        at_s += 1 / 40
        if grabbed is not None:
            found.append((at_s, (at_s - grabbed) * 1000))
    return found


class Queue:
    """The planted fault: everything is kept."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque()

    def put(self, value: float) -> None:
        self._kept.append(value)

    def take(self) -> float | None:
        return self._kept.popleft() if self._kept else None


def test_a_queue_in_place_of_the_newest_turns_the_figure_red() -> None:
    assert live.growth(ages(Latest[float](), 150))["growth"] <= live.GROWTH_LIMIT
    assert live.growth(ages(Queue(), 150))["growth"] > live.GROWTH_LIMIT
    assert live.growth(ages(Queue(), 4))["growth"] > live.GROWTH_LIMIT, "in halves of a short time too"


MEASURED = {
    "frame_ms": 23.0, "forward_ms": 20.0, "bare_ms": 20.0, "ratio": 1.15, "interval_ms": 33.0, "age_p50_ms": 40.0,
    "age_p95_ms": 70.0, "gap_p99_ms": 16.0, "gap_longest_ms": 50.0, "shown": 100.0, "disorder": 0.0, "growth": 1.1,
    "first_ms": 40.0, "last_ms": 44.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [("ratio", 1.16), ("age_p95_ms", 70.1), ("gap_p99_ms", 16.1), ("gap_longest_ms", 50.1), ("growth", 1.11)],
)
def test_each_figure_turns_red_just_over_its_limit(monkeypatch: pytest.MonkeyPatch, key: str, value: float) -> None:
    class Serving:
        def __init__(self, _fps: float) -> None:
            pass

        def __enter__(self) -> str:
            return "http://address"

        def __exit__(self, *_: object) -> None:
            pass

    measured = dict(MEASURED)
    monkeypatch.setattr(stream, "serving", Serving)
    monkeypatch.setattr(process, "window", lambda *_words: measured)
    monkeypatch.setattr(process, "bare_forward_ms", lambda *_words: 25.0)
    monkeypatch.setattr(live, "FAST_FPS", 30.0)
    assert {figure.verdict for figure in live.figures(16.0)} == {"pass", ""}
    measured[key] = value
    assert "over" in {figure.verdict for figure in live.figures(16.0)}
