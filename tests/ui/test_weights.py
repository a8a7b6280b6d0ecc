"""The weights of a network: what is shown of each set, and what the buttons ask of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from explorer.engine.events import Catalogue, DownloadChanged, NetworkReady, Problem
from explorer.errors import DownloadError, NetworkError, OfflineError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.zoo.card import Card, Stock, WeightState
from tests.ui import samples
from tests.ui.desk import Desk, desk, key
from ui.dialogs.preferences import Preferences
from ui.panels.weights import WeightsPanel

FIRST = replace(samples.WEIGHTS, name="first", file="first.pth", url="https://example.org/first.pth", bytes=44_700_000)
SECOND = replace(FIRST, name="second", file="second.pth", accuracy="top-1 80 %", licence="MIT")
NET = replace(samples.CARD, name="net", title="Net", weights=(FIRST, SECOND))
BARE = replace(samples.CARD, name="bare", title="Bare", weights=())
ABSENT = Stock(WeightState.DOWNLOADABLE, 44_700_000)
CACHED = Stock(WeightState.CACHED, 44_700_000, removable=True)
SHARED = Stock(WeightState.CACHED, 44_700_000)
OFFLINE = OfflineError("There is no network: connect.")


class Bench(samples.Bench):
    """The panel, shown, on an engine that remembers."""

    def __init__(self, recipe: Recipe | None = None) -> None:
        super().__init__(recipe)
        self.panel = WeightsPanel(self.store, self.controller)
        self.panel.resize(700, 300)
        self.panel.show()

    def stock(self, first: Stock = ABSENT, second: Stock = ABSENT) -> None:
        cards: tuple[tuple[Card, WeightState], ...] = (
            (samples.CARD, WeightState.EMBEDDED),
            (NET, first.state),
            (BARE, WeightState.NONE),
        )
        stock = {("net", "first"): first, ("net", "second"): second}
        embedded = {("sample", "made-up"): Stock(WeightState.EMBEDDED, 1000)}
        self.controller.on_event(Catalogue(cards, (), stock | embedded))

    def tell(
        self, state: str, done: int = 0, total: int = 0, error: Exception | None = None, of: str = "first"
    ) -> None:
        self.controller.on_event(DownloadChanged("net", of, done, total, state, error))  # type: ignore[arg-type]

    def row(self, number: int = 0) -> list[str]:
        item = self.panel.table.topLevelItem(number)
        assert item is not None
        return [item.text(column) for column in range(self.panel.table.columnCount())]

    def choose(self, number: int) -> None:
        self.panel.table.setCurrentItem(self.panel.table.topLevelItem(number))

    @property
    def buttons(self) -> dict[str, bool]:
        """The shown buttons, and whether they can be pressed."""
        panel = self.panel
        shown = (panel.get, panel.use, panel.import_, panel.delete)
        return {one.text(): one.isEnabled() for one in shown if one.isVisible()}


@pytest.fixture
def bench(qapp: QApplication) -> Iterator[Bench]:
    one = Bench()
    one.stock()
    one.panel.show_network("net")
    yield one
    one.panel.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_every_set_is_a_row_with_its_facts(bench: Bench) -> None:
    assert bench.panel.table.topLevelItemCount() == 2
    assert bench.row(0) == ["first", "downloadable", "44.7 MB", "ImageNet", "–", "–"]
    assert bench.row(1) == ["second", "downloadable", "44.7 MB", "ImageNet", "top-1 80 %", "MIT"]
    assert bench.buttons == {"Download": True, "Import…": True, "Delete": False}
    assert "Nothing is downloaded unasked" in bench.panel.note.text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Choose a network in the list"),
        ("bare", "Nobody has published weights for it"),
        ("/home/me/mine.pth", "The weights of an own network are in its own file."),
    ],
)
def test_where_there_are_none_it_says_why(bench: Bench, name: str, words: str) -> None:
    bench.panel.show_network(name)
    assert words in bench.panel.note.text()
    assert not bench.panel.table.isVisible()
    assert bench.buttons == {}
    bench.panel.show_network("net")
    assert bench.panel.table.isVisible()


def test_before_the_catalogue_is_known_it_looks(qapp: QApplication) -> None:
    one = Bench()
    one.panel.show_network("net")
    assert one.panel.note.text() == "Looking for weights …"
    one.stock()
    assert one.row()[0] == "first"
    one.panel.deleteLater()


def test_what_is_here_can_be_used_and_what_is_in_the_cache_removed(bench: Bench) -> None:
    bench.stock(CACHED, SHARED)
    assert (bench.row(0)[1], bench.row(1)[1]) == ("cached", "shared folder")
    assert bench.buttons == {"Use": True, "Import…": True, "Delete": True}
    bench.choose(1)
    assert bench.buttons == {"Use": True, "Import…": True, "Delete": False}
    assert "shared folder of your class" in bench.panel.note.text()
    bench.panel.use.click()
    assert (bench.engine.wishes[-1].network, bench.engine.wishes[-1].weights) == ("net", "second")
    bench.panel.show_network("sample")
    assert bench.row(0)[1] == "embedded"
    assert bench.buttons == {"Use": True, "Delete": False}


def test_the_set_in_use_is_marked(bench: Bench) -> None:
    bench.stock(CACHED, CACHED)
    bench.controller.change(network="net", weights="second")
    info = replace(samples.network(bench.graph), card=NET, weights="second")
    bench.controller.on_event(NetworkReady(info))
    assert [bench.row(row)[1] for row in (0, 1)] == ["cached", "cached, in use"]
    bench.choose(1)
    assert bench.buttons["In use"] is False
    bench.controller.change(weights="none")
    assert bench.row(1)[1] == "cached"


def test_enter_uses_what_is_here(bench: Bench) -> None:
    wishes = len(bench.engine.wishes)
    bench.panel.table.setFocus()
    QTest.keyClick(bench.panel.table, Qt.Key.Key_Return)
    assert len(bench.engine.wishes) == wishes
    bench.stock(CACHED)
    QTest.keyClick(bench.panel.table, Qt.Key.Key_Return)
    assert bench.engine.wishes[-1].weights == "first"


def test_a_download_shows_how_far_it_is_and_can_be_stopped_and_taken_up(bench: Bench) -> None:
    bench.panel.get.click()
    assert bench.engine.weights == [("download", "net", "first")]
    bench.tell("waiting")
    assert (bench.row()[1], bench.buttons) == ("waiting", {"Stop": True, "Import…": True, "Delete": False})
    bench.tell("running")
    assert bench.panel.bar.isVisible()
    assert bench.panel.bar.maximum() == 0  # it is not known yet how much there is
    bench.tell("running", 11_175_000, 44_700_000)
    assert bench.row()[1] == "on its way"
    assert bench.panel.note.text() == "11.2 MB of 44.7 MB · 25 %"
    assert (bench.panel.bar.value(), bench.panel.bar.maximum()) == (250, 1000)
    bench.panel.get.click()
    assert bench.engine.weights[-1] == ("cancel", "net", "first")
    assert bench.panel.note.text() == "Stopping …"
    bench.tell("running", 12_000_000, 44_700_000)
    assert bench.panel.note.text() == "Stopping …"
    bench.tell("stopped", 12_000_000, 44_700_000)
    assert bench.row()[1] == "begun"
    assert bench.panel.note.text() == "12.0 MB of 44.7 MB are here already: it goes on from there."
    assert bench.buttons == {"Go on": True, "Import…": True, "Delete": True}
    assert not bench.panel.bar.isVisible()
    bench.panel.get.click()
    assert bench.engine.weights[-1] == ("download", "net", "first")
    bench.tell("running", 44_700_000, 44_700_000)
    bench.tell("done", 44_700_000, 44_700_000)
    assert bench.buttons == {"Use": True, "Import…": True, "Delete": False}
    bench.stock(CACHED)
    assert bench.row()[1] == "cached"
    assert bench.store.downloads == {}


def test_two_downloads_are_told_apart(bench: Bench) -> None:
    bench.tell("running", 10_000_000, 40_000_000)
    bench.tell("running", 20_000_000, 40_000_000, of="second")
    assert bench.panel.bar.value() == 250
    bench.panel.get.click()
    bench.choose(1)
    assert bench.panel.bar.value() == 500
    assert bench.panel.note.text() == "20.0 MB of 40.0 MB · 50 %"
    bench.choose(0)
    assert bench.panel.note.text() == "Stopping …"


def test_the_keyboard_stays_on_what_comes_next(bench: Bench) -> None:
    bench.panel.get.setFocus()
    for state in ("waiting", "running", "stopped", "running"):
        bench.tell(state, 1000, 2000)
        assert bench.panel.focusWidget() is bench.panel.get
    bench.tell("done")
    assert bench.panel.focusWidget() is bench.panel.use


def test_a_part_of_an_earlier_day_goes_on(bench: Bench) -> None:
    bench.stock(replace(ABSENT, part=10_000_000))
    assert bench.row()[1] == "begun"
    assert bench.buttons["Go on"] is True


def test_without_a_network_it_says_so_and_what_to_do(bench: Bench) -> None:
    bench.tell("failed", error=OFFLINE)
    assert bench.row()[1] == "offline"
    assert bench.panel.note.text() == "There is no network: connect."
    assert bench.panel.note.objectName() == "warning"
    assert bench.buttons == {"Download": True, "Import…": True, "Delete": False}
    assert bench.store.problems == {}
    bench.tell("failed", 1_000_000, error=OFFLINE)
    assert bench.row()[1] == "offline, begun"
    bench.tell("running", 1_000_000, 44_700_000)
    assert bench.panel.note.objectName() == "dim"


def test_a_failure_that_nobody_sees_here_is_told_above_every_place_once(bench: Bench) -> None:
    bench.panel.show_network("bare")
    bench.tell("failed", error=DownloadError("It did not come."))
    assert str(bench.store.problems["weights"].error) == "It did not come."
    bench.controller.dismiss("weights")
    bench.tell("running", of="second")
    assert bench.store.problems == {}
    bench.panel.show_network("net")
    bench.panel.hide()
    bench.tell("failed", error=DownloadError("Again."))
    assert "weights" in bench.store.problems


def test_removing_is_asked_twice(bench: Bench) -> None:
    bench.stock(CACHED, CACHED)
    bench.panel.delete.click()
    assert bench.engine.weights == []
    assert bench.buttons["Really delete?"] is True
    bench.choose(1)
    assert "Delete" in bench.buttons
    bench.panel.delete.click()
    bench.panel.delete.click()
    assert bench.engine.weights == [("remove", "net", "second")]


def test_what_is_stopped_can_be_thrown_away(bench: Bench) -> None:
    bench.tell("stopped", 12_000_000, 44_700_000)
    bench.panel.delete.click()
    bench.panel.delete.click()
    assert bench.engine.weights == [("remove", "net", "first")]
    bench.stock()
    assert bench.row()[1] == "downloadable"
    assert "Download" in bench.buttons


def test_a_file_is_imported_for_the_network_that_shows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def choose(parent: object, title: str, where: str, kinds: str) -> tuple[str, str]:
        asked.append(title)
        return str(tmp_path / "가중치.pth"), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    bench.panel.import_.click()
    assert asked == ["Import the weights first.pth"]
    assert bench.engine.weights == [("import", str(tmp_path / "가중치.pth"), "net")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    bench.panel.import_.click()
    assert len(bench.engine.weights) == 1


def test_the_language_is_followed(bench: Bench) -> None:
    bench.tell("running", 11_175_000, 44_700_000)
    bench.panel.retranslate()
    assert bench.panel.table.headerItem().text(1) == "State"
    assert bench.panel.table.accessibleName()
    assert bench.panel.bar.accessibleName()


def test_a_network_that_waits_for_its_weights_is_trained_when_they_are_here(qapp: QApplication) -> None:
    one = Bench(Recipe(network="net", weights="none"))
    one.stock()
    one.controller.download("net", "first")
    one.tell("done")
    assert one.engine.wishes[-1].weights == "first"
    assert one.controller.can_undo
    one.controller.undo()
    assert one.engine.wishes[-1].weights == "none"
    one.tell("done")  # such as an import by another way: nobody waits for it any more
    assert one.engine.wishes[-1].weights == "none"
    one.panel.deleteLater()


def test_weights_that_come_change_no_network_that_the_person_left_or_trained(qapp: QApplication) -> None:
    one = Bench(Recipe(network="sample"))
    one.stock()
    one.controller.download("net", "first")  # from the list, while Explore looks through another
    one.controller.change(network="net", weights="none")
    wishes = len(one.engine.wishes)
    one.tell("done")
    assert len(one.engine.wishes) == wishes
    one.controller.download("net", "second")
    one.controller.change(network="sample")
    wishes = len(one.engine.wishes)
    one.tell("done", of="second")
    assert len(one.engine.wishes) == wishes
    one.panel.deleteLater()


def test_weights_that_were_wished_for_and_missing_are_tried_again(qapp: QApplication) -> None:
    recipe = Recipe(network="net", weights="first")
    one = Bench(recipe)
    one.stock()
    one.controller.on_event(Problem("network", NetworkError("They are missing."), recipe))
    one.controller.import_weights("first.pth", "net")
    one.tell("done")
    assert one.engine.wishes == [recipe]
    assert not one.controller.can_undo
    one.panel.deleteLater()


def test_the_status_bar_says_what_has_come(one: Desk) -> None:
    one.send(DownloadChanged("other", "made-up", 1, 1, "done"))
    assert one.window.status._times.text() == "The weights made-up of Other Net are here."


def test_the_shared_folder_is_a_preference(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNN_EXPLORER_WEIGHTS", raising=False)
    with desk(qapp, settings=Settings(language="en", shared_weights="/no/such/folder")) as one:
        one.show()
        one.load()
        shown = Preferences(one.store, one.controller, one.window)
        assert shown._shared.text() == "/no/such/folder"
        assert shown._shared_note.text().startswith("There is no folder /no/such/folder")
        shown._shared.setText(f" {tmp_path} ")
        shown._shared.editingFinished.emit()
        assert one.engine.preferred[-1].shared_weights == str(tmp_path)
        assert "only read" in shown._shared_note.text()
        other = tmp_path / "다른"
        other.mkdir()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(other))
        shown._browse.click()
        assert one.store.settings.shared_weights == shown._shared.text() == str(other)
        monkeypatch.setenv("CNN_EXPLORER_WEIGHTS", str(tmp_path))
        shown.retranslate()
        assert (shown._shared.text(), shown._shared.isEnabled()) == (str(tmp_path), False)
        assert isinstance(shown, QDialog)
        shown.reject()


def test_an_untrained_network_offers_to_get_its_weights(one: Desk) -> None:
    top = one.window.top
    assert not top._weights.isVisible()
    one.controller.open_network("other")
    assert one.store.recipe.weights == "none"
    assert top._weights.isVisible()
    assert top._weights.toolTip().startswith("Get weights")
    top._weights.click()
    networks = one.window.places.networks
    assert networks is not None
    assert networks.weights.isVisible()
    assert networks.weights.network == "other"
    one.controller.open_network("sample")
    assert not top._weights.isVisible()


def test_the_key_for_weights_shows_those_of_the_network_that_is_looked_through(one: Desk) -> None:
    key(one, "W")
    networks = one.window.places.networks
    assert networks is not None
    assert networks.weights.network == "sample"
    assert networks.weights.isAncestorOf(QApplication.focusWidget())


def test_the_heading_of_numbers_stands_over_them(bench: Bench) -> None:
    head = bench.panel.table.headerItem()
    item = bench.panel.table.topLevelItem(0)
    assert head.text(2) == "Size"
    assert item is not None
    assert head.textAlignment(2) == item.textAlignment(2) == Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
