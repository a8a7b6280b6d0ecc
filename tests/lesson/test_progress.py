"""Where a person is in which deck: kept as a text, and any other text is a fresh beginning."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from explorer.lesson import progress
from explorer.lesson.progress import MOST_DECKS, Bookmark, Progress
from explorer.lesson.question import Score

MARK = Bookmark("/강의/덱.toml", "two", done=("one", "two"), score=Score(1, 2))


def test_it_comes_back_as_it_was() -> None:
    for kept in (Progress(), Progress(True, True, (MARK, Bookmark()))):
        assert progress.read(kept.written()) == kept


def test_the_newest_deck_comes_first_and_old_ones_go() -> None:
    kept = Progress(bookmarks=(MARK,))
    for n in range(MOST_DECKS - 1):
        kept = kept.opened(f"{n}.toml")
    assert kept.open
    assert kept.of(MARK.deck) == MARK
    kept = kept.opened(MARK.deck, "three")
    assert kept.bookmarks[0] == replace(MARK, scene="three")
    assert len(kept.bookmarks) == MOST_DECKS
    kept = kept.opened("new.toml")
    assert len(kept.bookmarks) == MOST_DECKS
    assert kept.of("0.toml") == Bookmark("0.toml"), "the oldest is forgotten"
    assert kept.opened(MARK.deck).bookmarks[0].scene == "three", "where the person was"


@pytest.mark.parametrize(
    "change",
    [
        *({"score": score} for score in (None, {}, {"right": 3, "asked": 2}, {"right": -1, "asked": 2})),
        *({"score": {"right": right, "asked": 1}} for right in (True, 0.5, "1")),
        *({"done": done} for done in (None, 3, [3])),
        *({"deck": deck} for deck in (None, 3)),
        {"scene": None},
    ],
)
def test_a_text_that_is_none_of_ours_is_a_fresh_beginning(change: dict[str, Any]) -> None:
    raw = json.loads(Progress(True, True, (MARK,)).written())
    raw["bookmarks"][0] |= change
    assert progress.read(json.dumps(raw)) == Progress()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", "[" * 100_000, '{"bookmarks": 3}', "9" * 5000])
def test_other_texts_too(text: str) -> None:
    assert progress.read(text) == Progress()
