"""Why a network answers: against captum where it is right, and against float64 references where it is silent."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from explorer.attribution.methods import METHODS, Explanation, Method, Target, cam_layer, check, method, unfit
from explorer.attribution.why import Run, explain, randomised
from explorer.errors import ExplorerError, ForwardError, NetworkError, PersonError
from explorer.graph.trace import trace
from tests.receptive.oracle import narrow

CLASS = 3
INPUT = [name for name, one in METHODS.items() if one.kind == "input"]


class Plain(nn.Module):
    """Every op a module of its own, nothing in place: what captum's hooks are made for."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(inplace),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, padding=1),
            nn.ReLU(inplace),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.ReLU(inplace),
        )
        self.head = nn.Linear(12, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean((2, 3)))


class Functional(Plain):
    """The same sums by functions, in place, with a statement that throws its result away."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.features:
            if isinstance(layer, nn.ReLU):
                x.relu_()
            else:
                x = layer(x)
        return self.head(x.mean((2, 3)))


class Smooth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.head = nn.Conv2d(3, 4, 3), nn.SiLU(), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.act(self.conv(x)).mean((2, 3)))


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return make().eval()


@lru_cache
def like(name: str) -> nn.Module:
    """Return a narrow copy of a torchvision network, with weights that let something through."""
    torch.manual_seed(1)
    with pytest.warns() if name == "googlenet" else contextlib.nullcontext():
        module = narrow(torchvision.models.get_model(name, weights=None)).eval()
    for m in module.modules():
        if isinstance(m, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(m.weight)
            if m.bias is not None:
                nn.init.uniform_(m.bias, -0.1, 0.1)
    return module


def asked(
    module: nn.Module, name: str, x: Tensor, target: Target | None = None, layer: str = "", **more: int
) -> Explanation:
    graph = trace(module, x)
    found = check(graph, target or Target("", CLASS))
    how = method(name)
    if how.kind == "layer":
        layer = layer or cam_layer(graph, found.layer).id
    *_parts, (done, of, answer) = explain(how, Run(module, graph, x, found, layer, **more))
    assert done == of
    assert answer is not None
    return answer


@pytest.fixture
def x() -> Tensor:
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def same(found: Any, expected: Tensor, rtol: float = 1e-5) -> None:
    wanted = expected.detach().double().numpy()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=rtol * np.abs(wanted).max())
    assert np.abs(wanted).max() > 0


def captums(name: str, module: nn.Module, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    match name:
        case "saliency":
            return captum.attr.Saliency(module).attribute(x, target=CLASS)
        case "input-x-gradient":
            return captum.attr.InputXGradient(module).attribute(x, target=CLASS)
        case "integrated-gradients":
            return captum.attr.IntegratedGradients(module).attribute(x, target=CLASS, n_steps=50)
        case "guided-backprop":
            return captum.attr.GuidedBackprop(module).attribute(x, target=CLASS)
        case "deconvnet":
            return captum.attr.Deconvolution(module).attribute(x, target=CLASS)
    raise AssertionError(name)


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.filterwarnings("ignore:Input Tensor")
@pytest.mark.parametrize("name", [name for name in INPUT if name != "smoothgrad"])
def test_gradients_are_captums(name: str, x: Tensor) -> None:
    module = seeded(Plain)
    expected = captums(name, copy.deepcopy(module), x)[0]
    found = asked(module, name, x)
    same(np.abs(found.values) if name == "saliency" else found.values, expected)
    reduced = expected.sum(0) if METHODS[name].signed else expected.abs().amax(0)
    same(found.heat, reduced)
    assert found.value == pytest.approx(float(module(x)[0, CLASS].detach()), rel=1e-5)


def test_occlusion_is_captums_over_every_corner(x: Tensor) -> None:
    module = seeded(Plain)
    for patch, stride in ((8, 8), (7, 5), (32, 4)):
        wanted = captum.attr.Occlusion(module).attribute(
            x, (3, patch, patch), target=CLASS, strides=(3, stride, stride), baselines=0
        )
        same(asked(module, "occlusion", x, patch=patch, stride=stride).heat, wanted[0, 0], 1e-4)


def test_smoothgrad_is_the_mean_gradient_of_the_same_noise(x: Tensor) -> None:
    module = seeded(Plain)
    twin, draw = copy.deepcopy(module).double(), torch.Generator().manual_seed(0)
    total = torch.zeros_like(x, dtype=torch.float64)
    for _copy in range(25):
        noisy = x + torch.randn(x.shape, generator=draw) * 0.15 * (x.max() - x.min())
        noisy = noisy.double().requires_grad_()
        total += torch.autograd.grad(twin(noisy)[0, CLASS], noisy)[0]
    same(asked(module, "smoothgrad", x).heat, (total / 25)[0].abs().amax(0))


def reference(name: str, module: Plain, x: Tensor, cut: int) -> Tensor:
    """Return the weighted maps after ``features[:cut]``, in float64 and from the papers alone."""
    twin = copy.deepcopy(module).double()
    maps = twin.features[:cut](x.double()).detach().requires_grad_()
    score = twin.head(twin.features[cut:](maps).mean((2, 3)))[0, CLASS]
    (g,) = torch.autograd.grad(score, maps)
    a, g = maps[0].detach(), g[0]
    weights = torch.zeros_like(a)
    for k in range(len(a)):
        if name == "grad-cam":
            weights[k] = g[k].sum() / g[k].numel()
        elif name == "layer-cam":
            weights[k] = g[k].clamp(min=0)
        else:
            total, whole = 0.0, float(a[k].sum())
            for v in g[k].flatten().tolist():
                total += v**2 / (2 * v**2 + whole * v**3) * max(v, 0.0) if v else 0.0
            weights[k] = total
    return (weights * a).sum(0).clamp(min=0)


@pytest.mark.parametrize("cut", [2, 5])
@pytest.mark.parametrize("name", ["grad-cam", "grad-cam++", "layer-cam"])
def test_cams_are_the_papers(name: str, cut: int, x: Tensor) -> None:
    module = seeded(Plain)
    expected = reference(name, module, x, cut)
    found = asked(module, name, x, layer=f"features.{cut - 1}")
    same(found.values, expected)
    enlarged = functional.interpolate(expected[None, None], (32, 32), mode="bilinear", align_corners=False)
    same(found.heat, enlarged[0, 0])


@pytest.mark.parametrize("layer", [0, 3, 5])
def test_grad_cam_is_captums_where_nothing_is_in_place(layer: int, x: Tensor) -> None:
    module = seeded(Plain)
    part = module.get_submodule(f"features.{layer}")
    expected = captum.attr.LayerGradCam(module, part).attribute(x, target=CLASS, relu_attributions=True)
    same(asked(module, "grad-cam", x, layer=f"features.{layer}").values, expected[0, 0])


@pytest.mark.parametrize("name", METHODS)
def test_what_is_written_in_place_or_by_functions_changes_nothing(name: str, x: Tensor) -> None:
    plain = asked(seeded(Plain), name, x, layer="features.3", patch=8, stride=8)
    torch.manual_seed(0)
    for other in (Plain(inplace=True).eval(), seeded(Functional)):
        found = asked(other, name, x, layer="features.3", patch=8, stride=8)
        np.testing.assert_allclose(found.heat, plain.heat, rtol=1e-5, atol=1e-7)
    if name == "grad-cam":  # taken after the ReLU that overwrites it, no map of a convolution is below 0
        graph = trace(seeded(lambda: Plain(True)), x)
        run = Run(seeded(lambda: Plain(True)), graph, x, check(graph, Target("", 0)))
        assert (run.flow(layers=("features.3",)).maps["features.3"] < 0).any()


@pytest.mark.parametrize("network", ["vgg16", "googlenet", "densenet121"])
@pytest.mark.parametrize("name", METHODS)
def test_each_method_runs_on_each_network(name: str, network: str) -> None:
    module = like(network)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    found = asked(module, name, x, patch=32, stride=32)
    assert found.heat.shape == (64, 64)
    assert np.isfinite(found.heat).all()
    assert METHODS[name].kind == "layer" or np.abs(found.heat).max() > 0  # a map may tell against the class everywhere
    assert METHODS[name].signed or found.heat.min() >= 0
    twin = copy.deepcopy(module).double()
    assert found.value == pytest.approx(float(twin(x.double())[0, CLASS].detach()), rel=1e-4, abs=1e-6)


def test_integrated_gradients_take_more_steps_until_they_are_complete() -> None:
    module = seeded(lambda: nn.Sequential(Plain(), nn.Softmax(1)))
    torch.nn.init.normal_(module[0].head.weight, std=30)  # steep: fifty steps miss it
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    found = asked(module, "integrated-gradients", x)
    with torch.no_grad():
        change = module(x)[0, CLASS] - module(torch.zeros_like(x))[0, CLASS]
    missed = abs(found.heat.sum(dtype=np.float64) - float(change)) / abs(float(change))
    assert found.completeness == pytest.approx(missed, abs=1e-3)
    assert asked(seeded(Plain), "integrated-gradients", x).completeness < 0.01  # type: ignore[operator]


@pytest.mark.parametrize("name", METHODS)
def test_any_unit_of_any_layer_may_be_the_target(name: str, x: Tensor) -> None:
    module = seeded(Plain)
    target = Target("features.5", 4, 3, 6)
    found = asked(module, name, x, target, patch=8, stride=4)
    twin = copy.deepcopy(module).double()
    with torch.no_grad():
        assert found.value == pytest.approx(float(twin.features[:6](x.double())[0, 4, 3, 6]), rel=1e-5)
    box = np.zeros((32, 32), bool)
    box[0:14, 4:22] = True  # by hand: 3×3, 3×3 on the halved map, 3×3 before the pool
    if METHODS[name].kind == "input":
        assert np.abs(found.heat[~box]).max() == 0
    assert np.abs(found.heat[box]).max() > 0


class Breaks(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.left = inner, 1

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        if self.left < 0:
            y = self.inner.features[:3](x)
            raise RuntimeError(f"broken at {tuple(y.shape)}")
        return self.inner(x)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_left_behind_whether_it_ends_well_or_not(name: str, x: Tensor) -> None:
    inner = seeded(Plain)
    before = {key: value.clone() for key, value in inner.state_dict().items()}
    asked(inner, name, x, patch=16, stride=16)
    with pytest.raises(ForwardError, match="broken at"):
        asked(Breaks(inner), name, x, layer="inner.features.3", patch=16, stride=16)
    for part in inner.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
        assert not part._backward_hooks
    for parameter in inner.parameters():
        assert parameter.grad is None
        assert parameter.requires_grad
        assert not parameter._backward_hooks
    assert all(torch.equal(before[key], value) for key, value in inner.state_dict().items())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("name", ["guided-backprop", "deconvnet"])
def test_a_relu_with_a_ceiling_follows_the_same_rule(name: str, x: Tensor) -> None:
    """By hand, in float64: at the ReLU6 no negative gradient enters, or the ReLU itself is passed backwards."""
    torch.manual_seed(3)
    module = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU6(inplace=True), nn.Conv2d(6, 4, 3)).eval()
    target = Target("2", 1, 5, 5)
    twin = copy.deepcopy(module).double()
    first = twin[0](10 * x.double()).detach()
    second = torch.zeros(1, 4, 28, 28, dtype=torch.float64)
    second[0, 1, 5, 5] = 1
    entering = functional.conv_transpose2d(second, twin[2].weight).clamp(min=0)
    leaving = entering * ((first > 0) & (first < 6)) if name == "guided-backprop" else entering
    assert (first > 6).any()
    expected = functional.conv_transpose2d(leaving, twin[0].weight)[0]
    same(asked(module, name, 10 * x, target).values, expected)


@pytest.mark.parametrize("name", ["guided-backprop", "deconvnet"])
def test_a_method_that_needs_relus_says_so_beforehand(name: str, x: Tensor) -> None:
    graph = trace(seeded(Smooth), x)
    assert "ReLU" in unfit(METHODS[name], graph)
    assert unfit(METHODS["saliency"], graph) == unfit(METHODS["grad-cam"], graph) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda g: check(g, Target("", 7)), "no class 7"),
        (lambda g: check(g, Target("", -1)), "no class -1"),
        (lambda g: check(g, Target("features.9", 0)), "no layer called"),
        (lambda g: check(g, Target("features.0", 8)), "no channel 8"),
        (lambda g: check(g, Target("features.0", 0, 32, 0)), "no unit 32 0"),
        (lambda g: check(g, Target("", 0, 1, 1)), "no rows and columns"),
        (lambda g: cam_layer(g, "features.0"), "no maps"),
        (lambda _g: method("gradcam"), "grad-cam"),
    ],
)
def test_what_is_not_there_is_said(wrong: Callable[[Any], Any], words: str, x: Tensor) -> None:
    graph = trace(seeded(Plain), x)
    with pytest.raises(ExplorerError, match=words):
        wrong(graph)


def test_a_layer_that_does_not_lead_to_the_target(x: Tensor) -> None:
    with pytest.raises(NetworkError, match="does not lead"):
        asked(seeded(Plain), "grad-cam", x, Target("features.0", 1), layer="features.5")


class DeadEnd(nn.Module):
    """Changes maps that have been used already, and makes some that nobody uses."""

    def __init__(self) -> None:
        super().__init__()
        self.c, self.beside, self.f = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        h = self.c(x)
        pooled = (h * 2).mean((2, 3))
        self.beside(h)
        h.mul_(0)
        return self.f(pooled)


def test_the_usual_maps_are_the_last_ones_that_lead_to_the_answer(x: Tensor) -> None:
    found = asked(seeded(DeadEnd), "grad-cam", x)
    assert found.layer == "multiply"
    assert found.heat.max() > 0


def test_a_patch_larger_than_the_picture(x: Tensor) -> None:
    with pytest.raises(NetworkError, match="does not fit"):
        asked(seeded(Plain), "occlusion", x, patch=33, stride=8)


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(PersonError, match="saliency"):
        method("salience")


def test_the_randomised_copy_has_the_same_numbers_in_another_order(x: Tensor) -> None:
    module = seeded(Plain)
    other = randomised(module)
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine.flatten().sort()[0], theirs.flatten().sort()[0])
    assert not torch.equal(module(x), other(x))
    a, b = asked(module, "saliency", x).heat, asked(other, "saliency", x).heat
    assert np.corrcoef(a.flatten(), b.flatten())[0, 1] < 0.9


def test_every_method_is_told_with_its_source() -> None:
    for one in METHODS.values():
        assert isinstance(one, Method)
        assert "arXiv" in one.source or "doi" in one.source


class WritesIntoItsInput(Plain):
    """Prepares the picture where it lies."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.sub_(0.5).mul_(2.0))


class Copies(Plain):
    """The same, in a copy."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.sub(0.5).mul(2.0))


@pytest.mark.parametrize("name", METHODS)
def test_a_network_that_writes_into_its_input_is_asked_about_the_same_picture(name: str, x: Tensor) -> None:
    kept = x.clone()
    found, expected = asked(seeded(WritesIntoItsInput), name, x), asked(seeded(Copies), name, kept)
    assert torch.equal(x, kept)
    np.testing.assert_array_equal(found.heat, expected.heat)
    assert (found.value, found.completeness) == (expected.value, expected.completeness)


class OfTheLength(Plain):
    """Divides by the picture's length, which zeros do not have."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.norm())


def test_what_is_missed_of_a_change_that_is_no_number_is_not_told(x: Tensor) -> None:
    assert asked(seeded(OfTheLength), "integrated-gradients", x).completeness is None


def test_a_heat_of_covered_patches_that_is_not_finite_is_no_answer(x: Tensor) -> None:
    x[0, 0, 0, 0] = torch.nan
    with pytest.raises(ForwardError, match="not finite"):
        asked(seeded(Plain), "occlusion", x)
