"""Two networks side by side."""

from __future__ import annotations

import pytest

from explorer.questions import Survey, Surveyed, answer
from tests.ui import samples, zoo
from tests.ui.desk import Desk
from ui.panels import compare
from ui.places.networks import Networks


def known(name: str) -> Surveyed:
    found = answer(None, Survey(name))
    assert isinstance(found, Surveyed)
    return found


def page(one: Desk) -> Networks:
    """Return the place with the page of two in front."""
    networks = zoo.go(one)
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.compare))
    return networks


def test_stages_are_aligned_by_the_size_of_the_maps() -> None:
    """Of ResNet-18 from its paper's table 1; of VGG-16 from its table 1: five poolings from 224 to 7."""
    rows = {name: (first, second) for name, first, second in compare.stages(known("resnet18"), known("vgg16"))}
    assert list(rows) == ["224 × 224", "112 × 112", "56 × 56", "28 × 28", "14 × 14", "7 × 7", "1 × 1", "head"]
    assert rows["224 × 224"][0] == "–"
    assert rows["224 × 224"][1].startswith("64×224×224 · 2 layers with weights · 38.7 k parameters")
    assert rows["56 × 56"][0].startswith("64×56×56 · 4 layers with weights")
    assert rows["56 × 56"][1].startswith("256×56×56 · 3 layers")
    assert rows["1 × 1"][1] == "–"
    assert rows["head"][0].startswith("1000 · 1 layer with weights · 513 k parameters")
    assert rows["head"][1].startswith("1000 · 3 layers with weights · 124 M parameters")


def test_totals_are_the_published_ones() -> None:
    rows = {name: both for name, *both in compare.totals(known("resnet18"), known("vgg16"))}
    assert rows["Parameters"] == ["11,689,512", "138,357,544"]
    assert rows["of these in a row"] == ["18", "16"]


def test_of_a_network_and_itself_nothing_is_marked() -> None:
    same, other = known("lenet5"), known("resnet18")
    assert "≠" not in compare.html(same, same)
    assert compare.html(same, other).count("≠") > 5


def test_both_are_asked_for_one_after_the_other(one: Desk) -> None:
    networks = page(one)
    networks.list.choose("alex")
    networks.compare.compare_with("mobile")
    zoo.ask(one, "alex")
    assert zoo.asked(one) == ["alex"]
    zoo.tell(one, "alex")
    assert zoo.asked(one) == ["alex", "mobile"]
    assert "Mobile" in networks.compare.page.toPlainText()
    zoo.tell(one, "mobile", samples.graph(4))
    words = networks.compare.page.toPlainText()
    assert "In all" in words
    assert "≠" in words


def test_it_says_what_to_do_and_what_went_wrong(one: Desk) -> None:
    networks = page(one)
    panel = networks.compare
    assert "Choose here what to put beside Sample Net" in panel.page.toPlainText()
    panel.compare_with("resnet99")
    assert "Looking at every layer of ResNet-99" in panel.page.toPlainText()
    zoo.ask(one, "resnet99")
    read: list[str] = []
    one.controller.details_wanted.connect(read.append)
    zoo.fail(one, "resnet99", "It has no layers: choose another one.", "Traceback …")
    assert panel.page.toPlainText() == "It has no layers: choose another one."
    assert panel.again.isVisible()
    panel.details.click()
    assert read == ["Traceback …"]
    panel.again.click()
    assert zoo.asked(one) == ["resnet99"] * 2
    assert not panel.details.isVisible()
    panel.show_network("")
    assert "Choose a network in the list" in panel.page.toPlainText()


@pytest.mark.parametrize("typed", ["mob", "OBIL"])
def test_a_part_of_a_name_finds_it(one: Desk, typed: str) -> None:
    panel = page(one).compare
    completer = panel.other.completer()
    assert completer is not None
    completer.setCompletionPrefix(typed)
    assert completer.currentCompletion() == "Mobile · downloadable"


def test_the_choice_stays_when_the_list_grows(one: Desk) -> None:
    networks = page(one)
    networks.compare.compare_with("mobile")
    zoo.go(one, timm=("tiny_vit",))
    assert networks.compare.names == ("sample", "mobile")
    assert networks.compare.other.currentText() == "Mobile · downloadable"
