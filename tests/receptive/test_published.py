"""What is published of receptive fields against this implementation's analysis of every variant."""

from __future__ import annotations

import pytest

from explorer.receptive.published import PUBLISHED, Published, Variant, measured, published
from tests.receptive.fields import fields_of

# Hand-summed as Araujo et al. 2019, equation 2, from the kernels and strides of the papers and of torchvision's code.
SIDES = {
    "alexnet_paper": 195,
    "alexnet_lecture": 195,
    "alexnet": 195,
    "vgg_d": 212,
    "vgg16": 212,
    "googlenet_paper": 27 + 2 * 32 + 16 + 5 * 64 + 32 + 2 * 128,
    "googlenet": 27 + 2 * 16 + 16 + 5 * 32 + 16 + 2 * 64,
    "resnet50_paper": 11 + 3 * 8 + 4 * 16 + 6 * 32 + 3 * 64,
    "resnet50": 11 + 3 * 8 + (8 + 3 * 16) + (16 + 5 * 32) + (32 + 2 * 64),
    "resnet101_paper": 11 + 3 * 8 + 4 * 16 + 23 * 32 + 3 * 64,
    "resnet101": 11 + 3 * 8 + (8 + 3 * 16) + (16 + 22 * 32) + (32 + 2 * 64),
    "resnet152_paper": 11 + 3 * 8 + 8 * 16 + 36 * 32 + 3 * 64,
    "resnet152": 11 + 3 * 8 + (8 + 7 * 16) + (16 + 35 * 32) + (32 + 2 * 64),
}
VARIANTS = [(one, form) for one in PUBLISHED for form in one.variants]


@pytest.mark.parametrize(("one", "form"), VARIANTS, ids=[form.network for _one, form in VARIANTS])
def test_every_variant_has_the_area_that_is_summed_by_hand(one: Published, form: Variant) -> None:
    fields = fields_of(form.network)
    side = SIDES[form.network]
    assert measured(form, fields) == (side, side)
    assert fields[form.layer].certainty == "exact"


@pytest.mark.parametrize("one", [one for one in PUBLISHED if one.size], ids=lambda one: one.title)
def test_the_form_that_was_published_has_the_published_size(one: Published) -> None:
    """Araujo et al. 2019, table of section "Discussion": AlexNet 195, VGG-16 212, ResNets 483, 1027, 1507."""
    assert measured(one.variants[0], fields_of(one.variants[0].network)) == (one.size, one.size)


def test_the_published_numbers_are_those_of_the_table() -> None:
    found = {one.title: one.size for one in PUBLISHED if one.size}
    assert found == {"AlexNet": 195, "VGG-16": 212, "ResNet-50": 483, "ResNet-101": 1027, "ResNet-152": 1507}


def test_torchvisions_resnet_50_and_the_papers_differ_as_their_strides_do() -> None:
    one = published("resnet50")
    assert one is not None
    assert one is published("resnet50_paper")
    assert [SIDES[form.network] for form in one.variants] == [483, 427]


def test_of_most_networks_nothing_is_published_here() -> None:
    assert published("efficientnet_lite0") is None
    assert published("/home/me/network.pt") is None


def test_each_layer_is_the_last_with_maps_that_see_a_part() -> None:
    """What follows it (a mean, a flattening) sees the whole input, or repeats it cell by cell."""
    for _one, form in VARIANTS:
        fields = fields_of(form.network)
        main = [layer.id for layer, field in fields if field.certainty == "exact" and "aux" not in layer.id]
        after = main[main.index(form.layer) + 1 :]
        allowed = {"avgpool", "avg_pool"}
        assert set(after) <= allowed, (form.network, after)
