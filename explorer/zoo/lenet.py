"""LeNet-5, as its paper has it and in its modern form.

Source: LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998),
section II.B; the layers carry its names. Deviations from the paper are noted at their line.
"""

from __future__ import annotations

import math
from itertools import chain, groupby

import torch
from torch import Tensor, nn
from torch.nn import functional

AMPLITUDE, SLOPE = 1.7159, 2 / 3
"""Of the squashing function A·tanh(S·a): equation 6 and appendix A."""

TABLE_I = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
"""Table I: the maps of S2 that each of C3's sixteen maps sees."""

BITMAPS = (
    "..###.. ...#... ..###.. .#####. .....#. ####### ..####. ####### .#####. ..###..",
    ".#...#. ..##... .#...#. #.....# ....##. #...... .#..... ......# #.....# .#...#.",
    "#.....# .#.#... #.....# ......# ...#.#. #...... #...... ......# #.....# #.....#",
    "#.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#",
    "#.....# ...#... ......# ......# .#...#. ######. #.###.. .....#. .#...#. #.....#",
    "#.....# ...#... .....#. ..####. #....#. ......# ##...#. ....#.. ..###.. #.....#",
    "#.....# ...#... ....#.. ......# ####### ......# #.....# ....#.. .#...#. .#...##",
    "#.....# ...#... ...#... ......# .....#. ......# #.....# ...#... #.....# ..###.#",
    "#.....# ...#... ..#.... ......# .....#. ......# #.....# ...#... #.....# ......#",
    "#.....# ...#... .#..... ......# .....#. ......# #.....# ..#.... #.....# ......#",
    ".#...#. ...#... #...... #.....# .....#. #.....# .#...#. ..#.... #.....# .....#.",
    "..###.. .#####. ####### .#####. .....#. .#####. ..###.. ..#.... .#####. .####..",
)
"""The ten centres of the output as pictures, 7 × 12, side by side. Drawn here: the paper's figure 3 shows its own."""


class LeNet5(nn.Module):
    """The modern LeNet-5 for one 32×32 grey picture and ten classes: 61,706 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.relu1 = nn.ReLU()  # paper: scaled tanh, here and below
        self.s2 = nn.MaxPool2d(2)  # paper: sum of four, times a trained coefficient, plus a trained bias; also S4
        self.c3 = nn.Conv2d(6, 16, 5)  # paper: most maps see only some of S2's (its table I)
        self.relu3 = nn.ReLU()
        self.s4 = nn.MaxPool2d(2)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.relu5 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.relu6 = nn.ReLU()
        self.output = nn.Linear(84, 10)  # paper: radial basis functions with fixed centres

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 10) of pictures ``x`` (N, 1, 32, 32), prepared."""
        x = self.s2(self.relu1(self.c1(x)))
        x = self.s4(self.relu3(self.c3(x)))
        x = self.flatten(self.relu5(self.c5(x)))
        logits: Tensor = self.output(self.relu6(self.f6(x)))
        return logits


class Squash(nn.Module):
    """The paper's sigmoid, A·tanh(S·a), with f(±1) = ±1."""

    def forward(self, a: Tensor) -> Tensor:
        """Return the squashed ``a``, of any shape."""
        return AMPLITUDE * torch.tanh(SLOPE * a)


class SubSampling(nn.Module):
    """Per map: the four cells of each 2×2 window summed, times a trained coefficient, plus a trained bias."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.empty(maps, 1, 1))
        self.bias = nn.Parameter(torch.empty(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (N, maps, H, W) at half its size."""
        return self.coefficient * functional.avg_pool2d(x, 2, divisor_override=1) + self.bias


class PartlyConnected(nn.Module):
    """The convolution C3, whose every map sees only the maps of S2 that table I gives it.

    Maps that see equally many are one grouped convolution, which is given each map's share of S2, one after the other.
    """

    def __init__(self, table: tuple[tuple[int, ...], ...] = TABLE_I, kernel: int = 5) -> None:
        super().__init__()
        self.sees = []
        for count, maps in groupby(table, len):
            shares = list(maps)
            name = f"sees_{count}"
            self.sees.append(name)
            self.add_module(name, nn.Conv2d(count * len(shares), len(shares), kernel, groups=len(shares)))
            self.register_buffer(f"{name}_of_s2", torch.tensor(list(chain(*shares))), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps (N, len(table), H − kernel + 1, W − kernel + 1) of ``x`` (N, 6, H, W)."""
        parts = [getattr(self, name)(x.index_select(1, getattr(self, f"{name}_of_s2"))) for name in self.sees]
        return torch.cat(parts, 1)


class RadialBasis(nn.Module):
    """The squared distances to a fixed centre for each class, equation 7, with a minus: the largest is the answer."""

    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        pictures = zip(*(row.split() for row in BITMAPS), strict=True)
        signs = [[1.0 if cell == "#" else -1.0 for cell in chain(*picture)] for picture in pictures]
        self.register_buffer("centres", torch.tensor(signs), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return −y (N, 10) of ``x`` (N, 84); paper: y, the smallest is the answer."""
        wide = torch.promote_types(x.dtype, torch.float32)  # cdist knows no half precision
        distances = torch.cdist(x.to(wide), self.centres.to(wide), compute_mode="donot_use_mm_for_euclid_dist")
        return -(distances.to(x.dtype) ** 2)


class LeNet5Of1998(nn.Module):
    """LeNet-5 of the paper for one 32×32 grey picture and ten digits: 60,000 weights, all of them before the output."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.squash1 = Squash()
        self.s2 = SubSampling(6)
        self.squash2 = Squash()
        self.c3 = PartlyConnected()
        self.squash3 = Squash()
        self.s4 = SubSampling(16)
        self.squash4 = Squash()
        self.c5 = nn.Conv2d(16, 120, 5)
        self.squash5 = Squash()
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.squash6 = Squash()
        self.output = RadialBasis()
        self._initialise()

    def _initialise(self) -> None:
        """Draw random weights as appendix A says: uniform within ±2.4 / fan-in."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                fan_in = math.prod(module.weight.shape[1:])
            elif isinstance(module, SubSampling):
                fan_in = 4
            else:
                continue
            for parameter in module.parameters():
                nn.init.uniform_(parameter, -2.4 / fan_in, 2.4 / fan_in)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, 10) of pictures ``x`` (N, 1, 32, 32), prepared.

        Their softmax is what the paper's training criterion takes for the classes' probabilities, equation 9 without
        its class of rubbish.
        """
        x = self.squash2(self.s2(self.squash1(self.c1(x))))
        x = self.squash4(self.s4(self.squash3(self.c3(x))))
        x = self.flatten(self.squash5(self.c5(x)))
        logits: Tensor = self.output(self.squash6(self.f6(x)))
        return logits


def lenet5() -> nn.Module:
    """Return the modern LeNet-5 with random weights."""
    return LeNet5()


def lenet5_1998() -> nn.Module:
    """Return the paper's LeNet-5 with random weights."""
    return LeNet5Of1998()
