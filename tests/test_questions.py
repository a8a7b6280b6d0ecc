"""Questions beside the frames: kernels of the loaded network, layers of another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.engine import rooms
from explorer.errors import NetworkError
from explorer.graph.trace import trace
from explorer.graph.values import Graph
from explorer.questions import AnswerFound, AnswerTo, Everything, Kernels, KernelsOf, Survey, Surveyed, Zoo, answer
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.values import Frame
from explorer.zoo import from_timm, registry, weights
from explorer.zoo.own import memory


def test_kernels_are_the_modules_own_weights() -> None:
    network = Session().open("lenet5", device="cpu")
    found = answer(network, KernelsOf("lenet5", "c3"))
    assert isinstance(found, Kernels)
    np.testing.assert_array_equal(found.weights, network.module.get_submodule("c3").weight.detach().numpy())


@pytest.mark.parametrize(("name", "layer"), [("lenet5", "f6"), ("resnet18", "c1")])
def test_a_question_that_does_not_fit_says_so(name: str, layer: str) -> None:
    with pytest.raises(NetworkError):
        answer(Session().open("lenet5", device="cpu"), KernelsOf(name, layer))


def test_the_answer_to_another_picture_is_the_networks_own_and_changes_nothing_of_what_is_shown() -> None:
    network = Session().open("lenet5", device="cpu")
    rng = np.random.default_rng(5)
    frame = Frame(rng.integers(0, 256, (40, 32, 3), dtype=np.uint8), "noise")
    recipe = Recipe(network="lenet5", top=10)
    seen = object()
    network.seen = seen  # type: ignore[assignment]
    found = answer(network, AnswerTo(frame, recipe))
    assert isinstance(found, AnswerFound)
    assert network.seen is seen
    with torch.inference_mode():
        chances = torch.softmax(network.module(network.prepare(frame).tensor)[0].double(), 0)
    assert [p.index for p in found.predictions] == torch.sort(chances, descending=True, stable=True).indices.tolist()
    np.testing.assert_allclose([p.probability for p in found.predictions], chances.sort(descending=True).values)
    with pytest.raises(NetworkError):
        answer(network, AnswerTo(frame, Recipe(network="alexnet")))


def test_a_survey_needs_no_loaded_network() -> None:
    found = answer(None, Survey("lenet5"))
    assert isinstance(found, Surveyed)
    assert sum(layer.parameters for layer in found.graph) == 61_706


def real(name: str) -> Graph:
    card = registry.card(name)
    return trace(registry.build(card), torch.zeros(1, *card.preparation.input_chw))


@pytest.mark.parametrize("name", ["efficientnet_lite0", "googlenet", "densenet121", "squeezenet1_1"])
def test_a_survey_says_what_the_network_really_runs(name: str) -> None:
    found = answer(None, Survey(name))
    assert isinstance(found, Surveyed)
    assert found.graph == real(name)


@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_a_survey_neither_draws_nor_loads_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_args: object) -> None:
        raise AssertionError("the network was built with its weights")

    monkeypatch.setattr(registry, "build", no)
    monkeypatch.setattr(weights, "load", no)
    assert isinstance(answer(None, Survey(name)), Surveyed)


class Numbers(nn.Module):
    """Computes with numbers while it is built, as torchvision's RegNets do, or while it runs, as its detectors do."""

    def __init__(self, built: bool, run: bool) -> None:
        super().__init__()
        self.first, self.run = nn.Conv2d(3, int(torch.tensor(4.0)) if built else 4, 3), run

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return y[:, y.sum((0, 2, 3)).nonzero().flatten()] if self.run else y


@pytest.mark.parametrize(("built", "run"), [(True, False), (False, True)])
def test_a_survey_of_a_network_that_needs_its_numbers(built: bool, run: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    card = replace(registry.card("resnet18"), name="numbers", build="tests.test_questions:made", weights=())
    monkeypatch.setattr(registry, "card", lambda _name: card)
    monkeypatch.setattr("tests.test_questions.made", lambda: Numbers(built, run), raising=False)
    found = answer(None, Survey("numbers"))
    assert isinstance(found, Surveyed)
    first = found.graph["first"]
    assert (first.output, first.parameters) == ((4, 222, 222), 4 * 28)


def test_a_survey_of_a_network_that_is_not_there() -> None:
    with pytest.raises(NetworkError, match="nearest"):
        answer(None, Survey("resnet81"))


def test_a_survey_of_an_own_file_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "고양이.pth"
    torch.save(registry.build(registry.card("resnet18")).state_dict(), file)
    found = answer(None, Survey(str(file)))
    assert isinstance(found, Surveyed)
    assert (found.card.group, found.card.name) == ("own", str(file))
    assert sum(layer.parameters for layer in found.graph) == 11_689_512


def test_a_survey_of_a_module_in_memory_leaves_it_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    before = module[0].weight.detach().clone()
    name = memory.put(module)
    try:
        found = answer(None, Survey(name))
    finally:
        memory.forget(name)
    assert isinstance(found, Surveyed)
    assert [layer.op for layer in found.graph] == ["input", "conv2d", "relu"]
    assert (module.training, module[0].weight.device.type) == (True, "cpu")
    assert torch.equal(module[0].weight, before)


def test_a_survey_of_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"missing\.pth"):
        answer(None, Survey(str(tmp_path / "missing.pth")))


def test_everything_brings_torchvisions_networks_into_the_catalogue() -> None:
    from torchvision import models

    found = answer(None, Everything())
    assert isinstance(found, Zoo)
    listed = {card.name for card, _state in rooms.Rooms().cards()}
    assert set(models.list_models(module=models)) <= listed
    assert {"fasterrcnn_resnet50_fpn", "deeplabv3_resnet50", "lenet5"} <= listed


def test_a_broken_timm_does_not_take_the_others_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> tuple[str, ...]:
        raise RuntimeError("timm does not fit this torch")

    monkeypatch.setattr(from_timm, "names", broken)
    assert answer(None, Everything()) == Zoo(())


def test_a_survey_of_a_file_of_tensors_reads_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two large networks would lie in memory while they are compared."""
    from torchvision import models

    network = models.resnet18(num_classes=5).eval()
    torch.save({"state_dict": network.state_dict()}, tmp_path / "a.pth")
    loads: list[dict[str, Any]] = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **more: loads.append(more) or load(*args, **more))
    surveyed = answer(None, Survey(str(tmp_path / "a.pth")))
    assert isinstance(surveyed, Surveyed)
    assert [one.get("mmap") for one in loads] == [True]
    expected = trace(network, torch.zeros(1, 3, 224, 224))
    found = [(one.id, one.output, one.parameters, one.macs) for one in surveyed.graph]
    assert found == [(one.id, one.output, one.parameters, one.macs) for one in expected]
