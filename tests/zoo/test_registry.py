"""Cards, and the way from a card to a module."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from explorer.errors import NetworkError
from explorer.recipe import DEFAULT_NETWORK
from explorer.zoo import course, registry
from explorer.zoo.card import Card
from explorer.zoo.labels import labels

CARDS = registry.cards()
LIGHT = [card for card in CARDS if card.parameters < 12_000_000]


def small_picture(card: Card) -> torch.Tensor:
    channels, side, _ = card.preparation.input_chw
    return torch.rand(1, channels, min(side, 64), min(side, 64), generator=torch.Generator().manual_seed(1))


def names(cards: list[Card]) -> list[str]:
    return [card.name for card in cards]


def test_the_zoo_holds_what_it_promises() -> None:
    assert names(list(CARDS)) == [
        "efficientnet_lite0", *names(list(course.CARDS)), "squeezenet1_1", "resnet18", "vgg16", "googlenet",
        "densenet121",
    ]  # fmt: skip
    assert CARDS[0].name == DEFAULT_NETWORK


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_counted_parameters_are_those_of_the_card(card: Card) -> None:
    with torch.device("meta"):
        network = registry.build(card)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == card.parameters


@pytest.mark.parametrize("card", LIGHT, ids=lambda card: card.name)
def test_an_untrained_network_runs_and_is_the_same_every_time(card: Card) -> None:
    before = torch.random.get_rng_state()
    first, second = registry.build(card), registry.build(card)
    assert torch.equal(torch.random.get_rng_state(), before), "somebody else's random numbers were used up"
    assert not any(module.training for module in first.modules())
    picture = small_picture(card)
    with torch.inference_mode():
        logits = first(picture)
        assert torch.equal(logits, second(picture))
    assert logits.shape == (1, len(labels(card.labels)))
    assert torch.isfinite(logits).all()
    assert logits.std() > 0


@pytest.mark.parametrize("card", LIGHT, ids=lambda card: card.name)
def test_given_tensors_become_the_networks_own(card: Card) -> None:
    other = registry.build(card)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.5)
    state = other.state_dict()
    network = registry.build(card, dict(state))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())
    picture = small_picture(card)
    with torch.inference_mode():
        assert torch.equal(network(picture), other(picture))


def test_tensors_of_another_network_are_refused() -> None:
    other = registry.build(registry.card("lenet5")).state_dict()
    with pytest.raises(NetworkError, match=r"do not fit SqueezeNet 1\.1"):
        registry.build(registry.card("squeezenet1_1"), other)


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("resnet81", "resnet18"), ("ResNet-18", "resnet18"), ("densenet", "densenet121"), ("efficientnet-lite0", "lite0")],
)
def test_an_unknown_name_gets_the_nearest(typed: str, nearest: str) -> None:
    with pytest.raises(NetworkError, match=f"“{typed}”.*nearest are: .*{nearest}") as caught:
        registry.card(typed)
    assert caught.value.exit_code == 2


def test_a_name_like_nothing_gets_examples() -> None:
    with pytest.raises(NetworkError, match=r"choose another, for example efficientnet_lite0, lenet5, "):
        registry.card("§§")


def test_cards_labels_and_weight_states_need_no_torch() -> None:
    program = (
        "import sys; from explorer.zoo import labels, registry, weights\n"
        "states = [weights.state(card) for card in registry.cards()]\n"
        "assert states[0] == 'embedded' and len(labels.labels('imagenet1k')) == 1000\n"
        "weights.find(registry.card('lenet5'))\n"
        "print([name for name in ('torch', 'torchvision', 'numpy', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
