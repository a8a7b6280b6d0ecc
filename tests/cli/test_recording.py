"""``live --record``: a film that other programs read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from explorer.cli import live
from explorer.cli.main import main
from explorer.errors import ExportError
from explorer.recording.movie import Movie
from explorer.render.composite import SIZE_WH


def test_every_frame_of_the_demo_is_in_the_film(out: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "필름.mp4"
    rest = ("--layer", "c1", "--unit", "3", "4", "--seconds", "0.3", "--record", path)
    lines = out("live", "demo", "--model", "lenet5", *rest, "--json").splitlines()
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    *told, last = map(json.loads, lines)
    assert len(frames) == last["pictures"] == len(told) - last["dropped"]
    assert (frames[0].width, frames[0].height) == SIZE_WH
    assert [frame.time for frame in frames] == sorted({frame.time for frame in frames})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--record", "a.avi"), "end in .mp4"),
        (("--layer", "c1"), "--record FILE"),
        (("--record", "none/a.mp4"), "folder does not exist"),
        (("--record", "old.mp4"), "there already"),
        (("--record", "a.mp4", "--layer", "nowhere"), "nowhere"),
        (("--record", "a.mp4", "--layer", "c1", "--unit", "99", "0"), "no unit 99"),
    ],
)
def test_what_cannot_be_recorded_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.mp4").write_bytes(b"old")
    assert main(["live", "demo", "--model", "lenet5", "--seconds", "5", *words]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert [file.name for file in tmp_path.iterdir()] == ["old.mp4"]
    assert (tmp_path / "old.mp4").read_bytes() == b"old"


def test_ctrl_c_ends_the_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: Callable[..., str]) -> None:
    path, told = tmp_path / "a.mp4", [0]

    def interrupt(*_args: object) -> None:
        told[0] += 1
        if told[0] == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(live, "_print", interrupt)
    said = out("live", "demo", "--model", "lenet5", "--record", path)
    with av.open(str(path)) as file:
        count = len(list(file.decode(video=0)))
    assert 0 < count <= 3
    assert f"{path}: {count} picture" in said


def test_ctrl_c_hides_no_film_that_could_not_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    close = Movie.close

    def full(movie: Movie) -> None:
        close(movie)
        raise ExportError("full")

    monkeypatch.setattr(live, "_print", interrupt)
    monkeypatch.setattr(Movie, "close", full)
    assert main(["live", "demo", "--model", "lenet5", "--record", str(tmp_path / "a.mp4")]) == 2
    assert "full" in capsys.readouterr().err
