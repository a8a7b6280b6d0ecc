"""The look: contrast, icons, style sheet."""

from __future__ import annotations

from importlib import resources

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from ui import theme

ICONS = sorted(file.name[:-4] for file in (resources.files("resources") / "icons").iterdir())


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_oracle() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_text_is_readable_on_every_background(name: str) -> None:
    look = theme.THEMES[name]
    for background in (look.window, look.panel, look.raised):
        for text in (look.text, look.dim, look.warning, look.good):
            assert contrast(text, background) >= 4.5, (text, background)
        assert contrast(look.accent, background) >= 3, (
            look.accent,
            background,
        )  # lines, bars, the focus ring (WCAG 1.4.11)
    for text in (look.text, look.dim):
        assert contrast(text, look.selected) >= 4.5, text
    assert contrast(look.accent, look.selected) >= 3  # the focus ring of a selected row
    for background in (look.window, look.panel):
        assert contrast(look.accent, background) >= 4.5, background  # the words of a tab that has the focus
    assert contrast("#ffffff", look.filled) >= 4.5


@pytest.mark.parametrize("name", ICONS)
def test_icon_is_drawn_in_the_colour_it_is_asked_for(qapp: QApplication, name: str) -> None:
    source = (resources.files("resources") / "icons" / f"{name}.svg").read_bytes()
    assert QSvgRenderer(QByteArray(source)).isValid()
    image = theme.pixmap(name, 48, "#ff8800").toImage()
    inked = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255]
    assert len(inked) > 10
    assert {colour.name() for colour in inked} == {"#ff8800"}


def test_icons_follow_the_theme(qapp: QApplication) -> None:
    button = QToolButton()
    theme.set_icon(button, "undo")
    for look in theme.THEMES.values():
        theme.apply(qapp, look.name)
        image = button.icon().pixmap(40, 40).toImage()
        pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        assert {pixel.name() for pixel in pixels if pixel.alpha() == 255} == {look.text}


@pytest.mark.parametrize("name", theme.THEMES)
def test_apply_paints_with_the_tokens_and_the_scaled_korean_font(qapp: QApplication, name: str) -> None:
    theme.apply(qapp, name, 1.5)
    label = QLabel("가나다 0123")
    label.ensurePolished()
    assert theme.current().name == name
    assert label.palette().color(label.foregroundRole()) == QColor(theme.current().text)
    assert QFontInfo(label.font()).family() == theme.FONT
    assert label.font().pixelSize() == 20  # 1.5 × 13, rounded
    assert "@" not in qapp.styleSheet()


def test_figures_have_one_width(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    metrics = QLabel().fontMetrics()
    assert len({metrics.horizontalAdvance(str(digit) * 4) for digit in range(10)}) == 1


def test_system_theme_follows_the_desktop(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme, name in ((Qt.ColorScheme.Light, "light"), (Qt.ColorScheme.Dark, "dark")):
        hints = type("Hints", (), {"colorScheme": staticmethod(lambda scheme=scheme: scheme)})
        monkeypatch.setattr(QGuiApplication, "styleHints", lambda hints=hints: hints)
        assert theme.resolve("system").name == name
    assert theme.resolve("light") is theme.LIGHT
