"""Movies as other programs read them: PyAV's and OpenCV's decoders are the judges."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from explorer.cv import cv2
from explorer.errors import ExportError
from explorer.recording import disk
from explorer.recording.movie import MOST_SIDE, Movie, even_size, fitted
from explorer.values import Bytes

COLOURS = np.array([(230, 30, 30), (30, 200, 40), (40, 60, 220), (128, 128, 128)], np.uint8)


def plain(colour: int, hw: tuple[int, int] = (48, 64)) -> Bytes:
    return np.broadcast_to(COLOURS[colour % 4], (*hw, 3)).copy()


def decoded(path: Path) -> list[tuple[float, Bytes]]:
    with av.open(str(path)) as file:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]


def by_opencv(path: Path) -> list[Bytes]:
    reader, found = cv2.VideoCapture(str(path)), []
    while True:
        good, picture = reader.read()
        if not good:
            reader.release()
            return found
        found.append(picture[..., ::-1])


def boxes(path: Path) -> list[str]:
    """Return the names of the file's outermost boxes, ISO/IEC 14496-12."""
    data, names, at = path.read_bytes(), [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        at += size if size > 1 else int.from_bytes(data[at + 8 : at + 16], "big") or len(data)
    return names


def test_pictures_come_back_at_their_own_times(tmp_path: Path) -> None:
    path, times = tmp_path / "여름 clip.mp4", [100.0, 100.04, 100.05, 100.5, 101.75, 103.0]
    movie = Movie(path)
    for number, time_s in enumerate(times):
        movie.add(plain(number), time_s)
    movie.close()
    found = decoded(path)
    assert [time for time, _picture in found] == pytest.approx([time - 100 for time in times], abs=1e-4)
    for number, ((_time, ours), theirs) in enumerate(zip(found, by_opencv(path), strict=True)):
        for picture in (ours, theirs):
            assert np.abs(picture[8:-8, 8:-8].astype(int) - COLOURS[number % 4]).max() <= 6
    assert (movie.pictures, movie.seconds, movie.size_bytes) == (6, 3.0, path.stat().st_size)
    assert "moof" not in boxes(path)  # ended, it is an ordinary file, whose length players know
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) == 6


def test_times_that_do_not_advance_still_give_every_picture(tmp_path: Path) -> None:
    movie = Movie(tmp_path / "a.mp4")
    for number, time_s in enumerate((5.0, 5.0, 4.0, 5.1)):
        movie.add(plain(number), time_s)
    movie.close()
    times = [time for time, _picture in decoded(movie.path)]
    assert len(times) == 4
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(0.1, abs=1e-4)


_CHILD = """
import sys
from pathlib import Path
import numpy as np
from explorer.recording.movie import Movie

movie, rng = Movie(Path(sys.argv[1])), np.random.default_rng(0)
for number in range(1000):
    picture = np.full((48, 64, 3), 255 * (number % 2), np.uint8)
    movie.add(picture, number * 0.1)
    print(movie.pictures, flush=True)
    if number == 34:
        sys.stdin.read()
"""


def test_a_killed_recording_plays_up_to_its_last_fragment(tmp_path: Path) -> None:
    path = tmp_path / "killed.mp4"
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) == 35:
            break
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.stdin.close()
    child.stdout.close()
    ours, theirs = decoded(path), by_opencv(path)
    assert 35 - 10 <= len(ours) == len(theirs)  # less than a second is lost
    for number, ((time, picture), other) in enumerate(zip(ours, theirs, strict=True)):
        assert time == pytest.approx(number * 0.1, abs=1e-4)
        assert abs(int(picture[20, 20, 0]) - 255 * (number % 2)) < 8
        assert abs(int(other[20, 20, 0]) - 255 * (number % 2)) < 8


def test_fragments_are_on_the_disk_within_a_second(tmp_path: Path) -> None:
    movie = Movie(tmp_path / "a.mp4")
    for number in range(40):
        movie.add(plain(number), number * 0.05)
        if number in (20, 39):
            assert number * 0.05 - decoded(movie.path)[-1][0] <= 1.0
    assert "moof" in boxes(movie.path)
    movie.close()


@pytest.mark.parametrize("hw", [(31, 47), (1, 1), (16, 300)])
def test_sizes_that_the_encoder_refuses_are_made_even(tmp_path: Path, hw: tuple[int, int]) -> None:
    movie = Movie(tmp_path / "odd.mp4")
    movie.add(plain(0, hw), 0.0)
    movie.close()
    picture = decoded(movie.path)[0][1]
    assert picture.shape[0] % 2 == picture.shape[1] % 2 == 0
    assert np.abs(picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int) - COLOURS[0]).max() <= 8


def test_a_large_picture_shrinks_in_proportion() -> None:
    assert even_size(3840, 2160) == (MOST_SIDE, 1080)
    assert even_size(641, 479) == (642, 480)


def test_another_size_is_fitted_into_the_first(tmp_path: Path) -> None:
    movie = Movie(tmp_path / "resized.mp4")
    movie.add(plain(0, (48, 64)), 0.0)
    movie.add(plain(1, (96, 64)), 0.1)  # twice as high: 32 px wide in the middle
    movie.close()
    picture = decoded(movie.path)[1][1]
    assert picture.shape == (48, 64, 3)
    assert picture[24, 4].max() < 20
    assert picture[24, 60].max() < 20
    assert np.abs(picture[24, 32].astype(int) - COLOURS[1]).max() <= 12


def test_odd_rows_repeat_the_last() -> None:
    picture = np.arange(5 * 3 * 3, dtype=np.uint8).reshape(5, 3, 3)
    page = fitted(picture, (4, 6))
    np.testing.assert_array_equal(page[:5, :3], picture)
    np.testing.assert_array_equal(page[5, :3], picture[4])
    np.testing.assert_array_equal(page[:5, 3], picture[:, 2])


def test_what_is_there_is_replaced_only_when_asked_and_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(ExportError, match="there already"):
        Movie(path)
    movie = Movie(path, replace=True)
    movie.add(plain(0), 0.0)
    assert path.read_bytes() == b"old"
    assert movie.path == tmp_path / "a-2.mp4"
    movie.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
    assert len(decoded(path)) == 1


def test_a_movie_without_a_picture_leaves_no_file(tmp_path: Path) -> None:
    Movie(tmp_path / "a.mp4").close()
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is a folder"):
        Movie(tmp_path, replace=True)
    with pytest.raises(ExportError, match="folder does not exist"):
        Movie(tmp_path / "none" / "a.mp4")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="part of its path is a file"):
        Movie(tmp_path / "file" / "a.mp4")


def test_a_folder_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:  # root may write anywhere, so that a real folder would not do
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("explorer.recording.movie.Pieces", refuse)
    with pytest.raises(ExportError, match="no permission"):
        Movie(tmp_path / "a.mp4")


def noise(seed: int) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def fill(movie: Movie) -> None:
    for number in range(100):
        movie.add(noise(number), number * 0.1)


def test_a_full_disk_leaves_a_file_that_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = Movie(tmp_path / "full.mp4")
    truth, room = disk.Pieces.commit, 60_000

    def commit(pieces: disk.Pieces) -> None:
        if pieces.size + len(pieces._waiting) > room:
            pieces._file = _Full(pieces._file, room)  # type: ignore[assignment]
        truth(pieces)

    monkeypatch.setattr(disk.Pieces, "commit", commit)
    with pytest.raises(ExportError, match="the disk is full") as told:
        fill(movie)
    assert str(tmp_path / "full.mp4") in str(told.value)
    with pytest.raises(ExportError):
        movie.close()
    assert 0 < len(decoded(movie.path)) == len(by_opencv(movie.path))
    assert movie.path.stat().st_size == movie.size_bytes <= room


class _Full:
    """A file on a disk that has room for ``room`` bytes: the last piece goes there in part, as the kernel does it."""

    def __init__(self, file: object, room: int) -> None:
        self._file, self._room = file, room

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, data: memoryview) -> int:
        free = self._room - self._file.tell()  # type: ignore[attr-defined]
        if free <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data[:free])  # type: ignore[attr-defined,no-any-return]


def test_the_system_s_own_limit_on_files_is_told(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    movie = Movie(tmp_path / "limit.mp4")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        with pytest.raises(ExportError, match="cannot be written"):
            fill(movie)
        with pytest.raises(ExportError):
            movie.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 0 < len(decoded(movie.path)) == len(by_opencv(movie.path))


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_every_encoder_that_is_here_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str) -> None:
    monkeypatch.setattr("explorer.recording.movie._encodes", lambda name: name == codec)
    movie = Movie(tmp_path / "a.mp4")
    for number in range(12):
        movie.add(plain(number), number / 10)
    movie.close()
    assert len(decoded(movie.path)) == len(by_opencv(movie.path)) == 12


def test_no_encoder_is_told_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.recording.movie._encodes", lambda name: False)
    movie = Movie(tmp_path / "a.mp4")
    with pytest.raises(ExportError, match="pip install av"):
        movie.add(plain(0), 0.0)
    movie.close()
