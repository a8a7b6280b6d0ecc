"""A folder of pictures as a slide show that may change while it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.errors import SourceError
from explorer.sources import Clip, folder, open_live, picture
from explorer.sources.folder import SECONDS, Folder
from explorer.values import Frame, Source


def put(folder: Path, *names: str) -> None:
    """Put pictures there, each as bright as the number in its name."""
    for name in names:
        level = int("".join(letter for letter in name if letter.isdigit()) or 0)
        Image.fromarray(np.full((4, 5, 3), level, np.uint8)).save(folder / name)


def opened(folder: Path) -> Folder:
    clip = open_live(Source("folder", str(folder)))
    assert isinstance(clip, Clip)
    assert isinstance(clip, Folder)
    return clip


def names(clip: Folder) -> list[str]:
    """Return what is shown until the end, from where it is."""
    found = []
    while clip.due_s() is not None:
        frame, _passed = clip.next(-1.0)
        found.append(frame.source)
    return found


def said(frame: Frame | None) -> tuple[str, int, float | None] | None:
    return frame and (frame.source, frame.index, frame.position_s)


def test_pictures_come_as_a_person_would_sort_them(tmp_path: Path) -> None:
    put(tmp_path, "b10.png", "b9.png", "B1.png", "a.png", "사진 3.png", "사진 20.png")
    (tmp_path / "notes.txt").write_text("no picture")
    put(tmp_path, ".hidden.png")
    clip = opened(tmp_path)
    assert (clip.count, clip.duration_s, clip.fps) == (6, 6 * SECONDS, 1 / SECONDS)
    assert names(clip) == ["a.png", "B1.png", "b9.png", "b10.png", "사진 3.png", "사진 20.png"]
    assert clip.cut() is None


def test_steps_places_and_the_clock(tmp_path: Path) -> None:
    put(tmp_path, *(f"{n}.png" for n in range(12)))
    clip = opened(tmp_path)
    assert clip.due_s() == 0.0
    assert said(clip.seek(0.0)) == ("0.png", 0, 0.0)
    assert said(clip.step(1)) == ("1.png", 1, SECONDS)
    assert clip.due_s() == 2 * SECONDS
    assert said(clip.step(3)) == ("4.png", 4, 4 * SECONDS)
    assert said(clip.step(-2)) == ("2.png", 2, 2 * SECONDS)
    assert said(clip.step(-100)) == ("0.png", 0, 0.0)
    assert clip.step(-1) is None
    assert said(clip.seek(5.5 * SECONDS)) == ("5.png", 5, 5 * SECONDS)
    frame, passed = clip.next(9.2 * SECONDS)
    assert (said(frame), passed) == (("9.png", 9, 9 * SECONDS), 3)
    assert said(clip.seek(1e9)) == ("11.png", 11, 11 * SECONDS)
    assert clip.due_s() is None
    assert clip.step(5) is None


def test_what_cannot_be_read_is_passed_over_and_named(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "3.png", "5.png")
    for name in ("0.png", "2.png", "6.png"):
        (tmp_path / name).write_bytes(b"no picture")
    clip = opened(tmp_path)
    assert names(clip) == ["1.png", "3.png", "5.png", "5.png"]  # the last one stays where nothing can follow it
    assert clip.unreadable == ("0.png", "2.png", "6.png")
    assert clip.count == 3
    assert said(clip.step(-1)) == ("3.png", 1, SECONDS)
    put(tmp_path, "2.png")  # now it is whole
    assert said(clip.step(-1)) == ("2.png", 1, SECONDS)


def test_a_folder_of_broken_pictures_is_looked_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(40):
        (tmp_path / f"{n}.png").write_bytes(b"no picture")
    looked, read, scan, one = list[object](), list[str](), folder.os.scandir, picture.read
    monkeypatch.setattr(folder.os, "scandir", lambda path: looked.append(path) or scan(path))
    monkeypatch.setattr(folder.picture, "read", lambda path: read.append(path.name) or one(path))
    with pytest.raises(SourceError, match="holds no picture that can be read"):
        Folder(str(tmp_path))
    assert (len(looked), len(read), len(set(read))) == (1, 40, 40)


def test_a_folder_that_changes_while_it_is_shown(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "2.png", "5.png")
    clip = opened(tmp_path)
    assert said(clip.seek(SECONDS)) == ("2.png", 1, SECONDS)
    put(tmp_path, "0.png", "3.png")
    assert said(clip.step(1)) == ("3.png", 3, 3 * SECONDS)
    for name in ("3.png", "5.png"):
        (tmp_path / name).unlink()
    assert clip.due_s() is None
    assert said(clip.step(-1)) == ("2.png", 2, 2 * SECONDS)
    put(tmp_path, "9.png")
    assert names(clip) == ["9.png"]
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(SourceError, match="holds no picture"):
        clip.seek(0.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "There is no folder"),
        (lambda path: path.mkdir(), "holds no picture that can be read"),
        (lambda path: path.write_text(""), "is not a folder"),
        (lambda path: (path.mkdir(), (path / "a.png").write_bytes(b"no")), "holds no picture that can be read"),
        (lambda path: (path.mkdir(), (path / "a.png").mkdir()), "holds no picture that can be read"),
    ],
)
def test_what_is_no_folder_of_pictures(make: object, words: str, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "holiday")
    with pytest.raises(SourceError, match=words) as caught:
        open_live(Source("folder", str(tmp_path / "holiday")))
    assert "holiday" in str(caught.value)
