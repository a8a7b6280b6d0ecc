"""Each op's rule against the gradient, at every unit of its output."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.receptive import reach, rules
from explorer.receptive.analyse import Fields, analyse
from explorer.receptive.reach import Reach
from explorer.receptive.values import Certainty
from tests.receptive.checks import check
from tests.receptive.oracle import Oracle

HW = (11, 14)


class Does(nn.Module):
    """A function as a network, after a convolution that reaches into padding."""

    def __init__(self, what: Callable[[Tensor], Tensor], channels: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, channels, (3, 1), padding=(1, 0))
        self.layers = what if isinstance(what, nn.Module) else nn.Identity()
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        return self.what(self.first(x))


def resized(**how: object) -> Callable[[Tensor], Tensor]:
    return lambda x: functional.interpolate(x, **how)  # type: ignore[arg-type]


def padded(*sides: int, mode: str = "constant") -> Callable[[Tensor], Tensor]:
    return lambda x: functional.pad(x, sides, mode=mode)


WINDOWS: dict[str, Callable[[Tensor], Tensor]] = {
    "conv": nn.Conv2d(4, 4, (2, 5), (3, 1), (1, 2), (2, 1)),
    "grouped conv": nn.Conv2d(4, 8, 3, 2, 1, groups=2),
    "depthwise conv": nn.Conv2d(4, 4, 3, padding=1, groups=4),
    "same, even kernel": nn.Conv2d(4, 4, 4, padding="same", dilation=(1, 3)),
    "transposed": nn.ConvTranspose2d(4, 4, (3, 2), (2, 3), (1, 0), (1, 2)),
    "transposed with holes": nn.ConvTranspose2d(4, 4, 3, 2, 2, 1, groups=2, dilation=2),
    "transposed, stride above kernel": nn.ConvTranspose2d(4, 4, 1, 2, output_padding=1),
    "max pool, ceil": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "max pool with holes": nn.MaxPool2d((2, 3), 1, dilation=(3, 2)),
    "mean pool": nn.AvgPool2d((2, 3), (3, 2), (1, 0), ceil_mode=True, count_include_pad=False),
    "lp pool": nn.LPPool2d(2, (3, 2), 2, ceil_mode=True),
    "pad": padded(1, 0, 3, 2),
    "pad, negative": padded(-1, 2, 0, -3),
    "every other row": lambda x: x[:, :, 1::2, 2:-1],
    "one row kept": lambda x: x[:, :, 3:4],
    "channels alone": lambda x: x[:, [0, 2]] + x[:, 1:3],
    "nearest": resized(scale_factor=2),
    "pixel shuffle": nn.PixelShuffle(2),
    "pixel unshuffle": lambda x: functional.pixel_unshuffle(x[:, :, :10], 2),
    "flip": lambda x: x.flip(2),
    "flip both": lambda x: x.flip(2, 3),
    "permuted and back": lambda x: torch.relu(x.permute(0, 2, 3, 1)).transpose(1, 3).transpose(2, 3),
    "turned": lambda x: torch.relu(x.transpose(2, 3)),
    "reshaped and back": lambda x: torch.relu(x.flatten(2)).reshape(x.shape) * 2,
    "tokens and back": lambda x: nn.functional.layer_norm(x.flatten(2).transpose(1, 2), (4,)).mT.reshape(x.shape) * 2,
    "layer norm of channels": lambda x: functional.layer_norm(x.permute(0, 2, 3, 1), (4,)).permute(0, 3, 1, 2),
    "response norm": nn.LocalResponseNorm(3),
    "softmax of channels": lambda x: x.softmax(1),
    "normalised channels": lambda x: functional.normalize(x, dim=1),
    "mean of channels": lambda x: x.mean(1, keepdim=True),
    "largest of channels": lambda x: x.amax(1, keepdim=True),
    "stacked": lambda x: torch.stack([x, functional.avg_pool2d(x, 3, 1, 1)], 1).flatten(1, 2),
    "windows without overlap": lambda x: x[..., :10, :12].unflatten(3, (4, 3)).mean(4).unflatten(2, (5, 2)).amax(3),
}
"""Exact, the boxes too."""
UNEVEN: dict[str, Callable[[Tensor], Tensor]] = {
    "bins": nn.AdaptiveAvgPool2d((4, 5)),
    "bins of maxima, more than cells": nn.AdaptiveMaxPool2d((13, 3)),
    "reflect": padded(2, 3, 1, 4, mode="reflect"),
    "replicate": padded(2, 3, 1, 4, mode="replicate"),
    "circular": padded(2, 3, 1, 4, mode="circular"),
    "nearest, uneven": resized(size=(17, 9)),
    "nearest, exact": resized(size=(17, 9), mode="nearest-exact"),
    "bilinear": resized(size=(17, 9), mode="bilinear"),
    "bilinear, corners aligned": resized(size=(16, 9), mode="bilinear", align_corners=True),
    "bilinear, twice": resized(scale_factor=2, mode="bilinear"),
    "bilinear, odd factor": resized(scale_factor=1.7, mode="bilinear"),
    "bilinear, factor of the sizes": resized(scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
    "bilinear, widened": resized(size=(4, 5), mode="bilinear", antialias=True),
    "bicubic": resized(size=(17, 9), mode="bicubic"),
    "bicubic, corners aligned": resized(size=(17, 9), mode="bicubic", align_corners=True),
    "bicubic, widened": resized(size=(4, 5), mode="bicubic", antialias=True),
    "area": resized(size=(4, 5), mode="area"),
    "roll": lambda x: torch.roll(x, (2, -3), (2, 3)),
    "repeated": lambda x: x.repeat(1, 1, 2, 1),
    "elements repeated": lambda x: x.repeat_interleave(2, 2),
    "rows one after the other": lambda x: torch.cat([x[:, :, 5:], x[:, :, :5]], 2),
}
"""The cells are exact, the boxes hold those of all units."""
WHOLE: dict[str, Callable[[Tensor], Tensor]] = {
    "instance norm": nn.InstanceNorm2d(4),
    "group norm": nn.GroupNorm(2, 4),
    "layer norm of everything": nn.LayerNorm([4, *HW]),
    "softmax over positions": lambda x: x.flatten(2).softmax(2).reshape(x.shape) * 1,
    "a gate": lambda x: x * functional.adaptive_avg_pool2d(x, 1).sigmoid(),
    "a gate of means": lambda x: x * x.mean((2, 3), keepdim=True),
    "everything, spread": lambda x: functional.interpolate(functional.adaptive_avg_pool2d(x, 1), size=(3, 3)),
}
"""Every unit sees everything; gates leave a main path."""


def outcome(what: Callable[[Tensor], Tensor], least: float = 1e-9) -> tuple[Oracle, Fields, str]:
    oracle = Oracle(Does(what), (3, *HW), least)
    return oracle, analyse(oracle.graph), oracle.graph.output.id


def check_all(oracle: Oracle, fields: Fields, layer_id: str) -> None:
    h, w = fields.map_hw(layer_id)
    for y in range(h):
        for x in range(w):
            assert check(oracle, fields, layer_id, (y, x)).exact


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", WINDOWS)
def test_an_op_that_is_the_same_everywhere(name: str) -> None:
    oracle, fields, layer_id = outcome(WINDOWS[name])
    check_all(oracle, fields, layer_id)
    assert fields[layer_id].certainty in ("exact", "upper bound")


@pytest.mark.parametrize("name", UNEVEN)
def test_an_op_whose_units_see_unlike_areas(name: str) -> None:
    oracle, fields, layer_id = outcome(UNEVEN[name])
    check_all(oracle, fields, layer_id)
    assert fields[layer_id].certainty in ("exact", "upper bound")
    assert bool(fields[layer_id].why) == (fields[layer_id].certainty == "upper bound")


@pytest.mark.parametrize("name", WHOLE)
def test_an_op_that_takes_the_whole_input(name: str) -> None:
    oracle, fields, layer_id = outcome(WHOLE[name])
    check_all(oracle, fields, layer_id)
    field = fields[layer_id]
    assert field.certainty == "whole input"
    assert field.path is not None
    assert field.path.size == HW
    if name.startswith(("a gate", "instance", "group")):
        assert field.main_path is not None
        assert field.main_path.size == (3, 1)
        assert field.main_path.stride == (1, 1)
        assert field.main_path.start == (-1, 0)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(
    ("name", "size", "stride", "start"),
    [
        ("conv", (5, 5), (3, 1), (-2, -2)),
        ("same, even kernel", (6, 10), (1, 1), (-2, -4)),
        ("max pool, ceil", (5, 3), (2, 2), (-2, -1)),
        ("pad", (3, 1), (1, 1), (-4, -1)),
        ("every other row", (3, 1), (2, 1), (0, 2)),
        ("nearest", (Fraction(7, 2), Fraction(3, 2)), (Fraction(1, 2),) * 2, (Fraction(-3, 2), Fraction(-1, 2))),
        ("pixel unshuffle", (4, 2), (2, 2), (-1, 0)),
    ],
)
def test_sizes_strides_and_starts_worked_by_hand(
    name: str, size: tuple[object, ...], stride: tuple[object, ...], start: tuple[object, ...]
) -> None:
    """After the first convolution: size (3, 1), stride 1, start (−1, 0).

    For nearest by 2, output o takes ⌊o / 2⌋: offsets from o / 2 are 0 and −1/2, so the box of all is half a cell wider.
    """
    _, fields, layer_id = outcome(WINDOWS[name])
    path = fields[layer_id].path
    assert path is not None
    assert (path.size, path.stride, path.start) == (size, stride, start)


@pytest.mark.parametrize(
    "how", [{"size": (1, 98)}, {"size": (1, 147)}, {"scale_factor": (1, 1.7)}, {"scale_factor": (1, 1.1)}]
)
@pytest.mark.parametrize("inputs", [2, 7, 30])
def test_nearest_positions_are_rounded_as_a_float32_network_rounds_them(how: dict[str, object], inputs: int) -> None:
    """1/49 · 49 is less than 1 in float32."""
    x = torch.arange(inputs, dtype=torch.float32).reshape(1, 1, 1, inputs)
    expected = functional.interpolate(x, **how)[0, 0, 0].int().tolist()  # type: ignore[arg-type]
    factors = how.get("scale_factor", (None, None))
    assert isinstance(factors, tuple)
    found = reach.resized(inputs, len(expected), "nearest", False, False, factors[1])
    assert found.taps[:, 0].tolist() == expected


CERTAINTIES: dict[str, tuple[Callable[[Tensor], Tensor], Certainty]] = {
    "global pooling and a linear layer": (lambda x: x.mean((2, 3)) @ torch.ones(4, 5), "unknown"),
    "flattened, linear": (nn.Sequential(nn.Flatten(), nn.Linear(4 * 11 * 14, 5)), "whole input"),
    "pooled to one, linear": (nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 5)), "whole input"),
    "attention": (lambda x: (t := x.flatten(2).mT) + functional.scaled_dot_product_attention(t, t, t), "whole input"),
    "multi-head attention": (nn.MultiheadAttention(4, 2, batch_first=True), "whole input"),
    "read at a grid": (lambda x: functional.grid_sample(x, torch.zeros(1, 3, 3, 2), align_corners=False), "unknown"),
    "an op that is not known": (lambda x: torch.cumsum(x, 2), "unknown"),
    "sorted positions": (lambda x: x[:, :, [3, 1, 2]], "unknown"),
    "a layer after it": (lambda x: torch.relu(torch.cumsum(x, 2)), "unknown"),
}


@pytest.mark.parametrize("name", CERTAINTIES)
def test_the_certainty_of(name: str) -> None:
    what, certainty = CERTAINTIES[name]
    if isinstance(what, nn.MultiheadAttention):
        heads = what
        what = lambda x: heads(t := x.flatten(2).mT, t, t)[0]  # noqa: E731
    graph = trace(Does(what), torch.ones(1, 3, *HW))
    field = analyse(graph)[graph.output.id]
    assert field.certainty == certainty
    assert (field.path is None, bool(field.why)) == ((True, True) if certainty == "unknown" else (False, False))


def test_channels_that_are_rows_meet_in_a_convolution() -> None:
    """A network that mixes rows by a 1 × 1 convolution over them sees every row."""
    oracle, fields, layer_id = outcome(
        lambda x: functional.conv2d(x.transpose(1, 2), torch.ones(11, 11, 1, 1).to(x)).transpose(1, 2) * 1
    )
    area = check(oracle, fields, layer_id, (2, 3))
    assert area.clipped == (0, 3, 11, 4)


def _moved(right: Callable[..., Reach]) -> Callable[..., Reach]:
    """Return the rule with everything one position later, or the last output's positions taken from the first."""

    def wrong(*args: object) -> Reach:
        found = right(*args)
        taps = np.where(found.taps == reach.MISSING, reach.MISSING, found.taps + 1)
        return Reach(taps, found.ratio)

    return wrong


PLANTED = {
    "window": "max pool, ceil",
    "transposed": "transposed",
    "bins": "bins",
    "resized": "bilinear",
    "padded": "pad",
    "sliced": "every other row",
    "spread": "pixel shuffle",
    "gathered": "pixel unshuffle",
    "shifted": "roll",
    "reversed_": "flip",
    "repeated": "repeated",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_wrong_rule_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle, fields, layer_id = outcome((WINDOWS | UNEVEN)[PLANTED[name]])
    check_all(oracle, fields, layer_id)
    monkeypatch.setattr(rules.reach, name, _moved(getattr(reach, name)))
    with pytest.raises(AssertionError):
        check_all(oracle, analyse(oracle.graph), layer_id)


def test_every_reach_function_has_a_planted_wrong_rule() -> None:
    functions = {name for name in vars(reach) if hasattr(getattr(reach, name), "cache_info")}
    assert functions == set(PLANTED)


@pytest.mark.parametrize(
    ("module", "shape", "size", "said"),
    [
        (nn.Conv1d(2, 3, 5, 2, 1), (2, 40), (5,), "positions along one axis"),
        (nn.Conv3d(2, 3, (1, 2, 3)), (2, 4, 6, 8), (1, 2, 3), "depth as well"),
    ],
)
def test_one_and_three_dimensions_have_sizes_and_a_sentence(
    module: nn.Module, shape: tuple[int, ...], size: tuple[int, ...], said: str
) -> None:
    fields = analyse(trace(nn.Sequential(module, nn.ReLU()), torch.zeros(1, *shape)))
    path = fields["1"].path
    assert path is not None
    assert (path.size, fields["1"].certainty) == (size, "exact")
    for ask in (lambda: fields.map_hw("1"), lambda: fields.area("1", (0, 0)), lambda: fields.seen_by("1", (0, 0))):
        with pytest.raises(NetworkError, match=said):
            ask()


def test_a_cell_outside_the_input_is_told() -> None:
    _, fields, layer_id = outcome(WINDOWS["conv"])
    for cell in ((-1, 0), (0, 14), (11, 0)):
        with pytest.raises(NetworkError, match="it is 11 × 14"):
            fields.seen_by(layer_id, cell)
    for unit in ((-1, 0), fields.map_hw(layer_id)):
        with pytest.raises(NetworkError, match="has no unit"):
            fields.area(layer_id, unit)


def test_an_input_too_wide_for_exact_areas_is_unknown_and_told() -> None:
    graph = trace(nn.Conv2d(1, 1, 3), torch.zeros(1, 1, 3, 8200))
    fields = analyse(graph)
    assert {field.certainty for _, field in fields} == {"unknown"}
    assert "too wide" in fields[graph.output.id].why


def test_very_many_positions_in_a_line_are_joined_and_told() -> None:
    """Written out one by one they would take gigabytes."""
    graph = trace(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(2), nn.Softplus()), torch.zeros(1, 1, 700, 800))
    field = analyse(graph)[graph.output.id]
    assert field.path is not None
    assert field.path.size == (700, 800)
    assert field.certainty in ("upper bound", "whole input")
    assert bool(field.why) == (field.certainty == "upper bound")


def test_rows_and_columns_of_a_map_are_its_letters() -> None:
    """Windows of 4 × 4 as axes of their own, as a Swin transformer lays them out: the map is a window, of all windows
    together.
    """
    windows = Does(lambda x: torch.relu(x[..., :8, :12].permute(0, 2, 3, 1).reshape(1, 2, 4, 3, 4, 4)))
    oracle = Oracle(windows, (3, *HW))
    fields, layer_id = analyse(oracle.graph), oracle.graph.output.id
    letters = oracle.graph[layer_id].axes
    assert fields.map_hw(layer_id) == tuple(oracle.graph[layer_id].output[letters.index(one)] for one in "HW")
    for unit in ((0, 0), (3, 2), (3, 3)):
        check(oracle, fields, layer_id, unit)


def test_units_of_padding_alone_see_nothing_wherever_they_are_put() -> None:
    def border(x: Tensor) -> Tensor:
        beside = functional.pad(x, (5, 0, 5, 0))[..., :5, :5]
        return torch.cat([beside, beside], 2)

    oracle = Oracle(Does(border), (3, *HW))
    fields = analyse(oracle.graph)
    assert check(oracle, fields, oracle.graph.output.id, (7, 2)).clipped is None
