"""The sentence that decides, on real networks: the real cells of a unit equal the gradient's support, cell for cell.

Copies with fewer channels, of the same geometry.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from explorer.receptive.analyse import Fields, analyse
from explorer.zoo import registry
from tests.receptive.checks import border, check, drawn, units
from tests.receptive.oracle import Oracle, narrow

COURSE = {
    "lenet5": (32, 32),
    "lenet5_1998": (32, 32),
    "alexnet_lecture": (227, 227),
    "alexnet_paper": (227, 227),
    **{f"vgg_{letter}": (224, 224) for letter in ("a", "a_lrn", "b", "c", "d", "e")},
    "googlenet_paper": (224, 224),
    **{f"resnet{depth}_paper": (75, 83) for depth in (18, 34, 50, 101, 152)},
    "efficientnet_lite0": (75, 83),
}
TORCHVISION = {
    "alexnet": (127, 131),
    "vgg11_bn": (75, 83),
    "googlenet": (75, 83),
    **{f"resnet{depth}": (75, 83) for depth in (18, 34, 50, 101, 152)},
    "resnext50_32x4d": (75, 83),
    "squeezenet1_1": (75, 83),
    "densenet121": (75, 83),
    "inception_v3": (91, 99),
    "mobilenet_v2": (75, 83),
    "mobilenet_v3_small": (75, 83),
    "mnasnet0_5": (75, 83),
    "regnet_x_400mf": (75, 83),
    "regnet_y_400mf": (75, 83),
    "efficientnet_b0": (75, 83),
    "shufflenet_v2_x0_5": (75, 83),
}
WHOLE = {"swin_t": (64, 64), "vit_b_32": (64, 64), "convnext_tiny": (64, 64)}
"""Run as they are."""
UNEVEN = ("googlenet", "inception_v3", "resnet18", "resnet50_paper", "densenet121", "squeezenet1_1")


class Pyramid(nn.Module):
    """Windows with holes side by side, as in DeepLab: in between there are cells that no unit of it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, stride=2)
        self.holes = nn.ModuleList(nn.Conv2d(2, 1, 3, padding=d, dilation=d) for d in (1, 4, 7))
        self.last = nn.Conv2d(3, 2, (2, 3), stride=(1, 2), padding=(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.last(torch.cat([branch(x) for branch in self.holes], 1))


class Hourglass(nn.Module):
    """Down and up again beside a short way, as in U-Net: what a unit sees depends on its place among the pools."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.MaxPool2d(2, ceil_mode=True)
        self.deep = nn.Conv2d(3, 3, 3, padding=1)
        self.up = nn.ConvTranspose2d(3, 3, 3, stride=2, padding=1, output_padding=1)
        self.last = nn.Conv2d(6, 3, (1, 4), padding=(0, 2))

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            deep = self.up(self.deep(self.down(self.down(self.deep(x)))))
            deep = functional.interpolate(deep, scale_factor=2)[..., : x.shape[2], : x.shape[3]]
            x = self.last(torch.cat([x, deep], 1))
        return x


class Apart(nn.Module):
    """Ways of unlike padding and stride that are cut to the same size, so that they do not lie on one another."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 3, 5, stride=2, padding=4)
        self.flat = nn.Conv2d(3, 3, (1, 6), stride=2, padding=(3, 0))
        self.pool = nn.AvgPool2d(3, 3, padding=1, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.wide(x), self.flat(x)
        h, w = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
        x = torch.relu(a[..., :h, :w] + b[..., -h:, -w:])
        return self.pool(functional.max_pool2d(functional.pad(x, (0, 3, 2, 0)), 3, 2))


OWN = {"pyramid": Pyramid, "hourglass": Hourglass, "apart": Apart}


@cache
def prepared(name: str) -> tuple[Oracle, Fields, list[str]]:
    """Return a network's oracle, its fields, and the layers that have rows and columns of units."""
    if name in OWN:
        module: nn.Module = OWN[name]()
    elif name in COURSE:
        draw = registry.build if name.startswith("lenet") else registry.undrawn  # of the others all is replaced
        module = draw(registry.card(name))
    else:
        more = {"init_weights": False, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
        more |= {"image_size": 64} if name.startswith("vit") else {}
        module = torchvision.models.get_model(name, weights=None, **more)
    if name not in (*WHOLE, *OWN) and not name.startswith("lenet"):
        narrow(module)
    hw = (COURSE | TORCHVISION | WHOLE).get(name, (41, 46))
    oracle = Oracle(module, (1 if name.startswith("lenet") else 3, *hw))
    mapped = [layer.id for layer in oracle.graph if set("HW") <= set(layer.axes) and max(layer.output[1:]) > 1]
    return oracle, analyse(oracle.graph), mapped


@pytest.mark.parametrize("name", [*COURSE, *TORCHVISION, *WHOLE])
def test_a_spread_of_layers_and_units(name: str) -> None:
    oracle, fields, mapped = prepared(name)
    assert not any(field.certainty == "unknown" for _, field in fields)
    rng = random.Random(name)
    for layer_id in rng.sample(mapped[:-1], min(4, len(mapped) - 1)) + mapped[-1:]:
        for unit in units(*fields.map_hw(layer_id), rng):
            check(oracle, fields, layer_id, unit)


def test_a_thousand_units_at_borders_of_uneven_branches() -> None:
    """A box of one size moved along and cut at the border, as most tools have it, is wrong for many of them."""
    rng, moved_along_is_wrong = random.Random(1000), 0
    for k in range(1000):
        oracle, fields, mapped = prepared([*OWN, *UNEVEN][k % (len(OWN) + len(UNEVEN))])
        layer_id = rng.choice(mapped)
        unit = border(*fields.map_hw(layer_id), rng)
        area = check(oracle, fields, layer_id, unit)
        assert area.exact
        h, w = oracle.graph.input[1:]
        y0, x0, y1, x1 = area.box
        cut = np.zeros((h, w), bool)
        cut[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)] = True
        moved_along_is_wrong += not (cut == drawn(area, (h, w))).all()
    assert moved_along_is_wrong > 50


@pytest.mark.parametrize("name", ["googlenet", "resnet50_paper", "shufflenet_v2_x0_5", "swin_t"])
def test_every_unit_that_sees_a_cell(name: str) -> None:
    """Held against the areas of all units, which are held against the gradient above."""
    _, fields, mapped = prepared(name)
    rng = random.Random(name)
    for layer_id in rng.sample(mapped, 3):
        h, w = fields.map_hw(layer_id)
        cells = fields.graph.input[1:]
        pixel = (rng.randrange(cells[0]), rng.choice([0, cells[1] - 1]))
        seen = fields.seen_by(layer_id, pixel)
        expected = [[drawn(fields.area(layer_id, (y, x)), cells)[pixel] for x in range(w)] for y in range(h)]
        np.testing.assert_array_equal(seen, expected)
