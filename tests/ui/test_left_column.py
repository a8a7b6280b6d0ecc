"""The source, the predictions, the network's input and the pixels follow language and theme while they show."""

from __future__ import annotations

import gettext
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from explorer import text
from tests.ui import samples
from ui import theme
from ui.panels.network_input import NetworkInput
from ui.panels.pixel_inspector import PixelInspector
from ui.panels.predictions import Predictions
from ui.panels.source import SourcePanel
from ui.widgets.bars import Bars
from ui.widgets.panel import Panel

PANELS = [SourcePanel, Predictions, NetworkInput, PixelInspector]
DATA = ("made-up", "class ", "x ", "RGB", "R", "G", "B", "451", "3 ×")
"""How texts begin that are no words of ours."""


class Marked(gettext.NullTranslations):
    """A language in which every sentence begins with a mark."""

    def gettext(self, message: str) -> str:
        return "¶" + message


@pytest.fixture(params=PANELS)
def panel(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Panel]:
    theme.apply(qapp, "dark")
    bench = samples.Bench()
    shown = request.param(bench.store, bench.controller)
    if isinstance(shown, PixelInspector):
        shown.set_picture(samples.result().frame.pixels)
    shown.resize(300, 420)
    shown.show()
    bench.load()
    bench.give()
    yield shown
    shown.close()
    shown.deleteLater()


def words(panel: Panel) -> list[str]:
    """Everything that a person reads or hears."""
    said = [panel.accessibleName()]
    for widget in panel.findChildren(QWidget):
        said += [widget.accessibleName(), *((widget.text(),) if isinstance(widget, QLabel | QToolButton) else ())]
        if isinstance(widget, QToolButton):
            said.append(widget.toolTip())
    return [line for said_text in said for line in said_text.split("\n") if line and not line.startswith(DATA)]


def test_every_word_follows_the_language(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    before = words(panel)
    assert before
    monkeypatch.setattr(text, "_catalogue", Marked())
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LanguageChange))
    assert [word for word in words(panel) if not word.startswith("¶")] == []


def test_every_control_has_a_name(panel: Panel) -> None:
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy().value & 1 and widget.isVisible():
            assert widget.accessibleName(), widget


def test_colours_follow_the_theme(panel: Panel, qapp: QApplication) -> None:
    panel.grab()
    theme.apply(qapp, "light")
    image = panel.grab().toImage()
    assert QColor(image.pixel(panel.width() // 2, 4)).name() == theme.LIGHT.panel
    found = {QColor(image.pixel(x, y)).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert not found & {theme.DARK.panel, theme.DARK.raised, theme.DARK.window}
    if bars := panel.findChild(Bars):
        at = bars.mapTo(panel, QPoint(12, int(bars.track(0).center().y())))
        assert QColor(image.pixel(at.x(), at.y())).name() == theme.LIGHT.accent
    theme.apply(qapp, "dark")


@pytest.mark.parametrize("kind", PANELS)
def test_no_panel_is_wider_than_its_column(qapp: QApplication, kind: type[Panel]) -> None:
    theme.apply(qapp, "dark")
    bench = samples.Bench()
    panel = kind(bench.store, bench.controller)  # type: ignore[call-arg, arg-type]
    bench.load()
    bench.give()
    assert panel.minimumSizeHint().width() <= 285
    panel.deleteLater()


def test_picture_and_pixels_work_together(qapp: QApplication) -> None:
    bench = samples.Bench()
    source, pixels = SourcePanel(bench.store, bench.controller), PixelInspector(bench.store, bench.controller)
    source.picture_changed.connect(pixels.set_picture)
    source.pixel_pointed.connect(pixels.point)
    source.pixel_chosen.connect(pixels.choose)
    pixels.chosen_changed.connect(source.mark)
    pixels.numbers_changed.connect(source.set_numbers)
    for panel in (source, pixels):
        panel.resize(300, 420)
        panel.show()
    bench.load()
    result = bench.give()
    point = QPoint(source.view.width() // 2 - 17, source.view.height() // 2 + 11)
    QTest.mouseMove(source.view, point)
    QTest.mouseClick(source.view, Qt.MouseButton.LeftButton, pos=point)
    y, x = source.view.marked or (-1, -1)
    r, g, b = result.frame.pixels[y, x]
    texts = [label.text() for label in pixels.findChildren(QLabel)]
    assert any(text.startswith(f"x {x}  y {y}   {r} {g} {b}") for text in texts)
    for panel in (source, pixels):
        panel.close()
        panel.deleteLater()
