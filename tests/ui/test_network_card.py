"""The facts of a network, as a page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from explorer.questions import Survey, Surveyed, answer
from explorer.zoo import registry
from explorer.zoo.card import Preparation, PublishedError
from tests.ui import zoo
from tests.ui.desk import Desk
from ui.panels import network_card
from ui.widgets.page import Page


def read(html: str) -> str:
    """Return what a person reads of ``html``, its lines and cells joined by spaces."""
    page = Page()
    page.write(html)
    return re.sub(r"\s+", " ", page.toPlainText())


@pytest.mark.usefixtures("qapp")
def test_published_errors_say_set_kind_and_source() -> None:
    errors = (
        PublishedError(15.3, 5, "ImageNet 2012, test", "ensemble of seven networks", "Krizhevsky 2012, section 6"),
        PublishedError(40.7, 1, "ImageNet 2012, validation", "one network", "Krizhevsky 2012, table 2"),
    )
    words = read(network_card.html(zoo.card("alex", "AlexNet", errors=errors), None))
    assert "15.3 % top-5 ImageNet 2012, test ensemble of seven networks Krizhevsky 2012, section 6" in words
    assert "40.7 % top-1 ImageNet 2012, validation one network Krizhevsky 2012, table 2" in words


@pytest.mark.usefixtures("qapp")
def test_what_is_counted_stands_beside_what_the_lecture_says() -> None:
    card = registry.card("vgg16")
    known = answer(None, Survey("vgg16"))
    assert isinstance(known, Surveyed)
    card = replace(card, lecture="≈ 138,000,000 parameters", macs=0)
    before, after = read(network_card.html(card, None)), read(network_card.html(card, known))
    assert "138,357,544 · counted when the card was written" in before
    assert "MACs" not in before, "what nobody has counted is not shown"
    assert "138,357,544 · counted in its layers" in after
    assert "15,470,264,320 · counted in its layers" in after
    assert "16 · 16 in a row" in after
    for words in (before, after):
        assert "≈ 138,000,000 parameters" in words


@pytest.mark.usefixtures("qapp")
def test_weights_say_what_they_reach_and_their_licence() -> None:
    card = registry.card("resnet18")
    words = read(network_card.html(card, None))
    for weights in card.weights:
        assert weights.accuracy in words
        assert weights.licence in words


@pytest.mark.usefixtures("qapp")
def test_without_weights_it_is_untrained_and_says_so() -> None:
    words = read(network_card.html(zoo.card("resnet99", "ResNet-99", weights=()), None))
    assert "random ones" in words


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("crop", "short side to 256 px (bilinear), the middle 224 × 200 cut out"),
        ("stretch", "stretched to 224 × 200 (bilinear)"),
        ("letterbox", "made to fit into 224 × 200 (bilinear), the rest zero"),
    ],
)
def test_the_preparation_in_words(fit: str, expected: str) -> None:
    preparation = Preparation(
        (3, 224, 200),
        256,
        "bilinear",
        (0.5, 0.4, 0.3),
        (0.2, 0.2, 0.2),
        fit=fit,
        order="BGR",  # type: ignore[arg-type]
    )
    words = read(network_card.html(zoo.card("a", "A", weights=(), preparation=preparation), None))
    assert expected in words
    assert "minus (0.5, 0.4, 0.3), divided by 0.2" in words
    assert "3×224×200 · BGR" in words


@pytest.mark.usefixtures("qapp")
def test_nothing_of_a_card_is_taken_for_markup() -> None:
    nasty = "<b>bold</b> & <script>alert(1)</script>"
    card = zoo.card("own", nasty, paper=nasty, note=nasty, news=nasty, lecture=nasty)
    assert read(network_card.html(card, None)).count(nasty) == 4


@pytest.mark.usefixtures("qapp")
def test_every_card_of_the_zoo_is_a_page() -> None:
    for card in registry.everything():
        words = read(network_card.html(card, None))
        assert f"{card.parameters:,}" in words
        for error in card.errors:
            assert error.source in words


def test_the_panel_says_the_state_and_follows_the_survey(one: Desk) -> None:
    networks = zoo.go(one)
    for chosen, badge, tone in (
        ("sample", "embedded", "good"),
        ("alex", "cached", "good"),
        ("mobile", "downloadable", ""),
        ("resnet99", "untrained", "warning"),
    ):
        networks.list.choose(chosen)
        assert (networks.card._badge.text(), networks.card._badge.property("tone") or "") == (badge, tone)
    assert "counted in its layers" not in networks.card.page.toPlainText()
    zoo.tell(one, "resnet99")
    assert "counted in its layers" in networks.card.page.toPlainText()


def test_without_a_network_it_says_what_to_do(one: Desk) -> None:
    panel = zoo.go(one).card
    panel.show_network(None)
    assert "Choose a network in the list" in panel.page.toPlainText()
    assert not panel._badge.isVisible()


def test_the_page_follows_the_theme(one: Desk) -> None:
    page = zoo.go(one).card.page
    dark = page.toHtml()
    one.controller.prefer(theme="light")
    QApplication.processEvents()
    assert page.toHtml() != dark


@pytest.mark.usefixtures("qapp")
def test_of_a_name_alone_nothing_is_claimed() -> None:
    words = read(network_card.html(zoo.card("tiny_vit", "tiny_vit", group="timm", build="", weights=()), None))
    assert words == "The facts of tiny_vit appear here in a moment."


@pytest.mark.usefixtures("qapp")
def test_own_networks_name_their_file() -> None:
    card = zoo.card("/tmp/mine.pth", "mine", group="own", weights=())
    words = read(network_card.html(card, None))
    assert "/tmp/mine.pth" in words
    assert "Nobody has published" not in words, "its file may well hold trained weights"


def test_the_input_of_lenet_is_cut_out_and_then_padded() -> None:
    said = {name: value for name, value, _remark in network_card._input(registry.card("lenet5").preparation)}
    assert "the middle 28 × 28 cut out, 2 px of black added on every side" in said["Picture"]
