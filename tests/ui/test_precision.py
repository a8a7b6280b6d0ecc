"""The precision is a preference, applies at once, and shows where it is not the usual one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QApplication

from explorer.engine.events import NetworkReady
from explorer.settings import Settings
from tests.ui import samples
from tests.ui.desk import desk
from ui.dialogs.preferences import PRECISIONS, Preferences


def test_the_precision_is_chosen_in_the_settings(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", precision="tf32")) as one:
        one.show()
        one.load()
        shown = Preferences(one.store, one.controller, one.window)
        box = shown._precision
        assert [box.itemData(row) for row in range(box.count())] == list(PRECISIONS)
        assert box.currentData() == "tf32"
        box.setCurrentIndex(box.findData("half"))
        box.activated.emit(box.currentIndex())
        assert one.engine.preferred[-1].precision == "half"
        shown.reject()


def test_whether_a_live_network_is_compiled_is_chosen_in_the_settings(qapp: QApplication) -> None:
    with desk(qapp, settings=Settings(language="en", one_piece=False)) as one:
        one.show()
        one.load()
        shown = Preferences(one.store, one.controller, one.window)
        assert not shown._one_piece.isChecked()
        shown._one_piece.click()
        assert one.engine.preferred[-1].one_piece
        assert shown._one_piece.isChecked()
        shown.reject()


def test_the_status_bar_tells_half_precision(qapp: QApplication) -> None:
    with desk(qapp) as one:
        one.show()
        one.load()
        info = samples.network(one.graph)
        assert "float" not in one.window.status._device.text()
        one.send(NetworkReady(replace(info, number_type="bfloat16")))
        assert one.window.status._device.text().endswith("bfloat16")
