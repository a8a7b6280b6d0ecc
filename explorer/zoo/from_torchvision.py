"""The networks that torchvision ships: a few cards that need no torch, every other one read from its own registry."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from explorer.text import N_
from explorer.zoo.card import Card, Preparation, Task, Weights
from explorer.zoo.course import FACTS, IMAGENET, torchvisions
from explorer.zoo.labels import labels, of_torchvision

if TYPE_CHECKING:
    from torch import Tensor, nn


_COURSE = ("resnet18", "vgg16", "googlenet")
"""Of ``CARDS``, those that the course speaks of."""


def _card(name: str, parameters: int, sha256: str, mebibytes: float, accuracy: tuple[float, float]) -> Card:
    return Card(
        name=name,
        parameters=parameters,
        build=f"{__name__}:build:{name}",
        weights=torchvisions(f"{name}-{sha256}", mebibytes, *accuracy),
        preparation=IMAGENET,
        labels="imagenet1k",
        group="course" if name in _COURSE else "more",
        **FACTS[name],
    )


CARDS = (
    _card("squeezenet1_1", 1_235_496, "b8a52dc0", 4.729, (58.178, 80.624)),
    _card("resnet18", 11_689_512, "f37072fd", 44.661, (69.758, 89.078)),
    _card("vgg16", 138_357_544, "397923af", 527.796, (71.592, 90.382)),
    _card("googlenet", 6_624_904, "1378be20", 49.731, (69.778, 89.530)),
    _card("densenet121", 7_978_856, "a639ec97", 30.845, (74.434, 91.972)),
)


def _as_published(network: Any, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Drop the auxiliary heads of the published GoogLeNet, which nobody trained.

    Its weights expect inputs of mean and deviation 0.5.
    """
    auxiliary = [name for name in state if name.startswith((f"{prefix}aux1.", f"{prefix}aux2."))]
    for name in auxiliary:
        del state[name]
    network.transform_input = network.transform_input or bool(auxiliary)


def _normalising(network: Any, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Published weights, known by their auxiliary head, expect inputs of mean and deviation 0.5."""
    network.transform_input = network.transform_input or any(name.startswith(f"{prefix}AuxLogits.") for name in state)


def _without_dots(_network: nn.Module, state: dict[str, Tensor], *_: Any) -> None:
    """The published DenseNets still say ``norm.1`` for ``norm1``."""
    for name in list(state):
        own = re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)
        if own != name:
            state[own] = state.pop(name)


def _other_size(network: Any, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Let a vision transformer have as many positions as its weights were trained for."""
    import torch

    positions = state.get(f"{prefix}encoder.pos_embedding")
    own = network.encoder.pos_embedding
    if positions is not None and positions.dim() == 3 and positions.shape != own.shape:
        side = math.isqrt(positions.shape[1] - 1)
        if positions.shape[2] == own.shape[2] and side * side + 1 == positions.shape[1]:
            network.image_size, network.seq_length = side * network.patch_size, side * side + 1
            network.encoder.pos_embedding = torch.nn.Parameter(torch.empty_like(positions))


def _newest_form(network: Any) -> None:
    """Let an MNASNet take plain tensors, which do not say their version: those that are published are of the newest."""

    class MNASNet(type(network)):  # type: ignore[misc]
        """torchvision's, to which tensors that do not say their version are of the newest."""

        def _load_from_state_dict(self, state: Any, prefix: str, metadata: Any, *rest: Any) -> None:
            super()._load_from_state_dict(state, prefix, {"version": self._version, **metadata}, *rest)

    network.__class__ = MNASNet


def unseen_pasting(network: Any) -> None:
    """Let nobody who follows the calls of a Mask R-CNN see how it puts its answer into the picture.

    It pastes the masks one by one, with some thirty calls each: these are no layers, and other ones for each picture.
    """
    from torch._C import DisableTorchFunction

    paste = network.transform.postprocess

    def unseen(*given: Any) -> Any:
        with DisableTorchFunction():
            return paste(*given)

    network.transform.postprocess = unseen


_PUBLISHED: Mapping[str, Any] = {
    "GoogLeNet": lambda network: network.register_load_state_dict_pre_hook(_as_published),
    "DenseNet": lambda network: network.register_load_state_dict_pre_hook(_without_dots),
    "Inception3": lambda network: network.register_load_state_dict_pre_hook(_normalising),
    "VisionTransformer": lambda network: network.register_load_state_dict_pre_hook(_other_size),
    "MNASNet": _newest_form,
    "MaskRCNN": unseen_pasting,
}
"""By class: what lets a network take the tensors that torchvision publishes for it, and be followed."""


_OPTIONS: Mapping[str, Mapping[str, bool]] = {
    "inception_v3": {"init_weights": True},  # its default, of which torchvision warns
    "googlenet": {"aux_logits": False, "init_weights": False},
}
"""What a network is built with beside what its builder does by itself."""

_WITH_AUXILIARY = N_("The count includes the auxiliary head: the published weights have it, but only training uses it.")

_TASKS: Mapping[str, Task] = {"": "classify", ".detection": "detect", ".segmentation": "segment"}
"""By the part of ``torchvision.models`` that has them; its quantised networks and those for videos are left out."""

_HIDDEN = {"IMAGENET1K_FEATURES", "COCO_LEGACY"}
"""Weights that fit no network here: VGG-16 without its classifier, and a key-point network whose batch norms add a
different epsilon than its successor's."""

_WHOLE_PICTURE = Preparation(
    input_chw=(3, 480, 640),
    resize=480,
    interpolation="bilinear",
    mean=(0.0,) * 3,
    std=(1.0,) * 3,
)
"""For detectors, which normalise and resize by themselves: as large as most pictures of COCO."""

_TRAINED_ON = {
    "ImageNet-1K": "ImageNet-1K",
    "COCO-val2017": "COCO 2017",
    "COCO-val2017-VOC-labels": N_("COCO 2017, the classes of Pascal VOC"),
}
_MEASURES = {
    "acc@1": "top-1",
    "acc@5": "top-5",
    "box_map": "box mAP",
    "mask_map": "mask mAP",
    "kp_map": "key-point mAP",
    "miou": "mean IoU",
    "pixel_acc": "pixel accuracy",
}


@cache
def names() -> tuple[str, ...]:
    """Return the names of all networks of torchvision that classify, detect or segment pictures; imports it."""
    return tuple(_tasks())


@cache
def card(name: str) -> Card:
    """Return the card of the network that torchvision calls ``name``, as its registry and its weights describe it.

    What they do not say of the course's networks is in ``course.FACTS``.

    Raises:
        KeyError: torchvision has no such network of ``names``.
    """
    task = _tasks()[name]
    from torchvision import models

    members = models.get_model_weights(name)
    best_first = dict.fromkeys((members.DEFAULT, *members))
    sets = tuple(_weights(member) for member in best_first if member.name not in _HIDDEN)
    usual = min(sets, key=lambda weights: math.prod(weights.preparation.input_chw))
    paper, year = _paper(models.get_model_builder(name))
    title = re.sub(r"(?<=\D\d)_(?=\d)", ".", members.__name__.removesuffix("_Weights")).replace("_", " ")
    found = Card(
        name=name,
        title=title,
        family=re.sub(r"(?<!V)\d[\d.]*$", "", title.removeprefix("Wide ").split()[0]),
        year=year,
        paper=paper,
        parameters=members[usual.name.upper()].meta["num_params"],
        build=f"{__name__}:build:{name}",
        weights=sets,
        preparation=usual.preparation,
        labels=usual.labels,
        note=_WITH_AUXILIARY if _has_auxiliary(name) else "",
        group="torchvision",
        task=task,
        activation="softmax" if task == "classify" else "none",
    )
    return replace(found, **FACTS.get(name, {}))


def _has_auxiliary(name: str) -> bool:
    """Return whether the parameters that are published for a network count a head that only training uses."""
    import inspect

    from torchvision import models

    return name == "inception_v3" or "aux_loss" in inspect.signature(models.get_model_builder(name)).parameters


def least_side(name: str) -> int:
    """Return how many cells high and wide an input of the network that torchvision calls ``name`` must be at least."""
    from torchvision import models

    return min(int(min(member.meta["min_size"])) for member in models.get_model_weights(name))


@cache
def _tasks() -> Mapping[str, Task]:
    from importlib import import_module

    from torchvision.models import list_models

    module = "torchvision.models"
    return {name: task for part, task in _TASKS.items() for name in list_models(module=import_module(module + part))}


def _weights(member: Any) -> Weights:
    """Return a member of torchvision's enumerations of weights as ours."""
    meta, url = member.meta, member.url
    file = url.rsplit("/", 1)[1]
    data, metrics = next(iter(meta["_metrics"].items()))
    reached = ", ".join(f"{_MEASURES[measure]} {value:.1f} %" for measure, value in metrics.items())
    trained_on = _TRAINED_ON[data]
    return Weights(
        name=member.name.lower(),
        file=file,
        url=url,
        sha256=file.removesuffix(".pth").rsplit("-", 1)[1],
        bytes=round(meta["_file_size"] * 2**20),  # torchvision says no more than this
        package="",
        preparation=_preparation(member.transforms()),
        labels=_labels(member),
        trained_on=f"SWAG, {trained_on}" if "SWAG" in member.name else trained_on,
        licence=meta.get("license") or "BSD-3-Clause (torchvision)",
        accuracy=f"{reached} (torchvision)",
    )


def _labels(member: Any) -> str:
    """Return the list of ``resources/labels`` that holds the classes, or the name by which torchvision knows them."""
    same = list(labels("imagenet1k")) == member.meta["categories"]
    return "imagenet1k" if same else of_torchvision(member)


def _preparation(transforms: Any) -> Preparation:
    """Return what ``torchvision.transforms._presets`` does; where it cuts nothing out, a square of the picture."""
    if not hasattr(transforms, "resize_size"):
        return _WHOLE_PICTURE
    (resize,) = transforms.resize_size
    (crop,) = getattr(transforms, "crop_size", [resize])
    return Preparation(
        input_chw=(3, crop, crop),
        resize=resize,
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )


def _paper(builder: Any) -> tuple[str, int]:
    """Return title and arXiv number of the paper, and the year of that number, as the documentation links them.

    Where a builder links none, the first that its module links.
    """
    import sys

    module = sys.modules[builder.__module__]
    others = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    for documented in (builder, *others):
        words = " ".join((documented.__doc__ or "").split())
        if link := re.search(r"`([^`]+?) <https?://arxiv\.org/abs/((\d\d)\d\d\.\d+)>`", words):
            return f"{link[1]}, arXiv:{link[2]}", 2000 + int(link[3])
    return "", 0


def build(name: str) -> nn.Module:
    """Return torchvision's network of that name with random weights; nothing is downloaded.

    It is built as for its published weights (auxiliary heads of segmentation, frozen batch norms of detectors), and its
    ``load_state_dict`` takes them as they were published.
    """
    import inspect

    from torchvision import models

    takes = inspect.signature(models.get_model_builder(name)).parameters
    options: dict[str, Any] = {"weights": None}
    if "weights_backbone" in takes:
        options["weights_backbone"] = None
    if "aux_loss" in takes:
        options["aux_loss"] = True
    options |= _OPTIONS.get(name, {})
    network: nn.Module = models.get_model(name, **options)
    if "trainable_backbone_layers" in takes:
        best = models.get_model_weights(name).DEFAULT
        network = models.get_model(name, weights=_Here(best, network.state_dict())).requires_grad_(True)
    if hooks := _PUBLISHED.get(type(network).__name__):
        hooks(network)
    return network


class _Here:
    """One of torchvision's sets of weights whose tensors are here already, in place of those that it would download.

    With it a builder of torchvision makes the very network that belongs to its weights: which batch norms are frozen,
    and what they add to the variance, is decided by that set alone.
    """

    def __init__(self, member: Any, state: Mapping[str, Tensor]) -> None:
        self._member = member
        self._state = state

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """Its class: torchvision asks for it."""
        return type(self._member)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._member == other)

    def __hash__(self) -> int:
        return hash(self._member)

    def get_state_dict(self, *_: Any, **__: Any) -> Mapping[str, Tensor]:
        """Return the tensors that are here."""
        return self._state
