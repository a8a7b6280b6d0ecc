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

from explorer.errors import NetworkError
from explorer.zoo import from_torchvision, registry, weights
from explorer.zoo.card import Card, WeightState
from explorer.zoo.from_torchvision import CARDS
from explorer.zoo.labels import labels

MODULES = {"classify": models, "detect": models.detection, "segment": models.segmentation}
OTHERS = [from_torchvision.card(name) for name in from_torchvision.names() if name not in {card.name for card in CARDS}]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_static_card_says_what_torchvision_says(card: Card) -> None:
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


def test_every_network_of_torchvision_is_there_by_name() -> None:
    listed = {name: task for task, module in MODULES.items() for name in models.list_models(module=module)}
    assert len(listed) >= 98, "torchvision 0.29.1 has 80, 12 and 6"
    assert {card.name: card.task for card in registry.everything() if card.group == "torchvision"} == {
        name: task for name, task in listed.items() if name not in {card.name for card in registry.cards()}
    }
    assert {name: registry.card(name).task for name in listed} == listed


@pytest.mark.parametrize("card", OTHERS, ids=lambda card: card.name)
def test_a_card_says_what_torchvision_says(card: Card) -> None:
    members = models.get_model_weights(card.name)
    shown = [member for member in members if member.name not in ("IMAGENET1K_FEATURES", "COCO_LEGACY")]
    assert {own.name for own in card.weights} == {member.name.lower() for member in shown}
    assert card.weights[0].name == members.DEFAULT.name.lower()
    for own in card.weights:
        official = members[own.name.upper()]
        assert own.url == official.url
        assert own.url.endswith(f"/{own.file}")
        assert re.fullmatch(r"[0-9a-f]{8,}", own.sha256)
        assert own.file.endswith(f"-{own.sha256}.pth")
        assert own.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
        assert list(labels(own.labels)) == official.meta["categories"]
        for figure in (value for metrics in official.meta["_metrics"].values() for value in metrics.values()):
            assert f"{figure:.1f} %" in own.accuracy
        if official.meta.get("license"):
            assert own.licence == official.meta["license"]
        transforms = official.transforms()
        if card.task != "detect":
            assert own.preparation.input_chw[1] == (transforms.crop_size if card.task == "classify" else [520])[0]
            assert [own.preparation.resize] == transforms.resize_size
            assert (list(own.preparation.mean), list(own.preparation.std)) == (transforms.mean, transforms.std)
            assert transforms.interpolation is InterpolationMode(own.preparation.interpolation)
    assert card.parameters in {member.meta["num_params"] for member in shown}
    assert card.title
    assert card.family
    assert card.paper
    assert 2012 <= card.year <= 2030


def test_papers_are_those_of_the_documentation() -> None:
    found = {card.name: (card.year, card.paper) for card in OTHERS}
    assert found["convnext_tiny"] == (2022, "A ConvNet for the 2020s, arXiv:2201.03545")
    assert found["retinanet_resnet50_fpn"] == (2017, "Focal Loss for Dense Object Detection, arXiv:1708.02002")
    assert found["squeezenet1_0"][0] == 2016
    assert "arXiv:1506.01497" in found["fasterrcnn_mobilenet_v3_large_fpn"][1], "whose builder links only source code"


HEAVY = 100_000_000


@pytest.mark.parametrize("card", [card for card in OTHERS if card.parameters < HEAVY], ids=lambda card: card.name)
def test_counted_parameters_are_those_of_the_card(card: Card) -> None:
    network = registry.skeleton(card)
    assert sum(p.numel() for p in network.parameters()) == card.parameters
    assert all(p.requires_grad for p in network.parameters())


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was to be downloaded")

    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", refuse)
    for name in ("ssdlite320_mobilenet_v3_large", "lraspp_mobilenet_v3_large", "inception_v3", "mobilenet_v3_small"):
        registry.build(registry.card(name))


def test_a_detector_is_the_network_that_belongs_to_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision freezes the batch norms of a detector that it builds for its weights, and sets their epsilon to 0."""
    own = registry.build(registry.card("retinanet_resnet50_fpn"))
    members = models.get_model_weights("retinanet_resnet50_fpn")
    state = {name: torch.rand_like(value) for name, value in own.state_dict().items()}
    monkeypatch.setattr(type(members.DEFAULT), "get_state_dict", lambda *_, **__: state)
    official = models.get_model("retinanet_resnet50_fpn", weights=members.DEFAULT).eval()
    own.load_state_dict(state)
    kinds = [(name, type(module).__name__, getattr(module, "eps", None)) for name, module in official.named_modules()]
    assert [(n, type(m).__name__, getattr(m, "eps", None)) for n, m in own.named_modules()] == kinds
    assert {(kind, eps) for _, kind, eps in kinds if kind.endswith("BatchNorm2d")} == {("FrozenBatchNorm2d", 0.0)}
    assert all(torch.equal(value, state[name]) for name, value in own.state_dict().items())


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


def test_inceptions_published_checkpoint_is_normalised_once_more(picture: Tensor) -> None:
    torch.manual_seed(1)
    official = models.inception_v3(transform_input=True, init_weights=False).eval()
    own = registry.build(registry.card("inception_v3"), official.state_dict())
    large = torch.nn.functional.interpolate(picture, size=(96, 96))
    with torch.inference_mode():
        assert torch.equal(own(large), official(large))
        own.transform_input = False
        assert not torch.equal(own(large), official(large))


@pytest.mark.parametrize("name", ["mnasnet0_5", "mnasnet1_0"])
def test_plain_tensors_fit_an_mnasnet(name: str, picture: Tensor) -> None:
    """They carry no version; torchvision's own loader refuses them, as it did when this was written."""
    torch.manual_seed(1)
    official = models.get_model(name).eval()
    state = dict(official.state_dict())
    with pytest.raises(ValueError, match="version"):
        models.get_model(name).load_state_dict(state)
    with torch.inference_mode():
        assert torch.equal(registry.build(registry.card(name), state)(picture), official(picture))


def test_a_vision_transformer_takes_weights_of_another_size() -> None:
    """SWAG's end-to-end weights are for 384 × 384."""
    torch.manual_seed(1)
    official = models.vit_b_32(image_size=96).eval()
    own = registry.build(registry.card("vit_b_32"), official.state_dict())
    large = torch.rand(1, 3, 96, 96)
    with torch.inference_mode():
        assert torch.equal(own(large), official(large))
    with pytest.raises(NetworkError, match="do not fit ViT B 32"):
        registry.build(registry.card("vit_b_32"), {"encoder.pos_embedding": torch.zeros(1, 7, 768)})


@pytest.mark.parametrize("name", ["lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large"])
def test_segmentation_has_its_auxiliary_head_as_published(name: str) -> None:
    network = registry.build(registry.card(name))
    with torch.inference_mode():
        returned = network(torch.zeros(1, 3, 64, 64))
    assert ("aux" in returned) == name.startswith("deeplab")


@pytest.mark.parametrize("name", ["inception_v3", "fcn_resnet50", "resnet18", "googlenet", "lraspp_mobilenet_v3_large"])
def test_a_card_that_counts_an_auxiliary_head_says_so(name: str) -> None:
    card = registry.card(name)
    network = registry.undrawn(card, "meta")
    parts = {part.partition(".")[0] for part, _parameter in network.named_parameters()}
    auxiliary = bool(parts & {"AuxLogits", "aux_classifier"})
    assert ("count includes the auxiliary head" in card.note) == auxiliary
    assert sum(one.numel() for one in network.parameters()) == card.parameters
