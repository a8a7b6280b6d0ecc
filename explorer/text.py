"""Text for a person: English in the source, every other language from ``resources/locale`` through gettext."""

from __future__ import annotations

import gettext
import locale
import os
from importlib import resources

LANGUAGES = {"en": "English", "ko": "한국어"}
DOMAIN = "cnn-explorer"

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def _(message: str) -> str:
    """Return ``message`` in the current language; English where the catalogue lacks it."""
    return _catalogue.gettext(message) if message else ""


def N_(message: str) -> str:
    """Mark ``message`` for translation and return it as it is; ``_`` translates it when it is shown."""
    return message


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form for ``count`` in the current language; the caller fills the braces."""
    return _catalogue.ngettext(singular, plural, count)


def language() -> str:
    """Return the current language: a key of ``LANGUAGES``."""
    return _language


def set_language(code: str) -> None:
    """Make ``code`` (a key of ``LANGUAGES``; anything else means English) the language of ``_``."""
    global _catalogue, _language
    _language = code if code in LANGUAGES else "en"
    _catalogue = gettext.NullTranslations()
    if _language != "en":
        file = resources.files("resources") / "locale" / _language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        with file.open("rb") as stream:
            _catalogue = gettext.GNUTranslations(stream)


def system_language() -> str:
    """Return the language that the person's system asks for, as a key of ``LANGUAGES``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        if value := os.environ.get(name):
            code = value.split("_")[0].split(".")[0].split(":")[0].lower()
            return code if code in LANGUAGES else "en"
    code = (locale.getlocale()[0] or "en").split("_")[0].lower()
    return {"korean": "ko"}.get(code, code if code in LANGUAGES else "en")
