"""A depthwise convolution adds the zeros of the pad before it, whatever they are, where nothing looks at them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.speed import merge
from explorer.speed.fast import Fast
from tests.speed.test_fast import CLOSE, exact, looked, made

Between = Callable[[Tensor], object]


class Padded(nn.Module):
    """A pad, a depthwise convolution with its norm and activation, and something that reads the result."""

    def __init__(
        self,
        sides: tuple[int, ...],
        kernel: tuple[int, int],
        stride: int,
        between: Between = id,
        mode: str = "constant",
    ) -> None:
        super().__init__()
        self.sides, self.between, self.mode = sides, between, mode
        self.first = nn.Conv2d(3, 16, 1)
        self.depthwise = nn.Conv2d(16, 16, kernel, stride, groups=16, bias=False)
        self.norm = nn.BatchNorm2d(16)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(self.first(x), self.sides, mode=self.mode)
        self.between(x)
        return functional.relu6(self.norm(self.depthwise(x))).mean((2, 3))


def unpadded(fast: Fast, *wanted: str) -> bool:
    return any(isinstance(step, merge._Unpadded) for step in fast._instead(frozenset(wanted)).values())


@pytest.mark.parametrize(
    ("sides", "kernel", "stride"),
    [((0, 1, 0, 1), (3, 3), 2), ((1, 2, 1, 2), (5, 5), 2), ((2, 0, 0, 3), (3, 5), 3), ((1, 1, 1, 1), (3, 3), 1)],
)
def test_every_layer_is_the_reference(sides: tuple[int, ...], kernel: tuple[int, int], stride: int) -> None:
    for hw in ((22, 18), (23, 17)):
        module, graph, x = made(Padded(sides, kernel, stride), hw)
        answer, maps = exact(module, graph, x)
        fast = Fast(module, graph)
        for shown in graph.by_id:
            for _turn in range(2):
                found = looked(fast, graph, x, shown)
                np.testing.assert_allclose(found.values[shown], maps[shown], **CLOSE, err_msg=shown)
                torch.testing.assert_close(found.output.double(), answer, **CLOSE)
            assert unpadded(fast, shown) == (shown not in ("pad", "depthwise")), shown


@pytest.mark.parametrize(
    "module",
    [
        Padded((0, 1, 0, 1), (3, 3), 2, lambda x: x.shape),
        Padded((0, 1, 0, 1), (3, 3), 2, lambda x: x.size(2)),
        Padded((0, 1, 0, 1), (3, 3), 2, Tensor.tolist),
        Padded((0, 1, 0, 1), (3, 3), 2, mode="reflect"),
        Padded((0, -1, 0, 1), (3, 3), 2),
    ],
    ids=["shape", "size", "values", "reflect", "crop"],
)
def test_where_something_looks_or_it_is_no_zeros_the_pad_runs(module: nn.Module) -> None:
    module, graph, x = made(module)
    with torch.inference_mode():
        expected = module(x.clone())
    fast = Fast(module, graph)
    for _turn in range(3):
        torch.testing.assert_close(looked(fast, graph, x, graph.output.id).output, expected, **CLOSE)
    assert not unpadded(fast, graph.output.id)
    assert fast.told.merged == 2
