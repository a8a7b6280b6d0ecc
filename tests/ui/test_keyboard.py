"""The whole window without a mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.desk import Desk


@pytest.mark.parametrize("name", ["picture", "camera"])
def test_the_keyboard_opens_the_menus_of_the_source_buttons(one: Desk, name: str) -> None:
    (button,) = (b for b in one.window.top._sources if b.defaultAction() is one.window.commands[name])
    menu, opened = button.menu(), []
    menu.aboutToShow.connect(lambda: opened.append(name))
    menu.aboutToShow.connect(lambda: QTimer.singleShot(0, menu.close))  # while it shows it keeps the call
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert len(opened) == 1
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), button.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(button, asked)
    assert len(opened) == 2
    assert menu.actions()
