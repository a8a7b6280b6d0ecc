"""The list of all networks, what choosing one shows, and what opens it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.engine.events import Catalogue, NetworkReady
from explorer.questions import Everything
from explorer.settings import RECENT, Settings
from tests.ui import samples, zoo
from tests.ui.desk import Desk, desk, until
from tests.ui.test_keyboard import name


def test_groups_and_order(one: Desk) -> None:
    networks = zoo.go(one, timm=("mobile", "tiny_vit", "tiny_vit2"))
    assert networks.list.names() == ["sample", "alex", "resnet99", "mobile", "boxes", "tiny_vit", "tiny_vit2"]
    model = networks.list.model()
    titles = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert titles == ["The course", "torchvision · classification", "torchvision · detection", "timm"]
    assert networks.list.isExpanded(model.index(0, 0))
    assert not networks.list.isExpanded(model.index(3, 0)), "a thousand networks begin folded"


def test_all_networks_are_asked_for_once(one: Desk) -> None:
    zoo.go(one)
    one.window.commands["place_explore"].trigger()
    one.window.commands["place_networks"].trigger()
    assert one.engine.questions.count(Everything()) == 1


def test_every_state_is_said(one: Desk) -> None:
    networks = zoo.go(one)
    spoken = {
        entry.card.name: networks.list._items[entry.card.name].data(Qt.ItemDataRole.AccessibleTextRole)
        for entry in networks.list.entries
    }
    assert "embedded" in spoken["sample"]
    assert "cached" in spoken["alex"]
    assert "61.0 M parameters" in spoken["alex"]
    assert "untrained" in spoken["resnet99"]
    assert "downloadable" in spoken["mobile"]


def test_the_loaded_network_is_chosen_and_marked(one: Desk) -> None:
    networks = zoo.go(one)
    assert networks.list.current() == "sample"
    assert networks.list.loaded == "sample"
    assert networks.title.text() == "Sample Net"


@pytest.mark.parametrize(("trained", "said"), [(True, "loaded"), (False, "loaded, untrained")])
def test_the_loaded_network_says_whether_it_is_trained(one: Desk, trained: bool, said: str) -> None:
    networks = zoo.go(one)
    one.send(NetworkReady(samples.network(one.graph, trained)))
    assert networks.loaded.isVisible()
    assert networks.loaded.text() == said
    networks.list.choose("alex")
    assert not networks.loaded.isVisible()


@pytest.mark.parametrize(
    ("words", "found"),
    [("2012", ["alex"]), ("RESNET 2015", ["resnet99"]), ("ssd", ["boxes"]), ("detect", ["boxes"])],
)
def test_search_by_title_family_year_and_task(one: Desk, words: str, found: list[str]) -> None:
    networks = zoo.go(one)
    networks.search.setText(words)
    assert networks.list.names() == found
    assert networks.side._detail.text() == f"{len(found)}/5"


def test_the_search_unfolds_and_afterwards_all_is_as_it_was(one: Desk) -> None:
    networks = zoo.go(one, timm=("tiny_vit",))
    model = networks.list.model()
    networks.search.setText("tiny")
    assert networks.list.isExpanded(model.index(0, 0))
    networks.search.clear()
    assert not networks.list.isExpanded(model.index(model.rowCount() - 1, 0))
    assert networks.list.names() == ["sample", "alex", "resnet99", "mobile", "boxes", "tiny_vit"]


def test_a_search_for_nothing_says_so(one: Desk) -> None:
    networks = zoo.go(one)
    networks.search.setText("zzz")
    assert networks.list.names() == []
    assert "zzz" in networks.list._message
    QTest.keyClick(networks.search, Qt.Key.Key_Escape)
    assert (networks.search.text(), networks.list._message) == ("", "")


def test_choosing_shows_the_card_and_loads_nothing(one: Desk) -> None:
    networks, wishes = zoo.go(one), len(one.engine.wishes)
    networks.list.choose("resnet99")
    assert networks.title.text() == "ResNet-99"
    assert "2015" in networks.facts.text()
    assert len(one.engine.wishes) == wishes
    assert one.store.recipe.network == "sample"


@pytest.mark.parametrize(("network", "weights"), [("alex", ""), ("resnet99", "none"), ("mobile", "none")])
def test_enter_opens_in_explore_and_never_asks_for_a_download(one: Desk, network: str, weights: str) -> None:
    networks = zoo.go(one)
    networks.list.choose(network)
    QTest.keyClick(networks.list, Qt.Key.Key_Return)
    assert (one.store.recipe.network, one.store.recipe.weights) == (network, weights)
    assert one.window.explore.isVisible()


def test_what_timm_has_kept_here_is_used(one: Desk) -> None:
    networks = zoo.go(one, timm=("tiny_vit",))
    one.controller.change(weights="none")
    networks.open_network("tiny_vit")
    assert (one.store.recipe.network, one.store.recipe.weights) == ("tiny_vit", "")


@pytest.mark.parametrize(("opened", "asks"), [("mobile", 0), ("resnet50", 1), ("/tmp/own.pth", 0)])
def test_after_the_first_picture_an_opened_network_is_looked_up(qapp: QApplication, opened: str, asks: int) -> None:
    settings = Settings(language="en", theme="dark", networks=(opened,))
    with desk(qapp, settings=settings) as one:
        one.show()
        one.send(Catalogue(zoo.CARDS, (("cpu", "CPU"),)), NetworkReady(samples.network(one.graph)))
        assert Everything() not in one.engine.questions, "it may not delay the first picture"
        one.give()
        one.give()
        assert one.engine.questions.count(Everything()) == asks


def test_the_button_opens_too(one: Desk) -> None:
    networks = zoo.go(one)
    networks.list.choose("alex")
    networks.open.click()
    assert one.store.recipe.network == "alex"
    assert one.window.explore.isVisible()


def test_enter_on_a_group_folds_it(one: Desk) -> None:
    networks = zoo.go(one)
    group = networks.list.model().index(0, 0)
    networks.list.setCurrentIndex(group)
    QTest.keyClick(networks.list, Qt.Key.Key_Return)
    assert not networks.list.isExpanded(group)
    QTest.keyClick(networks.list, Qt.Key.Key_Return)
    assert networks.list.isExpanded(group)
    assert one.store.recipe.network == "sample"


def test_down_goes_from_the_search_to_what_was_found(one: Desk) -> None:
    networks = zoo.go(one)
    networks.search.setFocus()
    networks.search.setText("boxes")
    QTest.keyClick(networks.search, Qt.Key.Key_Down)
    assert one.window.focusWidget() is networks.list
    assert networks.list.current() == "boxes"


# what is asked of the model thread


def test_only_a_network_on_which_one_rests_is_looked_at(one: Desk) -> None:
    networks = zoo.go(one)
    for chosen in ("alex", "mobile", "resnet99"):
        networks.list.choose(chosen)
    zoo.ask(one, "resnet99")
    assert zoo.asked(one) == ["resnet99"], "those that the keys walked past, and the loaded one, are not asked for"


def test_what_is_dear_is_asked_for_only_by_the_pages_that_need_it(one: Desk) -> None:
    networks = zoo.go(one)
    networks.list.choose("boxes")
    until(lambda: not networks._rest.isActive())
    assert zoo.asked(one) == []
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.table))
    zoo.ask(one, "boxes")


def test_an_answer_is_kept(one: Desk) -> None:
    networks = zoo.go(one)
    for chosen in ("alex", "resnet99"):
        networks.list.choose(chosen)
        zoo.ask(one, chosen)
        zoo.tell(one, chosen)
    networks.list.choose("alex")
    until(lambda: not networks._rest.isActive())
    assert zoo.asked(one) == ["alex", "resnet99"]


def test_of_many_answers_only_the_last_are_kept(one: Desk) -> None:
    surveys = zoo.go(one).surveys
    for number in range(20):
        zoo.tell(one, f"net{number}")
    assert surveys.of("net19") is not None
    assert surveys.of("net0") is None


def test_the_loaded_network_is_known_as_it_runs(one: Desk) -> None:
    known = zoo.go(one).surveys.of("sample")
    assert known is not None
    assert known.graph is one.graph


def test_a_failure_is_told_in_its_place_and_can_be_tried_again(one: Desk) -> None:
    networks = zoo.go(one)
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.table))
    networks.list.choose("resnet99")
    zoo.ask(one, "resnet99")
    zoo.fail(one, "resnet99", details="Traceback …")
    assert not one.window.problem.isVisible()
    assert networks.table.view.message == "It cannot be built: choose another one."
    assert networks.table.again.isVisible()
    assert networks.table.details.isVisible()
    networks.tabs.setCurrentIndex(networks.pages.indexOf(networks.graph))
    assert networks.graph.details.isVisible()
    networks.graph.again.click()
    assert not networks.graph.again.isVisible()
    assert zoo.asked(one) == ["resnet99", "resnet99"]
    zoo.tell(one, "resnet99")
    assert not networks.graph.details.isVisible()
    assert not networks.table.again.isVisibleTo(networks.table)
    assert not networks.table.details.isVisibleTo(networks.table)
    assert networks.table.view.graph is not None


# a person's own networks, and those that were opened


def test_own_networks_are_listed_by_their_file(qapp: QApplication) -> None:
    settings = Settings(language="en", theme="dark", networks=("/tmp/고양이.pth", "mobile"))
    with desk(qapp, settings=settings) as one:
        one.show()
        one.load()
        networks = zoo.go(one)
        assert "/tmp/고양이.pth" in networks.list.names()
        networks.list.choose("/tmp/고양이.pth")
        assert networks.title.text() == "고양이"
        until(lambda: not networks._rest.isActive())
        assert zoo.asked(one) == [], "a file is not looked into before somebody wants to"
        networks.open.click()
        assert (one.store.recipe.network, one.store.recipe.weights) == ("/tmp/고양이.pth", "")


def test_delete_takes_an_own_network_out_of_the_list_and_no_other(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "mine.pth"
    file.write_bytes(b"weights")
    settings = Settings(language="en", theme="dark", networks=("mobile", str(file)))
    with desk(qapp, settings=settings) as one:
        one.show()
        one.load()
        networks = zoo.go(one)
        for name in (str(file), "alex"):
            networks.list.choose(name)
            QTest.keyClick(networks.list, Qt.Key.Key_Delete)
        assert networks.list.names() == ["sample", "alex", "resnet99", "mobile", "boxes"]
        assert one.store.settings.networks == ("mobile",)
        assert file.exists()


def test_what_was_opened_is_in_the_chooser_at_the_next_start(one: Desk) -> None:
    loaded = samples.network(one.graph)
    mobile = zoo.card("mobile", "Mobile", group="torchvision")
    zoo.go(one)
    one.send(NetworkReady(loaded.__class__(**{**loaded.__dict__, "card": mobile})))
    assert one.store.settings.networks == ("mobile",)
    box = one.window.top._network
    names = [box.itemData(row) for row in range(box.count()) if box.itemData(row)]
    assert names[:4] == ["sample", "alex", "resnet99", "mobile"]
    assert "boxes" not in names, "the chooser stays short"


def test_opened_networks_are_the_newest_first_and_few() -> None:
    kept = Settings()
    for number in range(RECENT + 2):
        kept = kept.with_network(f"net{number}")
    kept = kept.with_network("net5")
    assert kept.networks[:2] == ("net5", f"net{RECENT + 1}")
    assert len(kept.networks) == RECENT


def test_a_module_in_memory_is_listed_but_not_remembered(one: Desk) -> None:
    networks = zoo.go(one)
    loaded = samples.network(one.graph)
    mine = zoo.card("memory:mine", "mine", group="own")
    one.send(NetworkReady(loaded.__class__(**{**loaded.__dict__, "card": mine})))
    assert "memory:mine" in networks.list.names()
    assert one.store.settings.networks == ()


# the keyboard, and before anything is known


def test_everything_that_takes_the_focus_has_a_name(one: Desk) -> None:
    networks = zoo.go(one)
    for place in range(networks.tabs.count()):
        networks.tabs.setCurrentIndex(place)
        stops = [
            widget
            for widget in networks.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        ]
        assert len(stops) > 3
        assert [widget for widget in stops if not name(widget)] == []


def test_before_the_catalogue_the_list_says_so(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", theme="dark", place="networks")) as one:
        one.show()
        networks = one.window.places.networks
        assert networks is not None
        assert networks.list._message == "The networks appear here in a moment."
        assert not networks.open.isEnabled()


def test_a_page_of_the_loaded_network_offers_to_load_another(one: Desk) -> None:
    networks = zoo.go(one)
    page = networks._kernels
    networks.tabs.setCurrentIndex(networks.pages.indexOf(page))
    assert page.currentWidget() is networks.kernels
    networks.list.choose("alex")
    assert page.currentWidget() is not networks.kernels
    page.load.click()
    assert one.store.recipe.network == "alex"
    assert networks.isVisible(), "loading it here does not lead away"
    assert not page.load.isVisible()
    one.send(NetworkReady(samples.network(one.graph).__class__(
        **{**samples.network(one.graph).__dict__, "card": zoo.card("alex", "AlexNet")}
    )))  # fmt: skip
    assert page.currentWidget() is networks.kernels


@pytest.mark.parametrize("pressed", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_reaches_every_part_of_the_place_and_comes_back(one: Desk, pressed: Qt.Key) -> None:
    networks = zoo.go(one)
    one.window.activateWindow()
    for page, part in ((networks.card, networks.card.page), (networks.table, networks.table.view)):
        networks.tabs.setCurrentIndex(networks.pages.indexOf(page))
        networks.search.setFocus()
        until(networks.search.hasFocus)
        reached: list[QWidget] = []
        while not reached or reached[-1] is not networks.search:
            assert len(reached) < 200, "it is caught between " + " and ".join(map(repr, reached[-2:]))
            QTest.keyClick(one.window.focusWidget(), pressed)
            reached.append(one.window.focusWidget())
        assert {networks.list, networks.tabs, networks.open, part} <= set(reached)


def test_what_begins_with_the_word_comes_first(one: Desk) -> None:
    networks = zoo.go(one, timm=("davit_a", "tiny_vit", "tiny_nonvit", "vit_b"))
    networks.search.setText("vit")
    assert networks.list.names() == ["tiny_vit", "tiny_nonvit", "vit_b", "davit_a"]
    networks.search.setText("m")
    assert networks.list.names()[0] == "mobile", "its group comes before that of “Sample Net”"
    networks.search.setText("nonvit")
    assert networks.list.names() == ["tiny_nonvit"]
    networks.search.clear()
    assert networks.list.names()[:3] == ["sample", "alex", "resnet99"], "as they are listed"


def test_the_loaded_network_is_listed_before_all_others_are(one: Desk) -> None:
    card = zoo.card("resnet999", "ResNet-999", family="ResNet", group="torchvision")
    one.controller.change(network="resnet999")
    one.send(NetworkReady(replace(samples.network(one.graph), card=card)))
    networks = zoo.go(one)
    assert networks.list.current() == "resnet999"
    assert networks.title.text() == "ResNet-999"


def test_the_stacks_are_made_when_they_are_first_wanted(one: Desk) -> None:
    networks = zoo.go(one)
    place = networks.pages.indexOf(networks.stacks)
    assert networks.stacks.count() == 0
    for turn in (place, 0, place):
        networks.tabs.setCurrentIndex(turn)
    assert networks.stacks.count() == 1
    assert networks.stacks.currentWidget().isVisible()
