from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.errors import SourceError
from explorer.settings import data_folder
from explorer.sources import keep, kept, read


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_pasted_bytes_become_a_picture_that_is_still_there_later() -> None:
    source = keep(png(1))
    assert source.kind == "picture"
    assert Path(source.where).is_relative_to(data_folder())
    assert np.array_equal(read(source).pixels, np.array(Image.open(io.BytesIO(png(1)))))


def test_the_same_bytes_are_kept_once() -> None:
    assert keep(png(1)) == keep(png(1)) != keep(png(2))
    assert len(list((data_folder() / "pasted").iterdir())) == 2


@pytest.mark.parametrize("data", [b"", b"hello", png(1)[:60]])
def test_what_is_no_picture_is_not_kept(data: bytes) -> None:
    with pytest.raises(SourceError):
        keep(data)
    assert not (data_folder() / "pasted").exists()


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    sources = []
    for seed in range(5):
        sources.append(keep(png(seed)))
        os.utime(sources[-1].where, (seed, seed))
    keep(png(2))  # again: now the newest
    sources.append(keep(png(9)))
    there = [Path(source.where).exists() for source in sources]
    assert there == [False, False, True, False, True, True]


def test_a_disk_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SourceError, match=r"cannot be kept: .*No space left on device"):
        keep(png(1))
