"""Every row computed again in float64 from its inputs' captured maps and its attributes alone.

One oracle for four things at once: which layers an op takes, its attributes, the moment at which a map was taken (an
overwritten one would not fit), and its value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from explorer.capture import capture, clones
from explorer.graph.trace import trace
from explorer.graph.values import INPUT, Layer
from tests.graph.odd import Odd
from tests.graph.uncommon import Uncommon

Replay = Callable[[Layer, list[Tensor], nn.Module], Tensor | None]


def weights(layer: Layer, network: nn.Module) -> dict[str, Tensor] | None:
    """The module's own tensors in float64, where the layer is a module."""
    try:
        module = network.get_submodule(layer.name)
    except AttributeError:
        return None
    found = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
    return {name: t.detach().double() for name, t in found.items() if t.is_floating_point()}


def conv(layer: Layer, x: list[Tensor], network: nn.Module) -> Tensor | None:
    own = weights(layer, network)
    if not own:
        return None
    a = layer.attributes
    (top, bottom), (left, right) = a["padding"]
    padded = functional.pad(x[0][None], (left, right, top, bottom))
    assert list(own["weight"].shape[2:]) == a["kernel"]
    assert ("bias" in own) == a["bias"]
    return functional.conv2d(padded, own["weight"], own.get("bias"), a["stride"], 0, a["dilation"], a["groups"])[0]


def conv_transpose(layer: Layer, x: list[Tensor], network: nn.Module) -> Tensor:
    """Every value spread by the kernel, cell by cell, as the definition has it."""
    own = weights(layer, network)
    assert own
    a, weight = layer.attributes, own["weight"]
    assert list(weight.shape[2:]) == a["kernel"]
    (top, _), (left, _) = a["padding"]
    (sy, sx), (dy, dx), groups = a["stride"], a["dilation"], a["groups"]
    c, h, w = x[0].shape
    per = weight.shape[1]
    height, width = (h - 1) * sy + dy * (weight.shape[2] - 1) + 1, (w - 1) * sx + dx * (weight.shape[3] - 1) + 1
    full = torch.zeros(layer.output[0], height + a["output_padding"][0], width + a["output_padding"][1]).double()
    for g in range(groups):
        part, rows = x[0][g * c // groups : (g + 1) * c // groups], weight[g * c // groups : (g + 1) * c // groups]
        for i in range(weight.shape[2]):
            for j in range(weight.shape[3]):
                spread = torch.einsum("chw,co->ohw", part, rows[:, :, i, j])
                full[g * per : (g + 1) * per, i * dy : i * dy + h * sy : sy, j * dx : j * dx + w * sx : sx][
                    :, :h, :w
                ] += spread
    (_, bottom), (_, right) = a["padding"]
    cut = full[:, top : full.shape[1] - bottom, left : full.shape[2] - right]
    return cut + own["bias"].view(-1, 1, 1) if a["bias"] else cut


def batch_norm(layer: Layer, x: list[Tensor], network: nn.Module) -> Tensor | None:
    own = weights(layer, network)
    if not own:
        return None
    shape = (-1, *[1] * (x[0].dim() - 1))
    scale = own["weight"] / torch.sqrt(own["running_var"] + layer.attributes["eps"])
    return (x[0] - own["running_mean"].view(shape)) * scale.view(shape) + own["bias"].view(shape)


def layer_norm(layer: Layer, x: list[Tensor], network: nn.Module) -> Tensor | None:
    own = weights(layer, network)
    if not own:
        return None
    axis = layer.attributes["axis"]
    mean = x[0].mean(axis, keepdim=True)
    var = (x[0] - mean).square().mean(axis, keepdim=True)
    return (x[0] - mean) / torch.sqrt(var + layer.attributes["eps"]) * own["weight"] + own["bias"]


def linear(layer: Layer, x: list[Tensor], network: nn.Module) -> Tensor | None:
    own = weights(layer, network)
    if not own or "weight" not in own:
        return None
    assert (layer.attributes["out_features"], layer.attributes["in_features"]) == own["weight"].shape
    product = x[0] @ own["weight"].T
    return product + own["bias"] if layer.attributes["bias"] else product


def max_pool(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    sides = [before for before, _ in a["padding"]]
    return functional.max_pool2d(x[0][None], a["kernel"], a["stride"], sides, a["dilation"], a["ceil_mode"])[0]


def avg_pool(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    sides = [before for before, _ in a["padding"]]
    return functional.avg_pool2d(
        x[0][None], a["kernel"], a["stride"], sides, a["ceil_mode"], a["count_include_pad"], a["divisor_override"]
    )[0]


def lp_pool(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    assert a["padding"] == [[0, 0], [0, 0]]
    powers, area = x[0].abs()[None] ** a["norm"], a["kernel"][0] * a["kernel"][1]
    return (functional.avg_pool2d(powers, a["kernel"], a["stride"], 0, a["ceil_mode"]) * area)[0] ** (1 / a["norm"])


def adaptive_max(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    return functional.adaptive_max_pool2d(x[0], layer.attributes["output_size"])


def pool_indices(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    if "output_size" in a:
        return functional.adaptive_max_pool2d(x[0], a["output_size"], return_indices=True)[1].double()
    sides = [before for before, _ in a["padding"]]
    found = functional.max_pool2d(
        x[0][None], a["kernel"], a["stride"], sides, a["dilation"], a["ceil_mode"], return_indices=True
    )
    return found[1][0].double()


def windows(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    sides = [before for before, _ in a["padding"]]
    if layer.op == "fold":
        return functional.fold(x[0], a["output_size"], a["kernel"], a["dilation"], sides, a["stride"])
    return functional.unfold(x[0][None], a["kernel"], a["dilation"], sides, a["stride"])[0]


def best(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    """Largest, smallest and their places, over one axis, some or all."""
    axis, keep = layer.attributes["axis"], layer.attributes["keepdim"]
    if layer.op in ("argmax", "argmin") and isinstance(axis, list):
        return getattr(x[0], layer.op)().double()
    return getattr(x[0], layer.op)(axis, keepdim=keep).double()


def reduction(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    axis, keep = layer.attributes["axis"], layer.attributes["keepdim"]
    if axis is None or axis == []:
        return x[0]  # the batch of one
    return getattr(x[0], layer.op)(axis, keepdim=keep)


def written(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    whole = torch.zeros(layer.output).double() if a["into"] is None else x[a["into"]].clone()
    index = tuple(None if i == "new" else i if isinstance(i, int) else slice(*i) for i in a["index"])
    whole[index] = a["scalar"] if "scalar" in a else x[a["value"]]
    return whole


def arithmetic(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor | None:
    a = layer.attributes
    if len(x) == 2:
        left, right = x[0], x[1] * a.get("alpha", 1)
    elif "scalar" in a:
        left, right = x[0], torch.tensor(float(a["scalar"]), dtype=torch.float64)
        if a.get("reversed"):
            left, right = right, left
    elif layer.op in ("subtract", "divide") and a.get("reversed"):
        left, right = torch.ones(()).double(), x[0]  # the constant of ``Uncommon``
    else:
        return None  # with a weight or a constant
    operations = {
        "add": torch.add,
        "subtract": torch.sub,
        "multiply": torch.mul,
        "divide": torch.div,
        "power": torch.pow,
    }
    return operations[layer.op](left, right)


def cat(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor | None:
    axis, starts = layer.attributes["axis"], layer.attributes["starts"]
    ends = [start + map_.shape[axis] for start, map_ in zip(starts, x, strict=True)]
    if [0, *ends] != [*starts, layer.output[axis]]:
        return None  # a weight lies between
    return torch.cat(x, axis)


def pad(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    flat = [side for sides in reversed(a["padding"]) for side in sides]
    if a["mode"] == "constant":
        return functional.pad(x[0], flat, value=a["value"])
    return functional.pad(x[0][None], flat[:4], mode=a["mode"])[0]


def part(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor | None:
    index = layer.attributes["index"]
    if "gather" in index:
        return None
    return x[0][tuple(None if i == "new" else i if isinstance(i, int) else slice(*i) for i in index)]


def roll(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    return torch.roll(x[0], layer.attributes["shifts"], layer.attributes["axis"])


def interpolate(layer: Layer, x: list[Tensor], _network: nn.Module) -> Tensor:
    a = layer.attributes
    corners = a["align_corners"] if a["mode"] in ("bilinear", "bicubic") else None
    size = {"scale_factor": a["scale_factor"]} if a["scale_factor"] else {"size": a["output_size"]}
    return functional.interpolate(x[0][None], mode=a["mode"], align_corners=corners, antialias=a["antialias"], **size)[
        0
    ]


REPLAY: dict[str, Replay] = {
    "conv2d": conv,
    "conv_transpose2d": conv_transpose,
    "lp_pool2d": lp_pool,
    "adaptive_max_pool2d": adaptive_max,
    "max_pool_indices": pool_indices,
    **dict.fromkeys(["unfold", "fold"], windows),
    "unfold_axis": lambda layer, x, _: x[0].unfold(*(layer.attributes[n] for n in ("axis", "kernel", "stride"))),
    **dict.fromkeys(["amax", "amin", "argmax", "argmin"], best),
    "maximum": lambda layer, x, _: torch.where(x[0] > x[1], x[0], x[1]),
    "minimum": lambda layer, x, _: torch.where(x[0] < x[1], x[0], x[1]),
    "repeat": lambda layer, x, _: x[0].repeat(layer.attributes["repeats"]),
    "repeat_interleave": lambda layer, x, _: x[0].repeat_interleave(
        layer.attributes["repeats"], layer.attributes["axis"]
    ),
    "setitem": written,
    "abs": lambda layer, x, _: x[0].abs(),
    "pixel_shuffle": lambda layer, x, _: functional.pixel_shuffle(x[0], layer.attributes["factor"]),
    "pixel_unshuffle": lambda layer, x, _: functional.pixel_unshuffle(x[0], layer.attributes["factor"]),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "linear": linear,
    "max_pool2d": max_pool,
    "avg_pool2d": avg_pool,
    "adaptive_avg_pool2d": lambda layer, x, _: functional.adaptive_avg_pool2d(x[0], layer.attributes["output_size"]),
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "power"], arithmetic),
    "relu": lambda layer, x, _: x[0].clamp(min=0),
    "relu6": lambda layer, x, _: x[0].clamp(0, 6),
    "hardtanh": lambda layer, x, _: x[0].clamp(layer.attributes["min_val"], layer.attributes["max_val"]),
    "leaky_relu": lambda layer, x, _: torch.where(x[0] > 0, x[0], x[0] * layer.attributes["negative_slope"]),
    "elu": lambda layer, x, _: torch.where(x[0] > 0, x[0], layer.attributes["alpha"] * torch.expm1(x[0])),
    "gelu": lambda layer, x, _: x[0] * torch.special.ndtr(x[0]),
    "silu": lambda layer, x, _: x[0] / (1 + torch.exp(-x[0])),
    "sigmoid": lambda layer, x, _: 1 / (1 + torch.exp(-x[0])),
    "hardsigmoid": lambda layer, x, _: (x[0] / 6 + 0.5).clamp(0, 1),
    "hardswish": lambda layer, x, _: x[0] * (x[0] / 6 + 0.5).clamp(0, 1),
    "negate": lambda layer, x, _: -x[0],
    "clamp": lambda layer, x, _: x[0].clamp(layer.attributes["min"], layer.attributes["max"]),
    "dropout": lambda layer, x, _: x[0],
    "cat": cat,
    "stack": lambda layer, x, _: torch.stack(x, layer.attributes["axis"]),
    "flatten": lambda layer, x, _: x[0].flatten(layer.attributes["start"], layer.attributes["end"]),
    "reshape": lambda layer, x, _: x[0].reshape(layer.attributes["shape"]),
    "expand": lambda layer, x, _: x[0].expand(layer.attributes["shape"]),
    "permute": lambda layer, x, _: x[0].permute(layer.attributes["order"]),
    "slice": part,
    "pad": pad,
    "roll": roll,
    "flip": lambda layer, x, _: x[0].flip(layer.attributes["axis"]),
    "interpolate": interpolate,
    **dict.fromkeys(["mean", "sum"], reduction),
    "softmax": lambda layer, x, _: torch.softmax(x[0], layer.attributes["axis"]),
    "matmul": lambda layer, x, _: x[0] @ x[1] if len(x) == 2 and layer.attributes.get("equation") is None else None,
}


def small_densenet() -> nn.Module:
    return torchvision.models.DenseNet(8, (2, 3, 2), 16, num_classes=10)


def small_vit() -> nn.Module:
    return torchvision.models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10)


OWN: dict[str, Callable[[], nn.Module]] = {
    "odd": Odd,
    "uncommon": Uncommon,
    "densenet": small_densenet,
    "vit": small_vit,
}
NETWORKS: dict[str, tuple[int, dict[str, Any]]] = {
    "googlenet": (64, {"init_weights": False, "aux_logits": False, "transform_input": True}),
    "densenet": (64, {}),
    "resnet18": (65, {}),
    "squeezenet1_1": (64, {}),
    "mobilenet_v3_small": (64, {}),
    "shufflenet_v2_x1_0": (64, {}),
    "efficientnet_b0": (64, {}),
    "regnet_y_400mf": (64, {}),
    "convnext_tiny": (64, {}),
    "inception_v3": (96, {"init_weights": False}),
    "vit": (32, {}),
    "swin_t": (48, {}),
    "odd": (12, {}),
    "uncommon": (8, {}),
}


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel lengths:UserWarning")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_row_follows_from_its_inputs_and_attributes(name: str) -> None:
    size, arguments = NETWORKS[name]
    torch.manual_seed(0)
    network = (OWN[name]() if name in OWN else torchvision.models.get_model(name, weights=None, **arguments)).eval()
    for module in network.modules():  # running statistics and affine weights that leave their mark
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    x = torch.randn(1, 3, size, size).to(memory_format=torch.channels_last)
    network = network.to(memory_format=torch.channels_last)
    graph = trace(network, torch.zeros_like(x))
    kept = capture(network, graph, x, clones(graph)).values
    assert set(kept) == set(graph.by_id)
    maps = {layer.id: kept[layer.id].reshape(layer.output).double() for layer in graph}
    replayed = 0
    for layer in graph:
        assert layer.output == tuple(maps[layer.id].shape)
        assert "unread" not in layer.attributes, layer
        rule = REPLAY.get(layer.op)
        if rule is None or layer.id == INPUT:
            continue
        expected = rule(layer, [maps[name] for name in layer.inputs], network)
        if expected is not None:
            replayed += 1
            scale = max(float(expected.abs().max()), 1e-3)
            torch.testing.assert_close(
                maps[layer.id], expected, rtol=1e-4, atol=1e-5 * scale, msg=lambda text, at=layer: f"{at}: {text}"
            )
    assert replayed > 0.8 * (len(graph) - 1), "too few rows were checked"
