"""What people change of a network before they train it: its classes, its input's channels, the layers of its head."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from explorer.text import N_
from explorer.zoo.card import Task
from explorer.zoo.own.card import Remark

Shape = tuple[int, ...]
_COUNTS = ("num_classes", "num_columns")
"""What torchvision calls the number of classes in a module that reshapes the output of another."""
_PLAIN = (nn.Linear, nn.Dropout, nn.ReLU, nn.Hardswish, nn.BatchNorm1d, nn.Identity, nn.Flatten, nn.SiLU, nn.GELU)
"""Parts of a head that can be told by the names and shapes of its tensors, or have none."""


@dataclass(frozen=True)
class Step:
    """One layer of a head: its name, its kind, and numbers in and out; ``bias`` of a Linear, affine of a norm."""

    name: str
    kind: str
    inside: int = 0
    out: int = 0
    bias: bool = True

    def __str__(self) -> str:
        return f"Linear {self.inside} → {self.out}" if self.kind == "Linear" else self.kind


@dataclass(frozen=True)
class Changes:
    """What is to be changed of a network so that tensors fit it.

    Attributes:
        classes: how many it tells apart then; 0 for a network that ends with its features or does not classify.
        outputs: new numbers of outputs, by module.
        place: name of the module whose place a new head takes; "" for none.
        steps: the new head; none for a network that ends with its features.
        first, channels: the first convolution and how many channels it gets; "" and 0 where it stays.
        renamed: new names of tensors.
        remarks: what this assumes, for the person.
    """

    classes: int
    outputs: Mapping[str, int] = field(default_factory=dict)
    place: str = ""
    steps: tuple[Step, ...] = ()
    first: str = ""
    channels: int = 0
    renamed: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


def answer(module: nn.Module) -> str:
    """Return the name of the layer that gives the classes: the last Linear, or without one the last convolution."""
    for kind in (nn.Linear, nn.Conv2d):
        found = [name for name, one in module.named_modules() if isinstance(one, kind)]
        if found:
            return str(found[-1])
    return ""


def _part(module: nn.Module, name: str) -> Any:
    return module.get_submodule(name)


def changes(module: nn.Module, shapes: Mapping[str, Shape], task: Task) -> Changes:
    """Return what makes ``module`` take tensors of ``shapes``, as far as it can be told.

    Args:
        module: a network of the zoo.
        shapes: of the tensors, by name.
        task: what the network does; the head of one that detects or segments only changes its number of classes.
    """
    first, channels = _first(module, shapes)
    last = answer(module)
    if task == "classify" and last and isinstance(module.get_submodule(last), nn.Linear):
        own = {name: tuple(one.shape) for name, one in module.state_dict().items()}
        if head := _head(module, last, own, shapes):
            return replace(head, first=first, channels=channels)
    outputs = _outputs(module, shapes)
    if task != "classify":
        return Changes(0, outputs, first=first, channels=channels)
    classes = outputs.get(last) or (_part(module, last).weight.shape[0] if last else 0)
    return Changes(int(classes), outputs, first=first, channels=channels)


def apply(module: nn.Module, changes: Changes) -> None:
    """Change ``module``."""
    if changes.first:
        convolution = module.get_submodule(changes.first)
        assert isinstance(convolution, nn.Conv2d)
        convolution.in_channels = changes.channels
        out, _channels, *window = convolution.weight.shape
        convolution.weight = _empty(convolution, (out, changes.channels, *window))
    if changes.outputs:
        before = min(_part(module, name).weight.shape[0] for name in changes.outputs)
        after = min(changes.outputs.values())
        for name, one in module.named_modules():
            if any(output.startswith(f"{name}." if name else "") for output in changes.outputs):
                for attribute in _COUNTS:
                    if isinstance(count := getattr(one, attribute, None), int):
                        setattr(one, attribute, count * after // before)
    for name, count in changes.outputs.items():
        layer = _part(module, name)
        for attribute in ("out_features", "out_channels"):
            if hasattr(layer, attribute):
                setattr(layer, attribute, count)
        layer.weight = _empty(layer, (count, *layer.weight.shape[1:]))
        if layer.bias is not None:
            layer.bias = _empty(layer, (count,))
    if changes.place:
        parent, _dot, name = changes.place.rpartition(".")
        old = _part(module, answer(module)).weight
        setattr(module.get_submodule(parent), name, _sequence(changes.steps, old.device))


def _empty(layer: Any, shape: Sequence[int]) -> nn.Parameter:
    return nn.Parameter(torch.empty(tuple(shape), device=layer.weight.device))


def _first(module: nn.Module, shapes: Mapping[str, Shape]) -> tuple[str, int]:
    """Return the first convolution and its number of channels in ``shapes``, if that is another one."""
    name = next((name for name, one in module.named_modules() if isinstance(one, nn.Conv2d)), "")
    if not name:
        return "", 0
    convolution = _part(module, name)
    own, has = tuple(convolution.weight.shape), shapes.get(f"{name}.weight", ())
    if convolution.groups != 1 or len(has) != 4 or (has[0], *has[2:]) != (own[0], *own[2:]) or has[1] in (0, own[1]):
        return "", 0
    return name, has[1]


def _outputs(module: nn.Module, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """Return the layers that have another number of outputs in ``shapes``, all in proportion to the classes."""
    found: dict[str, tuple[int, int]] = {}
    for name, one in module.named_modules():
        if isinstance(one, nn.Linear | nn.Conv2d):
            own, has = tuple(one.weight.shape), shapes.get(f"{name}.weight", ())
            if has and has[0] not in (0, own[0]) and has[1:] == own[1:]:
                found[name] = own[0], has[0]
    if not found:
        return {}
    before, after = min(found.values())
    if any(old * after != new * before for old, new in found.values()):
        return {}
    return {name: new for name, (_old, new) in found.items()}


def _head(module: nn.Module, last: str, own: Mapping[str, Shape], shapes: Mapping[str, Shape]) -> Changes | None:
    """Return the head that ``shapes`` describe, or None where it is the network's own but for the number of classes."""
    width = _part(module, last).in_features
    parent = last.rpartition(".")[0]
    container = module.get_submodule(parent)
    if parent and isinstance(container, nn.Sequential) and all(isinstance(one, _PLAIN) for one in container):
        head = _below(shapes, parent)
        if head and _without_classes(head, last) == _without_classes(_below(own, parent), last):
            return None
        if head and not _below(head, last).keys() - _below(own, last).keys():
            inside = next(one for one in container if isinstance(one, nn.Linear)).in_features
            return _rebuilt(parent, parent, head, inside)
    if f"{last}.weight" in shapes:
        other = f"{last}.bias" in own and f"{last}.bias" not in shapes
        return _rebuilt(last, last, _below(shapes, last), width) if other else None
    if head := _below(shapes, last):
        return _rebuilt(last, last, head, width)
    strange = {name: shape for name, shape in shapes.items() if name not in own}
    for group in dict.fromkeys(name.partition(".")[0] for name in strange):
        if found := _rebuilt(last, group, _below(strange, group), width):
            remark = Remark(
                N_("“{head}” of the file is taken for the network's head; whether anything lies before it is a guess."),
                {"head": group},
            )
            return replace(found, remarks=(remark, *found.remarks))
    remark = Remark(N_("The file holds no head: the network ends with its features and tells no classes apart."))
    return Changes(0, place=last, remarks=(remark,))


def _below(shapes: Mapping[str, Shape], place: str) -> dict[str, Shape]:
    return {name: shape for name, shape in shapes.items() if name.startswith(f"{place}.")}


def _without_classes(shapes: Mapping[str, Shape], last: str) -> dict[str, Shape]:
    return {name: shape[1:] if name.startswith(f"{last}.") else shape for name, shape in shapes.items()}


def _rebuilt(place: str, prefix: str, tensors: Mapping[str, Shape], width: int) -> Changes | None:
    """Return the head at ``place`` whose ``tensors`` begin with ``prefix``; None where they are no chain of layers.

    The chain begins with ``width`` numbers. Where the layers are numbered, the first number that is missing after a
    Linear stands for its activation, others for Dropout, which does nothing here. ReLU is what most people take.
    """
    layers: dict[str, dict[str, Shape]] = {}
    for name, shape in tensors.items():
        path, _dot, what = name[len(prefix) + 1 :].rpartition(".")
        layers.setdefault(path, {})[what] = shape
    numbered = all(path.isdecimal() and len(path) < 9 for path in layers)
    steps: list[Step] = []
    renamed: dict[str, str] = {}
    before, waits = -1, False  # whether the last Linear still waits for its activation
    for path in sorted(layers, key=int) if numbered else layers:
        layer, weight = layers[path], layers[path].get("weight", ())
        name = path if numbered else path.replace(".", "_") or "linear"
        while hasattr(nn.Sequential, name) or any(step.name == name for step in steps):
            name += "_"
        here = int(path) if numbered else 0
        if waits and (here > before + 1 if numbered else len(weight) == 2):
            steps.append(Step(str(before + 1) if numbered else f"{name}_relu", "ReLU"))
            waits = False
        if len(weight) == 2:
            steps.append(Step(name, "Linear", weight[1], weight[0], "bias" in layer))
            fits, width, waits = weight[1] == width, weight[0], True
        else:
            size = layer.get("running_mean", weight)
            kind = "BatchNorm1d" if "running_mean" in layer else "LayerNorm"
            steps.append(Step(name, kind, width, width, bool(weight)))
            fits = size == (width,)
        if not fits:
            return None
        before = here
        renamed |= {
            f"{prefix}.{path}.{what}" if path else f"{prefix}.{what}": f"{place}.{name}.{what}" for what in layer
        }
    if not any(step.kind == "Linear" for step in steps):
        return None
    remark = Remark(
        N_("The head “{head}” is rebuilt from its tensors: {layers}; what lies between without weights is a guess."),
        {"head": prefix, "layers": ", ".join(map(str, steps))},
    )
    return Changes(width, place=place, steps=tuple(steps), renamed=renamed, remarks=(remark,) if len(steps) > 1 else ())


def _sequence(steps: Sequence[Step], device: torch.device) -> nn.Module:
    """Return the layers of a head, without numbers; ``Identity`` for none."""
    if not steps:
        return nn.Identity()
    return nn.Sequential(OrderedDict((step.name, _layer(step, device)) for step in steps))


def _layer(step: Step, device: torch.device) -> nn.Module:
    match step.kind:
        case "Linear":
            return nn.Linear(step.inside, step.out, step.bias, device=device)
        case "BatchNorm1d":
            return nn.BatchNorm1d(step.inside, affine=step.bias, device=device)
        case "LayerNorm":
            return nn.LayerNorm(step.inside, device=device)
        case _:
            return nn.ReLU()
