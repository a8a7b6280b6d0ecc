"""The course's networks as a whole: published counts, counted multiplications, and the whole path of a frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from explorer import frame_path
from explorer.graph.trace import main_first
from explorer.recipe import Recipe
from explorer.session import Session
from explorer.values import Bytes, Frame
from explorer.zoo import course, registry
from explorer.zoo.card import Card

COUNTS = {
    # LeCun et al. 1998, section II.B: 156 + 12 + 1,516 + 32 + 48,120 + 10,164
    "lenet5_1998": 60_000,
    # the same with a whole C3 (2,416), no sub-sampling weights, and a linear output (850)
    "lenet5": 61_706,
    # summed from the lecture's table: 34,944 + 614,656 + 885,120 + 1,327,488 + 884,992 for the convolutions,
    # 37,752,832 + 16,781,312 + 4,097,000 for the fully connected layers
    "alexnet_lecture": 62_378_344,
    # the same with half the inputs in layers 2, 4 and 5: 307,456, 663,936 and 442,624 (as in Caffe's bvlc_alexnet)
    "alexnet_paper": 60_965_224,
    # torchvision's num_params of vgg11, 13, 16, 19; C: B with a 1×1 of 256 and two of 512 maps, 65,792 + 2 · 262,656
    "vgg_a": 132_863_336,
    "vgg_a_lrn": 132_863_336,
    "vgg_b": 133_047_848,
    "vgg_c": 133_638_952,
    "vgg_d": 138_357_544,
    "vgg_e": 143_667_240,
    # summed by hand in test_googlenet.py
    "googlenet_paper": 13_378_280,
    # torchvision's num_params; the place of the stride does not change them
    "resnet18_paper": 11_689_512,
    "resnet34_paper": 21_797_672,
    "resnet50_paper": 25_557_032,
    "resnet101_paper": 44_549_160,
    "resnet152_paper": 60_192_808,
}
PRINTED_MILLIONS = {"vgg_a": 133, "vgg_a_lrn": 133, "vgg_b": 133, "vgg_c": 134, "vgg_d": 138, "vgg_e": 144}
"""Simonyan, Zisserman 2015, table 2."""
LECTURE = {"lenet5_1998": 60_000, "alexnet_lecture": 62_000_000, "vgg_d": 138_000_000}
SAME_AS = {
    "vgg_a": "vgg11", "vgg_b": "vgg13", "vgg_d": "vgg16", "vgg_e": "vgg19", "resnet18_paper": "resnet18",
    "resnet34_paper": "resnet34", "resnet50_paper": "resnet50", "resnet101_paper": "resnet101",
    "resnet152_paper": "resnet152",
}  # fmt: skip

every_card = pytest.mark.parametrize("card", course.CARDS, ids=lambda card: card.name)


def test_the_order_is_the_courses() -> None:
    assert [card.name for card in course.CARDS] == [
        "lenet5", "lenet5_1998", "alexnet_lecture", "alexnet_paper", "vgg_a", "vgg_a_lrn", "vgg_b", "vgg_c", "vgg_d",
        "vgg_e", "googlenet_paper", "resnet18_paper", "resnet34_paper", "resnet50_paper", "resnet101_paper",
        "resnet152_paper",
    ]  # fmt: skip
    assert [card.name for card in registry.cards()[1:]][: len(course.CARDS)] == [card.name for card in course.CARDS]
    assert {card.group for card in course.CARDS} == {"course"}


@every_card
def test_counts_are_the_published_ones(card: Card) -> None:
    with torch.device("meta"):
        network = registry.build(card)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == COUNTS[card.name] == card.parameters
    if card.name in PRINTED_MILLIONS:
        assert round(card.parameters / 1e6) == PRINTED_MILLIONS[card.name]
    if card.name in LECTURE:
        assert f"≈ {LECTURE[card.name]:,} parameters" in card.lecture
        assert card.parameters == pytest.approx(LECTURE[card.name], rel=0.01)
    if card.name in SAME_AS:
        assert card.parameters == models.get_model_weights(SAME_AS[card.name]).IMAGENET1K_V1.meta["num_params"]


@every_card
def test_multiplications_are_those_of_torchs_own_counter(card: Card) -> None:
    with torch.device("meta"), torch.inference_mode():
        network = registry.build(card)
        with FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, *card.preparation.input_chw))
    assert counter.get_total_flops() == 2 * card.macs


@pytest.fixture
def frame() -> Frame:
    pixels: Bytes = np.random.default_rng(7).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    return Frame(pixels, "noise")


@pytest.mark.usefixtures("quick_weights")
@every_card
def test_a_frame_goes_all_the_way(card: Card, frame: Frame) -> None:
    network = Session().open(card.name, "none", device="cpu")
    assert sum(layer.parameters for layer in network.graph) == card.parameters
    assert sum(layer.macs for layer in network.graph) == card.macs
    assert network.graph.output.output == (len(network.labels),)
    result = frame_path.run(network, frame, Recipe(network=card.name, weights="none", thumbnails=("*",)))
    assert result.thumbnails.keys() == network.graph.by_id.keys()
    assert result.view.map.shape == network.graph[network.layer("").id].output[1:]
    assert len(result.predictions) == 5
    assert result.finite
    assert not result.trained


@pytest.mark.parametrize("name", ["lenet5_1998", "alexnet_paper", "googlenet_paper"])
def test_what_has_no_kernels_in_half_precision_runs_in_it_too(name: str) -> None:
    network = registry.build(registry.card(name))
    picture = torch.rand(1, *registry.card(name).preparation.input_chw, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        exact = main_first(network(picture))[0]
        half = main_first(network.to(torch.bfloat16)(picture.to(torch.bfloat16)))[0]
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), exact, rtol=0.05, atol=0.05 * float(exact.abs().max()))


@pytest.mark.parametrize("name", [card.name for card in course.CARDS if card.weights and card.weights[0].url])
def test_weights_are_those_that_torchvision_publishes(name: str) -> None:
    official = models.get_model_weights(SAME_AS[name]).IMAGENET1K_V1
    (own,) = registry.card(name).weights
    transforms, reached = official.transforms(), official.meta["_metrics"]["ImageNet-1K"]
    assert (own.url, own.file) == (official.url, official.url.rsplit("/", 1)[1])
    assert own.file == f"{SAME_AS[name]}-{own.sha256}.pth"
    assert own.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
    assert f"{reached['acc@1']:.1f} %" in own.accuracy
    assert f"{reached['acc@5']:.1f} %" in own.accuracy
    assert [own.preparation.resize] == transforms.resize_size
    assert own.preparation.input_chw == (3, *transforms.crop_size * 2)
    assert (list(own.preparation.mean), list(own.preparation.std)) == (transforms.mean, transforms.std)


@every_card
def test_an_untrained_form_says_so(card: Card) -> None:
    assert ("Untrained: torchvision has no weights of this form." in card.note) is (not card.weights)


@every_card
def test_a_card_tells_what_was_new_and_how_good_it_was(card: Card) -> None:
    assert card.news.count(". ") == 1, "two sentences"
    assert card.news.endswith(".")
    assert card.errors
    assert card.lecture
    for error in card.errors:
        assert 0 < error.percent < 50
        assert error.top in (1, 5)
        assert error.data
        assert error.how
        assert " 1998" in error.source or " 201" in error.source


@pytest.mark.parametrize(
    ("name", "percent", "words"),
    [
        # What the lecture prints, and that of an ensemble on the test set or of the validation set it is
        ("alexnet_lecture", 15.3, ("test", "ensemble of seven")),
        ("vgg_d", 7.5, ("validation", "one network")),
        ("vgg_e", 7.3, ("test", "ensemble of seven")),
        ("googlenet_paper", 6.67, ("test", "ensemble of seven")),
        ("resnet152_paper", 3.57, ("test", "ensemble of six")),
    ],
)
def test_the_lectures_figures_are_on_the_cards_with_their_set(
    name: str, percent: float, words: tuple[str, str]
) -> None:
    errors = [error for error in registry.card(name).errors if error.percent == percent]
    assert any(words[0] in error.data and words[1] in error.how and error.top == 5 for error in errors)


def test_facts_are_of_networks_that_torchvision_has_and_fit_a_card() -> None:
    assert course.FACTS.keys() <= set(models.list_models(module=models))
    assert {"alexnet", "googlenet", "vgg19_bn", "resnet152", "squeezenet1_0", "densenet201"} <= course.FACTS.keys()
    for facts in course.FACTS.values():
        assert facts.keys() <= Card.__dataclass_fields__.keys()
