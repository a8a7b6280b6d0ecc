"""Modules in memory: what they tell by themselves, a copy that is looked at, and transforms of a person's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms

from explorer import frame_path
from explorer.errors import ForwardError, NetworkError
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.values import Frame
from explorer.zoo import own
from explorer.zoo.own import memory


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_shown", {})


def digits() -> nn.Module:
    """Return a network that takes nothing but grey 28×28."""
    return nn.Sequential(nn.Conv2d(1, 2, 5), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 24 * 24, 10))


def test_names_are_its_class_and_a_number() -> None:
    names = [memory.put(digits()) for _time in range(3)]
    assert names == ["memory:Sequential", "memory:Sequential 2", "memory:Sequential 3"]
    memory.forget(names[1])
    memory.forget(names[1])
    assert memory.put(digits()) == "memory:Sequential 2"


def test_what_is_round_a_network_is_taken_off() -> None:
    network = digits()
    name = memory.put(nn.DataParallel(network))
    assert memory.shown(name).module is network
    compiled = torch.compile(network)  # nothing is compiled before it runs
    assert memory.shown(memory.put(compiled)).module is network  # type: ignore[arg-type]


class Deep(nn.Module):
    """A picture as a stack of one depth, through a three-dimensional convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.deep = nn.Conv2d(1, 2, 5), nn.Conv3d(2, 3, (1, 3, 3))
        self.head = nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        deep: Tensor = self.deep(self.flat(x)[:, :, None])
        out: Tensor = self.head(deep.mean((2, 3, 4)))
        return out


def test_kernels_of_three_dimensions_are_placed_as_they_are() -> None:
    module = Deep().eval()
    network = Session().open(memory.put(module), device="cpu")
    picture = torch.rand(1, 1, 28, 28)
    with torch.inference_mode():
        torch.testing.assert_close(network.module(picture), module(picture))


def test_channels_and_size_are_found_by_trial_on_a_copy() -> None:
    network = digits().train()
    calls: list[Any] = []
    network.register_forward_hook(lambda *_a: calls.append(1))
    name = memory.put(network)
    guess = memory.guess(name)
    assert guess.own.preparation.input_chw == (1, 28, 28)
    assert network.training
    assert [str(one) for one in guess.remarks] == ["No transform was given: the usual preparation is taken."]


def test_the_copy_shares_nothing_and_the_original_keeps_its_state() -> None:
    network = digits().train()
    network[0].eval()
    flags = [module.training for module in network.modules()]
    opened = own.open(memory.put(network, labels=[str(n) for n in range(10)]))
    assert not opened.module.training
    opened.module.to(torch.float64)
    with torch.no_grad():
        for parameter in opened.module.parameters():
            parameter.zero_()
    assert [module.training for module in network.modules()] == flags
    assert all(parameter.dtype == torch.float32 and parameter.any() for parameter in network.parameters())


def test_what_cannot_be_copied_says_what_to_do() -> None:
    network = digits()
    network.register_buffer("made", torch.ones(1, requires_grad=True) * 2)
    with pytest.raises(NetworkError, match=r"Sequential cannot be copied .*save its state_dict"):
        memory.open(memory.put(network))


def test_one_that_is_gone_says_where_it_was() -> None:
    with pytest.raises(NetworkError, match=r"Net was in the memory of a program: run explorer\.show there again"):
        Session().open("memory:Net")


# transforms


def test_the_network_gets_what_the_transform_returns_and_the_whole_picture_is_meant() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    seen: list[Any] = []

    def transform(picture: Image.Image) -> Tensor:
        seen.append((picture.mode, picture.size))
        return transforms.functional.to_tensor(picture.convert("L").rotate(90).resize((28, 28))) * 3 - 1

    network = digits()
    name = memory.put(network, transform, [str(n) for n in range(10)])
    opened = Session().open(name, device="cpu")
    result = frame_path.run(opened, Frame(pixels, "noise"), Recipe(network=name))
    assert seen[-1] == ("RGB", (50, 40))
    expected = transform(Image.fromarray(pixels))
    assert torch.equal(opened.prepare(Frame(pixels, "noise")).tensor[0], expected)
    with torch.inference_mode():
        probabilities = network.eval()(expected[None]).softmax(1)[0]
    assert [p.index for p in result.predictions] == probabilities.argsort(descending=True)[:5].tolist()
    assert result.geometry.crop == (0, 0, 40, 50)
    assert result.geometry.to_picture((0, 0, 14, 14)) == (0, 0, 20, 25)
    values = np.random.default_rng(1).normal(size=(1, 28, 28)).astype(np.float32)
    given = opened.prepare(Frame(pixels, "x.npy", array=values))  # what is prepared already stays as it is
    np.testing.assert_array_equal(given.tensor[0].numpy(), values)


@pytest.mark.parametrize(
    ("transform", "sentence"),
    [
        (lambda picture: picture, "The transform failed"),
        (lambda picture: picture.no_such_thing, "The transform failed .AttributeError"),
        (lambda picture: None, "The transform failed"),
        (lambda picture: torch.zeros(3), "returned the shape 3: it must be channels, height and width"),
        (lambda picture: torch.zeros(2, 3, 8, 8), "returned the shape 2×3×8×8"),
        (lambda picture: torch.zeros(3, 0, 8), "returned the shape"),
    ],
)
def test_transforms_that_make_no_input(transform: Any, sentence: str) -> None:
    with pytest.raises(NetworkError, match=sentence):
        memory.guess(memory.put(digits(), transform))


def test_a_transform_whose_size_follows_the_picture_is_told() -> None:
    name = memory.put(nn.Conv2d(3, 2, 3), transforms.ToTensor())
    opened = Session().open(name, device="cpu")
    with pytest.raises((NetworkError, ForwardError), match=r"opened for an input of 3 × 480 × 640"):
        frame_path.run(opened, Frame(np.zeros((40, 50, 3), np.uint8), "x"), Recipe(network=name))


def test_labels_are_kept_where_a_card_can_name_them(own_home: Path) -> None:
    names = ["고양이", "dog"] * 5
    opened = Session().open(memory.put(digits(), labels=names), device="cpu")
    assert opened.labels == tuple(names)
    assert not list(own_home.glob("*.json"))
    assert not (own_home / "data").exists(), "what one program shows is nothing for the next one"


def test_labels_of_another_number_are_told() -> None:
    with pytest.raises(NetworkError):
        Session().open(memory.put(digits(), labels=["a", "b"]), device="cpu")


def test_what_is_kept_for_a_program_goes_with_it(tmp_path: Path) -> None:
    program = "from explorer.zoo.own import memory; print(memory.keep(b'x', '.npy'))"
    kept = Path(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    )
    assert kept.suffix == ".npy"
    assert not kept.parent.exists()


@pytest.mark.parametrize(
    "layers",
    [(nn.Conv3d(3, 2, 3), nn.AdaptiveAvgPool3d(1)), (nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2), nn.AdaptiveAvgPool3d(1))],
    ids=["convolution", "normalisation"],
)
def test_a_network_for_volumes_is_told_as_one(layers: tuple[nn.Module, ...]) -> None:
    name = memory.put(nn.Sequential(*layers, nn.Flatten(), nn.Linear(2, 5)))
    with pytest.raises(ForwardError, match="takes volumes"):
        Session().open(name, input_hw=(20, 20), device="cpu")


class Pair(nn.Module):
    """Gives its features and then its classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 7, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.conv(x).mean((2, 3), keepdim=True)
        return features.flatten(1), self.head(features).flatten(1)


@pytest.mark.parametrize("transform", [None, lambda picture: torch.zeros(3, 20, 30)])
def test_the_answer_is_the_output_with_as_many_numbers_as_there_are_labels(transform: memory.Transform | None) -> None:
    name = memory.put(Pair(), transform, [str(n) for n in range(7)])
    assert memory.guess(name).own.output == "1"
    assert memory.guess(memory.put(Pair(), transform, ["a"] * 4)).own.output == ""
    assert memory.guess(memory.put(Pair(), transform)).own.output == ""


def test_a_transform_or_copy_that_ends_the_program_is_an_error() -> None:
    with pytest.raises(NetworkError, match="SystemExit: 3"):
        memory.transformed(lambda _picture: sys.exit(3), None)
