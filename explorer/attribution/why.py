"""Why a network answers as it does: each method of ``methods.METHODS``, step by step, on a prepared input.

Every method runs the network as it is traced, one input at a time, and leaves nothing behind in it. A heat at the input
is the largest size over the channels (Simonyan et al. 2013, section 3) or, where its sign counts, their sum.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.attribution.gradients import Flow, Rule, deconvolved, flow, guided, picked
from explorer.attribution.methods import Explanation, Method, Target
from explorer.capture import capture
from explorer.errors import ForwardError, NetworkError
from explorer.graph.values import Graph
from explorer.text import N_
from explorer.values import Floats

INTEGRATED, MOST_INTEGRATED = 50, 400
"""Steps of integrated gradients at first, and at most where they miss the answer by more than ``COMPLETE``."""
COMPLETE = 0.01
SMOOTH, NOISE = 25, 0.15
"""Copies of SmoothGrad, and the noise on them as a share of the input's range; Smilkov et al. 2017, section 3.2."""
PATCH, STRIDE = 32, 16
"""Of occlusion, cells of the input."""
RULES: dict[str, Rule] = {"guided-backprop": guided, "deconvnet": deconvolved}


@dataclass(frozen=True, eq=False)
class Run:
    """What every method gets.

    Attributes:
        module: the network, in eval mode.
        graph: how it ran when it was traced.
        x: float (1, C, H, W) as the network gets it.
        target: checked.
        layer: whose maps are weighted; "" for methods of the input.
        patch, stride: of occlusion, input cells.
    """

    module: nn.Module
    graph: Graph
    x: Tensor
    target: Target
    layer: str = ""
    patch: int = PATCH
    stride: int = STRIDE

    def flow(self, x: Tensor | None = None, rule: Rule | None = None, layers: Sequence[str] = ()) -> Flow:
        """Return one run to the target and back to some layers; without any, to the input."""
        return flow(self.module, self.graph, self.x if x is None else x, self.target, layers, rule)

    def value(self, x: Tensor) -> float:
        """Return the target's number for another input, which is left untouched; without gradients."""
        layer = self.graph[self.target.layer]
        reducers = {layer.id: lambda out: picked(out, layer, self.target).item()}
        taken = capture(self.module, self.graph, x.clone(), reducers)  # a network may write into its input
        return float(taken.values[layer.id])


Part = tuple[int, int, Explanation | None]
"""Steps done, steps in all, and after the last one the answer."""


def explain(method: Method, run: Run) -> Iterator[Part]:
    """Yield after each forward or backward pass how far the answer is; the last carries it.

    Raises:
        NetworkError, ForwardError, DeviceError, OtherPath: as ``gradients.flow``; the heat is not finite.
    """
    match method.kind:
        case "layer":
            yield 1, 1, _cam(method, run)
        case "patches":
            yield from _occlusion(method, run)
        case "input" if method.name == "integrated-gradients":
            yield from _integrated(method, run)
        case "input" if method.name == "smoothgrad":
            yield from _smooth(method, run)
        case "input":
            found = run.flow(rule=RULES.get(method.name))
            values = found.gradient[0]
            if method.name == "input-x-gradient":
                values = values * run.x[0].float()
            yield 1, 1, _at_input(method, run, found.value, values)


def _at_input(method: Method, run: Run, value: float, values: Tensor, completeness: float | None = None) -> Explanation:
    heat = values.sum(0) if method.signed else values.abs().amax(0)
    return Explanation(method.name, run.target, value, _floats(heat, run), "", _floats(values, run), completeness)


def _floats(values: Tensor, run: Run) -> Floats:
    found: Floats = values.detach().float().contiguous().cpu().numpy()
    if not np.isfinite(found).all():
        raise ForwardError(
            N_("The gradient of {layer} is not finite: the input or the weights hold NaN, infinite or huge values."),
            layer=run.target.layer,
        )
    return found


def _cam(method: Method, run: Run) -> Explanation:
    """Weight a layer's maps A by their gradients g; the sum over channels, without what is below 0."""
    found = run.flow(layers=(run.layer,))
    maps, grads = found.maps[run.layer][0], found.gradients[run.layer].float()[0]
    weighted = (WEIGHTS[method.name](maps, grads) * maps).sum(0).relu()
    heat = functional.interpolate(weighted[None, None], run.graph.input[1:], mode="bilinear", align_corners=False)
    return Explanation(
        method.name, run.target, found.value, _floats(heat[0, 0], run), run.layer, _floats(weighted, run)
    )


def _grad_cam(_maps: Tensor, grads: Tensor) -> Tensor:
    """Selvaraju et al. 2017, equation 1: the mean gradient of each channel."""
    return grads.mean((1, 2), keepdim=True)


def _grad_cam_pp(maps: Tensor, grads: Tensor) -> Tensor:
    """Chattopadhay et al. 2018, equations 10 and 19: g² ÷ (2 g² + Σ A · g³) at each place, times what is positive of g.

    Σ A runs over the map's places; the derivatives are those of the exponential of the target.
    """
    below = 2 * grads**2 + maps.sum((1, 2), keepdim=True) * grads**3
    alphas = torch.where(below != 0, grads**2 / torch.where(below != 0, below, torch.ones_like(below)), 0)
    return (alphas * grads.relu()).sum((1, 2), keepdim=True)


def _layer_cam(_maps: Tensor, grads: Tensor) -> Tensor:
    """Jiang et al. 2021, equation 4: each place by what is positive of its own gradient."""
    return grads.relu()


WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad-cam": _grad_cam,
    "grad-cam++": _grad_cam_pp,
    "layer-cam": _layer_cam,
}


def _integrated(method: Method, run: Run) -> Iterator[Part]:
    """Sum the gradients on the straight way from zeros, by Gauss–Legendre; with more steps where they miss the change.

    Sundararajan et al. 2017, equation 1, and proposition 1 for what the sum must be.
    """
    x = run.x.float()
    value, without = run.value(run.x), run.value(torch.zeros_like(run.x))
    change, steps, done = value - without, INTEGRATED, 0
    while True:
        places, weights = np.polynomial.legendre.leggauss(steps)
        total = torch.zeros_like(x)
        for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
            total += run.flow(x * float(place)).gradient * float(weight)
            done += 1
            yield done, done + max(1, round(steps * (1 - place))), None
        values = (total * x)[0]
        missed: float | None = abs(float(values.double().sum()) - change) / max(abs(change), 1e-12)
        if not math.isfinite(change):  # of zeros the network makes no number, with which nothing can be compared
            missed = None
        if missed is None or missed <= COMPLETE or steps * 2 > MOST_INTEGRATED:
            yield done, done, _at_input(method, run, value, values, missed)
            return
        steps *= 2


def _smooth(method: Method, run: Run) -> Iterator[Part]:
    x = run.x.float()
    noise, deviation = torch.Generator().manual_seed(0), NOISE * float(x.max() - x.min())
    total, value = torch.zeros_like(x), 0.0
    for number in range(SMOOTH):
        drawn = torch.randn(x.shape, generator=noise).to(x.device)
        total += run.flow(x + drawn * deviation).gradient
        if number + 1 < SMOOTH:
            yield number + 1, SMOOTH, None
    value = run.value(run.x)
    yield SMOOTH, SMOOTH, _at_input(method, run, value, (total / SMOOTH)[0])


def _occlusion(method: Method, run: Run) -> Iterator[Part]:
    """Cover one patch after the other with zeros, in most networks the mean colour; each cell gets the mean fall of the
    answer over the patches that cover it.
    """
    _channels, rows, columns = run.graph.input
    if run.patch > min(rows, columns):
        raise NetworkError(
            N_("A patch of {patch} cells does not fit into an input of {rows} × {columns}: choose a smaller one."),
            patch=run.patch,
            rows=rows,
            columns=columns,
        )
    corners = [(y, x) for y in _starts(rows, run) for x in _starts(columns, run)]
    value = run.value(run.x)
    falls, covered = np.zeros((rows, columns)), np.zeros((rows, columns))
    for number, (y, x) in enumerate(corners, 1):
        hidden = run.x.clone()
        hidden[..., y : y + run.patch, x : x + run.patch] = 0
        falls[y : y + run.patch, x : x + run.patch] += value - run.value(hidden)
        covered[y : y + run.patch, x : x + run.patch] += 1
        if number < len(corners):
            yield number, len(corners), None
    heat = (falls / np.maximum(covered, 1)).astype(np.float32)
    if not np.isfinite(heat).all():
        raise ForwardError(N_("The output is not finite: the input or the weights hold NaN, infinite or huge values."))
    yield len(corners), len(corners), Explanation(method.name, run.target, value, heat, "", heat[None])


def _starts(size: int, run: Run) -> range:
    """Return where patches begin; the last may reach over the edge, so that every cell is covered."""
    count = -(-(size - run.patch) // run.stride) + 1
    return range(0, count * run.stride, run.stride)


def randomised(module: nn.Module, seed: int = 0) -> nn.Module:
    """Return a copy of a network whose weights were shuffled within each tensor, so that it knows nothing.

    A heat that stays the same tells of the picture, not of what was learned (Adebayo et al. 2018, arXiv:1810.03292).

    Raises:
        NetworkError: the network cannot be copied.
    """
    try:
        other = copy.deepcopy(module)
    except Exception as error:
        raise NetworkError(
            N_("The network cannot be copied ({reason}), so that no copy with random weights can be asked."),
            reason=" ".join(f"{type(error).__name__}: {error}".split()),
        ) from error
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in other.parameters():
            order = torch.randperm(parameter.numel(), generator=draw).to(parameter.device)
            parameter.copy_(parameter.reshape(-1)[order].reshape(parameter.shape))
    return other
