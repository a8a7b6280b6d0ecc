"""Frames of a live source take the faster way, still pictures never; on every device."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer import device, frame_path
from explorer.recipe import Recipe
from explorer.session import Network, Session
from explorer.speed.values import CHECKING, MERGED
from explorer.values import Frame, FrameResult, Source
from explorer.zoo import registry
from explorer.zoo.card import Card
from tests.pretend_device import DEVICE, pretend_device

STILL = Recipe(network="resnet18", weights="none", input_hw=(48, 48), thumbnails=("layer2.0.relu",))
LIVE = STILL.with_(source=Source("demo"))


@pytest.fixture(scope="module", autouse=True)
def norms_as_after_training() -> Iterator[None]:
    """None of their figures is 0 or 1."""

    def built(card: Card, state: Any = None) -> nn.Module:
        module, generator = build(card, state), torch.Generator().manual_seed(1)
        for name, tensor in module.named_buffers():
            if name.endswith(("mean", "var")):
                tensor.uniform_(0.5, 1.5, generator=generator)
        return module

    build = registry.build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "build", built)
        yield


@pytest.fixture(scope="module")
def network(norms_as_after_training: None) -> Network:
    return Session().open("resnet18", "none", (48, 48), "cpu")


def frames(count: int) -> list[Frame]:
    random = np.random.default_rng(4)
    return [Frame(random.integers(0, 256, (60, 70, 3)).astype(np.uint8), "noise", at) for at in range(count)]


def alike(found: FrameResult, expected: FrameResult) -> None:
    scale = float(np.abs(expected.view.map).max())
    np.testing.assert_allclose(found.view.map, expected.view.map, rtol=1e-4, atol=1e-5 * scale)
    assert [one.index for one in found.predictions] == [one.index for one in expected.predictions]
    np.testing.assert_allclose(
        [one.probability for one in found.predictions], [one.probability for one in expected.predictions], rtol=1e-3
    )
    assert found.thumbnails.keys() == expected.thumbnails.keys()


def test_a_live_frame_is_the_still_picture_and_tells_how_it_was_made(network: Network) -> None:
    for layer in ("layer2.0.conv1", "layer2.0.bn1", "layer2.0.relu", "layer3.0.downsample.1"):
        for frame in frames(3):
            network.seen = None
            expected = frame_path.run(network, frame, STILL.with_(layer=layer))
            network.seen = None
            found = frame_path.run(network, frame, LIVE.with_(layer=layer))
            alike(found, expected)
            assert expected.speed is None
            assert found.speed is not None
            assert (found.speed.merged, found.speed.message) == (20, MERGED)


def test_a_still_picture_proves_nothing(network: Network) -> None:
    network.__dict__.pop("fast", None)
    frame_path.run(network, frames(1)[0], STILL)
    assert network.fast.told.message == CHECKING


def test_a_network_that_moved_learns_anew(network: Network) -> None:
    learned = network.fast
    network.device = torch.device("meta")
    network.move(torch.device("cpu"))
    assert network.fast is not learned
    network.moved = None


def test_on_an_accelerator_norms_are_folded_too(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [frame_path.run(network, frame, STILL.with_(layer="layer2.0.relu")) for frame in frames(3)]
    choose = device.choose
    monkeypatch.setattr(device, "choose", lambda name="auto": DEVICE if name == "auto" else choose(name))
    with pretend_device():
        there = Session().open("resnet18", "none", (48, 48))
        for frame, wanted in zip(frames(3), expected, strict=True):
            found = frame_path.run(there, frame, LIVE.with_(layer="layer2.0.relu"))
            assert found.device == str(DEVICE)
            alike(found, wanted)
            assert found.speed is not None
            assert (found.speed.merged, found.speed.message) == (20, MERGED)


def test_a_network_that_ran_live_is_let_go_at_once() -> None:
    session = Session()
    opened = session.open("resnet18", "none", (48, 48), "cpu")
    for frame in frames(3):
        frame_path.run(opened, frame, LIVE)
    left = weakref.ref(opened.module), weakref.ref(opened.fast)
    gc.disable()
    try:
        session.close()
        del opened
        assert [one() for one in left] == [None, None]
    finally:
        gc.enable()
