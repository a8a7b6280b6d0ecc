"""Own networks on another device: what they compute with goes there, further inputs too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import device, frame_path
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.values import Bytes, Frame
from explorer.zoo import own
from explorer.zoo.card import Preparation
from explorer.zoo.own import consent, memory
from explorer.zoo.own.card import OwnCard
from tests.pretend_device import DEVICE, pretend_device
from tests.zoo.own.test_exported import Net, saved
from tests.zoo.own.test_onnx import saved as saved_onnx
from tests.zoo.own.test_onnx import small

PLAIN = Preparation((3, 20, 20), 24, "bilinear", (0.5,) * 3, (0.5,) * 3)


class Two(nn.Module):
    """Makes a constant while it runs, and takes a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()

    def forward(self, x: Tensor, mask: Tensor) -> dict[str, Tensor]:
        return {"masked": self.net(x) * mask, "maps": x}


def onnx_file(folder: Path) -> str:
    return str(saved_onnx(small(), folder))


def exported(folder: Path) -> str:
    path = saved(folder, Net(), torch.zeros(1, 3, 20, 20))
    consent.give(path)
    return str(path)


def shown(folder: Path) -> str:
    return memory.put(
        Two(), lambda picture: torch.from_numpy(np.asarray(picture.resize((20, 20))).copy()).permute(2, 0, 1) / 255
    )


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_shown", {})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [onnx_file, exported, shown])
def test_the_same_answer_there_as_here(
    tmp_path: Path, make: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = make(tmp_path)
    if make is shown:
        card = OwnCard("two", PLAIN, output="masked", inputs=("=random:1x5",))
        monkeypatch.setattr(memory, "guess", lambda _name: own.Guess(card))
    pixels: Bytes = np.random.default_rng(7).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    frame, recipe = Frame(pixels, "noise"), Recipe(network=name)
    here = frame_path.run(Session().open(name, device="cpu"), frame, recipe)
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    with pretend_device():
        network = Session().open(name)
        assert network.device == DEVICE
        there = frame_path.run(network, frame, recipe)
    assert there.device == str(DEVICE)
    np.testing.assert_allclose(there.view.map, here.view.map, rtol=1e-5, atol=1e-6)
    assert [p.index for p in there.predictions] == [p.index for p in here.predictions]
    assert here.predictions
