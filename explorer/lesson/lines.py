"""In which line of a TOML document an entry stands: ``tomllib`` does not say."""

from __future__ import annotations

import re
from typing import Final

Path = tuple[str | int, ...]
"""Keys and places in lists, from the outermost: ("scene", 2, "recipe", "network")."""

_WORD: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED: Final = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


class Lines:
    """Where the entries of a document stand.

    Args:
        text: the document, valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        inside = ""
        for number, line in enumerate(text.split("\n"), 1):
            if not inside:
                if match := _HEADER.match(line):
                    table = self._opened(_names(match[2]), many=match[1] == "[[")
                    self._at.setdefault(table, number)
                elif match := _KEY.match(line):
                    path = table
                    for name in _names(match[1]):
                        path = (*path, name)
                        self._at.setdefault(path, number)
            inside = _still_inside(line, inside)

    def of(self, path: Path) -> int:
        """Return the line of the entry, from 1, or of the innermost table around it that has a line."""
        while path and path not in self._at:
            path = path[:-1]
        return self._at.get(path, 1)

    def _opened(self, names: list[str], many: bool) -> Path:
        path: Path = ()
        for place, name in enumerate(names):
            path = (*path, name)
            if many and place == len(names) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path


def _names(dotted: str) -> list[str]:
    return [one.strip("\"'") for one in re.findall(_WORD, dotted)]


def _still_inside(line: str, inside: str) -> str:
    """Return the quotes of the text of several lines that is still open behind ``line``; "" for none."""
    at = 0
    while True:
        if inside:
            end = line.find(inside, at)
            if end < 0:
                return inside
            inside, at = "", end + 3
            continue
        match = re.search(r"\"\"\"|'''|#|\"(?:\\.|[^\"\\])*\"|'[^']*'", line[at:])
        if match is None or match[0] == "#":
            return ""
        inside, at = (match[0] if match[0] in ('"""', "'''") else ""), at + match.end()
