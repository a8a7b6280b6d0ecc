from __future__ import annotations

import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import SourceError
from explorer.sources import read, sample, samples
from explorer.values import Source

FOLDER = Path(str(resources.files("resources") / "samples"))


@pytest.mark.parametrize("file", [shown.file for shown in samples()])
def test_every_sample_can_be_read(file: str) -> None:
    frame = read(Source("sample", file))
    assert frame.source == file
    assert frame.index == 0
    assert frame.time_s > 0
    assert frame.pixels.shape[2] == 3


def test_the_gallery_is_the_folder_and_every_picture_is_credited() -> None:
    pictures = {path.name for path in FOLDER.iterdir() if path.suffix in (".png", ".jpg")}
    assert sorted(shown.file for shown in samples()) == sorted(pictures)
    table = (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    for shown in samples():
        assert shown.file in table
        assert shown.credit
        assert shown.licence in table


def test_the_default_source_is_a_sample() -> None:
    assert sample(Source().where).suits == "imagenet"


def test_the_digits_are_held_out_ones() -> None:
    digits = [shown for shown in samples() if shown.suits == "digits"]
    assert len(digits) == 6
    with np.load(FOLDER.parent / "digits" / "digits.npz") as arrays:
        known, classes = arrays["x"], arrays["y"]
    for digit in digits:
        pixels = read(Source("sample", digit.file)).pixels
        assert pixels.shape == (28, 28, 3)
        (place,) = np.flatnonzero((known == pixels[:, :, 0]).all(axis=(1, 2)))
        assert digit.title == f"Digit {classes[place]}"
        assert place % 5 == 4  # what LeNet-5's training leaves out


@pytest.mark.parametrize("file", ["dog.png", "", "../__init__.py", "CREDITS.md"])
def test_a_sample_that_is_not_there(file: str) -> None:
    with pytest.raises(SourceError, match=r"choose one of chelsea\.png, "):
        read(Source("sample", file))


def test_importing_the_room_loads_neither_torch_nor_opencv_nor_pillow() -> None:
    code = "import sys, explorer.sources; print([m for m in ('torch', 'cv2', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
