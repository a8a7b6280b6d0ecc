"""LeNet-5 in its modern form.

Source: LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998),
section II.B; the layers carry its names. Deviations from the paper are noted at their line.
"""

from __future__ import annotations

from torch import Tensor, nn


class LeNet5(nn.Module):
    """LeNet-5 for one 32×32 grey picture and ten classes: 61,706 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.relu1 = nn.ReLU()  # paper: scaled tanh, here and below
        self.s2 = nn.MaxPool2d(2)  # paper: mean of four, times a trained coefficient, plus a trained bias; also S4
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


def lenet5() -> nn.Module:
    """Return the modern LeNet-5 with random weights."""
    return LeNet5()
