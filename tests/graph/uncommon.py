"""A network of calls that hardly any network makes, and whose facts are easily told wrong."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Uncommon(nn.Module):
    """Transposed convolutions, rare pools, maxima of every kind, repeats, windows, writes in place, resizings."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), bias=False)
        self.grouped = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=2, output_padding=1, groups=2, dilation=2)
        self.power = nn.LPPool2d(3, (3, 2), stride=2, ceil_mode=True)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.sizes(self.axes(self.places(self.windows(self.grouped(self.up(x))))))

    def windows(self, x: Tensor) -> Tensor:
        found = functional.avg_pool2d(x, 3, 2, 1, divisor_override=5)
        found = found + functional.interpolate(self.power(x.abs()), found.shape[2:])
        best, at = functional.adaptive_max_pool2d(found, (9, 7), return_indices=True)
        pooled, where = functional.max_pool2d(best, 2, 1, return_indices=True)
        columns = functional.unfold(pooled, (3, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 1))
        summed = functional.fold(columns, pooled.shape[2:], (3, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 1))
        strips = summed.unfold(2, 3, 2).sum(-1)
        return functional.adaptive_max_pool2d(strips, (3, 4)) + at.float().mean() / 100 + where.float().mean() / 100

    def places(self, x: Tensor) -> Tensor:
        values, places = x.max(2, keepdim=True)
        lowest, low_places = torch.min(x, dim=3, keepdim=True)
        x = torch.max(x, values) + torch.min(x * 2, lowest) + torch.maximum(x, -x) - torch.minimum(x, values)
        x = x + places / 10 - low_places / 20 + x.argmax(1, keepdim=True) - x.argmin(-1, keepdim=True)
        x = x + x.amax((1, 3), keepdim=True) - torch.amin(x, -1, keepdim=True) + x.max() - x.min()
        return x + x.mean() + x.mean(0) - x.sum((0, 2), keepdim=True)

    def axes(self, x: Tensor) -> Tensor:
        x = x.repeat(1, 2, 1, 3) + x.tile(2, 1, 3)
        x = x.repeat_interleave(2, dim=2) - x.narrow(2, -3, 1) * x[:, [0, 3, 1, 2, 7, 6, 5, 4]].mean()
        x = self.shuffle(functional.pixel_unshuffle(x, 2)) * 1
        x[:, 1:3, ..., ::2] = x[:, 3:5, ..., ::2] * 2
        x[:, -1] = 0.25
        y = x + 1
        y[..., 0] += 1
        y[:, :2] *= 3
        one, two = y.chunk(2, 1)
        one = torch.relu(one * 1)
        kept = x * 1
        left, right = kept.chunk(2, 1)
        left += 7
        right.mul_(2)
        board = torch.zeros(1, 4, 6, 14)
        board[:, :, :, 1:-1] = one
        return board[..., 1:-1] - two + left * right

    def sizes(self, x: Tensor) -> Tensor:
        plain = functional.interpolate(x, scale_factor=1.7, mode="bilinear")
        exact = functional.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True)
        smooth = functional.interpolate(x, plain.shape[2:], mode="bicubic", antialias=True)
        cubic = functional.interpolate(x, scale_factor=(1.7, 1.7), mode="bicubic", align_corners=True)
        small = functional.interpolate(plain, scale_factor=0.6, mode="area")
        near = functional.interpolate(x, plain.shape[2:], mode="nearest-exact")
        ones = torch.ones(1, 1, 1, 1)
        return (ones / (2 + plain.abs()) + (ones - exact) + smooth + cubic + near).mean((2, 3)) + small.mean((2, 3))
