"""What is published of the networks: paper, what was new in it, error rates. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from explorer.text import N_
from explorer.zoo.card import PublishedError


@dataclass(frozen=True)
class Facts:
    """What is published of a network, whoever ships it; each field is one of ``Card``, described there."""

    title: str
    family: str
    year: int
    paper: str
    news: str
    errors: tuple[PublishedError, ...] = ()
    lecture: str = ""
    note: str = ""


_VALIDATION = N_("ImageNet 2012, validation")
_TEST = N_("ImageNet 2012, test")
_MNIST = N_("MNIST, 10,000 test digits")
_ONE_CROP = N_("one network, one crop")
_TEN_CROPS = N_("one network, ten crops")
_ONE_SCALE = N_("one network, run over the whole picture at one scale")
_MANY_SCALES = N_("one network, run over the whole picture at several scales")
_ENSEMBLE_OF_SEVEN = N_("ensemble of seven networks")

LENET = Facts(
    title="LeNet-5",
    family="LeNet",
    year=1998,
    paper="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE, 1998",
    news=N_(
        "From the pixels to the classes, everything is learned together by one gradient: no features drawn up by hand. "
        "Because weights are shared over the picture, 60,000 of them do the work of 340,000 connections."
    ),
    errors=(
        PublishedError(0.95, 1, _MNIST, N_("one network"), "LeCun et al. 1998, figure 9"),
        PublishedError(
            0.8, 1, _MNIST, N_("one network, trained on distorted digits too"), "LeCun et al. 1998, figure 9"
        ),
    ),
    lecture=N_("≈ 60,000 parameters"),
)

ALEXNET = Facts(
    title="AlexNet",
    family="AlexNet",
    year=2012,
    paper="Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, NIPS 2012",
    news=N_(
        "A large convolutional network, trained on two graphics cards, won ImageNet by more than ten points. ReLU "
        "instead of tanh made it learn several times faster, and dropout and altered pictures kept it from learning "
        "by heart."
    ),
    errors=(
        PublishedError(18.2, 5, _VALIDATION, N_("one network of two groups"), "Krizhevsky et al. 2012, table 2"),
        PublishedError(16.4, 5, _TEST, N_("ensemble of five networks"), "Krizhevsky et al. 2012, table 2"),
        PublishedError(
            15.3,
            5,
            _TEST,
            N_("ensemble of seven networks, two of them trained on a larger ImageNet first"),
            "Krizhevsky et al. 2012, table 2",
        ),
    ),
    lecture=N_("≈ 62,000,000 parameters; top-5 error 15.3 %, which is an ensemble's"),
)

VGG = Facts(
    title="VGG",
    family="VGG",
    year=2014,
    paper="Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015",
    news=N_(
        "All kernels are 3×3: two of them see as far as one 5×5 and three as far as one 7×7, with fewer weights and "
        "more ReLUs between. Everything else kept the same, depth alone was compared, from 11 to 19 layers."
    ),
    lecture=N_("≈ 138,000,000 parameters, which is configuration D (VGG-16); top-5 error 7.5 %"),
)
_VGG_SUBMISSION = (
    PublishedError(7.5, 5, _VALIDATION, _ENSEMBLE_OF_SEVEN, "Simonyan, Zisserman 2015, table 6"),
    PublishedError(7.3, 5, _TEST, _ENSEMBLE_OF_SEVEN, "Simonyan, Zisserman 2015, table 6"),
    PublishedError(6.8, 5, _TEST, N_("ensemble of D and E"), "Simonyan, Zisserman 2015, table 6"),
)


def _vgg(one_scale: float, many_scales: float = 0.0, ensembles: bool = False) -> tuple[PublishedError, ...]:
    """Return the top-5 errors of a configuration from tables 3 and 4."""
    found = [PublishedError(one_scale, 5, _VALIDATION, _ONE_SCALE, "Simonyan, Zisserman 2015, table 3")]
    if many_scales:
        found.append(PublishedError(many_scales, 5, _VALIDATION, _MANY_SCALES, "Simonyan, Zisserman 2015, table 4"))
    return (*found, *(_VGG_SUBMISSION if ensembles else ()))


VGG_ERRORS: Mapping[str, tuple[PublishedError, ...]] = {
    "A": _vgg(10.4),
    "A-LRN": _vgg(10.5),
    "B": _vgg(9.9, 9.6),
    "C": _vgg(8.8, 8.2),
    "D": _vgg(8.1, 7.5, ensembles=True),
    "E": _vgg(8.0, 7.5, ensembles=True),
}
"""By configuration of table 1."""

GOOGLENET = Facts(
    title="GoogLeNet",
    family="Inception",
    year=2014,
    paper="Szegedy et al.: Going deeper with convolutions, CVPR 2015",
    news=N_(
        "Inception modules look with 1×1, 3×3 and 5×5 kernels side by side, and 1×1 kernels before them keep that "
        "cheap. A mean instead of large fully connected layers leaves about nine times fewer weights than AlexNet has."
    ),
    errors=(
        PublishedError(10.07, 5, _VALIDATION, _ONE_CROP, "Szegedy et al. 2015, table 3"),
        PublishedError(6.67, 5, _TEST, N_("ensemble of seven networks, 144 crops"), "Szegedy et al. 2015, table 2"),
    ),
    lecture=N_("top-5 error 6.7 %, which is an ensemble's"),
)

_RESNET_ENSEMBLE = PublishedError(
    3.57, 5, _TEST, N_("ensemble of six networks of several depths"), "He et al. 2016, table 5"
)
RESNET = Facts(
    title="ResNet",
    family="ResNet",
    year=2015,
    paper="He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016",
    news=N_(
        "A block learns only what is to be added to its input, which passes by it unchanged. So deeper networks become "
        "better, up to 152 layers; without it they become worse even on the pictures that they are trained on."
    ),
    lecture=N_("top-5 error 3.57 %, which is an ensemble's"),
)


def _resnet(top_1: float, top_5: float) -> tuple[PublishedError, ...]:
    """Return the errors of a depth from tables 3 (ten crops) and 5."""
    source = "He et al. 2016, table 3"
    one = PublishedError(top_1, 1, _VALIDATION, _TEN_CROPS, source)
    return (one, PublishedError(top_5, 5, _VALIDATION, _TEN_CROPS, source), _RESNET_ENSEMBLE)


RESNET_ERRORS: Mapping[int, tuple[PublishedError, ...]] = {
    18: (
        PublishedError(
            27.88,
            1,
            _VALIDATION,
            N_("one network, ten crops, shortcuts without weights"),
            "He et al. 2016, table 2",
        ),
        _RESNET_ENSEMBLE,
    ),
    34: _resnet(24.52, 7.46),
    50: _resnet(22.85, 6.71),
    101: _resnet(21.75, 6.05),
    152: _resnet(21.43, 5.71),
}
"""By depth; of 34 layers those with projections where the shape changes (option B)."""

_STRIDE = N_(
    "torchvision's form (v1.5): the 3×3 of a stage's first block halves the size; in the paper's authors' release it "
    "is the first 1×1."
)
_BATCH_NORM = N_("With a batch normalisation behind every convolution, which the paper does not have.")

SQUEEZENET = Facts(
    title="SqueezeNet 1.0",
    family="SqueezeNet",
    year=2016,
    paper="Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50× fewer parameters and <0.5 MB model size, 2016",
    news=N_(
        "Fire modules: 1×1 kernels squeeze the maps before 1×1 and 3×3 kernels side by side expand them. AlexNet's "
        "accuracy with fifty times fewer weights."
    ),
    errors=(
        PublishedError(42.5, 1, _VALIDATION, N_("one network"), "Iandola et al. 2016, table 2"),
        PublishedError(19.7, 5, _VALIDATION, N_("one network"), "Iandola et al. 2016, table 2"),
    ),
)

DENSENET = Facts(
    title="DenseNet",
    family="DenseNet",
    year=2016,
    paper="Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017",
    news=N_(
        "In a block every layer is given the maps of all layers before it, joined and not added. So each adds only a "
        "few maps, what was found is used again, and fewer weights are needed."
    ),
)


def _densenet(top_1: float, top_5: float) -> tuple[PublishedError, ...]:
    """Return the errors of a depth with one crop from table 3."""
    source = "Huang et al. 2017, table 3"
    return (
        PublishedError(top_1, 1, _VALIDATION, _ONE_CROP, source),
        PublishedError(top_5, 5, _VALIDATION, _ONE_CROP, source),
    )


CONFIGURATIONS: Mapping[str, str] = {
    "A": N_("The paper's configuration A: 8 convolutions of 3×3 and three fully connected layers."),
    "A-LRN": N_(
        "The paper's configuration A-LRN: as A, with AlexNet's normalisation behind the first convolution. Untrained: "
        "torchvision has no weights of this form."
    ),
    "B": N_("The paper's configuration B: 10 convolutions of 3×3 and three fully connected layers."),
    "C": N_(
        "The paper's configuration C: as B, with three convolutions of 1×1 more. Untrained: torchvision has no weights "
        "of this form."
    ),
    "D": N_("The paper's configuration D: 13 convolutions of 3×3 and three fully connected layers."),
    "E": N_("The paper's configuration E: 16 convolutions of 3×3 and three fully connected layers."),
}
"""What a configuration of table 1 is, for the person."""


def _of_vgg(layers: int, configuration: str) -> dict[str, Facts]:
    title = f"VGG-{layers}"
    errors, note = VGG_ERRORS[configuration], CONFIGURATIONS[configuration]
    plain = replace(VGG, title=title, errors=errors, note=note)
    return {f"vgg{layers}": plain, f"vgg{layers}_bn": replace(VGG, title=f"{title} BN", note=_BATCH_NORM)}


PUBLISHED: Mapping[str, Facts] = {
    "alexnet": replace(
        ALEXNET,
        note=N_(
            "torchvision's form is a later one (Krizhevsky 2014): one tower with 64, 192, 384, 256 and 256 maps and no "
            "normalisation."
        ),
    ),
    **_of_vgg(11, "A"),
    **_of_vgg(13, "B"),
    **_of_vgg(16, "D"),
    **_of_vgg(19, "E"),
    "googlenet": replace(
        GOOGLENET,
        note=N_(
            "torchvision's form: batch normalisation, a 3×3 kernel in the paper's 5×5 branch, no auxiliary heads; "
            "with trained weights the input is normalised once more inside the network."
        ),
    ),
    **{
        f"resnet{depth}": replace(
            RESNET, title=f"ResNet-{depth}", errors=RESNET_ERRORS[depth], note=_STRIDE if depth >= 50 else ""
        )
        for depth in RESNET_ERRORS
    },
    "squeezenet1_0": SQUEEZENET,
    "squeezenet1_1": replace(
        SQUEEZENET,
        title="SqueezeNet 1.1",
        errors=(),
        note=N_("The release 1.1 of the authors: the paper's accuracy with 2.4 times less computation."),
    ),
    "densenet121": replace(DENSENET, title="DenseNet-121", errors=_densenet(25.02, 7.71)),
    "densenet161": replace(DENSENET, title="DenseNet-161"),
    "densenet169": replace(DENSENET, title="DenseNet-169", errors=_densenet(23.80, 6.85)),
    "densenet201": replace(DENSENET, title="DenseNet-201", errors=_densenet(22.58, 6.34)),
}
"""By torchvision's name."""
