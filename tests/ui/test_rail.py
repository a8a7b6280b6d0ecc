"""The rail: places, their keys, what is common to them, and the place in which the next start begins."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from explorer import settings as preferences
from explorer.engine.events import Problem
from explorer.errors import SourceError
from explorer.settings import Settings
from tests.ui.desk import Desk, desk, key


def test_keys_and_buttons_switch_places(one: Desk) -> None:
    window = one.window
    rail = window._rail
    assert window.places.currentWidget() is window.explore
    assert window.places.networks is None, "a place is built when it is first wanted"
    key(one, "Ctrl+2")
    assert window.places.currentWidget() is window.places.networks
    assert (rail["place_explore"].isChecked(), rail["place_networks"].isChecked()) == (False, True)
    rail["place_explore"].click()
    assert window.places.currentWidget() is window.explore
    assert (rail["place_explore"].isChecked(), rail["place_networks"].isChecked()) == (True, False)
    rail["place_networks"].click()
    built = window.places.networks
    assert window.places.currentWidget() is built
    key(one, "Ctrl+1")
    key(one, "Ctrl+2")
    assert window.places.networks is built


def test_bars_are_common_to_all_places(one: Desk) -> None:
    one.controller.report(Problem("source", SourceError("It is broken: mend it.")))
    for keys in ("Ctrl+2", "Ctrl+1"):
        key(one, keys)
        for bar in (one.window.top, one.window.problem, one.window.status):
            assert bar.isVisible()


def test_the_next_start_begins_in_the_last_place(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        key(one, "Ctrl+2")
    stored, _problem = preferences.load()
    assert stored.place == "networks"
    with desk(qapp, settings=stored.with_(language="en", theme="dark")) as one:
        one.show()
        assert one.window.places.networks is not None
        assert one.window.places.networks.isVisible()
        assert one.window._rail["place_networks"].isChecked()


def test_each_place_searches_its_own(one: Desk) -> None:
    key(one, "Ctrl+F")
    assert one.window.focusWidget() is one.window.explore.layers.search
    key(one, "Ctrl+2")
    key(one, "Ctrl+F")
    networks = one.window.places.networks
    assert networks is not None
    assert one.window.focusWidget() is networks.search
    QTest.keyClick(networks.search, Qt.Key.Key_Escape)
    assert one.window.focusWidget() is networks.list


def test_the_chooser_has_a_way_to_all_networks(one: Desk) -> None:
    box, before = one.window.top._network, one.store.recipe
    row = next(row for row in range(box.count()) if box.itemText(row) == "All networks…")
    box.setCurrentIndex(row)
    box.activated.emit(row)
    assert one.window.places.networks is not None
    assert one.window.places.networks.isVisible()
    assert one.store.recipe == before
    assert box.currentText() == "Sample Net · trained"


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("size", "scale"), [((1024, 640), 1.0), ((1280, 800), 1.5), ((1920, 1080), 2.0)])
def test_the_networks_place_fits(qapp: QApplication, language: str, size: tuple[int, int], scale: float) -> None:
    with desk(qapp, settings=Settings(language=language, theme="dark", font_scale=scale, place="networks")) as one:
        one.show(*size)
        one.load()
        networks = one.window.places.networks
        assert networks is not None
        for place in range(networks.tabs.count()):
            networks.tabs.setCurrentIndex(place)
            QApplication.processEvents()
            least = one.window.minimumSizeHint()
            assert (least.width() <= size[0], least.height() <= size[1]) == (True, True), (place, least)
            for button in one.window.findChildren(QToolButton):
                if button.isVisible() and button.text() and button.objectName() == "rail":
                    assert button.fontMetrics().horizontalAdvance(button.text()) < button.width(), button.text()
            for title in networks.findChildren(QLabel, "title"):
                if title.isVisible():
                    assert title.width() >= title.sizeHint().width(), title.text()
