"""AlexNet: the paper's, split over two cards, and the single tower that courses show.

Sources: Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, NIPS 2012,
section 3; the single tower: cs231n, lecture 9 of 2017, "full (simplified) AlexNet architecture". The layers carry the
names of the latter. Deviations from the paper are noted at their line. torchvision's AlexNet is a third one, of
Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from explorer.zoo.response_norm import ResponseNorm

CLASSES, DROPOUT = 1000, 0.5
BIASED = ("conv2", "conv4", "conv5", "fc6", "fc7")
"""Section 5: their biases begin at 1, so that rectified units have something to learn from; the others' at 0."""


def alexnet_lecture() -> nn.Module:
    """Return the single tower with random weights: every map sees all maps, pooled before they are normalised."""
    return _network(groups=1, pool_first=True)


def alexnet_paper() -> nn.Module:
    """Return the paper's network with random weights: two groups of maps, normalised before they are pooled."""
    return _network(groups=2, pool_first=False)


def _network(groups: int, pool_first: bool) -> nn.Module:
    """Return AlexNet for 227×227 RGB pictures; paper: 224×224, from which 55×55 maps cannot come."""

    def between(n: int) -> tuple[tuple[str, nn.Module], tuple[str, nn.Module]]:
        # Where the maps are in groups, a card has only its own at hand.
        norm, pool = (f"norm{n}", ResponseNorm(groups)), (f"pool{n}", nn.MaxPool2d(3, 2))
        return (pool, norm) if pool_first else (norm, pool)

    layers: list[tuple[str, nn.Module]] = [
        ("conv1", nn.Conv2d(3, 96, 11, 4)),
        ("relu1", nn.ReLU()),
        *between(1),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=groups)),
        ("relu2", nn.ReLU()),
        *between(2),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)),  # sees both groups in the paper too
        ("relu3", nn.ReLU()),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=groups)),
        ("relu4", nn.ReLU()),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=groups)),
        ("relu5", nn.ReLU()),
        ("pool3", nn.MaxPool2d(3, 2)),
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(256 * 6 * 6, 4096)),
        ("relu6", nn.ReLU()),
        ("dropout6", nn.Dropout(DROPOUT)),  # paper: halves the outputs at test time, torch doubles them in training
        ("fc7", nn.Linear(4096, 4096)),
        ("relu7", nn.ReLU()),
        ("dropout7", nn.Dropout(DROPOUT)),
        ("fc8", nn.Linear(4096, CLASSES)),
    ]
    for name, module in layers:  # section 5
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.normal_(module.weight, 0.0, 0.01)
            nn.init.constant_(module.bias, float(name in BIASED))
    return nn.Sequential(OrderedDict(layers))
