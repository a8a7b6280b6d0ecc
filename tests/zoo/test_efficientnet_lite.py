"""EfficientNet-Lite0: its padding against torch's own "same", its answers against those measured elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from explorer.prepare import prepare
from explorer.tasks.classify import classify
from explorer.values import Frame
from explorer.zoo import registry, weights
from explorer.zoo.efficientnet_lite import SamePad
from explorer.zoo.labels import labels
from tests.zoo.paths import SAMPLES


@pytest.fixture(scope="module")
def network() -> nn.Module:
    card = registry.card("efficientnet_lite0")
    found = weights.find(card)
    assert found is not None
    return registry.build(card, weights.load(found))


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 7), (8, 7), (1, 2), (112, 57)])
def test_same_padding_is_tensorflows(kernel: int, height: int, width: int) -> None:
    # With stride 1 "same" is no matter of taste, and torch has it. TensorFlow's stride 2 takes every second of those
    # cells: from the second on where the size is even (its odd zero lies at the end), from the first where it is odd.
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 2, height, width, generator=generator, dtype=torch.float64)
    weight = torch.rand(3, 2, kernel, kernel, generator=generator, dtype=torch.float64)
    every = functional.conv2d(x, weight, padding="same")
    wanted = every[:, :, 1 - height % 2 :: 2, 1 - width % 2 :: 2]
    torch.testing.assert_close(functional.conv2d(SamePad(kernel, 2)(x), weight, stride=2), wanted)


def test_stages_have_the_papers_sizes(network: nn.Module) -> None:
    shapes: list[tuple[int, ...]] = []
    hooks = [block.register_forward_hook(lambda m, i, o: shapes.append(tuple(o.shape[1:]))) for block in network.blocks]
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    # Table 1 of the paper (B0), resolution after each stage; repeats 1, 2, 2, 3, 3, 4, 1.
    assert shapes == [
        (16, 112, 112), *[(24, 56, 56)] * 2, *[(40, 28, 28)] * 2, *[(80, 14, 14)] * 3, *[(112, 14, 14)] * 3,
        *[(192, 7, 7)] * 4, (320, 7, 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "measured"),
    [
        ("chelsea.png", {"tiger cat": 0.38, "Egyptian cat": 0.37, "tabby": 0.16}),
        ("coffee.png", {"espresso": 0.96}),
        ("camera.png", {"tripod": 0.94}),
        ("rocket.jpg", {"missile": 0.38}),
    ],
)
def test_it_sees_what_was_measured(network: nn.Module, file: str, measured: dict[str, float]) -> None:
    frame = Frame(np.asarray(Image.open(SAMPLES / file).convert("RGB")), file)
    card = registry.card("efficientnet_lite0")
    prepared = prepare(frame, card.preparation, torch.device("cpu"))
    with torch.inference_mode():
        predictions = classify(network(prepared.tensor), labels(card.labels), len(measured))
    assert [p.label for p in predictions] == list(measured)
    assert [p.probability for p in predictions] == pytest.approx(list(measured.values()), abs=0.0051)
