"""Effective fields and curves of loaded networks, as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.attribution.values import Effective
from explorer.errors import DeviceError, ForwardError, NetworkError
from explorer.graph.values import Graph
from explorer.influence import NOISE, Curve, Step, effective
from explorer.questions import EffectiveCurve, EffectiveField, answer
from explorer.receptive.analyse import Fields, analyse
from explorer.session import Network, Session
from explorer.values import Frame
from explorer.zoo.own import memory

FRAME = Frame(np.random.default_rng(1).integers(0, 256, (40, 40, 3)).astype(np.uint8), "noise")


@pytest.fixture(scope="module")
def lenet() -> Network:
    return Session().open("lenet5", device="cpu")


@pytest.fixture
def opened() -> Iterator[Callable[[nn.Module], Network]]:
    """Opens a module as a network; it is forgotten afterwards."""
    names: list[str] = []

    def open_(module: nn.Module) -> Network:
        names.append(memory.put(module))
        return Session().open(names[-1], input_hw=(16, 16), device="cpu")

    yield open_
    for name in names:
        memory.forget(name)


def steps(network: Network | None, question: Any) -> list[Step]:
    found = answer(network, question)
    assert isinstance(found, Iterator)
    return list(found)


def last(network: Network | None, question: Any) -> Any:
    return steps(network, question)[-1].answer


def test_each_step_is_one_more_input(lenet: Network) -> None:
    found = steps(lenet, EffectiveField("lenet5", "c3", pictures=5))
    assert [(one.done, one.of) for one in found] == [(n, 5) for n in range(1, 6)]
    assert [one.answer.pictures for one in found if isinstance(one.answer, Effective)] == [1, 2, 3, 4, 5]
    first, whole = found[0].answer, found[-1].answer
    assert isinstance(first, Effective)
    assert isinstance(whole, Effective)
    assert whole.unit == (5, 5)
    assert (whole.certainty, whole.outside) == ("exact", 0)
    assert np.count_nonzero(first.heat) <= np.count_nonzero(whole.heat)


def test_nothing_runs_before_the_first_step(lenet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lenet, "with_room", lambda work: pytest.fail("it ran"))
    answer(lenet, EffectiveField("lenet5", "c3"))
    answer(lenet, EffectiveCurve("lenet5", ("c1",)))


def test_what_the_window_knows_of_the_units_is_not_worked_out_again(
    lenet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, other = analyse(lenet.graph), analyse(Session().open("lenet5", device="cpu").graph)
    worked_out: list[Graph] = []

    def counted(graph: Graph) -> Fields:
        worked_out.append(graph)
        return analyse(graph)

    monkeypatch.setattr("explorer.receptive.analyse.analyse", counted)
    for fields in (known, other):  # of another graph it says nothing
        assert last(lenet, EffectiveField("lenet5", "c3", pictures=1, fields=fields)).certainty == "exact"
    assert worked_out == [lenet.graph]


def test_the_picture_comes_first_and_then_with_noise(lenet: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.attribution import effective

    seen: list[Tensor] = []
    real = effective.influence

    def watched(module: nn.Module, graph: Any, x: Tensor, *rest: Any) -> Any:
        seen.append(x.clone())
        return real(module, graph, x, *rest)

    monkeypatch.setattr(effective, "influence", watched)
    steps(lenet, EffectiveField("lenet5", "c3", (3, 3), FRAME, 3))
    picture = lenet.prepare(FRAME).tensor
    assert torch.equal(seen[0], picture)
    spread = [(x - picture).std() / (picture.max() - picture.min()) for x in seen[1:]]
    assert [float(one) for one in spread] == pytest.approx([NOISE] * 2, rel=0.1)
    assert not torch.equal(seen[1], seen[2])


def test_the_first_convolution_where_no_layer_is_named(lenet: Network) -> None:
    assert last(lenet, EffectiveField("lenet5", "", pictures=1)).layer == "c1"


def test_the_curve_grows_layer_by_layer(lenet: Network) -> None:
    found = steps(lenet, EffectiveCurve("lenet5", ("c1", "s2", "c3", "c5", "f6"), pictures=4))
    assert [(one.done, one.of) for one in found] == [(n, 20) for n in range(1, 21)]
    counts = [len(one.answer.points) for one in found if isinstance(one.answer, Curve)]
    assert counts == [n // 4 for n in range(1, 21)]
    whole = found[-1].answer
    assert isinstance(whole, Curve)
    assert [point.layer for point in whole.points] == ["c1", "s2", "c3", "c5", "f6"]
    assert [point.diameter for point in whole.points] == [5, 6, 14, 32, 32]
    sizes = [point.diameter_95 for point in whole.points]
    assert sizes[:4] == sorted(sizes[:4])
    assert all(0 < point.diameter_95 <= (point.diameter or 0) for point in whole.points)


def test_the_curve_leaves_out_what_has_no_gradient(opened: Callable[[nn.Module], Network]) -> None:
    class Labels(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(x)
            return y.argmax(1, keepdim=True) + y

    network = opened(Labels())
    found = steps(network, EffectiveCurve(network.card.name, ("argmax", "conv"), pictures=2))
    assert (found[-1].done, found[-1].of) == (4, 4)
    assert isinstance(found[-1].answer, Curve)
    assert [point.layer for point in found[-1].answer.points] == ["conv"]


def test_a_unit_that_nothing_moves_is_told_at_the_end(opened: Callable[[nn.Module], Network]) -> None:
    conv = nn.Conv2d(3, 2, 3)
    nn.init.constant_(conv.bias, -1e6)  # type: ignore[arg-type]
    network = opened(nn.Sequential(conv, nn.ReLU()))
    found = answer(network, EffectiveField(network.card.name, "1", pictures=2))
    assert isinstance(found, Iterator)
    assert next(found).answer.diameter_95 == 0  # type: ignore[union-attr]
    with pytest.raises(NetworkError, match="Nothing in these pictures moves the unit of 1"):
        next(found)


class TwoWays(nn.Module):
    """Takes another path for bright inputs than for dark ones."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = x.sigmoid() if x.std() > 0 else x
        y: Tensor = self.conv(x)
        return y


def test_a_picture_that_takes_another_path_is_followed(opened: Callable[[nn.Module], Network]) -> None:
    network = opened(TwoWays())
    assert "sigmoid" not in network.graph.by_id
    assert last(network, EffectiveField(network.card.name, "conv", frame=FRAME, pictures=2)).cells_95 > 0
    assert "sigmoid" in network.graph.by_id


class WideForBright(nn.Module):
    """Takes a wider convolution for bright inputs than for dark ones."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.wide = nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(2, 2, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        bright = bool((x > 0).any())
        x = self.conv(x)
        return torch.tanh(self.wide(x) if bright else x)


@pytest.mark.parametrize("order", ["w", "wb", "bw", "bwb"])
def test_the_area_is_that_of_the_paths_that_were_taken(opened: Callable[[nn.Module], Network], order: str) -> None:
    network = opened(WideForBright())
    assert "wide" not in network.graph.by_id
    inputs = [(Frame(np.full((40, 40, 3), 255 if one == "w" else 0, np.uint8), one), 0.0) for one in order]
    *_others, end = effective(network, "tanh", None, inputs, len(inputs))
    assert isinstance(end.answer, Effective)
    assert end.answer.box is not None
    assert (end.answer.box[2] - end.answer.box[0], end.answer.outside) == (9, 0)
    assert end.answer.certainty == ("exact" if order == "w" else "upper bound")


def test_noise_that_takes_another_path_is_told(opened: Callable[[nn.Module], Network]) -> None:
    network = opened(TwoWays())
    for question in (EffectiveField(network.card.name, "conv"), EffectiveCurve(network.card.name, ("conv", "conv"))):
        with pytest.raises(NetworkError, match="choose pictures"):
            steps(network, question)


@pytest.mark.parametrize("question", [EffectiveField("lenet5", "c3"), EffectiveCurve("lenet5", ("c3",))])
@pytest.mark.parametrize("name", [None, "resnet18"])
def test_another_network_is_told(question: Any, name: str | None) -> None:
    network = None if name is None else Session().open(name, "none", device="cpu")
    with pytest.raises(NetworkError, match="The network has changed since"):
        steps(network, question)


@pytest.mark.parametrize(("layer", "unit"), [("c9", None), ("c3", (10, 0)), ("f6", (0, 0))])
def test_what_is_not_there_is_told(lenet: Network, layer: str, unit: tuple[int, int] | None) -> None:
    with pytest.raises(NetworkError):
        steps(lenet, EffectiveField("lenet5", layer, unit))


@pytest.mark.parametrize("forward", [True, False])
def test_too_little_memory_is_a_sentence(opened: Callable[[nn.Module], Network], forward: bool) -> None:
    class Full(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    class Hungry(nn.Module):
        full = False

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(x)
            if self.full and forward:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return torch.relu(Full.apply(y))

    network = opened(Hungry())
    Hungry.full = True
    with pytest.raises(DeviceError, match="not enough memory"):
        steps(network, EffectiveField(network.card.name, "relu"))


def test_a_network_that_raises_is_told(opened: Callable[[nn.Module], Network]) -> None:
    class Moody(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.requires_grad:
                raise ValueError("no gradients here")
            return x * 2

    network = opened(Moody())
    with pytest.raises(ForwardError, match="no gradients here"):
        steps(network, EffectiveField(network.card.name, "multiply"))
