"""The lists of classes."""

from __future__ import annotations

import pytest

from explorer.zoo import registry
from explorer.zoo.labels import labels


def test_imagenet_is_torchvisions_list() -> None:
    from torchvision.models import ResNet18_Weights

    assert list(labels("imagenet1k")) == ResNet18_Weights.IMAGENET1K_V1.meta["categories"]


def test_digits_are_digits() -> None:
    assert [int(label) for label in labels("digits")] == list(range(10))


def test_no_list_no_labels() -> None:
    assert labels("") == ()


def test_every_card_names_a_list_that_exists() -> None:
    for card in registry.cards():
        assert labels(card.labels)
        assert all(labels(weights.labels) for weights in card.weights)


def test_an_unknown_list_is_our_mistake() -> None:
    with pytest.raises(FileNotFoundError):
        labels("cats")
