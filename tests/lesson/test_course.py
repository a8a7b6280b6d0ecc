"""The course's deck: every topic, in both languages, and every number in it against torch, NumPy, Pillow or a paper."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from importlib import resources
from math import prod

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import Tensor
from torch.nn import functional

from explorer.arithmetic.presets import PRESETS
from explorer.lesson import deck
from explorer.lesson.figures import FIGURES, figure
from explorer.lesson.places import PAGES
from explorer.lesson.questions import KINDS, OF_NETWORK, ask
from explorer.lesson.values import Deck, Scene
from explorer.zoo import registry

Numbers = dict[str, str]

TOPICS = [
    *("what-is-computer-vision", "what-networks-do", "filter", "filter-in-numbers", "machine-finds-the-filter"),
    *("convolution", "why-shift", "why-weights", "fully-connected", "convolution-layer", "stride", "padding"),
    *("pooling", "size-formula", "classification-detection-segmentation", "feature-hierarchy", "receptive-field"),
    *("dilation", "lenet-5", "imagenet", "alexnet", "vgg", "googlenet", "resnet", "training"),
]
"""The lecture's order."""
GIVEN: dict[str, str] = {
    "what-is-computer-vision": "0 255 150 300 99 9 16 153",  # 9·16 + 9
    "filter": "1/5 1/25 5 8 −1 25 1 0 255",
    "filter-in-numbers": "8·12 − 8 − 19 − 7 − 14 8·7 − 9 − 12 − 17 − 30 0 255",
    "machine-finds-the-filter": "5 3 75",
    "convolution": "3 2",
    "why-shift": "25 20",
    "why-weights": "16 4 2 224 1024 2048 4096 1000 3 128 256 512",
    "fully-connected": "3 10 27 32 3,072 30,720",
    "convolution-layer": "32 3 5 1",
    "stride": "7 3 1 2",
    "padding": "0 7 3 1 2",
    "pooling": "2 36 29 31",
    "size-formula": "1 7 3 2 227 11 4",
    "classification-detection-segmentation": "0.7 0.08 0.01 0.2 1 8 6 48",
    "receptive-field": "3 5",
    "dilation": "7 3 2 1 4",
    "lenet-5": "1998 28 14 60,000 5 1 6 150 156",
    "imagenet": "2010 2017 2012 1,281,167 200 5",
    "alexnet": "2012 96 11 4 55 256 5 2 3 1 6 4096 61,100,840",
    "vgg": "2014 3 1 11 19 16 138,000,000 5",
    "googlenet": "2014 1 3 5 64 128 32 256",
    "resnet": "2015 152 18 5 0 2",
    "training": "8,000 2,000 64 1 125 5",
}
"""What the lecture gives, or what follows from it in the same line and is worked in ``test_literals``."""


@pytest.fixture(scope="module")
def course() -> Deck:
    return deck.course()


def conv(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> str:
    """Return the formula with its numbers, and what torch makes; where it does not come out even, the quotient."""
    made = functional.conv2d(
        torch.zeros(1, 1, n, n), torch.zeros(1, 1, kernel, kernel), None, stride, padding, dilation
    )
    exact = (n + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    assert made.shape[-1] == int(exact)
    window = str(kernel) if dilation == 1 else f"{dilation}·({kernel} − 1) − 1"
    pad = f" + 2·{padding}" if padding else ""
    return f"({n}{pad} − {window})/{stride} + 1 = {int(exact) if exact == int(exact) else f'{exact:.2f}'}"


def minus(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def rows(plane: Tensor) -> str:
    return "; ".join(" ".join(map(minus, row)) for row in plane.tolist())


def case(name: str) -> tuple[Tensor, Tensor]:
    """The example's own numbers, which are given; what is made of them is torch's."""
    subject = PRESETS[name].subject
    return torch.tensor(subject.input)[None], torch.tensor(subject.filters)  # type: ignore[union-attr]


def parameters(name: str) -> str:
    module = registry.skeleton(registry.card(name))
    return f"{sum(one.numel() for one in module.parameters() if one.requires_grad):,}"


def torchvisions(name: str, **how: bool) -> str:
    with torch.device("meta"):
        return f"{sum(one.numel() for one in torchvision.models.get_model(name, **how).parameters()):,}"


def area(*layers: tuple[int, int]) -> tuple[str, int]:
    """Return the area that a unit sees through convolutions (kernel, dilation) and how many cells: by gradient."""
    x = torch.zeros(1, 1, 41, 41, requires_grad=True)
    y: Tensor = x
    for kernel, dilation in layers:
        y = functional.conv2d(y, torch.ones(1, 1, kernel, kernel), dilation=dilation)
    (gradient,) = torch.autograd.grad(y[0, 0, y.shape[2] // 2, y.shape[3] // 2], x)
    places = np.argwhere(gradient[0, 0].numpy())
    return "×".join(str(side) for side in (np.ptp(places, axis=0) + 1)), len(places)


def vision() -> Numbers:
    pixels = np.asarray(Image.open(str(resources.files("resources") / "samples" / "coffee.png")).convert("RGB"))
    r, g, b = map(int, pixels[150, 300])
    size = "×".join(map(str, pixels.shape))
    return {
        "size": size,
        "all": f"{pixels.size:,}",
        "r": f"{r}",
        "g": f"{g}",
        "b": f"{b}",
        "hex": f"{r:02X}{g:02X}{b:02X}",
    }


def sharpened() -> Numbers:
    picture = torch.tensor([[18.0, 8, 9, 6], [19, 12, 7, 17], [13, 14, 30, 12]])
    sums = functional.conv2d(picture[None, None], torch.tensor([[[[0.0, -1, 0], [-1, 8, -1], [0, -1, 0]]]]))[0, 0, 0]
    one, two = sums.tolist()
    return {
        "sum1": minus(one),
        "value1": minus(one / 4),
        "sum2": minus(two),
        "value2": minus(two / 4),
        "kept2": minus(max(two / 4, 0)),
    }


def convolution() -> Numbers:
    x, w = case("one-filter")
    made = functional.conv2d(x, w)
    numbers = torch.arange(1, 28).reshape(3, 3, 3)
    windows = [numbers[:, :2, at : at + 2].flatten().tolist() for at in (0, 1)]
    letters = [" + ".join(f"w{w}x{x}" for w, x in zip(windows[0], seen, strict=True)) for seen in windows]
    _n, k, height, width = made.shape
    return {
        "size": f"{height}×{width}×{k}",
        "y1": f"y1 = {letters[0]}",
        "y2": f"y2 = {letters[1]}",
        "v1": minus(float(made[0, 0, 0, 0])),
        "v2": minus(float(made[0, 0, 0, 1])),
    }


FOUR = torch.tensor([[int(cell) for cell in row] for row in ("01010", "01010", "01110", "00010", "00010")]).float()


def counted() -> Numbers:
    def sizes(*layers: tuple[int, ...]) -> str:
        return f"{sum(torch.empty(one, device='meta').numel() for one in layers):,}"

    convs = [(256, 128, 3, 3), (512, 256, 3, 3)]
    head = [(1024, 512), (1000, 1024)]
    line = torch.tensor([[0.0, 1, 0]] * 3)
    dense, seen = (
        sizes((1024, 50176), (2048, 1024), (4096, 2048), (1000, 4096)),
        [(n, 1, 3, 3) for n in (128, 256, 512)],
    )
    return {
        "small": f"16·4 + 4·2 = {sizes((4, 16), (2, 4))}",
        "dense": f"50176·1024 + 1024·2048 + 2048·4096 + 4096·1000 = {dense}",
        "lecture": f"9·128 + 9·256 + 9·512 + 1024·1000 = {sizes(*seen, (1000, 1024))}",
        "grey": sizes((128, 1, 3, 3), *convs),
        "rgb": sizes((128, 3, 3, 3), *convs),
        "grey_all": sizes((128, 1, 3, 3), *convs, *head),
        "rgb_all": sizes((128, 3, 3, 3), *convs, *head),
        "map": rows(functional.conv2d(FOUR[None, None], line[None, None])[0, 0]),
    }


def dense() -> Numbers:
    x, w = case("fully-connected")
    made = functional.linear(x.flatten(1), w.flatten(1))[0].tolist()
    return {"inputs": str(x.numel()), "first": minus(made[0]), "second": minus(made[1])}


def two_maps() -> Numbers:
    first, second = functional.conv2d(*case("two-filters"))[0]
    shapes = [functional.conv2d(torch.zeros(1, 3, 32, 32), torch.zeros(k, 3, 5, 5)).shape for k in (1, 6)]
    sizes = [f"{h}×{w}×{k}" for _n, k, h, w in shapes]
    return {"first": rows(first), "second": rows(second), "one": sizes[0], "six": sizes[1]}


def pooled() -> Numbers:
    def map_of(first: int, pool: Callable[..., Tensor]) -> str:
        cells = [[first, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
        return rows(pool(torch.tensor(cells).float()[None, None], 2)[0, 0])

    return {
        "max": map_of(29, functional.max_pool2d),
        "average": map_of(31, functional.avg_pool2d),
        "again": map_of(29, functional.avg_pool2d),
    }


def seen() -> Numbers:
    return {
        "small": area((3, 1))[0],
        "five": area((5, 1))[0],
        "two": area((3, 1), (3, 1))[0],
        "weights5": str(torch.empty(5, 5).numel()),
        "weights2": str(2 * torch.empty(3, 3).numel()),
    }


def dilated() -> Numbers:
    found, cells = area((3, 2))
    chain, three = area((3, 1), (3, 2), (3, 4))[0], area((3, 1), (3, 1), (3, 1))[0]
    return {"worked": conv(7, 3, dilation=2), "area": found, "seen": str(cells), "chain": chain, "three": three}


ORACLE: dict[str, Callable[[], Numbers]] = {
    "what-is-computer-vision": vision,
    "filter-in-numbers": sharpened,
    "convolution": convolution,
    "why-shift": lambda: {"changed": str(int((functional.pad(FOUR, (1, -1)) != FOUR).sum()))},
    "why-weights": counted,
    "fully-connected": dense,
    "convolution-layer": two_maps,
    "stride": lambda: {"one": conv(7, 3), "two": conv(7, 3, 2), "three": conv(7, 3, 3), "made": str((7 - 3) // 3 + 1)},
    "padding": lambda: {"one": conv(7, 3, 1, 1), "two": conv(7, 3, 2, 1)},
    "pooling": pooled,
    "size-formula": lambda: {
        "stride2": conv(7, 3, 2),
        "padded": conv(7, 3, 2, 1),
        "dilated": conv(7, 3, 1, 0, 2),
        "alex": conv(227, 11, 4),
    },
    "receptive-field": seen,
    "dilation": dilated,
    "lenet-5": lambda: {
        "paper": parameters("lenet5_1998"),
        "modern": parameters("lenet5"),
        "side": conv(32, 5),
    },
    "imagenet": lambda: {
        "classes": f"{len(torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta['categories']):,}",
    },
    "alexnet": lambda: {
        "conv1": conv(227, 11, 4),
        "pool1": conv(55, 3, 2),
        "conv2": conv(27, 5, 1, 2),
        "pool2": conv(27, 3, 2),
        "conv3": conv(13, 3, 1, 1),
        "pool3": conv(13, 3, 2),
        "lecture": parameters("alexnet_lecture"),
        "paper": parameters("alexnet_paper"),
        "best": "15.3",  # Krizhevsky et al. 2012, table 2
        "single": "18.2",
    },
    "vgg": lambda: {
        "a": parameters("vgg_a"),
        "d": parameters("vgg_d"),
        "e": parameters("vgg_e"),
        "error": "7.5",  # Simonyan, Zisserman 2015, table 6
        "two": area((3, 1), (3, 1))[0],
        "three": area((3, 1), (3, 1), (3, 1))[0],
    },
    "googlenet": lambda: {
        "paper": parameters("googlenet_paper"),
        "torchvision": torchvisions("googlenet", aux_logits=False, init_weights=False),
        "error": "6.67",  # Szegedy et al. 2015, table 2
        "single": "10.07",  # table 3
        "alexnet": parameters("alexnet_lecture"),
    },
    "resnet": lambda: {
        "small": parameters("resnet18"),
        "large": parameters("resnet152_paper"),
        "error": "3.57",  # He et al. 2016, table 5
        "single": "5.71",  # table 3
    },
}


def tokens(text: str) -> set[str]:
    """Return the numbers in a text; not those behind a letter, as in x12 or CONV1."""
    return set(re.findall(r"(?<![A-Za-z\d.,])−?\d+(?:,\d{3})*(?:\.\d+)?", text))


def texts(scene: Scene, language: str) -> Iterator[str]:
    asked = scene.ask
    assert asked is not None
    words = [
        scene.title,
        *scene.say,
        *(step.words for step in scene.steps),
        asked.words,
        *asked.options,
        *asked.working,
    ]
    return (getattr(one, language) for one in words)


def test_the_topics_stand_in_the_lectures_order(course: Deck) -> None:
    assert [scene.id for scene in course.scenes] == TOPICS
    assert all(2 <= len(scene.say) <= 3 and scene.steps and scene.ask for scene in course.scenes[:-1])
    assert "cs231n" in course.credit
    assert "강준규" in course.credit


@pytest.mark.parametrize("scene", TOPICS)
def test_numbers_are_the_oracles(course: Deck, scene: str) -> None:
    raw = tomllib.loads(deck.course_text())
    wanted = next(one for one in raw["scene"] if one["id"] == scene).get("numbers", {})
    right = ORACLE.get(scene, dict)()
    assert {name: figure(text) for name, text in wanted.items()} == right
    known = set().union(*map(tokens, (*right.values(), GIVEN.get(scene, ""))))
    found = course.scenes[TOPICS.index(scene)]
    for language in ("en", "ko"):
        told = set().union(*map(tokens, texts(found, language)))
        assert told <= known, (language, told - known)
    assert found.ask is not None
    if not found.ask.kind and not found.ask.options:
        assert tokens(found.ask.answer) <= known
        assert ask(found.ask, 0).check(found.ask.answer)


@pytest.mark.parametrize("scene", TOPICS)
def test_english_and_korean_tell_the_same_numbers(course: Deck, scene: str) -> None:
    """Korean may have one more where English has a word: "hexadecimal" is 16진수."""
    found = course.scenes[TOPICS.index(scene)]
    for one in (found.title, *found.say, *(step.words for step in found.steps)):
        assert tokens(one.en) <= tokens(one.ko), one
        assert re.search("[가-힣]", one.ko) or "=" in one.ko or one is found.title
        assert not re.search("[가-힣]", one.en)


def test_literals() -> None:
    """What a scene works in words, without a figure of its own."""
    assert int("99", 16) == 153
    assert prod((5, 5, 3)) == 75
    assert (prod((32, 32, 3)), prod((32, 32, 3, 10))) == (3_072, 30_720)
    assert (8 * 12 - 8 - 19 - 7 - 14, 8 * 7 - 9 - 12 - 17 - 30) == (48, -12)
    assert sum((0.7, 0.08, 0.01, 0.01, 0.2)) == pytest.approx(1)
    assert (torch.nn.Conv2d(1, 6, 5).weight.numel(), 150 + torch.nn.Conv2d(1, 6, 5).bias.numel()) == (150, 156)
    assert functional.max_pool2d(torch.zeros(1, 6, 28, 28), 2).shape[2:] == (14, 14)
    assert 64 + 128 + 32 + 32 == 256
    assert -(-8_000 // 64) == 125
    with np.load(str(resources.files("resources") / "digits" / "digits.npz")) as digits:
        assert len(digits["y"]) == 8_000 + 2_000
    assert torchvisions("alexnet") == "61,100,840"


def test_the_head_of_the_deck_names_all_that_there_is() -> None:
    head = deck.course_text().split("\n\n")[0]
    names = set(re.findall(r"[a-z_]+(?:-[a-z]+)*", head))
    for known in (PAGES, *PAGES.values(), FIGURES, KINDS, OF_NETWORK):
        assert set(known) <= names, set(known) - names


def test_figures_that_the_course_does_not_use() -> None:
    assert figure("biases small-network") == "6"
    assert figure("side 7,3,2,1") == "4"
    assert figure("stack-weights one-3x3") == "2,304"  # 16 channels: 3·3·16·16
    assert figure("terms max-pooling 0,0,0") == "max(29, 15, 0, 100) = 100"
    assert figure("macs lenet5") == "416,520"  # as the card, which another test counts
