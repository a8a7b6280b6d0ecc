"""The queue between the live path and the encoder: it drops and counts, never waits, and ends with a sentence."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import ExportError
from explorer.recording.recorder import WAITING, Recorder
from explorer.recording.values import Filmed
from explorer.values import Bytes

PICTURE = np.zeros((16, 16, 3), np.uint8)


class Gated:
    """A movie whose disk takes as long as the test wants."""

    def __init__(self, path: Path, error: Exception | None = None) -> None:
        self.path, self.pictures, self.seconds = path, 0, 0.0
        self.size_wh: tuple[int, int] | None = None
        self.size_bytes = 0
        self.entered, self.gate = threading.Event(), threading.Event()
        self.times, self.closed, self._error = list[float](), 0, error

    def add(self, picture: Bytes, time_s: float) -> None:
        self.entered.set()
        assert self.gate.wait(10)
        if self._error is not None:
            raise self._error
        self.pictures += 1
        self.times.append(time_s)

    def close(self) -> None:
        self.closed += 1


def recorder(path: Path, movie: Gated, told: list[Filmed], keep_free: int = 0) -> Recorder[Bytes]:
    return Recorder(
        path, "window", lambda picture: picture, told.append, keep_free=keep_free, open_movie=lambda _path, _new: movie
    )


def test_a_slow_disk_drops_pictures_and_counts_them(tmp_path: Path) -> None:
    told, movie = list[Filmed](), Gated(tmp_path / "a.mp4")
    recording = recorder(movie.path, movie, told)
    recording.thread.start()
    assert recording.offer(PICTURE, 0.0)
    assert movie.entered.wait(10)
    taken = [recording.offer(PICTURE, number) for number in range(1, WAITING + 4)]  # returns at once: nobody reads
    assert taken == [True] * WAITING + [False] * 3
    recording.stop()
    assert not recording.offer(PICTURE, 99.0)
    movie.gate.set()
    recording.thread.join(10)
    assert movie.times == [0.0, *range(1, WAITING + 1)]
    assert (told[-1].state, told[-1].pictures, told[-1].dropped, movie.closed) == ("done", WAITING + 1, 3, 1)


@pytest.mark.parametrize("error", [ExportError("“{path}” is full.", path="a"), ValueError("odd")])
def test_what_fails_ends_the_file_and_is_told(tmp_path: Path, error: Exception) -> None:
    told, movie = list[Filmed](), Gated(tmp_path / "a.mp4", error)
    movie.gate.set()
    recording = recorder(movie.path, movie, told)
    recording.thread.start()
    recording.offer(PICTURE, 0.0)
    recording.thread.join(10)
    assert (told[-1].state, movie.closed, recording.ending) == ("stopped", 1, True)
    assert "full" in str(told[-1].error) or "odd" in str(told[-1].error)


def test_a_disk_that_fills_ends_the_recording_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, movie, left = list[Filmed](), Gated(tmp_path / "a.mp4"), [2_000_000_000]
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(4_000_000_000, 0, left[0]))
    monkeypatch.setattr("explorer.recording.recorder.LOOKED_EVERY_S", 0.0)
    movie.gate.set()
    recording = recorder(movie.path, movie, told, keep_free=500_000_000)
    recording.thread.start()
    recording.offer(PICTURE, 0.0)
    assert movie.entered.wait(10)
    left[0] = 400_000_000
    recording.thread.join(10)
    assert (told[-1].state, told[-1].pictures, movie.closed) == ("stopped", 1, 1)
    assert "400 MB left" in str(told[-1].error)


def test_nothing_begins_on_a_full_disk(tmp_path: Path) -> None:
    told, path = list[Filmed](), tmp_path / "a.mp4"
    recording = Recorder[Bytes](path, "window", lambda picture: picture, told.append, keep_free=1 << 62)
    recording.thread.start()
    recording.thread.join(10)
    assert [one.state for one in told] == ["stopped"]
    assert not path.exists()


def test_a_recording_without_a_picture_says_so(tmp_path: Path) -> None:
    told, path = list[Filmed](), tmp_path / "a.mp4"
    recording = Recorder[Bytes](path, "window", lambda picture: picture, told.append)
    recording.stop()
    recording.thread.start()
    recording.thread.join(10)
    assert told[-1].state == "stopped"
    assert "Nothing was recorded" in str(told[-1].error)
    assert not path.exists()
