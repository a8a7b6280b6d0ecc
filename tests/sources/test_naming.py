"""Which source a text names, and the text that names it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.sources.naming import moves, source_of, text_of
from explorer.values import Source

HERE = Path.cwd()


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("demo", Source("demo", "")),
        ("camera", Source("camera", "0")),
        ("camera:3", Source("camera", "3")),
        ("HTTPS://example.org/a.png", Source("address", "HTTPS://example.org/a.png")),
        ("'/tmp/a b.png'", Source("picture", "/tmp/a b.png")),
        ("a.npy", Source("array", str(HERE / "a.npy"))),
        ("camera.png", Source("picture", str(HERE / "camera.png"))),
        ("/tmp/수업 영상.MP4", Source("video", "/tmp/수업 영상.MP4")),
        ("rtsp://10.0.0.7:554/live", Source("stream", "rtsp://10.0.0.7:554/live")),
        ("http://10.0.0.7/cam.mjpg?x=1", Source("stream", "http://10.0.0.7/cam.mjpg?x=1")),
        ("http://10.0.0.7/axis-cgi/mjpg/video.cgi", Source("stream", "http://10.0.0.7/axis-cgi/mjpg/video.cgi")),
        ("stream:http://10.0.0.7:8080/video", Source("stream", "http://10.0.0.7:8080/video")),
        ("address:http://h/a.mjpg", Source("address", "http://h/a.mjpg")),
        ("http://[broken", Source("address", "http://[broken")),
        ("x" * 5000, Source("picture", str(HERE / ("x" * 5000)))),
        ("a\0b", Source("picture", str(HERE / "a\0b"))),
    ],
)
def test_what_a_text_names(typed: str, source: Source) -> None:
    assert source_of(typed) == source
    assert source_of(text_of(source)) == source


def test_a_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "photos.mp4").mkdir()
    folder = Source("folder", str(tmp_path / "photos.mp4"))
    assert source_of(folder.where) == folder
    remembered = text_of(folder)
    (tmp_path / "photos.mp4").rmdir()
    assert source_of(remembered) == folder, "gone or not"


@pytest.mark.parametrize("name", [" a.png ", "'a.png'", '"a".png"'])
def test_a_file_of_that_very_name_wins(name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    Path(path).write_bytes(b"")
    source = Source("picture", path)
    assert source_of(path) == source
    assert source_of(text_of(source)) == source


def test_only_what_is_not_plain_needs_its_kind_in_front() -> None:
    assert text_of(Source("stream", "rtsp://h/a")) == "rtsp://h/a"
    assert text_of(Source("stream", "http://h/a")) == "stream:http://h/a"
    assert not moves("http://h/a")
