"""How far a person is in which deck: one text among the settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from explorer.lesson.question import Score

MOST_DECKS = 12
"""Decks whose places are remembered, and offered as recent ones."""


@dataclass(frozen=True)
class Bookmark:
    """Where a person is in a deck.

    Attributes:
        deck: its file; "" for the course's own.
        scene: the id of the one that is open; "" for the first.
        revealed: how many of its steps are told.
        done: ids of those whose last answer was told.
        score: of the questions that were answered.
    """

    deck: str = ""
    scene: str = ""
    revealed: int = 0
    done: tuple[str, ...] = ()
    score: Score = field(default_factory=Score)


@dataclass(frozen=True)
class Progress:
    """The lesson as the last session left it.

    Attributes:
        open: whether it shows.
        presents: whether a lecturer gives it, so that nothing is scored.
        bookmarks: of the decks, the newest first, at most ``MOST_DECKS``.
    """

    open: bool = False
    presents: bool = False
    bookmarks: tuple[Bookmark, ...] = ()

    def of(self, deck: str) -> Bookmark:
        """Return where the person is in a deck; at its beginning where it was never open."""
        return next((one for one in self.bookmarks if one.deck == deck), Bookmark(deck))

    def with_(self, newest: Bookmark) -> Progress:
        """Return a copy in which this bookmark is the newest."""
        others = (one for one in self.bookmarks if one.deck != newest.deck)
        return replace(self, bookmarks=(newest, *others)[:MOST_DECKS])

    def opened(self, deck: str, scene: str = "", revealed: int = 0) -> Progress:
        """Return a copy in which a deck is open, at one of its scenes or where the person was."""
        mark = self.of(deck)
        mark = replace(mark, scene=scene, revealed=revealed) if scene else mark
        return replace(self.with_(mark), open=True)

    def written(self) -> str:
        """Return it as a text that ``read`` takes."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read(text: str) -> Progress:
    """Return what ``Progress.written`` wrote; a fresh one where the text is none of ours."""
    try:
        raw = json.loads(text)
        marks = tuple(_bookmark(one) for one in raw["bookmarks"][:MOST_DECKS])
        return Progress(raw["open"] is True, raw["presents"] is True, marks)
    except (ValueError, TypeError, KeyError, RecursionError):
        return Progress()


def _bookmark(raw: dict[str, Any]) -> Bookmark:
    right, asked = raw["score"]["right"], raw["score"]["asked"]
    texts = (raw["deck"], raw["scene"], *raw["done"])
    revealed = raw.get("revealed", 0)
    counted = type(right) is type(asked) is type(revealed) is int and 0 <= right <= asked and revealed >= 0
    if not counted or not all(isinstance(one, str) for one in texts):
        raise ValueError(raw)
    return Bookmark(raw["deck"], raw["scene"], revealed, tuple(raw["done"]), Score(right, asked))
