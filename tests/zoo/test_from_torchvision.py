"""What is written down about torchvision's networks against torchvision itself."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from hashlib import sha256

import pytest
import torch
from torch import Tensor
from torchvision import models
from torchvision.transforms import InterpolationMode

from explorer.zoo import registry, weights
from explorer.zoo.card import Card, WeightState
from explorer.zoo.from_torchvision import CARDS


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_card_says_what_torchvision_says(card: Card) -> None:
    official = models.get_model_weights(card.name).IMAGENET1K_V1
    (own,) = card.weights
    transforms = official.transforms()
    assert own.name == official.name.lower()
    assert own.url == official.url
    assert own.file == official.url.rsplit("/", 1)[1]
    assert own.sha256 == own.file.removesuffix(".pth").rsplit("-", 1)[1]
    assert own.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
    assert card.parameters == official.meta["num_params"]
    accuracy = official.meta["_metrics"]["ImageNet-1K"]
    assert f"{accuracy['acc@1']:.1f} %" in own.accuracy
    assert f"{accuracy['acc@5']:.1f} %" in own.accuracy
    preparation = own.preparation
    assert preparation == card.preparation
    assert [preparation.resize] == transforms.resize_size
    assert preparation.input_chw == (3, *transforms.crop_size * 2)
    assert (list(preparation.mean), list(preparation.std)) == (transforms.mean, transforms.std)
    assert (preparation.full, preparation.pad, preparation.long_side) == (1, 0, "cut")
    assert transforms.interpolation is InterpolationMode(preparation.interpolation)


def test_building_is_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.build(registry.card("googlenet"))


def cached(card: Card, state: dict[str, Tensor]) -> Card:
    """Put ``state`` into torch's cache folder as if it had been downloaded, and return a card with its hash."""
    file = weights.cache_folder() / card.weights[0].file
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file)
    return replace(card, weights=(replace(card.weights[0], sha256=sha256(file.read_bytes()).hexdigest()[:8]),))


def output_of(card: Card, picture: Tensor) -> Tensor:
    assert weights.state(card) is WeightState.CACHED
    found = weights.find(card)
    assert found is not None
    with torch.inference_mode():
        logits: Tensor = registry.build(card, weights.load(found))(picture)
    return logits


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))


def test_cached_weights_are_used(picture: Tensor) -> None:
    torch.manual_seed(1)
    official = models.squeezenet1_1().eval()
    card = cached(registry.card("squeezenet1_1"), official.state_dict())
    with torch.inference_mode():
        assert torch.equal(output_of(card, picture), official(picture))


def test_googlenets_published_checkpoint_fits(picture: Tensor) -> None:
    # Published with the auxiliary heads, and for inputs that are normalised once more inside the network.
    torch.manual_seed(1)
    official = models.googlenet(aux_logits=True, transform_input=True, init_weights=False).eval()
    assert any(name.startswith("aux1.") for name in official.state_dict())
    card = cached(registry.card("googlenet"), official.state_dict())
    with torch.inference_mode():
        assert torch.equal(output_of(card, picture), official(picture))


def test_densenets_published_checkpoint_fits(picture: Tensor) -> None:
    # Published with the names of an older torchvision: denselayer1.norm.1 for denselayer1.norm1.
    torch.manual_seed(1)
    official = models.densenet121().eval()
    old = {re.sub(r"(denselayer\d+\.(norm|conv))([12])", r"\1.\3", n): v for n, v in official.state_dict().items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    card = cached(registry.card("densenet121"), old)
    with torch.inference_mode():
        assert torch.equal(output_of(card, picture), official(picture))
