"""A question with a hidden answer: what is asked, whether an answer is right, and how it is worked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from explorer.arithmetic.numbers import MINUS, Plane
from explorer.errors import PersonError
from explorer.lesson.values import Words
from explorer.text import N_
from explorer.values import Bytes
from explorer.zoo.own.card import Remark

Text = str | Words | Remark
"""What is shown as ``str`` of it, in the current language."""
Form = Literal["number", "size", "choice", "word"]
_ROUNDED = Fraction(1, 200)
"""An answer that is not whole may be rounded to two places."""
_SEPARATED = re.compile(r"[+-]?\d{1,3}(?:[,'\s]\d{3})+(?:\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:\s*/\s*(\d+))?", re.ASCII)
LONGEST = 100
"""Letters of an answer."""


@dataclass(frozen=True)
class Numbers:
    """A table of numbers that a question shows.

    Attributes:
        title: what they are.
        rows: the numbers.
        marked: cells (row, column) from 0 to point at.
    """

    title: Text
    rows: Plane
    marked: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """One question; ``check`` knows its answer.

    Attributes:
        kind: of ``questions.KINDS`` or ``questions.OF_NETWORK``; "" for one that a deck holds.
        text: what is asked.
        form: what the answer is; how to type it is ``questions.FORMS``'s.
        answer: as people write it; of a choice the number of the option, from 1.
        working: how one comes to it, line by line.
        lines: what the question is about, line by line, below the text.
        numbers: the tables that it is about.
        options: what there is to choose from.
        picture: what is asked about, uint8 (h, w, 3), or None.
    """

    kind: str
    text: Text
    form: Form
    answer: str
    working: tuple[Text, ...]
    lines: tuple[Text, ...] = ()
    numbers: tuple[Numbers, ...] = ()
    options: tuple[Text, ...] = ()
    picture: Bytes | None = None

    @property
    def told(self) -> str:
        """The answer as it is shown: of a choice the option's text."""
        return str(self.options[int(self.answer) - 1]) if self.form == "choice" else self.answer

    def check(self, given: str) -> bool:
        """Return whether an answer is right; 55×55×96 may be written 55x55x96, 55, 55, 96 or with the maps first.

        Raises:
            PersonError: it is no answer of this form, so that nothing is lost; the sentence says how to write it.
        """
        given = " ".join(given.split())[:LONGEST]
        if self.form == "number":
            return _same(number(given), number(self.answer))
        if self.form == "size":
            return size(given) in self._sizes
        if self.form == "choice":
            return self._chosen(given) == int(self.answer)
        return given.casefold() == self.answer.casefold()

    @property
    def _sizes(self) -> set[tuple[int, ...]]:
        """Every way to write the size: rows × columns × maps, or maps first; one map, or an equal side, left out."""
        whole = size(self.answer)
        found: set[tuple[int, ...]] = {whole, (whole[-1], *whole[:-1])} if len(whole) == 3 else {whole}
        if len(whole) == 3 and whole[-1] == 1:
            found.add(whole[:-1])
        if len(whole) == 2 and whole[0] == whole[1]:
            found.add(whole[:1])
        return found

    def _chosen(self, given: str) -> int:
        texts = [str(one).casefold() for one in self.options]
        if given.casefold() in texts:
            return texts.index(given.casefold()) + 1
        letters = [chr(ord("a") + place) for place in range(len(texts))]
        short = given.strip("().").casefold()
        if short in letters:
            return letters.index(short) + 1
        if not re.fullmatch(r"\d{1,2}", short) or not 1 <= int(short) <= len(texts):
            raise PersonError(
                N_("“{text}” is none of the options: answer with a number from 1 to {count}."),
                text=given[:40],
                count=len(texts),
            )
        return int(short)


@dataclass(frozen=True)
class Score:
    """How many questions were answered, and how many of them rightly at the first try."""

    right: int = 0
    asked: int = 0

    def after(self, right: bool) -> Score:
        """Return the score after one more question."""
        return Score(self.right + right, self.asked + 1)


def number(given: str) -> Fraction:
    """Return the number that a person wrote: 1,032,064, 36.5, 36,5, 73/2, −12; words behind it do not count.

    Raises:
        PersonError: it is none.
    """
    plain = given.replace(MINUS, "-").lstrip("=≈ ").strip()
    if match := _SEPARATED.match(plain):
        plain = re.sub(r"[,'\s]", "", match[0]) + plain[match.end() :]
    elif _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    found = _NUMBER.match(plain)
    if not found or re.search(r"\d", plain[found.end() :]) or (found[2] and int(found[2]) == 0):
        raise PersonError(N_("“{text}” is no number: write one such as 12, −3 or 36.5."), text=given[:40])
    return Fraction(found[1]) / int(found[2] or 1)


def size(given: str) -> tuple[int, ...]:
    """Return the size that a person wrote: 55x55x96, 55×55, (55, 55, 96), 55 by 55.

    Raises:
        PersonError: it is none.
    """
    parts = re.split(r"\s*(?:[x×X*·,;]|by)\s*|\s+", given.strip(" =()[]"))
    if not 1 <= len(parts) <= 4 or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise PersonError(N_("“{text}” is no size: write one such as 5x5 or 5x5x6."), text=given[:40])
    return tuple(map(int, parts))


def _same(given: Fraction, right: Fraction) -> bool:
    return given == right if right.denominator == 1 else abs(given - right) <= _ROUNDED
