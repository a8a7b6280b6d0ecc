"""EfficientNet-Lite0.

Sources: Tan, Le: EfficientNet, ICML 2019, table 1; the Lite variant: tensorflow/tpu, models/official/efficientnet/lite
(``efficientnet_lite_builder.py``). Against EfficientNet-B0: no squeeze-and-excitation, ReLU6 instead of swish.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

STAGES = (
    # repeats, kernel, stride, expansion, output channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD, CLASSES, DROPOUT = 32, 1280, 1000, 0.2


class SamePad(nn.Module):
    """TensorFlow's "same" padding: output size ceil(n / stride); an odd cell goes to the bottom and right."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (N, C, H, W) with the zeros that a convolution without padding of its own then needs."""
        top, bottom = self._sides(x.shape[2])
        left, right = self._sides(x.shape[3])
        return functional.pad(x, (left, right, top, bottom))

    def _sides(self, size: int) -> tuple[int, int]:
        total = max((math.ceil(size / self.stride) - 1) * self.stride + self.kernel - size, 0)
        return total // 2, total - total // 2

    def extra_repr(self) -> str:
        """Return the arguments, for the module's printed form."""
        return f"kernel={self.kernel}, stride={self.stride}"


def _conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    padding = kernel // 2 if stride == 1 else 0
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual: expand 1×1, depthwise k×k, project 1×1, and the input added where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expands = expansion > 1
        self.residual = stride == 1 and inputs == outputs
        self.strided = stride > 1
        if self.expands:
            self.expand_conv = _conv(inputs, inner)
            self.bn0 = _norm(inner)
            self.relu0 = nn.ReLU6()
        if self.strided:
            self.pad = SamePad(kernel, stride)
        self.depthwise_conv = _conv(inner, inner, kernel, stride, groups=inner)
        self.bn1 = _norm(inner)
        self.relu1 = nn.ReLU6()
        self.project_conv = _conv(inner, outputs)
        self.bn2 = _norm(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the block's output (N, outputs, ceil(H / stride), ceil(W / stride))."""
        x = inputs
        if self.expands:
            x = self.relu0(self.bn0(self.expand_conv(x)))
        if self.strided:
            x = self.pad(x)
        x = self.relu1(self.bn1(self.depthwise_conv(x)))
        x = self.bn2(self.project_conv(x))
        outputs: Tensor = x + inputs if self.residual else x
        return outputs


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 for 224×224 RGB pictures and 1,000 classes.

    Its ``load_state_dict`` also takes the published checkpoint, whose names begin with an underscore in every part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pad = SamePad(3, 2)
        self.conv_stem = _conv(3, STEM, 3, 2)
        self.bn0 = _norm(STEM)
        self.relu0 = nn.ReLU6()
        blocks = []
        channels = STEM
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for repeat in range(repeats):
                blocks.append(Block(channels, outputs, kernel, stride if repeat == 0 else 1, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.conv_head = _conv(channels, HEAD)
        self.bn1 = _norm(HEAD)
        self.relu1 = nn.ReLU6()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(DROPOUT)
        self.fc = nn.Linear(HEAD, CLASSES)
        self.register_load_state_dict_pre_hook(_own_names)  # type: ignore[no-untyped-call]
        self._initialise()

    def _initialise(self) -> None:
        """Draw random weights as the official code does: normal, variance 2 / fan-out; the head uniform."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
        bound = 1.0 / math.sqrt(CLASSES)
        nn.init.uniform_(self.fc.weight, -bound, bound)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 1000) of pictures ``x`` (N, 3, H, W), prepared."""
        x = self.relu0(self.bn0(self.conv_stem(self.pad(x))))
        x = self.blocks(x)
        x = self.relu1(self.bn1(self.conv_head(x)))
        x = self.dropout(self.flatten(self.avg_pool(x)))
        logits: Tensor = self.fc(x)
        return logits


def _own_names(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    for name in [n for n in state if n.startswith(f"{prefix}_")]:
        own = ".".join(part.removeprefix("_") for part in name.removeprefix(prefix).split("."))
        state[prefix + own] = state.pop(name)


def efficientnet_lite0() -> nn.Module:
    """Return EfficientNet-Lite0 with random weights."""
    return EfficientNetLite0()
