"""The graphs of real networks, traced once for all the tests of a run, without numbers: a trace needs shapes alone."""

from __future__ import annotations

from functools import cache

import torch
import torchvision

from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.zoo import registry

OTHERS = ("resnet50", "resnet152", "densenet201", "inception_v3", "efficientnet_b0", "swin_t", "deeplabv3_resnet50")
"""From torchvision, whatever the zoo lists: deep ones, dense ones, and ways that cross."""
COURSE = tuple(card.name for card in registry.cards())


@cache
def traced(name: str) -> Graph:
    """Return the graph of a network of the course, or of one of ``OTHERS``."""
    if name not in OTHERS:
        card = registry.card(name)
        return trace(registry.skeleton(card), torch.empty(1, *card.preparation.input_chw, device="meta"))
    more = {"inception_v3": {"init_weights": False}, "deeplabv3_resnet50": {"weights_backbone": None}}.get(name, {})
    side = 75 if name == "inception_v3" else 64
    with torch.device("meta"):
        module = torchvision.models.get_model(name, weights=None, **more).eval()
        return trace(module, torch.empty(1, 3, side, side))
