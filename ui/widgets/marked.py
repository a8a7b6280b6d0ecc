"""Texts with a little Markdown in them: **strong**, *emphasis* and `code`."""

from __future__ import annotations

import re
from html import escape

from ui import theme

_CODE = re.compile(r"`([^`]+)`")
_MARKS = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r'<span style="font-weight:600">\1</span>'),
    (re.compile(r"\*(?=\S)([^*]+?)(?<=\S)\*"), r"<i>\1</i>"),
)


def marked(text: str) -> str:
    """Return a text as HTML."""
    parts = _CODE.split(text)
    for place, part in enumerate(parts):
        part = escape(part)
        if place % 2:
            part = f'<code style="background:{theme.current().raised}">{part}</code>'
        else:
            for pattern, html in _MARKS:
                part = pattern.sub(html, part)
        parts[place] = part
    return "".join(parts)


def strong(html: str, colour: str = "") -> str:
    """Return HTML that stands out, in a colour."""
    return f'<span style="font-weight:600; {f"color:{colour}" if colour else ""}">{html}</span>'
