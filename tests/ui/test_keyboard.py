"""The whole window without a mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTabBar, QToolButton, QWidget

from tests.ui.desk import Desk, until
from ui import theme
from ui.dialogs.keyboard import Keyboard


def name(widget: QWidget) -> str:
    """Return what a screen reader calls a widget."""
    buddies = [label.text() for label in widget.window().findChildren(QLabel) if label.buddy() is widget]
    said = [widget.accessibleName(), getattr(widget, "text", str)(), *buddies]
    if isinstance(widget, QToolButton) and widget.defaultAction() is not None:
        said.append(widget.defaultAction().text())
    return next(filter(None, said), "")


def test_everything_that_takes_the_focus_has_a_name(one: Desk) -> None:
    stops = [
        widget
        for widget in one.window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
    ]
    assert len(stops) > 25
    assert [widget for widget in stops if not name(widget)] == []


@pytest.mark.parametrize("pressed", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_reaches_every_part_of_the_window_and_comes_back(one: Desk, pressed: Qt.Key) -> None:
    one.window.activateWindow()
    start = one.window.explore.source.view
    start.setFocus()
    until(start.hasFocus)
    reached: list[QWidget] = []
    while not reached or reached[-1] is not start:
        assert len(reached) < 200, "it is caught between " + " and ".join(map(repr, reached[-2:]))
        QTest.keyClick(one.window.focusWidget(), pressed)
        reached.append(one.window.focusWidget())
    assert len(reached) == len(set(reached))
    explore = one.window.explore
    for part in (one.window.top, explore.source, explore.layers, explore.maps, explore.predictions, explore.channel):
        assert any(part.isAncestorOf(widget) for widget in reached), part


def test_the_keyboard_opens_what_is_behind_a_tab(one: Desk) -> None:
    explore = one.window.explore
    (tabs,) = (
        bar for bar in explore.findChildren(QTabBar) if bar.isVisible() and bar.parent().isAncestorOf(explore.prove)
    )
    one.window.activateWindow()
    explore.maps.mosaic.setFocus()
    for _step in range(100):
        if one.window.focusWidget() is tabs:
            break
        QTest.keyClick(one.window.focusWidget(), Qt.Key.Key_Tab)
    assert one.window.focusWidget() is tabs
    assert not explore.prove.isVisible()
    while tabs.tabText(tabs.currentIndex()) != "Prove it":
        before = tabs.currentIndex()
        QTest.keyClick(tabs, Qt.Key.Key_Right)
        assert tabs.currentIndex() > before
    assert explore.prove.isVisible()


@pytest.mark.parametrize("name", ["picture", "camera"])
def test_the_keyboard_opens_the_menus_of_the_source_buttons(one: Desk, name: str) -> None:
    (button,) = (b for b in one.window.top._sources if b.defaultAction() is one.window.commands[name])
    menu, opened = button.menu(), []
    menu.aboutToShow.connect(lambda: opened.append(name))
    menu.aboutToShow.connect(lambda: QTimer.singleShot(0, menu, menu.close))  # while it shows it keeps the call
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert len(opened) == 1
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), button.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(button, asked)
    assert len(opened) == 2
    assert menu.actions()


@pytest.mark.parametrize("text_size", [1.0, 1.5])
def test_the_table_of_keys_is_no_larger_than_the_screen_and_scrolls_to_its_last_line(
    one: Desk, qapp: QApplication, text_size: float
) -> None:
    theme.apply(qapp, "dark", text_size)
    one.window._show_keys()
    (dialog,) = one.window.findChildren(Keyboard)
    try:
        room = dialog.screen().availableGeometry()
        assert dialog.width() < room.width()
        assert dialog.height() < room.height()
        assert dialog.room.verticalScrollBar().maximum() > 0
        key = dialog.findChildren(QLabel)[-1]  # of the last command
        assert key.visibleRegion().isEmpty()
        dialog.room.ensureWidgetVisible(key)
        until(lambda: not key.visibleRegion().isEmpty())
    finally:
        dialog.close()
