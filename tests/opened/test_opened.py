"""Opened arithmetic against what the network itself computed: ops in every form, terms, the way down, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer import frame_path
from explorer.errors import NetworkError
from explorer.graph.values import Layer
from explorer.opened.open import RULES, opened
from explorer.opened.taken import index_of, unit_of
from explorer.opened.values import MOST_TERMS, Opened
from explorer.questions import Open, answer
from explorer.recipe import Recipe, Unit
from explorer.session import Session
from explorer.values import Frame
from explorer.zoo.own import memory
from tests.opened.looks import PICTURE, look, shown, some, terms_are_cells

# ops in every form


class Forms(nn.Module):
    """What the course's networks do not have: uneven padding, groups, dilation, every kind of padding and pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(3, 12, (3, 2), (2, 1), (2, 1), (2, 3), groups=3)
        self.same = nn.Conv2d(12, 8, (2, 4), padding="same", bias=False)
        self.back = nn.ConvTranspose2d(8, 6, 3, (2, 3), (1, 0), (1, 1), groups=2, dilation=(1, 2))
        self.mirror = nn.Conv2d(6, 6, 3, padding=(1, 2), padding_mode="reflect")
        self.edge = nn.Conv2d(6, 6, 3, padding=1, padding_mode="replicate")
        self.around = nn.Conv2d(6, 6, 3, padding=1, padding_mode="circular")
        self.norms = nn.ModuleList(
            [nn.BatchNorm2d(6), nn.GroupNorm(3, 6), nn.InstanceNorm2d(6, affine=True), nn.LocalResponseNorm(4, 0.5)]
        )
        self.line, self.layer, self.slope = nn.Linear(24, 5), nn.LayerNorm(5), nn.PReLU(6)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (1, 0, -1, 2), value=0.25)
        x = self.back(self.same(self.grouped(x)))
        x = self.around(self.edge(self.mirror(x)))
        for norm in self.norms:
            x = norm(x)
        x = self.slope(x)
        a, b = x.chunk(2, 1)
        x = torch.cat([b, torch.stack([a[:, 0], a[:, 2]], 1), a.flip(2)], 1)
        x = functional.max_pool2d(x, 3, 2, 1, ceil_mode=True)
        x = functional.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = functional.avg_pool2d(x, (2, 3), 2, (1, 1), ceil_mode=True, divisor_override=5)
        x = functional.interpolate(x, size=(7, 8), mode="nearest") + functional.interpolate(x, (7, 8), mode="bicubic")
        x = functional.lp_pool2d(x.abs(), 2, 2, 1) * 0.5
        x = functional.adaptive_max_pool2d(x, (4, 5)) - functional.adaptive_avg_pool2d(x, (4, 5))
        x = functional.pixel_shuffle(functional.pad(x, (0, 1, 0, 0)), 2)
        x = torch.roll(x.transpose(2, 3), 1, 2)
        x = functional.pixel_unshuffle(x, 2)[:, :8]
        x = x.mean((2, 3), keepdim=True) + x
        x = x.flatten(1).reshape(1, -1, 24)
        x = self.layer(self.line(x))
        x = x @ x.transpose(1, 2)
        x = 1 - torch.maximum(x, x.amax(2, keepdim=True) / 2)
        return torch.softmax(x, 2).sum(1)


class Activations(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x * 4
        found = [
            function(x)
            for function in (
                *(functional.relu, functional.relu6, functional.leaky_relu, functional.elu, functional.selu),
                *(functional.gelu, functional.silu, functional.mish, torch.sigmoid, functional.hardsigmoid),
                *(functional.hardswish, functional.hardtanh, torch.tanh, functional.softplus, torch.exp, torch.neg),
            )
        ]
        found.append(functional.gelu(x, approximate="tanh"))
        found.append(torch.clamp(x, -0.5, 1.5))
        found.append(functional.log_softmax(x, 1))
        found.append(functional.normalize(x, dim=1))
        return torch.cat(found, 1)


@pytest.mark.parametrize("module", [Forms, Activations])
def test_ops_in_every_form(module: Callable[[], nn.Module]) -> None:
    with shown(module()) as seen:
        graph = seen.network.graph
        unopened = {layer.op for layer in graph if layer.id != "input" and layer.op not in RULES}
        assert not unopened - {"abs"}, unopened
        for layer in graph:
            if layer.id == "input" or layer.op not in RULES:
                continue
            rng = np.random.default_rng(1)
            for _each in range(40):
                unit = unit_of(layer, [int(rng.integers(size)) for size in layer.output], layer.output)
                found = seen.open(unit)
                assert found.value == seen.value(unit)
                assert found.holds, (unit, layer.op, found.result, found.value, found.rounding)
                terms_are_cells(found, seen)


def test_every_unit_is_found_again() -> None:
    for shape, axes in (
        ((3, 4, 5), "CHW"),
        ((4, 5, 3), "HWC"),
        ((6,), "C"),
        ((7, 3), "LC"),
        ((2, 3, 4), "???"),
        ((), ""),
    ):
        layer = Layer("x", "x", "relu", (), shape, axes)
        for index in np.ndindex(*shape):
            unit = unit_of(layer, index, shape)
            assert index_of(unit, shape, axes) == index
        with pytest.raises(IndexError):
            index_of(Unit("x", 0, 99, 0), shape, axes)


# against torch, number by number


def test_a_convolutions_terms_are_its_own_numbers() -> None:
    torch.manual_seed(1)
    conv = nn.Conv2d(3, 4, 3, 2, 1, dilation=2)
    with shown(nn.Sequential(conv), (12, 12)) as seen:
        weight, bias = conv.weight.detach()[2].reshape(-1), conv.bias
        assert bias is not None
        x = seen.network.prepare(PICTURE).tensor
        patch = functional.unfold(x, 3, 2, 1, 2)[0].reshape(27, -1)  # torch's own windows, channel by channel
        found = seen.open(Unit("0", 2, 0, 4))
        column = patch[:, 4]
        products = (column * weight).double()
        assert found.count == 27
        assert math.isclose(found.total or 0.0, float(products.sum()), rel_tol=1e-6)
        assert found.steps[0].operand == float(bias.detach()[2])
        listed = sorted(term.value for term in found.terms)
        assert listed == sorted(map(float, column))
        sizes = [abs(term.product) for term in found.terms]
        assert sizes == sorted(sizes, reverse=True)
        assert found.padded == 9  # the first row of each channel's window, three cells
        assert sum(term.mark == "padding" and term.cell is None for term in found.terms) == 9
        assert found.window is not None
        assert np.array_equal(found.window.values.reshape(-1), column.double().numpy())
        assert found.window.outside.sum() == 3


def test_many_terms_are_listed_largest_first_and_the_rest_summed() -> None:
    with shown(nn.Sequential(nn.Flatten(), nn.Linear(3 * 13 * 11, 2))) as seen:
        found = seen.open(Unit("1", 1, 0, 0))
        assert found.count == 429
        assert len(found.terms) == MOST_TERMS
        linear = seen.network.module[1]
        x = seen.network.prepare(PICTURE).tensor.flatten().double()
        products = (linear.weight[1].double() * x).detach().numpy()
        order = np.argsort(-np.abs(products))
        assert np.allclose([term.product for term in found.terms], products[order[:MOST_TERMS]])
        assert math.isclose(found.rest, products[order[MOST_TERMS:]].sum(), rel_tol=1e-9)


def test_a_padding_layers_cells_are_marked_though_they_are_cells_of_its_map() -> None:
    seen = look(Session().open("efficientnet_lite0", "", (64, 64), "cpu"))
    corner = seen.open(Unit("conv_stem", 0, 31, 31))  # the last window of an even size: one row and column of padding
    marked = [term for term in corner.terms if term.mark == "padding"]
    assert corner.padded == len(marked) == 15
    assert all(term.value == 0 and term.cell is not None and 64 in (term.cell.y, term.cell.x) for term in marked)
    beside = seen.open(Unit("pad", 1, 64, 3))
    assert beside.terms[0].cell is None
    assert beside.value == 0


# down to the pixel


def test_from_a_logit_down_to_the_pixel() -> None:
    network, recipe = Session().open("lenet5", "", None, "cpu"), Recipe(network="lenet5")
    maps = frame_path.all_maps(network, PICTURE, recipe)
    unit, way = Unit("output", 3, 0, 0), []
    while True:
        found = answer(network, Open(PICTURE, recipe, unit))
        assert isinstance(found, Opened)
        assert found.holds
        way.append(found.op)
        if unit.layer == "input":
            break
        assert found.value == maps[unit.layer][unit.channel, unit.y, unit.x]
        largest = max((t for t in found.terms if t.cell is not None), key=lambda t: abs(t.product))
        assert largest.cell is not None
        unit = largest.cell
    assert way == [
        *("linear", "relu", "linear", "flatten", "relu", "conv2d", "max_pool2d", "relu", "conv2d", "max_pool2d"),
        *("relu", "conv2d", "input"),
    ]
    how, pixel = network.preparation, found.terms[0].value
    assert pixel == int(pixel)
    by_hand = np.float32((pixel * how.full / 255 - how.mean[0]) / how.std[0])
    assert math.isclose(found.value, by_hand, rel_tol=1e-6)
    cells = frame_path.raw_input(network, PICTURE, recipe)
    assert found.value == cells[unit.channel, unit.y, unit.x]


def test_an_array_has_no_pixel_below_it() -> None:
    network = Session().open("lenet5", "", None, "cpu")
    array = np.random.default_rng(1).normal(size=(1, 32, 32)).astype(np.float32)
    frame = Frame(np.zeros((32, 32, 3), np.uint8), "a.npy", array=array)
    found = opened(network, frame, Recipe(network="lenet5"), Unit("input", 0, 3, 4))
    assert found.value == found.result == array[0, 3, 4]
    assert not found.steps


def test_untrained_is_said() -> None:
    network = Session().open("lenet5", "none", None, "cpu")
    assert not opened(network, PICTURE, Recipe(network="lenet5"), Unit("c1", 0, 3, 4)).trained


# in place, repeated, another path


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = self.act(x)
        y += 1.5
        y = self.act(self.conv(y[:, :3]))
        y.mul_(-2)
        return y


def test_ops_that_write_in_place_are_opened_as_they_were_before() -> None:
    with shown(InPlace()) as seen:
        for layer in list(seen.network.graph)[1:]:
            for unit in some(seen.network.graph, layer.op, 20):
                found = seen.open(unit)
                assert found.holds
                assert found.value == seen.value(unit)
                terms_are_cells(found, seen)
        assert "act:2" in seen.calls  # a module that runs twice is two layers


# what cannot be opened


class Riddle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.attention = nn.Conv2d(3, 4, 3), nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sort(functional.adaptive_avg_pool2d(self.conv(x), 4), 3).values.flatten(2).transpose(1, 2)
        found: Tensor = self.attention(x, x, x)[0]
        return found


def test_an_op_that_cannot_be_opened_says_so() -> None:
    name = memory.put(Riddle().eval())
    try:
        network = Session().open(name, "", (9, 9), "cpu")
        for layer in network.graph:
            if layer.op in ("sort", "attention"):
                with pytest.raises(NetworkError, match="not opened term by term"):
                    opened(network, PICTURE, Recipe(network=name), Unit(layer.id, 0, 0, 0))
    finally:
        memory.forget(name)


@pytest.mark.parametrize(
    "unit", [Unit("c1", 6, 0, 0), Unit("c1", 0, 28, 0), Unit("c1", 0, 0, 28), Unit("input", 1, 0, 0)]
)
def test_a_unit_that_is_not_there(unit: Unit) -> None:
    network = Session().open("lenet5", "", None, "cpu")
    with pytest.raises(NetworkError, match="has no unit of channel"):
        opened(network, PICTURE, Recipe(network="lenet5"), unit)


def test_a_layer_or_a_network_that_is_not_there() -> None:
    network = Session().open("lenet5", "", None, "cpu")
    with pytest.raises(NetworkError, match="no layer called"):
        opened(network, PICTURE, Recipe(network="lenet5"), Unit("c9", 0, 0, 0))
    with pytest.raises(NetworkError, match="has changed since"):
        answer(network, Open(PICTURE, Recipe(network="vgg_a"), Unit("c1", 0, 0, 0)))


def test_numbers_that_are_none() -> None:
    array = np.full((1, 32, 32), np.nan, np.float32)
    frame = Frame(np.zeros((32, 32, 3), np.uint8), "a.npy", array=array)
    network = Session().open("lenet5", "", None, "cpu")
    found = opened(network, frame, Recipe(network="lenet5"), Unit("c1", 0, 3, 4))
    assert math.isnan(found.value)
    assert math.isnan(found.result)
    assert found.difference == 0


def test_half_precision_is_opened_from_the_halves_themselves() -> None:
    network = Session().open("lenet5", "", None, "cpu", precision="half")
    recipe = Recipe(network="lenet5")
    for unit in (Unit("c1", 2, 5, 6), Unit("c3", 4, 3, 2), Unit("f6", 11, 0, 0), Unit("output", 3, 0, 0)):
        found = opened(network, PICTURE, recipe, unit)
        assert found.holds
        assert all(term.value == float(torch.tensor(term.value).to(network.number_type)) for term in found.terms)


def test_what_the_network_remembers_stays() -> None:
    network, recipe = Session().open("lenet5", "", None, "cpu"), Recipe(network="lenet5", layer="c3")
    frame_path.run(network, PICTURE, recipe)
    seen = network.seen
    opened(network, PICTURE, recipe, Unit("c1", 0, 3, 4))
    assert network.seen is seen
