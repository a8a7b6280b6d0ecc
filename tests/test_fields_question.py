"""What the units of networks that are not loaded see: at any size of input, of own ones too, or why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.errors import ExplorerError, ForwardError
from explorer.questions import FieldsFound, FieldsOf, Survey, Surveyed, answer
from explorer.receptive.analyse import Fields
from explorer.zoo import registry
from explorer.zoo.own import memory


def fields(network: str, input_hw: tuple[int, int] | None = None) -> Fields:
    found = answer(None, FieldsOf(network, input_hw))
    assert isinstance(found, FieldsFound)
    return found.fields


def test_they_are_of_the_layers_that_a_survey_tells() -> None:
    survey, found = answer(None, Survey("vgg16")), fields("vgg16")
    assert isinstance(survey, Surveyed)
    assert found.graph.input == (3, 224, 224)
    assert [layer.id for layer in found.graph] == [layer.id for layer in survey.graph]


@pytest.mark.parametrize("hw", [(32, 32), (96, 320), (1024, 1024)])
def test_another_size_moves_no_exact_area(hw: tuple[int, int]) -> None:
    """VGG-16's areas hang on its kernels and strides alone; what fills the input is of the input's size."""
    usual, found = fields("vgg16"), fields("vgg16", hw)
    assert found.graph.input == (3, *hw)
    assert found["features.29"].path == usual["features.29"].path
    path = found["classifier.0"].path
    assert path is not None
    assert path.size == hw


@pytest.mark.parametrize(("network", "hw"), [("lenet5", (64, 64)), ("googlenet_paper", (32, 32))])
def test_a_network_that_refuses_a_size_says_so(network: str, hw: tuple[int, int]) -> None:
    with pytest.raises(ForwardError, match="Try another input size"):
        fields(network, hw)


@pytest.mark.parametrize("name", ["no_such_network", "/no/such/file.pt"])
def test_a_network_that_is_not_there(name: str) -> None:
    with pytest.raises(ExplorerError):
        fields(name)


def test_an_own_network_at_a_size_of_its_own() -> None:
    """3×3 with stride 2, then 3 rows and 5 columns: 3 + 2·2 = 7 by 3 + 4·2 = 11."""
    name = memory.put(nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, (3, 5), padding=(1, 2))))
    try:
        found = fields(name, (48, 80))
    finally:
        memory.forget(name)
    path = found["1"].path
    assert path is not None
    assert (found.graph.input, path.size, path.stride, path.start) == ((3, 48, 80), (7, 11), (2, 2), (-3, -5))


def test_an_own_file_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "고양이.pth"
    torch.save(registry.build(registry.card("resnet18")).state_dict(), file)
    assert fields(str(file), (64, 64)).graph.input == (3, 64, 64)
