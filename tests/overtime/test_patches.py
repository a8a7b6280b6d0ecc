"""The strongest patches: the float64 maxima, one a moment, cut from the picture by what their cells really see."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer import frame_path
from explorer.overtime import patches
from explorer.overtime.values import MOST_PATCHES, Patch, Patches
from explorer.recipe import Following, Recipe, Unit
from explorer.session import Network, Session
from explorer.values import Frame
from explorer.zoo.own import memory

SIDE = 32


class Edges(nn.Module):
    """Two 3×3 convolutions on the network's input: a unit sees 5×5 cells, fewer at the border."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            self.conv2.bias[2] = -99.0  # dead

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.conv2(self.conv1(x)))
        return self.head(x.mean((2, 3)))


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    def transform(picture: Any) -> torch.Tensor:
        return torch.from_numpy(np.array(picture.resize((SIDE, SIDE)))).permute(2, 0, 1) / 255

    name = memory.put(Edges(), transform, ("one", "two"))
    yield Session().open(name, input_hw=(SIDE, SIDE), device="cpu")
    memory.forget(name)


@pytest.fixture(autouse=True)
def forgets(network: Network) -> None:
    network.seen = None
    network.__dict__.pop("recorder", None)


def spot(index: int, y: int, x: int, seed: int = 0, light: int = 255) -> Frame:
    """A dark picture with one spot of random colours."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    rng = np.random.default_rng(seed or index + 1)
    pixels[y : y + 5, x : x + 5] = rng.integers(40, 256, (5, 5, 3)) * (light / 255)
    return Frame(pixels, "spots", index, index / 30, position_s=index / 30)


def strongest(network: Network, frames: list[Frame], **changes: Any) -> Patches:
    recipe = Recipe(network=network.card.name, input_hw=(SIDE, SIDE), overtime=Following(), thumbnails=())
    for frame in frames:
        result = frame_path.run(network, frame, recipe.with_(**{"layer": "relu", **changes}))
    assert result.overtime is not None
    return result.overtime.patches


def maps64(network: Network, frame: Frame) -> np.ndarray[Any, Any]:
    module = Edges().double()
    module.load_state_dict({name: value.double() for name, value in network.module.state_dict().items()})
    with torch.no_grad():
        x = network.prepare(frame).tensor.double()
        found: np.ndarray[Any, Any] = module.relu(module.conv2(module.conv1(x)))[0].numpy()
    return found


def test_the_highest_cells_of_frames_that_are_apart(network: Network) -> None:
    frames = [spot(20 * n, 3 + 2 * (n % 11), 25 - 2 * (n % 7)) for n in range(14)]
    for channel in range(2):
        found = strongest(network, frames, channel=channel)
        maxima = sorted(((float(maps64(network, f)[channel].max()), f.index) for f in frames), reverse=True)
        expected = [(value, index) for value, index in maxima if value > 0][:MOST_PATCHES]
        assert [patch.index for patch in found.found] == [index for _value, index in expected]
        assert [patch.value for patch in found.found] == pytest.approx([v for v, _i in expected], rel=1e-5)
        assert (found.layer, found.channel) == ("relu", channel)
        for patch in found.found:
            frame = next(f for f in frames if f.index == patch.index)
            y, x = np.unravel_index(maps64(network, frame)[channel].argmax(), (SIDE, SIDE))
            assert (patch.unit.y, patch.unit.x) == (y, x)
            box = max(y - 2, 0), max(x - 2, 0), min(y + 3, SIDE), min(x + 3, SIDE)  # two 3×3 see 5×5
            assert patch.box == box
            assert patch.known
            assert (patch.pixels == frame.pixels[box[0] : box[2], box[1] : box[3]]).all()
            assert patch.position_s == frame.position_s
        network.__dict__.pop("recorder")
        network.seen = None


def test_one_long_still_moment_is_there_once(network: Network) -> None:
    still = spot(0, 10, 10, seed=7)
    frames = [dataclasses.replace(still, index=n) for n in range(80)]
    found = strongest(network, [*frames, spot(200, 4, 20, seed=9), *(dataclasses.replace(still, index=300),)])
    assert sorted(patch.index for patch in found.found) == [0, 200]
    assert found.frames == 82


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [1, 5, 2, 5, 3]])
def test_of_neighbouring_frames_the_strongest_stays(values: list[float]) -> None:
    rng = np.random.default_rng(0)
    kept = patches.Strongest()
    for index, value in enumerate(values):
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        patch = Patch(value, Unit("relu", 0, 0, 0), index, 0.0, None, pixels, (0, 0, 8, 8))
        kept.offer(value, index, lambda patch=patch: patch)
    assert [(patch.value, patch.index) for patch in kept.found] == [(5, values.index(5))]


def test_another_channel_or_layer_begins_with_the_frame_that_is_shown(network: Network) -> None:
    frames = [spot(20 * n, 5, 5 + n) for n in range(5)]
    assert strongest(network, frames).frames == 5
    other = strongest(network, frames[-1:], channel=1)
    assert (other.channel, other.frames) == (1, 1)
    layer = strongest(network, frames[-1:], layer="conv1", channel=1)
    assert (layer.layer, layer.frames, len(layer.found)) == ("conv1", 1, 1)


def test_a_channel_that_is_never_above_zero_has_none(network: Network) -> None:
    found = strongest(network, [spot(0, 5, 5), spot(40, 9, 9)], channel=2)
    assert found.found == ()
    assert found.clips
    assert found.frames == 2


def test_a_layer_of_the_whole_input_shows_all_that_goes_in(network: Network) -> None:
    frame = spot(3, 8, 8)
    (patch,) = strongest(network, [frame], layer="head", channel=1).found
    assert patch.box == (0, 0, SIDE, SIDE)
    assert patch.known
    assert (patch.pixels == frame.pixels).all()


def test_a_large_picture_is_kept_small() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (900, 1600, 3), np.uint8)
    assert patches.cut(pixels, (0, 0, 900, 1600)).shape == (180, 320, 3)
    part = patches.cut(pixels, (10, 20, 40, 60))
    assert (part == pixels[10:40, 20:60]).all()
    assert part.base is None
