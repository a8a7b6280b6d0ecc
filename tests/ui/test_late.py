"""What stands in for a page until somebody wants it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QTabWidget, QVBoxLayout, QWidget

from tests.ui.desk import Desk, until
from ui.widgets.late import Late


class _Page(QWidget):
    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1
        column = QVBoxLayout(self)
        self.first, self.second = QLineEdit(self), QPushButton(self)
        column.addWidget(self.first)
        column.addWidget(self.second)


@pytest.fixture
def tabs(qapp: QApplication) -> Iterator[QTabWidget]:
    _Page.made = 0
    tabs = QTabWidget()
    tabs.addTab(QLineEdit(), "seen")
    tabs.addTab(Late(_Page), "behind")
    yield tabs
    tabs.deleteLater()


def _late(tabs: QTabWidget) -> Late[_Page]:
    page = tabs.widget(1)
    assert isinstance(page, Late)
    return page


def test_a_page_is_made_when_it_is_first_seen_and_once(tabs: QTabWidget) -> None:
    came: list[int] = []
    _late(tabs).came.connect(lambda: came.append(_Page.made))
    tabs.show()
    assert _late(tabs).made is None
    for at in (1, 0, 1):
        tabs.setCurrentIndex(at)
    assert came == [1]
    page = _late(tabs).made
    assert page is not None
    assert page is _late(tabs).widget
    assert page.first.isVisible()
    assert page.geometry() == _late(tabs).rect()


def test_what_asks_for_a_page_gets_it_although_nobody_sees_it(tabs: QTabWidget) -> None:
    tabs.show()
    page = _late(tabs).widget
    assert not page.isVisible()
    tabs.setCurrentIndex(1)
    assert page.isVisible()
    assert _Page.made == 1


def test_the_tab_key_finds_a_late_page_where_it_stands_not_after_all_else(tabs: QTabWidget) -> None:
    window, after = QWidget(), QPushButton()
    column = QVBoxLayout(window)
    column.addWidget(tabs)
    column.addWidget(after)
    window.show()
    window.activateWindow()
    tabs.setCurrentIndex(1)
    tabs.tabBar().setFocus()
    page, reached = _late(tabs).widget, []
    until(tabs.tabBar().hasFocus)
    for _step in range(3):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.append(window.focusWidget())
    assert reached == [page.first, page.second, after]
    tabs.setParent(None)
    window.deleteLater()


def test_the_window_opens_without_the_panels_that_are_behind_tabs(one: Desk) -> None:
    late = one.window.explore.findChildren(Late)
    assert len(late) >= 3
    assert [page.made for page in late if not page.isVisible()] == [None] * len(late)
    code = "import sys, ui.app; print(*[name for name in sys.argv[1:] if name in sys.modules])"
    names = [f"ui.panels.{name}" for name in ("prove", "arithmetic", "pixel_inspector", "stacks")]
    names += ["ui.places.networks", "ui.places.filter", "numpy.random", "explorer.questions"]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_panel_that_comes_late_speaks_the_language_that_was_chosen_meanwhile(one: Desk) -> None:
    one.controller.prefer(language="ko")
    try:
        panel = one.window.explore.prove
        before = panel.paint.text()
        one.controller.prefer(language="en")
        until(lambda: panel.paint.text() == "Paint")
        assert before not in ("", "Paint")
    finally:
        one.controller.prefer(language="en")


def test_a_panel_that_comes_late_shows_the_picture_that_came_before_it(one: Desk) -> None:
    explore = one.window.explore
    explore.source.pixel_chosen.emit((3, 4))
    assert "x 4  y 3" in explore.pixels._value.text()
    assert explore.source.view.marked == (3, 4)
