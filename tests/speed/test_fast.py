"""Merged operations give what the network's own calls give, or are not used."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from explorer import reduce
from explorer.capture import Captured, OtherPath, capture
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.speed import fast as rooms
from explorer.speed import merge
from explorer.speed.fast import Fast
from explorer.speed.values import MERGED, Speed, percent
from explorer.values import Floats

CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def trained(module: nn.Module) -> nn.Module:
    """The module with figures of its norms as training leaves them: none is 0 or 1."""
    generator = torch.Generator().manual_seed(3)
    for norm in (one for one in module.modules() if isinstance(one, nn.BatchNorm2d)):
        for tensor, low, high in (
            (norm.running_mean, -1, 1),
            (norm.running_var, 0.3, 2),
            (norm.weight, -1.5, 1.5),
            (norm.bias, -1, 1),
        ):
            if tensor is not None:
                tensor.data.uniform_(low, high, generator=generator)
    return module.eval().to(memory_format=torch.channels_last)


class Tricky(nn.Module):
    """A convolution used twice with another norm each time, groups, dilation, ``+=``, functional ops, in-place ones."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(8, eps=1e-2) for _ in range(4))
        self.plain = nn.BatchNorm2d(8, affine=False)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)
        self.alone = nn.Conv2d(8, 6, (1, 3))
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norms[0](self.first(x)))
        out = functional.relu6(self.norms[1](self.shared(x)))
        out = self.norms[2](self.shared(out))
        out += x
        out = functional.relu(out)
        norm = self.norms[3]
        out = functional.batch_norm(
            functional.conv2d(out, self.depthwise.weight, self.depthwise.bias, padding=2, dilation=2, groups=8),
            norm.running_mean,
            norm.running_var,
            eps=0.1,
        )
        both = self.plain(self.shared(out))
        out = functional.relu(self.alone(out + both))
        return self.last(functional.adaptive_avg_pool2d(out, 1).flatten(1))


def made(module: nn.Module, hw: tuple[int, int] = (22, 18)) -> tuple[nn.Module, Graph, Tensor]:
    torch.manual_seed(5)
    module = trained(module)
    x = torch.randn(1, 3, *hw).contiguous(memory_format=torch.channels_last)
    return module, trace(module, x), x


def looked(fast: Fast, graph: Graph, x: Tensor, shown: str, *others: str) -> Captured:
    wanted = {name: reduce.keep(graph[name]) for name in (shown, *others)}
    return fast.capture(x.clone(), wanted, shown)


def exact(module: nn.Module, graph: Graph, x: Tensor) -> tuple[Tensor, dict[str, Floats]]:
    """The answer and all maps in float64, by the network's own calls."""
    found = capture(
        copy.deepcopy(module).double(), graph, x.double(), {layer.id: reduce.keep(layer) for layer in graph}
    )
    return found.output, dict(found.values)


def test_every_layer_is_the_reference_whichever_is_looked_at() -> None:
    module, graph, x = made(Tricky())
    answer, maps = exact(module, graph, x)
    fast = Fast(module, graph)
    for shown in graph.by_id:
        for turn in range(3):
            found = looked(fast, graph, x, shown, "relu6")
            np.testing.assert_allclose(found.values[shown], maps[shown], **CLOSE, err_msg=f"{shown} in turn {turn}")
            np.testing.assert_allclose(found.values["relu6"], maps["relu6"], **CLOSE)
            torch.testing.assert_close(found.output.double(), answer, **CLOSE)
    assert (fast.told.merged, fast.told.convolutions) == (6, 6)
    assert 0 < fast.told.apart < 1e-4
    assert "6 of 6" in str(fast.told)


def test_what_is_merged_does_not_run() -> None:
    """So that the test before could not pass by the network's own calls alone."""
    module, graph, x = made(Tricky())
    fast = Fast(module, graph)
    looked(fast, graph, x, "relu")
    steps = fast._instead(frozenset(("relu",)))
    skipped = {graph.calls[call] for call, step in steps.items() if isinstance(step, merge._Pass)}
    assert skipped == {"batch_norm", "relu", "relu6"}
    assert len(steps) == 6 + 5 + 3
    for hidden in ("first", "norms.0"):
        step = {layer.call: layer.id for layer in graph}
        steps = fast._instead(frozenset((hidden,)))
        taken = {step[call, 0] for call in steps}
        assert "relu" not in taken
        assert ("norms.0" in taken) == (hidden == "norms.0")


def test_nothing_of_the_network_is_changed() -> None:
    module, graph, x = made(Tricky())
    before, inside = copy.deepcopy(module.state_dict()), {name: dict(m.__dict__) for name, m in module.named_modules()}
    fast = Fast(module, graph)
    for _turn in range(3):
        looked(fast, graph, x, "relu")
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    for name, one in module.named_modules():
        assert one.__dict__ == inside[name], name


class Ends(nn.Module):
    """A convolution, whatever stands between, and a norm."""

    def __init__(self, between: Callable[[Ends, Tensor], Tensor], norm: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.norm = norm or nn.BatchNorm2d(5)
        self.between = between

    def forward(self, x: Tensor) -> Tensor:
        return self.between(self, self.conv(x)).mean((2, 3))


def read_twice(module: Ends, y: Tensor) -> Tensor:
    return module.norm(y) + y


def read_as_a_list(module: Ends, y: Tensor) -> Tensor:
    y.tolist()
    return module.norm(y)


def written_between(module: Ends, y: Tensor) -> Tensor:
    y[:, 0] += 1
    return module.norm(y)


def by_the_picture(module: Ends, y: Tensor) -> Tensor:
    return functional.batch_norm(y, None, None, training=True)


def usual(module: Ends, y: Tensor) -> Tensor:
    return module.norm(y)


@pytest.mark.parametrize(
    "module",
    [
        Ends(read_twice),
        Ends(read_as_a_list),
        Ends(written_between),
        Ends(by_the_picture),
        Ends(usual, nn.BatchNorm2d(5, track_running_stats=False)),
        parametrizations.weight_norm(Ends(usual).conv),
    ],
    ids=["twice", "list", "written", "picture", "untracked", "parametrised"],
)
def test_where_something_looks_between_the_network_does_it_itself(module: nn.Module) -> None:
    module, graph, x = made(module)
    fast = Fast(module, graph)
    with torch.inference_mode():
        expected = module(x.clone())
    for _turn in range(3):
        found = looked(fast, graph, x, graph.output.id)
        torch.testing.assert_close(found.output, expected, **CLOSE)
    steps = fast._instead(frozenset((graph.output.id,))) if fast._merged else {}
    assert not any(isinstance(step, merge._Pass) for step in steps.values())


def test_hooks_see_what_they_always_saw() -> None:
    module, seen = Tricky(), list[Tensor]()
    module.first.register_forward_hook(lambda _module, _given, out: seen.append(out.clone()))
    module, graph, x = made(module)
    fast = Fast(module, graph)
    for _turn in range(3):
        looked(fast, graph, x, "relu")
    assert torch.equal(seen[0], seen[-1])
    assert fast.told.message == rooms.HOOKS


def test_weights_that_are_written_are_folded_anew() -> None:
    module, graph, x = made(Tricky())
    fast = Fast(module, graph)
    for _turn in range(2):
        looked(fast, graph, x, "relu")
    with torch.no_grad():
        module.norms[0].running_mean.add_(0.7)
        module.shared.weight.mul_(-1.3)
    answer, maps = exact(module, graph, x)
    for _turn in range(2):
        found = looked(fast, graph, x, "relu")
        np.testing.assert_allclose(found.values["relu"], maps["relu"], **CLOSE)
        torch.testing.assert_close(found.output.double(), answer, **CLOSE)
    assert fast.told.merged == 6


def test_another_norm_than_the_one_that_was_folded_is_another_path() -> None:
    class Chosen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(2))
            self.which = 0

        def forward(self, x: Tensor) -> Tensor:
            return self.norms[self.which](self.conv(x)).mean((2, 3))

    module, graph, x = made(Chosen())
    fast = Fast(module, graph)
    looked(fast, graph, x, "norms.0")
    module.which = 1
    with pytest.raises(OtherPath):
        looked(fast, graph, x, "norms.0")


def test_wrong_folding_is_found_and_only_that_convolution_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    module, graph, x = made(Tricky())
    folded, turns = merge.folded, iter(range(1000))

    def wrong(*given: Any) -> tuple[Tensor, Tensor]:
        weight, bias = folded(*given)
        return (weight * 1.001, bias) if next(turns) in (0, 1) else (weight, bias)  # the first one's, packed or not

    monkeypatch.setattr(merge, "folded", wrong)
    fast = Fast(module, graph)
    _answer, maps = exact(module, graph, x)
    for _turn in range(2):
        np.testing.assert_allclose(looked(fast, graph, x, "relu").values["relu"], maps["relu"], **CLOSE)
    assert (fast.told.merged, fast.told.convolutions) == (5, 6)


@pytest.mark.parametrize("fault", ["differs", "raises"])
def test_a_whole_run_that_differs_or_stops_is_not_used(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, graph, x = made(Tricky())
    operations = merge.operations

    def faulty(*given: Any) -> Any:
        made = operations(*given)
        turns = iter(range(1000))

        def operation(activation: str | None) -> Any:
            def run(x: Tensor) -> Tensor:
                if next(turns) > 1:  # good while each is compared by itself
                    if fault == "raises":
                        raise RuntimeError("could not create a primitive")
                    return made(activation)(x) * 1.001
                return made(activation)(x)

            return run

        return operation

    monkeypatch.setattr(merge, "operations", faulty)
    fast = Fast(module, graph)
    _answer, maps = exact(module, graph, x)
    for _turn in range(3):
        np.testing.assert_allclose(looked(fast, graph, x, "relu").values["relu"], maps["relu"], **CLOSE)
    assert fast.told.merged == 0
    assert fast.told.message == (rooms.FAILED if fault == "raises" else rooms.OFF)
    assert ("primitive" if fault == "raises" else " 0.1 %") in str(fast.told)


def test_what_rules_merging_out_is_told() -> None:
    module, graph, x = made(Tricky())
    assert Fast(module, graph, varies=True).told.message == rooms.VARIES
    half = Fast(module.bfloat16(), graph)
    looked(half, graph, x.bfloat16(), "relu")
    assert half.told.message == rooms.HALF
    module, graph, x = made(nn.Sequential(nn.Flatten(), nn.Linear(3 * 22 * 18, 2)))
    none = Fast(module, graph)
    looked(none, graph, x, graph.output.id)
    assert none.told.message == rooms.NOTHING


def test_weights_that_would_fill_the_memory_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    module, graph, x = made(Tricky())
    monkeypatch.setattr(rooms, "MOST_BYTES", 1000)
    fast = Fast(module, graph)
    looked(fast, graph, x, "relu")
    assert fast.told.message == rooms.LARGE


def test_without_onednn_the_norms_are_folded_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "packs", lambda _x: False)
    module, graph, x = made(Tricky())
    answer, maps = exact(module, graph, x)
    fast = Fast(module, graph)
    for _turn in range(2):
        found = looked(fast, graph, x, "relu")
        np.testing.assert_allclose(found.values["relu"], maps["relu"], **CLOSE)
        torch.testing.assert_close(found.output.double(), answer, **CLOSE)
    assert fast.told.merged == 5  # the sixth has no norm


def test_how_far_two_layers_are_apart() -> None:
    plain = torch.tensor([[[0.0, 10.0]], [[5.0, 5.0]]])
    assert merge.apart(plain, plain) == (0, 0)
    share, of_allowed = merge.apart(plain, plain + torch.tensor([[[0.0, 0.01]], [[0.0, 0.0]]]))
    assert share == pytest.approx(1e-3, rel=1e-3)
    assert of_allowed == pytest.approx(1e-3 / 1.1e-4, rel=1e-3)
    constant = torch.tensor([[[0.0, 0.0]], [[0.0, 1e-3]]])
    assert merge.apart(plain, plain + constant)[1] == pytest.approx(1e-4 / 1e-5, rel=1e-3)  # of its own it has no range
    for broken in (torch.nan, torch.inf, -torch.inf):
        other = plain.clone()
        other[0, 0, 0] = broken
        assert merge.apart(plain, other)[1] == merge.apart(other, plain)[1] == torch.inf
        assert merge.apart(other, other.clone()) == (0, 0)
        assert merge.apart(other, other + constant)[1] > 1
    assert merge.apart(plain, plain[:1])[1] == torch.inf
    assert merge.apart(torch.zeros(2, 3), torch.zeros(2, 3)) == (0, 0)
    assert merge.apart(torch.zeros(2, 3), torch.full((2, 3), 1e-9))[1] == torch.inf


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (2.3e-6, "0.0002"),
        (8.7e-7, "0.00009"),
        (9.9e-7, "0.0001"),
        (0.012, "1"),
        (1, "100"),
        (1e-3, "0.1"),
        (math.inf, "∞"),
    ],
)
def test_a_share_is_told_without_an_exponent(share: float, text: str) -> None:
    assert percent(share) == text
    assert str(Speed(merged=1, convolutions=2, apart=share, message=MERGED)).endswith(
        f"at most {text} % of their range."
    )
