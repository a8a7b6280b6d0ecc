"""Sizes that others have published of networks that the courses' are not, and the sums of lectures."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from explorer.graph.trace import trace
from explorer.receptive.analyse import Fields, analyse
from tests.receptive.oracle import narrow


def of(module: nn.Module, side: int) -> Fields:
    return analyse(trace(module.eval(), torch.zeros(1, 3, side, side)))


def square(fields: Fields, layer_id: str) -> tuple[object, object]:
    path = fields[layer_id].path
    assert path is not None
    assert fields[layer_id].certainty == "exact"
    assert (path.size[0], path.stride[0]) == (path.size[1], path.stride[1])
    return path.size[0], path.stride[0]


def test_inception_v3() -> None:
    """1311 at stride 32: Araujo et al., Computing receptive fields, Distill 2019, its table of networks."""
    module = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False)
    assert square(of(narrow(module), 96), "Mixed_7c.cat:2") == (1311, 32)


def test_mobilenet_v1() -> None:
    """315 at stride 32: the same table; strides from Howard et al. 2017, MobileNets, table 1."""
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    layers: list[nn.Module] = [nn.Conv2d(3, 2, 3, 2, 1)]
    for stride in strides:
        layers += [nn.Conv2d(2, 2, 3, stride, 1, groups=2), nn.ReLU(), nn.Conv2d(2, 2, 1), nn.ReLU()]
    assert square(of(nn.Sequential(*layers), 96), str(len(layers) - 1)) == (315, 32)


@pytest.mark.parametrize(("kernels", "side"), [((3, 3), 5), ((3, 3, 3), 7), ((5,), 5), ((7,), 7)])
def test_stacks_of_small_filters(kernels: tuple[int, ...], side: int) -> None:
    """“Three 3×3 convolutions view 7×7 of the input”: cs231n, Convolutional networks, Layer patterns."""
    fields = of(nn.Sequential(*(nn.Conv2d(3, 3, kernel) for kernel in kernels)), 32)
    assert square(fields, str(len(kernels) - 1)) == (side, 1)


def test_dilation_by_doubling_grows_exponentially() -> None:
    """(2^(i+2) − 1)² after 3×3 layers of dilation 1, 2, 4, …: Yu and Koltun 2016, section 2."""
    fields = of(nn.Sequential(*(nn.Conv2d(3, 3, 3, dilation=2**i) for i in range(5))), 96)
    sides = [square(fields, str(i))[0] for i in range(5)]
    assert sides == [2 ** (i + 2) - 1 for i in range(5)]
