"""The course's networks, true to their papers: their cards. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explorer.text import N_
from explorer.zoo.card import Card, Preparation, PublishedError, Weights
from explorer.zoo.facts import (
    ALEXNET,
    CONFIGURATIONS,
    GOOGLENET,
    LENET,
    PUBLISHED,
    RESNET,
    RESNET_ERRORS,
    VGG,
    VGG_ERRORS,
    Facts,
)

FACTS: Mapping[str, Mapping[str, Any]] = {name: vars(facts) for name, facts in PUBLISHED.items()}
"""What is published of torchvision's networks, by torchvision's name: fields of ``Card``."""

_DIGITS = Preparation(input_chw=(1, 32, 32), resize=28, interpolation="bilinear", mean=(0.1307,), std=(0.3081,), pad=2)
_DIGITS_1998 = Preparation(
    input_chw=(1, 32, 32), resize=28, interpolation="bilinear", mean=(0.1 / 1.275,), std=(1 / 1.275,), pad=2
)
"""Section II.B: the ground becomes −0.1, ink 1.175."""


def _imagenet(side: int) -> Preparation:
    """Return what the papers do with a picture: the mean colour subtracted, on values 0 … 255, and nothing more.

    AlexNet's subtracts the mean of every cell, which nobody has published.
    """
    mean = (0.485 * 255, 0.456 * 255, 0.406 * 255)
    return Preparation((3, side, side), resize=256, interpolation="bilinear", mean=mean, std=(1.0,) * 3, full=255.0)


IMAGENET = Preparation(
    input_chw=(3, 224, 224),
    resize=256,
    interpolation="bilinear",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
"""``torchvision.transforms._presets.ImageClassification(crop_size=224)``; every ResNet takes it, trained or not."""


def _digits(name: str, sha256: str, bytes: int, accuracy: str, preparation: Preparation) -> tuple[Weights, ...]:
    weights = Weights(
        name="digits",
        file=f"weights/{name}.pth",
        url="",
        sha256=sha256,
        bytes=bytes,
        package="resources",
        preparation=preparation,
        labels="digits",
        trained_on=N_("8,000 digits of MNIST"),
        licence="MIT; CC BY-SA 3.0 (MNIST)",
        accuracy=accuracy,
    )
    return (weights,)


def torchvisions(name: str, mebibytes: float, top_1: float, top_5: float) -> tuple[Weights, ...]:
    """Return the weights of torchvision's network of the same form; ``name`` is its file's, with the hash."""
    weights = Weights(
        name="imagenet1k_v1",
        file=f"{name}.pth",
        url=f"https://download.pytorch.org/models/{name}.pth",
        sha256=name.rsplit("-", 1)[1],
        bytes=round(mebibytes * 2**20),  # torchvision says no more than this
        package="",
        preparation=IMAGENET,
        labels="imagenet1k",
        trained_on="ImageNet-1K",
        licence="BSD-3-Clause (torchvision)",
        accuracy=f"top-1 {top_1:.1f} %, top-5 {top_5:.1f} % (torchvision)",
    )
    return (weights,)


def _card(
    name: str,
    title: str,
    facts: Facts,
    module: str,
    parameters: int,
    macs: int,
    note: str,
    preparation: Preparation,
    weights: tuple[Weights, ...] = (),
    errors: tuple[PublishedError, ...] = (),
) -> Card:
    return Card(
        name=name,
        title=title,
        family=facts.family,
        year=facts.year,
        paper=facts.paper,
        parameters=parameters,
        build=f"explorer.zoo.{module}:{name}",
        weights=weights,
        preparation=preparation,
        labels="imagenet1k" if preparation.input_chw[0] == 3 else "digits",
        note=note,
        news=facts.news,
        errors=errors or facts.errors,
        lecture=facts.lecture,
        macs=macs,
    )


LENET5 = _card(
    "lenet5",
    "LeNet-5",
    LENET,
    "lenet",
    parameters=61_706,
    macs=416_520,
    note=N_(
        "The modern form: ReLU and max pooling instead of tanh and trained sub-sampling, and every map of C3 sees all "
        "maps of S2. It was trained on one light digit on a dark ground."
    ),
    preparation=_DIGITS,
    weights=_digits(
        "lenet5",
        "7ff575452fe33c44c42bb1c0844e1336f259a1c00626c4cf264e59540a96e1e1",
        250_613,
        N_("99.1 % of 2,000 held-out digits"),
        _DIGITS,
    ),
)

LENET5_1998 = _card(
    "lenet5_1998",
    "LeNet-5 (1998)",
    LENET,
    "lenet",
    parameters=60_000,
    macs=325_680,
    note=N_(
        "As in the paper: a map of C3 sees only some maps of S2, sub-sampling has trained weights, the output tells "
        "how far F6 is from a picture of each digit. Those pictures are drawn anew; the paper has its own."
    ),
    preparation=_DIGITS_1998,
    weights=_digits(
        "lenet5_1998",
        "a22346d3da737dbeb59b97ba25ab58d464519ef42e3c30683cd9c316d67e83ec",
        245_771,
        N_("98.65 % of 2,000 held-out digits"),
        _DIGITS_1998,
    ),
)

_ALEXNETS = (
    _card(
        "alexnet_lecture",
        "AlexNet (lecture)",
        ALEXNET,
        "alexnet",
        parameters=62_378_344,
        macs=1_135_256_096,
        note=N_(
            "The course's single tower: every map sees all maps, and pooling comes before normalisation. Untrained: "
            "torchvision has no weights of this form."
        ),
        preparation=_imagenet(227),
    ),
    _card(
        "alexnet_paper",
        "AlexNet (paper)",
        ALEXNET,
        "alexnet",
        parameters=60_965_224,
        macs=724_406_816,
        note=N_(
            "As in the paper: two groups of maps, each of which lay on a graphics card and which meet in the third "
            "convolution, and normalisation before pooling. Untrained: torchvision has no weights of this form."
        ),
        preparation=_imagenet(227),
    ),
)


def _vgg(configuration: str, parameters: int, macs: int, weights: tuple[Weights, ...] = ()) -> Card:
    name = f"vgg_{configuration.lower().replace('-', '_')}"
    return _card(
        name,
        f"VGG {configuration}",
        VGG,
        "vgg",
        parameters,
        macs,
        CONFIGURATIONS[configuration],
        _imagenet(224),
        weights,
        VGG_ERRORS[configuration],
    )


_VGGS = (
    _vgg("A", 132_863_336, 7_609_090_048, torchvisions("vgg11-8a719046", 506.84, 69.020, 88.628)),
    _vgg("A-LRN", 132_863_336, 7_609_090_048),
    _vgg("B", 133_047_848, 11_308_466_176, torchvisions("vgg13-19584684", 507.545, 69.928, 89.246)),
    _vgg("C", 133_638_952, 11_770_888_192),
    _vgg("D", 138_357_544, 15_470_264_320, torchvisions("vgg16-397923af", 527.796, 71.592, 90.382)),
    _vgg("E", 143_667_240, 19_632_062_464, torchvisions("vgg19-dcbb9e9d", 548.051, 72.376, 90.876)),
)

_GOOGLENET = _card(
    "googlenet_paper",
    "GoogLeNet (paper)",
    GOOGLENET,
    "googlenet",
    parameters=13_378_280,
    macs=1_591_044_096,
    note=N_(
        "As in the paper: true 5×5 kernels, normalisation over neighbouring maps, and two auxiliary heads, which are "
        "left away after training; without them it has 6,998,552 weights. Untrained: torchvision has no weights of "
        "this form."
    ),
    preparation=_imagenet(224),
)

_SAME_NETWORK = N_("torchvision's network of as many layers is the same, and so its weights fit.")
_STRIDE_IN_FIRST = N_(
    "The first 1×1 of a stage's first block halves the size, as in the authors' release; in torchvision's form it is "
    "the 3×3. Untrained: torchvision has no weights of this form."
)


def _resnet(depth: int, parameters: int, macs: int, weights: tuple[Weights, ...] = ()) -> Card:
    return _card(
        f"resnet{depth}_paper",
        f"ResNet-{depth} (paper)",
        RESNET,
        "resnet",
        parameters,
        macs,
        _SAME_NETWORK if weights else _STRIDE_IN_FIRST,
        IMAGENET,
        weights,
        RESNET_ERRORS[depth],
    )


_RESNETS = (
    _resnet(18, 11_689_512, 1_814_073_344, torchvisions("resnet18-f37072fd", 44.661, 69.758, 89.078)),
    _resnet(34, 21_797_672, 3_663_761_408, torchvisions("resnet34-b627a593", 83.275, 73.314, 91.420)),
    _resnet(50, 25_557_032, 3_857_973_248),
    _resnet(101, 44_549_160, 7_570_194_432),
    _resnet(152, 60_192_808, 11_282_415_616),
)

CARDS = (LENET5, LENET5_1998, *_ALEXNETS, *_VGGS, _GOOGLENET, *_RESNETS)
"""In the order in which the course comes to them."""
