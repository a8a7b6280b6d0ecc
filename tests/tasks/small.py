"""Detectors and a segmenter of torchvision's own classes that are small enough for tests: 64 × 64 cells, 4 classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.ops import MultiScaleRoIAlign

from explorer.graph.trace import trace
from explorer.session import Network
from explorer.zoo.card import Card, Preparation, Task
from explorer.zoo.from_torchvision import unseen_pasting

SIDE = 64
LABELS = ("background", "cat", "dog", "car")
PREPARATION = Preparation((3, SIDE, SIDE), SIDE, "bilinear", (0.0,) * 3, (1.0,) * 3)
POOLS = ("0",)


def network(module: nn.Module, task: Task) -> Network:
    """Return an untrained module as a loaded network of that task."""
    card = Card("small", "Small Net", "small", 2026, "", 0, "", (), PREPARATION, "", group="own", task=task)
    graph = trace(module.eval(), torch.zeros(1, 3, SIDE, SIDE))
    return Network(card, None, module, graph, PREPARATION, LABELS, torch.device("cpu"), (SIDE, SIDE))


def backbone(channels: int | list[int] = 16) -> nn.Module:
    """Return two convolutions that stride to 8 × 8 cells."""
    layers: Any = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=4, padding=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()
    )
    layers.out_channels = channels
    return layers


def ssd() -> Network:
    """Return a one-stage detector whose scores are far apart."""
    torch.manual_seed(0)
    boxes = DefaultBoxGenerator([[2, 3]], scales=[0.3, 0.6])
    module = SSD(
        backbone([16]), boxes, (SIDE, SIDE), len(LABELS), score_thresh=0.001, topk_candidates=60, detections_per_img=20
    )
    _spread(module.head.classification_head)
    return network(module, "detect")


def rcnn(masks: bool = False) -> Network:
    """Return a two-stage detector, also with a mask for each box; inside it looks at 96 × 96 cells."""
    torch.manual_seed(0)
    options = {
        "min_size": 96,
        "max_size": 96,
        "rpn_anchor_generator": AnchorGenerator(((16, 32),), ((0.5, 1.0, 2.0),)),
        "box_roi_pool": MultiScaleRoIAlign(POOLS, 7, 2),
        "rpn_pre_nms_top_n_test": 60,
        "rpn_post_nms_top_n_test": 40,
        "box_detections_per_img": 15,
    }
    if masks:
        options["mask_roi_pool"] = MultiScaleRoIAlign(POOLS, 14, 2)
    module = (MaskRCNN if masks else FasterRCNN)(backbone(), len(LABELS), **options)
    _spread(module.roi_heads.box_predictor)
    if masks:
        unseen_pasting(module)
    return network(module, "detect")


class Segmenter(nn.Module):
    """A convolution to the classes at half the size, resized to the input's."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, len(LABELS), 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return the scores as torchvision's segmenters do."""
        return {"out": nn.functional.interpolate(self.conv(x), size=x.shape[-2:], mode="bilinear")}


def segmenter() -> Network:
    """Return a segmenter."""
    torch.manual_seed(0)
    return network(Segmenter(), "segment")


def _spread(head: nn.Module) -> None:
    for parameter in head.parameters():
        parameter.data.normal_(0, 0.6)
