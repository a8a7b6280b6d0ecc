"""Tabs that do not fit go on in further rows, and each opens what is behind it by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTabWidget

from ui import theme
from ui.widgets.tab_rows import TabRows

NAMES = ("Channel", "Prove it", "Arithmetic", "Pixels", "Touch", "Switch off")


@pytest.fixture
def tabs(qapp: QApplication) -> Iterator[QTabWidget]:
    theme.apply(qapp, "dark")
    made = QTabWidget()
    made.setTabBar(TabRows(made))
    made.setDocumentMode(True)
    for name in NAMES:
        made.addTab(QLabel(name), name)
    made.resize(260, 300)
    made.show()
    QTest.qWaitForWindowExposed(made)
    yield made
    made.close()
    made.deleteLater()


def test_every_name_is_whole_and_inside(tabs: QTabWidget) -> None:
    bar = tabs.tabBar()
    rects = [bar.tabRect(at) for at in range(len(NAMES))]
    assert len({rect.top() for rect in rects}) == 2
    for rect, name in zip(rects, NAMES, strict=True):
        assert bar.rect().contains(rect)
        assert rect.width() >= bar.fontMetrics().horizontalAdvance(name)
    assert not any(one.intersects(other) for at, one in enumerate(rects) for other in rects[at + 1 :])
    page = tabs.currentWidget()
    assert page is not None
    assert page.mapTo(tabs, page.rect().topLeft()).y() >= bar.height()
    tabs.resize(900, 300)
    assert len({bar.tabRect(at).top() for at in range(len(NAMES))}) == 1


def test_a_click_and_the_keys_open_a_tab_of_any_row(tabs: QTabWidget) -> None:
    bar = tabs.tabBar()
    for at in (5, 1, 4):
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
        assert tabs.currentIndex() == at
    QTest.keyClick(bar, Qt.Key.Key_Left)
    assert tabs.currentIndex() == 3
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.rect().bottomRight())
    assert tabs.currentIndex() == 3, "beside the tabs there is none"
