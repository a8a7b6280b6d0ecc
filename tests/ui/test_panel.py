"""The header of a panel: what gives way where there is no room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.widgets.panel import Panel


@pytest.fixture
def panel(qapp: QApplication) -> Iterator[Panel]:
    theme.apply(qapp, "dark", 2.0)
    shown = Panel()
    shown.set_title("Predictions", "conv2d 3×3 · 64×224×224")
    shown.set_badge("trained on ImageNet-1K")
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()
    theme.apply(qapp, "dark")


@pytest.mark.parametrize("width", [250, 300, 360, 420, 500, 640, 900])
def test_first_the_detail_goes_then_the_badge_is_shortened_never_the_title(panel: Panel, width: int) -> None:
    panel.resize(width, 120)
    QApplication.processEvents()
    title, detail, badge = panel._title, panel._detail, panel._badge
    assert title.shown() == "Predictions"
    assert detail.shown() in ("", "conv2d 3×3 · 64×224×224"), "no digit is cut"
    if badge.shown() != badge.text():
        assert detail.shown() == ""
        assert badge.shown().endswith("…")
    assert title.geometry().right() < detail.geometry().left()
    assert detail.geometry().right() < badge.geometry().left()
    assert badge.geometry().right() <= panel.rect().right()


def test_the_wider_the_more(panel: Panel) -> None:
    seen = []
    for width in (250, 520, 900):
        panel.resize(width, 120)
        QApplication.processEvents()
        seen.append((panel._badge.shown() == panel._badge.text(), panel._detail.shown() != ""))
    assert seen == [(False, False), (True, False), (True, True)]
