"""Effective receptive fields: against coefficients on paper, the paper's law of growth, and a float64 Jacobian."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from explorer.attribution.effective import averaged, direction, influence, unmeasured
from explorer.attribution.values import Effective
from explorer.errors import ForwardError, NetworkError
from explorer.graph.trace import trace
from explorer.receptive.analyse import analyse
from tests.pretend_device import DEVICE, PretendTensor, pretend_device


def measured(
    module: nn.Module, hw: tuple[int, int], layer: str, unit: tuple[int, int] | None = None, inputs: int = 1, c: int = 1
) -> Effective:
    """Return the effective receptive field over inputs of noise."""
    graph = trace(module.eval(), torch.zeros(1, c, *hw))
    found = unmeasured(analyse(graph), layer, unit)
    for number in range(inputs):
        x = torch.randn(1, c, *hw, generator=torch.Generator().manual_seed(number))
        found = averaged(found, influence(module, graph, x, graph[layer], found.unit, number))
    return found


def stack(n: int, channels: int = 1) -> nn.Module:
    """Return ``n`` convolutions 3×3 whose weights are all the same."""
    convs = [nn.Conv2d(1 if i == 0 else channels, channels, 3, bias=False) for i in range(n)]
    for conv in convs:
        nn.init.constant_(conv.weight, 1 / (9 * conv.in_channels))
    return nn.Sequential(*convs)


def trinomial(n: int) -> NDArray[np.float64]:
    """Return the coefficients of (1 + x + x²)ⁿ ÷ 3ⁿ."""
    found = np.ones(1)
    for _ in range(n):
        found = np.convolve(found, np.ones(3) / 3)
    return found


@pytest.mark.parametrize("n", [1, 2, 5, 9])
@pytest.mark.parametrize("channels", [1, 4])
def test_equal_weights_give_the_trinomial_coefficients(n: int, channels: int) -> None:
    side = 2 * n + 5
    found = measured(stack(n, channels), (side, side), str(n - 1))
    assert found.unit == (2, 2)
    assert found.clipped == (2, 2, 2 * n + 3, 2 * n + 3)
    expected = np.zeros((side, side))
    expected[2:-2, 2:-2] = np.outer(trinomial(n), trinomial(n))
    np.testing.assert_allclose(found.heat / found.heat.sum(), expected, rtol=1e-5)


@pytest.mark.parametrize("n", [20, 45])
def test_the_size_grows_with_the_root_of_the_depth(n: int) -> None:
    """Luo et al. 2016, section 2.3: a Gaussian of variance n · 2/3; 95 % of it lie within σ · √(2 ln 20)."""
    found = measured(stack(n), (2 * n + 1, 2 * n + 1), str(n - 1))
    assert found.diameter_95 == pytest.approx(math.sqrt(math.pi * 2 * math.log(20) * n * 2 / 3), rel=0.03)
    assert found.cells == (2 * n + 1) ** 2
    assert found.share_95 == pytest.approx(found.diameter_95**2 / (2 * n + 1) ** 2)


def test_the_mass_agrees_with_the_papers_own_count() -> None:
    """Section 3: cells above 1 − 95.45 % of the centre's value."""
    found = measured(stack(30), (61, 61), "29")
    papers = math.sqrt((found.heat > (1 - 0.9545) * found.heat[30, 30]).sum())
    assert found.diameter_95 == pytest.approx(papers, rel=0.03)


class Branches(nn.Module):
    """Uneven branches, ops in place, a gate over a sum, and a maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.a, self.b = nn.Conv2d(4, 4, 5, padding=2, groups=2), nn.Conv2d(4, 4, 3, padding=2, dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn(self.first(x)), inplace=True)
        y = self.a(x)
        y += self.b(x)
        y = functional.max_pool2d(y, 2)
        gate = torch.sigmoid(y)
        y.mul_(gate)
        return gate.mul_(2) + y


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("unit", [(0, 0), (2, 3), (5, 4)])
def test_it_is_the_jacobian_in_float64(seed: int, unit: tuple[int, int]) -> None:
    torch.manual_seed(seed)
    module = Branches().eval()
    assert module.bn.running_mean is not None
    module.bn.running_mean.normal_()
    found = measured(module, (12, 10), "add:2", unit, inputs=3, c=2)
    heats = []
    for number in range(3):
        x = torch.randn(1, 2, 12, 10, generator=torch.Generator().manual_seed(number)).double()
        exact = copy.deepcopy(module).double().requires_grad_(False)

        def answer(x: Tensor, exact: nn.Module = exact) -> Tensor:
            y: Tensor = _out_of_place(exact, x)[0, :, unit[0], unit[1]]
            return y

        jacobian = torch.autograd.functional.jacobian(answer, x)[:, 0]  # (C, C_in, h, w)
        weights = direction(4, number).double()
        heats.append(torch.einsum("c,cihw->ihw", weights, jacobian).abs().sum(0).numpy())
    np.testing.assert_allclose(found.heat, np.mean(heats, 0), rtol=2e-4, atol=1e-6)


def _out_of_place(m: Any, x: Tensor) -> Tensor:
    """``Branches`` without ops in place."""
    x = torch.relu(m.bn(m.first(x)))
    y = functional.max_pool2d(m.a(x) + m.b(x), 2)
    gate = torch.sigmoid(y)
    return gate * 2 + y * gate


def test_over_many_inputs_it_is_the_root_mean_square_of_the_channels() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(1, 16, 3)
    found = measured(conv, (3, 3), "conv2d", inputs=600)
    expected = conv.weight.detach().square().sum((0, 1)).sqrt().numpy()
    ratio = found.heat / expected
    np.testing.assert_allclose(ratio / ratio.mean(), 1, atol=0.1)


def test_a_layer_that_is_normalised_over_its_channels_has_influence() -> None:
    """The sum of its channels is a constant."""

    class Normalised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 6, 3), nn.LayerNorm(6)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.norm(self.conv(x).permute(0, 2, 3, 1))
            return y

    found = measured(Normalised(), (7, 7), "norm", (2, 2))
    assert found.heat[2:5, 2:5].min() > 1e-4
    assert found.outside == 0


@pytest.mark.parametrize("unit", [(0, 0), (0, 3), (3, 3)])
def test_nothing_outside_the_theoretical_area_moves_the_unit(unit: tuple[int, int]) -> None:
    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Conv2d(3, 4, 7, 2, 3), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, padding=1)
    )
    found = measured(module, (32, 32), "3", unit, inputs=4, c=3)
    assert found.outside == 0
    assert found.certainty == "exact"
    assert found.clipped is not None
    y0, x0, y1, x1 = found.clipped
    assert found.cells == (y1 - y0) * (x1 - x0)


def test_mass_that_lies_outside_is_told() -> None:
    heat = np.ones((4, 4), np.float32)
    assert Effective("a", (0, 0), heat, (0, 0, 2, 4), (0, 0, 2, 4), "exact", "", 1).outside == 0.5  # type: ignore[arg-type]


def test_the_least_number_of_cells_that_hold_the_mass() -> None:
    def of(*values: float) -> int:
        return Effective("a", None, np.array([values], np.float32), None, None, "unknown", "", 1).cells_95

    assert of(*[1.0] * 100) == 95
    assert of(0, 96, 0, 4) == 1
    assert of(94, 3, 3) == 2
    assert of(0, 0) == 0


def test_the_whole_output_of_a_layer_without_positions() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5))
    found = measured(module, (8, 8), "2")
    assert (found.unit, found.certainty, found.clipped) == (None, "whole input", (0, 0, 8, 8))
    assert found.cells_95 > 30


def test_a_gate_makes_the_whole_input_count() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(x)
            return y * torch.sigmoid(y.mean((2, 3), keepdim=True))

    found = measured(Gated(), (9, 9), "multiply", (4, 4))
    assert (found.certainty, found.clipped) == ("whole input", (0, 0, 9, 9))
    assert 0 < found.heat[0, 0] < found.heat[4, 4]


def test_what_is_unknown_has_heat_and_no_area() -> None:
    class Sums(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.cumsum(3)

    found = measured(Sums(), (4, 4), "cumsum", (1, 2))
    assert (found.certainty, found.box, found.cells, found.share_95, found.outside) == ("unknown", *[None] * 4)
    np.testing.assert_array_equal(found.heat > 0, np.outer([0, 1, 0, 0], [1, 1, 1, 0]) > 0)


def test_the_input_itself() -> None:
    found = measured(stack(1), (5, 5), "input", (1, 4))
    assert np.argwhere(found.heat).tolist() == [[1, 4]]


# what a network may do


class Caching(nn.Module):
    """Keeps a tensor that it made when it first ran."""

    table: Tensor | None = None

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.table is None:
            self.table = torch.linspace(1, 2, 3)
        y: Tensor = self.conv(x)
        return y * self.table


def test_tensors_that_were_made_while_maps_were_looked_at() -> None:
    with torch.inference_mode():
        module = Caching()
        trace(module, torch.zeros(1, 1, 5, 5))
        graph = trace(module, torch.zeros(1, 1, 5, 5))
        x = torch.randn(1, 1, 5, 5)
    assert module.table is not None
    assert module.table.is_inference()
    assert module.conv.weight.is_inference()
    with torch.inference_mode():  # as in a thread that never leaves it
        heat = influence(module, graph, x, graph["multiply"], (1, 1))
    assert (heat[1:4, 1:4] > 0).all()
    assert heat.sum() == pytest.approx(heat[1:4, 1:4].sum())


def test_the_network_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)).eval()
    module[1].weight.requires_grad_(False)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    graph, x = trace(module, torch.zeros(1, 1, 6, 6)), torch.randn(1, 1, 6, 6)
    same = x.clone()
    influence(module, graph, x, graph["2"], (1, 1))
    assert torch.equal(x, same)
    assert [p.grad for p in module.parameters()] == [None] * 4
    assert [p.requires_grad for p in module.parameters()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not [hook for m in module.modules() for hook in (*m._forward_hooks, *m._forward_pre_hooks)]


def test_a_network_in_half_precision_is_followed_in_float32() -> None:
    torch.manual_seed(3)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)).to(torch.bfloat16).eval()
    exact = copy.deepcopy(module).float()
    half = trace(module, torch.zeros(1, 1, 9, 9, dtype=torch.bfloat16))
    x = torch.randn(1, 1, 9, 9)
    found = influence(module, half, x, half["2"], (2, 2))
    single = trace(exact, x)
    np.testing.assert_allclose(found, influence(exact, single, x, single["2"], (2, 2)), rtol=1e-5)
    assert module[0].weight.dtype == torch.bfloat16


def test_it_runs_only_as_far_as_the_layer() -> None:
    class Late(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            assert not x.requires_grad, "it went on"
            return x * 1

    module = nn.Sequential(nn.Conv2d(1, 1, 3), Late())
    assert measured(module, (5, 5), "0").cells_95 > 0


def test_on_another_device() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)).eval()
    x = torch.randn(1, 1, 5, 5)
    here = trace(module, x)
    expected = influence(module, here, x, here["3"], None)
    with pretend_device():
        there = copy.deepcopy(module).to(DEVICE)
        assert isinstance(there[0].weight, Tensor)
        graph = trace(there, x.to(DEVICE))
        found = influence(there, graph, x.to(DEVICE), graph["3"], None)
        assert isinstance(x.to(DEVICE), PretendTensor)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


# sentences


class Ends(nn.Module):
    """Ends in an op that ``how`` does."""

    def __init__(self, how: Any) -> None:
        super().__init__()
        self.conv, self.how = nn.Conv2d(1, 3, 3), how

    def forward(self, x: Tensor) -> Any:
        return self.how(self.conv(x))


@pytest.mark.parametrize("how", [lambda y: y.argmax(1), lambda y: y.detach() + 1, torch.no_grad()(lambda y: y + 1)])
def test_a_layer_without_a_gradient_says_so(how: Any) -> None:
    module = Ends(how)
    graph = trace(module, torch.zeros(1, 1, 5, 5))
    with pytest.raises(NetworkError, match="has no gradient"):
        measured(module, (5, 5), graph.output.id)


def test_weights_are_no_way_back_to_the_input() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 3, 3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(x.detach())
            return y

    with pytest.raises(NetworkError, match="has no gradient"):
        measured(Cut(), (5, 5), "conv")


def test_a_gradient_that_is_not_finite_says_so() -> None:
    with pytest.raises(ForwardError, match="not finite"):
        measured(Ends(lambda y: y * math.inf), (5, 5), "multiply")


def test_a_backward_that_fails_is_a_sentence() -> None:
    class Stubborn(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            raise RuntimeError("there is no way\nback")

    module = Ends(lambda y: functional.relu(Stubborn.apply(y)))
    with pytest.raises(ForwardError, match="there is no way back"):
        measured(module, (5, 5), "relu")


@pytest.mark.parametrize("unit", [(3, 0), (0, 3), (-1, 0)])
def test_a_unit_outside_the_map(unit: tuple[int, int]) -> None:
    with pytest.raises(NetworkError, match="its rows are 0 to 2, its columns 0 to 2"):
        measured(stack(1), (5, 5), "0", unit)


def test_a_unit_of_a_layer_without_maps() -> None:
    with pytest.raises(NetworkError, match="leave the unit out"):
        measured(nn.Sequential(nn.Flatten(), nn.Linear(25, 2)), (5, 5), "1", (0, 0))


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(NetworkError, match="There is no layer called “conv1”"):
        measured(stack(2), (7, 7), "conv1")


def test_an_input_without_rows_and_columns() -> None:
    graph = trace(nn.Conv1d(2, 3, 3), torch.zeros(1, 2, 9))
    with pytest.raises(NetworkError, match="no rows and columns"):
        unmeasured(analyse(graph), "conv1d")
