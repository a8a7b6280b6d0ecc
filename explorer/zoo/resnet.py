"""ResNet: the five depths of one table.

Source: He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016, table 1, figure 5 and section 4.1;
the stages carry its names. Where the paper leaves a choice, what is done here is noted at its line.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, Literal

from torch import Tensor, nn

TABLE_1 = {
    # building blocks in conv2_x, conv3_x, conv4_x, conv5_x; from 50 layers on they are bottlenecks
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
EXPANSION = 4
"""A bottleneck gives so many times the maps of its 3×3."""
CLASSES = 1000

StrideIn = Literal["1x1", "3x3"]
"""Which convolution of a stage's first bottleneck halves the size.

The paper's text leaves it open; its authors' release takes the first 1×1, which then never looks at three quarters of
the cells. torchvision (v1.5) takes the 3×3.
"""


class Basic(nn.Module):
    """Two 3×3 convolutions, and the input added to what they give (figure 5, left)."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1, self.relu1 = _conv(inputs, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU()
        self.conv2, self.norm2, self.relu2 = _conv(width, width, 3), nn.BatchNorm2d(width), nn.ReLU()
        self.projection = _projection(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        residual = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        out: Tensor = self.relu2(residual + (x if self.projection is None else self.projection(x)))
        return out


class Bottleneck(nn.Module):
    """1×1 to fewer maps, 3×3, 1×1 to more maps, and the input added to what they give (figure 5, right)."""

    def __init__(self, inputs: int, width: int, stride: int, stride_in: StrideIn) -> None:
        super().__init__()
        first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
        maps = width * EXPANSION
        self.conv1, self.norm1, self.relu1 = _conv(inputs, width, 1, first), nn.BatchNorm2d(width), nn.ReLU()
        self.conv2, self.norm2, self.relu2 = _conv(width, width, 3, second), nn.BatchNorm2d(width), nn.ReLU()
        self.conv3, self.norm3, self.relu3 = _conv(width, maps, 1), nn.BatchNorm2d(maps), nn.ReLU()
        self.projection = _projection(inputs, maps, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x)."""
        residual = self.relu1(self.norm1(self.conv1(x)))
        residual = self.norm3(self.conv3(self.relu2(self.norm2(self.conv2(residual)))))
        out: Tensor = self.relu3(residual + (x if self.projection is None else self.projection(x)))
        return out


class ResNet(nn.Sequential):
    """A column of table 1 for RGB pictures, 224×224 in the paper, and 1,000 classes.

    Its ``load_state_dict`` also takes torchvision's checkpoints: the same network under other names for 18 and 34
    layers, and for more where the stride is in the 3×3, since tensors do not tell where it is.
    """

    def __init__(self, depth: int, stride_in: StrideIn = "1x1") -> None:
        layers: list[tuple[str, nn.Module]] = [
            ("conv1", _conv(3, 64, 7, 2)),
            ("norm1", nn.BatchNorm2d(64)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(3, 2, 1)),
        ]
        channels = 64
        for stage, blocks in enumerate(TABLE_1[depth], 2):
            width = 64 * 2 ** (stage - 2)
            for n in range(1, blocks + 1):
                stride = 2 if stage > 2 and n == 1 else 1
                block = Basic(channels, width, stride) if depth < 50 else Bottleneck(channels, width, stride, stride_in)
                layers.append((f"conv{stage}_{n}", block))
                channels = width if depth < 50 else width * EXPANSION
        layers += [
            ("avg_pool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("fc", nn.Linear(channels, CLASSES)),
        ]
        super().__init__(OrderedDict(layers))
        self.register_load_state_dict_pre_hook(_own_names)  # type: ignore[no-untyped-call]


def _conv(inputs: int, maps: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution without bias (a batch normalisation follows), drawn as in He et al. 2015, equation 14."""
    conv = nn.Conv2d(inputs, maps, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv


def _projection(inputs: int, maps: int, stride: int) -> nn.Module | None:
    """Return the shortcut where the shape changes: a 1×1 convolution, option B; paper: A for 34 layers, zeros added."""
    if inputs == maps and stride == 1:
        return None
    return nn.Sequential(
        OrderedDict([("conv", _conv(inputs, maps, 1, stride)), ("norm", nn.BatchNorm2d(maps))]),
    )


def _own_names(_module: nn.Module, state: dict[str, Tensor], *_: Any) -> None:
    """Rename torchvision's ``layer1.0.bn1.weight`` to ``conv2_1.norm1.weight``, and so on."""
    for name in list(state):
        own = re.sub(r"\blayer(\d)\.(\d+)\.", lambda m: f"conv{int(m[1]) + 1}_{int(m[2]) + 1}.", name)
        own = own.replace("downsample.0.", "projection.conv.").replace("downsample.1.", "projection.norm.")
        own = re.sub(r"\bbn(\d)\.", r"norm\1.", own)
        if own != name:
            state[own] = state.pop(name)


def resnet18_paper() -> nn.Module:
    """Return ResNet-18 with random weights."""
    return ResNet(18)


def resnet34_paper() -> nn.Module:
    """Return ResNet-34 with random weights."""
    return ResNet(34)


def resnet50_paper() -> nn.Module:
    """Return ResNet-50 with random weights, the stride in the first 1×1."""
    return ResNet(50)


def resnet101_paper() -> nn.Module:
    """Return ResNet-101 with random weights, the stride in the first 1×1."""
    return ResNet(101)


def resnet152_paper() -> nn.Module:
    """Return ResNet-152 with random weights, the stride in the first 1×1."""
    return ResNet(152)
