"""What is known of a network before it is built: facts, preprocessing, labels and weights. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class WeightState(StrEnum):
    """Where a network's weights are now."""

    EMBEDDED = "embedded"
    CACHED = "cached"
    DOWNLOADABLE = "downloadable"
    NONE = "none"


@dataclass(frozen=True)
class Stock:
    """What there is of one set of weights on this machine.

    Attributes:
        state: where it is.
        bytes: size of its file; as the card says where the file is not here, 0 where nobody knows.
        part: bytes of an unfinished download.
        removable: whether it lies in torch's cache folder, from which it may be removed.
    """

    state: WeightState
    bytes: int
    part: int = 0
    removable: bool = False


@dataclass(frozen=True)
class Preparation:
    """How a picture becomes the input that the weights were trained on.

    Attributes:
        input_chw: shape of the input without batch.
        resize: px of the picture's short side after resizing.
        interpolation: filter of that resize (Pillow's, with antialiasing).
        mean, std: per channel, subtracted and divided by, on values 0 … ``full``.
        full: what pixel value 255 becomes before ``mean`` and ``std``: 255 or 1.
        pad: cells of zero pixels added on every side after the centre crop.
        long_side: what becomes of the fraction of a pixel in the long side after resizing; torchvision cuts it off.
        fit: how a picture of another shape fills the input: its centre is cut out; both its sides are stretched as
            ``resize`` says, and the centre is cut out; or it fits whole between bars of zero pixels, and ``resize``
            and ``long_side`` have no say.
        order: of the channels that the weights want, and in which ``mean`` and ``std`` are.
    """

    input_chw: tuple[int, int, int]
    resize: int
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    full: float = 1.0
    pad: int = 0
    long_side: Literal["cut", "rounded"] = "cut"
    fit: Literal["crop", "stretch", "letterbox"] = "crop"
    order: Literal["RGB", "BGR"] = "RGB"


@dataclass(frozen=True)
class Weights:
    """One set of trained weights.

    Attributes:
        name: what ``--weights`` calls it.
        file: file name; in torch's cache folder unless ``package`` says otherwise.
        url: where a person's machine gets it, or "".
        sha256: the hash or its beginning.
        bytes: size of the file, or 0 if not known.
        package: dotted package that ships the file, or "".
        preparation: what belongs to these weights.
        labels: name of the list of classes in ``resources/labels``.
        trained_on: data set, for the person.
        licence: of the weights.
        accuracy: what it reaches, in words with its source, or "".
    """

    name: str
    file: str
    url: str
    sha256: str
    bytes: int
    package: str
    preparation: Preparation
    labels: str
    trained_on: str
    licence: str
    accuracy: str = ""


@dataclass(frozen=True)
class PublishedError:
    """An error rate as it was published.

    Attributes:
        percent: of the answers.
        top: so many answers count: 1 or 5.
        data: the set it was measured on, marked for translation.
        how: one network and one crop, or an ensemble, marked for translation.
        source: where it is printed: paper and table.
    """

    percent: float
    top: int
    data: str
    how: str
    source: str


Task = Literal["classify", "detect", "segment", "none"]
Activation = Literal["softmax", "sigmoid", "none"]
Group = Literal["course", "more", "torchvision", "timm", "own"]
LISTED: tuple[Group, ...] = ("course", "more")
"""Groups whose networks every list has: the course's, and others that it is good to have at hand."""


@dataclass(frozen=True)
class Card:
    """One network of the zoo.

    Attributes:
        name: what ``--model`` calls it.
        title: as a person writes it.
        family: architecture family.
        year: of the paper.
        paper: authors, title.
        parameters: number of trainable weights (a test counts them).
        build: "module:function" or "module:function:name"; the function takes that name, or nothing, and returns the
            untrained ``torch.nn.Module``.
        weights: the sets there are, best first; may be empty.
        note: what a person should know, marked for translation, or "".
        news: what was new in it, two sentences marked for translation, or "".
        errors: published error rates.
        lecture: what the course says of its size and error, marked for translation, or "".
        macs: multiplications of one forward at the input's usual size (a test counts them); 0 where nobody has counted.
        group: where it is listed.
        task: what it was made for.
        activation: what turns its output into probabilities.
    """

    name: str
    title: str
    family: str
    year: int
    paper: str
    parameters: int
    build: str
    weights: tuple[Weights, ...]
    preparation: Preparation
    labels: str
    note: str = ""
    news: str = ""
    errors: tuple[PublishedError, ...] = ()
    lecture: str = ""
    macs: int = 0
    group: Group = "course"
    task: Task = "classify"
    activation: Activation = "softmax"
