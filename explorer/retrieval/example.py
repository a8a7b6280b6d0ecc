"""A folder of pictures that comes with the program: digits that LeNet-5 was not trained on."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np

from explorer.errors import ExportError
from explorer.settings import data_folder
from explorer.text import N_

NETWORK, PICTURE = "lenet5", "digit-7.png"
"""What looks at them, and the sample picture that is looked for first."""
COUNT = 1000
_EVERY, _FIRST = 10, 9
"""Of every ten digits two, of index 4 and 9, are held out of the training; the latter are taken, no ``PICTURE``."""


def folder() -> Path:
    """Return where the digits are; they may not be there yet."""
    return data_folder() / "examples" / "digits"


def digits() -> Path:
    """Write the digits as PNG files, unless they are there, and return their folder; a name begins with the digit.

    Raises:
        ExportError: no permission, a full disk.
    """
    from PIL import Image

    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True)
        there = {path.name for path in where.iterdir()}
        with np.load(str(resources.files("resources") / "digits" / "digits.npz")) as data:
            pixels, classes = data["x"][_FIRST::_EVERY], data["y"][_FIRST::_EVERY]
        for number, (picture, digit) in enumerate(zip(pixels, classes, strict=True)):
            name = f"{digit}-{number:04d}.png"
            if name not in there:
                Image.fromarray(picture).save(where / name)
    except OSError as error:
        raise ExportError(
            N_("The example cannot be written to {folder} ({reason}): free some space there, or mend its permissions."),
            folder=where,
            reason=error.strerror or error,
        ) from error
    return where
