"""Folders of pictures for tests: the shipped digits as files, and networks of a few layers."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image


def write_digits(folder: Path, count: int, every: int = 25) -> Path:
    """Write digits of all classes as files whose names tell the class, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(str(resources.files("resources") / "digits" / "digits.npz")) as data:
        pictures, labels = data["x"], data["y"]
    for place in range(count):
        number = place * every
        Image.fromarray(pictures[number]).save(folder / f"{place:03d}-{labels[number]}.png")
    return folder
