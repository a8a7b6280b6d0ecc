"""Which layers see the whole picture: against the units' cells one by one, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.graph.trace import trace
from explorer.questions import FieldsFound, FieldsOf, answer
from explorer.receptive.analyse import Fields, analyse
from explorer.receptive.coverage import whole_picture
from explorer.zoo import registry

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402


def fields_of(*modules: nn.Module, side: int) -> Fields:
    return analyse(trace(nn.Sequential(*modules), torch.zeros(1, 1, side, side)))


def by_cells(fields: Fields) -> set[str]:
    """Return the layers with maps of which some unit is among those that see each cell of the input."""
    found = set()
    h, w = fields.graph.input[1:]
    for layer, field in fields:
        if len(layer.output) == 3 and field.certainty != "unknown":
            sees = np.ones(fields.map_hw(layer.id), bool)
            for y in range(h):
                for x in range(w):
                    sees &= fields.seen_by(layer.id, (y, x))
            if sees.any():
                found.add(layer.id)
    return found


STACKS = {
    "plain": [nn.Conv2d(1, 1, 3, padding=1) for _ in range(8)],
    "strides": [nn.Conv2d(1, 1, 3, 2, 1), nn.Conv2d(1, 1, 3, 2, 1), nn.Conv2d(1, 1, 3, 1, 1), nn.Conv2d(1, 1, 3, 1, 1)],
    "dilated, with holes": [nn.Conv2d(1, 1, 3, 1, 7, dilation=7), nn.Conv2d(1, 1, 3, 1, 1), nn.Conv2d(1, 1, 7, 1, 3)],
    "large but beside": [nn.Conv2d(1, 1, 13, 8, 0), nn.Conv2d(1, 1, 1, 1, 3)],
    "mean": [nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(1)],
    "up": [nn.MaxPool2d(4), nn.Conv2d(1, 1, 3, 1, 1), nn.Upsample(scale_factor=4), nn.Conv2d(1, 1, 5, 1, 2)],
}


@pytest.mark.parametrize("stack", STACKS)
def test_as_the_cells_of_every_unit_say(stack: str) -> None:
    fields = fields_of(*STACKS[stack], side=13)
    assert {name for name in whole_picture(fields) if len(fields.graph[name].output) == 3} == by_cells(fields)


def test_of_eight_3x3_on_13_cells_the_last_three_see_everything() -> None:
    assert whole_picture(fields_of(*STACKS["plain"], side=13)) == ("5", "6", "7")


def test_a_dilated_area_as_large_as_the_picture_has_holes() -> None:
    fields = fields_of(*STACKS["dilated, with holes"], side=13)
    assert float(fields["0"].path.size[0]) == 15  # type: ignore[union-attr]
    assert whole_picture(fields) == ("2",)


def test_of_a_transformer_the_units_in_a_row_are_no_map() -> None:
    """ViT-B/16's first attention joins all patches; what lies before it sees one, in a row or in a grid."""
    registry.everything()
    found = answer(None, FieldsOf("vit_b_16"))
    assert isinstance(found, FieldsFound)
    assert whole_picture(found.fields)[0] == "encoder.layers.encoder_layer_0.self_attention"


def test_resnet_50_sees_all_of_224_from_the_fifth_block_of_its_third_stage() -> None:
    """35 + (8 + 3·16) + 16 + 3·32 = 203 after layer3.3; its next 3×3 makes 235."""
    registry.everything()
    found = answer(None, FieldsOf("resnet50", (224, 224)))
    assert isinstance(found, FieldsFound)
    assert whole_picture(found.fields)[0] == "layer3.4.conv2"
