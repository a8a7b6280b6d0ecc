"""VGG: the six configurations of one table.

Source: Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015, table 1; the
layers are numbered as in the authors' release. Deviations from the paper are noted at their line.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import Tensor, nn

from explorer.zoo.response_norm import ResponseNorm

TABLE_1 = {
    "A": (
        ("conv3-64",),
        ("conv3-128",),
        ("conv3-256", "conv3-256"),
        ("conv3-512", "conv3-512"),
        ("conv3-512", "conv3-512"),
    ),
    "A-LRN": (
        ("conv3-64", "LRN"),
        ("conv3-128",),
        ("conv3-256", "conv3-256"),
        ("conv3-512", "conv3-512"),
        ("conv3-512", "conv3-512"),
    ),
    "B": (
        ("conv3-64", "conv3-64"),
        ("conv3-128", "conv3-128"),
        ("conv3-256", "conv3-256"),
        ("conv3-512", "conv3-512"),
        ("conv3-512", "conv3-512"),
    ),
    "C": (
        ("conv3-64", "conv3-64"),
        ("conv3-128", "conv3-128"),
        ("conv3-256", "conv3-256", "conv1-256"),
        ("conv3-512", "conv3-512", "conv1-512"),
        ("conv3-512", "conv3-512", "conv1-512"),
    ),
    "D": (
        ("conv3-64", "conv3-64"),
        ("conv3-128", "conv3-128"),
        ("conv3-256", "conv3-256", "conv3-256"),
        ("conv3-512", "conv3-512", "conv3-512"),
        ("conv3-512", "conv3-512", "conv3-512"),
    ),
    "E": (
        ("conv3-64", "conv3-64"),
        ("conv3-128", "conv3-128"),
        ("conv3-256", "conv3-256", "conv3-256", "conv3-256"),
        ("conv3-512", "conv3-512", "conv3-512", "conv3-512"),
        ("conv3-512", "conv3-512", "conv3-512", "conv3-512"),
    ),
}
"""Configuration → its blocks, a max pooling behind each; "conv3-64" are 64 maps of 3×3 kernels, and a ReLU."""
CLASSES, DROPOUT = 1000, 0.5


class VGG(nn.Sequential):
    """A configuration of table 1 for 224×224 RGB pictures and 1,000 classes.

    Its ``load_state_dict`` also takes torchvision's checkpoints of VGG-11 (A), 13 (B), 16 (D) and 19 (E), the same
    networks under other names.
    """

    def __init__(self, configuration: str) -> None:
        layers: list[tuple[str, nn.Module]] = []
        channels = 3
        for block, rows in enumerate(TABLE_1[configuration], 1):
            for n, row in enumerate(rows, 1):
                if row == "LRN":
                    layers.append((f"norm{block}", ResponseNorm()))
                    continue
                kernel, maps = (int(number) for number in row.removeprefix("conv").split("-"))
                layers.append((f"conv{block}_{n}", nn.Conv2d(channels, maps, kernel, padding=kernel // 2)))
                layers.append((f"relu{block}_{n}", nn.ReLU()))
                channels = maps
            layers.append((f"pool{block}", nn.MaxPool2d(2)))
        layers += [
            ("flatten", nn.Flatten()),
            ("fc6", nn.Linear(channels * 7 * 7, 4096)),
            ("relu6", nn.ReLU()),
            ("dropout6", nn.Dropout(DROPOUT)),
            ("fc7", nn.Linear(4096, 4096)),
            ("relu7", nn.ReLU()),
            ("dropout7", nn.Dropout(DROPOUT)),
            ("fc8", nn.Linear(4096, CLASSES)),
        ]
        super().__init__(OrderedDict(layers))
        self.register_load_state_dict_pre_hook(_own_names)  # type: ignore[no-untyped-call]
        for module in self:  # paper: B to E begin with layers of the trained A; or so, as section 3.1 says in a note
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)


def _own_names(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Rename torchvision's ``features.0.weight`` … ``classifier.6.bias``, which are numbered in the layers' order."""
    parts = (f"{prefix}features.", f"{prefix}classifier.")
    theirs = sorted(
        (name for name in state if name.startswith(parts)),
        key=lambda name: (name.startswith(parts[1]), int(name.split(".")[-2]), name.endswith("bias")),
    )
    own = [prefix + name for name, _ in module.named_parameters()]
    if len(own) == len(theirs):
        for old, new in zip(theirs, own, strict=True):
            state[new] = state.pop(old)


def vgg_a() -> nn.Module:
    """Return configuration A, 11 layers with weights, with random weights."""
    return VGG("A")


def vgg_a_lrn() -> nn.Module:
    """Return configuration A-LRN, 11 layers with weights, with random weights."""
    return VGG("A-LRN")


def vgg_b() -> nn.Module:
    """Return configuration B, 13 layers with weights, with random weights."""
    return VGG("B")


def vgg_c() -> nn.Module:
    """Return configuration C, 16 layers with weights, with random weights."""
    return VGG("C")


def vgg_d() -> nn.Module:
    """Return configuration D, 16 layers with weights, with random weights."""
    return VGG("D")


def vgg_e() -> nn.Module:
    """Return configuration E, 19 layers with weights, with random weights."""
    return VGG("E")
