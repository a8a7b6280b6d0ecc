"""Paint on the picture: the values against plain forwards, the units that moved against those that see the paint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.device import Precision
from explorer.errors import NetworkError, SourceError
from explorer.filters.apply import apply
from explorer.filters.bank import BANK
from explorer.proof import Proof, prove
from explorer.questions import Prove, answer
from explorer.receptive.analyse import analyse
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.values import Bytes, Frame
from explorer.zoo.own import memory

PICTURE = Frame(np.random.default_rng(0).integers(0, 256, (260, 301, 3), np.uint8), "noise")


class Uneven(nn.Module):
    """Branches of another size, padding and stride, no non-linearity: whatever a unit sees moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, (1, 0))
        self.wide, self.far = (
            nn.Conv2d(4, 4, (1, 5), padding=(0, 2)),
            nn.Conv2d(4, 4, 3, padding=(3, 1), dilation=(3, 1)),
        )
        self.last = nn.Conv2d(8, 6, 2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        found: Tensor = self.last(torch.cat([self.wide(x), self.far(x)], 1))
        return found


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * torch.sigmoid(self.fc(x.mean((2, 3))))[:, :, None, None]


class Riddle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(self.conv(x), 3).values


def of(name: str, weights: str = "") -> Network:
    return Session().open(name, weights, None, "cpu")


@contextmanager
def shown(module: nn.Module, precision: Precision = "float32") -> Iterator[Network]:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    name = memory.put(module.eval())
    try:
        yield Session().open(name, "", (40, 46), "cpu", precision=precision)
    finally:
        memory.forget(name)


def painted(box: tuple[int, int, int, int], outside: bool = False, pixels: Bytes = PICTURE.pixels) -> Bytes:
    y0, x0, y1, x1 = box
    mask = np.zeros(pixels.shape[:2], bool)
    mask[y0:y1, x0:x1] = True
    return np.where((mask != outside)[..., None], 255 - pixels, pixels).astype(np.uint8)


def recipe(network: Network, layer: str, **more: object) -> Recipe:
    return Recipe(network=network.card.name).with_(layer=layer, **more)


def plain(network: Network, pixels: Bytes, module: str) -> np.ndarray:
    """Return the output of a module, float32 (C, h, w), by torch alone."""
    kept: list[Tensor] = []
    handle = network.module.get_submodule(module).register_forward_hook(lambda _m, _i, o: kept.append(o.clone()))
    with torch.inference_mode():
        network.module(network.prepare(replace(PICTURE, pixels=pixels)).tensor)
    handle.remove()
    return kept[0][0].numpy()


LAYERS = [
    ("efficientnet_lite0", "", "blocks.4.depthwise_conv"),
    ("lenet5", "", "c3"),
    ("googlenet", "none", "inception3a.branch3.1.conv"),
    ("resnet18", "none", "layer2.1.conv2"),
    ("alexnet", "none", "features.6"),
]


@pytest.mark.parametrize(("name", "weights", "layer"), LAYERS)
@pytest.mark.parametrize("place", ["corner", "middle", "end"])
def test_paint_outside_moves_nothing_and_inside_moves_the_unit(name: str, weights: str, layer: str, place: str) -> None:
    network = of(name, weights)
    fields = analyse(network.graph)
    h, w = fields.map_hw(layer)
    unit = {"corner": (0, 0), "middle": (h // 2, w // 3), "end": (h - 1, w - 1)}[place]
    clipped = fields.area(layer, unit).clipped
    assert clipped is not None
    box = network.prepare(PICTURE).geometry.pixels(clipped)

    beside = painted(box, outside=True)
    outside = prove(network, PICTURE, beside, recipe(network, layer), unit, fields)
    np.testing.assert_array_equal(outside.before, outside.after)
    assert (outside.inside, outside.leak, outside.holds) == (0, 0.0, True)
    assert outside.outside > 0
    assert outside.moves[unit] == 0
    np.testing.assert_array_equal(outside.after, plain(network, beside, layer)[:, *unit])

    over = painted(box)
    inside = prove(network, PICTURE, over, recipe(network, layer), unit)
    np.testing.assert_array_equal(inside.before, plain(network, PICTURE.pixels, layer)[:, *unit])
    np.testing.assert_array_equal(inside.after, plain(network, over, layer)[:, *unit])
    assert inside.inside > 0
    assert inside.moved[unit]
    assert inside.moves[unit] == np.abs(inside.after - inside.before).max() > 0


@pytest.mark.parametrize("seed", range(8))
def test_the_units_that_move_are_exactly_those_that_see_the_paint(seed: int) -> None:
    with shown(Uneven()) as network:
        rng, hw = np.random.default_rng(seed), PICTURE.pixels.shape[:2]
        pixels = PICTURE.pixels.copy()
        for _ in range(seed % 3 + 1):
            y, x = (int(rng.integers(side)) for side in hw)
            pixels[y : y + 12, x : x + 12] = 255 - pixels[y : y + 12, x : x + 12]
        x0, x1 = (network.prepare(replace(PICTURE, pixels=one)).tensor for one in (PICTURE.pixels, pixels))
        changed = (x0 != x1)[0].any(0).numpy()
        for layer in ("stem", "far", "last"):
            fields = analyse(network.graph)
            h, w = fields.map_hw(layer)
            expected = np.zeros((h, w), bool)
            for y, x in np.ndindex(h, w):
                for part in fields.area(layer, (y, x)).parts:
                    for top, bottom in part.rows:
                        expected[y, x] |= any(changed[top:bottom, left:right].any() for left, right in part.columns)
            found = prove(network, PICTURE, pixels, recipe(network, layer), (h // 2, w // 2), fields)
            assert found.sees is not None
            np.testing.assert_array_equal(found.sees, expected)
            np.testing.assert_array_equal(found.moved, expected)
            assert found.inside + found.outside == changed.sum()


def test_a_gate_takes_the_whole_input_in() -> None:
    with shown(Gated()) as network:
        found = prove(network, PICTURE, painted((100, 100, 120, 120)), recipe(network, network.graph.output.id), (0, 0))
        assert found.area is not None
        assert found.area.certainty == "whole input"
        assert found.outside == 0 < found.inside
        assert found.sees is not None
        assert found.sees.all()
        assert found.moved.all()


def test_a_layer_without_rows_and_columns_is_told_as_far_as_it_is_known() -> None:
    network = of("lenet5")
    found = prove(network, PICTURE, painted((100, 100, 140, 140)), recipe(network, "f6"), (0, 0))
    assert found.area is None
    assert found.sees is not None
    assert found.sees.all()
    assert found.moved.all()
    with shown(Riddle()) as riddle:
        found = prove(riddle, PICTURE, painted((100, 100, 140, 140)), recipe(riddle, riddle.graph.output.id), (0, 0))
    assert (found.area, found.sees) == (None, None)
    assert (found.leak, found.holds, found.moved.any()) == (0.0, True, True)


def test_no_paint_and_paint_that_the_network_never_sees_move_nothing() -> None:
    network = of("efficientnet_lite0")
    _top, left, *_rest = (round(edge) for edge in network.prepare(PICTURE).geometry.crop)
    unseen = painted((0, 0, PICTURE.pixels.shape[0], max(left - 3, 1)))
    assert left > 4
    for pixels in (PICTURE.pixels.copy(), unseen):
        found = prove(network, PICTURE, pixels, recipe(network, "conv_stem"), (3, 5))
        assert (found.inside, found.outside, found.moved.any(), found.holds) == (0, 0, False, True)


def test_filters_come_first() -> None:
    network, kernel = of("efficientnet_lite0"), BANK["blur-horizontal"].filter
    wanted = recipe(network, "conv_stem", filters=(kernel,))
    pixels = painted((100, 100, 160, 160))
    found = prove(network, PICTURE, pixels, wanted, (60, 60))
    after = plain(network, apply(Frame(pixels, ""), (kernel,)).pixels, "conv_stem")
    np.testing.assert_array_equal(found.after, after[:, 60, 60])


def test_half_precision_holds_too() -> None:
    with shown(Uneven(), "half") as network:
        found = prove(network, PICTURE, painted((0, 0, 90, 90)), recipe(network, "last"), (15, 18))
        assert (found.leak, found.inside, found.moves[15, 18]) == (0.0, 0, 0.0)


def test_rounding_is_measured_where_no_paint_is_seen_and_a_wrong_area_is_told() -> None:
    quiet, loud = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    quiet[0, 0], quiet[3, 3] = 1.0, 1e-7  # (3, 3) sees none of the paint
    loud[0, 0], loud[3, 3] = 1.0, 1e-2
    sees = np.zeros((4, 4), bool)
    sees[0, 0] = sees[0, 1] = True
    values = np.zeros(1, np.float32)
    proof = Proof("conv", (0, 0), values, values, quiet, None, sees, 1, 0, 1e-5)
    assert proof.holds
    assert np.argwhere(proof.moved).tolist() == [[0, 0]]
    wrong = replace(proof, moves=loud)
    assert not wrong.holds
    assert wrong.moved[3, 3]


def test_a_value_that_becomes_nan_has_moved_and_one_that_stays_has_not() -> None:
    class Root(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sqrt(x - x.amin((2, 3), keepdim=True) * 0.5 - 0.2).contiguous()

    with shown(Root()) as network:
        found = prove(network, PICTURE, PICTURE.pixels.copy(), recipe(network, network.graph.output.id), (0, 0))
        assert not found.moved.any()
        black = prove(network, PICTURE, PICTURE.pixels * 0, recipe(network, network.graph.output.id), (0, 0))
        assert np.isinf(black.moves).any()
        assert not np.isnan(black.moves).any()


@pytest.mark.parametrize("unit", [(-1, 0), (112, 0), (0, 112)])
def test_a_unit_outside_of_the_map(unit: tuple[int, int]) -> None:
    network = of("efficientnet_lite0")
    with pytest.raises(NetworkError, match="no unit"):
        prove(network, PICTURE, PICTURE.pixels, recipe(network, "conv_stem"), unit)


def test_bad_paint() -> None:
    network = of("lenet5")
    for bad in (PICTURE.pixels[1:], PICTURE.pixels.astype(np.float32), PICTURE.pixels[..., 0]):
        with pytest.raises(SourceError, match="paint on the picture"):
            prove(network, PICTURE, bad, recipe(network, "c1"), (0, 0))
    array = replace(PICTURE, array=np.zeros((1, 32, 32), np.float32))
    with pytest.raises(SourceError, match="array"):
        prove(network, array, PICTURE.pixels, recipe(network, "c1"), (0, 0))
    with pytest.raises(NetworkError):
        prove(network, PICTURE, PICTURE.pixels, recipe(network, "c99"), (0, 0))


def test_it_is_a_question_about_the_loaded_network() -> None:
    network = of("lenet5")
    found = answer(network, Prove(PICTURE, painted((0, 0, 50, 50)), recipe(network, "c1"), (0, 0)))
    assert isinstance(found, Proof)
    assert found.moves[0, 0] > 0
    with pytest.raises(NetworkError, match="changed"):
        answer(network, Prove(PICTURE, PICTURE.pixels, Recipe(network="resnet18"), (0, 0)))
    with pytest.raises(NetworkError, match="changed"):
        answer(None, Prove(PICTURE, PICTURE.pixels, recipe(network, "c1"), (0, 0)))
