"""The look: colours by role, light and dark, and what is derived from them."""

from __future__ import annotations

from dataclasses import dataclass


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
    "#12805c",
    "#a15c00",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

_current = DARK


def current() -> Theme:
    """Return the theme that is shown; ask again in every paint and on ``QEvent.PaletteChange``."""
    return _current
