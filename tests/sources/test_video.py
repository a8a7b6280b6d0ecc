"""Videos: every frame in its place, whatever the container, and what is told of a file that is none."""

from __future__ import annotations

import os
import random
import struct
import traceback
import wave
from bisect import bisect_right
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from explorer.errors import SourceError
from explorer.sources import Clip, open_live, video
from explorer.sources.video import Video
from explorer.values import Bytes, Frame, Source
from tests.streams import FakeFile, number_of, picture, write_video

COUNT, FPS = 40, 25
EVEN_S = [number / FPS for number in range(COUNT)]
UNEVEN_MS = [0, 40, 500, 540, 580, 1000, 1001, 2000, 2500, 2540]
KINDS: dict[str, dict[str, Any]] = {
    "a.mp4": {},
    "b frames far apart.mp4": {"gop": 200},
    "pieces.mp4": {"options": {"movflags": "frag_keyframe+empty_moov"}},
    "no count.mkv": {},
    "b.avi": {"codec": "mpeg4"},
    "c.ts": {"codec": "mpeg2video"},
    "d.webm": {"codec": "libvpx"},
    "e.mov": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "no times.h264": {},
    "밝은 영상 é.mp4": {},
}


def opened(path: Path, surveyed: bool = True, **how: Any) -> Video:
    clip = open_live(Source("video", str(path)))
    assert isinstance(clip, Clip)
    assert isinstance(clip, Video)
    if not surveyed:  # as of a file that is too large to be looked through
        clip._places, clip._span_s = [], None
    return clip


def run(clip: Clip) -> list[Frame]:
    """Return all frames to come, one after the other."""
    frames = []
    while (due_s := clip.due_s()) is not None:
        frame, passed = clip.next(-1.0)
        assert (frame.position_s, passed) == (due_s, 0)
        frames.append(frame)
    return frames


@pytest.mark.parametrize("surveyed", [True, False], ids=["surveyed", "too large"])
@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_where_it_is(name: str, surveyed: bool, tmp_path: Path) -> None:
    write_video(tmp_path / name, COUNT, FPS, **KINDS[name])
    clip = opened(tmp_path / name, surveyed)
    assert clip.fps == FPS
    frames = run(clip)
    assert [number_of(frame.pixels) for frame in frames] == list(range(COUNT))
    assert [frame.index for frame in frames] == list(range(COUNT))
    assert np.allclose([frame.position_s for frame in frames], EVEN_S, atol=1e-3)
    assert {frame.source for frame in frames} == {name}
    assert clip.cut() is None
    draw = random.Random(7)
    for _ in range(8):
        number = draw.randrange(COUNT)
        assert number_of(clip.seek((number + draw.uniform(0.1, 0.9)) / FPS).pixels) == number
    clip.close()


@pytest.mark.parametrize("surveyed", [True, False], ids=["surveyed", "too large"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_frame_rate_that_changes(name: str, surveyed: bool, tmp_path: Path) -> None:
    write_video(tmp_path / name, len(UNEVEN_MS), times_ms=UNEVEN_MS)
    clip = opened(tmp_path / name, surveyed)
    assert np.allclose([frame.position_s for frame in run(clip)], np.array(UNEVEN_MS) / 1000, atol=1e-3)
    for at_ms in (0, 20, 499, 502, 1003, 1999, 2400, 2501, 9999):
        frame = clip.seek(at_ms / 1000)
        assert number_of(frame.pixels) == bisect_right(UNEVEN_MS, at_ms) - 1
        assert not surveyed or frame.index == number_of(frame.pixels)
    now = number_of(clip.seek(1.0).pixels)
    for n in (-1, -1, 3, -4, -100, -1, 2, 1, 100, 1, -2):
        wished = min(max(now + n, 0), len(UNEVEN_MS) - 1)
        stepped = clip.step(n)
        assert (stepped is None) is (wished == now)
        assert stepped is None or number_of(stepped.pixels) == wished
        now = wished
    clip.close()


def test_frames_that_the_clock_has_passed_are_counted_and_not_shown(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", COUNT, FPS)
    clip = opened(tmp_path / "a.mp4")
    seen = [clip.next(clock_s) for clock_s in (0.0, 0.05, 0.4, 0.4, 9.0)]
    assert [(number_of(frame.pixels), passed) for frame, passed in seen] == [(0, 0), (1, 0), (10, 8), (11, 0), (39, 27)]
    assert clip.due_s() is None
    clip.close()


def test_what_is_told_of_it(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", COUNT, FPS)
    clip = opened(tmp_path / "a.mkv")
    assert (clip.count, clip.fps, clip.unreadable) == (COUNT, FPS, ())
    assert clip.duration_s == pytest.approx(COUNT / FPS, abs=2e-3)
    clip.close()


@pytest.mark.parametrize(("turn", "quarters"), [(0, 0), (90, 1), (-90, 3), (180, 2)])
def test_a_picture_that_was_taken_on_its_side_stands_upright(turn: int, quarters: int, tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 2)
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    cos, sin = round(np.cos(np.radians(turn))), round(np.sin(np.radians(turn)))
    # the matrix of ISO/IEC 14496-12, 8.3.2: (a, b, u, c, d, v, x, y, w), with y downwards
    matrix = struct.pack(">9i", cos << 16, -sin << 16, 0, sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    at = data.index(b"tkhd") + 4 + 4 + 20 + 16  # after version, times and track of version 0, and the rest
    assert data[at : at + 4] == struct.pack(">i", 1 << 16)
    data[at : at + 36] = matrix
    (tmp_path / "a.mp4").write_bytes(data)
    clip = opened(tmp_path / "a.mp4")
    assert number_of(np.rot90(clip.seek(0.04).pixels, -quarters)) == 1
    clip.close()


COLOURS = np.array([(230, 20, 20), (20, 230, 20), (20, 20, 230), (128, 128, 128), (255, 255, 255), (0, 0, 0)], np.uint8)


def patches() -> Bytes:
    return np.repeat(np.repeat(COLOURS[None], 32, axis=0), 32, axis=1)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mp4", "libx264", "yuv444p10le"),
        ("a.mkv", "ffv1", "bgra"),
        ("a.mkv", "ffv1", "gray"),
        ("a.mov", "png", "rgb24"),
    ],
)
def test_every_pixel_format_gives_the_colours_that_were_written(
    name: str, codec: str, pix_fmt: str, tmp_path: Path
) -> None:
    options = {"pictures": [patches()] * 2, "size_hw": (32, 192)}
    write_video(tmp_path / name, 2, codec=codec, pix_fmt=pix_fmt, **options)  # type: ignore[arg-type]
    clip = opened(tmp_path / name)
    pixels = clip.seek(0.0).pixels
    clip.close()
    assert (pixels.shape, pixels.dtype) == ((32, 192, 3), np.uint8)
    wished = COLOURS.astype(float)
    if pix_fmt == "gray":
        wished = (wished @ (0.299, 0.587, 0.114))[:, None].repeat(3, axis=1)  # ITU-R BT.601
    assert np.abs(pixels[16, 16::32].astype(float) - wished).max() < 8


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    rgba = np.zeros((32, 64, 4), np.uint8)
    rgba[:, :32], rgba[:, 32:] = (200, 0, 0, 255), (200, 0, 0, 51)
    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        stream: Any = file.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 64, "bgra"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format="rgba")))
        file.mux(stream.encode())
    clip = opened(tmp_path / "a.mkv")
    pixels = clip.seek(0.0).pixels
    clip.close()
    assert tuple(pixels[0, 0]) == (200, 0, 0)
    assert np.abs(pixels[0, 40].astype(int) - (244, 204, 204)).max() <= 1  # a fifth of red, four of white


@pytest.mark.parametrize("name", ["a.mkv", "pieces.mp4", "first.mp4"])
def test_a_file_that_is_cut_in_the_middle_is_shown_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    flags = {"pieces.mp4": "frag_keyframe+empty_moov", "first.mp4": "faststart"}.get(name)
    pictures = [np.random.default_rng(n).integers(0, 255, (64, 512, 3)).astype(np.uint8) for n in range(100)]
    for n, pixels in enumerate(pictures):
        pixels[:32] = picture(n, (64, 512))[:32]
    options = {"movflags": flags} if flags else {}
    write_video(tmp_path / name, 100, pictures=pictures, options=options)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * 6 // 10])
    clip = opened(tmp_path / name)
    numbers = [number_of(frame.pixels) for frame in run(clip)]
    assert 30 < len(numbers) < 90
    assert numbers[:-3] == list(range(len(numbers)))[:-3]
    if name != "pieces.mp4":  # whose pieces each say only how long they are
        error = clip.cut()
        assert error is not None
        assert str(error).startswith(f"{name} is cut off or damaged after")
    assert number_of(clip.seek(0.5).pixels) == 12
    clip.close()


def test_a_damaged_piece_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", COUNT, FPS, codec="mjpeg", pix_fmt="yuvj420p")
    data = bytearray((tmp_path / "a.avi").read_bytes())
    middle = data.index(b"00dc", len(data) // 2)
    data[middle + 8 : middle + 300] = bytes(292)
    (tmp_path / "a.avi").write_bytes(data)
    clip = opened(tmp_path / "a.avi")
    frames = run(clip)
    clip.close()
    assert COUNT - 2 <= len(frames) <= COUNT
    assert number_of(frames[-1].pixels) == COUNT - 1


def silent(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def headless(path: Path) -> None:
    write_video(path, COUNT)
    path.write_bytes(path.read_bytes()[:-900])  # an MP4 file ends with the list of what is in it


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (silent, "holds sound but no moving pictures"),
        (nothing, "is empty: open another video"),
        (headless, "is not a video that can be read"),
        (lambda path: path.write_text("no video"), "is not a video that can be read"),
        (lambda path: path.write_bytes(random.Random(3).randbytes(5000)), "is not a video|holds no picture|no moving"),
        (lambda path: path.mkdir(), "is a folder: choose a video in it"),
        (lambda path: None, "There is no file"),
        (lambda path: os.mkfifo(path), "is not a file: choose a video file"),
    ],
)
def test_what_is_no_video(make: Any, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "a.mp4")
    with pytest.raises(SourceError, match=words) as caught:
        open_live(Source("video", str(tmp_path / "a.mp4")))
    assert "a.mp4" in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_list_of_other_files_opens_none_of_them(tmp_path: Path) -> None:
    write_video(tmp_path / "secret.mp4", 2)
    (tmp_path / "a.ts").write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{tmp_path}/secret.mp4\n#EXT-X-ENDLIST\n")
    (tmp_path / "b.ts").write_text(f"ffconcat version 1.0\nfile {tmp_path}/secret.mp4\n")
    for name in ("a.ts", "b.ts"):
        with pytest.raises(SourceError, match="is not a video"):
            open_live(Source("video", str(tmp_path / name)))


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "a.mp4", 2)
    monkeypatch.setattr(video, "MOST_PIXELS", 64 * 512 - 1)
    with pytest.raises(SourceError, match="512 × 64 pixels"):
        open_live(Source("video", str(tmp_path / "a.mp4")))


def test_a_video_at_an_address_is_played_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    write_video(tmp_path / "a.mp4", COUNT, FPS)
    with FakeFile((tmp_path / "a.mp4").read_bytes()) as server:
        clip = open_live(Source("stream", server.url))
        assert isinstance(clip, Video)
        assert [number_of(frame.pixels) for frame in run(clip)] == list(range(COUNT))
        assert number_of(clip.seek(0.42).pixels) == 10
        clip.close()


def test_a_password_of_an_address_is_in_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    write_video(tmp_path / "a.mp4", COUNT, FPS)
    data = (tmp_path / "a.mp4").read_bytes()
    for damaged, refused in ((b"no video" * 99, 0), (data, 0), (data, 9)):
        with FakeFile(damaged) as server:
            address = server.url.replace("://", "://me:geheim@")
            server.closed_to = refused
            try:
                clip = open_live(Source("stream", address))
                assert isinstance(clip, Video)
                server.closed_to = 99
                with pytest.raises(SourceError) as caught:  # it is opened anew, and refused
                    clip._frames.rewind()
                clip.close()
                error: Exception = caught.value
            except SourceError as found:
                error = found
        told = "".join(traceback.format_exception(error))
        assert server.url in str(error)
        assert "geheim" not in told
