"""GoogLeNet as its paper has it.

Source: Szegedy et al.: Going deeper with convolutions, CVPR 2015, table 1, figure 3 and section 5; the layers carry its
names. What the paper leaves open is noted at its line, with what is done here.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from explorer.zoo.response_norm import ResponseNorm

TABLE_1 = {
    # 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
"""Maps of each Inception module's convolutions."""
CLASSES, DROPOUT, AUXILIARY_DROPOUT = 1000, 0.4, 0.7


class Outputs(NamedTuple):
    """What the network returns: logits (N, 1000) of its end, and of the heads on Inception 4a and 4d."""

    logits: Tensor
    auxiliary_4a: Tensor
    auxiliary_4d: Tensor


class Convolution(nn.Module):
    """A convolution that keeps the size at stride 1, and its ReLU."""

    def __init__(self, inputs: int, maps: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, maps, kernel, stride, kernel // 2)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the rectified maps of ``x``."""
        maps: Tensor = self.relu(self.conv(x))
        return maps


class Inception(nn.Module):
    """Four branches side by side (figure 2b), joined along the channels."""

    def __init__(self, inputs: int, row: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, three_reduce, three, five_reduce, five, projected = row
        self.maps = one + three + five + projected
        self.one = Convolution(inputs, one, 1)
        self.three_reduce = Convolution(inputs, three_reduce, 1)
        self.three = Convolution(three_reduce, three, 3)
        self.five_reduce = Convolution(inputs, five_reduce, 1)
        self.five = Convolution(five_reduce, five, 5)
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.pool_proj = Convolution(inputs, projected, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined maps of ``x``, of its size."""
        branches = [
            self.one(x),
            self.three(self.three_reduce(x)),
            self.five(self.five_reduce(x)),
            self.pool_proj(self.pool(x)),
        ]
        return torch.cat(branches, 1)


class Auxiliary(nn.Module):
    """A head that sends a gradient into the middle of the network while it is trained (section 5)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, 3)
        self.conv = Convolution(inputs, 128, 1)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(AUXILIARY_DROPOUT)
        self.fc2 = nn.Linear(1024, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return the head's logits (N, 1000) of maps ``x`` (N, inputs, 14, 14)."""
        x = self.flatten(self.conv(self.pool(x)))
        logits: Tensor = self.fc2(self.dropout(self.relu(self.fc1(x))))
        return logits


class GoogLeNet(nn.Module):
    """GoogLeNet for 224×224 RGB pictures and 1,000 classes, with both its auxiliary heads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Convolution(3, 64, 7, 2)
        self.pool1 = _halve()
        self.norm1 = ResponseNorm()  # the paper names no constants; these are AlexNet's
        self.conv2_reduce = Convolution(64, 64, 1)
        self.conv2 = Convolution(64, 192, 3)
        self.norm2 = ResponseNorm()
        self.pool2 = _halve()
        self.inception_3a = Inception(192, TABLE_1["3a"])
        self.inception_3b = Inception(self.inception_3a.maps, TABLE_1["3b"])
        self.pool3 = _halve()
        self.inception_4a = Inception(self.inception_3b.maps, TABLE_1["4a"])
        self.auxiliary_4a = Auxiliary(self.inception_4a.maps)
        self.inception_4b = Inception(self.inception_4a.maps, TABLE_1["4b"])
        self.inception_4c = Inception(self.inception_4b.maps, TABLE_1["4c"])
        self.inception_4d = Inception(self.inception_4c.maps, TABLE_1["4d"])
        self.auxiliary_4d = Auxiliary(self.inception_4d.maps)
        self.inception_4e = Inception(self.inception_4d.maps, TABLE_1["4e"])
        self.pool4 = _halve()
        self.inception_5a = Inception(self.inception_4e.maps, TABLE_1["5a"])
        self.inception_5b = Inception(self.inception_5a.maps, TABLE_1["5b"])
        self.avg_pool = nn.AvgPool2d(7)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(DROPOUT)
        self.linear = nn.Linear(self.inception_5b.maps, CLASSES)
        for module in self.modules():  # the paper does not say how it begins
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Outputs:
        """Return the logits of pictures ``x`` (N, 3, 224, 224), prepared.

        The heads run too, so that they can be looked into; paper: they are left away once the network is trained.
        """
        x = self.norm1(self.pool1(self.conv1(x)))
        x = self.pool2(self.norm2(self.conv2(self.conv2_reduce(x))))
        x = self.pool3(self.inception_3b(self.inception_3a(x)))
        x = self.inception_4a(x)
        auxiliary_4a = self.auxiliary_4a(x)
        x = self.inception_4d(self.inception_4c(self.inception_4b(x)))
        auxiliary_4d = self.auxiliary_4d(x)
        x = self.pool4(self.inception_4e(x))
        x = self.avg_pool(self.inception_5b(self.inception_5a(x)))
        return Outputs(self.linear(self.dropout(self.flatten(x))), auxiliary_4a, auxiliary_4d)


def _halve() -> nn.Module:
    """Return a 3×3 max pooling of stride 2 that makes 56 of 112: the last window hangs over the edge."""
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def googlenet_paper() -> nn.Module:
    """Return the paper's GoogLeNet with random weights."""
    return GoogLeNet()
