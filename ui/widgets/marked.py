"""Texts with a little Markdown in them: **strong**, *emphasis* and `code`."""

from __future__ import annotations

import re
from html import escape

from ui import theme

_CODE = re.compile(r"`([^`]+)`")
_MARKS = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<b>\1</b>"),
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
