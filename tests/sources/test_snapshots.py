"""Frames that a person has kept come back as they were, and what stands in the way is one sentence."""

from __future__ import annotations

import datetime
import errno
from pathlib import Path

import numpy as np
import pytest

from explorer import sources
from explorer.errors import ExportError
from explorer.sources import snapshots
from explorer.values import Source

MOMENTS = [datetime.datetime(2026, 3, 2, 10, 30, second, 1000 * second) for second in range(3)]
PIXELS = np.random.default_rng(0).integers(0, 256, (17, 31, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(tmp_path / "집"))
    return tmp_path / "집"


def test_a_kept_frame_comes_back_without_loss_and_says_when() -> None:
    path = snapshots.keep(PIXELS, snapshots.path_at(MOMENTS[1]))
    assert (sources.read(Source("picture", str(path))).pixels == PIXELS).all()
    assert snapshots.taken(path) == MOMENTS[1]


def test_the_newest_comes_first_and_strangers_are_left_alone(home: Path) -> None:
    assert snapshots.snapshots() == ()
    kept = [snapshots.keep(PIXELS, snapshots.path_at(moment)) for moment in MOMENTS]
    for name in ("holiday.png", "20260302-103000-000000.txt", ".x.part"):
        (snapshots.folder() / name).touch()
    assert list(snapshots.snapshots()) == kept[::-1]
    assert snapshots.taken(home / kept[0].name) is None
    snapshots.remove(kept[2])
    snapshots.remove(kept[2])  # gone already
    assert list(snapshots.snapshots()) == kept[1::-1]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("explorer.settings.os.fsync", full)
    with pytest.raises(ExportError, match=r"cannot be kept in .*No space left.*: free some space"):
        snapshots.keep(PIXELS, snapshots.path_at(MOMENTS[0]))
    assert list(snapshots.folder().iterdir()) == []


def test_a_file_in_the_folders_place_is_one_sentence(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "snapshots").touch()
    with pytest.raises(ExportError, match="cannot be kept"):
        snapshots.keep(PIXELS, snapshots.path_at(MOMENTS[0]))
    assert snapshots.snapshots() == ()
