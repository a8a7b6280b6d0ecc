"""Labels that never widen their column."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ui.widgets.elided import ElidedLabel


def test_both_ends_stay(qapp: QApplication) -> None:
    label = ElidedLabel()
    label.setText("a long name of a picture from a camera.jpg")
    label.resize(120, 20)
    assert label.shown().startswith("a lo")
    assert label.shown().endswith(".jpg")
    assert label.toolTip() == "a long name of a picture from a camera.jpg"
    assert label.minimumSizeHint().width() < 60
    label.resize(2000, 20)
    assert label.shown() == label.text()
    label.deleteLater()


def test_whole_or_nothing(qapp: QApplication) -> None:
    label = ElidedLabel(whole=True)
    label.setText("640 × 480")
    label.resize(30, 20)
    assert label.shown() == ""
    label.resize(300, 20)
    assert label.shown() == "640 × 480"
    label.deleteLater()
