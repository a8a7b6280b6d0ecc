"""The networks that torchvision ships: their cards, written down so that no card needs torch, and their builders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from explorer.text import N_
from explorer.zoo.card import Card, Preparation, Weights

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGENET = Preparation(
    input_chw=(3, 224, 224),
    resize=256,
    interpolation="bilinear",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
"""``torchvision.transforms._presets.ImageClassification(crop_size=224)``."""


def _card(
    name: str,
    title: str,
    family: str,
    year: int,
    paper: str,
    parameters: int,
    sha256: str,
    mebibytes: float,
    accuracy: tuple[float, float],
    note: str = "",
) -> Card:
    file = f"{name}-{sha256}.pth"
    weights = Weights(
        name="imagenet1k_v1",
        file=file,
        url=f"https://download.pytorch.org/models/{file}",
        sha256=sha256,
        bytes=round(mebibytes * 2**20),  # torchvision says no more than this
        package="",
        preparation=IMAGENET,
        labels="imagenet1k",
        trained_on="ImageNet-1K",
        licence="BSD-3-Clause (torchvision)",
        accuracy="top-1 {:.1f} %, top-5 {:.1f} % (torchvision)".format(*accuracy),
    )
    return Card(
        name=name,
        title=title,
        family=family,
        year=year,
        paper=paper,
        parameters=parameters,
        build=f"{__name__}:{name}",
        weights=(weights,),
        preparation=IMAGENET,
        labels="imagenet1k",
        note=note,
    )


CARDS = (
    _card(
        "squeezenet1_1",
        "SqueezeNet 1.1",
        "SqueezeNet",
        2016,
        "Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50× fewer parameters and <0.5 MB model size, 2016",
        1_235_496,
        "b8a52dc0",
        4.729,
        (58.178, 80.624),
        N_("The release 1.1 of the authors: the paper's accuracy with 2.4 times less computation."),
    ),
    _card(
        "resnet18",
        "ResNet-18",
        "ResNet",
        2015,
        "He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016",
        11_689_512,
        "f37072fd",
        44.661,
        (69.758, 89.078),
    ),
    _card(
        "vgg16",
        "VGG-16",
        "VGG",
        2014,
        "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015",
        138_357_544,
        "397923af",
        527.796,
        (71.592, 90.382),
        N_("The paper's configuration D: 13 convolutions of 3×3 and three fully connected layers."),
    ),
    _card(
        "googlenet",
        "GoogLeNet",
        "Inception",
        2014,
        "Szegedy et al.: Going deeper with convolutions, CVPR 2015",
        6_624_904,
        "1378be20",
        49.731,
        (69.778, 89.530),
        N_(
            "torchvision's form: batch normalisation, a 3×3 kernel in the paper's 5×5 branch, no auxiliary heads; "
            "with trained weights the input is normalised once more inside the network."
        ),
    ),
    _card(
        "densenet121",
        "DenseNet-121",
        "DenseNet",
        2016,
        "Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017",
        7_978_856,
        "a639ec97",
        30.845,
        (74.434, 91.972),
    ),
)


def squeezenet1_1() -> nn.Module:
    """Return torchvision's SqueezeNet 1.1 with random weights."""
    from torchvision import models

    return models.squeezenet1_1()  # type: ignore[no-any-return]


def resnet18() -> nn.Module:
    """Return torchvision's ResNet-18 with random weights."""
    from torchvision import models

    return models.resnet18()  # type: ignore[no-any-return]


def vgg16() -> nn.Module:
    """Return torchvision's VGG-16 with random weights."""
    from torchvision import models

    return models.vgg16()  # type: ignore[no-any-return]


def googlenet() -> nn.Module:
    """Return torchvision's GoogLeNet without auxiliary heads, with random weights.

    Its ``load_state_dict`` also takes the published checkpoint: it drops the auxiliary heads (which nobody trained) and
    turns ``transform_input`` on, because those weights expect inputs of mean and deviation 0.5.
    """
    from torchvision import models

    network = models.googlenet(aux_logits=False, init_weights=False)
    network.register_load_state_dict_pre_hook(_as_published)
    return network  # type: ignore[no-any-return]


def densenet121() -> nn.Module:
    """Return torchvision's DenseNet-121 with random weights.

    Its ``load_state_dict`` also takes the published checkpoint, which still says ``norm.1`` for ``norm1``.
    """
    from torchvision import models

    network = models.densenet121()
    network.register_load_state_dict_pre_hook(_without_dots)
    return network  # type: ignore[no-any-return]


def _as_published(network: Any, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    auxiliary = [name for name in state if name.startswith((f"{prefix}aux1.", f"{prefix}aux2."))]
    for name in auxiliary:
        del state[name]
    network.transform_input = network.transform_input or bool(auxiliary)


def _without_dots(_network: nn.Module, state: dict[str, Tensor], *_: Any) -> None:
    for name in list(state):
        own = re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)
        if own != name:
            state[own] = state.pop(name)
