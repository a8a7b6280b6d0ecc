"""``live``: a line a frame of every source, its end, and what stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from explorer.cli.arguments import feed
from explorer.cli.main import main
from explorer.errors import SourceError
from explorer.values import Source
from tests.sources.test_folder import put
from tests.streams import FakeCamera, write_video

LIVE = ("live", "--model", "lenet5", "--weights", "none", "--json")


def lines(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[list[dict[str, Any]], str]:
    """Return what the command prints, line by line, and what it complains of."""
    assert main([*LIVE, *words]) == code
    printed = capsys.readouterr()
    return [json.loads(line) for line in printed.out.splitlines()], printed.err


def test_a_video_from_its_first_frame_to_its_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times_ms = [0, 300, 400, 900]
    write_video(tmp_path / "영상.mkv", 4, times_ms=times_ms)
    start = time.time()
    found, complaints = lines(capsys, str(tmp_path / "영상.mkv"))
    frames = [line["frame"] for line in found]
    assert (frames[0], frames[-1], sorted(set(frames)), complaints) == (0, 3, frames, "")
    # on a busy machine one may be dropped, or passed by the clock: then it is counted
    assert len(frames) + found[-1]["dropped"] + found[-1]["skipped"] >= 4
    places_s = [times_ms[frame] / 1000 for frame in frames]
    assert [line["position_s"] for line in found] == pytest.approx(places_s, abs=2e-3)
    grabbed = [line["time"] for line in found]
    # paced by its time stamps: no frame comes before its time
    assert all(at - grabbed[0] >= place_s - 0.01 for at, place_s in zip(grabbed, places_s, strict=True))
    assert start <= grabbed[0] <= grabbed[-1] <= time.time()
    assert all(line["latency_ms"] >= sum(line["times_ms"][name] for name in ("prepare", "forward")) for line in found)
    names = ["frame", "position_s", "time", "latency_ms", "dropped", "skipped", "predictions", "times_ms"]
    assert list(found[0]) == names


def test_a_video_that_is_cut_off_is_shown_and_then_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mkv"
    write_video(path, 60, codec="mjpeg", pix_fmt="yuvj420p")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    found, complaints = lines(capsys, str(path), code=2)
    assert 5 < len(found) < 30
    assert complaints.count("\n") == 1
    assert complaints.startswith("a.mkv is cut off or damaged after")


def test_a_folder_names_once_what_it_passes_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.sources.folder.SECONDS", 0.1)
    monkeypatch.setattr("explorer.sources.folder.Folder.fps", 10.0)
    put(tmp_path, "1.png", "3.png", "4.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    found, complaints = lines(capsys, str(tmp_path))
    assert {line["frame"] for line in found} >= {0, 2}
    assert complaints == "2.png holds no picture that can be read and is passed over.\n"


def test_a_stream_until_the_time_is_over_and_one_that_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with FakeCamera(fps=100) as fake:
        found, complaints = lines(capsys, fake.url, "--seconds", "1")
    frames = [line["frame"] for line in found]
    assert (frames, complaints) == (sorted(set(frames)), "")
    with FakeCamera(fps=None, count=3) as fake:
        _found, complaints = lines(capsys, fake.url, code=2)
    assert complaints == f"The source “stream {fake.url}” sends no more pictures: check it, then try again.\n"


def test_a_stream_that_is_gone_for_a_moment_is_tried_again_while_there_is_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("explorer.engine.feed.PAUSES_S", (0.01,))
    with FakeCamera(fps=50, count=5) as fake:
        found, complaints = lines(capsys, fake.url, "--seconds", "1")
        assert fake.connections > 1
    gone = f"The source “stream {fake.url}” sends no more pictures: check it, then try again. Trying again …"
    back = f"stream {fake.url} sends pictures again."
    assert found
    assert complaints.splitlines()[:3] == [gone, back, gone]


@pytest.mark.parametrize(("options", "words"), [({"status": 503}, "answered 503"), ({"status": 401}, "asks for")])
def test_a_stream_that_never_came_is_said_at_once(
    options: dict[str, int], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with FakeCamera(**options) as fake:  # type: ignore[arg-type]
        found, complaints = lines(capsys, fake.url, "--seconds", "600", code=2)
    assert (found, complaints.count("\n")) == ([], 1)
    assert words in complaints


def test_ctrl_c_is_an_ordinary_end(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", 2, times_ms=[0, 600_000])
    words = [sys.executable, "-m", "explorer", *LIVE, str(tmp_path / "a.mkv")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["frame"] == 0
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("http://me:secret@a.b/video.mjpg", Source("stream", "http://me:secret@a.b/video.mjpg")),
        ("rtsp://a.b/c", Source("stream", "rtsp://a.b/c")),
        ("not there.mp4", Source("video", "not there.mp4")),
        ("clip.bin", Source("video", "clip.bin")),
        ("holiday", Source("folder", "holiday")),
    ],
)
def test_what_names_a_live_source(text: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clip.bin").write_bytes(b"")
    Path("holiday").mkdir()
    Path("still.png").write_bytes(b"")
    assert feed(text) == source
    with pytest.raises(SourceError, match="is no live source"):
        feed("still.png")
