"""A picture made small is what the whole one looks like, of any format, upright, and a broken one is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.errors import SourceError
from explorer.sources.picture import read, small


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "bmp", "gif"])
def test_it_looks_like_the_whole_one(suffix: str, tmp_path: Path) -> None:
    y, x = np.mgrid[:300, :500]
    pixels = np.stack([x / 500 * 255, y / 300 * 255, (x + y) / 800 * 255], axis=2).astype(np.uint8)
    file = tmp_path / f"그림.{suffix}"
    Image.fromarray(pixels).save(file)
    found = small(file, 100)
    assert found.shape == (60, 100, 3)
    expected = np.asarray(Image.fromarray(read(file).pixels).resize((100, 60), Image.Resampling.BOX), np.int16)
    assert np.abs(found.astype(np.int16) - expected).mean() < 3


def test_it_stands_upright_and_is_never_made_larger(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # 90 degrees
    Image.new("RGB", (400, 200)).save(tmp_path / "turned.jpg", exif=turned)
    assert small(tmp_path / "turned.jpg", 100).shape == (100, 50, 3)
    Image.new("RGB", (7, 3)).save(tmp_path / "tiny.png")
    assert small(tmp_path / "tiny.png", 100).shape == (3, 7, 3)
    Image.new("RGB", (3000, 2)).save(tmp_path / "long.jpg")
    assert small(tmp_path / "long.jpg", 100).shape == (1, 100, 3)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0", b"no picture"])
def test_a_broken_one_is_said(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.jpg"):
        small(tmp_path / "a.jpg", 100)
