"""The networks of timm, where it is installed: any that it lists by name, prepared as its configuration says.

Nothing is ever downloaded for them: weights are those that timm or the Hugging Face hub has put on this machine before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from explorer.text import N_
from explorer.zoo.card import Card, Preparation, Weights

if TYPE_CHECKING:
    from torch import nn

_FITS: Mapping[str, Literal["crop", "stretch", "letterbox"]] = {
    "center": "crop",
    "squash": "stretch",
    "border": "letterbox",
}
"""Of timm's ``crop_mode``."""


@cache
def names() -> tuple[str, ...]:
    """Return the names of timm's networks; empty where it is not installed. Imports it."""
    if find_spec("timm") is None:
        return ()
    import timm

    return tuple(timm.list_models())


@cache
def card(name: str) -> Card:
    """Return the card of the network that timm calls ``name``; it is built once, without weights, to count them."""
    import timm

    found: Any = timm.get_pretrained_cfg(name, allow_unregistered=False)
    preparation = _preparation(found)
    return Card(
        name=name,
        title=name,
        family=re.split(r"[\d_]", name)[0],
        year=_year(found),
        paper=found.paper_name or found.paper_ids or "",
        parameters=_parameters(name),
        build=f"{__name__}:build:{name}",
        weights=tuple(_cached(name)),
        preparation=preparation,
        labels=_labels(found),
        note=N_("timm fills the bars beside the picture with its mean colour; here they are black.")
        if preparation.fit == "letterbox"
        else "",
        group="timm",
        task="classify" if found.num_classes else "none",
    )


def build(name: str) -> nn.Module:
    """Return timm's network of that name with random weights; nothing is downloaded."""
    import timm

    network: nn.Module = timm.create_model(name, pretrained=False)
    return network


def _preparation(found: Any) -> Preparation:
    """Return what ``timm.data.create_transform`` does to a picture of the validation set."""
    channels, height, width = found.input_size
    return Preparation(
        input_chw=(channels, height, width),
        resize=math.floor(min(height, width) / found.crop_pct),
        interpolation="bilinear" if found.interpolation == "bilinear" else "bicubic",
        mean=tuple(found.mean),
        std=tuple(found.std),
        fit=_FITS[found.crop_mode],
    )


def _labels(found: Any) -> str:
    """Return the list of classes, which timm's configuration tells by their number and the end of its tag."""
    return "imagenet1k" if found.num_classes == 1000 and (not found.tag or found.tag.endswith("in1k")) else ""


def _year(found: Any) -> int:
    """Return the year of the paper's first arXiv number, or 0."""
    number = re.search(r"arXiv:(\d\d)\d\d\.", found.paper_ids or "")
    return 2000 + int(number[1]) if number else 0


def _parameters(name: str) -> int:
    """Count the weights on torch's meta device, which needs no memory for them; on the CPU where that fails."""
    import torch

    try:
        with torch.device("meta"):
            network = build(name)
    except (NotImplementedError, RuntimeError):
        network = build(name)
    return sum(p.numel() for p in network.parameters())


def _cached(name: str) -> Iterator[Weights]:
    """Yield the sets of weights that lie in the cache of the Hugging Face hub, timm's preferred one first."""
    from huggingface_hub import try_to_load_from_cache
    from timm.models import get_arch_pretrained_cfgs

    configurations: Mapping[str, Any] = get_arch_pretrained_cfgs(name)
    for found in configurations.values():
        path = found.hf_hub_id and try_to_load_from_cache(found.hf_hub_id, "model.safetensors")
        if isinstance(path, str):
            blob = Path(path).resolve()
            yield Weights(
                name=found.tag,
                file=path,
                url="",
                sha256=blob.name if re.fullmatch("[0-9a-f]{64}", blob.name) else "",  # the hub's name for large files
                bytes=blob.stat().st_size,
                package="",
                preparation=_preparation(found),
                labels=_labels(found),
                trained_on=found.tag,
                licence=found.license or "",
            )
