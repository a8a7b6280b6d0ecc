"""What is published of networks' receptive fields, beside the layers of this application's variants to measure.

Nothing here is computed: sizes of this implementation come from ``analyse``, and a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.receptive.analyse import Fields
from explorer.text import N_

DISTILL = "Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019"
_SZEGEDY = "Szegedy et al.: Going deeper with convolutions, CVPR 2015, table 1"


@dataclass(frozen=True)
class Variant:
    """One form of a network.

    Attributes:
        network: its name in the zoo.
        layer: id of the layer that is measured: the last one with maps that see a part of the picture.
        what: how this form is built where they differ, marked for translation.
    """

    network: str
    layer: str
    what: str


@dataclass(frozen=True)
class Published:
    """What is published of a network, and its forms here.

    Attributes:
        title: of the network.
        size: published side of the area of the last maps, input cells; None where only the architecture is published.
        form: which of TF-Slim's networks the size was published of, or "".
        source: where it is published.
        variants: the form that was published first, then the other ones.
        why: in two sentences why they differ, or that they do not; marked for translation.
    """

    title: str
    size: int | None
    form: str
    source: str
    variants: tuple[Variant, ...]
    why: str


_PAPER = N_("paper: the first 1×1 of a stage has the stride")
_V1_5 = N_("torchvision: the 3×3 of a stage has the stride")
_STRIDE = N_(
    "A stride enlarges the steps of everything after it, and in the paper the 3×3 of a stage's first block comes after "
    "it. torchvision gives the stride to that 3×3 itself, which therefore still takes the smaller steps: its areas are "
    "smaller by 8, 16 and 32 cells in the three stages."
)


def _resnet(depth: int, size: int) -> Published:
    """Return a bottleneck ResNet.

    TF-Slim gives the stride to the 3×3 of a stage's last block: the same sum as in the paper, whose next stage begins
    with it.
    """
    forms = (
        Variant(f"resnet{depth}_paper", "conv5_3.relu3", _PAPER),
        Variant(f"resnet{depth}", "layer4.2.relu:3", _V1_5),
    )
    return Published(f"ResNet-{depth}", size, f"resnet_v1_{depth}", DISTILL, forms, _STRIDE)


PUBLISHED = (
    Published(
        "AlexNet",
        195,
        "alexnet_v2",
        DISTILL,
        (
            Variant("alexnet_paper", "pool3", N_("paper: two groups of maps")),
            Variant("alexnet_lecture", "pool3", N_("lecture: a single tower")),
            Variant("alexnet", "features.12", N_("torchvision: a single tower with other numbers of maps")),
        ),
        N_(
            "Groups and numbers of maps decide which channels are seen, not how much of the picture. Kernels and "
            "strides of all forms are the same, and so are their areas."
        ),
    ),
    Published(
        "VGG-16",
        212,
        "vgg_16",
        DISTILL,
        (
            Variant("vgg_d", "pool5", N_("paper: configuration D")),
            Variant("vgg16", "features.30", N_("torchvision")),
        ),
        N_(
            "Thirteen 3×3 convolutions and five 2×2 poolings make 212 cells in both forms. ReLU and normalisation "
            "look at one cell each and add nothing."
        ),
    ),
    Published(
        "GoogLeNet",
        None,
        "",
        _SZEGEDY,
        (
            Variant("googlenet_paper", "inception_5b.cat", N_("paper: 5×5 branches, last pooling 3×3")),
            Variant("googlenet", "inception5b.cat", N_("torchvision: 3×3 in place of 5×5, last pooling 2×2")),
        ),
        N_(
            "The branch that is called 5×5 is a 3×3 in torchvision, a slip that its trained weights have kept, so each "
            "of the nine modules widens the area by two steps instead of four. Its last pooling is 2×2 instead of 3×3, "
            "which takes another 16 cells."
        ),
    ),
    _resnet(50, 483),
    _resnet(101, 1027),
    _resnet(152, 1507),
)


def published(network: str) -> Published | None:
    """Return what is published of the zoo's network called ``network``, or None."""
    return next((one for one in PUBLISHED if any(form.network == network for form in one.variants)), None)


def measured(variant: Variant, fields: Fields) -> tuple[int, int] | None:
    """Return the area's height and width of a variant's layer in input cells, or None where that is unknown."""
    path = fields[variant.layer].path
    return (round(path.size[0]), round(path.size[1])) if path is not None and len(path.size) == 2 else None
