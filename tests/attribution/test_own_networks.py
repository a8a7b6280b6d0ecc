"""Why and own networks: each method runs or says why not, on the path of the very picture, and leaves nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.attribution import gradients
from explorer.attribution.gradients import flow
from explorer.attribution.methods import METHODS, Explanation, Target, check
from explorer.errors import ForwardError, NetworkError
from explorer.explaining import Asked
from explorer.graph.trace import trace
from explorer.questions import Explain, SwitchOff, answer
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.switching import Switch
from explorer.values import Frame
from explorer.zoo.own import memory
from tests.attribution.test_why import Functional, Plain, Smooth, asked, like, seeded

FRAME = Frame(np.random.default_rng(1).integers(0, 256, (24, 24, 3), np.uint8), "noise")


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


def explain(network: Network, name: str, target: Target | None = None, first: int | None = None) -> Explanation:
    question = Explain(FRAME, Recipe(network=network.card.name), Asked(name, target, patch=8, stride=8), first)
    steps: Any = answer(network, question)
    *_others, last = steps
    assert isinstance(last.answer, Explanation)
    return last.answer


@pytest.mark.parametrize("make", [Functional, Smooth])
def test_each_method_runs_on_an_own_network_or_states_why_not(
    make: Callable[[], nn.Module], opened: Callable[[nn.Module], Network]
) -> None:
    network = opened(seeded(make))
    for name, method in METHODS.items():
        if method.relu and make is Smooth:
            with pytest.raises(NetworkError, match="this network has none"):
                explain(network, name)
            continue
        found = explain(network, name)
        assert found.heat.shape == (16, 16)
        assert np.isfinite(found.heat).all()


class Counts(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def forward(self, x: Tensor) -> Tensor:
        self.runs += 1
        return super().forward(x)


def test_a_class_that_is_known_costs_no_forward_and_changes_nothing(opened: Callable[[nn.Module], Network]) -> None:
    network = opened(seeded(Counts))
    expected = explain(network, "grad-cam")
    network.module.runs = 0  # type: ignore[assignment]
    found = explain(network, "grad-cam", first=expected.target.channel)
    assert network.module.runs == 1
    assert found.target == expected.target
    np.testing.assert_array_equal(found.heat, expected.heat)
    assert explain(network, "saliency", Target("", 2), first=expected.target.channel).target.channel == 2


class TwoWays(Plain):
    """Goes another way for a picture than for the zeros that it was traced with."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        if float(x.detach().abs().sum()) > self.limit:
            x = x.sigmoid()
        return self.head(x.mean((2, 3)))


def test_the_path_of_the_picture_is_found_though_its_class_is_known(opened: Callable[[nn.Module], Network]) -> None:
    module = seeded(TwoWays)
    with torch.no_grad():
        module.limit = float(module.features(torch.zeros(1, 3, 16, 16)).abs().sum()) * 1.01
    network = opened(module)
    assert not network.varies
    found = explain(network, "saliency", first=3)
    assert network.varies
    x = network.prepare(FRAME).tensor.clone().requires_grad_()
    (expected,) = torch.autograd.grad(module(x)[0, found.target.channel], x)
    np.testing.assert_allclose(found.heat, expected[0].abs().amax(0), rtol=1e-5, atol=1e-8)
    with pytest.raises(NetworkError, match="another path"):
        explain(network, "integrated-gradients")  # on the way to zeros it goes the first one


@pytest.mark.parametrize("layer", ["features.0", "features.1", "features.2", "features.5", "features.6"])
@pytest.mark.parametrize("make", [Plain, lambda: Plain(inplace=True)])
def test_what_lies_before_the_maps_need_not_be_followed(
    make: Callable[[], nn.Module], layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, begun = seeded(make), []
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    graph = trace(module, x)
    hooked = gradients._Through._not_yet
    monkeypatch.setattr(gradients._Through, "_not_yet", lambda *args: (begun.append(1), hooked(*args))[1])
    target = check(graph, Target("", 2))
    found = flow(module, graph, x, target, (layer,))
    assert bool(begun) == (layer != "features.0"), "there is nothing before it but the picture"
    monkeypatch.setattr(gradients, "_start", lambda *_args: None)
    whole = flow(module, graph, x, target, (layer,))
    assert found.value == whole.value
    torch.testing.assert_close(found.maps[layer], whole.maps[layer], rtol=0, atol=0)
    torch.testing.assert_close(found.gradients[layer], whole.gradients[layer], rtol=1e-6, atol=1e-9)


class KeptAside(nn.Module):
    """What is written into was kept aside, and a view of it too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.conv(x)
        part = kept[:, :2]
        torch.relu_(kept)
        part.mul_(3.0)
        return self.head((kept * kept.sigmoid()).mean((2, 3)))


def test_what_was_kept_aside_before_the_maps_were_made_counts_too() -> None:
    module = seeded(KeptAside)
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(4))
    graph = trace(module, x)
    relu = next(layer.id for layer in graph if layer.op == "relu")
    found = flow(module, graph, x, check(graph, Target("", 2)), (relu,)).gradients[relu]
    twin = module.double()
    maps = twin.conv(x.double()).relu().detach().requires_grad_()
    scaled = torch.cat([3 * maps[:, :2], maps[:, 2:]], dim=1)
    (expected,) = torch.autograd.grad(twin.head((scaled * scaled.sigmoid()).mean((2, 3)))[0, 2], maps)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-8)


class WrittenView(nn.Module):
    """A view that was made before autograd begins to follow is written into afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.other, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(2, 2, 1), nn.Linear(2, 5)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.conv(x)
        part = kept[:, :2]
        part += self.other(kept[:, 2:])
        return self.head(part.sigmoid().mean((2, 3)))


@pytest.mark.parametrize("make", [WrittenView, KeptAside])
def test_what_is_followed_from_the_middle_is_what_is_followed_from_the_beginning(
    make: type[nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = seeded(make)
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(4))
    graph = trace(module, x)
    last = next(layer.id for layer in graph if layer.op == "sigmoid")
    found = flow(module, graph, x, check(graph, Target("", 2)), (last,))
    monkeypatch.setattr(gradients, "_start", lambda *_args: None)
    whole = flow(module, graph, x, check(graph, Target("", 2)), (last,))
    torch.testing.assert_close(found.gradients[last], whole.gradients[last], rtol=1e-6, atol=1e-9)
    assert found.value == whole.value


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "functional": lambda: seeded(Functional),
    "smooth": lambda: seeded(Smooth),
    "googlenet": lambda: like("googlenet"),
}


@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
@pytest.mark.parametrize("network", NETWORKS)
def test_a_forward_that_fails_anywhere_leaves_nothing(network: str, share: float) -> None:
    module = NETWORKS[network]()
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    graph = trace(module, x)
    failing = round(share * (len(graph.calls) - 1))
    count = 0

    class Fails(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal count
            count += 1
            if count > failing:
                raise RuntimeError("broken")
            return func(*args, **(kwargs or {}))

    parts = list(module.modules())
    before = [(len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks)) for part in parts]
    for name, method in METHODS.items():
        if method.relu and network == "smooth":
            continue
        count = 0
        with contextlib.ExitStack() as stack:
            stack.enter_context(Fails())
            stack.enter_context(pytest.raises((ForwardError, RuntimeError), match="broken"))
            asked(module, name, x, patch=64, stride=64)
    after = [(len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks)) for part in parts]
    assert after == before
    assert all(one.grad is None and one.requires_grad and not one._backward_hooks for one in module.parameters())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert np.isfinite(flow(module, graph, x, check(graph, Target("", 0))).value), "and it still runs"


class Drawn(nn.Module):
    """Has its dropout on, whatever mode it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.c, self.f, self.runs = nn.Conv2d(3, 4, 3), nn.Linear(4, 5), 0

    def forward(self, x: Tensor) -> Tensor:
        self.runs += 1
        return self.f(functional.dropout(self.c(x).mean((2, 3)) + 1))


@pytest.mark.parametrize("name", ["occlusion", "grad-cam"])
def test_of_a_network_that_draws_numbers_nothing_is_told(name: str, opened: Callable[[nn.Module], Network]) -> None:
    network = opened(seeded(Drawn))
    for first in (None, 2):
        with pytest.raises(NetworkError, match="dropout"):
            explain(network, name, first=first)
    runs = network.module.runs
    with pytest.raises(NetworkError, match="dropout"):
        explain(network, name, first=2)
    assert network.module.runs == runs, "it is remembered"
    assert explain(network, "saliency", Target("c", 1)).value, "before the dropout all is as it should be"
    for channels in ((), (3,)):
        steps: Any = answer(network, SwitchOff(FRAME, Recipe(network=network.card.name), Switch("c", channels)))
        with pytest.raises(NetworkError, match="dropout"):
            next(steps)
