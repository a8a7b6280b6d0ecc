"""Channels switched off: against a float64 forward in which a hook writes the same into a network of plain modules."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.attribution.switched import switched
from explorer.errors import NetworkError
from explorer.explaining import Asked
from explorer.graph.trace import trace
from explorer.questions import Explain, SwitchOff, answer
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.sources import read
from explorer.switching import Switch
from explorer.values import Source
from tests.attribution.test_why import Functional, Plain, seeded


def by_hand(module: nn.Module, x: Tensor, layer: str, channels: list[int], how: str, factor: float) -> Tensor:
    twin = copy.deepcopy(module).double()

    def put(_module: Any, _args: Any, out: Tensor) -> Tensor:
        out = out.clone()
        for c in channels:
            if how == "zero":
                out[:, c] = 0
            elif how == "mean":
                out[:, c] = out[:, c].sum() / out[:, c].numel()
            else:
                out[:, c] *= factor
        return out

    twin.get_submodule(layer).register_forward_hook(put)
    with torch.no_grad():
        return twin(x.double())


@pytest.mark.parametrize("how", ["zero", "mean", "scale"])
@pytest.mark.parametrize("layer", ["features.0", "features.1", "features.3", "features.6", "head"])
def test_it_is_what_a_hook_would_write(how: Any, layer: str) -> None:
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    plain = seeded(Plain)
    channels = [1, 4] if how != "mean" or layer != "head" else [1]
    expected = by_hand(plain, x, layer, channels, how, -0.5)
    for module in (plain, seeded(lambda: Plain(inplace=True))):
        graph = trace(module, x)
        found = switched(module, graph, x.clone(), graph[layer], channels, how, -0.5)
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    if how != "mean" or layer not in ("features.6", "head"):  # the mean of what is averaged next changes nothing
        assert not torch.allclose(expected.float(), plain(x), atol=1e-4)


def test_a_function_that_throws_its_result_away_is_reached_too() -> None:
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    module = seeded(Functional)
    graph = trace(module, x)
    relu = next(layer for layer in graph if layer.op == "relu")
    expected = by_hand(seeded(Plain), x, "features.1", [0, 3], "zero", 0)
    torch.testing.assert_close(switched(module, graph, x, relu, [0, 3]).double(), expected, rtol=1e-5, atol=1e-6)


class Split(nn.Module):
    """Two pieces of one tensor, which is used itself as well: a piece must not write into it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        first, second = x.chunk(2, dim=1)
        return (first.sum((2, 3)) + 10 * second.sum((2, 3))) + 100 * x.sum((2, 3))[:, :2]


def test_a_piece_of_a_tensor_is_switched_off_without_the_tensor() -> None:
    torch.manual_seed(0)
    module, x = Split().eval(), torch.rand(1, 3, 5, 5)
    graph = trace(module, x)
    (second,) = [layer for layer in graph if layer.call[1] == 1]
    with torch.no_grad():
        y = module.conv(x).sum((2, 3))
        expected = y[:, :2] + 10 * y[:, 2:] * torch.tensor([0.0, 1.0]) + 100 * y[:, :2]
    torch.testing.assert_close(switched(module, graph, x, second, [0]), expected)


def test_what_cannot_be_switched_off_is_said() -> None:
    x = torch.zeros(1, 3, 32, 32)
    module = seeded(Plain)
    graph = trace(module, x)
    with pytest.raises(NetworkError, match="no channel 8"):
        switched(module, graph, x, graph["features.0"], [8])
    with pytest.raises(NetworkError, match="no channels"):
        switched(module, graph, x, graph["input"], [0])


@pytest.fixture(scope="module")
def lenet() -> Network:
    return Session().open("lenet5", device="cpu")


def test_each_channels_effect_and_all_of_them_together(lenet: Network) -> None:
    frame, recipe = read(Source("sample", "digit-7.png")), Recipe(network="lenet5")
    steps: Any = answer(lenet, SwitchOff(frame, recipe, Switch("c3")))
    *_others, last = [step.answer for step in steps]
    assert last.target == 7
    assert sorted(channel for channel, _fall in last.effects) == list(range(16))
    assert [abs(fall) for _c, fall in last.effects] == sorted((abs(fall) for _c, fall in last.effects), reverse=True)
    channel, fall = last.effects[0]
    (one,) = [step.answer for step in answer(lenet, SwitchOff(frame, recipe, Switch("c3", (channel,))))]  # type: ignore[union-attr]
    assert one.before - one.after == pytest.approx(fall)
    expected = by_hand(lenet.module, lenet.prepare(frame).tensor, "c3", [channel], "zero", 0)
    assert one.after == pytest.approx(float(expected[0, 7]), rel=1e-4)
    assert one.predictions[0].index == int(expected[0].argmax())


def test_a_question_is_explained_and_another_network_is_refused(lenet: Network) -> None:
    frame = read(Source("sample", "digit-7.png"))
    steps: Any = answer(lenet, Explain(frame, Recipe(network="lenet5"), Asked("occlusion", patch=8, stride=8)))
    found = list(steps)
    assert [step.done for step in found] == list(range(1, found[-1].of + 1))
    assert [step.answer is None for step in found] == [True] * (len(found) - 1) + [False]
    with pytest.raises(NetworkError, match="changed since"):
        answer(lenet, Explain(frame, Recipe(network="vgg16"), Asked("saliency")))
