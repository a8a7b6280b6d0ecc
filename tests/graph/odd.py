"""A network of uncommon calls: every form that the zoo lacks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Odd(nn.Module):
    """Uneven and "same" padding, ceil mode, pieces, slices, in-place writes, stacks, reversed arithmetic."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Conv2d(3, 6, 4, padding="same", dilation=(1, 2))
        self.grouped = nn.Conv2d(6, 6, (3, 1), stride=(2, 1), padding=(1, 0), groups=3, bias=False)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.mean = nn.AvgPool2d((2, 3), stride=1, padding=(1, 1), count_include_pad=False)
        self.slope = nn.LeakyReLU(0.2, inplace=True)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.same(functional.pad(x, (1, 2, 0, 3)))
        x = self.slope(x)
        one, two, three = torch.chunk(x, 3, dim=1)
        four, five = x.split([1, 5], dim=1)
        first = x.unbind(1)[0]
        x = torch.cat((three, two, one), 1) + torch.cat([five, four], dim=1)
        x = 1 - x / 2
        x = x * 3 - 0.5
        x = torch.sub(x, first.unsqueeze(1), alpha=2)
        y = x.clone()
        y[:, 0] = x[:, 1] * 2
        y.mul_(y)
        y += x
        x = self.grouped(y)
        x = self.pool(functional.elu(x, 0.7))
        x = self.mean(x)
        x = self.up(x)[..., 1:-1, ::2]
        x = self.drop(x).clamp(-1.5, 2)
        pair = torch.stack([x, x.flip(3)], dim=1)
        x = pair.permute(0, 2, 1, 3, 4).mean(2)
        x = x.transpose(1, -1).contiguous().transpose(1, 3)
        x = functional.interpolate(x, size=(5, 4), mode="nearest")
        x = (-x).softmax(1) ** 2
        return (x.flatten(2) @ x.flatten(2).transpose(1, 2)).sum((1, 2), keepdim=False)
