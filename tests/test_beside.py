"""What a second network answers: as its own frame path would, also where it has no answer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from explorer import prepare
from explorer.beside import answer_beside
from explorer.errors import Cancelled, ForwardError
from explorer.recipe import Beside, Recipe
from explorer.session import Session
from explorer.values import Frame, Source
from tests.pretend_device import DEVICE, pretend_device
from tests.test_paths import Fork, noise, opened

RECIPE = Recipe(beside=Beside("mine"))


class Broken(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.abs().sum() > 0):  # not on the zeros that it is traced with
            raise RuntimeError("too deep")
        return x.mean((2, 3))


@pytest.mark.parametrize("live", [False, True])
def test_one_that_names_no_classes_has_no_predictions(live: bool) -> None:
    recipe = RECIPE.with_(source=Source("demo", "")) if live else RECIPE
    found = answer_beside(opened(nn.Conv2d(3, 4, 3)), noise(0), recipe)
    assert (found.predictions, found.finite, found.trained, found.parameters) == ((), True, False, 3 * 4 * 9 + 4)


def test_one_that_raises_says_so() -> None:
    with pytest.raises(ForwardError, match="too deep"):
        answer_beside(opened(Broken()), noise(0), RECIPE)


def test_one_whose_path_depends_on_the_picture_is_followed() -> None:
    network = opened(Fork())
    for frame in (noise(0), Frame(noise(1).pixels // 99, "dark")):
        assert answer_beside(network, frame, RECIPE).times_ms.keys() == {"prepare", "forward"}


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("short", [False, True])
def test_on_an_accelerator_it_answers_alike_and_goes_to_the_cpu_where_memory_is_short(
    live: bool, short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(beside=Beside("lenet5"), source=Source("demo" if live else "sample"))
    expected = answer_beside(Session().open("lenet5", device="cpu"), noise(0), recipe)
    moved = prepare._on

    def on(tensor: Tensor, place: torch.device) -> Tensor:
        if short and place == DEVICE:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return moved(tensor, place)

    with pretend_device():
        monkeypatch.setattr("explorer.device.available", lambda: (("meta", "Pretend"), ("cpu", "CPU")))
        network = Session().open("lenet5")
        monkeypatch.setattr(prepare, "_on", on)
        found = answer_beside(network, noise(0), recipe)
    assert (found.device, found.moved is not None) == (("cpu", True) if short else ("meta", False))
    assert found.predictions == expected.predictions


def test_what_is_no_longer_wanted_ends() -> None:
    with pytest.raises(Cancelled):
        answer_beside(opened(nn.Conv2d(3, 4, 3)), noise(0), RECIPE, lambda: True)


def test_it_holds_no_tensor() -> None:
    found = answer_beside(opened(nn.Conv2d(3, 4, 3)), noise(0), RECIPE)
    assert not any(isinstance(value, Tensor | nn.Module) for value in vars(found).values())
    assert not torch.is_inference_mode_enabled()
