"""The look: colours by role, light and dark, and what is derived from them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Qt, QTemporaryDir
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """Colours by role, as ``#rrggbb``.

    Attributes:
        window, panel, raised: backgrounds of the window, of a panel, of fields and buttons.
        line: borders.
        text, dim: text and secondary text.
        accent: lines and bars.
        filled: a filled button, with white text.
        selected: a selected row.
        good, warning: states.
        unit: the chosen unit, everywhere, with a halo.
    """

    name: str
    window: str
    panel: str
    raised: str
    line: str
    text: str
    dim: str
    accent: str
    filled: str
    selected: str
    good: str
    warning: str
    unit: str = "#ff4d6d"


DARK = Theme(
    "dark",
    "#16181d",
    "#1d2027",
    "#262a33",
    "#313642",
    "#e7e9ee",
    "#9aa3b2",
    "#4c9aff",
    "#2b6fd0",
    "#22384f",
    "#3ecf8e",
    "#f5a524",
)
LIGHT = Theme(
    "light",
    "#eef0f4",
    "#ffffff",
    "#f5f6f9",
    "#d8dce4",
    "#1b1f27",
    "#5d6675",
    "#1668dc",
    "#1668dc",
    "#dcebff",
    "#0f7653",
    "#a15c00",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

FONT = "Pretendard"
_TEXT_PX = 13
_ICON = "theme-icon"

_current = DARK
_scale = 1.0
_glyphs: QTemporaryDir | None = None


def current() -> Theme:
    """Return the theme that is shown; ask again in every paint and on ``QEvent.PaletteChange``."""
    return _current


def px(size: float) -> int:
    """Return ``size`` px times the font scale: for heights and columns that must follow the text."""
    return round(size * _scale)


def resolve(name: str) -> Theme:
    """Return the theme called ``name``; "system" (or anything unknown) is the one that the desktop asks for."""
    if name in THEMES:
        return THEMES[name]
    return LIGHT if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK


def apply(app: QApplication, name: str = "system", font_scale: float = 1.0) -> None:
    """Give the whole application a theme, its font, palette and style sheet; may be called again at any time.

    Args:
        app: the application.
        name: "light", "dark" or "system".
        font_scale: 1.0 for 13 px text; larger for a projector.
    """
    global _current, _scale
    _current, _scale = resolve(name), font_scale
    _load_fonts()
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    font = QFont(FONT)
    font.setPixelSize(px(_TEXT_PX))
    font.setFeature(QFont.Tag("tnum"), 1)  # figures that change many times a second must not move
    for tag in (QFont.Tag("calt"), QFont.Tag("clig")):  # either makes w1x1, the lecture's product, a w1×1
        font.setFeature(tag, 0)
    app.setFont(font)
    app.setPalette(_palette(_current))
    app.setStyleSheet(_style_sheet(_current))
    for widget in app.allWidgets():
        for button in (widget, *widget.actions()):
            if name := button.property(_ICON):
                set_icon(button, name)


def set_icon(button: QObject, name: str, colour: str = "") -> None:
    """Give a button or an action an icon that follows the theme from now on (unless it has a ``colour`` of its own)."""
    button.setProperty(_ICON, "" if colour else name)
    button.setProperty("icon", icon(name, colour))


def mix(first: str, second: str, share: float) -> str:
    """Return the colour that is ``share`` (0 … 1) of the way from ``first`` to ``second``."""
    a, b = QColor(first), QColor(second)
    pairs = zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    return QColor(*(round(x + (y - x) * share) for x, y in pairs)).name()


def icon(name: str, colour: str = "") -> QIcon:
    """Return an icon in the colours of the current theme; ask again after a ``QEvent.PaletteChange``.

    Args:
        name: a file of ``resources/icons`` without its ending.
        colour: ``#rrggbb``, or "" for the text's colour.
    """
    return _icon(name, colour or _current.text, mix(_current.dim, _current.raised, 0.5))


@cache
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    result = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        for size in (16, 20, 40):
            result.addPixmap(pixmap(name, size, tint), mode)
    return result


def pixmap(name: str, size: int, colour: str) -> QPixmap:
    """Return an icon as a picture of ``size`` px in one colour."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(_tinted(name, colour)).render(painter)
    painter.end()
    return QPixmap.fromImage(image)


@cache
def _svg(name: str) -> str:
    return (resources.files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def _tinted(name: str, colour: str) -> QByteArray:
    return QByteArray(_svg(name).replace("currentColor", colour).encode())


@cache
def _load_fonts() -> None:
    for file in (resources.files("resources") / "fonts").iterdir():
        if file.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(QByteArray(file.read_bytes()))


def _palette(theme: Theme) -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    for colour, roles in {
        theme.window: (role.Window,),
        theme.panel: (role.Base,),
        theme.raised: (role.Button, role.AlternateBase, role.ToolTipBase),
        theme.text: (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText),
        theme.dim: (role.PlaceholderText,),
        theme.line: (role.Mid, role.Midlight, role.Light, role.Dark),
        theme.filled: (role.Highlight,),
        theme.accent: (role.Link, role.LinkVisited, role.Accent),
        "#ffffff": (role.HighlightedText,),
    }.items():
        for one in roles:
            palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(mix(theme.dim, theme.raised, 0.5)))
    return palette


def _style_sheet(theme: Theme) -> str:
    """Fill the template: lengths first, then colours, then the glyphs, which a style sheet can only take from files."""
    text = (resources.files("resources") / "styles" / "window.qss").read_text(encoding="utf-8")
    text = re.sub(r"@(\d+)px", lambda match: f"{px(int(match[1]))}px", text)
    values = asdict(theme) | {"faint": mix(theme.dim, theme.raised, 0.4)}
    values |= {glyph: _glyph_file(glyph, theme) for glyph in ("chevron-down", "chevron-up", "check")}
    return re.sub(r"@([a-z][a-z-]*)", lambda match: values[match[1]], text)


def _glyph_file(name: str, theme: Theme) -> str:
    """Write a tinted icon where the style sheet can read it, and return its path."""
    global _glyphs
    if _glyphs is None:
        _glyphs = QTemporaryDir()
    path = Path(_glyphs.filePath(f"{name}-{theme.name}.svg"))
    path.write_bytes(_tinted(name, theme.dim).data())
    return path.as_posix()
